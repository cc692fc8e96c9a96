/* SPDX-License-Identifier: GPL-2.0-or-later
 * interrupt: see interrupt.h.
 */
#include "cli/interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t came;

static void on_signal(int number)
{
    (void)number;
    came = 1;
}

void interrupt_catch_by(void (*handler)(int number), int flags)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    const struct sigaction a = {.sa_handler = handler, .sa_flags = flags};

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        sigaction(numbers[i], &a, NULL);
    }
}

void interrupt_catch(void)
{
    interrupt_catch_by(on_signal, SA_RESETHAND);
}

bool interrupt_came(void)
{
    return came != 0;
}
