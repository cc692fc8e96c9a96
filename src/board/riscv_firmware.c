/* SPDX-License-Identifier: GPL-2.0-or-later
 * riscv_firmware: where distributions put OpenSBI's firmware with dynamic information: Debian's package
 * 'opensbi' in its older and newer layout, and copies that come with an emulator.
 */
#include "board/internal.h"

const char *const riscv64_firmware[] = {
    "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin",
    "/usr/share/opensbi/lp64/generic/firmware/fw_dynamic.bin",
    "/usr/share/qemu/opensbi-riscv64-generic-fw_dynamic.bin",
    NULL,
};
const char *const riscv32_firmware[] = {
    "/usr/lib/riscv32-linux-gnu/opensbi/generic/fw_dynamic.bin",
    "/usr/share/opensbi/ilp32/generic/firmware/fw_dynamic.bin",
    "/usr/share/qemu/opensbi-riscv32-generic-fw_dynamic.bin",
    NULL,
};
const char riscv64_firmware_missing[] =
    "no OpenSBI firmware (fw_dynamic.bin) for riscv64 found: install the package 'opensbi'";
const char riscv32_firmware_missing[] = "no OpenSBI firmware (fw_dynamic.bin) for riscv32 found: "
                                        "install the package 'opensbi' of Debian 13 "
                                        "or later (Debian 12's has none for riscv32)";
