/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Texts, addresses and nodes, which many entries share. */
#include "kubernetes/directory_parts.h"

#include <stdlib.h>
#include <string.h>

/* What malloc takes beside what is asked for. */
enum { MALLOC_BYTES = 16 };

void *jb_directory_allocate(struct jb_directory *directory, size_t size)
{
	void *block = calloc(1, size);

	if (block)
		directory->bytes += size + MALLOC_BYTES;
	return block;
}

void jb_directory_give_back(struct jb_directory *directory, void *block, size_t size)
{
	directory->bytes -= size + MALLOC_BYTES;
	free(block);
}

/* --- texts */

static size_t text_size(const char *text)
{
	return sizeof(struct jb_dir_text) + strlen(text) + 1;
}

struct jb_dir_text *jb_directory_text(struct jb_directory *directory, const char *value)
{
	__u32 hash = jb_hash_text(0, value);
	struct jb_link *link = jb_chains_find(&directory->texts, hash);
	struct jb_dir_text *text;

	for (; link; link = jb_chains_again(link)) {
		text = JB_DIR_OWNER(link, struct jb_dir_text);
		if (!strcmp(text->text, value)) {
			text->references++;
			return text;
		}
	}
	text = jb_directory_allocate(directory, text_size(value));
	if (!text)
		return NULL;
	memcpy(text->text, value, strlen(value) + 1);
	text->references = 1;
	if (!jb_chains_add(&directory->texts, &text->link, hash))
		return text;
	jb_directory_give_back(directory, text, text_size(value));
	return NULL;
}

void jb_directory_text_put(struct jb_directory *directory, struct jb_dir_text *text)
{
	if (!text || --text->references)
		return;
	jb_chains_remove(&directory->texts, &text->link);
	jb_directory_give_back(directory, text, text_size(text->text));
}

/* --- addresses */

__u32 jb_directory_hash_address(const union jb_ip *address)
{
	return jb_hash_octets(0, address, sizeof(*address));
}

int jb_directory_claim(struct jb_directory *directory, struct jb_dir_claim *claim,
		       const union jb_ip *address, void *owner)
{
	claim->address = *address;
	claim->owner = owner;
	return jb_chains_add(&directory->claims, &claim->link, jb_directory_hash_address(address));
}

void jb_directory_unclaim(struct jb_directory *directory, struct jb_dir_claim *claim)
{
	jb_chains_remove(&directory->claims, &claim->link);
}

/* --- nodes */

static size_t node_size(const char *name)
{
	return sizeof(struct jb_dir_node) + strlen(name) + 1;
}

static struct jb_dir_node *node_find(const struct jb_directory *directory, const char *name,
				     __u32 hash)
{
	struct jb_link *link = jb_chains_find(&directory->nodes, hash);

	for (; link; link = jb_chains_again(link)) {
		if (!strcmp(JB_DIR_OWNER(link, struct jb_dir_node)->name, name))
			return JB_DIR_OWNER(link, struct jb_dir_node);
	}
	return NULL;
}

struct jb_dir_node *jb_directory_node(struct jb_directory *directory, const char *name)
{
	__u32 hash = jb_hash_text(0, name);
	struct jb_dir_node *node = node_find(directory, name, hash);

	if (node) {
		node->references++;
		return node;
	}
	node = jb_directory_allocate(directory, node_size(name));
	if (!node)
		return NULL;
	memcpy(node->name, name, strlen(name) + 1);
	node->kind = JB_DIRECTORY_NODE;
	node->references = 1;
	if (!jb_chains_add(&directory->nodes, &node->link, hash))
		return node;
	jb_directory_give_back(directory, node, node_size(name));
	return NULL;
}

static void forget_addresses(struct jb_directory *directory, struct jb_dir_node *node)
{
	while (node->n_claims)
		jb_directory_unclaim(directory, &node->claims[--node->n_claims]);
}

void jb_directory_node_put(struct jb_directory *directory, struct jb_dir_node *node)
{
	if (!node || --node->references)
		return;
	forget_addresses(directory, node);
	jb_chains_remove(&directory->nodes, &node->link);
	jb_directory_give_back(directory, node, node_size(node->name));
}

static bool has_address(const struct jb_dir_node *node, const union jb_ip *address)
{
	for (__u8 i = 0; i < node->n_claims; i++)
		if (!memcmp(&node->claims[i].address, address, sizeof(*address)))
			return true;
	return false;
}

int jb_directory_node_learn(struct jb_directory *directory, struct jb_dir_node *node,
			    const union jb_ip *addresses, size_t count)
{
	size_t new = 0;
	int err = 0;

	for (size_t i = 0; i < count; i++)
		new += !has_address(node, &addresses[i]);
	if (node->n_claims + new > JB_DIRECTORY_HOSTS_MAX)
		forget_addresses(directory, node);
	for (size_t i = 0; !err && i < count; i++) {
		if (has_address(node, &addresses[i]))
			continue;
		err = jb_directory_claim(directory, &node->claims[node->n_claims], &addresses[i],
					 node);
		node->n_claims += !err;
	}
	return err;
}
