/* SPDX-License-Identifier: GPL-2.0-or-later
 * confine: gives up, for good, what a process does not need any more: files by Landlock, system calls
 * by seccomp. What the process has open stays open. See docs/confinement.md for what each command
 * keeps, and against whom this is meant.
 */
#ifndef CONFINE_CONFINE_H
#define CONFINE_CONFINE_H

#include "base/base.h"

enum confine_right {
    CONFINE_READ = 1,  /* an existing file, or all below a folder */
    CONFINE_WRITE = 2, /* an existing file: also emptied and cut; not removed */
    CONFINE_MAKE = 4,  /* below a folder: plain files are made, read, written, renamed, removed */
    /* Below a folder: what is open already may get a name, as may what is empty; and names of plain
     * files may be removed. What files hold is not reached by either. */
    CONFINE_NAME = 8,
    CONFINE_REMOVE = 16,
};

struct confine_path {
    char *path;     /* NULL: what is open as */
    int descriptor; /* this */
    unsigned rights;
};

/* What remains allowed; all zero: nothing that was not open before. */
struct confinement {
    VEC(struct confine_path) paths;
    bool accepts;  /* connections on sockets that were bound before */
    bool connects; /* makes sockets of TCP, UDP and ICMP, binds and connects them, sends anywhere */
    bool is_void;  /* a program is to be run: who asked for it has to do without a confinement */
};

/* The path is copied. One that does not exist when the confinement begins allows nothing. */
void confine_allow(struct confinement *c, const char *path, unsigned rights);
/* The file that is open there, which stays the caller's, by whatever name it comes to have. */
void confine_allow_open(struct confinement *c, int descriptor, unsigned rights);
void confinement_fini(struct confinement *c);

/* Which of the two the kernel has. */
struct confine_kernel {
    int landlock; /* version of its interface; 0: none */
    bool seccomp;
};
struct confine_kernel confine_kernel(void);

/* Begins, for ever, with what the kernel has. The process has one thread: others would keep what
 * they have (checked: that would be our mistake). Threads and processes made afterwards are confined
 * as well. A call that only somebody would make who took the process over ends it with a sentence
 * and status 4; others that are not allowed fail. -1 and a sentence if the kernel has it and refuses. */
int confine_enter(const struct confinement *c, struct error *e);

#endif
