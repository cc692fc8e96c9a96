/* SPDX-License-Identifier: GPL-2.0-or-later
 * floats: turns floating point and Advanced SIMD on, which the library leaves off, and then calls the program's
 * guest_main(), which may begin by saving their registers. Included before all else by cc-guest's arm-neon.
 */
#ifndef FLOATS_H
#define FLOATS_H

#include "guest.h"

void with_floats(void) __attribute__((noinline));

void guest_main(void)
{
    unsigned access;

    __asm__ volatile("mrc p15, 0, %0, c1, c0, 2" : "=r"(access));
    __asm__ volatile("mcr p15, 0, %0, c1, c0, 2\n\tisb" ::"r"(access | 0xf00000));
    __asm__ volatile("vmsr fpexc, %0" ::"r"(0x40000000));
    with_floats();
}
#define guest_main with_floats

#endif
