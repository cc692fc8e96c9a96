// SPDX-License-Identifier: GPL-2.0-or-later
// What runs random A32 and T32 instructions at EL0 of a processor of AArch64, behind the MMU (arm_random.py --el0
// makes the rest of the image). Layout, settings, marks and what is printed are arm_random.S's; this is EL1, in
// AArch64 state. What EL0 traps is told by the vector's number, SPSR, ELR, ESR and FAR.
// X15 to X30 are no registers of AArch32's: nothing is kept in them while it runs.
//
// Addresses: the first GiB is devices; 2 MiB with this are pages for EL1 alone, but for the scratch area; the rest of
// the second GiB may be read and executed by both; all else faults.
        .equ    SCRATCH_WORDS, 128
        .equ    BLOCK_WORDS, 16 + 64 + SCRATCH_WORDS
        .equ    LOGGED, 16
        .equ    UART, 0x09000000
        .equ    S_SPSR, 15 * 4
        .equ    S_TRAPS, 16 * 4
        .equ    S_COUNT, 17 * 4
        .equ    S_FPSCR, 18 * 4
        .equ    S_D, 20 * 4
        .equ    SAVED_WORDS, 20 + 64
        .equ    K, 4                    // the size of a word

        .include "arm64_common.S"

        .text
        .globl  _start
_start: mrs     x0, mpidr_el1
        tst     x0, 0xffffff
        b.ne    .
        mov     x0, 3 << 20
        msr     cpacr_el1, x0
        // level 1: devices, memory
        adr     x0, tables
        mov     x1, 0x709
        str     x1, [x0]
        add     x2, x0, 4096
        orr     x1, x2, 3
        str     x1, [x0, 8]
        ldr     x1, =0x400007c5         // blocks of 2 MiB: both may read
        fill    0x200000
        add     x0, x0, 4096
        fill_pages                      // this file
        add     x2, x0, 4096
        adr     x1, scratch
        ubfx    x1, x1, 12, 9
        add     x2, x2, x1, lsl 3       // both may write, and nobody executes
        mov     x4, 0x40
        movk    x4, 0x60, lsl 48
        .irp    n, 0, 8
        ldr     x1, [x2, \n]
        orr     x1, x1, x4
        str     x1, [x2, \n]
        .endr
        ldr     x0, =0x04ff44
        msr     mair_el1, x0
        ldr     x0, =(32 | 1 << 8 | 1 << 10 | 3 << 12 | 32 << 16 | 1 << 23 | 2 << 32)
        msr     tcr_el1, x0
        adr     x0, tables
        msr     ttbr0_el1, x0
        adr     x0, vectors
        msr     vbar_el1, x0
        tlbi    vmalle1
        dsb     sy
        isb
        b       first
        .ltorg

        .balign 2048
vectors:
        .irp    n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
        .balign 128
        mov     x29, \n
        b       trap
        .endr

        .balign 128
trap:   adr     x30, save
        .irp    r, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14
        str     w\r, [x30, \r * 4]
        .endr
        mrs     x28, esr_el1
        mrs     x27, spsr_el1
        mrs     x26, elr_el1
        lsr     w24, w28, 26
        cmp     w24, 0x11
        b.ne    1f
        and     w25, w28, 0xffff
        mov     w23, 0x5a5a
        cmp     w25, w23
        b.eq    marked
        cmp     w25, 0x5a
        b.eq    marked
        mov     w23, 0x5b5b
        cmp     w25, w23
        b.eq    finish
        cmp     w25, 0x5b
        b.eq    finish
1:      mov     x25, 0
        and     w23, w24, 0x3e
        cmp     w23, 0x20
        b.eq    2f
        cmp     w23, 0x24
        b.eq    2f
        cmp     w24, 0x22
        b.ne    3f
2:      mrs     x25, far_el1
3:      ldr     w22, [x30, S_COUNT]
        cmp     w22, LOGGED
        b.hs    4f
        add     x23, x22, x22, lsl 2
        adr     x21, log
        add     x21, x21, x23, lsl 2
        stp     w29, w27, [x21]
        stp     w26, w28, [x21, 8]
        str     w25, [x21, 16]
4:      add     w22, w22, 1
        str     w22, [x30, S_COUNT]
        ldr     w22, [x30, S_TRAPS]
        ldr     w21, =0x5bd1e995
        .irp    r, 29, 27, 26, 28, 25
        eor     w22, w22, w\r
        mul     w22, w22, w21
        eor     w22, w22, w22, ror 13
        .endr
        str     w22, [x30, S_TRAPS]
        // where it goes on: behind it, which a call is already
        cmp     w24, 0x11
        b.eq    6f
        mov     w22, 4
        tbz     w27, 5, 5f
        ldrh    w23, [x26]
        mov     w21, 0xe800
        cmp     w23, w21
        b.hs    5f
        mov     w22, 2
5:      add     w26, w26, w22
        msr     elr_el1, x26
6:      bic     w27, w27, 0x06000000    // no IT block is left
        mov     w22, 0xfc00
        bic     w27, w27, w22
        msr     spsr_el1, x27
        .irp    r, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14
        ldr     w\r, [x30, \r * 4]
        .endr
        eret

finish: ldr     x0, =0x84000008         // SYSTEM_OFF
        hvc     0
        b       .

marked: str     w27, [x30, S_SPSR]
        mov     x0, 3 << 20
        msr     cpacr_el1, x0
        isb
        mrs     x0, fpcr
        mrs     x1, fpsr
        orr     w0, w0, w1
        str     w0, [x30, S_FPSCR]
        add     x0, x30, S_D
        .irp    r, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
        str     q\r, [x0], 16
        .endr
        mov     w4, 0
        mov     w5, 0
        mov     x0, x30
        mov     w1, SAVED_WORDS
        bl      hash
        adr     x0, scratch
        mov     w1, SCRATCH_WORDS
        bl      hash
        mov     w8, w4
        mov     x9, 8
        bl      print
        mov     w8, w5
        mov     x9, 8
        bl      print
        mov     w0, '\n'
        bl      put
        // registers, if asked for
        adr     x19, count
        ldr     w20, [x19]
        ldr     x1, =DUMP
        bl      print_registers
        add     w20, w20, 1
        str     w20, [x19]

first:  adr     x30, save
        str     wzr, [x30, S_TRAPS]
        str     wzr, [x30, S_COUNT]
        adr     x8, count
        ldr     w9, [x8]
        ldr     x10, =SETTINGS
        add     x10, x10, x9, lsl 4
        mov     w0, TABLE_BLOCKS        // the block of values
        udiv    w1, w9, w0
        msub    w0, w1, w0, w9
        mov     w1, BLOCK_WORDS * 4
        umull   x0, w0, w1
        ldr     x1, =TABLE
        add     x20, x0, x1
        add     x0, x20, 16 * 4
        .irp    r, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
        ldr     q\r, [x0], 16
        .endr
        adr     x1, scratch
        mov     w2, SCRATCH_WORDS
1:      ldr     w3, [x0], 4
        str     w3, [x1], 4
        subs    w2, w2, 1
        b.ne    1b
        ldp     w21, w22, [x10]
        ldp     w23, w24, [x10, 8]
        ldr     w0, [x20, 15 * 4]       // flags, GE
        orr     w0, w0, w22
        ubfiz   w1, w21, 5, 1
        orr     w0, w0, w1              // T
        msr     spsr_el1, x0
        and     w21, w21, -2
        msr     elr_el1, x21
        ldr     w0, =0x07f79f00
        and     w1, w24, w0
        msr     fpcr, x1
        bic     w1, w24, w0
        msr     fpsr, x1
        mov     x0, 3 << 20
        msr     cpacr_el1, x0
        msr     sctlr_el1, x23
        isb
        adr     x15, scratch
        .irp    r, 0,1,2,3,4,5,6,7,8,9,10,14
        ldr     w\r, [x20, \r * 4]
        .endr
        add     x11, x15, 128
        add     x12, x15, 256
        add     x13, x15, 384
        eret
        .ltorg

hash:   ldr     w2, =0x5bd1e995
        ldr     w3, =0x27d4eb2f
1:      ldr     w6, [x0], 4
        eor     w4, w4, w6
        mul     w4, w4, w2
        eor     w4, w4, w4, ror 15
        eor     w5, w5, w6
        mul     w5, w5, w3
        eor     w5, w5, w5, ror 13
        subs    w1, w1, 1
        b.ne    1b
        ret

        printing

        .balign 16
save:   .space  SAVED_WORDS * 4
log:    .space  5 * LOGGED * 4
count:  .word   0
        .balign 4096
        .space  4096 - 256              // the area lies across two pages
scratch: .space SCRATCH_WORDS * 4
        .balign 4096
tables: .space  4096 * 3
