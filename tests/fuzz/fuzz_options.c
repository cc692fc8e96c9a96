/* SPDX-License-Identifier: GPL-2.0-or-later
 * fuzz: command lines. The first byte chooses the subcommand, each line is an argument. Whatever is
 * refused has a sentence; what is accepted is within its bounds. Serial ports' specifications are
 * parsed as well; nothing is opened.
 */
#include <stdlib.h>

#include "command_line.h"
#include "world/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_accepted(const struct options *o)
{
    check_bounds(o);
    must(o->file_count <= 2 && o->rest_count >= 0);
    for (uint32_t i = 0; i < o->serial_count; i++) {
        struct serial_spec spec;
        struct error e = {{0}};
        char id[32];
        if (serial_spec_parse(&spec, o->serials[i], &e) < 0) {
            check_sentence(&e);
        } else {
            must(strnlen(spec.path, sizeof spec.path) < sizeof spec.path);
        }
        (void)serial_spec_parse_chardev(&spec, id, sizeof id, o->serials[i], &e);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *line = base_alloc(size + 1, 1), *argv[ARGUMENTS_MAX + 2] = {0};
    char name[] = "record";
    struct options o;
    struct error e = {{0}};
    struct text help = {0};
    int argc = 1;

    if (size == 0) {
        free(line);
        return 0;
    }
    memcpy(line, data + 1, size - 1);
    argv[0] = name;
    for (char *at = line; argc <= ARGUMENTS_MAX; argc++) {
        char *end = strchr(at, '\n');
        argv[argc] = at;
        if (!end) {
            argc++;
            break;
        }
        *end = '\0';
        at = end + 1;
    }
    enum command command = (enum command)(1u << data[0] % 6);
    if (options_parse(&o, command, argc, argv, &e) < 0) {
        check_sentence(&e);
    } else {
        check_accepted(&o);
    }
    options_fini(&o);
    options_help(command, &help);
    must(help.length > 50);
    text_fini(&help);
    free(line);
    return 0;
}
