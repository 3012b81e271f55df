/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The model's pods. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policies/private.h"

enum { KEY_SIZE = JB_POLICY_NAMESPACE_MAX + 1 + JB_POLICY_NAME_MAX + 1 };

/* 0 or -EINVAL. */
static int make_key(const char *namespace_, const char *name, char ret[KEY_SIZE])
{
	if (!jb_policies_is_name(namespace_, JB_POLICY_NAMESPACE_MAX) ||
	    !jb_policies_is_name(name, JB_POLICY_NAME_MAX))
		return -EINVAL;
	snprintf(ret, KEY_SIZE, "%s/%s", namespace_, name);
	return 0;
}

/* NULL: none of that name. */
static struct jb_kept_pod *pod_find(const struct jb_policies *policies, const char *namespace_,
				    const char *name)
{
	char key[KEY_SIZE];
	struct jb_kept_pod *pod;

	if (make_key(namespace_, name, key))
		return NULL;
	HASH_FIND_STR(policies->pods, key, pod);
	return pod;
}

static void pod_free(struct jb_policies *policies, struct jb_kept_pod *pod)
{
	if (!pod)
		return;
	jb_labels_put(&policies->labels, pod->labels);
	free(pod->ports);
	free(pod);
}

static void pod_remove(struct jb_policies *policies, struct jb_kept_pod *pod)
{
	policies->bytes -= pod->bytes;
	HASH_DEL(policies->pods, pod);
	pod_free(policies, pod);
}

static int copy_ports(struct jb_kept_pod *pod, const struct jb_port_name *ports, size_t count)
{
	size_t size = sizeof(*pod->ports) + count * sizeof(*ports);

	if (!ports)
		return 0;
	if (count > JB_POLICY_PORTS_MAX)
		return -E2BIG;
	pod->ports = calloc(1, size);
	if (!pod->ports)
		return -ENOMEM;
	memcpy(pod->ports->port, ports, count * sizeof(*ports));
	pod->ports->count = (__u32)count;
	pod->bytes += size + JB_MALLOC_BYTES;
	return 0;
}

static struct jb_kept_pod *pod_new(const char *key, const char *node)
{
	size_t key_size = strlen(key) + 1, node_size = node ? strlen(node) + 1 : 0;
	struct jb_kept_pod *pod = calloc(1, sizeof(*pod) + key_size + node_size);

	if (!pod)
		return NULL;
	memcpy(pod->key, key, key_size);
	if (node) {
		memcpy(pod->key + key_size, node, node_size);
		pod->node = pod->key + key_size;
	}
	pod->bytes = sizeof(*pod) + key_size + node_size + JB_MALLOC_BYTES;
	return pod;
}

/* Adds the pod to the table, if there is room. */
static int pod_add(struct jb_policies *policies, struct jb_kept_pod *pod)
{
	if (jb_policies_bytes(policies) + pod->bytes > policies->bytes_max)
		return -ENOSPC;
	HASH_ADD_STR(policies->pods, key, pod);
	if (!pod->hh.tbl)
		return -ENOMEM;
	policies->bytes += pod->bytes;
	pod->pass = policies->pass[JB_LIST_PODS];
	return 0;
}

int jb_policies_set_pod(struct jb_policies *policies, const struct jb_policy_pod *pod)
{
	char key[KEY_SIZE];
	struct jb_kept_pod *kept;
	int err = make_key(pod->namespace_, pod->name, key);

	if (err)
		return err;
	jb_policies_remove_pod(policies, pod->namespace_, pod->name);
	if (pod->node && !jb_policies_is_name(pod->node, JB_POLICY_NAME_MAX))
		return -EINVAL;
	kept = pod_new(key, pod->node);
	if (!kept)
		return -ENOMEM;
	kept->host_network = pod->host_network;
	if (pod->labels)
		err = jb_labels_get(&policies->labels, pod->labels, pod->n_labels, &kept->labels);
	if (!err)
		err = copy_ports(kept, pod->ports, pod->n_ports);
	if (!err)
		err = pod_add(policies, kept);
	if (err)
		pod_free(policies, kept);
	return err;
}

void jb_policies_remove_pod(struct jb_policies *policies, const char *namespace_, const char *name)
{
	struct jb_kept_pod *pod = pod_find(policies, namespace_, name);

	if (pod)
		pod_remove(policies, pod);
}

void jb_policies_endpoint(const struct jb_policies *policies, const char *namespace_,
			  const char *name, struct jb_policy_endpoint *ret)
{
	const struct jb_kept_pod *pod = pod_find(policies, namespace_, name);

	*ret = (struct jb_policy_endpoint){.namespace_ = namespace_, .pod = name};
	if (!pod)
		return;
	ret->kind = pod->host_network ? JB_POLICY_NODE : JB_POLICY_POD;
	ret->node = pod->node;
	ret->labels = pod->labels;
	ret->ports = pod->ports;
}

void jb_pods_sweep(struct jb_policies *policies)
{
	struct jb_kept_pod *pod, *next;

	HASH_ITER (hh, policies->pods, pod, next)
		if (pod->pass != policies->pass[JB_LIST_PODS])
			pod_remove(policies, pod);
}
