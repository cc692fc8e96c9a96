// SPDX-License-Identifier: GPL-2.0-or-later
// crt0: where the boot hart begins, and where PSCI lets the others begin (r0 = their number), in supervisor
// mode with the MMU off. The boot hart clears .bss, makes the tables and runs the program; the others run
// what hart_start() gave them and turn themselves off again. Programs run in system mode.
// Offsets into struct hart are those of arm.h.

        .equ HART_SIZE, 56
        .equ RUNNING, 8
        .equ ENTRY, 12
        .equ ARG, 16
        .equ STACK_SHIFT, 14
        .equ TRAP_STACK, 6144           // of a hart's stack the end, for exceptions

        .syntax unified
        .arm
        .section .text.start, "ax"
        .globl  _start
_start:
        mov     r5, r2                  // perhaps the device tree
        mov     r4, #0
        bl      prepare
        ldr     r0, =__bss_start        // neither harts[] nor stacks are in .bss
        ldr     r1, =__bss_end
        mov     r2, #0
1:      cmp     r0, r1
        strlo   r2, [r0], #4
        blo     1b
        bl      tables_build
        bl      mmu_on
        mov     r0, r5
        bl      board_init
        bl      guest_main
        bl      guest_finish

        .globl  secondary
        .type   secondary, %function
secondary:
        mov     r4, r0
        bl      prepare
        bl      mmu_on
        ldr     r2, [r6, #ENTRY]
        ldrd    r0, r1, [r6, #ARG]
        blx     r2
        mrc     p15, 0, r6, c13, c0, 3
        cpsid   aif
        mov     r0, #0
        str     r0, [r6, #ENTRY]
        dmb     sy
        str     r0, [r6, #RUNNING]
        ldr     r0, =0x84000002         // CPU_OFF
        hvc     #0
        b       .

// Stacks, struct hart (in r6), vectors for hart r4.
prepare:
        mov     r7, lr
        ldr     r0, =stacks
        add     r1, r4, #1
        add     r0, r0, r1, lsl #STACK_SHIFT
        cpsid   aif, #0x13
        mov     sp, r0
        cps     #0x1f
        sub     sp, r0, #TRAP_STACK
        ldr     r6, =harts
        mov     r0, #HART_SIZE
        mla     r6, r4, r0, r6
        mcr     p15, 0, r6, c13, c0, 3
        ldr     r0, =vectors
        mcr     p15, 0, r0, c12, c0, 0
        isb
        bx      r7

mmu_on: ldr     r0, =table_1
        orr     r0, r0, #0x4a           // walks are cacheable and shareable
        mcr     p15, 0, r0, c2, c0, 0
        mov     r0, #0
        mcr     p15, 0, r0, c2, c0, 2
        mov     r0, #1
        mcr     p15, 0, r0, c3, c0, 0
        mcr     p15, 0, r0, c8, c7, 0
        dsb     sy
        isb
        mrc     p15, 0, r0, c1, c0, 0
        ldr     r1, =0x1805             // I, Z, C, M
        orr     r0, r0, r1
        mcr     p15, 0, r0, c1, c0, 0
        isb
        bx      lr
        .ltorg

        .section .data
        .balign 16
        .globl  stacks
stacks: .space  8 << STACK_SHIFT

        .section .note.GNU-stack, "", %progbits
