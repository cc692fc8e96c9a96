// SPDX-License-Identifier: GPL-2.0-or-later
// strings: what programs do to text a byte at a time: split into words, fold case, compare,
// search, format numbers.
#include "guest.h"

enum { TEXT = 60000, ROUNDS = 48 };

static char text[TEXT + 1];
static char folded[TEXT + 1];

static void make_text(void)
{
    uint64_t seed = 11;
    for (size_t i = 0; i < TEXT; i++) {
        unsigned r = (unsigned)(next_random(&seed) % 32);
        text[i] = r < 26 ? (char)((next_random(&seed) & 8 ? 'a' : 'A') + r) : ' ';
    }
}

static __attribute__((noinline)) size_t fold(char *to, const char *from)
{
    size_t n = 0;
    for (; from[n] != 0; n++) {
        char c = from[n];
        to[n] = c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
    }
    to[n] = 0;
    return n;
}

static __attribute__((noinline)) int compare(const char *a, const char *b)
{
    while (*a != 0 && *a == *b) {
        a++;
        b++;
    }
    return (uint8_t)*a - (uint8_t)*b;
}

static __attribute__((noinline)) unsigned count(const char *in, const char *what)
{
    unsigned n = 0;
    for (; *in != 0; in++) {
        size_t i = 0;
        while (what[i] != 0 && in[i] == what[i]) {
            i++;
        }
        n += what[i] == 0;
    }
    return n;
}

static __attribute__((noinline)) uint64_t words(char *in)
{
    uint64_t sum = 0;
    char *previous = in;
    while (*in != 0) {
        while (*in == ' ') {
            in++;
        }
        char *word = in;
        while (*in != 0 && *in != ' ') {
            in++;
        }
        char end = *in;
        *in = 0;
        sum = sum * 31 + (uint64_t)(compare(previous, word) < 0) + strlen(word);
        *in = end;
        previous = word;
    }
    return sum;
}

static __attribute__((noinline)) size_t format(char *to, uint64_t value)
{
    size_t n = 0;
    do {
        to[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    for (size_t i = 0; i < n / 2; i++) {
        char t = to[i];
        to[i] = to[n - 1 - i];
        to[n - 1 - i] = t;
    }
    to[n] = 0;
    return n;
}

void guest_main(void)
{
    make_text();
    uint64_t sum = 0;
    char digits[24];
    for (unsigned round = 0; round < ROUNDS; round++) {
        sum = mix(sum, fold(folded, text));
        sum = mix(sum, count(folded, "ab") + count(folded, " the "));
        sum = mix(sum, words(folded));
        for (unsigned i = 0; i < 4000; i++) {
            sum += format(digits, mix(sum, i) >> (i % 60)) + (uint8_t)digits[0];
        }
        text[round] = 'x';
    }
    say("strings %016lx\n", sum);
}
