/* SPDX-License-Identifier: GPL-2.0-or-later
 * confine: what is allowed works and what is not is stopped, in the thread that began the confinement
 * and in one that was started in it. Each case is a process of its own: there is no way back.
 */
#include "confine/confine.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "confine/internal.h"
#include "host/host.h"

enum { STOPPED = 4, PASSED = 42 };

static char folder[] = "/tmp/confine-test-XXXXXX"; /* has: mine, foreign, in/ */
static int listening, unconnected, accepting;      /* sockets of 127.0.0.1 */
static struct sockaddr_in address;
static int reserved;    /* a file without a name */
static bool connecting; /* it may make connections of its own */
static int pretended;   /* the version of an older kernel's Landlock; 0: this one's is used */

static void in_folder(char *out, size_t room, const char *name)
{
    snprintf(out, room, "%s/%s", folder, name);
}

static int open_in(const char *name, int flags)
{
    char path[200];

    in_folder(path, sizeof path, name);
    return open(path, flags | O_CLOEXEC, 0600);
}

static void make_file(const char *name, const char *text)
{
    int fd = open_in(name, O_WRONLY | O_CREAT);

    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

/* ---- processes -------------------------------------------------------------------------------- */

typedef void deed(void);

struct outcome {
    int status; /* as waitpid() gives it */
    char said[500];
};

static void need(bool truth, const char *what)
{
    if (!truth) {
        fprintf(stderr, "not so: %s (%s)\n", what, strerror(errno));
        _exit(1);
    }
}
#define NEED(x) need((x), #x)

static void confine_as(unsigned rights, bool accepts)
{
    struct confinement c = {.accepts = accepts, .connects = connecting};
    struct error e;
    char path[200];

    in_folder(path, sizeof path,
              rights & (CONFINE_MAKE | CONFINE_NAME | CONFINE_REMOVE) ? "in" : "mine");
    if (rights != 0) {
        confine_allow(&c, path, rights);
    }
    if (rights & CONFINE_NAME) {
        confine_allow_open(&c, reserved, CONFINE_READ | CONFINE_WRITE);
    }
    confine_allow(&c, "/nonexistent/by/all/means", CONFINE_READ);
    if (pretended == 0) {
        NEED(confine_enter(&c, &e) == 0);
    } else {
        NEED(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
        NEED(confine_files(&c, pretended, &e) == 0 && confine_calls(&c, &e) == 0);
    }
    confinement_fini(&c);
}

static void *thread_run(void *argument)
{
    (*(deed **)argument)();
    return NULL;
}

/* In a process that is confined first; `in_thread`: in a thread that is started then. */
static struct outcome try(unsigned rights, bool accepts, bool in_thread, deed *what)
{
    struct outcome o = {0};
    int ends[2];
    ssize_t n;
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(ends[1], STDERR_FILENO);
        signal(SIGALRM, SIG_DFL);
        alarm(60); /* something that waits for ever is a failure, too */
        confine_as(rights, accepts);
        if (in_thread) {
            struct host_thread *t = host_thread_start(thread_run, &what, NULL);
            NEED(t != NULL);
            host_thread_join(t);
        } else {
            what();
        }
        _exit(PASSED);
    }
    close(ends[1]);
    for (size_t at = 0; (n = read(ends[0], o.said + at, sizeof o.said - 1 - at)) > 0;) {
        at += (size_t)n;
    }
    close(ends[0]);
    assert_int_equal(waitpid(pid, &o.status, 0), pid);
    return o;
}

static void passes(unsigned rights, bool accepts, deed *what)
{
    for (int in_thread = 0; in_thread < 2; in_thread++) {
        struct outcome o = try(rights, accepts, in_thread, what);

        if (!WIFEXITED(o.status) || WEXITSTATUS(o.status) != PASSED) {
            fail_msg("status %x, in a thread: %d: %s", (unsigned)o.status, in_thread, o.said);
        }
    }
}

/* Status 4 and a sentence that names the call. */
static void stops(const char *call, bool accepts, deed *what)
{
    char sentence[100];

    snprintf(sentence, sizeof sentence, "reprise: stopped: it called %s although", call);
    for (int in_thread = 0; in_thread < 2; in_thread++) {
        struct outcome o = try(CONFINE_MAKE, accepts, in_thread, what);

        if (!WIFEXITED(o.status) || WEXITSTATUS(o.status) != STOPPED ||
            strncmp(o.said, sentence, strlen(sentence)) != 0) {
            fail_msg("%s: status %x, in a thread: %d: %s", call, (unsigned)o.status, in_thread,
                     o.said);
        }
    }
}

static void need_kernel(bool landlock, bool seccomp)
{
    const struct confine_kernel k = confine_kernel();

    if ((landlock && k.landlock == 0) || (seccomp && !k.seccomp)) {
        skip();
    }
}

/* ---- files ------------------------------------------------------------------------------------ */

static void nothing_is_open(void)
{
    NEED(open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES);
    NEED(open("/proc/self/mem", O_RDWR) < 0 && errno == EACCES);
    NEED(open("/", O_RDONLY | O_DIRECTORY) < 0 && errno == EACCES);
    NEED(open_in("mine", O_RDONLY) < 0 && errno == EACCES);
    NEED(open_in("new", O_WRONLY | O_CREAT) < 0 && errno == EACCES);
    NEED(open_in("missing", O_RDONLY) < 0 && errno == ENOENT); /* what is true is said */
}

static void mine_is_read(void)
{
    char byte;
    int fd = open_in("mine", O_RDONLY);

    NEED(fd >= 0 && read(fd, &byte, 1) == 1 && byte == 'm');
    NEED(open_in("mine", O_RDWR) < 0 && errno == EACCES);
    NEED(open_in("foreign", O_RDONLY) < 0 && errno == EACCES);
}

static void mine_is_written(void)
{
    int fd = open_in("mine", O_WRONLY | O_CREAT | O_TRUNC);

    NEED(fd >= 0 && write(fd, "mine", 4) == 4);
    NEED(open_in("mine", O_RDONLY) < 0 && errno == EACCES);
}

/* As the journal and the index make their files. */
static void files_are_made(void)
{
    char self[64], name[200], other[200];
    int fd = open_in("in", O_RDWR | O_TMPFILE);

    NEED(fd >= 0 && write(fd, "x", 1) == 1 && fdatasync(fd) == 0 && ftruncate(fd, 0) == 0);
    NEED(flock(fd, LOCK_EX | LOCK_NB) == 0);
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    in_folder(name, sizeof name, "in/a");
    in_folder(other, sizeof other, "in/b");
    NEED(linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0);
    NEED(rename(name, other) == 0 && open_in("in/b", O_RDWR | O_TRUNC) >= 0);
    NEED(unlink(other) == 0);
    /* And not elsewhere. */
    in_folder(other, sizeof other, "a");
    NEED(linkat(AT_FDCWD, self, AT_FDCWD, other, AT_SYMLINK_FOLLOW) < 0);
    in_folder(other, sizeof other, "foreign");
    NEED(unlink(other) < 0 && errno == EACCES);
    NEED(truncate(other, 0) < 0);
    NEED(open_in("foreign", O_RDONLY) < 0 && errno == EACCES);
    NEED(mkdir(name, 0700) < 0);
}

static void files_are_named(void)
{
    char self[64], name[200];

    NEED(reserved >= 0 && write(reserved, "x", 1) == 1);
    snprintf(self, sizeof self, "/proc/self/fd/%d", reserved);
    in_folder(name, sizeof name, "in/a");
    NEED(linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0);
    NEED(open_in("in/a", O_RDWR | O_TRUNC) >= 0); /* by its name, too */
    /* What lies beside it is neither read, nor written, nor removed. */
    NEED(open_in("in/theirs", O_RDONLY) < 0 && errno == EACCES);
    NEED(open_in("in/theirs", O_WRONLY) < 0 && errno == EACCES);
    NEED(open_in("in/theirs", O_RDONLY | O_TRUNC) < 0 && errno == EACCES);
    NEED(unlink(name) < 0 && errno == EACCES);
    in_folder(name, sizeof name, "in/theirs");
    NEED(unlink(name) < 0 && errno == EACCES);
    NEED(open_in("in/more", O_WRONLY | O_CREAT) < 0 && errno == EACCES);
    NEED(open_in("in", O_RDWR | O_TMPFILE) < 0 && errno == EACCES);
}

static void names_are_removed(void)
{
    char name[200];

    NEED(open_in("in/a", O_RDONLY) < 0 && errno == EACCES);
    in_folder(name, sizeof name, "in/a");
    NEED(unlink(name) == 0);
}

/* A file that was open before comes to have a name, and nothing else is reached. */
static void try_names(void)
{
    char path[200];

    for (int in_thread = 0; in_thread < 2; in_thread++) {
        struct outcome o;

        make_file("in/theirs", "theirs");
        reserved = open_in("in", O_RDWR | O_TMPFILE);
        assert_true(reserved >= 0);
        o = try(CONFINE_NAME, false, in_thread, files_are_named);
        if (!WIFEXITED(o.status) || WEXITSTATUS(o.status) != PASSED) {
            fail_msg("status %x, in a thread: %d: %s", (unsigned)o.status, in_thread, o.said);
        }
        close(reserved);
        o = try(CONFINE_REMOVE, false, in_thread, names_are_removed);
        if (!WIFEXITED(o.status) || WEXITSTATUS(o.status) != PASSED) {
            fail_msg("status %x, in a thread: %d: %s", (unsigned)o.status, in_thread, o.said);
        }
        in_folder(path, sizeof path, "in/more"); /* empty, if it is there at all */
        (void)unlink(path);
        in_folder(path, sizeof path, "in/theirs");
        assert_int_equal(unlink(path), 0);
    }
}

static void test_files(void **state)
{
    (void)state;
    need_kernel(true, false);
    passes(0, false, nothing_is_open);
    passes(CONFINE_READ, false, mine_is_read);
    passes(CONFINE_WRITE, false, mine_is_written);
    passes(CONFINE_MAKE, false, files_are_made);
    try_names();
}

/* ---- what the program needs ------------------------------------------------------------------- */

static void *nothing(void *argument)
{
    struct sched_param none = {.sched_priority = 0};

    NEED(pthread_setschedparam(pthread_self(), SCHED_IDLE, &none) == 0);
    NEED(setpriority(PRIO_PROCESS, 0, 19) == 0);
    return argument;
}

static void code_and_threads_work(void)
{
    struct host_exec x;
    struct host_thread *t;
    struct error e;
    struct timespec moment = {.tv_nsec = 1000};
    int pair[2];

    NEED(host_exec_map(&x, 65536, &e) == 0);
    memset(x.write, 0x90, 16);
    NEED(x.exec[15] == 0x90);
    host_exec_unmap(&x);
    t = host_thread_start(nothing, &x, &e);
    NEED(t != NULL && host_thread_join(t) == &x);
    free(calloc(1, 100 << 20));
    NEED(clock_nanosleep(CLOCK_MONOTONIC, 0, &moment, NULL) == 0);
    NEED(eventfd(0, EFD_CLOEXEC) >= 0 && pipe(pair) == 0);
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && send(pair[0], "x", 1, 0) == 1);
    NEED(!isatty(pair[0]) && errno != ENOSYS);
    NEED(raise(SIGURG) == 0 && host_cpu_count() > 0);
}

static void a_client_is_accepted(void)
{
    char byte;
    int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);

    NEED(fd >= 0 && read(fd, &byte, 1) == 0);
    NEED(shutdown(fd, SHUT_RDWR) == 0 || errno == ENOTCONN);
}

static void connect_outside(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
}

static void connections_are_made(void)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof any;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    NEED(bind(fd, (struct sockaddr *)&any, size) == 0);
    NEED(getsockname(fd, (struct sockaddr *)&any, &size) == 0);
    NEED(sendto(fd, "x", 1, 0, (struct sockaddr *)&any, size) == 1);
    connect_outside();
    NEED(open_in("foreign", O_RDONLY) < 0);
}

static void test_needed(void **state)
{
    (void)state;
    passes(0, false, code_and_threads_work);
    connect_outside();
    connect_outside();
    passes(0, true, a_client_is_accepted);
    connecting = true;
    passes(0, true, connections_are_made);
    connecting = false;
}

/* ---- what is stopped -------------------------------------------------------------------------- */

static void do_connect(void)
{
    (void)connect(unconnected, (struct sockaddr *)&address, sizeof address);
}
static void do_bind(void)
{
    struct sockaddr_in any = {.sin_family = AF_INET};
    (void)bind(unconnected, (struct sockaddr *)&any, sizeof any);
}
static void do_socket(void)
{
    (void)socket(AF_INET, SOCK_STREAM, 0);
}
static void do_send_to(void)
{
    (void)sendto(unconnected, "x", 1, 0, (struct sockaddr *)&address, sizeof address);
}
static void do_accept(void)
{
    (void)accept4(listening, NULL, NULL, 0);
}
static void do_exec(void)
{
    execl("/bin/true", "true", NULL);
}
static void do_exec_fd(void)
{
    (void)syscall(SYS_execveat, accepting, "", (char *[]){NULL}, (char *[]){NULL}, AT_EMPTY_PATH);
}
static void do_fork(void)
{
    (void)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}
static void do_ptrace(void)
{
    (void)ptrace(PTRACE_ATTACH, getppid(), 0, 0);
}
static void do_kill(void)
{
    (void)kill(getppid(), 0);
}
static void do_type(void)
{
    (void)ioctl(STDIN_FILENO, TIOCSTI, "x");
}
static void do_map(void)
{
    (void)mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static void do_protect(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void)syscall(SYS_mprotect, p, 4096, PROT_READ | PROT_EXEC);
}
static void do_bpf(void)
{
    (void)syscall(SYS_bpf, 0, NULL, 0);
}
static void do_mount(void)
{
    (void)syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL);
}
static void do_ring(void)
{
    (void)syscall(SYS_io_uring_setup, 1, NULL);
}

static void test_stopped(void **state)
{
    (void)state;
    need_kernel(false, true);
    stops("connect", false, do_connect);
    stops("bind", true, do_bind);
    stops("socket", true, do_socket);
    stops("sendto", false, do_send_to);
    stops("accept4", false, do_accept);
    stops("execve", false, do_exec);
    stops("execveat", false, do_exec_fd);
    connecting = true;
    stops("execve", false, do_exec);
    connecting = false;
    stops("ioctl", false, do_type);
    stops("mmap", false, do_map);
    stops("bpf", false, do_bpf);
    stops("mount", false, do_mount);
    stops("io_uring_setup", false, do_ring);
    if (!CONFINE_SANITIZED) {
        stops("clone", false, do_fork);
        stops("ptrace", false, do_ptrace);
        stops("kill", false, do_kill);
        stops("mprotect", false, do_protect);
    }
}

/* Kernels that know less of Landlock, down to the first that has it: what they lack seccomp denies. */
static void test_older_kernels(void **state)
{
    const int newest = confine_landlock_version();

    (void)state;
    need_kernel(true, true);
    for (pretended = 1; pretended < newest; pretended++) {
        passes(0, false, nothing_is_open);
        passes(CONFINE_READ, false, mine_is_read);
        passes(CONFINE_WRITE, false, mine_is_written);
        passes(CONFINE_MAKE, false, files_are_made);
        try_names();
        stops("connect", false, do_connect);
        stops("bind", true, do_bind);
        if (!CONFINE_SANITIZED) {
            stops("kill", false, do_kill);
        }
    }
    pretended = 0;
}

static void others_fail(void)
{
    NEED(socket(AF_UNIX, SOCK_STREAM, 0) < 0 && errno == EACCES);
    NEED(syscall(SYS_mlockall, 0) < 0 && errno == ENOSYS);
    NEED(syscall(9999) < 0 && errno == ENOSYS); /* none is there yet */
}

static void test_others_fail(void **state)
{
    (void)state;
    need_kernel(false, true);
    passes(0, false, others_fail);
}

/* ---- who wants to be clever ------------------------------------------------------------------- */

static void survive(int number)
{
    (void)number;
}

static void replace_handler(void)
{
    signal(SIGSYS, survive);
    do_connect();
}

static void block_signal(void)
{
    sigset_t all;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    do_connect();
}

static void test_clever(void **state)
{
    (void)state;
    need_kernel(false, true);
    for (int in_thread = 0; in_thread < 2; in_thread++) {
        struct outcome o = try(0, false, in_thread, replace_handler);

        assert_true(WIFSIGNALED(o.status) && WTERMSIG(o.status) == SIGSYS);
        o = try(0, false, in_thread, block_signal);
        assert_true(WIFSIGNALED(o.status) && WTERMSIG(o.status) == SIGSYS);
    }
}

/* ---- too late --------------------------------------------------------------------------------- */

static void *wait_for_ever(void *argument)
{
    pause();
    return argument;
}

static void test_too_late(void **state)
{
    int status;
    pid_t pid;

    (void)state;
    pid = fork();
    if (pid == 0) {
        pthread_t t;

        close(STDERR_FILENO);
        pthread_create(&t, NULL, wait_for_ever, NULL);
        confine_as(0, false);
        _exit(PASSED);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == STOPPED);
}

/* ---- around ----------------------------------------------------------------------------------- */

static int set_up(void **state)
{
    socklen_t size = sizeof address;
    char path[200];

    (void)state;
    assert_non_null(mkdtemp(folder));
    in_folder(path, sizeof path, "in");
    assert_int_equal(mkdir(path, 0700), 0);
    make_file("mine", "mine");
    make_file("foreign", "foreign");
    address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    listening = socket(AF_INET, SOCK_STREAM, 0);
    unconnected = socket(AF_INET, SOCK_STREAM, 0);
    accepting = open("/bin/true", O_PATH);
    assert_int_equal(bind(listening, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listening, 8), 0);
    return getsockname(listening, (struct sockaddr *)&address, &size);
}

static int tear_down(void **state)
{
    static const char *const names[] = {"mine", "foreign"};
    char path[200];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        in_folder(path, sizeof path, names[i]);
        assert_int_equal(unlink(path), 0);
    }
    in_folder(path, sizeof path, "in");
    assert_int_equal(rmdir(path), 0);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),         cmocka_unit_test(test_needed),
        cmocka_unit_test(test_stopped),       cmocka_unit_test(test_others_fail),
        cmocka_unit_test(test_clever),        cmocka_unit_test(test_too_late),
        cmocka_unit_test(test_older_kernels),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
