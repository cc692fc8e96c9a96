/* SPDX-License-Identifier: GPL-2.0-or-later
 * sbi: supervisor code under a firmware ("RISC-V Supervisor Binary Interface Specification", 2.0):
 * says where it is (chapter 5, legacy console), waits for three interrupts of the timer (chapter 6,
 * whose argument takes two registers of RV32) and turns the machine off (chapter 10).
 */

.equ EXT_PUTCHAR, 1
.equ EXT_TIME, 0x54494d45
.equ EXT_RESET, 0x53525354
.equ STIE, 1 << 5

.globl _start
_start:
    la      sp, stack_end
    la      a0, hello
    call    say
    li      t0, STIE
    csrw    sie, t0
    li      s0, 3
again:
    csrr    a0, time
#if __riscv_xlen == 32
    csrr    a1, timeh
#endif
    li      t0, 10000
    add     a0, a0, t0
#if __riscv_xlen == 32
    sltu    t0, a0, t0
    add     a1, a1, t0
#endif
    li      a7, EXT_TIME
    li      a6, 0
    ecall
    bnez    a0, failed
wait:
    wfi
    csrr    t0, sip
    andi    t0, t0, STIE
    beqz    t0, wait
    la      a0, tick
    call    say
    addi    s0, s0, -1
    bnez    s0, again
    la      a0, bye
    call    say
off:
    li      a0, 0
    li      a1, 0
    li      a6, 0
    li      a7, EXT_RESET
    ecall
failed:
    la      a0, no
    call    say
    j       off

/* The text at a0. */
say:
    mv      s1, a0
1:  lbu     a0, 0(s1)
    beqz    a0, 2f
    addi    s1, s1, 1
    li      a7, EXT_PUTCHAR
    ecall
    j       1b
2:  ret

.section .rodata
hello: .asciz "SBI: in supervisor mode\n"
tick:  .asciz "SBI: timer\n"
bye:   .asciz "SBI: off\n"
no:    .asciz "SBI: the firmware refuses\n"
.bss
.balign 16
    .skip 1024
stack_end:
