/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The sockets of all network namespaces, by iterators that the kernel runs for us. */
#ifndef JB_KERNEL_SOCKETS_H
#define JB_KERNEL_SOCKETS_H

#include <jitterbug/contact.h>
#include <jitterbug/socket.h>
#include "kernel/object.h"

/*
 * Who is told of connections, from then on, by jb_kernel_consume(), which is to be called every
 * second or so, and which the census calls. After jb_kernel_events(). 0 or -errno.
 */
typedef void (*jb_contact_fn)(void *ctx, const struct jb_contact *contact);
int jb_kernel_contacts(struct jb_kernel *kernel, jb_contact_fn fn, void *ctx);

/*
 * The periodic pass: brings the totals up to what the sockets have counted, and sets an octet of
 * row_in_use for each row that a socket refers to. 0 or -errno; then every octet is set.
 */
int jb_kernel_sockets_census(struct jb_kernel *kernel, __u8 *row_in_use);

/* Begins to measure connections that were there before us, of our own namespace. 0 or -errno. */
int jb_kernel_sockets_adopt(struct jb_kernel *kernel);

/* Each TCP connection that is known. 0 or -errno; -EOPNOTSUPP where the kernel can't list them. */
typedef void (*jb_connection_fn)(void *ctx, const struct jb_connection *connection);
int jb_kernel_each_connection(struct jb_kernel *kernel, jb_connection_fn fn, void *ctx);

#endif
