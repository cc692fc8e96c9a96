/* SPDX-License-Identifier: GPL-2.0-or-later
 * fuzz: command lines of reprise-system-ARCH. The first byte chooses the architecture, and whether what follows is
 * what -readconfig reads; else each line is an argument. Whatever is refused has a sentence; what is
 * accepted is within its bounds. Nothing is opened.
 */
#include <stdlib.h>

#include "command_line.h"
#include "options/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_accepted(const struct options *o)
{
    check_bounds(o);
    must(o->machine.things.count <= MACHINE_THINGS_MAX);
    if (!o->help && o->list.length == 0) {
        must(o->rr == OPTIONS_RR_NONE || o->rr_file != NULL);
        must((o->command == COMMAND_RECORD) == (o->rr == OPTIONS_RR_RECORD));
        must(o->serial_count > 0);
    }
}

static void parse_config(struct options *o, char *text)
{
    struct error e = {{0}};

    options_init(o, COMMAND_RUN);
    o->system = "reprise-system-riscv64";
    if (options_take_config_text(o, "FILE", text, &e) < 0) {
        check_sentence(&e);
    }
}

/* Files are the host's; the text is cut at the first option that would read one now. */
static bool reads_a_file(const char *argument)
{
    return strstr(argument, "readconfig") != NULL;
}

static void parse_line(struct options *o, const char *arch, char *line)
{
    char *argv[ARGUMENTS_MAX + 2] = {0}, name[] = "reprise-system-x";
    struct error e = {{0}};
    int argc = 1;

    argv[0] = name;
    for (char *at = line; at != NULL && argc <= ARGUMENTS_MAX && !reads_a_file(at); argc++) {
        char *end = strchr(at, '\n');

        if (end != NULL) {
            *end++ = '\0';
        }
        argv[argc] = at;
        at = end;
    }
    if (options_parse_system(o, name, arch, argc, argv, &e) < 0) {
        check_sentence(&e);
    } else {
        check_accepted(o);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const archs[] = {"riscv64", "riscv32", "aarch64", "arm"};
    char *line = base_alloc(size + 1, 1);
    struct options o;

    if (size > 0) {
        memcpy(line, data + 1, size - 1);
        if ((data[0] & 4) != 0) {
            parse_config(&o, line);
        } else {
            parse_line(&o, archs[data[0] & 3], line);
        }
        options_fini(&o);
    }
    free(line);
    return 0;
}
