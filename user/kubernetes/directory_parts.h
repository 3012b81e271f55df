/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the files of the directory share: what is kept, and how it hangs together. */
#ifndef JB_KUBERNETES_DIRECTORY_PARTS_H
#define JB_KUBERNETES_DIRECTORY_PARTS_H

#include "kubernetes/chains.h"
#include "kubernetes/directory.h"
#include "kubernetes/directory_reader.h"

/* A text that many have. */
struct jb_dir_text {
	struct jb_link link;
	__u32 references;
	char text[];
};

/* That somebody has an address. */
struct jb_dir_claim {
	struct jb_link link;
	union jb_ip address;
	void *owner; /* a struct jb_dir_entry, or of the kind below a struct jb_dir_node */
};

struct jb_dir_node {
	__u8 kind; /* JB_DIRECTORY_NODE */
	__u8 n_claims;
	__u32 references; /* of its pods */
	struct jb_link link;
	struct jb_dir_claim claims[JB_DIRECTORY_HOSTS_MAX];
	char name[];
};

/* That a pod has a port at its node's addresses. */
struct jb_dir_port {
	struct jb_link link;
	struct jb_dir_entry *owner;
	__u16 port;
};

/* A pod or a Service. Its ports and its name stand behind its claims. */
struct jb_dir_entry {
	__u8 kind;
	bool deleting;
	__u16 n_claims;
	__u16 n_ports;
	__u32 created_s;
	__u32 pass;
	struct jb_link link;
	struct jb_dir_text *namespace_;
	struct jb_dir_text *workload; /* NULL: its name */
	struct jb_dir_node *node;     /* NULL: none */
	struct jb_dir_claim claims[];
};

struct jb_directory {
	struct jb_chains entries; /* by kind, namespace and name */
	struct jb_chains texts;
	struct jb_chains nodes;  /* by name */
	struct jb_chains claims; /* by address */
	struct jb_chains ports;  /* by node and port */
	size_t bytes, bytes_max; /* without the buckets */
	size_t counts[JB_DIRECTORY_LIST_MAX];
	__u32 pass[JB_DIRECTORY_LIST_MAX];
};

#define JB_DIR_OWNER(link, type) ((type *)((char *)(link)-offsetof(type, link)))

size_t jb_directory_bytes(const struct jb_directory *directory);

/* --- directory_parts.c */

/* Zeroed, and counted; NULL without memory. */
void *jb_directory_allocate(struct jb_directory *directory, size_t size);
void jb_directory_give_back(struct jb_directory *directory, void *block, size_t size);

/* Takes a reference; NULL without memory. */
struct jb_dir_text *jb_directory_text(struct jb_directory *directory, const char *value);
void jb_directory_text_put(struct jb_directory *directory, struct jb_dir_text *text); /* or NULL */

int jb_directory_claim(struct jb_directory *directory, struct jb_dir_claim *claim,
		       const union jb_ip *address, void *owner);
void jb_directory_unclaim(struct jb_directory *directory, struct jb_dir_claim *claim);
__u32 jb_directory_hash_address(const union jb_ip *address);

/* Takes a reference; NULL without memory. */
struct jb_dir_node *jb_directory_node(struct jb_directory *directory, const char *name);
void jb_directory_node_put(struct jb_directory *directory, struct jb_dir_node *node); /* or NULL */

/* Up to JB_DIRECTORY_HOSTS_MAX; if they don't fit in, they replace all others. 0 or -ENOMEM. */
int jb_directory_node_learn(struct jb_directory *directory, struct jb_dir_node *node,
			    const union jb_ip *addresses, size_t count);

/* --- directory_entries.c */

const char *jb_directory_name(const struct jb_dir_entry *entry);
__u32 jb_directory_hash_port(const struct jb_dir_node *node, __u16 port);

/* 0, -ENOSPC or -ENOMEM. */
int jb_directory_entry_add(struct jb_directory *directory, enum jb_directory_list list,
			   const struct jb_directory_object *object);
struct jb_dir_entry *jb_directory_entry_find(const struct jb_directory *directory,
					     enum jb_directory_kind kind, const char *namespace_,
					     const char *name);
void jb_directory_entry_remove(struct jb_directory *directory, struct jb_dir_entry *entry);

static inline enum jb_directory_kind jb_directory_kind_of(enum jb_directory_list list)
{
	return list == JB_DIRECTORY_PODS ? JB_DIRECTORY_POD : JB_DIRECTORY_SERVICE;
}

#endif
