// SPDX-License-Identifier: GPL-2.0-or-later
// console: formatted output and checks for guest programs, on top of console_put(). Not for
// several harts at once: the boot hart speaks for all.
#include "guest.h"

#include <stdarg.h>

static unsigned failures;

static void put_text(const char *s)
{
    while (*s != 0) {
        console_put(*s++);
    }
}

static void put_number(uint64_t value, unsigned base, unsigned width, char pad)
{
    char digits[24];
    unsigned n = 0;
    do {
        digits[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    for (unsigned i = n; i < width; i++) {
        console_put(pad);
    }
    while (n > 0) {
        console_put(digits[--n]);
    }
}

static void put_signed(int64_t value)
{
    if (value < 0) {
        console_put('-');
        put_number(0 - (uint64_t)value, 10, 0, ' ');
    } else {
        put_number((uint64_t)value, 10, 0, ' ');
    }
}

void say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    for (const char *f = format; *f != 0; f++) {
        if (*f != '%') {
            console_put(*f);
            continue;
        }
        char pad = ' ';
        unsigned width = 0;
        bool is_long = false;
        f++;
        if (*f == '0') {
            pad = '0';
            f++;
        }
        for (; *f >= '0' && *f <= '9'; f++) {
            width = width * 10 + (unsigned)(*f - '0');
        }
        for (; *f == 'l'; f++) {
            is_long = true;
        }
        if (*f == 'd') {
            put_signed(is_long ? va_arg(args, int64_t) : va_arg(args, int));
        } else if (*f == 'u' || *f == 'x') {
            uint64_t value = is_long ? va_arg(args, uint64_t) : va_arg(args, unsigned);
            put_number(value, *f == 'x' ? 16 : 10, width, pad);
        } else if (*f == 's') {
            put_text(va_arg(args, const char *));
        } else if (*f == 'c') {
            console_put((char)va_arg(args, int));
        } else {
            console_put('%');
        }
    }
    va_end(args);
}

void guest_check(bool ok, const char *text, const char *file, int line)
{
    if (!ok) {
        failures++;
        say("FAIL %s:%d: %s\n", file, line, text);
    }
}

void guest_check_eq(uint64_t got, uint64_t want, const char *text, const char *file, int line)
{
    if (got != want) {
        failures++;
        say("FAIL %s:%d: %s is 0x%lx, not 0x%lx\n", file, line, text, got, want);
    }
}

_Noreturn void guest_finish(void)
{
    if (failures == 0) {
        say("ok\n");
        power_off(0);
    }
    say("%u checks failed\n", failures);
    power_off(failures < 100 ? failures : 100);
}
