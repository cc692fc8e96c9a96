/* SPDX-License-Identifier: GPL-2.0-or-later
 * confine/internal: what this folder's files share; for this folder only.
 */
#ifndef CONFINE_INTERNAL_H
#define CONFINE_INTERNAL_H

#include "confine/confine.h"

/* Sanitizers look at other threads as debuggers do, and read /proc. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CONFINE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define CONFINE_SANITIZED 1
#endif
#endif
#ifndef CONFINE_SANITIZED
#define CONFINE_SANITIZED 0
#endif

/* files.c */
int confine_landlock_version(void);
int confine_files(const struct confinement *c, int version, struct error *e);

/* calls.c */
bool confine_has_seccomp(void);
int confine_calls(const struct confinement *c, struct error *e);

#endif
