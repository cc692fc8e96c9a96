/* SPDX-License-Identifier: GPL-2.0-or-later
 * daemon: see daemon.h.
 */
#include "cli/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/child.h"
#include "cli/cli.h"

static void pass_on(int from)
{
    char words[1024];
    ssize_t n;

    while ((n = read(from, words, sizeof words)) > 0) {
        (void)!write(STDERR_FILENO, words, (size_t)n);
    }
}

/* What the other process, and others that it makes, say before the machine is ready comes through us: so none of
 * them has our stderr, whose other end may be somebody who waits for all who do. */
static _Noreturn void wait_for(int ready, int said, pid_t child)
{
    struct pollfd p[] = {{.fd = ready, .events = POLLIN}, {.fd = said, .events = POLLIN}};
    int status = 0;
    char word;

    (void)fcntl(said, F_SETFL, O_NONBLOCK);
    while (p[0].revents == 0) {
        if (poll(p, ARRAY_LEN(p), -1) > 0 && p[1].revents != 0) {
            pass_on(said);
            p[1].fd = (p[1].revents & POLLIN) != 0 ? said : -1;
        }
    }
    if (read(ready, &word, 1) == 1) {
        pass_on(said);
        _exit(EXIT_FINE);
    }
    child_wait(child, &status);
    pass_on(said);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_OURS);
}

int daemon_begin(struct daemon *d, struct error *e)
{
    int ready[2], said[2], null;
    pid_t pid;

    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || pipe2(ready, O_CLOEXEC) != 0 || pipe2(said, O_CLOEXEC) != 0) {
        return error_set(e, "-daemonize: %s", strerror(errno));
    }
    (void)fflush(NULL);
    pid = fork();
    if (pid < 0) {
        return error_set(e, "-daemonize: no process from the host: %s", strerror(errno));
    }
    if (pid > 0) {
        close(ready[1]);
        close(said[1]);
        wait_for(ready[0], said[0], pid);
    }
    close(ready[0]);
    close(said[0]);
    (void)setsid();
    (void)dup2(null, STDIN_FILENO);
    (void)dup2(null, STDOUT_FILENO);
    (void)dup2(said[1], STDERR_FILENO);
    close(said[1]);
    *d = (struct daemon){.ready_fd = ready[1], .null_fd = null};
    return 0;
}

void daemon_ready(struct daemon *d)
{
    if (d->ready_fd == 0) {
        return;
    }
    (void)!write(d->ready_fd, "r", 1); /* who has gone meanwhile is not told */
    (void)dup2(d->null_fd, STDERR_FILENO);
    close(d->null_fd);
    close(d->ready_fd);
    d->ready_fd = 0;
}

int pidfile_write(const char *path, struct error *e)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char text[32];
    int length = snprintf(text, sizeof text, "%d\n", (int)getpid());

    if (fd < 0) {
        return error_set(e, "-pidfile %s: %s", path, strerror(errno));
    }
    if (fcntl(fd, F_SETLK, &lock) != 0) {
        close(fd);
        return error_set(e, "-pidfile %s: another process has it", path);
    }
    if (ftruncate(fd, 0) != 0 || write(fd, text, (size_t)length) != length) {
        close(fd);
        return error_set(e, "-pidfile %s: %s", path, strerror(errno));
    }
    return 0; /* it stays open, and with it the lock */
}
