/* SPDX-License-Identifier: GPL-2.0-or-later
 * confine: see confine.h.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "confine/internal.h"

void confine_allow(struct confinement *c, const char *path, unsigned rights)
{
    struct confine_path p = {.path = base_strdup(path), .rights = rights};

    vec_push(&c->paths, p);
}

void confine_allow_open(struct confinement *c, int descriptor, unsigned rights)
{
    struct confine_path p = {.descriptor = descriptor, .rights = rights};

    vec_push(&c->paths, p);
}

void confinement_fini(struct confinement *c)
{
    for (size_t i = 0; i < c->paths.count; i++) {
        free(c->paths.data[i].path);
    }
    vec_fini(&c->paths);
}

struct confine_kernel confine_kernel(void)
{
    return (struct confine_kernel){.landlock = confine_landlock_version(),
                                   .seccomp = confine_has_seccomp()};
}

/* Also where /proc is missing. */
static bool has_one_thread(void)
{
    DIR *threads = opendir("/proc/self/task");
    unsigned count = 0;

    if (threads == NULL) {
        return true;
    }
    for (const struct dirent *d = readdir(threads); d != NULL; d = readdir(threads)) {
        count += d->d_name[0] != '.';
    }
    closedir(threads);
    return count <= 1;
}

int confine_enter(const struct confinement *c, struct error *e)
{
    const struct confine_kernel kernel = confine_kernel();

    must(has_one_thread() && !c->is_void);
    if ((kernel.landlock > 0 || kernel.seccomp) && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return error_set(e, "the kernel does not let this process give up rights: %s",
                         strerror(errno));
    }
    /* Landlock first: its own calls are not among those that are left. */
    if (kernel.landlock > 0 && confine_files(c, kernel.landlock, e) < 0) {
        return -1;
    }
    return kernel.seccomp ? confine_calls(c, e) : 0;
}
