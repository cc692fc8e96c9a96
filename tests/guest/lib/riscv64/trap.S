# SPDX-License-Identifier: GPL-2.0-or-later
# trap: entry and return for machine and supervisor traps, and run_in_mode(). The scratch register
# is 0 while its own mode runs, else the stack to enter on: so a trap out of the mode itself nests
# on the same stack. Floating-point registers are not saved: hooks do not use them.

        .equ FRAME, 36 * 8
        .equ EPC, 32 * 8
        .equ CAUSE, 33 * 8
        .equ TVAL, 34 * 8
        .equ STATUS, 35 * 8
        .equ RETURN_SP, 8

        .macro  save_or_load op
        \op     x1, 8(sp)
        .irp    n, 3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        \op     x\n, \n*8(sp)
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
        save_or_load sd
        addi    t0, sp, FRAME
        j       2f
1:      addi    sp, sp, -FRAME
        save_or_load sd
        csrrw   t0, \m\()scratch, zero
2:      sd      t0, 16(sp)
        csrr    t0, \m\()epc
        sd      t0, EPC(sp)
        csrr    t0, \m\()cause
        sd      t0, CAUSE(sp)
        csrr    t0, \m\()tval
        sd      t0, TVAL(sp)
        csrr    t0, \m\()status
        sd      t0, STATUS(sp)
        mv      a0, sp
        call    \handler
        ld      t0, EPC(sp)
        csrw    \m\()epc, t0
        ld      t0, STATUS(sp)
        csrw    \m\()status, t0
        li      t1, \pp
        and     t0, t0, t1
        beq     t0, t1, 3f
        addi    t0, sp, FRAME           # to another mode: the next trap starts here again
        csrw    \m\()scratch, t0
3:      save_or_load ld
        ld      sp, 16(sp)
        \m\()ret
        .endm

        .text
        trap_entry m, trap_machine, 3 << 11
        trap_entry s, trap_supervisor, 1 << 8

# uint64_t run_in_mode(mode, fn, arg, sp)
        .globl  run_in_mode
run_in_mode:
        addi    sp, sp, -16 * 8
        sd      ra, 0(sp)
        sd      x8, 8(sp)
        sd      x9, 16(sp)
        sd      x18, 24(sp)
        sd      x19, 32(sp)
        sd      x20, 40(sp)
        sd      x21, 48(sp)
        sd      x22, 56(sp)
        sd      x23, 64(sp)
        sd      x24, 72(sp)
        sd      x25, 80(sp)
        sd      x26, 88(sp)
        sd      x27, 96(sp)
        ld      t0, RETURN_SP(tp)       # calls nest: each keeps the one outside
        sd      t0, 13*8(sp)
        sd      sp, RETURN_SP(tp)
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
        ld      sp, RETURN_SP(tp)
        csrw    mscratch, zero
        ld      t0, 13*8(sp)
        sd      t0, RETURN_SP(tp)
        ld      ra, 0(sp)
        ld      x8, 8(sp)
        ld      x9, 16(sp)
        ld      x18, 24(sp)
        ld      x19, 32(sp)
        ld      x20, 40(sp)
        ld      x21, 48(sp)
        ld      x22, 56(sp)
        ld      x23, 64(sp)
        ld      x24, 72(sp)
        ld      x25, 80(sp)
        ld      x26, 88(sp)
        ld      x27, 96(sp)
        addi    sp, sp, 16 * 8
        ret
