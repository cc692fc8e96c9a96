/* SPDX-License-Identifier: GPL-2.0-or-later
 * files: Landlock, by the kernel's documentation (userspace-api/landlock). Files and folders that are
 * not allowed cannot be opened, made, removed or renamed; where the kernel's version has it, no TCP
 * port is bound or connected to, no device that is opened later is controlled, and neither abstract
 * sockets nor signals reach another process.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine/internal.h"

/* The numbers of the interface are here because the headers that one builds with may be older than
 * the kernel one runs on. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule       445
#define SYS_landlock_restrict_self  446
#endif

enum { CREATE_RULESET_VERSION = 1, RULE_PATH_BENEATH = 1 };

#define FS_EXECUTE     (UINT64_C(1) << 0)
#define FS_WRITE_FILE  (UINT64_C(1) << 1)
#define FS_READ_FILE   (UINT64_C(1) << 2)
#define FS_READ_DIR    (UINT64_C(1) << 3)
#define FS_REMOVE_FILE (UINT64_C(1) << 5)
#define FS_MAKE_REG    (UINT64_C(1) << 8)
#define FS_TRUNCATE    (UINT64_C(1) << 14)
#define NET_ALL        UINT64_C(3) /* bind and connect, TCP */
#define SCOPED_ALL     UINT64_C(3) /* abstract sockets, signals */

/* Rights there are, by version. */
static uint64_t all_file_rights(int version)
{
    static const unsigned counts[] = {0, 13, 14, 15, 15, 16};

    return (UINT64_C(1) << counts[version < (int)ARRAY_LEN(counts) ? version : 5]) - 1;
}

/* What makes no sense for a file that is no folder. */
#define FOR_FILES (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE)

struct ruleset_attributes {
    uint64_t files, net, scoped; /* what is denied unless a rule allows it */
};
/* Packed in the kernel's header. */
struct path_rule {
    uint64_t allowed;
    int32_t parent_fd;
} __attribute__((packed));

int confine_landlock_version(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);

    return version > 0 ? (int)version : 0;
}

static uint64_t meant_by(unsigned rights)
{
    uint64_t meant = 0;

    if (rights & CONFINE_READ) {
        meant |= FS_READ_FILE | FS_READ_DIR;
    }
    if (rights & CONFINE_WRITE) {
        meant |= FS_WRITE_FILE | FS_TRUNCATE;
    }
    if (rights & CONFINE_MAKE) {
        meant |= FS_READ_FILE | FS_WRITE_FILE | FS_TRUNCATE | FS_MAKE_REG | FS_REMOVE_FILE;
    }
    if (rights & CONFINE_NAME) {
        meant |= FS_MAKE_REG;
    }
    if (rights & CONFINE_REMOVE) {
        meant |= FS_REMOVE_FILE;
    }
    return meant;
}

/* `what` is for the sentence. */
static int add_rule_for(int ruleset, int descriptor, const char *what, uint64_t allowed,
                        struct error *e)
{
    struct path_rule rule = {.parent_fd = descriptor};
    struct stat st;
    int result = 0;

    if (fstat(rule.parent_fd, &st) == 0) {
        rule.allowed = S_ISDIR(st.st_mode) ? allowed : allowed & FOR_FILES;
        /* EBADFD: a pipe or a socket by its name in /proc, which stays allowed anyway. */
        if (rule.allowed != 0 &&
            syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) != 0 &&
            errno != EBADFD) {
            result = error_set(e, "%s: the kernel's Landlock: %s", what, strerror(errno));
        }
    }
    return result;
}

/* A path that cannot be looked at cannot be opened either: whoever tries is told why. */
static int add_rule(int ruleset, const char *path, uint64_t allowed, struct error *e)
{
    int descriptor = open(path, O_PATH | O_CLOEXEC);
    int result;

    if (descriptor < 0) {
        return 0;
    }
    result = add_rule_for(ruleset, descriptor, path, allowed, e);
    close(descriptor);
    return result;
}

static int add_rules(int ruleset, const struct confinement *c, uint64_t all, struct error *e)
{
    for (size_t i = 0; i < c->paths.count; i++) {
        const struct confine_path *p = &c->paths.data[i];

        uint64_t allowed = meant_by(p->rights) & all;

        if ((p->path != NULL
                 ? add_rule(ruleset, p->path, allowed, e)
                 : add_rule_for(ruleset, p->descriptor, "an open file", allowed, e)) < 0) {
            return -1;
        }
    }
    return CONFINE_SANITIZED ? add_rule(ruleset, "/proc", FS_READ_FILE | FS_READ_DIR, e) : 0;
}

int confine_files(const struct confinement *c, int version, struct error *e)
{
    const struct ruleset_attributes attributes = {.files = all_file_rights(version),
                                                  .net = version >= 4 && !c->connects ? NET_ALL : 0,
                                                  .scoped = version >= 6 ? SCOPED_ALL : 0};
    /* An older kernel takes a longer structure if what it does not know is zero. */
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
    int result;

    if (ruleset < 0) {
        return error_set(e, "the kernel's Landlock makes no rules: %s", strerror(errno));
    }
    result = add_rules(ruleset, c, attributes.files, e);
    if (result == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0) {
        result = error_set(e, "the kernel's Landlock takes no rules: %s", strerror(errno));
    }
    close(ruleset);
    return result;
}
