/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef JB_BASE_VALUES_H
#define JB_BASE_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Text to a typed value, strictly: the whole text, no blanks, no signs. All return 0, -EINVAL where
 * the text has another form, or -ERANGE where the number doesn't fit.
 */

enum {
	JB_HOST_SIZE = 254,       /* the longest DNS name, and a NUL */
	JB_PERCENT_MAX = 1000000, /* 100% in ppm */
	JB_LIST_ITEMS_MAX = 1024, /* items of a list */
};

/* An address to listen on. */
struct jb_address {
	char host[JB_HOST_SIZE]; /* IPv4, IPv6 without brackets, or a name; "" is every address */
	uint16_t port;           /* 1..65535 */
};

/* A set of ports, one bit each. */
struct jb_ports {
	uint64_t bits[65536 / 64];
};

static inline bool jb_ports_has(const struct jb_ports *ports, uint16_t port)
{
	return ports->bits[port / 64] >> (port % 64) & 1;
}

#define JB_LIST_BLANKS " \t\r\n"

/* Texts in the order in which they were given. All zero is an empty list. */
struct jb_list {
	char **item; /* allocated, as the array is; NULL without items */
	size_t count;
};

/* Appends a copy of `len` octets without a NUL. 0, -ENOMEM, or -E2BIG beyond JB_LIST_ITEMS_MAX. */
int jb_list_add(struct jb_list *list, const char *text, size_t len);
/* The list is empty afterwards, and can be used again. */
void jb_list_free(struct jb_list *list);

int jb_value_flag(const char *text, bool *ret_value);             /* true, false, 1, 0 */
int jb_value_u32(const char *text, uint32_t *ret_value);          /* decimal */
int jb_value_percent(const char *text, uint32_t *ret_ppm);        /* 0% to 100%: 2%, 0.125% */
int jb_value_duration(const char *text, uint64_t *ret_ns);        /* 500ms, 10s, 5m, 1h */
int jb_value_ports(const char *text, struct jb_ports *ret_ports); /* 50000-60000,7882 */
int jb_value_address(const char *text, struct jb_address *ret);   /* host:port, [::]:1, :1 */
/* Appends what stands between blanks. 0; -ENOMEM or -E2BIG, and the items before are in the list.
 */
int jb_value_list(const char *text, struct jb_list *list);
/* `names` ends with NULL; the index of the one that equals `text`. */
int jb_value_enum(const char *text, const char *const *names, unsigned int *ret_index);

/* The inverse of jb_value_duration(), in the largest unit that is exact; below 1 ms is cut off. */
void jb_value_duration_text(uint64_t ns, char *text, size_t size);

/* The inverse of jb_value_percent(), without zeros at the end; below 0.001% is cut off. */
void jb_value_percent_text(uint32_t ppm, char *text, size_t size);

#endif
