# SPDX-License-Identifier: GPL-2.0-or-later
# crt0: where every hart begins, in machine mode, a0 = its number, a1 = device tree. Hart 0 clears
# .bss and runs the program; the others wait for their software interrupt (never taken, only
# pending: wfi wakes all the same), run what hart_start() gave them, and wait again.
# Offsets into struct hart are those of riscv.h.

#include "xlen.h"

        .equ HART_SIZE, 12 * SZ + 8     # one member has 8 bytes in any case
        .equ RUNNING, 2 * SZ
        .equ ENTRY, 3 * SZ
        .equ ARG, 4 * SZ
        .equ STACK_SHIFT, 14
        .equ MAX_HARTS, 8

        .section .text.start, "ax"
        .globl _start
_start:
        csrw    mie, zero
        csrw    mscratch, zero
        .option push
        .option norelax
        la      gp, __global_pointer$
        .option pop
        csrr    a0, mhartid
        li      t0, MAX_HARTS
        bgeu    a0, t0, forever
        la      sp, stacks
        addi    t0, a0, 1
        slli    t0, t0, STACK_SHIFT
        add     sp, sp, t0
        la      tp, harts
        li      t0, HART_SIZE
        mul     t0, t0, a0
        add     tp, tp, t0
        la      t0, trap_entry_m
        csrw    mtvec, t0
        li      t0, 1 << 13             # FS = initial: floating point on
        csrs    mstatus, t0
        bnez    a0, secondary

        la      t0, __bss_start         # neither harts[] nor stacks are in .bss: others may wait
        la      t1, __bss_end
1:      bgeu    t0, t1, 2f
        SX      zero, 0(t0)
        addi    t0, t0, SZ
        j       1b
2:      mv      a0, a1
        call    board_init
        call    guest_main
        call    guest_finish

secondary:
        li      t0, 1 << 3              # MSIE
        csrw    mie, t0
        li      s1, 0x2000000           # this hart's msip
        slli    t0, a0, 2
        add     s1, s1, t0
1:      wfi
        csrr    t0, mip
        andi    t0, t0, 1 << 3
        beqz    t0, 1b
        sw      zero, 0(s1)
        fence
        LX      t1, ENTRY(tp)
        beqz    t1, 1b
        LX      a0, ARG(tp)
#if __riscv_xlen == 32
        lw      a1, ARG + 4(tp)
#endif
        jalr    t1
        csrci   mstatus, 8              # whatever the function left: parked with MSIE only
        li      t0, 1 << 3
        csrw    mie, t0
        SX      zero, ENTRY(tp)
        fence
        SX      zero, RUNNING(tp)
        j       1b

forever:
        wfi
        j       forever

        .section .data
        .balign 16
stacks: .space  MAX_HARTS << STACK_SHIFT
