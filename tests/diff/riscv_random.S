# SPDX-License-Identifier: GPL-2.0-or-later
# What runs random instructions on bare metal, in M mode or, with USER, in U mode behind Sv39 (riscv_random.py makes the rest of the image).
# Layout: this at 0x80000000, `mark` at +0x200; random code at CODE; TABLE_BLOCKS blocks of initial
# values at TABLE; DUMP holds the first mark whose registers are printed and the one after the last.
# Each sequence ends by a call of mark: it prints a hash of all registers, fcsr, traps since the
# last mark and the scratch area, then loads the next block. sp, gp and s0 point into the scratch
# area and are never written by random code; ra holds the return address.
# USER, CACHE and NEWER (the reference is not 7.2) are 0 or 1. With CACHE each sequence has six
# words of its own at SETTINGS: menvcfg, senvcfg, mstatus (whose MPP says the mode), which tables
# (0 for U, 0x3000 for S) and the low bits of the entries of the two pages that hold the scratch
# area. What became of the entries and of both registers is compared as well.

        .equ SCRATCH_WORDS, 64
        .equ BLOCK_WORDS, 32 + 32 + 1 + SCRATCH_WORDS
        .equ SAVED_WORDS, 32 + 32 + 3 + 4 * CACHE
        .equ LOGGED, 32                 # traps since the last mark, for whom registers are printed
        .equ UART, 0x10000000
        .equ FINISHER, 0x100000

        .text
        .globl _start
_start: la      t0, trap
        csrw    mtvec, t0
        li      t0, 3 << 13
        csrs    mstatus, t0
        csrr    t0, mhartid
        bnez    t0, stop
        li      t1, CODE
        la      t0, save
        sd      t1, 8(t0)
        # MPP is 3 or 0; it goes on as what the trap of mark finds.
        li      t0, 3 << 11
        csrs    mstatus, t0
        .if     USER | CACHE
        csrc    mstatus, t0
        li      t0, -1
        csrw    pmpaddr0, t0
        li      t0, 0x1f
        csrw    pmpcfg0, t0
        la      a0, tables
        li      a1, 0x1f | CACHE * 0xc0
        call    build
        csrw    satp, a0
        .if     CACHE                   # the same for S
        la      a0, tables + 0x3000
        li      a1, 0xcf
        call    build
        .endif
        .endif
        j       first
stop:   wfi
        j       stop

        .org    0x200
mark:   ecall                           # trap knows the address and comes back in M mode
marked: csrw    mscratch, x31
        la      x31, save
        sd      x1, 8(x31)
        sd      x2, 16(x31)
        .irp r, 3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
        sd      x\r, 8*\r(x31)
        .endr
        csrr    x30, mscratch
        sd      x30, 8*31(x31)
        .irp r, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        fsd     f\r, 256+8*\r(x31)
        .endr
        csrr    x30, fcsr
        sd      x30, 512(x31)
        .if     CACHE
        la      x29, entries
        ld      x29, 0(x29)
        ld      x30, 0(x29)
        sd      x30, 536(x31)
        ld      x30, 8(x29)
        sd      x30, 544(x31)
        csrr    x30, 0x30a
        sd      x30, 552(x31)
        csrr    x30, 0x10a
        sd      x30, 560(x31)
        .endif

        # the hash
        li      a0, 0x9e3779b97f4a7c15
        la      a1, save
        li      a2, SAVED_WORDS
        li      a4, 0xff51afd7ed558ccd
1:      ld      a3, 0(a1)
        xor     a0, a0, a3
        mul     a0, a0, a4
        srli    a3, a0, 29
        xor     a0, a0, a3
        addi    a1, a1, 8
        addi    a2, a2, -1
        bnez    a2, 1b
        la      a1, scratch
        li      a2, SCRATCH_WORDS
1:      ld      a3, 0(a1)
        xor     a0, a0, a3
        mul     a0, a0, a4
        srli    a3, a0, 29
        xor     a0, a0, a3
        addi    a1, a1, 8
        addi    a2, a2, -1
        bnez    a2, 1b
        li      s2, 8
        call    print
        li      a0, '\n'
        call    put

        # registers, if asked for
        la      s3, count
        ld      s4, 0(s3)
        li      s5, DUMP
        ld      s6, 0(s5)
        bltu    s4, s6, 3f
        ld      s6, 8(s5)
        bgeu    s4, s6, 3f
        la      s5, save
        li      s6, SAVED_WORDS
        call    words
        la      s5, scratch
        li      s6, SCRATCH_WORDS
        call    words
        la      s5, log
        li      s6, 4 * LOGGED
        call    words
3:      addi    s4, s4, 1
        sd      s4, 0(s3)

first:  la      x31, save
        sd      zero, 520(x31)
        sd      zero, 528(x31)
        la      s3, count
        ld      s4, 0(s3)
        .if     CACHE
        call    settings
        .endif
        li      t0, TABLE_BLOCKS
        remu    s4, s4, t0
        li      t0, BLOCK_WORDS * 8
        mul     s4, s4, t0
        li      s5, TABLE
        add     s5, s5, s4
        addi    t0, s5, 65 * 8
        la      t1, scratch
        li      t2, SCRATCH_WORDS
1:      ld      t3, 0(t0)
        sd      t3, 0(t1)
        addi    t0, t0, 8
        addi    t1, t1, 8
        addi    t2, t2, -1
        bnez    t2, 1b
        mv      x31, s5
        ld      t0, 512(x31)
        csrw    fcsr, t0
        .irp r, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        fld     f\r, 256+8*\r(x31)
        .endr
        la      x1, save
        ld      x1, 8(x1)               # where mark was called from
        csrw    mepc, x1
        la      x2, scratch
        la      x3, scratch + 256
        la      x8, scratch + 128
        .irp r, 4,5,6,7,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
        ld      x\r, 8*\r(x31)
        .endr
        ld      x31, 8*31(x31)
        mret

# Goes on behind what trapped; cause and value enter the hash.
        .balign 4
trap:   csrw    mscratch, x31
        la      x31, save
        sd      x30, 240(x31)
        sd      x29, 232(x31)
        csrr    x30, mepc
        la      x29, mark
        bne     x29, x30, 2f
        ld      x30, 240(x31)
        ld      x29, 232(x31)
        csrr    x31, mscratch
        j       marked
2:      la      x29, finish
        beq     x29, x30, finished
        .if     NEWER
        # Two liberties of the reference: mtval of EBREAK, and the low bits of a cache block's.
        csrr    x30, mcause
        li      x29, 2
        beq     x29, x30, 5f
        li      x29, 3
        beq     x29, x30, 4f
        csrr    x30, mepc
        lhu     x30, 0(x30)
        slli    x30, x30, 49
        srli    x30, x30, 49
        li      x29, 0x200f
        bne     x29, x30, 5f
        csrr    x30, mtval
        andi    x30, x30, -64
        csrw    mtval, x30
        j       5f
4:      csrw    mtval, zero
5:
        .endif
        csrr    x30, mcause
        csrr    x29, mtval
        add     x30, x30, x29
        csrr    x29, mepc
        add     x30, x30, x29
        ld      x29, 520(x31)
        slli    x29, x29, 7
        add     x30, x30, x29
        sd      x30, 520(x31)
        ld      x29, 528(x31)
        addi    x30, x29, -LOGGED
        bgez    x30, 3f
        slli    x30, x29, 5
        la      x29, log
        add     x29, x29, x30
        csrr    x30, mcause
        sd      x30, 0(x29)
        csrr    x30, mepc
        sd      x30, 8(x29)
        csrr    x30, mtval
        sd      x30, 16(x29)
        ld      x29, 528(x31)
3:      addi    x29, x29, 1
        sd      x29, 528(x31)
        csrr    x30, mepc
        lhu     x29, 0(x30)
        andi    x29, x29, 3
        addi    x29, x29, -3
        seqz    x29, x29
        slli    x29, x29, 1
        addi    x29, x29, 2
        add     x30, x30, x29
        csrw    mepc, x30
        ld      x30, 240(x31)
        ld      x29, 232(x31)
        csrr    x31, mscratch
        mret

# The lowest s2 hexadecimal digits of a0.
print:  mv      s9, ra
        mv      s8, a0
1:      addi    s2, s2, -1
        slli    t0, s2, 2
        srl     a0, s8, t0
        andi    a0, a0, 15
        li      t0, 10
        bltu    a0, t0, 2f
        addi    a0, a0, 'a' - '0' - 10
2:      addi    a0, a0, '0'
        call    put
        bnez    s2, 1b
        jr      s9

# s6 words from s5, each after a space; then a newline.
words:  mv      s10, ra
1:      li      a0, ' '
        call    put
        ld      a0, 0(s5)
        li      s2, 16
        call    print
        addi    s5, s5, 8
        addi    s6, s6, -1
        bnez    s6, 1b
        li      a0, '\n'
        call    put
        jr      s10

put:    li      t0, UART
1:      lbu     t1, 5(t0)
        andi    t1, t1, 0x20
        beqz    t1, 1b
        sb      a0, 0(t0)
        ret

        .globl finish
        .org    0xc00
finish: ecall                           # from M mode, as mark
finished:
        li      t0, FINISHER
        li      t1, 0x5555
        sw      t1, 0(t0)
        j       .

# Builds Sv39 tables at a0: all memory with the flags a1, pages of 4 KiB for the first 2 MiB, else
# of 2 MiB. Gives satp in a0.
build:  li      t3, 1 << 12
        add     t1, a0, t3              # the second table
        srli    t2, t1, 2
        ori     t2, t2, 1
        sd      t2, 16(a0)              # 0x80000000 is the third GiB
        li      t4, 0x80000000 >> 2
        or      t4, t4, a1
        li      t5, 512
        mv      t6, t1
1:      sd      t4, 0(t6)
        li      t2, 0x200000 >> 2
        add     t4, t4, t2
        addi    t6, t6, 8
        addi    t5, t5, -1
        bnez    t5, 1b
        srli    t2, t6, 2               # the third table follows
        ori     t2, t2, 1
        sd      t2, 0(t1)
        li      t4, 0x80000000 >> 2
        or      t4, t4, a1
        li      t5, 512
1:      sd      t4, 0(t6)
        addi    t4, t4, 0x1000 >> 2
        addi    t6, t6, 8
        addi    t5, t5, -1
        bnez    t5, 1b
        srli    a0, a0, 12
        li      t1, 8 << 60
        or      a0, a0, t1
        ret

        .if     CACHE
# The settings of sequence s4. MPRV comes only with MPP = M here: it begins to count behind the
# MRET, which leaves U in MPP, and trapping puts M there again.
settings:
        mv      s11, ra
        li      t0, 48
        mul     t0, t0, s4
        li      t1, SETTINGS
        add     s5, t1, t0
        ld      t0, 0(s5)
        csrw    0x30a, t0
        ld      t0, 8(s5)
        csrw    0x10a, t0
        ld      t0, 16(s5)
        csrw    mstatus, t0
        la      t1, tables
        ld      t0, 24(s5)
        add     t1, t1, t0
        srli    t0, t1, 12
        li      t2, 8 << 60
        or      t0, t0, t2
        csrw    satp, t0
        li      t0, 0x2000
        add     t1, t1, t0
        la      t3, scratch
        slli    t2, t3, 63 - 20
        srli    t2, t2, 55
        slli    t2, t2, 3
        add     t1, t1, t2              # the entry of the area's first page
        la      t2, entries
        sd      t1, 0(t2)
        srli    t3, t3, 12
        slli    t3, t3, 10
        ld      t0, 32(s5)
        call    place
        sd      t0, 0(t1)
        addi    t3, t3, 1 << 10
        ld      t0, 40(s5)
        call    place
        sd      t0, 8(t1)
        sfence.vma
        jr      s11

# The entry t0 for the page whose bits of the entry are t3; one of a range of 64 KiB (bit 63) has
# the last bits of the page's number itself.
place:  mv      t4, t3
        bgez    t0, 1f
        srli    t4, t4, 14
        slli    t4, t4, 14
1:      or      t0, t0, t4
        ret
        .endif

        .balign 4096
        .zero   4096 - 208              # the area lies across two pages
scratch: .zero  SCRATCH_WORDS * 8
save:   .zero   1024                    # x, f, fcsr, hash of traps, number of traps
count:  .dword  0
entries: .dword 0
log:    .zero   LOGGED * 32             # cause, address of the instruction, value, nothing
        .balign 4096
tables: .zero   2 * 3 * 4096
