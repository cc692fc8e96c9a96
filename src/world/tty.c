/* SPDX-License-Identifier: GPL-2.0-or-later
 * tty: the user's terminal, raw while a guest has it, and the keys that are for us and not for the
 * guest: Ctrl-A and a letter, as QEMU's users know them.
 */
#include <errno.h>
#include <unistd.h>

#include "world/world.h"

enum { CTRL_A = 1 };

const char tty_help[] = "\n"
                        "Ctrl-A h        this help\n"
                        "Ctrl-A c        to the monitor, and back\n"
                        "Ctrl-A x        end the machine and the program\n"
                        "Ctrl-A Ctrl-A   send one Ctrl-A to the guest\n";

void tty_make_raw(struct tty *t, int fd, bool signals)
{
    struct termios raw;

    *t = (struct tty){.fd = fd};
    if (!isatty(fd) || tcgetattr(fd, &t->saved) != 0) {
        return;
    }
    raw = t->saved;
    raw.c_iflag &= (tcflag_t) ~(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    raw.c_lflag &= (tcflag_t) ~(ECHO | ECHONL | ICANON | IEXTEN);
    if (!signals) {
        raw.c_lflag &= (tcflag_t)~ISIG;
    }
    raw.c_cflag = (raw.c_cflag & (tcflag_t) ~(CSIZE | PARENB)) | CS8;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(fd, TCSANOW, &raw) == 0) {
        t->raw = true;
    }
}

void tty_restore(struct tty *t)
{
    int before = errno;

    if (t->raw) {
        t->raw = false;
        (void)tcsetattr(t->fd, TCSANOW, &t->saved);
    }
    errno = before;
}

static enum tty_command command_of(uint8_t key)
{
    switch (key) {
    case 'x': return TTY_QUIT;
    case 'h':
    case '?': return TTY_HELP;
    case 'c': return TTY_MONITOR;
    default: return TTY_NONE;
    }
}

size_t tty_keys_take(struct tty_keys *k, const uint8_t *in, size_t count, uint8_t *out,
                     size_t *out_count, enum tty_command *command)
{
    *out_count = 0;
    *command = TTY_NONE;
    for (size_t i = 0; i < count; i++) {
        if (!k->prefixed && in[i] == CTRL_A) {
            k->prefixed = true;
        } else if (!k->prefixed) {
            out[(*out_count)++] = in[i];
        } else {
            k->prefixed = false;
            if (in[i] == CTRL_A) {
                out[(*out_count)++] = CTRL_A;
                continue;
            }
            *command = command_of(in[i]);
            if (*command != TTY_NONE) {
                return i + 1;
            }
        }
    }
    return count;
}
