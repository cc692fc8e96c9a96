/* SPDX-License-Identifier: GPL-2.0-or-later
 * wallclock: the host's time, and waiting in it. The wake-up is an eventfd, so that one that comes
 * before the wait is not lost and a signal handler may send it.
 */
#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "world/world.h"

enum { NS_PER_S = 1000000000 };

static uint64_t read_clock(clockid_t id)
{
    struct timespec t;

    must(clock_gettime(id, &t) == 0);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

uint64_t wallclock_now_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

uint64_t wallclock_epoch_ns(void)
{
    return read_clock(CLOCK_REALTIME);
}

uint64_t wallclock_cpu_ns(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

uint64_t wallclock_thread_cpu_ns(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

int wallclock_init(struct wallclock *w, struct error *e)
{
    w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    atomic_init(&w->called, false);
    return w->wake_fd >= 0 ? 0 : error_set(e, "no event from the host: %s", strerror(errno));
}

void wallclock_fini(struct wallclock *w)
{
    close(w->wake_fd);
    w->wake_fd = -1;
}

static uint64_t pace_now_ns(void *opaque)
{
    (void)opaque;
    return wallclock_now_ns();
}

static void pace_wait(void *opaque, uint64_t until_ns)
{
    struct wallclock *w = opaque;
    struct pollfd p = {.fd = w->wake_fd, .events = POLLIN};
    struct timespec limit = {0};
    uint64_t now = wallclock_now_ns();
    uint64_t left = until_ns > now ? until_ns - now : 0;

    limit.tv_sec = (time_t)(left / NS_PER_S);
    limit.tv_nsec = (long)(left % NS_PER_S);
    /* A signal ends the wait early, which is allowed. */
    if (ppoll(&p, 1, until_ns == UINT64_MAX ? NULL : &limit, NULL) > 0) {
        uint64_t count;
        ssize_t n = read(w->wake_fd, &count, sizeof(count));
        (void)n; /* somebody else may have read it: that was a wake-up, too */
        /* Whoever waits looks after this, and sees what was posted before calls that were left out. */
        (void)atomic_exchange(&w->called, false);
    }
}

static void pace_park(void *opaque)
{
    pace_wait(opaque, UINT64_MAX);
}

static void pace_wake(void *opaque)
{
    struct wallclock *w = opaque;
    uint64_t one = 1;

    if (!atomic_exchange(&w->called, true)) {
        int before = errno; /* a signal handler must not change it */
        ssize_t n = write(w->wake_fd, &one, sizeof(one));

        (void)n;
        errno = before;
    }
}

struct pace wallclock_pace(struct wallclock *w, bool sleeps)
{
    return (struct pace){.opaque = w,
                         .now_ns = pace_now_ns,
                         .wait = sleeps ? pace_wait : NULL,
                         .park = pace_park,
                         .wake = pace_wake};
}
