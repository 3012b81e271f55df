/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A hash table of links that are part of what they link: 16 octets and a bucket each, where uthash
 * takes 56. Which of the links of a hash is meant, the user tells.
 */
#ifndef JB_KUBERNETES_CHAINS_H
#define JB_KUBERNETES_CHAINS_H

#include <stddef.h>
#include <stdint.h>

struct jb_link {
	struct jb_link *next;
	uint32_t hash;
};

/* All zero is empty. */
struct jb_chains {
	struct jb_link **buckets;
	size_t count;
	size_t size; /* a power of two, or 0 */
};

/* 0, or -ENOMEM without any bucket. */
int jb_chains_add(struct jb_chains *chains, struct jb_link *link, uint32_t hash);
void jb_chains_remove(struct jb_chains *chains, struct jb_link *link); /* which is there */

/* The first of a hash, and the next after one; NULL: none. */
struct jb_link *jb_chains_find(const struct jb_chains *chains, uint32_t hash);
struct jb_link *jb_chains_again(const struct jb_link *link);

/* Octets of the buckets. */
size_t jb_chains_bytes(const struct jb_chains *chains);
void jb_chains_free(struct jb_chains *chains); /* the buckets */

uint32_t jb_hash_text(uint32_t hash, const char *text);
uint32_t jb_hash_octets(uint32_t hash, const void *octets, size_t count);

#endif
