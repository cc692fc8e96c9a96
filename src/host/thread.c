/* SPDX-License-Identifier: GPL-2.0-or-later
 * thread: POSIX threads with the choices made once: signals stay with the main thread, locks
 * check their use, and there is no wait with a timeout because that would be a clock.
 */
#include "host/host.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>

struct host_thread {
    pthread_t id;
};

unsigned host_cpu_count(void)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof(set), &set) != 0) {
        return 1;
    }
    int count = CPU_COUNT(&set);
    return count > 0 ? (unsigned)count : 1;
}

struct host_thread *host_thread_start(void *(*run)(void *argument), void *argument, struct error *e)
{
    struct host_thread *t = base_alloc(1, sizeof(*t));
    sigset_t all, before;

    sigfillset(&all);
    sigdelset(&all, SIGSYS); /* the thread's own doing: a call that is not allowed */
    int result = pthread_sigmask(SIG_SETMASK, &all, &before);
    must(result == 0);
    int started = pthread_create(&t->id, NULL, run, argument);
    result = pthread_sigmask(SIG_SETMASK, &before, NULL);
    must(result == 0);
    if (started != 0) {
        free(t);
        error_set(e, "the host gives no more threads: %s", strerror(started));
        return NULL;
    }
    return t;
}

void *host_thread_join(struct host_thread *t)
{
    void *answer = NULL;
    int result = pthread_join(t->id, &answer);

    must(result == 0);
    free(t);
    return answer;
}

void host_lock_init(struct host_lock *l)
{
    pthread_mutexattr_t checked;
    int result = pthread_mutexattr_init(&checked);

    must(result == 0);
    result = pthread_mutexattr_settype(&checked, PTHREAD_MUTEX_ERRORCHECK);
    must(result == 0);
    result = pthread_mutex_init(&l->mutex, &checked);
    must(result == 0);
    (void)pthread_mutexattr_destroy(&checked);
}

void host_lock_fini(struct host_lock *l)
{
    int result = pthread_mutex_destroy(&l->mutex);
    must(result == 0);
}

void host_lock_take(struct host_lock *l)
{
    int result = pthread_mutex_lock(&l->mutex);
    must(result == 0);
}

void host_lock_give(struct host_lock *l)
{
    int result = pthread_mutex_unlock(&l->mutex);
    must(result == 0);
}

void host_event_init(struct host_event *v)
{
    int result = pthread_cond_init(&v->condition, NULL);
    must(result == 0);
}

void host_event_fini(struct host_event *v)
{
    int result = pthread_cond_destroy(&v->condition);
    must(result == 0);
}

void host_event_wait(struct host_event *v, struct host_lock *l)
{
    int result = pthread_cond_wait(&v->condition, &l->mutex);
    must(result == 0);
}

void host_event_wake_all(struct host_event *v)
{
    int result = pthread_cond_broadcast(&v->condition);
    must(result == 0);
}
