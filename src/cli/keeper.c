/* SPDX-License-Identifier: GPL-2.0-or-later
 * keeper: see keeper.h. What arrives over the pipe comes from a process that may have been taken
 * over by what it reads: it is one short word of plain characters, and no more is believed.
 */
#include "cli/keeper.h"

#include "cli/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORD_MAX 63
/* How long the program may take to end after a SIGTERM. */
#define END_SECONDS 5

static const char word_bytes[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                 "-_.:";

/* ---- the keeper's process --------------------------------------------------------------------- */

struct keeping {
    const struct keeper_job *job;
    int pipe;
    pid_t program; /* 0: not started, or over */
    int status;
    bool over;
};

static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};

static void on_child(int number)
{
    (void)number; /* it only ends the wait */
}

static void set_signals(void)
{
    struct sigaction child = {.sa_handler = on_child};
    sigset_t only_child;

    /* A Ctrl-C is for everybody at the terminal; the keeper has to outlive the command. */
    for (size_t i = 0; i < ARRAY_LEN(ignored); i++) {
        signal(ignored[i], SIG_IGN);
    }
    sigaction(SIGCHLD, &child, NULL);
    sigemptyset(&only_child);
    sigaddset(&only_child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &only_child, NULL); /* and let through by ppoll() */
}

/* Nothing of the command's is held open beyond its end. */
static void close_others(int pipe)
{
    if (pipe > STDERR_FILENO + 1) {
        (void)close_range(STDERR_FILENO + 1, (unsigned)pipe - 1, 0);
    }
    (void)close_range((unsigned)pipe + 1, ~0u, 0);
}

static void start(struct keeping *k, const char *word)
{
    k->program = fork();
    if (k->program == 0) {
        sigset_t none;

        for (size_t i = 0; i < ARRAY_LEN(ignored); i++) {
            signal(ignored[i], SIG_DFL);
        }
        signal(SIGCHLD, SIG_DFL);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        close(k->pipe);
        k->job->exec(k->job->opaque, word);
        _exit(127);
    }
    if (k->program < 0) {
        k->program = 0;
        k->status = 127 << 8;
        k->over = true;
    }
}

static void take_order(struct keeping *k)
{
    char word[WORD_MAX + 1];
    ssize_t n = read(k->pipe, word, WORD_MAX);

    if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
        return;
    }
    if (n <= 0) {
        k->over = true; /* the command is gone, or asks for the end */
        return;
    }
    word[n] = '\0';
    if (k->program == 0 && k->job->exec != NULL && strspn(word, word_bytes) == (size_t)n) {
        start(k, word);
    }
}

static void look_at_program(struct keeping *k)
{
    if (k->program > 0 && child_is_over(k->program, &k->status)) {
        k->program = 0;
        k->over = true;
    }
}

/* A program that does not heed the polite signal (GDB may spin when its server was killed) is killed. */
static void end_program(struct keeping *k)
{
    const struct timespec patience = {.tv_sec = END_SECONDS};
    sigset_t none;

    sigemptyset(&none);
    if (k->program > 0) {
        kill(k->program, SIGTERM);
        /* Its end is the one signal that comes through here, and ends the wait. */
        (void)ppoll(NULL, 0, &patience, &none);
        look_at_program(k);
    }
    if (k->program > 0) {
        kill(k->program, SIGKILL);
        child_wait(k->program, &k->status);
    }
}

static void tidy(const struct keeper_job *job)
{
    for (size_t i = 0; i < job->socket_count; i++) {
        (void)unlink(job->sockets[i]);
    }
    if (job->folder != NULL) {
        (void)rmdir(job->folder);
    }
}

static _Noreturn void keep(const struct keeper_job *job, int pipe)
{
    struct keeping k = {.job = job, .pipe = pipe};
    struct pollfd p = {.fd = pipe, .events = POLLIN};
    sigset_t none;

    sigemptyset(&none);
    (void)prctl(PR_SET_NAME, "reprise-keeper");
    set_signals();
    close_others(pipe);
    while (!k.over) {
        int ready = ppoll(&p, 1, NULL, &none);

        look_at_program(&k);
        if (ready > 0 && !k.over) {
            take_order(&k);
        }
    }
    end_program(&k);
    tidy(job);
    /* As the program ended: a signal becomes 128 and its number, as in a shell. */
    _exit(WIFEXITED(k.status) ? WEXITSTATUS(k.status) : 128 + WTERMSIG(k.status));
}

/* ---- the command's side ----------------------------------------------------------------------- */

int keeper_open(struct keeper *k, const struct keeper_job *job, struct error *e)
{
    int ends[2];

    *k = (struct keeper){.pipe = -1};
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return error_set(e, "no pipe from the host: %s", strerror(errno));
    }
    k->pid = fork();
    if (k->pid == 0) {
        close(ends[1]);
        keep(job, ends[0]);
    }
    close(ends[0]);
    if (k->pid < 0) {
        k->pid = 0;
        error_set(e, "no process from the host: %s", strerror(errno));
        close(ends[1]);
        return -1;
    }
    k->pipe = ends[1];
    return 0;
}

int keeper_start_program(struct keeper *k, const char *word, struct error *e)
{
    size_t count = strlen(word);

    if (count == 0 || count > WORD_MAX || write(k->pipe, word, count) != (ssize_t)count) {
        return error_set(e, "no program could be started: %s", strerror(errno));
    }
    return 0;
}

static void let_go(struct keeper *k)
{
    if (k->pipe >= 0) {
        close(k->pipe);
        k->pipe = -1;
    }
}

bool keeper_is_over(struct keeper *k)
{
    if (k->pid > 0 && child_is_over(k->pid, &k->status)) {
        let_go(k);
        k->pid = 0;
        return true;
    }
    return false;
}

int keeper_wait(struct keeper *k)
{
    if (k->pid > 0) {
        if (waitpid(k->pid, &k->status, 0) != k->pid) { /* a signal: somebody wants the end */
            let_go(k);
            child_wait(k->pid, &k->status);
        }
        let_go(k);
        k->pid = 0;
    }
    return k->status;
}

void keeper_close(struct keeper *k)
{
    if (k->pid > 0) {
        let_go(k);
        (void)keeper_wait(k);
    }
}
