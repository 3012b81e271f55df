/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "kernel/sockets.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "kernel/private.h"

#define JB_LIST_BYTES (256 * sizeof(struct jb_connection))

struct list {
	jb_connection_fn fn;
	void *ctx;
};

/* Calls fn for what is complete in the buffer; returns the octets of the last, incomplete one. */
static size_t take(const struct list *list, char *buffer, size_t len)
{
	size_t at = 0;

	for (; len - at >= sizeof(struct jb_connection); at += sizeof(struct jb_connection))
		list->fn(list->ctx, (const struct jb_connection *)(buffer + at));
	memmove(buffer, buffer + at, len - at);
	return len - at;
}

/* Runs an iterator; `list` may be NULL, for one that writes nothing. */
static int iterate(struct bpf_link *link, const struct list *list)
{
	char buffer[JB_LIST_BYTES] __attribute__((aligned(8)));
	size_t len = 0;
	ssize_t n;
	int fd, err = 0;

	if (!link)
		return -EOPNOTSUPP;
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0)
		return -errno;
	while ((n = read(fd, buffer + len, sizeof(buffer) - len))) {
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n < 0) {
			err = -errno;
			break;
		}
		len = list ? take(list, buffer, len + n) : 0;
	}
	close(fd);
	return err;
}

/* More than a ring's worth of contacts for each of so many turns is more than there is. */
#define JB_CENSUS_TURNS 1000

/* Again and again, until the ring had room for what all connections had to tell. */
static int tcp_census(struct jb_kernel *kernel)
{
	__u64 *again = &kernel->skel->bss->jb_census_again;
	int err, turns = 0;

	do {
		*again = 0;
		err = iterate(kernel->skel->links.jb_tcp_census, NULL);
		if (err || !kernel->on_contact)
			break;
		err = jb_kernel_consume(kernel);
	} while (err >= 0 && *again && ++turns < JB_CENSUS_TURNS);
	return err < 0 ? err : 0;
}

static int census(struct jb_kernel *kernel)
{
	int err = iterate(kernel->skel->links.jb_udp_census, NULL);
	int e = tcp_census(kernel);

	/* Without TCP's programs nobody's rows are kept with TCP sockets. */
	return err ? err : e == -EOPNOTSUPP ? 0 : e;
}

int jb_kernel_sockets_census(struct jb_kernel *kernel, __u8 *row_in_use)
{
	int err;

	memset(kernel->rows_used, 0, kernel->rows * sizeof(*kernel->rows_used));
	err = census(kernel);
	for (__u32 row = 0; row < kernel->rows; row++)
		if (err || __atomic_load_n(&kernel->rows_used[row], __ATOMIC_RELAXED))
			row_in_use[row] = 1;
	return err;
}

int jb_kernel_sockets_adopt(struct jb_kernel *kernel)
{
	return iterate(kernel->skel->links.jb_tcp_adopt, NULL);
}

int jb_kernel_each_connection(struct jb_kernel *kernel, jb_connection_fn fn, void *ctx)
{
	const struct list list = {fn, ctx};

	return iterate(kernel->skel->links.jb_tcp_list, &list);
}

static int on_ring(void *ctx, void *data, size_t size)
{
	const struct jb_kernel *kernel = ctx;

	if (size >= sizeof(struct jb_contact))
		kernel->on_contact(kernel->on_contact_ctx, data);
	return 0;
}

int jb_kernel_contacts(struct jb_kernel *kernel, jb_contact_fn fn, void *ctx)
{
	kernel->on_contact = fn;
	kernel->on_contact_ctx = ctx;
	return ring_buffer__add(kernel->events, bpf_map__fd(kernel->skel->maps.jb_contacts),
				on_ring, kernel);
}
