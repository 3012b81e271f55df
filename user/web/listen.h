/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef JITTERBUG_WEB_LISTEN_H
#define JITTERBUG_WEB_LISTEN_H

#include <stdint.h>

/*
 * A TCP socket that listens on a numeric IPv4 or IPv6 address, with or without brackets and zone;
 * `::` takes IPv4 as well. Port 0 lets the kernel choose. Returns the fd (non-blocking, closed on
 * exec), which is the caller's; -EINVAL if the address is none, or the -errno of the socket.
 */
int jb_listen(const char *address, uint16_t port);

/* The port that a socket is bound to, or -errno. */
int jb_listen_port(int fd);

#endif
