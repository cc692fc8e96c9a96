# SPDX-License-Identifier: GPL-2.0-or-later
# What runs random instructions on bare metal, in M mode or, with USER, in U mode behind Sv39 or Sv32 (riscv_random.py makes the rest of the image).
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

        # Registers of both widths lie in slots of 8 bytes.
        .if     __riscv_xlen == 64
        .macro  lx r, at:vararg
        ld      \r, \at
        .endm
        .macro  sx r, at:vararg
        sd      \r, \at
        .endm
        .else
        .macro  lx r, at:vararg
        lw      \r, \at
        .endm
        .macro  sx r, at:vararg
        sw      \r, \at
        .endm
        .endif

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
        sx      t1, 8(t0)
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
        sx      x1, 8(x31)
        sx      x2, 16(x31)
        .irp r, 3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
        sx      x\r, 8*\r(x31)
        .endr
        csrr    x30, mscratch
        sx      x30, 8*31(x31)
        .irp r, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        fsd     f\r, 256+8*\r(x31)
        .endr
        csrr    x30, fcsr
        sx      x30, 512(x31)
        .if     CACHE
        la      x29, entries
        lx      x29, 0(x29)
        lx      x30, 0(x29)
        sx      x30, 536(x31)
        lx      x30, __riscv_xlen / 8(x29)
        sx      x30, 544(x31)
        csrr    x30, 0x30a
        sx      x30, 552(x31)
        .if     __riscv_xlen == 32
        csrr    x30, 0x31a
        sw      x30, 556(x31)
        .endif
        csrr    x30, 0x10a
        sx      x30, 560(x31)
        .endif

        # the hash
        .if     __riscv_xlen == 64
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
        .else
        li      a0, 0x9e3779b9
        la      a1, save
        li      a2, SAVED_WORDS * 2
        li      a4, 0xed558ccd
        li      a5, 2
2:
1:      lw      a3, 0(a1)
        xor     a0, a0, a3
        mul     a0, a0, a4
        srli    a3, a0, 15
        xor     a0, a0, a3
        addi    a1, a1, 4
        addi    a2, a2, -1
        bnez    a2, 1b
        la      a1, scratch
        li      a2, SCRATCH_WORDS * 2
        addi    a5, a5, -1
        bnez    a5, 2b
        .endif
        li      s2, 8
        call    print
        li      a0, '\n'
        call    put

        # registers, if asked for
        la      s3, count
        lx      s4, 0(s3)
        li      s5, DUMP
        lx      s6, 0(s5)
        bltu    s4, s6, 3f
        lx      s6, 8(s5)
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
        sx      s4, 0(s3)

first:  la      x31, save
        sx      zero, 520(x31)
        sx      zero, 528(x31)
        la      s3, count
        lx      s4, 0(s3)
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
1:      fld     ft0, 0(t0)
        fsd     ft0, 0(t1)
        addi    t0, t0, 8
        addi    t1, t1, 8
        addi    t2, t2, -1
        bnez    t2, 1b
        mv      x31, s5
        lx      t0, 512(x31)
        csrw    fcsr, t0
        .irp r, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        fld     f\r, 256+8*\r(x31)
        .endr
        la      x1, save
        lx      x1, 8(x1)               # where mark was called from
        csrw    mepc, x1
        la      x2, scratch
        la      x3, scratch + 256
        la      x8, scratch + 128
        .irp r, 4,5,6,7,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
        lx      x\r, 8*\r(x31)
        .endr
        lx      x31, 8*31(x31)
        mret

# Goes on behind what trapped; cause and value enter the hash.
        .balign 4
trap:   csrw    mscratch, x31
        la      x31, save
        sx      x30, 240(x31)
        sx      x29, 232(x31)
        csrr    x30, mepc
        la      x29, mark
        bne     x29, x30, 2f
        lx      x30, 240(x31)
        lx      x29, 232(x31)
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
        slli    x30, x30, __riscv_xlen - 15
        srli    x30, x30, __riscv_xlen - 15
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
        lx      x29, 520(x31)
        slli    x29, x29, 7
        add     x30, x30, x29
        sx      x30, 520(x31)
        lx      x29, 528(x31)
        addi    x30, x29, -LOGGED
        bgez    x30, 3f
        slli    x30, x29, 5
        la      x29, log
        add     x29, x29, x30
        csrr    x30, mcause
        sx      x30, 0(x29)
        csrr    x30, mepc
        sx      x30, 8(x29)
        csrr    x30, mtval
        sx      x30, 16(x29)
        lx      x29, 528(x31)
3:      addi    x29, x29, 1
        sx      x29, 528(x31)
        csrr    x30, mepc
        lhu     x29, 0(x30)
        andi    x29, x29, 3
        addi    x29, x29, -3
        seqz    x29, x29
        slli    x29, x29, 1
        addi    x29, x29, 2
        add     x30, x30, x29
        csrw    mepc, x30
        lx      x30, 240(x31)
        lx      x29, 232(x31)
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
        .if     __riscv_xlen == 64
        ld      a0, 0(s5)
        li      s2, 16
        .else
        lw      a0, 4(s5)
        li      s2, 8
        call    print
        lw      a0, 0(s5)
        li      s2, 8
        .endif
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

        .if     __riscv_xlen == 64
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

        .else
# The same with Sv32: the first 4 MiB in pages of 4 KiB, the others of 4 MiB.
build:  li      t3, 1 << 12
        add     t1, a0, t3              # the second table
        srli    t2, t1, 2
        ori     t2, t2, 1
        li      t4, 0x80000000 >> 2
        or      t4, t4, a1
        li      t5, 512
        addi    t6, a0, 1024
        addi    t6, t6, 1024            # 0x80000000 is at 512 * 4
1:      sw      t4, 0(t6)
        li      t0, 0x400000 >> 2
        add     t4, t4, t0
        addi    t6, t6, 4
        addi    t5, t5, -1
        bnez    t5, 1b
        add     t6, a0, 1024
        addi    t6, t6, 1024
        sw      t2, 0(t6)
        li      t4, 0x80000000 >> 2
        or      t4, t4, a1
        li      t5, 1024
1:      sw      t4, 0(t1)
        addi    t4, t4, 0x1000 >> 2
        addi    t1, t1, 4
        addi    t5, t5, -1
        bnez    t5, 1b
        srli    a0, a0, 12
        li      t1, 1 << 31
        or      a0, a0, t1
        ret
        .endif

        .if     CACHE
# The settings of sequence s4. MPRV comes only with MPP = M here: it begins to count behind the
# MRET, which leaves U in MPP, and trapping puts M there again.
settings:
        mv      s11, ra
        li      t0, 48
        mul     t0, t0, s4
        li      t1, SETTINGS
        add     s5, t1, t0
        lx      t0, 0(s5)
        csrw    0x30a, t0
        .if     __riscv_xlen == 32
        lw      t0, 4(s5)
        csrw    0x31a, t0
        .endif
        lx      t0, 8(s5)
        csrw    0x10a, t0
        lx      t0, 16(s5)
        csrw    mstatus, t0
        la      t1, tables
        lx      t0, 24(s5)
        add     t1, t1, t0
        srli    t0, t1, 12
        .if     __riscv_xlen == 64
        li      t2, 8 << 60
        or      t0, t0, t2
        csrw    satp, t0
        li      t0, 0x2000
        add     t1, t1, t0
        la      t3, scratch
        slli    t2, t3, 63 - 20
        srli    t2, t2, 55
        slli    t2, t2, 3
        .else
        li      t2, 1 << 31
        or      t0, t0, t2
        csrw    satp, t0
        li      t0, 0x1000
        add     t1, t1, t0
        la      t3, scratch
        slli    t2, t3, 31 - 21
        srli    t2, t2, 22
        slli    t2, t2, 2
        .endif
        add     t1, t1, t2              # the entry of the area's first page
        la      t2, entries
        sx      t1, 0(t2)
        srli    t3, t3, 12
        slli    t3, t3, 10
        lx      t0, 32(s5)
        call    place
        sx      t0, 0(t1)
        addi    t3, t3, 1 << 10
        lx      t0, 40(s5)
        call    place
        sx      t0, __riscv_xlen / 8(t1)
        sfence.vma
        jr      s11

# The entry t0 for the page whose bits of the entry are t3; one of a range of 64 KiB (bit 63) has
# the last bits of the page's number itself.
place:  mv      t4, t3
        .if     __riscv_xlen == 64
        bgez    t0, 1f
        srli    t4, t4, 14
        slli    t4, t4, 14
1:
        .endif
        or      t0, t0, t4
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
