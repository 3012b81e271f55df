/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where the followers' threads put what the API server tells. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include "node/cluster_private.h"
#include "node/policy_pod.h"
#include "policies/reader.h"

static void pods_begin(struct jb_node_cluster *cluster)
{
	jb_directory_begin(cluster->directory, JB_DIRECTORY_PODS);
	if (cluster->policies)
		jb_policies_begin(cluster->policies, JB_LIST_PODS);
}

static void list_begin(void *ctx)
{
	struct jb_cluster_part *part = ctx;
	struct jb_node_cluster *cluster = part->cluster;

	pthread_mutex_lock(&cluster->lock);
	if (part->resource == JB_CLUSTER_PODS)
		pods_begin(cluster);
	else if (part->resource == JB_CLUSTER_SERVICES)
		jb_directory_begin(cluster->directory, JB_DIRECTORY_SERVICES);
	else if (part->resource == JB_CLUSTER_NAMESPACES)
		jb_policies_begin(cluster->policies, JB_LIST_NAMESPACES);
	else
		jb_policies_begin(cluster->policies, JB_LIST_POLICIES);
	pthread_mutex_unlock(&cluster->lock);
}

static void pods_end(struct jb_node_cluster *cluster)
{
	jb_directory_end(cluster->directory, JB_DIRECTORY_PODS);
	if (cluster->policies)
		jb_policies_end(cluster->policies, JB_LIST_PODS);
}

static void list_end(void *ctx)
{
	struct jb_cluster_part *part = ctx;
	struct jb_node_cluster *cluster = part->cluster;

	pthread_mutex_lock(&cluster->lock);
	if (part->resource == JB_CLUSTER_PODS)
		pods_end(cluster);
	else if (part->resource == JB_CLUSTER_SERVICES)
		jb_directory_end(cluster->directory, JB_DIRECTORY_SERVICES);
	else if (part->resource == JB_CLUSTER_NAMESPACES)
		jb_policies_end(cluster->policies, JB_LIST_NAMESPACES);
	else
		jb_policies_end(cluster->policies, JB_LIST_POLICIES);
	cluster->listed[part->resource] = true;
	pthread_mutex_unlock(&cluster->lock);
}

/* The model is told as well if the directory has refused: each for itself. */
static int put_pod(struct jb_node_cluster *cluster, const json_t *object, char *error)
{
	int err = jb_directory_put(cluster->directory, JB_DIRECTORY_PODS, object, error);
	int e = 0;

	if (cluster->policies)
		e = jb_policy_pod_put(cluster->policies, object, error);
	return err ? err : e;
}

static bool is_full(int err)
{
	return err == -ENOSPC || err == -ENOMEM;
}

static int put_object(struct jb_cluster_part *part, const json_t *object, char *error)
{
	struct jb_node_cluster *cluster = part->cluster;
	struct jb_policy_error why;
	int err;

	if (part->resource == JB_CLUSTER_PODS)
		return put_pod(cluster, object, error);
	if (part->resource == JB_CLUSTER_SERVICES)
		return jb_directory_put(cluster->directory, JB_DIRECTORY_SERVICES, object, error);
	if (part->resource == JB_CLUSTER_NAMESPACES)
		err = jb_policies_read_namespace(cluster->policies, object, &why);
	else
		err = jb_policies_read(cluster->policies, object, &why);
	if (err)
		snprintf(error, JB_PODS_LINE, "%.511s", why.text);
	return err;
}

/* The same line again is no news; nor is it which ones had no room, be they thousands. */
static void refuse(struct jb_cluster_part *part, int err, char *why)
{
	struct jb_node_cluster *cluster = part->cluster;

	cluster->refused++;
	if (is_full(err))
		snprintf(why, JB_PODS_LINE, "%s: no room for all of them",
			 jb_cluster_resources[part->resource].name);
	if (!strcmp(cluster->refused_why, why))
		return;
	snprintf(cluster->refused_why, sizeof(cluster->refused_why), "%s", why);
	eventfd_write(cluster->fd, 1);
}

static bool put(void *ctx, const json_t *object)
{
	struct jb_cluster_part *part = ctx;
	struct jb_node_cluster *cluster = part->cluster;
	char error[JB_PODS_LINE] = "";
	int err;

	pthread_mutex_lock(&cluster->lock);
	err = put_object(part, object, error);
	if (err)
		refuse(part, err, error);
	pthread_mutex_unlock(&cluster->lock);
	return !is_full(err);
}

static void remove_policy(struct jb_policies *policies, const json_t *meta)
{
	const char *namespace_ = json_string_value(json_object_get(meta, "namespace"));
	const char *name = json_string_value(json_object_get(meta, "name"));

	if (namespace_ && name)
		jb_policies_remove_policy(policies, namespace_, name);
}

static void remove_namespace(struct jb_policies *policies, const json_t *meta)
{
	const char *name = json_string_value(json_object_get(meta, "name"));

	if (name)
		jb_policies_remove_namespace(policies, name);
}

static void remove_object(void *ctx, const json_t *object)
{
	struct jb_cluster_part *part = ctx;
	struct jb_node_cluster *cluster = part->cluster;
	const json_t *meta = json_object_get(object, "metadata");

	pthread_mutex_lock(&cluster->lock);
	if (part->resource == JB_CLUSTER_PODS) {
		jb_directory_remove(cluster->directory, JB_DIRECTORY_PODS, object);
		if (cluster->policies)
			jb_policy_pod_remove(cluster->policies, object);
	} else if (part->resource == JB_CLUSTER_SERVICES) {
		jb_directory_remove(cluster->directory, JB_DIRECTORY_SERVICES, object);
	} else if (part->resource == JB_CLUSTER_NAMESPACES) {
		remove_namespace(cluster->policies, meta);
	} else {
		remove_policy(cluster->policies, meta);
	}
	pthread_mutex_unlock(&cluster->lock);
}

struct jb_object_sink jb_cluster_sink(struct jb_cluster_part *part)
{
	return (struct jb_object_sink){part, list_begin, list_end, put, remove_object};
}
