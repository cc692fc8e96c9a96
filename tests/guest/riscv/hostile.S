/* SPDX-License-Identifier: GPL-2.0-or-later
 * hostile: touches the serial port, the PLIC and the CLINT again and again and stores to one place all
 * the while, so that the state of every part matters and little memory does. For forged indexes.
 */
.option norvc
.option norelax
.globl _start
_start:
    la sp, place
    li s1, 0x10000000       /* serial port */
    li t1, 1
    sb t1, 2(s1)            /* FIFOs on */
    sb t1, 1(s1)            /* an interrupt for received bytes */
    la t1, trap
    csrw mtvec, t1
    li s2, 0x0c000000       /* PLIC */
    li t1, 3
    sw t1, 40(s2)           /* a priority for source 10, the serial port */
    li t0, 0x0c002000
    li t1, 0x400
    sw t1, 0(t0)            /* enabled for hart 0, machine mode */
    li s3, 0x0c200004       /* claim */
    li s4, 0x0200bff8       /* mtime */
    li s5, 0x02004000       /* mtimecmp */
    li t1, 0x888
    csrw mie, t1
    csrsi mstatus, 8
    li s0, 600000
1:  addi s0, s0, -1
    andi t3, s0, 0x7ff
    bnez t3, 2f
    lbu t4, 0(s1)
    lbu t4, 2(s1)
    lbu t4, 5(s1)
    sd t4, 8(sp)
    lw t5, 4(s2)
    lw t5, 0(s3)
    sw t5, 0(s3)
    ld t5, 0(s4)
    addi t5, t5, 50
    sd t5, 0(s5)            /* a timer interrupt soon */
    csrr t5, mip
2:  sd s0, 0x400(sp)
    bnez s0, 1b
    li t0, 0x100000
    li t1, 0x5555
    sw t1, 0(t0)
    j .
.balign 4
trap:
    li t5, -1
    sd t5, 0(s5)
    lw t5, 0(s3)
    sw t5, 0(s3)
    mret
.balign 4096
    .skip 4096
.globl place                /* 0x80003000, if linked at 0x80000000 */
.org 0x3000
place:
    .skip 4096
