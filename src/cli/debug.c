/* SPDX-License-Identifier: GPL-2.0-or-later
 * debug: anywhere in a recording's time, with gdb.
 */
#include <stdio.h>

#include "cli/cli.h"

int command_debug(const struct options *o)
{
    struct error e;
    (void)o;
    error_set(&e, "the GDB server is not built in yet");
    return cli_fail(&e);
}
