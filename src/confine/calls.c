/* SPDX-License-Identifier: GPL-2.0-or-later
 * calls: seccomp, by libseccomp. A list of what is allowed, a list of what ends the process because
 * nothing of ours and no library would ever call it; everything else is answered as by a kernel that
 * does not have it, which libraries are prepared for.
 */
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/seccomp.h>

#include "confine/internal.h"

enum { EXIT_OURS = 4 };

/* Whatever their arguments are. What names of files may do is Landlock's to say. */
static const char *const allowed[] = {
    /* memory */
    "brk",
    "munmap",
    "mremap",
    "madvise",
    "msync",
    "mincore",
    "membarrier",
    "memfd_create",
    /* files */
    "read",
    "write",
    "readv",
    "writev",
    "pread64",
    "pwrite64",
    "preadv",
    "pwritev",
    "preadv2",
    "pwritev2",
    "lseek",
    "open",
    "openat",
    "openat2",
    "close",
    "close_range",
    "stat",
    "lstat",
    "fstat",
    "newfstatat",
    "statx",
    "fstatfs",
    "access",
    "faccessat",
    "faccessat2",
    "readlink",
    "readlinkat",
    "getcwd",
    "getdents64",
    "fcntl",
    "flock",
    "fsync",
    "fdatasync",
    "ftruncate",
    "fallocate",
    "fadvise64",
    "sync_file_range",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "unlink",
    "unlinkat",
    "fchmod",
    "umask",
    "dup",
    "dup2",
    "dup3",
    "copy_file_range",
    "sendfile",
    /* waiting and waking */
    "poll",
    "ppoll",
    "select",
    "pselect6",
    "pipe",
    "pipe2",
    "eventfd2",
    "epoll_create1",
    "epoll_ctl",
    "epoll_wait",
    "epoll_pwait",
    "nanosleep",
    "clock_nanosleep",
    "clock_gettime",
    "clock_getres",
    "gettimeofday",
    "time",
    "getitimer",
    "setitimer",
    "alarm",
    "timer_create",
    "timer_settime",
    "timer_gettime",
    "timer_getoverrun",
    "timer_delete",
    "timerfd_create",
    "timerfd_settime",
    "timerfd_gettime",
    "pause",
    "restart_syscall",
    /* threads; which clone() is below */
    "futex",
    "set_robust_list",
    "get_robust_list",
    "set_tid_address",
    "rseq",
    "gettid",
    "sched_yield",
    "sched_getaffinity",
    "sched_setaffinity",
    "sched_getscheduler",
    "sched_getparam",
    "sched_get_priority_max",
    "sched_get_priority_min",
    "setpriority",
    "getpriority",
    "ioprio_set",
    "getcpu",
    "exit",
    "exit_group",
    /* signals; who may be sent one is below */
    "rt_sigprocmask",
    "rt_sigreturn",
    "rt_sigpending",
    "rt_sigsuspend",
    "rt_sigtimedwait",
    "sigaltstack",
    "signalfd4",
    /* what there is */
    "getpid",
    "getppid",
    "getpgrp",
    "getpgid",
    "getsid",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "getrusage",
    "getrlimit",
    "times",
    "sysinfo",
    "uname",
    "getrandom",
    "wait4",
    "waitid",
    /* sockets that were there before */
    "recvfrom",
    "recvmsg",
    "shutdown",
    "getsockopt",
    "setsockopt",
    "getsockname",
    "getpeername",
};

static const char *const for_accepting[] = {"accept", "accept4", "listen"};
static const char *const for_connecting[] = {"socket",  "connect",  "bind",    "sendto",
                                             "sendmsg", "sendmmsg", "recvmmsg"};

/* Nobody calls these but somebody who has taken the process over. */
static const char *const fatal[] = {
    /* programs and processes */
    "execve",
    "execveat",
    "fork",
    "vfork",
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "process_madvise",
    "kcmp",
    "pidfd_getfd",
    "pidfd_open",
    "pidfd_send_signal",
    "tkill",
    "rt_sigqueueinfo",
    "rt_tgsigqueueinfo",
    "setns",
    "unshare",
    "personality",
    /* the network */
    "connect",
    "bind",
    "sendmsg",
    "sendmmsg",
    "recvmmsg",
    /* the kernel */
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "kexec_load",
    "kexec_file_load",
    "init_module",
    "finit_module",
    "delete_module",
    "reboot",
    "swapon",
    "swapoff",
    "syslog",
    "acct",
    "quotactl",
    "iopl",
    "ioperm",
    "modify_ldt",
    "add_key",
    "request_key",
    "keyctl",
    "fanotify_init",
    "name_to_handle_at",
    "open_by_handle_at",
    "settimeofday",
    "clock_settime",
    "clock_adjtime",
    "adjtimex",
    "sethostname",
    "setdomainname",
    "vhangup",
    "migrate_pages",
    "move_pages",
    /* mounts and roots */
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "open_tree",
    "move_mount",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "mount_setattr",
    /* who one is, and whose a file is */
    "setuid",
    "setgid",
    "setreuid",
    "setregid",
    "setresuid",
    "setresgid",
    "setfsuid",
    "setfsgid",
    "setgroups",
    "capset",
    "chown",
    "lchown",
    "fchownat",
    "mknod",
    "mknodat",
    "chmod",
    "fchmodat",
    "setxattr",
    "lsetxattr",
    "fsetxattr",
    "symlink",
    "symlinkat",
};

/* A sanitizer's search for leaks stops the other threads by a process that traces them. */
static const char *const sanitizers[] = {
    "ptrace", "process_vm_readv", "prctl",    "arch_prctl", "personality", "clone", "tgkill",
    "kill",   "mprotect",         "getdents", "mlock",      "munlock"};

/* ---- the sentence ----------------------------------------------------------------------------- */

/* Calls that may be fatal; written before the filter begins, and read by the handler. */
#define NAMED_MAX 128
static struct {
    int number;
    const char *name;
} named[NAMED_MAX];
static size_t named_count;

static void remember(int number, const char *name)
{
    must(named_count < NAMED_MAX);
    named[named_count].number = number;
    named[named_count++].name = name;
}

static void say(const char *text)
{
    ssize_t n = write(STDERR_FILENO, text, strlen(text));

    (void)n;
}

static void say_number(int number)
{
    char digits[16];
    size_t at = sizeof(digits);

    digits[--at] = '\0';
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0 && at > 0);
    say(&digits[at]);
}

/* The kernel has not done what was asked. A thread that blocks this signal, or somebody who replaces
 * the handler, is killed by it instead. */
static void on_fatal_call(int signal_number, siginfo_t *info, void *context)
{
    const char *name = NULL;

    (void)signal_number;
    (void)context;
    for (size_t i = 0; i < named_count; i++) {
        name = named[i].number == info->si_syscall ? named[i].name : name;
    }
    say("reprise: stopped: it called ");
    if (name != NULL) {
        say(name);
    } else {
        say("system call ");
        say_number(info->si_syscall);
    }
    say(" although it is confined: what it reads has taken it over, or this is our mistake\n");
    _exit(EXIT_OURS);
}

static int catch_fatal_calls(struct error *e)
{
    struct sigaction a = {.sa_sigaction = on_fatal_call, .sa_flags = SA_SIGINFO | SA_NODEFER};

    return sigaction(SIGSYS, &a, NULL) == 0
               ? 0
               : error_set(e, "the host gives no signal: %s", strerror(errno));
}

/* ---- the rules -------------------------------------------------------------------------------- */

static bool is_in(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* There is a rule of its own for it. */
static bool is_elsewhere(const struct confinement *c, const char *name)
{
    return (CONFINE_SANITIZED && is_in(name, sanitizers, ARRAY_LEN(sanitizers))) ||
           (c->connects && is_in(name, for_connecting, ARRAY_LEN(for_connecting)));
}

/* One rule; `argument` may be NULL. What this host's kernels do not have needs none. */
static int add_rule(scmp_filter_ctx f, uint32_t action, const char *name,
                    const struct scmp_arg_cmp *argument)
{
    int number = seccomp_syscall_resolve_name(name);

    if (number < 0) {
        return 0;
    }
    if (action == SCMP_ACT_TRAP) {
        remember(number, name);
    }
    return seccomp_rule_add_array(f, action, number, argument != NULL, argument);
}

static int add_list(scmp_filter_ctx f, uint32_t action, const char *const *names, size_t count)
{
    int result = 0;

    for (size_t i = 0; i < count && result == 0; i++) {
        result = add_rule(f, action, names[i], NULL);
    }
    return result;
}

static int add_fatal(scmp_filter_ctx f, const struct confinement *c)
{
    int result = 0;

    for (size_t i = 0; i < ARRAY_LEN(fatal) && result == 0; i++) {
        if (!is_elsewhere(c, fatal[i])) {
            result = add_rule(f, SCMP_ACT_TRAP, fatal[i], NULL);
        }
    }
    return result;
}

/* Calls of which it depends on an argument. */
struct conditional {
    const char *name;
    uint32_t action;
    struct scmp_arg_cmp argument;
};

/* Arguments are compared as registers, with all 64 bits. */
#define IF(call, act, number, ...)                                                                 \
    {                                                                                              \
        call, act,                                                                                 \
        {                                                                                          \
            number, __VA_ARGS__                                                                    \
        }                                                                                          \
    }
#define EQUALS(value)       SCMP_CMP_EQ, (scmp_datum_t)(value), 0
#define DIFFERS(value)      SCMP_CMP_NE, (scmp_datum_t)(value), 0
#define BELOW(value)        SCMP_CMP_LT, (scmp_datum_t)(value), 0
#define MASKED(mask, value) SCMP_CMP_MASKED_EQ, mask, value
#define WX                  (PROT_WRITE | PROT_EXEC)
#define REFUSE              SCMP_ACT_ERRNO(EACCES)

static int add_conditionals(scmp_filter_ctx f, const struct confinement *c)
{
    const uint32_t self = (uint32_t)getpid();
    const struct conditional list[] = {
        /* Memory may be written or executed, not both. */
        IF("mmap", SCMP_ACT_ALLOW, 2, MASKED(WX, 0)),
        IF("mmap", SCMP_ACT_ALLOW, 2, MASKED(WX, PROT_WRITE)),
        IF("mmap", SCMP_ACT_ALLOW, 2, MASKED(WX, PROT_EXEC)),
        IF("mmap", SCMP_ACT_TRAP, 2, MASKED(WX, WX)),
        IF("mprotect", SCMP_ACT_ALLOW, 2, MASKED(PROT_EXEC, 0)),
        IF("mprotect", SCMP_ACT_TRAP, 2, MASKED(PROT_EXEC, PROT_EXEC)),
        /* Threads, no processes; the arguments of clone3() cannot be seen: it is "not there". */
        IF("clone", SCMP_ACT_ALLOW, 0, MASKED(CLONE_THREAD, CLONE_THREAD)),
        IF("clone", SCMP_ACT_TRAP, 0, MASKED(CLONE_THREAD, 0)),
        /* At no higher priority than others. */
        IF("sched_setscheduler", SCMP_ACT_ALLOW, 1, EQUALS(SCHED_OTHER)),
        IF("sched_setscheduler", SCMP_ACT_ALLOW, 1, EQUALS(SCHED_BATCH)),
        IF("sched_setscheduler", SCMP_ACT_ALLOW, 1, EQUALS(SCHED_IDLE)),
        /* Signals to this process alone; whoever replaced the handler of SIGSYS would go on. */
        IF("kill", SCMP_ACT_ALLOW, 0, EQUALS(self)),
        IF("kill", SCMP_ACT_TRAP, 0, DIFFERS(self)),
        IF("tgkill", SCMP_ACT_ALLOW, 0, EQUALS(self)),
        IF("tgkill", SCMP_ACT_TRAP, 0, DIFFERS(self)),
        IF("rt_sigaction", SCMP_ACT_ALLOW, 0, BELOW(SIGSYS)),
        IF("rt_sigaction", SCMP_ACT_ALLOW, 0, EQUALS(32)), /* the C library's own */
        IF("rt_sigaction", SCMP_ACT_ALLOW, 0, EQUALS(33)),
        IF("rt_sigaction", SCMP_ACT_KILL_PROCESS, 0, EQUALS(SIGSYS)),
        IF("prlimit64", SCMP_ACT_ALLOW, 0, EQUALS(0)),
        IF("prctl", SCMP_ACT_ALLOW, 0, EQUALS(PR_SET_NAME)),
        IF("prctl", SCMP_ACT_ALLOW, 0, EQUALS(PR_GET_NAME)),
        IF("prctl", SCMP_ACT_ALLOW, 0, EQUALS(PR_SET_VMA)),
        /* A terminal's settings; never what is typed into it, which a shell would read later. */
        IF("ioctl", SCMP_ACT_ALLOW, 1, EQUALS(TCGETS)),
        IF("ioctl", SCMP_ACT_ALLOW, 1, EQUALS(TCSETS)),
        IF("ioctl", SCMP_ACT_ALLOW, 1, EQUALS(TCSETSW)),
        IF("ioctl", SCMP_ACT_ALLOW, 1, EQUALS(TCSETSF)),
        IF("ioctl", SCMP_ACT_ALLOW, 1, EQUALS(TIOCGWINSZ)),
        IF("ioctl", SCMP_ACT_ALLOW, 1, EQUALS(TIOCGPGRP)),
        IF("ioctl", SCMP_ACT_ALLOW, 1, EQUALS(FIONREAD)),
        IF("ioctl", SCMP_ACT_TRAP, 1, EQUALS(TIOCSTI)),
        /* Some libraries ask a local daemon about users; that has time until they can. */
        IF("socket", REFUSE, 0, EQUALS(AF_UNIX)),
        IF("socket", SCMP_ACT_TRAP, 0, DIFFERS(AF_UNIX)),
        IF("socketpair", SCMP_ACT_ALLOW, 0, EQUALS(AF_UNIX)),
        IF("sendto", SCMP_ACT_ALLOW, 4, EQUALS(0)),
        IF("sendto", SCMP_ACT_TRAP, 4, DIFFERS(0)),
    };
    int result = 0;

    for (size_t i = 0; i < ARRAY_LEN(list) && result == 0; i++) {
        if (!is_elsewhere(c, list[i].name)) {
            result = add_rule(f, list[i].action, list[i].name, &list[i].argument);
        }
    }
    return result;
}

static int add_rules(scmp_filter_ctx f, const struct confinement *c)
{
    int result = add_list(f, SCMP_ACT_ALLOW, allowed, ARRAY_LEN(allowed));

    if (result == 0) {
        result = add_list(f, c->accepts ? SCMP_ACT_ALLOW : SCMP_ACT_TRAP, for_accepting,
                          ARRAY_LEN(for_accepting));
    }
    if (result == 0 && c->connects) {
        result = add_list(f, SCMP_ACT_ALLOW, for_connecting, ARRAY_LEN(for_connecting));
    }
    if (result == 0) {
        result = add_fatal(f, c);
    }
    if (result == 0) {
        result = add_conditionals(f, c);
    }
    if (result == 0 && CONFINE_SANITIZED) {
        result = add_list(f, SCMP_ACT_ALLOW, sanitizers, ARRAY_LEN(sanitizers));
    }
    return result;
}

static int set_attributes(scmp_filter_ctx f)
{
    /* Older kernels slow a filtered process down so that what it mispredicts tells nothing of its
     * own memory; nothing in here is secret from the guest that is not lost to it anyway. Those
     * that do not know of it are not asked. */
    (void)seccomp_attr_set(f, SCMP_FLTATR_CTL_SSB, 1);
    (void)seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    return seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
}

bool confine_has_seccomp(void)
{
    uint32_t action = SECCOMP_RET_TRAP;

    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

int confine_calls(const struct confinement *c, struct error *e)
{
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    int result = f != NULL ? set_attributes(f) : -ENOMEM;

    if (result == 0) {
        result = add_rules(f, c);
    }
    if (result == 0 && catch_fatal_calls(e) < 0) {
        seccomp_release(f);
        return -1;
    }
    if (result == 0) {
        result = seccomp_load(f);
    }
    if (f != NULL) {
        seccomp_release(f);
    }
    return result == 0
               ? 0
               : error_set(e, "the kernel's seccomp takes no filter: %s", strerror(-result));
}
