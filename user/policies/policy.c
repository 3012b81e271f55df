/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A policy's memory: it grows by chunks and is given back as a whole. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policies/private.h"

enum { CHUNK_BYTES = 1024, ALIGNMENT = _Alignof(max_align_t) };

struct jb_chunk {
	struct jb_chunk *next;
	size_t used;
	size_t size;
	_Alignas(max_align_t) char data[];
};

static struct jb_chunk *chunk_add(struct jb_policy *policy, size_t size)
{
	struct jb_chunk *chunk = calloc(1, sizeof(*chunk) + size);

	if (!chunk)
		return NULL;
	chunk->size = size;
	chunk->next = policy->chunks;
	policy->chunks = chunk;
	policy->bytes += sizeof(*chunk) + size + JB_MALLOC_BYTES;
	return chunk;
}

int jb_policy_alloc(struct jb_policy *policy, size_t size, void *ret)
{
	struct jb_chunk *chunk = policy->chunks;
	void *place;

	if (size > JB_POLICY_BYTES_MAX - ALIGNMENT)
		return -E2BIG;
	size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (!chunk || size > chunk->size - chunk->used) {
		size_t wanted = size > CHUNK_BYTES ? size : CHUNK_BYTES;

		if (policy->bytes + wanted > JB_POLICY_BYTES_MAX)
			return -E2BIG;
		chunk = chunk_add(policy, wanted);
		if (!chunk)
			return -ENOMEM;
	}
	place = chunk->data + chunk->used;
	chunk->used += size;
	memcpy(ret, &place, sizeof(place));
	return 0;
}

struct jb_policy *jb_policy_new(const char *namespace_, const char *name)
{
	size_t namespace_size = strlen(namespace_) + 1, size = strlen(name) + 1;
	struct jb_policy *policy = calloc(1, sizeof(*policy));
	char *text;

	if (!policy)
		return NULL;
	policy->bytes = sizeof(*policy) + JB_MALLOC_BYTES;
	if (jb_policy_alloc(policy, namespace_size + size, &text)) {
		free(policy);
		return NULL;
	}
	memcpy(text, namespace_, namespace_size);
	memcpy(text + namespace_size, name, size);
	policy->name = (struct jb_policy_name){text, text + namespace_size};
	return policy;
}

void jb_policy_free(struct jb_policy *policy)
{
	struct jb_chunk *chunk, *next;

	if (!policy)
		return;
	for (chunk = policy->chunks; chunk; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	free(policy);
}
