/* SPDX-License-Identifier: GPL-2.0-or-later
 * paths: files that a recording names instead of holding them. One that lies in the recording's own
 * folder came with it. Any other is the user's, and a stranger's recording may name what it likes: it
 * is opened when the user has seen its name and agreed, by --allow-paths or at the terminal.
 */
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/say.h"

/* The folder of a file, without links; NULL: there is none. The caller's to free. */
static char *real_folder(const char *file)
{
    char *folder = base_folder_of(file);
    char *real = realpath(folder, NULL);

    free(folder);
    return real;
}

/* Links are followed first, wherever they lie. A file that is not there is in no folder: opening it
 * fails, and says so. */
static bool lies_outside(const char *name, const char *folder)
{
    char *real = realpath(name, NULL);
    size_t length = folder != NULL ? strlen(folder) : 0;
    bool inside;

    if (real == NULL) {
        return false;
    }
    inside = length > 0 && strncmp(real, folder, length) == 0 &&
             (folder[length - 1] == '/' || real[length] == '/');
    free(real);
    return !inside;
}

/* At the terminal, where somebody is to answer. */
static bool user_agrees(const char *recording, const struct text *names)
{
    char answer = '\0', c;

    say("%s needs files outside its folder: %s", recording, names->data);
    say_terminal("Open them? [y/N] ");
    while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n') {
        answer = answer == '\0' ? c : answer;
    }
    return answer == 'y' || answer == 'Y';
}

int cli_check_paths(const struct options *o, const char *recording, const char *names, size_t size,
                    struct error *e)
{
    char *folder;
    struct text outside = {0};
    int result = 0;

    if (o->allow_paths) {
        return 0;
    }
    folder = real_folder(recording);
    for (size_t at = 0; at < size; at += strlen(names + at) + 1) {
        if (lies_outside(names + at, folder)) {
            text_add(&outside, "%s%s", outside.length > 0 ? ", " : "", names + at);
        }
    }
    free(folder);
    if (outside.length > 0 &&
        !(isatty(STDIN_FILENO) && isatty(STDERR_FILENO) && user_agrees(recording, &outside))) {
        result = error_set(e,
                           "%s needs files outside its folder, which are opened with --allow-paths "
                           "only: %s",
                           recording, outside.data);
    }
    text_fini(&outside);
    return result;
}
