/* SPDX-License-Identifier: GPL-2.0-or-later
 * place: ticks as a person writes them.
 */
#include "travel/travel.h"

/* Decimal digits, with separators as people and we write them; false if anything else. */
static bool take_number(const char **p, uint64_t *out)
{
    const char *c = *p;
    uint64_t n = 0;

    for (; (*c >= '0' && *c <= '9') || ((*c == '_' || *c == ',') && c != *p); c++) {
        if (*c == '_' || *c == ',') {
            continue;
        }
        if (n > (UINT64_MAX - 9) / 10) {
            return false;
        }
        n = n * 10 + (unsigned)(*c - '0');
    }
    if (c == *p) {
        return false;
    }
    *p = c;
    *out = n;
    return true;
}

/* "12", "12.5": thousandths of what is between `begin` and `end`. */
static bool take_share(const char *word, tick begin, tick end, tick *out)
{
    uint64_t whole, part = 0, unit = 1;
    const char *c = word;

    if (!take_number(&c, &whole) || whole > 100) {
        return false;
    }
    if (*c == '.') {
        for (c++; *c >= '0' && *c <= '9' && unit < 1000000; c++) {
            part = part * 10 + (unsigned)(*c - '0');
            unit *= 10;
        }
    }
    if (strcmp(c, "%") != 0 || (whole == 100 && part != 0)) {
        return false;
    }
    *out =
        begin + (tick)(((double)whole + (double)part / (double)unit) / 100 * (double)(end - begin));
    return true;
}

bool travel_parse_place(const struct travel *t, const char *word, tick *out)
{
    tick begin = travel_begin(t), end = travel_end(t);
    tick now = travel_now(t);
    char sign = *word == '+' || *word == '-' ? *word : '\0';
    uint64_t n;

    if (strcmp(word, "begin") == 0 || strcmp(word, "end") == 0) {
        *out = *word == 'b' ? begin : end;
        return true;
    }
    if (take_share(word, begin, end, out)) {
        return true;
    }
    word += sign != '\0';
    if (!take_number(&word, &n) || *word != '\0') {
        return false;
    }
    switch (sign) {
    case '+': *out = n < TICK_NEVER - now ? now + n : TICK_NEVER; break;
    case '-': *out = n < now ? now - n : 0; break;
    default: *out = n; break;
    }
    return true;
}
