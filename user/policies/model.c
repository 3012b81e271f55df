/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "policies/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policies/private.h"

int jb_policies_new(size_t bytes_max, struct jb_policies **ret)
{
	struct jb_policies *policies = calloc(1, sizeof(*policies));

	if (!policies)
		return -ENOMEM;
	policies->bytes_max = bytes_max;
	policies->lost = true;
	*ret = policies;
	return 0;
}

size_t jb_policies_bytes(const struct jb_policies *policies)
{
	return policies->bytes + policies->labels.bytes;
}

bool jb_policies_is_name(const char *name, size_t max)
{
	size_t len = strnlen(name, max + 1);

	return len && len <= max && !memchr(name, '/', len);
}

/* --- namespaces */

static struct jb_space *space_find(const struct jb_policies *policies, const char *name)
{
	struct jb_space *space;

	HASH_FIND_STR(policies->spaces, name, space);
	return space;
}

const struct jb_space *jb_policies_space(const struct jb_policies *policies, const char *name)
{
	return space_find(policies, name);
}

static size_t space_bytes(const struct jb_space *space)
{
	return sizeof(*space) + strlen(space->name) + 1 + JB_MALLOC_BYTES;
}

/* 0, -ENOMEM or -ENOSPC. */
static int space_get(struct jb_policies *policies, const char *name, struct jb_space **ret)
{
	struct jb_space *space = space_find(policies, name);
	size_t len = strlen(name);

	*ret = space;
	if (space)
		return 0;
	space = calloc(1, sizeof(*space) + len + 1);
	if (!space)
		return -ENOMEM;
	memcpy(space->name, name, len + 1);
	if (jb_policies_bytes(policies) + space_bytes(space) > policies->bytes_max) {
		free(space);
		return -ENOSPC;
	}
	HASH_ADD_STR(policies->spaces, name, space);
	if (!space->hh.tbl) {
		free(space);
		return -ENOMEM;
	}
	policies->bytes += space_bytes(space);
	*ret = space;
	return 0;
}

/* A namespace of which nothing is known any more. */
static void space_put(struct jb_policies *policies, struct jb_space *space)
{
	if (space->labels || space->policies)
		return;
	policies->bytes -= space_bytes(space);
	HASH_DEL(policies->spaces, space);
	free(space);
}

static void forget_labels(struct jb_policies *policies, struct jb_space *space)
{
	jb_labels_put(&policies->labels, space->labels);
	space->labels = NULL;
	space_put(policies, space);
}

int jb_policies_set_namespace(struct jb_policies *policies, const char *name,
			      const struct jb_label *labels, size_t n_labels)
{
	struct jb_space *space;
	int err;

	if (!jb_policies_is_name(name, JB_POLICY_NAMESPACE_MAX))
		return -EINVAL;
	jb_policies_remove_namespace(policies, name);
	err = space_get(policies, name, &space);
	if (err)
		return err;
	err = jb_labels_get(&policies->labels, labels, n_labels, &space->labels);
	if (!err && jb_policies_bytes(policies) > policies->bytes_max)
		err = -ENOSPC;
	if (err)
		forget_labels(policies, space);
	else
		space->pass = policies->pass[JB_LIST_NAMESPACES];
	return err;
}

void jb_policies_remove_namespace(struct jb_policies *policies, const char *name)
{
	struct jb_space *space = space_find(policies, name);

	if (space)
		forget_labels(policies, space);
}

/* --- policies */

static void remove_policy(struct jb_policies *policies, struct jb_space *space,
			  struct jb_policy *policy)
{
	for (int direction = 0; direction < JB_DIRECTION_MAX; direction++)
		policies->isolating[direction] -= policy->of[direction].isolates;
	policies->bytes -= policy->bytes;
	HASH_DEL(space->policies, policy);
	jb_policy_free(policy);
}

void jb_policies_remove_policy(struct jb_policies *policies, const char *namespace_,
			       const char *name)
{
	struct jb_space *space = space_find(policies, namespace_);
	struct jb_policy *policy = NULL;

	if (!space)
		return;
	HASH_FIND_STR(space->policies, name, policy);
	if (policy)
		remove_policy(policies, space, policy);
	space_put(policies, space);
}

static int add_policy(struct jb_policies *policies, struct jb_policy *policy)
{
	struct jb_space *space;
	int err = space_get(policies, policy->name.namespace_, &space);

	if (err)
		return err;
	if (jb_policies_bytes(policies) + policy->bytes > policies->bytes_max) {
		space_put(policies, space);
		return -ENOSPC;
	}
	HASH_ADD_KEYPTR(hh, space->policies, policy->name.name, strlen(policy->name.name), policy);
	if (!policy->hh.tbl) {
		space_put(policies, space);
		return -ENOMEM;
	}
	policies->bytes += policy->bytes;
	policy->pass = policies->pass[JB_LIST_POLICIES];
	for (int direction = 0; direction < JB_DIRECTION_MAX; direction++)
		policies->isolating[direction] += policy->of[direction].isolates;
	return 0;
}

int jb_policies_set_policy(struct jb_policies *policies, struct jb_policy *policy)
{
	int err;

	jb_policies_remove_policy(policies, policy->name.namespace_, policy->name.name);
	err = add_policy(policies, policy);
	if (err) {
		jb_policies_lose(policies);
		jb_policy_free(policy);
	}
	return err;
}

void jb_policies_lose(struct jb_policies *policies)
{
	policies->lost = true;
	policies->lost_in_list = true;
}

int jb_policies_set_opaque(struct jb_policies *policies, const char *namespace_, const char *name)
{
	struct jb_policy *policy;

	if (!jb_policies_is_name(namespace_, JB_POLICY_NAMESPACE_MAX) ||
	    !jb_policies_is_name(name, JB_POLICY_NAME_MAX)) {
		jb_policies_lose(policies);
		return -EINVAL;
	}
	policy = jb_policy_new(namespace_, name);
	if (!policy) {
		jb_policies_lose(policies);
		return -ENOMEM;
	}
	policy->opaque = true;
	policy->of[JB_INGRESS].isolates = true;
	policy->of[JB_EGRESS].isolates = true;
	return jb_policies_set_policy(policies, policy);
}

/* --- lists */

void jb_policies_begin(struct jb_policies *policies, enum jb_policies_list list)
{
	policies->pass[list]++;
	if (list == JB_LIST_POLICIES)
		policies->lost_in_list = false;
}

static void sweep_policies(struct jb_policies *policies, struct jb_space *space)
{
	struct jb_policy *policy, *next;

	HASH_ITER (hh, space->policies, policy, next)
		if (policy->pass != policies->pass[JB_LIST_POLICIES])
			remove_policy(policies, space, policy);
}

static void sweep_spaces(struct jb_policies *policies, enum jb_policies_list list)
{
	struct jb_space *space, *next;

	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it doesn't see that space is unlinked */
	HASH_ITER (hh, policies->spaces, space, next) {
		if (list == JB_LIST_POLICIES)
			sweep_policies(policies, space);
		if (list == JB_LIST_NAMESPACES && space->pass != policies->pass[list])
			forget_labels(policies, space);
		else
			space_put(policies, space);
	}
}

void jb_policies_end(struct jb_policies *policies, enum jb_policies_list list)
{
	if (list == JB_LIST_PODS) {
		jb_pods_sweep(policies);
		return;
	}
	sweep_spaces(policies, list);
	if (list == JB_LIST_POLICIES)
		policies->lost = policies->lost_in_list;
}

void jb_policies_free(struct jb_policies *policies)
{
	if (!policies)
		return;
	/* A list without anything in it. */
	for (int list = 0; list < JB_LIST_MAX; list++) {
		jb_policies_begin(policies, list);
		jb_policies_end(policies, list);
	}
	free(policies);
}
