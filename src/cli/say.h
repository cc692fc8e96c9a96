/* SPDX-License-Identifier: GPL-2.0-or-later
 * say: what reprise prints, for people and as JSON. See say.c.
 */
#ifndef CLI_SAY_H
#define CLI_SAY_H

#include <json-c/json.h>
#include <stdio.h>

#include "base/base.h"

/* A sentence: "reprise: ", the text and a newline on stderr. It stays one line whatever is in it. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* What stands there instead of "reprise": the name by which the program was called. It is borrowed. */
void say_as(const char *program);
/* A line on stdout or stderr (or in a log). */
void say_line(FILE *to, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Text that is lines already; newlines and tabs stay. */
void say_lines(FILE *to, const struct text *lines);
/* On stdout: valid JSON whatever the strings hold. */
void say_json(struct json_object *o);
/* Our own bytes, on stderr: they move the cursor. */
void say_terminal(const char *controls);
/* A file that was to be written is not whole: said, and the status is an error's. */
void say_lost(const char *path, int error_number);
/* Somebody else's write to stdout failed. */
void say_stdout_failed(int error_number);
/* At the end: the exit status, which is that of an error if something could not be written; says so
 * once. */
int say_end(int status);

#endif
