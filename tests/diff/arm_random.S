@ SPDX-License-Identifier: GPL-2.0-or-later
@ What runs random A32 and T32 instructions on bare metal, in user or system mode behind the MMU
@ (arm_random.py makes the rest of the image and says what is in it).
@ Layout: this at 0x40200000; random code at CODE; TABLE_BLOCKS blocks of initial values at TABLE; SETTINGS
@ has four words for each sequence: where it begins (with bit 0: T32), its CPSR without flags, SCTLR, and
@ FPSCR; DUMP holds the first mark whose registers are printed and the one behind the last.
@ Each sequence ends with SVC #MARK: a hash of all registers, flags, exceptions since the last mark and the
@ scratch area is printed, and the next block is loaded. r11, r12 and r13 point into the scratch area and
@ are never written by random code.
        .syntax unified
        .arch   armv7-a
        .fpu    neon-vfpv4
        .equ    SCRATCH_WORDS, 128
        .equ    BLOCK_WORDS, 16 + 64 + SCRATCH_WORDS
        .equ    LOGGED, 16              @ exceptions since the last mark that are kept, 5 words each
        .equ    UART, 0x09000000
        .equ    FULL, 0x0c02            @ a section that everybody may use, domain 0
        @ words of `save`
        .equ    S_SPSR, 15
        .equ    S_TRAPS, 16
        .equ    S_COUNT, 17
        .equ    S_FPSCR, 18
        .equ    S_D, 20
        .equ    SAVED_WORDS, 20 + 64

        .macro  constant r, value
        movw    \r, #:lower16:(\value)
        movt    \r, #:upper16:(\value)
        .endm

        .text
        .globl  _start
_start: cpsid   aif, #0x13
        mrc     p15, 0, r0, c0, c0, 5
        ands    r0, r0, #0xff
1:      wfine
        bne     1b
        @ sections: the first and second GiB as they are, all else faults
        constant r0, tables
        mov     r1, #0
        constant r2, FULL
1:      cmp     r1, #0x80000000
        orrlo   r3, r1, r2
        movhs   r3, #0
        str     r3, [r0], #4
        adds    r1, r1, #0x100000
        bne     1b
        constant r0, tables
        mcr     p15, 0, r0, c2, c0, 0
        mov     r0, #0
        mcr     p15, 0, r0, c2, c0, 2
        mcr     p15, 0, r0, c8, c7, 0
        mov     r0, #1
        mcr     p15, 0, r0, c3, c0, 0
        constant r0, vectors
        mcr     p15, 0, r0, c12, c0, 0
        mov     r0, #(15 << 20)
        mcr     p15, 0, r0, c1, c0, 2
        isb
        mov     r0, #0x40000000
        .ifndef NO_FP
        vmsr    fpexc, r0
        .endif
        b       first

        .macro  vector number
        constant sp, save
        stmia   sp, {r0-r12}
        add     r0, sp, #52
        stmia   r0, {sp, lr}^
        mov     r0, #\number
        b       trap
        .endm

        .balign 32
vectors:
        b       .
        b       v_undefined
        b       v_svc
        b       v_prefetch
        b       v_data
        b       .
        b       .
        b       .
v_undefined: vector 1
v_svc:  vector 2
v_prefetch: vector 3
v_data: vector 4

@ In the mode of the exception; sp: save, r0: which. Goes on behind what trapped; all about it enters the hash.
trap:   mrs     r1, spsr
        mov     r2, lr
        mov     r3, #0
        mov     r4, #0
        tst     r1, #0x20
        movne   r10, #2                 @ the size of the instruction
        moveq   r10, #4
        cmp     r0, #3
        mrceq   p15, 0, r3, c5, c0, 1
        mrceq   p15, 0, r4, c6, c0, 2
        moveq   r4, #0                  @ IFAR of breakpoints is anything
        subeq   r5, r2, #4
        cmp     r0, #4
        mrceq   p15, 0, r3, c5, c0, 0
        mrceq   p15, 0, r4, c6, c0, 0
        subeq   r5, r2, #8
        cmp     r0, #2
        suble   r5, r2, r10             @ r5: the instruction
        bne     1f
        tst     r1, #0x20
        ldreq   r6, [r5]
        biceq   r6, r6, #0xff000000
        ldrhne  r6, [r5]
        bicne   r6, r6, #0xff00
        orrne   r6, r6, r6, lsl 8
        orrne   r6, r6, r6, lsl 8
        constant r7, 0x5a5a5a
        cmp     r6, r7
        beq     marked
        constant r7, 0x5b5b5b
        cmp     r6, r7
        beq     finish
1:      ldr     r6, [sp, #S_COUNT * 4]
        cmp     r6, #LOGGED
        addlo   r7, r6, r6, lsl 2
        constant r8, log
        addlo   r8, r8, r7, lsl 2
        stmialo r8, {r0-r4}
        add     r6, r6, #1
        str     r6, [sp, #S_COUNT * 4]
        ldr     r6, [sp, #S_TRAPS * 4]
        constant r7, 0x5bd1e995
        .irp    r, 0, 1, 2, 3, 4
        eor     r6, r6, r\r
        mul     r6, r6, r7
        eor     r6, r6, r6, ror #13
        .endr
        str     r6, [sp, #S_TRAPS * 4]
        @ where it goes on
        tst     r1, #0x20
        addeq   lr, r5, #4
        beq     2f
        ldrh    r6, [r5]
        cmp     r6, #0xe800
        addlo   lr, r5, #2
        addhs   lr, r5, #4
2:      bic     r1, r1, #0x06000000     @ no IT block is left
        bic     r1, r1, #0xfc00
        msr     spsr_cxsf, r1
        add     r0, sp, #52
        ldmia   r0, {sp, lr}^
        nop
        ldmia   sp, {r0-r12}
        movs    pc, lr

finish: constant r0, 0x84000008         @ SYSTEM_OFF
        .word   0xe1400070              @ hvc #0
        b       .

marked: cpsid   aif, #0x13
        setend  le
        str     r1, [sp, #S_SPSR * 4]
        mov     r0, #0x40000000
        .ifndef NO_FP
        vmsr    fpexc, r0
        .endif
        mov     r0, #(15 << 20)
        mcr     p15, 0, r0, c1, c0, 2
        isb
        .ifndef NO_FP
        vmrs    r0, fpscr
        .endif
        str     r0, [sp, #S_FPSCR * 4]
        add     r0, sp, #(S_D * 4)
        .ifndef NO_FP
        vstmia  r0!, {d0-d15}
        .endif
        .ifndef NO_FP
        vstmia  r0!, {d16-d31}
        .endif
        mov     r4, #0
        mov     r5, #0
        mov     r0, sp
        mov     r1, #SAVED_WORDS
        bl      hash
        constant r0, scratch
        mov     r1, #SCRATCH_WORDS
        bl      hash
        mov     r6, r4
        bl      print
        mov     r6, r5
        bl      print
        mov     r0, #'\n'
        bl      put
        @ registers, if asked for
        constant r8, count
        ldr     r9, [r8]
        constant r10, DUMP
        ldmia   r10, {r0, r1}
        cmp     r9, r0
        blo     3f
        cmp     r9, r1
        bhs     3f
        mov     r7, sp
        mov     r10, #SAVED_WORDS
        bl      words
        constant r7, scratch
        mov     r10, #SCRATCH_WORDS
        bl      words
        constant r7, log
        mov     r10, #(5 * LOGGED)
        bl      words
3:      add     r9, r9, #1
        str     r9, [r8]

first:  constant sp, save
        mov     r0, #0
        str     r0, [sp, #S_TRAPS * 4]
        str     r0, [sp, #S_COUNT * 4]
        constant r8, count
        ldr     r9, [r8]
        constant r10, SETTINGS
        add     r10, r10, r9, lsl 4
        @ the block of values
        mov     r0, r9
1:      subs    r0, r0, #TABLE_BLOCKS
        bhs     1b
        add     r0, r0, #TABLE_BLOCKS
        constant r1, BLOCK_WORDS * 4
        mul     r0, r0, r1
        constant r1, TABLE
        add     r7, r0, r1
        add     r0, r7, #(16 * 4)
        .ifndef NO_FP
        vldmia  r0!, {d0-d15}
        .endif
        .ifndef NO_FP
        vldmia  r0!, {d16-d31}
        .endif
        constant r1, scratch
        mov     r2, #SCRATCH_WORDS
1:      ldr     r3, [r0], #4
        str     r3, [r1], #4
        subs    r2, r2, #1
        bne     1b
        ldr     r0, [r7, #(15 * 4)]     @ flags, GE
        ldmia   r10, {r1-r4}
        orr     r0, r0, r2
        tst     r1, #1
        orrne   r0, r0, #0x20
        msr     spsr_cxsf, r0
        bic     lr, r1, #1
        .ifndef NO_FP
        vmsr    fpscr, r4
        .endif
        mcr     p15, 0, r3, c1, c0, 0
        isb
        constant r0, scratch
        add     r1, r0, #128
        add     r2, r0, #256
        add     r3, r0, #384
        str     r1, [r7, #44]
        str     r2, [r7, #48]
        str     r3, [r7, #52]
        add     r0, r7, #52
        ldmia   r0, {sp, lr}^
        nop
        mov     r12, r7
        ldmia   r12, {r0-r12}
        movs    pc, lr
        .ltorg

hash:   constant r2, 0x5bd1e995
        constant r3, 0x27d4eb2f
1:      ldr     r6, [r0], #4
        eor     r4, r4, r6
        mul     r4, r4, r2
        eor     r4, r4, r4, ror #15
        eor     r5, r5, r6
        mul     r5, r5, r3
        eor     r5, r5, r5, ror #13
        subs    r1, r1, #1
        bne     1b
        bx      lr

@ The hexadecimal digits of r6.
print:  mov     r11, lr
        mov     r1, #8
1:      mov     r0, r6, lsr #28
        cmp     r0, #10
        addlo   r0, r0, #'0'
        addhs   r0, r0, #('a' - 10)
        bl      put
        lsl     r6, r6, #4
        subs    r1, r1, #1
        bne     1b
        bx      r11

@ r10 words from r7, each after a space; then a newline.
words:  mov     r12, lr
1:      mov     r0, #' '
        bl      put
        ldr     r6, [r7], #4
        bl      print
        subs    r10, r10, #1
        bne     1b
        mov     r0, #'\n'
        bl      put
        bx      r12

put:    mov     r2, #UART
1:      ldr     r3, [r2, #0x18]
        tst     r3, #0x20
        bne     1b
        str     r0, [r2]
        bx      lr
        .ltorg

        .balign 16
save:   .space  SAVED_WORDS * 4
log:    .space  5 * LOGGED * 4          @ vector, SPSR, LR, status, address
count:  .word   0
        .balign 4096
        .space  4096 - 256              @ the area lies across two pages
scratch: .space SCRATCH_WORDS * 4
        .balign 16384
tables: .space  16384
