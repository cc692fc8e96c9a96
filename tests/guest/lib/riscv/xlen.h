/* SPDX-License-Identifier: GPL-2.0-or-later
 * xlen.h: for assembly, what both widths of registers call the same.
 */
#ifndef XLEN_H
#define XLEN_H

#if __riscv_xlen == 64
#define SZ 8
#define LX ld
#define SX sd
#else
#define SZ 4
#define LX lw
#define SX sw
#endif

#endif
