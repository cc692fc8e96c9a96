/* SPDX-License-Identifier: GPL-2.0-or-later
 * behind: see behind.h. The two processes have a socket: the recorder sends its file, later a word that
 * history is over, and its end of the socket closes when it dies; the other one sends one sentence,
 * if there is something to be said, before it exits.
 */
#include "cli/behind.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/child.h"
#include "cli/cli.h"
#include "cli/interrupt.h"
#include "cli/say.h"
#include "cli/side.h"
#include "host/host.h"
#include "world/world.h"

/* Instructions. What is shorter has no index: replaying it all takes no longer than opening one. */
#define WORTHWHILE (UINT64_C(64) << 20)
/* Between two looks at a recording that has nothing new; more while the guest idles. */
#define NAP_MS      50
#define NAP_MOST_MS 1000
/* So much new history is not worth hurrying for. */
#define LITTLE      (UINT64_C(4) << 20)
#define PROGRESS_NS UINT64_C(100000000)
/* How long the rest is waited for: this, and half as long as recording took. */
#define PATIENCE_SECONDS 10.0
/* Where somebody wants the process to go. */
#define HURRY_SECONDS 1.0
/* How long the other process may take to end once it knows that nobody wants an index. */
#define END_MS 1000

struct behind {
    const struct options *options;
    int socket;
    pid_t pid;
    bool following;
};

/* ---- the process that makes the index ---- */

struct follower {
    struct options *options;
    const char *recording_name;
    pid_t recorder;
    int socket;
    struct recording *recording;
    struct side side;
    int file;
    bool over;     /* the recorder said so: nothing new will come */
    bool unwanted; /* it has gone, or wants no index any more */
    uint64_t shown_ns;
    DIR *threads;        /* its own, opened while it may */
    struct error no_key; /* of its user's; empty: there is one */
};

static volatile sig_atomic_t terminated;

static void on_terminate(int number)
{
    (void)number;
    terminated = 1;
}

/* The last in the row for everything. The interrupt key is the recorder's affair. */
static void be_modest(struct follower *f)
{
    const struct sched_param none = {.sched_priority = 0};
    int null = open("/dev/null", O_RDWR), score = open("/proc/self/oom_score_adj", O_WRONLY);

    f->threads = opendir("/proc/self/task");
    (void)sched_setscheduler(0, SCHED_IDLE, &none);
    interrupt_catch_by(on_terminate, 0);
    (void)signal(SIGINT, SIG_IGN);
    if (score >= 0) {
        (void)!write(score, "1000", 4);
        close(score);
    }
    if (null >= 0) {
        (void)dup2(null, STDIN_FILENO);
        (void)dup2(null, STDOUT_FILENO);
        close(null);
    }
}

/* Somebody waits for the rest. Not everybody may do this: who may not stays modest. */
static void be_ordinary(const struct follower *f)
{
    const struct sched_param none = {.sched_priority = 0};
    struct dirent *d;

    if (f->threads != NULL) {
        rewinddir(f->threads);
    }
    while (f->threads != NULL && (d = readdir(f->threads)) != NULL) {
        pid_t thread = (pid_t)strtol(d->d_name, NULL, 10);

        if (thread > 0) {
            (void)sched_setscheduler(thread, SCHED_OTHER, &none);
        }
    }
}

/* The recording's file, which the recorder says the number of, as it may have no name yet; one that is
 * closed again has. -1: there is none, or the recorder went away before. */
static int open_recording(const struct follower *f)
{
    char path[64];
    int number, fd;
    ssize_t n;

    while ((n = recv(f->socket, &number, sizeof(number), MSG_WAITALL)) < 0 && errno == EINTR &&
           !terminated) {
    }
    if (n != (ssize_t)sizeof(number)) {
        return -1;
    }
    (void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)f->recorder, number);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 ? fd : open(f->recording_name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

/* Waits for a word of the recorder's, so long at most. */
static void listen_to_recorder(struct follower *f, int wait_ms)
{
    struct pollfd p = {.fd = f->socket, .events = POLLIN};
    char word;
    ssize_t n;

    if (!f->unwanted && poll(&p, 1, f->over ? 0 : wait_ms) > 0) {
        n = recv(f->socket, &word, 1, MSG_DONTWAIT);
        if (n == 1) {
            f->over = true;
            be_ordinary(f);
        } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            f->unwanted = true;
        }
    }
    f->unwanted |= terminated != 0;
}

/* The poll of the journey, between two pieces of it. */
static bool is_unwanted(void *opaque, uint64_t done, uint64_t whole)
{
    struct follower *f = opaque;
    uint64_t now = wallclock_now_ns();

    (void)done;
    (void)whole;
    listen_to_recorder(f, 0);
    if (f->over && !f->unwanted && isatty(STDERR_FILENO) && now - f->shown_ns >= PROGRESS_NS) {
        f->shown_ns = now;
        progress_print("indexing", travel_now(f->side.travel), recording_known(f->recording));
    }
    return f->unwanted;
}

static bool is_worthwhile(const struct follower *f)
{
    struct recording_info info;

    recording_get_info(f->recording, &info);
    return f->options->index ? info.ticks > 0 : info.instructions >= WORTHWHILE;
}

/* Longer while nothing happens. */
static int next_nap(int nap, bool something)
{
    return something ? NAP_MS : nap < NAP_MOST_MS ? nap * 2 : nap;
}

/* The recording comes to be worth an index. False: it ended before, or nobody wants one. */
static bool wait_for_worth(struct follower *f, struct error *e)
{
    int nap = NAP_MS;

    for (;;) {
        bool over = f->over;
        size_t witnesses = recording_witness_count(f->recording);

        if (recording_refresh(f->recording, e) < 0 || f->unwanted) {
            return false;
        }
        if (is_worthwhile(f)) {
            return true;
        }
        if (over) {
            return false;
        }
        nap = next_nap(nap, recording_witness_count(f->recording) != witnesses);
        listen_to_recorder(f, nap);
    }
}

/* Through all that is known, and what becomes known meanwhile, to the end. EXIT_FINE: it is there. */
static int follow_to_end(struct follower *f, struct error *e)
{
    struct machine *m = f->side.machine;
    const struct recording_end *end;
    int nap = NAP_MS;

    for (;;) {
        bool over = f->over; /* before looking: all that was written until then is seen */
        uint64_t done = machine_state(m)->instructions;
        struct travel_stop stop;

        if (recording_refresh(f->recording, e) < 0) {
            return EXIT_USER;
        }
        stop = travel_seek(f->side.travel, recording_known(f->recording));
        end = recording_end(f->recording);
        if (stop.why == TRAVEL_DIVERGED ||
            (end != NULL && machine_now(m) == end->last.at && machine_hash(m) != end->last.hash)) {
            error_set(e,
                      "the machine that made the index differs from this recording at tick %llu or "
                      "before; 'reprise replay' says more",
                      (unsigned long long)machine_now(m));
            return EXIT_DIFFERED;
        }
        if (f->unwanted) {
            return EXIT_USER;
        }
        if (machine_now(m) < recording_known(f->recording)) {
            error_set(e, "the machine that made the index stopped before the recording did");
            return EXIT_DIFFERED;
        }
        if (over) {
            return EXIT_FINE;
        }
        nap = next_nap(nap, machine_state(m)->instructions - done >= LITTLE);
        listen_to_recorder(f, nap);
    }
}

static int make_index(struct follower *f, struct error *e)
{
    const struct travel_limits limits = {.spacing = UINT64_C(1) << 32, .count = 12};
    int status;

    if (!wait_for_worth(f, e)) {
        return EXIT_USER;
    }
    if (f->no_key.text[0] != '\0') {
        say("%s", f->no_key.text);
    }
    if (side_open(&f->side, f->recording, f->options, &limits, e) < 0) {
        return EXIT_USER;
    }
    machine_config_drop_images((struct machine_config *)(uintptr_t)recording_config(f->recording));
    if (cli_start_index(f->side.travel, f->options, f->recording_name, f->file, e) < 0) {
        return EXIT_USER;
    }
    travel_set_poll(f->side.travel, f, is_unwanted);
    status = follow_to_end(f, e);
    if (f->over && isatty(STDERR_FILENO)) {
        progress_clear();
    }
    if (status == EXIT_FINE && cli_finish_index(f->side.travel, f->recording, e) < 0) {
        status = EXIT_USER;
    }
    return status;
}

static _Noreturn void be_follower(struct follower *f)
{
    struct error e = {{0}};
    int status = EXIT_USER;

    be_modest(f);
    (void)cli_find_index_key(f->options, &f->no_key);
    f->file = open_recording(f);
    if (f->file >= 0 && cli_confine_follower(f->options, f->recording_name, f->file, &e) == 0) {
        f->recording = recording_follow(f->file, f->recording_name, &f->options->machine, &e);
        if (f->recording != NULL) {
            status = make_index(f, &e);
        }
        side_close(&f->side); /* leaves nothing of an index that is not whole */
    }
    if (e.text[0] != '\0' && !f->unwanted) {
        (void)send(f->socket, e.text, strlen(e.text), 0);
    }
    _exit(status);
}

/* ---- the recorder ---- */

/* Where there is one core only, replaying would take time from the machine. */
static bool is_wanted(const struct options *o)
{
    return !o->no_index && !verify_wanted(o) && (o->index || host_cpu_count() > 1);
}

struct behind *behind_start(struct options *o, const char *recording)
{
    struct behind *b;
    pid_t self = getpid(), pid;
    int pair[2];

    if (recording == NULL || !is_wanted(o) ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        return NULL;
    }
    (void)fflush(NULL);
    pid = fork();
    if (pid == 0) {
        struct follower f = {
            .options = o, .recording_name = recording, .recorder = self, .socket = pair[1]};

        close(pair[0]);
        be_follower(&f);
    }
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        return NULL;
    }
    b = base_alloc(1, sizeof(*b));
    *b = (struct behind){.options = o, .socket = pair[0], .pid = pid};
    return b;
}

void behind_follow(struct behind *b, const struct journal *j)
{
    int number = b != NULL ? journal_file(j) : -1;

    if (number >= 0) {
        b->following = send(b->socket, &number, sizeof(number), 0) == (ssize_t)sizeof(number);
    }
}

static volatile sig_atomic_t given_up;

/* The second one ends the process; the other one has been told by then, or is by that. */
static void give_up(int number)
{
    if (given_up++ > 0) {
        signal(number, SIG_DFL);
        raise(number);
    }
}

void behind_catch_signals(const struct behind *b)
{
    if (b != NULL) {
        interrupt_catch_by(give_up, 0);
    }
}

/* What the other process has to say, until it closes its end; false: that took too long, or somebody
 * does not want to wait. */
static bool hear(struct behind *b, double seconds, struct text *said)
{
    uint64_t until = wallclock_now_ns() + (uint64_t)(seconds * 1e9);
    struct pollfd p = {.fd = b->socket, .events = POLLIN};
    char words[256];

    while (!given_up) {
        uint64_t now = wallclock_now_ns();
        ssize_t n;

        if ((!b->options->index || seconds <= HURRY_SECONDS) && now >= until) {
            return false;
        }
        if (poll(&p, 1, 200) <= 0) {
            continue;
        }
        n = recv(b->socket, words, sizeof(words), 0);
        if (n > 0) {
            text_add_bytes(said, words, (size_t)n);
        } else if (n == 0 || errno != EINTR) {
            return true;
        }
    }
    return false;
}

static int judge(const struct text *said, bool heard, int status)
{
    bool differs = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_DIFFERED;

    if (!heard) {
        say("the index was not finished; 'reprise debug' or 'reprise index' makes it");
    } else if (WIFSIGNALED(status)) {
        say("no index was made: its process was ended by signal %d", WTERMSIG(status));
    } else if (said->length > 0) {
        say("%s%.*s", differs ? "" : "no index was made: ", (int)said->length, said->data);
    }
    return differs ? EXIT_DIFFERED : EXIT_FINE;
}

/* The end of what we send tells the other process that nobody wants an index. One that does not end then
 * (somebody stopped it, or its disk hangs) is not waited for, nor killed, which confinement forbids: as
 * soon as it can go on it finds us gone, and as its file has no name yet, nothing is left of it. */
static int end_process(struct behind *b)
{
    uint64_t until = wallclock_now_ns() + END_MS * UINT64_C(1000000);
    struct pollfd p = {.fd = b->socket, .events = POLLIN};
    char words[256];
    int status = 0;
    bool over = false;

    (void)shutdown(b->socket, SHUT_WR);
    for (uint64_t now; !over && (now = wallclock_now_ns()) < until;) {
        if (poll(&p, 1, (int)((until - now) / 1000000) + 1) > 0) {
            ssize_t n = recv(b->socket, words, sizeof(words), MSG_DONTWAIT);

            over = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
        }
    }
    close(b->socket);
    if (over) {
        child_wait(b->pid, &status);
    }
    return status;
}

void behind_abandon(struct behind *b)
{
    if (b != NULL) {
        (void)end_process(b);
        free(b);
    }
}

int behind_finish(struct behind *b, bool hurry, double recorded_seconds)
{
    double patience = hurry ? HURRY_SECONDS : PATIENCE_SECONDS + recorded_seconds / 2;
    struct text said = {0};
    bool heard = true;
    int status, result;

    if (b == NULL) {
        return EXIT_FINE;
    }
    if (b->following) {
        (void)send(b->socket, "e", 1, 0);
        heard = hear(b, patience, &said);
    }
    status = end_process(b);
    result = b->following ? judge(&said, heard, status) : EXIT_FINE;
    text_fini(&said);
    free(b);
    return result;
}
