// SPDX-License-Identifier: GPL-2.0-or-later
// trap: the vectors, and run_at_el0(). All general registers are saved on the stack of EL1; those of floating
// point are not: hooks are compiled without.

        .equ FRAME, 304                 // struct trap
        .equ RETURN_SP, 8               // of struct hart

        .macro  vector number
        .balign 128
        sub     sp, sp, FRAME
        stp     x0, x1, [sp]
        mov     x0, \number
        b       enter
        .endm

        .text
        .balign 2048
        .globl  vectors
vectors:
        .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
        vector  \n
        .endr

enter:  stp     x2, x3, [sp, 16]
        stp     x4, x5, [sp, 32]
        stp     x6, x7, [sp, 48]
        stp     x8, x9, [sp, 64]
        stp     x10, x11, [sp, 80]
        stp     x12, x13, [sp, 96]
        stp     x14, x15, [sp, 112]
        stp     x16, x17, [sp, 128]
        stp     x18, x19, [sp, 144]
        stp     x20, x21, [sp, 160]
        stp     x22, x23, [sp, 176]
        stp     x24, x25, [sp, 192]
        stp     x26, x27, [sp, 208]
        stp     x28, x29, [sp, 224]
        mrs     x1, sp_el0
        stp     x30, x1, [sp, 240]
        mrs     x1, elr_el1
        mrs     x2, spsr_el1
        stp     x1, x2, [sp, 256]
        mrs     x1, esr_el1
        mrs     x2, far_el1
        stp     x1, x2, [sp, 272]
        str     x0, [sp, 288]
        mov     x0, sp
        bl      trap_taken_at_el1
        ldp     x1, x2, [sp, 256]
        msr     elr_el1, x1
        msr     spsr_el1, x2
        ldp     x30, x1, [sp, 240]
        msr     sp_el0, x1
        ldp     x2, x3, [sp, 16]
        ldp     x4, x5, [sp, 32]
        ldp     x6, x7, [sp, 48]
        ldp     x8, x9, [sp, 64]
        ldp     x10, x11, [sp, 80]
        ldp     x12, x13, [sp, 96]
        ldp     x14, x15, [sp, 112]
        ldp     x16, x17, [sp, 128]
        ldp     x18, x19, [sp, 144]
        ldp     x20, x21, [sp, 160]
        ldp     x22, x23, [sp, 176]
        ldp     x24, x25, [sp, 192]
        ldp     x26, x27, [sp, 208]
        ldp     x28, x29, [sp, 224]
        ldp     x0, x1, [sp]
        add     sp, sp, FRAME
        eret

// uint64_t run_at_el0(fn, arg, sp), run_as(fn, arg, sp, spsr): calls nest, each keeps the one outside.
        .globl  run_at_el0, run_as
run_at_el0:
        mov     x3, 0x3c0               // EL0, interrupts off
run_as:
        sub     sp, sp, 112
        stp     x19, x20, [sp]
        stp     x21, x22, [sp, 16]
        stp     x23, x24, [sp, 32]
        stp     x25, x26, [sp, 48]
        stp     x27, x28, [sp, 64]
        stp     x29, x30, [sp, 80]
        mrs     x9, tpidrro_el0
        ldr     x10, [x9, RETURN_SP]
        str     x10, [sp, 96]
        mov     x10, sp
        str     x10, [x9, RETURN_SP]
        msr     sp_el0, x2
        adr     x10, run_stub
        msr     elr_el1, x10
        msr     spsr_el1, x3
        mov     x9, x0
        mov     x0, x1
        eret
run_stub:
        blr     x9
        svc     0x600d                  // RUN_DONE

// void run_done(uint64_t result): instead of returning from the trap.
        .globl  run_done
run_done:
        mrs     x9, tpidrro_el0
        ldr     x10, [x9, RETURN_SP]
        mov     sp, x10
        ldr     x10, [sp, 96]
        str     x10, [x9, RETURN_SP]
        ldp     x19, x20, [sp]
        ldp     x21, x22, [sp, 16]
        ldp     x23, x24, [sp, 32]
        ldp     x25, x26, [sp, 48]
        ldp     x27, x28, [sp, 64]
        ldp     x29, x30, [sp, 80]
        add     sp, sp, 112
        ret

// void semihosting_exit(const uint64_t block[2]): SYS_EXIT; where there is no such thing, trap.c goes on
// behind it.
        .globl  semihosting_exit, semihosting_hlt
semihosting_exit:
        mov     x1, x0
        mov     w0, 0x18
semihosting_hlt:
        hlt     0xf000
        ret
