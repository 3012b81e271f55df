/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "sender.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

enum { SEND_BUFFER = 8 << 20 };

static void bind_source(int fd, const struct jb_sender_options *options)
{
	struct sockaddr_storage from = options->from;
	socklen_t length = options->from_length;

	if (!from.ss_family)
		length = jb_tool_address(options->to.ss_family == AF_INET6 ? "::" : "0.0.0.0",
					 options->from_port, &from);
	if (bind(fd, (struct sockaddr *)&from, length))
		jb_tool_fail(1, "bind to source port %u: %s", options->from_port, strerror(errno));
}

static void link_init(struct jb_sender_link *link, const struct jb_sender_options *options, int fd)
{
	struct jb_tool_rng rng;

	*link = (struct jb_sender_link){.options = options, .fd = fd};
	link->buffer = malloc(JB_SENDER_DATAGRAM);
	if (!link->buffer)
		jb_tool_fail(1, "no memory for a datagram");
	/* Payload like SRTP's: neither zeros nor text. */
	jb_tool_rng_seed(&rng, options->seed);
	for (size_t i = 0; i < JB_SENDER_DATAGRAM; i++)
		link->buffer[i] = (uint8_t)jb_tool_rng_next(&rng);
}

void jb_sender_link_open(struct jb_sender_link *link, const struct jb_sender_options *options,
			 bool reuse_port)
{
	int fd = socket(options->to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0)
		jb_tool_fail(1, "socket: %s", strerror(errno));
	if (reuse_port && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)))
		jb_tool_fail(1, "SO_REUSEPORT: %s", strerror(errno));
	jb_tool_socket_buffers(fd, SEND_BUFFER);
	bind_source(fd, options);
	link_init(link, options, fd);
}

void jb_sender_link_share(struct jb_sender_link *link, const struct jb_sender_link *other)
{
	int fd = dup(other->fd);

	if (fd < 0)
		jb_tool_fail(1, "dup: %s", strerror(errno));
	link_init(link, other->options, fd);
}

void jb_sender_link_close(struct jb_sender_link *link)
{
	close(link->fd);
	free(link->buffer);
}

/* Never connected: a connected socket loses datagrams to ECONNREFUSED. */
static bool send_message(struct jb_sender_link *link, size_t length, uint16_t segment,
			 uint32_t count)
{
	union {
		char space[CMSG_SPACE(sizeof(uint16_t))];
		struct cmsghdr align;
	} control = {};
	struct iovec vector = {link->buffer, length};
	struct msghdr message = {.msg_name = (void *)&link->options->to,
				 .msg_namelen = link->options->to_length,
				 .msg_iov = &vector,
				 .msg_iovlen = 1};

	if (segment) {
		control.align.cmsg_level = SOL_UDP;
		control.align.cmsg_type = UDP_SEGMENT;
		control.align.cmsg_len = CMSG_LEN(sizeof(segment));
		memcpy(CMSG_DATA(&control.align), &segment, sizeof(segment));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control.space);
	}
	if (sendmsg(link->fd, &message, 0) == (ssize_t)length) {
		link->sent += count;
		return true;
	}
	if (!link->errors)
		link->first_error = errno;
	link->errors += count;
	return false;
}

static size_t build(struct jb_sender_link *link, const struct jb_sender_slot *slot, uint8_t *at)
{
	const struct jb_sender_options *o = link->options;
	size_t header = jb_wire_rtp_write(&slot->rtp, o->csrcs, o->extension_words, at);

	if (slot->rtp.padding_only) {
		memset(at + header, 0, slot->payload);
		at[header + slot->payload - 1] = (uint8_t)slot->payload;
	}
	return header + slot->payload;
}

bool jb_sender_link_send(struct jb_sender_link *link, const struct jb_sender_slot *slots,
			 uint32_t count)
{
	size_t length = 0, segment = 0;

	for (uint32_t i = 0; i < count; i++) {
		length += build(link, &slots[i], link->buffer + length);
		if (i == 0)
			segment = length;
	}
	return send_message(link, length, count > 1 ? (uint16_t)segment : 0, count);
}

bool jb_sender_link_send_raw(struct jb_sender_link *link, size_t length)
{
	return send_message(link, length, 0, 1);
}
