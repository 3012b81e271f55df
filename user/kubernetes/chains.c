/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "kubernetes/chains.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 64 };

static struct jb_link **bucket_of(const struct jb_chains *chains, uint32_t hash)
{
	return &chains->buckets[hash & (chains->size - 1)];
}

static void insert(struct jb_chains *chains, struct jb_link *link)
{
	struct jb_link **bucket = bucket_of(chains, link->hash);

	link->next = *bucket;
	*bucket = link;
}

/* Without memory the chains grow longer. */
static void grow(struct jb_chains *chains)
{
	size_t size = chains->size ? chains->size * 2 : FIRST_SIZE;
	struct jb_chains larger = {.count = chains->count, .size = size};
	struct jb_link *link, *next;

	larger.buckets = calloc(size, sizeof(*larger.buckets));
	if (!larger.buckets)
		return;
	for (size_t i = 0; i < chains->size; i++) {
		for (link = chains->buckets[i]; link; link = next) {
			next = link->next;
			insert(&larger, link);
		}
	}
	free(chains->buckets);
	*chains = larger;
}

int jb_chains_add(struct jb_chains *chains, struct jb_link *link, uint32_t hash)
{
	if (chains->count >= chains->size)
		grow(chains);
	if (!chains->size)
		return -ENOMEM;
	link->hash = hash;
	insert(chains, link);
	chains->count++;
	return 0;
}

void jb_chains_remove(struct jb_chains *chains, struct jb_link *link)
{
	struct jb_link **at = bucket_of(chains, link->hash);

	while (*at != link)
		at = &(*at)->next;
	*at = link->next;
	chains->count--;
}

/* The first of that hash from here on. */
static struct jb_link *of_hash(struct jb_link *link, uint32_t hash)
{
	while (link && link->hash != hash)
		link = link->next;
	return link;
}

struct jb_link *jb_chains_find(const struct jb_chains *chains, uint32_t hash)
{
	return chains->size ? of_hash(*bucket_of(chains, hash), hash) : NULL;
}

struct jb_link *jb_chains_again(const struct jb_link *link)
{
	return of_hash(link->next, link->hash);
}

size_t jb_chains_bytes(const struct jb_chains *chains)
{
	return chains->size * sizeof(*chains->buckets);
}

void jb_chains_free(struct jb_chains *chains)
{
	free(chains->buckets);
	*chains = (struct jb_chains){};
}

/* FNV-1a, its bits mixed as the low ones choose the bucket. */
uint32_t jb_hash_octets(uint32_t hash, const void *octets, size_t count)
{
	const unsigned char *octet = octets;

	hash ^= 2166136261U;
	for (size_t i = 0; i < count; i++)
		hash = (hash ^ octet[i]) * 16777619U;
	return hash ^ hash >> 15;
}

uint32_t jb_hash_text(uint32_t hash, const char *text)
{
	return jb_hash_octets(hash, text, strlen(text) + 1);
}
