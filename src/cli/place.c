/* SPDX-License-Identifier: GPL-2.0-or-later
 * place: a place in time as people name it.
 */
#include <stdlib.h>

#include "cli/cli.h"

int cli_parse_place(const char *text, const char *what, tick end, tick *at, struct error *e)
{
    size_t length = strlen(text);
    char *rest;

    if (strcmp(text, "end") == 0) {
        *at = end;
        return 0;
    }
    if (length > 1 && text[length - 1] == '%') {
        double share = strtod(text, &rest);

        if (rest != text + length - 1 || !(share >= 0 && share <= 100)) {
            return error_set(e, "%s wants a share from 0%% to 100%%, not '%s'", what, text);
        }
        *at = (tick)((double)end * share / 100);
        return 0;
    }
    return options_parse_number(what, text, end, at, e);
}
