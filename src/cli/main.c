/* SPDX-License-Identifier: GPL-2.0-or-later
 * main: which subcommand. See cli.h for what the exit statuses mean.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/say.h"

static const struct {
    const char *name;
    enum command command;
    int (*run)(struct options *o);
    const char *what;
} commands[] = {
    {"run", COMMAND_RUN, command_run, "run a machine; nothing is written"},
    {"record", COMMAND_RECORD, command_run, "run a machine and record it"},
    {"replay", COMMAND_REPLAY, command_replay, "replay a recording and check it"},
    {"debug", COMMAND_DEBUG, command_debug, "go anywhere in a recording's time, with gdb"},
    {"info", COMMAND_INFO, command_info, "say what is in a recording"},
    {"pack", COMMAND_PACK, command_pack, "make a recording that replays anywhere"},
    {"index", COMMAND_INDEX, command_index, "make debugging a recording start at once"},
    {"query", COMMAND_QUERY, command_query, "answer a question about a recording"},
    {"diff", COMMAND_DIFF, command_diff, "name the first difference of two recordings"},
};

static void print_usage(FILE *to)
{
    struct text t = {0};

    text_add(&t,
             "usage: reprise COMMAND [OPTION...]\n"
             "Records a whole machine once and replays it exactly, forwards and backwards.\n\n");
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        text_add(&t, "  %-8s %s\n", commands[i].name, commands[i].what);
    }
    text_add(&t, "\n'reprise COMMAND --help' lists a command's options; see also man reprise.\n"
                 "Exit status: 0 fine, 1 the user or a file is wrong, 2 the guest asked for a "
                 "failure exit,\n3 the replay differed, 4 reprise itself is wrong.\n");
    say_lines(to, &t);
    text_fini(&t);
}

static bool uses_index(const struct options *o)
{
    switch (o->command) {
    case COMMAND_INDEX: return true;
    case COMMAND_DEBUG:
    case COMMAND_QUERY: return !o->no_index;
    default: return false;
    }
}

static int run_command(size_t i, int argc, char **argv)
{
    struct options o;
    struct error e;
    int status;

    if (options_parse(&o, commands[i].command, argc, argv, &e) < 0) {
        options_fini(&o);
        return cli_fail(&e);
    }
    if (o.help) {
        struct text t = {0};
        options_help(commands[i].command, &t);
        say_lines(stdout, &t);
        text_fini(&t);
        status = EXIT_FINE;
    } else if (o.list.length != 0) {
        say_lines(stdout, &o.list);
        status = EXIT_FINE;
    } else if (commands[i].command & COMMANDS_MACHINE && options_read_images(&o, &e) < 0) {
        status = cli_fail(&e);
    } else {
        if (uses_index(&o)) {
            cli_take_index_key(&o);
        }
        status = commands[i].run(&o);
    }
    options_fini(&o);
    return status;
}

/* If one of the three is closed, a recording would be opened in its place, and printed into. What is
 * printed to a closed stdout is lost, and an error, so it cannot be written to; sentences are not
 * missed by whoever closed stderr. */
static void open_standard_files(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY) != fd) {
            _exit(EXIT_USER);
        }
    }
}

static int command_line(int argc, char **argv)
{
    const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
    const char *name = slash != NULL ? slash + 1 : argc > 0 ? argv[0] : "";

    if (system_is_name(name)) {
        return command_line_system(name, argc, argv);
    }
    if (argc < 2) {
        print_usage(stderr);
        return EXIT_USER;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_usage(stdout);
        return EXIT_FINE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        say_line(stdout, "reprise %s", REPRISE_VERSION);
        return EXIT_FINE;
    }
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            return run_command(i, argc - 1, argv + 1);
        }
    }
    say("'%s' is not a command; see reprise --help", argv[1]);
    return EXIT_USER;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN); /* a reader that is gone, */
    signal(SIGXFSZ, SIG_IGN); /* and a file that may not grow, are errors of a write */
    open_standard_files();
    return say_end(command_line(argc, argv));
}
