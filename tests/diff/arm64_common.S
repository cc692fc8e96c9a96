// SPDX-License-Identifier: GPL-2.0-or-later
// What arm64_random.S and arm_random_el0.S have alike: entries of page tables, and printing. K is the size of a word, UART
// where the console is.

// The entry x1 and those that follow it, `step` apart, into the table at x2, which is full then.
        .macro  fill step
        mov     x4, 512
1:      str     x1, [x2], 8
        add     x1, x1, \step
        subs    x4, x4, 1
        b.ne    1b
        .endm

// The 2 MiB from 0x40200000 on in pages for EL1 alone: x0 is the table of levels 2, and the next one's place after it.
        .macro  fill_pages
        add     x2, x0, 4096
        orr     x1, x2, 3
        str     x1, [x0, 8]
        ldr     x1, =0x40200707
        fill    4096
        .endm

        .macro  printing
// The lowest x9 hexadecimal digits of x8.
print:  mov     x10, x30
1:      sub     x9, x9, 1
        lsl     x0, x9, 2
        lsr     x0, x8, x0
        and     w0, w0, 15
        add     w1, w0, '0'
        cmp     w0, 10
        add     w0, w0, 'a' - 10
        csel    w0, w0, w1, hs
        bl      put
        cbnz    x9, 1b
        ret     x10

// x22 words from x21, each after a space; then a newline.
words:  mov     x11, x30
1:      mov     w0, ' '
        bl      put
        .if     K == 8
        ldr     x8, [x21], 8
        .else
        ldr     w8, [x21], 4
        .endif
        mov     x9, 2 * K
        bl      print
        subs    x22, x22, 1
        b.ne    1b
        mov     w0, '\n'
        bl      put
        ret     x11

put:    mov     x12, UART
1:      ldr     w13, [x12, 0x18]
        tbnz    w13, 5, 1b
        str     w0, [x12]
        ret

// w20 sequences were before this one: whether DUMP, at x1, says that its registers are printed.
// Then that is done, of save, of the scratch area, and of what was logged.
print_registers:
        mov     x14, x30
        .if     K == 8
        ldp     x22, x23, [x1]
        .else
        ldp     w22, w23, [x1]
        .endif
        cmp     x20, x22
        b.lo    1f
        cmp     x20, x23
        b.hs    1f
        adr     x21, save
        mov     x22, SAVED_WORDS
        bl      words
        adr     x21, scratch
        mov     x22, SCRATCH_WORDS
        bl      words
        adr     x21, log
        mov     x22, 5 * LOGGED
        bl      words
1:      ret     x14
        .ltorg
        .endm
