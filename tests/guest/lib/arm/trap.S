// SPDX-License-Identifier: GPL-2.0-or-later
// trap: the vectors, and run_as_user(). All registers are saved on the stack of supervisor mode, in which hooks run.

        .equ RETURN_SP, 4               // of struct hart

        .syntax unified
        .arm
        .arch_extension virt
        .text
        .balign 32
        .globl  vectors
vectors:
        b       .
        b       undefined
        b       service
        b       prefetch
        b       data
        b       .
        b       irq
        b       fiq

// The address that is kept is the instruction's own, but behind an SVC; an undefined instruction's is
// where it returns to, less its size, which trap.c knows.
        .macro  enter number, less
        .if     \less
        sub     lr, lr, #\less
        .endif
        srsdb   sp!, #0x13
        cps     #0x13
        push    {lr}                    // filled with that of supervisor mode
        push    {r0-r12}
        mov     r0, #\number
        b       common
        .endm
undefined: enter 1, 0
service: enter  2, 0
prefetch: enter 3, 4
data:   enter   4, 8
irq:    enter   6, 4
fiq:    enter   7, 4

common: sub     sp, sp, #24
        cmp     r0, #3
        mrceq   p15, 0, r1, c5, c0, 1
        mrceq   p15, 0, r2, c6, c0, 2
        mrcne   p15, 0, r1, c5, c0, 0
        mrcne   p15, 0, r2, c6, c0, 0
        str     r0, [sp, #8]
        str     r1, [sp, #12]
        str     r2, [sp, #16]
        stmia   sp, {sp, lr}^
        nop
        mov     r0, sp
        mov     r4, sp
        bic     sp, sp, #7
        bl      trap_taken_in_svc
        mov     sp, r4
        ldmia   sp, {sp, lr}^
        nop
        add     sp, sp, #24
        pop     {r0-r12}
        pop     {lr}
        clrex
        rfeia   sp!

// uint32_t run_as_user(fn, arg, sp): calls nest, each keeps the one outside.
        .globl  run_as_user
        .type   run_as_user, %function
run_as_user:
        push    {r4-r12, lr}
        mrc     p15, 0, r4, c13, c0, 3
        ldr     r5, [r4, #RETURN_SP]
        push    {r4, r5}
        str     sp, [r4, #RETURN_SP]
        mov     sp, r2
        mov     r3, r0
        mov     r0, r1
        cps     #0x10
        blx     r3
        svc     #0
        .globl  run_as_user_end
run_as_user_end:
        b       .

// void run_done(uint32_t result): instead of returning from the trap, whose frame is r1's.
        .globl  run_done
        .type   run_done, %function
run_done:
        add     sp, r1, #88
        cps     #0x1f
        mrc     p15, 0, r4, c13, c0, 3
        ldr     sp, [r4, #RETURN_SP]
        pop     {r4, r5}
        str     r5, [r4, #RETURN_SP]
        pop     {r4-r12, lr}
        bx      lr

// void semihosting_exit(const uint32_t block[2]): SYS_EXIT_EXTENDED; where there is no such thing, trap.c goes on
// behind it.
        .globl  semihosting_exit, semihosting_hlt
        .type   semihosting_exit, %function
semihosting_exit:
        mov     r1, r0
        mov     r0, #0x20
semihosting_hlt:
        .inst   0xe10f0070              // HLT #0xf000
        bx      lr

// uint64_t in r0, r1 by that in r2, r3, the rest in r2, r3: divide_64() gives both through memory.
        .globl  __aeabi_uldivmod
        .type   __aeabi_uldivmod, %function
__aeabi_uldivmod:
        push    {r4, lr}
        sub     sp, sp, #24
        strd    r2, r3, [sp]            // its last argument, on the stack
        mov     r2, r0
        mov     r3, r1
        add     r0, sp, #8
        bl      divide_64
        ldrd    r0, r1, [sp, #8]
        ldrd    r2, r3, [sp, #16]
        add     sp, sp, #24
        pop     {r4, pc}

        .section .note.GNU-stack, "", %progbits
