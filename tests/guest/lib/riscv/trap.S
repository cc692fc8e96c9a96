# SPDX-License-Identifier: GPL-2.0-or-later
# trap: entry and return for machine and supervisor traps, and run_in_mode(). The scratch register
# is 0 while its own mode runs, else the stack to enter on: so a trap out of the mode itself nests
# on the same stack. Floating-point registers are not saved: hooks do not use them.

#include "xlen.h"

        .equ FRAME, 36 * SZ
        .equ EPC, 32 * SZ
        .equ CAUSE, 33 * SZ
        .equ TVAL, 34 * SZ
        .equ STATUS, 35 * SZ
        .equ RETURN_SP, SZ

        .macro  save_or_load op
        \op     x1, 1 * SZ(sp)
        .irp    n, 3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        \op     x\n, \n*SZ(sp)
        .endr
        .endm

        # What a function keeps for its caller, and where it goes back to: 13 words.
        .macro  callee_saved op
        \op     ra, 0(sp)
        \op     x8, 1 * SZ(sp)
        \op     x9, 2 * SZ(sp)
        .irp    n, 18,19,20,21,22,23,24,25,26,27
        \op     x\n, (\n-15)*SZ(sp)
        .endr
        .endm

        # \m: the mode's letter; \handler: the C side; \pp: the bits of the previous mode in
        # status that all must be set for "out of the mode itself".
        .macro  trap_entry m, handler, pp
        .balign 4
        .globl  trap_entry_\m
trap_entry_\m:
        csrrw   sp, \m\()scratch, sp
        bnez    sp, 1f
        csrrw   sp, \m\()scratch, sp    # scratch was 0: same mode, keep the stack
        addi    sp, sp, -FRAME
        save_or_load SX
        addi    t0, sp, FRAME
        j       2f
1:      addi    sp, sp, -FRAME
        save_or_load SX
        csrrw   t0, \m\()scratch, zero
2:      SX      t0, 2 * SZ(sp)
        csrr    t0, \m\()epc
        SX      t0, EPC(sp)
        csrr    t0, \m\()cause
        SX      t0, CAUSE(sp)
        csrr    t0, \m\()tval
        SX      t0, TVAL(sp)
        csrr    t0, \m\()status
        SX      t0, STATUS(sp)
        mv      a0, sp
        call    \handler
        LX      t0, EPC(sp)
        csrw    \m\()epc, t0
        LX      t0, STATUS(sp)
        csrw    \m\()status, t0
        li      t1, \pp
        and     t0, t0, t1
        beq     t0, t1, 3f
        addi    t0, sp, FRAME           # to another mode: the next trap starts here again
        csrw    \m\()scratch, t0
3:      save_or_load LX
        LX      sp, 2 * SZ(sp)
        \m\()ret
        .endm

        .text
        trap_entry m, trap_machine, 3 << 11
        trap_entry s, trap_supervisor, 1 << 8

# uint64_t run_in_mode(mode, fn, arg, sp)
        .globl  run_in_mode
run_in_mode:
        addi    sp, sp, -16 * SZ
        callee_saved SX
        LX      t0, RETURN_SP(tp)       # calls nest: each keeps the one outside
        SX      t0, 13*SZ(sp)
        SX      sp, RETURN_SP(tp)
        csrw    mscratch, sp
        li      t0, 3 << 11
        csrc    mstatus, t0
        slli    a0, a0, 11
        csrs    mstatus, a0
        la      t0, run_stub
        csrw    mepc, t0
        mv      a0, a2
        mv      sp, a3
        mret
run_stub:
        jalr    a1
        li      a7, 0x600d              # RUN_DONE
        ecall

# void run_done(uint64_t result): called by trap_machine() instead of returning from the trap.
        .globl  run_done
run_done:
        LX      sp, RETURN_SP(tp)
        csrw    mscratch, zero
        LX      t0, 13*SZ(sp)
        SX      t0, RETURN_SP(tp)
        callee_saved LX
        addi    sp, sp, 16 * SZ
        ret
