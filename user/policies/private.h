/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the files of the policies share. */
#ifndef JB_POLICIES_PRIVATE_H
#define JB_POLICIES_PRIVATE_H

/* An entry that could not be added has hh.tbl NULL; the default would end the process. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include <jitterbug/totals.h>
#include "policies/model.h"

/* What malloc takes beside what is asked for. */
enum { JB_MALLOC_BYTES = 16 };

/* --- labels.c */

struct jb_labels {
	UT_hash_handle hh;
	__u32 references;
	__u32 size;
	char text[]; /* key, NUL, value, NUL, and so on, ordered by key */
};

struct jb_label_table {
	struct jb_labels *sets;
	size_t bytes;
};

/* Takes a reference to the set of these. 0, -EINVAL, -E2BIG or -ENOMEM. */
int jb_labels_get(struct jb_label_table *table, const struct jb_label *labels, size_t count,
		  struct jb_labels **ret);
void jb_labels_put(struct jb_label_table *table, struct jb_labels *labels); /* NULL is fine */

/* NULL: there is no such label. */
const char *jb_labels_value(const struct jb_labels *labels, const char *key);

/* --- policy.c: a policy and all that it points to, which lives as long */

enum jb_operator { JB_IN, JB_NOT_IN, JB_EXISTS, JB_DOES_NOT_EXIST };

struct jb_requirement {
	const char *key;
	const char **values;
	__u32 n_values; /* of In and NotIn; else 0 */
	enum jb_operator operation;
};

/* All must hold; without any all is selected. */
struct jb_selector {
	struct jb_label *labels;
	struct jb_requirement *requirements;
	__u32 n_labels;
	__u32 n_requirements;
};

struct jb_cidr {
	union jb_ip address;
	__u32 bits; /* of 128; an IPv4 block is IPv4-mapped */
};

/* Either a block, or one or both selectors; NULL is absent. */
struct jb_policy_peer {
	const struct jb_selector *pods;
	const struct jb_selector *namespaces; /* absent: the policy's own namespace */
	const struct jb_cidr *block;
	struct jb_cidr *except;
	__u32 n_except;
};

struct jb_policy_port {
	const char *name; /* NULL: first to last */
	__u16 first;
	__u16 last;
	__u8 protocol;
};

struct jb_policy_rule {
	struct jb_policy_peer *peers; /* none: all */
	struct jb_policy_port *ports; /* none: all */
	__u32 n_peers;
	__u32 n_ports;
};

struct jb_policy_rules {
	bool isolates; /* else the rules don't matter */
	struct jb_policy_rule *rules;
	__u32 count;
};

struct jb_chunk;

struct jb_policy {
	UT_hash_handle hh; /* in its namespace, by name */
	struct jb_policy_name name;
	bool opaque;
	struct jb_selector pods;
	struct jb_policy_rules of[JB_DIRECTION_MAX];
	struct jb_chunk *chunks;
	size_t bytes;
	__u64 pass;
};

/* A policy may have that many octets here; an object of the API server has 1.5 MB of text. */
enum { JB_POLICY_BYTES_MAX = 1 << 20 };

struct jb_policy *jb_policy_new(const char *namespace_, const char *name); /* NULL: no memory */
void jb_policy_free(struct jb_policy *policy);                             /* NULL is fine */

/* Zeroed memory of the policy. 0, -E2BIG or -ENOMEM. */
int jb_policy_alloc(struct jb_policy *policy, size_t size, void *ret);

/* --- model.c */

/* A namespace of which the labels or policies are known. */
struct jb_space {
	UT_hash_handle hh;
	struct jb_labels *labels; /* NULL: not known */
	struct jb_policy *policies;
	__u64 pass; /* of the labels */
	char name[];
};

struct jb_kept_pod {
	UT_hash_handle hh;
	struct jb_labels *labels; /* NULL: not known; the next two as well */
	struct jb_port_names *ports;
	const char *node;
	size_t bytes;
	bool host_network;
	__u64 pass;
	char key[]; /* namespace/name, NUL, node, NUL */
};

struct jb_policies {
	struct jb_space *spaces;  /* by name */
	struct jb_kept_pod *pods; /* by key */
	struct jb_label_table labels;
	size_t bytes; /* without the labels */
	size_t bytes_max;
	__u64 pass[JB_LIST_MAX];
	__u32 isolating[JB_DIRECTION_MAX]; /* policies that isolate in a direction */
	bool lost;                         /* a policy; or none was listed yet */
	bool lost_in_list;
};

const struct jb_space *jb_policies_space(const struct jb_policies *policies, const char *name);

/* Takes the policy in any case, in the place of what had its name. 0, -ENOSPC or -ENOMEM. */
int jb_policies_set_policy(struct jb_policies *policies, struct jb_policy *policy);

/* A policy could not be kept. */
void jb_policies_lose(struct jb_policies *policies);

/* Whether that can be the name of an object. */
bool jb_policies_is_name(const char *name, size_t max);

/* --- pods.c */

/* The end of a list of pods. */
void jb_pods_sweep(struct jb_policies *policies);

/* --- match.c */

/* What can be told: in this order `and` is the lesser, `or` the greater. */
enum jb_truth { JB_NO, JB_MAYBE, JB_YES };

static inline enum jb_truth jb_and(enum jb_truth a, enum jb_truth b)
{
	return a < b ? a : b;
}

static inline enum jb_truth jb_or(enum jb_truth a, enum jb_truth b)
{
	return a > b ? a : b;
}

/* labels may be NULL: not known. */
enum jb_truth jb_selector_matches(const struct jb_selector *selector,
				  const struct jb_labels *labels);

bool jb_ip_is_known(const union jb_ip *address);
bool jb_cidr_contains(const struct jb_cidr *cidr, const union jb_ip *address);

#endif
