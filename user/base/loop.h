/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef JB_BASE_LOOP_H
#define JB_BASE_LOOP_H

#include <stdint.h>
#include <sys/epoll.h>

/*
 * One thread's event loop over epoll, level triggered. Callbacks run in the thread of
 * jb_loop_run(), and may add and remove any source, themselves included: a source that was removed
 * is not called again, not even for an event that was already fetched.
 */
struct jb_loop;

typedef void (*jb_loop_fd_cb)(int fd, uint32_t events, void *ctx); /* `events`: EPOLLIN, ... */
typedef void (*jb_loop_timer_cb)(void *ctx);

/*
 * Blocks SIGINT and SIGTERM in the calling thread, to take them by a signalfd. Call it before other
 * threads start, so that they inherit the mask.
 */
int jb_loop_new(struct jb_loop **ret_loop);

/*
 * Closes the timers and restores the signal mask of before jb_loop_new(). The fds that were added
 * stay the caller's. Not from within a callback. NULL is allowed.
 */
void jb_loop_free(struct jb_loop *loop);

/*
 * Watches `fd` for `events` (EPOLLERR and EPOLLHUP always come). The fd stays the caller's, who
 * removes it before closing it. 0, -EEXIST if it is watched already, -EPERM if it can't be watched
 * (a regular file), or another -errno.
 */
int jb_loop_add_fd(struct jb_loop *loop, int fd, uint32_t events, jb_loop_fd_cb cb, void *ctx);

/*
 * Calls `cb` every `interval_ms` (>= 1) of CLOCK_MONOTONIC, first after one interval; ticks that
 * were missed come as one. Returns the timer's fd, which jb_loop_remove_fd() takes, or -errno.
 */
int jb_loop_add_timer(struct jb_loop *loop, uint64_t interval_ms, jb_loop_timer_cb cb, void *ctx);

/* Stops watching an fd, or ends a timer. 0, or -ENOENT if it isn't watched. */
int jb_loop_remove_fd(struct jb_loop *loop, int fd);

/* Runs until jb_loop_stop() (returns 0), SIGINT or SIGTERM (its number), or a failure (-errno). */
int jb_loop_run(struct jb_loop *loop);

/* Ends jb_loop_run() after the current callback; before it is called, ends it at once. */
void jb_loop_stop(struct jb_loop *loop);

#endif
