/* SPDX-License-Identifier: GPL-2.0-or-later
 * userkey: a secret of the user's own, made by chance when first asked for and kept in the user's
 * configuration: $XDG_CONFIG_HOME/reprise/index.key, else ~/.config/reprise/index.key. One that
 * others could have made or read is not used.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "world/world.h"

void userkey_by_chance(uint8_t key[USERKEY_BYTES])
{
    while (getrandom(key, USERKEY_BYTES, 0) != USERKEY_BYTES) {
        /* Interrupted before the host had any: at boot only. */
    }
}

/* Where the configuration is, by the XDG base directory specification, made if it has to be; false:
 * there is no such place. */
static bool add_folder(struct text *path)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

    if (config != NULL && config[0] == '/') {
        text_add(path, "%s", config);
    } else if (home != NULL && home[0] == '/') {
        text_add(path, "%s/.config", home);
    } else {
        return false;
    }
    (void)mkdir(path->data, 0700); /* what is missing shows when the key is made */
    text_add(path, "/reprise");
    (void)mkdir(path->data, 0700);
    return true;
}

static int complain(const char *path, const char *why, struct error *e)
{
    return error_set(e, "%s: %s", path, why);
}

/* 1: there is one; 0: there is none yet; -1 and a sentence: it is of no use. */
static int read_key(const char *path, uint8_t key[USERKEY_BYTES], struct error *e)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    int result = 1;

    if (fd < 0) {
        return errno == ENOENT ? 0 : complain(path, strerror(errno), e);
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid()) {
        result = complain(path, "it is no plain file of this user's", e);
    } else if ((st.st_mode & 077) != 0) {
        result = complain(path, "others than its user may read or write it", e);
    } else if (st.st_size != USERKEY_BYTES || read(fd, key, USERKEY_BYTES) != USERKEY_BYTES) {
        result = complain(path, "it is no key", e);
    }
    close(fd);
    return result;
}

/* Written under another name first, so that nobody reads half of one; if two make one at the same
 * time, the first to give its own the name wins. */
static int make_key(const char *path, struct error *e)
{
    uint8_t key[USERKEY_BYTES];
    struct text name = {0};
    int result = 0, fd;

    userkey_by_chance(key);
    text_add(&name, "%s.XXXXXX", path);
    fd = mkostemp(name.data, O_CLOEXEC); /* readable by its user alone */
    if (fd < 0) {
        result = complain(path, strerror(errno), e);
    } else {
        if (write(fd, key, sizeof key) != (ssize_t)sizeof key || fsync(fd) != 0 ||
            (link(name.data, path) != 0 && errno != EEXIST)) {
            result = complain(path, strerror(errno), e);
        }
        close(fd);
        unlink(name.data);
    }
    text_fini(&name);
    return result;
}

int userkey_get(uint8_t key[USERKEY_BYTES], struct error *e)
{
    struct text path = {0};
    int result;

    if (!add_folder(&path)) {
        text_fini(&path);
        return error_set(e, "neither XDG_CONFIG_HOME nor HOME names a folder");
    }
    text_add(&path, "/index.key");
    result = read_key(path.data, key, e);
    if (result == 0) {
        result = make_key(path.data, e);
        if (result == 0) {
            result = read_key(path.data, key, e);
        }
        if (result == 0) {
            result = complain(path.data, "it vanished", e);
        }
    }
    text_fini(&path);
    return result > 0 ? 0 : -1;
}
