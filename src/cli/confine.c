/* SPDX-License-Identifier: GPL-2.0-or-later
 * confine: what each command keeps of its user's rights. A recording may name files instead of holding
 * them: which ones is found out by a process of its own, which may do nothing but read the recording.
 */
#include "confine/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/child.h"
#include "cli/cli.h"
#include "cli/say.h"
#include "cli/snapshots.h"
#include "host/host.h"

/* All names that one recording may have, and more. */
#define NAMES_BYTES_MAX (64 * KIB)

/* ---- which files a recording names ------------------------------------------------------------ */

static void send_name(void *opaque, const char *name)
{
    const int *to = opaque;
    ssize_t n = write(*to, name, strlen(name) + 1);

    (void)n; /* what does not arrive is not allowed */
}

static _Noreturn void tell_names(const struct options *o, const char *recording, int to)
{
    struct confinement c = {0};
    struct error e;

    confine_allow(&c, recording, CONFINE_READ);
    if (o->no_sandbox || confine_enter(&c, &e) == 0) {
        (void)recording_names(recording, &to, send_name, &e);
    }
    _exit(0); /* whoever opens the recording says what is wrong with it */
}

/* One after the other, each with a zero; the caller's to free. */
static size_t read_names(int from, char *names)
{
    size_t count = 0;
    ssize_t n;

    while (count < NAMES_BYTES_MAX - 1 &&
           ((n = read(from, names + count, NAMES_BYTES_MAX - 1 - count)) > 0 ||
            (n < 0 && errno == EINTR))) {
        count += n > 0 ? (size_t)n : 0;
    }
    names[count] = '\0';
    return count;
}

/* The same list, of where these files are. */
static void find_places(const char *recording, char **names, size_t *count)
{
    struct text places = {0};

    for (size_t at = 0; at < *count; at += strlen(*names + at) + 1) {
        char *place = recording_place_of(*names + at, recording);

        text_add_bytes(&places, place, strlen(place) + 1);
        free(place);
    }
    if (*count > 0) {
        free(*names);
        *names = places.data;
        *count = places.length;
    }
}

/* Those that the user does not want opened are an error. */
static int allow_named(struct confinement *c, const struct options *o, const char *recording,
                       struct error *e)
{
    int result;
    char *names;
    size_t count;
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0) {
        return error_set(e, "no pipe from the host: %s", strerror(errno));
    }
    pid = fork();
    if (pid == 0) {
        close(ends[0]);
        tell_names(o, recording, ends[1]);
    }
    close(ends[1]);
    if (pid < 0) {
        error_set(e, "no process from the host: %s", strerror(errno));
        close(ends[0]);
        return -1;
    }
    names = base_alloc(NAMES_BYTES_MAX, 1);
    count = read_names(ends[0], names);
    close(ends[0]);
    child_wait(pid, NULL);
    find_places(recording, &names, &count);
    result = cli_check_paths(o, recording, names, count, e);
    for (size_t at = 0; result == 0 && at < count; at += strlen(names + at) + 1) {
        confine_allow(c, names + at, CONFINE_READ);
    }
    free(names);
    return result;
}

/* ---- what a command needs --------------------------------------------------------------------- */

/* Of the file, if it is a plain one or is still to be made: files may come and go in its folder. */
static void allow_folder(struct confinement *c, const char *file)
{
    struct stat st;
    char *folder;

    if (stat(file, &st) == 0 && !S_ISREG(st.st_mode)) {
        return;
    }
    folder = base_folder_of(file);
    confine_allow(c, folder, CONFINE_MAKE);
    free(folder);
}

/* A plain file of that name may be made, and nothing else. It is open before, without a name, and gets
 * this one. 0 where the host has no such files. */
static int allow_one(struct confinement *c, const char *path)
{
    int file = host_file_open_nameless(path);
    struct stat st;
    char *folder;

    if (file < 0) {
        return 0;
    }
    folder = base_folder_of(path);
    confine_allow_open(c, file, CONFINE_READ | CONFINE_WRITE);
    confine_allow(c, folder, CONFINE_NAME);
    if (lstat(path, &st) == 0) { /* it is replaced */
        confine_allow(c, folder, CONFINE_REMOVE);
    }
    free(folder);
    return file;
}

static void allow_index(struct confinement *c, struct options *o, const char *recording)
{
    struct text path = {0};
    struct stat st;

    if (stat(recording, &st) == 0 && !S_ISREG(st.st_mode)) {
        return;
    }
    text_add(&path, "%s.idx", recording);
    confine_allow(c, path.data, CONFINE_READ);
    o->index_file = allow_one(c, path.data);
    if (o->index_file == 0) {
        allow_folder(c, recording);
    }
    text_fini(&path);
}

/* The one that is to be; and branches of it, as many as one likes, if there is a debugger. */
static void allow_made(struct confinement *c, struct options *o, const char *path)
{
    struct stat st;
    bool exists = lstat(path, &st) == 0;

    if (o->gdb == NULL && o->monitor_count == 0 &&
        (!exists || (S_ISREG(st.st_mode) && access(path, W_OK) == 0))) {
        o->recording_file = allow_one(c, path);
    }
    if (o->recording_file == 0) {
        confine_allow(c, path, CONFINE_READ | CONFINE_WRITE);
        allow_folder(c, path);
    }
}

/* Recordings are read; beside them an index or a branch may be made. */
static int allow_recordings(struct confinement *c, struct options *o, struct error *e)
{
    int count = o->command == COMMAND_DIFF ? 2 : 1;

    for (int i = 0; i < count; i++) {
        confine_allow(c, o->files[i], CONFINE_READ);
        if (o->command != COMMAND_INFO && allow_named(c, o, o->files[i], e) < 0) {
            return -1;
        }
    }
    if (o->command == COMMAND_DEBUG ||
        (o->command == COMMAND_REPLAY &&
         o->monitor_count > 0)) { /* branches, as many as one likes */
        allow_folder(c, o->files[0]);
    } else if (o->command == COMMAND_INDEX || (o->command == COMMAND_QUERY && !o->no_index)) {
        allow_index(c, o, o->files[0]);
    }
    return 0;
}

/* Files that are read, or written to, as the machine runs. */
static void allow_disks(struct confinement *c, const struct options *o)
{
    for (unsigned i = IMAGE_COUNT; i < MACHINE_FILES_MAX; i++) {
        const struct machine_image *file = machine_config_get_file(&o->machine, i);

        if (file != NULL) {
            confine_allow(c, file->name,
                          o->machine.writes_files ? CONFINE_READ | CONFINE_WRITE : CONFINE_READ);
        }
    }
}

/* The image that snapshots are in. */
static void allow_snapshots(struct confinement *c, const struct options *o)
{
    const char *image = o->rr_snapshot != NULL ? snapshots_image(&o->machine) : NULL;

    if (image != NULL) {
        confine_allow(c, image, CONFINE_READ | CONFINE_WRITE);
    }
}

static int allow_all(struct confinement *c, struct options *o, const char *made, struct error *e)
{
    if (o->stats != NULL) {
        confine_allow(c, o->stats, CONFINE_WRITE);
    }
    if (made != NULL) {
        allow_made(c, o, made);
    }
    allow_snapshots(c, o);
    if (o->monitor_count > 0) { /* memsave */
        confine_allow(c, ".", CONFINE_MAKE);
    }
    if ((o->command & COMMANDS_MACHINE) == 0) {
        return allow_recordings(c, o, e);
    }
    allow_disks(c, o);
    return 0;
}

/* Where pages of machines go that memory has no room for: a file without a name, while it can be made. Without one
 * they stay in memory. */
static void open_scratch(struct options *o)
{
    const char *folder = getenv("TMPDIR");
    struct host_scratch *s;

    if (o->command == COMMAND_INFO || o->command == COMMAND_PACK) {
        return;
    }
    s = base_alloc(1, sizeof(*s));
    if (host_scratch_open(s, folder != NULL ? folder : "/var/tmp", NULL) < 0) {
        free(s);
        return;
    }
    o->scratch = s;
}

static int enter(const struct confinement *c, const struct options *o, struct error *e)
{
    const struct confine_kernel kernel = confine_kernel();

    if (o->no_sandbox) {
        return 0;
    }
    if (kernel.landlock == 0 && !kernel.seccomp) {
        say("this kernel has neither Landlock nor seccomp: the command is not confined");
        return 0;
    }
    return confine_enter(c, e);
}

int cli_confine(struct options *o, bool accepts, const char *made, struct error *e)
{
    struct confinement c = {.accepts = accepts};
    int result = allow_all(&c, o, made, e);

    open_scratch(o);
    if (result == 0) {
        result = enter(&c, o, e);
    }
    confinement_fini(&c);
    return result;
}

int cli_confine_follower(struct options *o, const char *recording, int file, struct error *e)
{
    struct confinement c = {0};
    int result;

    confine_allow_open(&c, file, CONFINE_READ);
    allow_disks(&c, o);
    allow_index(&c, o, recording);
    open_scratch(o);
    result = enter(&c, o, e);
    confinement_fini(&c);
    return result;
}
