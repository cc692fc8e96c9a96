# SPDX-License-Identifier: GPL-2.0-or-later
# What runs random A64 instructions on bare metal, at EL1 or EL0 behind the MMU (arm64_random.py makes
# the rest of the image and says what is in it).
# Layout: this at 0x40200000; random code at CODE; TABLE_BLOCKS blocks of initial values at TABLE; DUMP
# holds the first mark whose registers are printed and the one behind the last. SETTINGS has eight words
# for each sequence: SPSR_EL1 (mode and masks; the flags come from the block), SCTLR_EL1, TCR_EL1,
# CPACR_EL1, the entries of the two pages that hold the scratch area without their addresses,
# CNTKCTL_EL1 and MDSCR_EL1.
# Each sequence ends with SVC #MARK: a hash of all registers, flags, exceptions since the last mark, page
# entries and the scratch area is printed, and the next block is loaded. x27, x28 and both stack pointers point into the
# scratch area and are never written by random code.
#
# Addresses: the second GiB is memory as it is, what is above CODE to be read and executed from both
# levels, the first 2 MiB (this) from EL1 alone, but for the scratch area; the third GiB shows the same
# memory to EL1 alone, and this code runs there: neither PAN nor an entry of the scratch area matters to
# it. Everything above, and all that TTBR1 would map, faults.

        .equ SCRATCH_WORDS, 64
        .equ BLOCK_WORDS, 32 + 64 + 4 + SCRATCH_WORDS
        .equ LOGGED, 32                 // exceptions since the last mark that are kept
        .equ ALIAS, 0x40000000
        .equ UART, 0x09000000
        .equ MARK_ESR, 0x56005a5a
        .equ FINISH_ESR, 0x56005a5b
        .equ K, 8                       // the size of a word

// Words of `save`.
        .equ S_SP0, 31
        .equ S_SP1, 32
        .equ S_SPSR, 33
        .equ S_FPCR, 34
        .equ S_FPSR, 35
        .equ S_TRAPS, 36
        .equ S_COUNT, 37
        .equ S_ENTRY, 38
        .equ S_PAR, 40
        .equ S_V, 42
        .equ SAVED_WORDS, 42 + 64

        .include "arm64_common.S"

        .macro  far r, symbol           // the address of a symbol of this file
        adrp    \r, \symbol
        add     \r, \r, :lo12:\symbol
        .endm

        .macro  put_all_v op, at
        .irp n, 0,2,4,6,8,10,12,14,16,18,20,22,24,26,28,30
        .if     \n == 0
        \op     q0, q1, [\at]
        .else
        two     \op, \n, \at
        .endif
        .endr
        .endm
        .macro  two op, n, at
        .irp m, 3,5,7,9,11,13,15,17,19,21,23,25,27,29,31
        .if     \m == \n + 1
        \op     q\n, q\m, [\at, 16 * \n]
        .endif
        .endr
        .endm

        .macro  save_pair n
        .irp m, 3,5,7,9,11,13,15,17,19,21,23,25
        .if     \m == \n + 1
        stp     x\n, x\m, [x30, \n * K]
        .endif
        .endr
        .endm
        .macro  load_pair n
        .irp m, 1,3,5,7,9,11,13,15,17,19,21,23,25
        .if     \m == \n + 1
        ldp     x\n, x\m, [x30, \n * K]
        .endif
        .endr
        .endm

        .text
        .globl _start
_start: mrs     x0, mpidr_el1
        tst     x0, 0xffffff
        b.ne    stop
        mov     x0, 3 << 20
        msr     cpacr_el1, x0
        bl      build
        ldr     x0, =0x000000000004ff44 // attributes: 0 normal, not cacheable; 1 normal; 2 device
        msr     mair_el1, x0
        ldr     x0, =DEFAULT_TCR
        msr     tcr_el1, x0
        far     x0, tables
        msr     ttbr0_el1, x0
        msr     ttbr1_el1, x0
        far     x0, vectors
        eor     x0, x0, ALIAS * 3       // 1 GiB on
        msr     vbar_el1, x0
        tlbi    vmalle1
        dsb     sy
        isb
        ldr     x0, =DEFAULT_SCTLR
        msr     sctlr_el1, x0
        isb
        far     x0, first
        eor     x0, x0, ALIAS * 3       // 1 GiB on
        br      x0
stop:   wfi
        b       stop
        .ltorg

// L1 of 4 KiB granules, start level 1: device, memory, memory for EL1.
build:  far     x0, tables
        mov     x1, 0x709               // block: AF, inner shareable, attribute 2
        movk    x1, 0x60, lsl 48        // UXN, PXN
        str     x1, [x0]
        add     x2, x0, 4096
        orr     x1, x2, 3
        str     x1, [x0, 8]
        mov     x1, 0x40000000
        mov     x3, 0x705               // block: AF, inner shareable, attribute 1, EL1 alone
        orr     x1, x1, x3
        orr     x1, x1, 1 << 54         // UXN
        str     x1, [x0, 16]
        str     xzr, [x0, 24]
        mov     x1, 0x40000000          // the second GiB: read-only for both
        mov     x3, 0x7c5
        orr     x1, x1, x3
        .if     GUARDED
        orr     x1, x1, 1 << 50         // GP
        .endif
        fill    0x200000
        add     x0, x0, 4096
        fill_pages                      // this file
        ret

        .macro  vector number
        .balign 128
        msr     tpidr_el1, x30
        adr     x30, save
        stp     x28, x29, [x30, 28 * K]
        mov     x29, \number
        b       trap
        .endm

        .balign 2048
vectors:
        .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
        vector  \n
        .endr

        .balign 128
// x30: save; x29: which vector. Goes on behind what trapped; all about it enters the hash.
trap:   str     x27, [x30, 27 * K]
        mrs     x28, esr_el1
        ldr     w27, =MARK_ESR
        cmp     x28, x27                // flags are in SPSR
        b.eq    marked
        add     x27, x27, 1
        cmp     x28, x27
        b.eq    finish
        stp     x25, x26, [x30, 25 * K]
        stp     x23, x24, [x30, 23 * K]
        mov     x25, 0
        lsr     x26, x28, 26            // the class
        and     x24, x26, 0x3e          // aborts and misaligned PC: 20 21 22 24 25
        cmp     x24, 0x20
        b.eq    1f
        cmp     x24, 0x24
        b.eq    1f
        cmp     x26, 0x22
        b.eq    1f
        cmp     x24, 0x34               // watchpoints
        b.ne    2f
1:      mrs     x25, far_el1
2:      mrs     x24, elr_el1
        mrs     x23, spsr_el1
        ldr     x27, [x30, S_COUNT * K]
        cmp     x27, LOGGED
        b.hs    3f
        add     x26, x27, x27, lsl 2    // five words each
        add     x26, x30, x26, lsl 3
        add     x26, x26, log - save
        stp     x29, x28, [x26]
        stp     x24, x25, [x26, 16]
        str     x23, [x26, 32]
3:      add     x27, x27, 1
        str     x27, [x30, S_COUNT * K]
        ldr     x27, [x30, S_TRAPS * K]
        ldr     x26, =0xff51afd7ed558ccd
        .irp r, 29,28,24,25,23
        eor     x27, x27, x\r
        mul     x27, x27, x26
        eor     x27, x27, x27, lsr 29
        .endr
        str     x27, [x30, S_TRAPS * K]
        // where it goes on
        mrs     x27, tpidr_el1
        lsr     x26, x28, 26
        cmp     x26, 0x15               // SVC
        b.eq    5f
        cmp     x26, 0x0d               // no target of branches: the same instruction, without BTYPE
        b.eq    5f
        tst     x29, 3                  // an interrupt
        b.ne    5f
        cmp     x26, 0x22
        b.hi    4f
        cmp     x26, 0x20
        b.hs    6f
4:      add     x24, x24, 4
        b       5f
6:      mov     x24, x27                // a fetch: back to the caller
5:      msr     elr_el1, x24
        bic     x23, x23, 1 << 20       // IL
        bic     x23, x23, 3 << 10       // BTYPE
        bic     x23, x23, 1 << 21       // SS
        msr     spsr_el1, x23
        ldp     x23, x24, [x30, 23 * K]
        ldp     x25, x26, [x30, 25 * K]
        ldp     x27, x28, [x30, 27 * K]
        ldr     x29, [x30, 29 * K]
        mrs     x30, tpidr_el1
        eret
        .ltorg

finish: ldr     w0, =0x84000008         // SYSTEM_OFF
        hvc     0
        b       .

marked: stp     x0, x1, [x30]
        .irp n, 2,4,6,8,10,12,14,16,18,20,22,24
        save_pair \n
        .endr
        str     x26, [x30, 26 * K]
        mrs     x0, tpidr_el1
        str     x0, [x30, 30 * K]
        mrs     x0, sp_el0
        mov     x1, sp
        stp     x0, x1, [x30, S_SP0 * K]
        mrs     x0, spsr_el1
        str     x0, [x30, S_SPSR * K]
        mrs     x0, elr_el1
        adr     x1, here
        str     x0, [x1]
        mrs     x0, par_el1
        str     x0, [x30, S_PAR * K]
        mov     x0, 3 << 20
        msr     cpacr_el1, x0
        ldr     x0, =DEFAULT_SCTLR
        msr     sctlr_el1, x0
        msr     mdscr_el1, xzr
        isb
        mrs     x0, fpcr
        str     x0, [x30, S_FPCR * K]
        mrs     x0, fpsr
        str     x0, [x30, S_FPSR * K]
        add     x1, x30, S_V * K
        put_all_v stp, x1
        adr     x1, entries
        ldr     x1, [x1]
        ldp     x2, x3, [x1]
        stp     x2, x3, [x30, S_ENTRY * K]
        dsb     sy

        // the hash
        ldr     x0, =0x9e3779b97f4a7c15
        ldr     x4, =0xff51afd7ed558ccd
        mov     x1, x30
        mov     x2, SAVED_WORDS
        bl      hash
        adr     x1, scratch
        mov     x2, SCRATCH_WORDS
        bl      hash
        mov     x8, x0
        mov     x9, 8
        bl      print
        mov     w0, '\n'
        bl      put

        // registers, if asked for
        adr     x19, count
        ldr     x20, [x19]
        ldr     x1, =DUMP + ALIAS
        bl      print_registers
        add     x20, x20, 1
        str     x20, [x19]

first:  adr     x30, save
        stp     xzr, xzr, [x30, S_TRAPS * K]
        adr     x19, count
        ldr     x20, [x19]
        ldr     x21, =SETTINGS + ALIAS
        add     x21, x21, x20, lsl 6
        // the entries; what is remembered of old ones is forgotten
        adrp    x0, tables
        add     x0, x0, 8192            // the third table
        far     x1, scratch
        and     x2, x1, 0x1ff000
        add     x0, x0, x2, lsr 9
        adr     x2, entries
        str     x0, [x2]
        and     x1, x1, ~0xfff
        eor     x1, x1, ALIAS * 3
        ldp     x2, x3, [x21, 32]
        orr     x2, x2, x1
        add     x1, x1, 4096
        orr     x3, x3, x1
        ldp     x4, x5, [x0]
        cmp     x2, x4
        ccmp    x3, x5, 0, eq
        ldr     x6, [x21, 16]
        mrs     x7, tcr_el1
        ccmp    x6, x7, 0, eq
        b.eq    1f
        stp     x2, x3, [x0]
        msr     tcr_el1, x6
        dsb     sy
        tlbi    vmalle1
        dsb     sy
        isb
1:      ldr     x0, [x21, 48]
        msr     cntkctl_el1, x0
        // the block of values
        mov     x0, TABLE_BLOCKS
        udiv    x1, x20, x0
        msub    x1, x1, x0, x20
        mov     x0, BLOCK_WORDS * K
        ldr     x22, =TABLE + ALIAS
        madd    x22, x1, x0, x22
        add     x0, x22, (32 + 64 + 4) * K
        far     x1, scratch
        mov     x2, SCRATCH_WORDS
1:      ldr     x3, [x0], 8
        str     x3, [x1], 8
        subs    x2, x2, 1
        b.ne    1b
        add     x0, x22, 32 * K
        put_all_v ldp, x0
        add     x0, x22, 96 * K
        ldp     x1, x2, [x0]
        msr     fpcr, x1
        msr     fpsr, x2
        ldr     x1, [x0, 16]            // the flags
        ldr     x2, [x21]
        orr     x1, x1, x2
        msr     spsr_el1, x1
        adr     x0, here
        ldr     x0, [x0]
        msr     elr_el1, x0
        ldr     x0, [x21, 24]
        msr     cpacr_el1, x0
        ldr     x0, [x21, 56]
        msr     mdscr_el1, x0
        msr     par_el1, xzr
        ldr     x0, [x21, 8]
        far     x28, scratch
        eor     x28, x28, ALIAS * 3         // as random code sees it
        mov     sp, x28
        msr     sp_el0, x28
        add     x27, x28, 128
        add     x28, x28, 256
        msr     sctlr_el1, x0
        isb
        mov     x30, x22
        .irp n, 0,2,4,6,8,10,12,14,16,18,20,22,24
        load_pair \n
        .endr
        ldr     x26, [x30, 26 * K]
        ldp     x29, x30, [x30, 29 * K]
        eret

hash:   ldr     x3, [x1], 8
        eor     x0, x0, x3
        mul     x0, x0, x4
        eor     x0, x0, x0, lsr 29
        subs    x2, x2, 1
        b.ne    hash
        ret

        printing

        .balign 16
save:   .zero   SAVED_WORDS * K
        .balign 16
log:    .zero   5 * LOGGED * K          // vector, syndrome, address of the instruction, FAR, SPSR
count:  .dword  0
here:   .dword  CODE
entries: .dword 0
        .balign 4096
        .zero   4096 - 256              // the area lies across two pages
scratch: .zero  SCRATCH_WORDS * K
        .balign 4096
tables: .zero   3 * 4096
