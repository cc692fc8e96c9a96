// SPDX-License-Identifier: GPL-2.0-or-later
// crt0: where the boot hart begins, and where PSCI lets the others begin (x0 = their number), at EL1 with
// the MMU off; or at EL2, which becomes a host (HCR_EL2.E2H and TGE), where all that is named for EL1 is EL2's. The boot hart clears .bss, makes the tables and runs the program; the others run
// what hart_start() gave them and turn themselves off again.
// Offsets into struct hart are those of arm64.h.

        .equ HART_SIZE, 96
        .equ RUNNING, 16
        .equ ENTRY, 24
        .equ ARG, 32
        .equ STACK_SHIFT, 14

        .section .text.start, "ax"
        .globl _start
_start:
        mov     x20, x0                 // perhaps the device tree
        mov     x19, 0
        bl      prepare
        adrp    x0, __bss_start         // neither harts[] nor stacks are in .bss
        add     x0, x0, :lo12:__bss_start
        adrp    x1, __bss_end
        add     x1, x1, :lo12:__bss_end
1:      cmp     x0, x1
        b.hs    2f
        str     xzr, [x0], 8
        b       1b
2:      bl      tables_build
        bl      mmu_on
        mov     x0, x20
        bl      board_init
        bl      guest_main
        bl      guest_finish

        .globl  secondary
secondary:
        mov     x19, x0
        bl      prepare
        bl      mmu_on
        ldr     x1, [x18, ENTRY]
        ldr     x0, [x18, ARG]
        blr     x1
        mrs     x18, tpidrro_el0
        msr     daifset, 15
        str     xzr, [x18, ENTRY]
        dmb     sy
        str     xzr, [x18, RUNNING]
        ldr     w0, =0x84000002         // CPU_OFF
        mrs     x1, currentel
        tbz     x1, 2, 1f               // EL2
        hvc     0
1:      smc     0
        b       .

// Stack, struct hart (in x18), vectors, floating point for hart x19.
prepare:
        mrs     x0, currentel
        tbnz    x0, 2, 1f               // EL1
        ldr     x0, =0x488000000        // RW, E2H, TGE
        msr     hcr_el2, x0
        isb
        msr     cnthctl_el2, xzr
1:
        adrp    x0, stacks
        add     x0, x0, :lo12:stacks
        add     x1, x19, 1
        add     x0, x0, x1, lsl STACK_SHIFT
        msr     spsel, 1
        mov     sp, x0
        adrp    x18, harts
        add     x18, x18, :lo12:harts
        mov     x0, HART_SIZE
        madd    x18, x19, x0, x18
        msr     tpidrro_el0, x18
        adrp    x0, vectors
        add     x0, x0, :lo12:vectors
        msr     vbar_el1, x0
        mov     x0, 3 << 20
        msr     cpacr_el1, x0
        isb
        ret

        .globl  mmu_on
mmu_on: ldr     x0, =0x44ff04           // attributes: 0 device, 1 normal, 2 normal and not cacheable
        msr     mair_el1, x0
        ldr     x0, =0x200803519        // 39 bits by TTBR0, 4 KiB, cacheable, shareable; 40 bits behind
        msr     tcr_el1, x0
        adrp    x0, table_1
        msr     ttbr0_el1, x0
        tlbi    vmalle1
        dsb     sy
        isb
        ldr     x0, =0x34d5d805         // M, C, I; EL0 may do what it usually may; PAN stays as it is
        msr     sctlr_el1, x0
        isb
        ret
        .ltorg

        .section .data
        .balign 16
        .globl  stacks
stacks: .space  8 << STACK_SHIFT
