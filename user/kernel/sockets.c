/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "kernel/sockets.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "kernel/private.h"

/*
 * Half of what the kernel collects before it hands on (8 pages): so it never has to throw away what
 * a program has written and to run it again, which would tell what it has counted as told.
 */
#define JB_LIST_BYTES 16384

/* Who is handed what an iterator writes, in elements of a size. */
struct list {
	size_t size;
	void (*fn)(void *ctx, const void *element);
	void *ctx;
};

/* Calls fn for what is complete in the buffer; returns the octets of the last, incomplete one. */
static size_t take(const struct list *list, char *buffer, size_t len)
{
	size_t at = 0;

	for (; len - at >= list->size; at += list->size)
		list->fn(list->ctx, buffer + at);
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

static void take_contact(void *ctx, const void *element)
{
	const struct jb_kernel *kernel = ctx;

	if (kernel->on_contact)
		kernel->on_contact(kernel->on_contact_ctx, element);
}

static int census(struct jb_kernel *kernel)
{
	const struct list contacts = {sizeof(struct jb_contact), take_contact, kernel};
	int err = iterate(kernel->skel->links.jb_udp_census, NULL);
	int e = iterate(kernel->skel->links.jb_tcp_census, &contacts);

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

struct visit {
	jb_connection_fn fn;
	void *ctx;
};

static void visit_connection(void *ctx, const void *element)
{
	const struct visit *visit = ctx;

	visit->fn(visit->ctx, element);
}

int jb_kernel_each_connection(struct jb_kernel *kernel, jb_connection_fn fn, void *ctx)
{
	struct visit visit = {fn, ctx};
	const struct list list = {sizeof(struct jb_connection), visit_connection, &visit};

	return iterate(kernel->skel->links.jb_tcp_list, &list);
}

static int on_ring(void *ctx, void *data, size_t size)
{
	if (size >= sizeof(struct jb_contact))
		take_contact(ctx, data);
	return 0;
}

int jb_kernel_contacts(struct jb_kernel *kernel, jb_contact_fn fn, void *ctx)
{
	kernel->on_contact = fn;
	kernel->on_contact_ctx = ctx;
	return ring_buffer__add(kernel->events, bpf_map__fd(kernel->skel->maps.jb_contacts),
				on_ring, kernel);
}
