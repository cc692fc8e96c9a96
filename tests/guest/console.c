// SPDX-License-Identifier: GPL-2.0-or-later
// console: reads lines from the console until "quit" and answers each one reversed; at the end the
// number of lines and a checksum of all bytes. The only program that needs input
// (input/console.txt); when the bytes come does not matter.
#include "guest.h"

void guest_main(void)
{
    static char line[128];
    uint32_t sum = 0;
    unsigned lines = 0;
    say("ready\n");
    for (;;) {
        size_t n = 0;
        char c;
        while ((c = console_get()) != '\n' && c != '\r') {
            if (n < sizeof line) {
                line[n++] = c;
            }
        }
        sum = crc32(sum, line, n);
        lines++;
        if (n == 4 && memcmp(line, "quit", 4) == 0) {
            break;
        }
        for (size_t i = n; i > 0; i--) {
            console_put(line[i - 1]);
        }
        console_put('\n');
    }
    say("%u lines %08x\n", lines, sum);
}
