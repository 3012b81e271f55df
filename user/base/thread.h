/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef JB_BASE_THREAD_H
#define JB_BASE_THREAD_H

#include <pthread.h>

/* Starts a thread in which all signals stay blocked. 0 or -errno. */
int jb_thread_start(pthread_t *ret_thread, void *(*run)(void *), void *arg);

#endif
