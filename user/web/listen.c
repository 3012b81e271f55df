/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "web/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG      64
#define ADDRESS_SIZE 128 /* an IPv6 address and the name of an interface */

/* Copies the address without its brackets. */
static int strip_brackets(char out[ADDRESS_SIZE], const char *address)
{
	size_t len = strlen(address);

	if (len >= 2 && address[0] == '[' && address[len - 1] == ']') {
		address++;
		len -= 2;
	}
	if (len == 0 || len >= ADDRESS_SIZE)
		return -EINVAL;
	memcpy(out, address, len);
	out[len] = '\0';
	return 0;
}

static int resolve(struct addrinfo **ret_info, const char *address, uint16_t port)
{
	struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
	};
	char node[ADDRESS_SIZE];
	char service[8];

	if (strip_brackets(node, address) < 0)
		return -EINVAL;
	snprintf(service, sizeof(service), "%u", (unsigned int)port);
	switch (getaddrinfo(node, service, &hints, ret_info)) {
	case 0:
		return 0;
	case EAI_MEMORY:
		return -ENOMEM;
	default:
		return -EINVAL;
	}
}

static int bind_and_listen(int fd, const struct addrinfo *info)
{
	const int on = 1;
	const int off = 0;

	/* A restarted agent finds connections of the last one in TIME_WAIT. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return -errno;
	if (info->ai_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) < 0)
		return -errno;
	if (bind(fd, info->ai_addr, info->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0)
		return -errno;
	return 0;
}

int jb_listen(const char *address, uint16_t port)
{
	struct addrinfo *info;
	int err = resolve(&info, address, port);
	int fd;

	if (err < 0)
		return err;
	fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	err = fd < 0 ? -errno : bind_and_listen(fd, info);
	freeaddrinfo(info);
	if (err < 0 && fd >= 0)
		close(fd);
	return err < 0 ? err : fd;
}

int jb_listen_port(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} address = {.any.sa_family = AF_UNSPEC};
	socklen_t len = sizeof(address);

	if (getsockname(fd, &address.any, &len) < 0)
		return -errno;
	return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port
						       : address.v4.sin_port);
}
