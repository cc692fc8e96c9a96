/* SPDX-License-Identifier: GPL-2.0-or-later
 * say: whatever reprise prints, but the guest's console. Names, command lines and sentences in it
 * come from recordings and guests of strangers, so that all of it is made visible here, and nowhere
 * else is anything printed (tests/cli/text.py looks). What cannot be written is noted, and is what
 * the process ends with.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/say.h"

/* Why stdout did not take something; 0: it took all. And stderr, of which nobody can be told. */
static int stdout_problem;
static bool stderr_problem;
static bool file_problem;

static const char *program = "reprise";

void say_as(const char *name)
{
    program = name;
}

static void put(FILE *to, const void *bytes, size_t count)
{
    errno = 0;
    if (fwrite(bytes, 1, count, to) == count) {
        return;
    }
    if (to == stderr) {
        stderr_problem = true;
    } else if (to == stdout) {
        say_stdout_failed(errno);
    }
}

void say_stdout_failed(int error_number)
{
    if (stdout_problem == 0) {
        stdout_problem = error_number != 0 ? error_number : EIO;
    }
}

void say_lost(const char *path, int error_number)
{
    file_problem = true;
    say("%s: could not be written: %s", path, strerror(error_number != 0 ? error_number : EIO));
}

static void put_visible(FILE *to, const struct text *t, const char *kept, const char *end)
{
    struct text seen = {0};

    text_add_visible(&seen, t->data, t->length, kept);
    text_add(&seen, "%s", end);
    put(to, seen.data, seen.length);
    text_fini(&seen);
}

void say(const char *format, ...)
{
    struct text t = {0};
    va_list args;

    text_add(&t, "%s: ", program);
    va_start(args, format);
    text_add_v(&t, format, args);
    va_end(args);
    put_visible(stderr, &t, "", "\n");
    text_fini(&t);
}

void say_line(FILE *to, const char *format, ...)
{
    struct text t = {0};
    va_list args;

    va_start(args, format);
    text_add_v(&t, format, args);
    va_end(args);
    put_visible(to, &t, "", "\n");
    text_fini(&t);
}

void say_lines(FILE *to, const struct text *lines)
{
    put_visible(to, lines, "\n\t", "");
}

void say_json(struct json_object *o)
{
    const char *json =
        json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
    const uint8_t *b = (const uint8_t *)json;
    size_t left = strlen(json);
    struct text t = {0};

    /* Only in a string is there anything that json-c left to us. */
    while (left > 0) {
        uint32_t code;
        unsigned length = utf8_next(b, left, &code);

        if (code == UTF8_NONE) {
            text_add(&t, "\\ufffd");
        } else if (code == '\n' || !utf8_is_obeyed(code)) {
            text_add_bytes(&t, b, length);
        } else if (code < 0x10000) {
            text_add(&t, "\\u%04x", (unsigned)code);
        } else { /* as JSON has it: in halves */
            text_add(&t, "\\u%04x\\u%04x", 0xd7c0 + (unsigned)(code >> 10),
                     0xdc00 + (unsigned)(code & 0x3ff));
        }
        b += length;
        left -= length;
    }
    text_add(&t, "\n");
    put(stdout, t.data, t.length);
    text_fini(&t);
}

void say_terminal(const char *controls)
{
    put(stderr, controls, strlen(controls));
}

int cli_fail(const struct error *e)
{
    say("%s", e->text);
    return EXIT_USER;
}

int say_end(int status)
{
    errno = 0;
    if (fflush(stdout) != 0 || ferror(stdout)) {
        say_stdout_failed(errno);
    }
    if (stdout_problem == 0 && !stderr_problem && !file_problem) {
        return status;
    }
    /* A reader that has seen enough is told nothing. */
    if (stdout_problem != 0 && stdout_problem != EPIPE) {
        say("the output could not be written: %s", strerror(stdout_problem));
    }
    return status == EXIT_OURS ? status : EXIT_USER;
}
