/* SPDX-License-Identifier: GPL-2.0-or-later
 * behind: the index of a recording, made by another process while the recording is being made. That
 * is a process of its own so that nothing of it, be it a lock, a page fault, a crash or the host's want
 * of memory, can touch the machine that records. It runs when nothing else wants the core.
 */
#ifndef CLI_BEHIND_H
#define CLI_BEHIND_H

#include "options/options.h"
#include "journal/journal.h"

struct behind;

/* Before the process has threads, and with the images' bytes at hand. NULL: none is to be made here,
 * or none can be. Options outlive it. */
struct behind *behind_start(struct options *o, const char *recording);
/* The journal has its file: the other process follows it from now on. NULL is fine. */
void behind_follow(struct behind *b, const struct journal *j);
/* History is over: from now on a signal says that its index is not wanted. NULL is fine. */
void behind_catch_signals(const struct behind *b);
/* The recording is whole and closed. Waits until the rest of the index is made, and says what became of
 * it; a signal gives it up, and so does time: soon if there is hurry, after a while else, never with
 * --index. Frees. Returns the exit status: EXIT_FINE, or EXIT_DIFFERED if the other machine was not the
 * one that recorded. NULL is fine. */
int behind_finish(struct behind *b, bool hurry, double recorded_seconds);

/* There is no recording. NULL is fine. */
void behind_abandon(struct behind *b);

#endif
