/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "kubernetes/api.h"
#include "kubernetes/pod.h"
#include "node/cluster_private.h"

/* Beyond that nothing is kept: of each some 100,000 pods. */
enum { DIRECTORY_BYTES = 32 << 20, POLICIES_BYTES = 64 << 20 };

const struct jb_watch_resource jb_cluster_resources[JB_CLUSTER_MAX] = {
	[JB_CLUSTER_PODS] = {"/api/v1/pods?fieldSelector=status.phase%21%3DFailed%2C"
			     "status.phase%21%3DSucceeded",
			     "pods", "PodList"},
	[JB_CLUSTER_SERVICES] = {"/api/v1/services", "services", "ServiceList"},
	[JB_CLUSTER_NAMESPACES] = {"/api/v1/namespaces", "namespaces", "NamespaceList"},
	[JB_CLUSTER_POLICIES] = {"/apis/networking.k8s.io/v1/networkpolicies", "networkpolicies",
				 "NetworkPolicyList"},
};

void jb_node_cluster_options_default(struct jb_node_cluster_options *ret_options)
{
	*ret_options = (struct jb_node_cluster_options){};
	jb_follow_options_default(&ret_options->api);
}

static bool is_followed(const struct jb_node_cluster *cluster, enum jb_cluster_resource resource)
{
	if (resource == JB_CLUSTER_PODS)
		return true;
	if (resource == JB_CLUSTER_SERVICES)
		return cluster->peers_cluster;
	return cluster->policies;
}

static int follow(struct jb_cluster_part *part, const struct jb_node_cluster_options *options)
{
	struct jb_follow_options api = options->api;
	char *path = NULL;
	int err;

	api.resource = jb_cluster_resources[part->resource];
	api.sink = jb_cluster_sink(part);
	api.news_fd = part->cluster->fd;
	if (part->resource == JB_CLUSTER_PODS && !options->peers_cluster) {
		path = jb_api_join(JB_PODS_OF_NODE, options->node);
		if (!path)
			return -ENOMEM;
		api.resource.path = path;
	}
	err = jb_follow_start(&part->follow, &api);
	free(path);
	return err;
}

static int start(struct jb_node_cluster *cluster, const struct jb_node_cluster_options *options)
{
	int err;

	cluster->peers_cluster = options->peers_cluster;
	cluster->node = strdup(options->node ? options->node : "");
	if (!cluster->node)
		return -ENOMEM;
	if (options->policies && !jb_name_is_subdomain(cluster->node, JB_POD_NAME_MAX))
		return -EINVAL;
	cluster->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (cluster->fd < 0)
		return -errno;
	err = jb_directory_new(&cluster->directory, DIRECTORY_BYTES);
	if (!err && options->policies)
		err = jb_policies_new(POLICIES_BYTES, &cluster->policies);
	for (int i = 0; !err && i < JB_CLUSTER_MAX; i++) {
		cluster->parts[i] = (struct jb_cluster_part){.cluster = cluster, .resource = i};
		if (is_followed(cluster, i))
			err = follow(&cluster->parts[i], options);
	}
	return err;
}

int jb_node_cluster_start(struct jb_node_cluster **ret,
			  const struct jb_node_cluster_options *options)
{
	struct jb_node_cluster *cluster;
	int err;

	*ret = NULL;
	if (!options->peers_cluster && !options->policies)
		return 0;
	cluster = calloc(1, sizeof(*cluster));
	if (!cluster)
		return -ENOMEM;
	cluster->fd = -1;
	pthread_mutex_init(&cluster->lock, NULL);
	err = start(cluster, options);
	if (err)
		jb_node_cluster_stop(cluster);
	else
		*ret = cluster;
	return err;
}

void jb_node_cluster_stop(struct jb_node_cluster *cluster)
{
	if (!cluster)
		return;
	for (int i = 0; i < JB_CLUSTER_MAX; i++)
		jb_follow_stop(cluster->parts[i].follow);
	jb_policies_free(cluster->policies);
	jb_directory_free(cluster->directory);
	if (cluster->fd >= 0)
		close(cluster->fd);
	pthread_mutex_destroy(&cluster->lock);
	free(cluster->node);
	free(cluster);
}

int jb_node_cluster_fd(const struct jb_node_cluster *cluster)
{
	return cluster->fd;
}

void jb_node_cluster_take_news(struct jb_node_cluster *cluster)
{
	eventfd_t ignored;

	eventfd_read(cluster->fd, &ignored);
}

void jb_node_cluster_status(struct jb_node_cluster *cluster, struct jb_node_cluster_status *ret)
{
	*ret = (struct jb_node_cluster_status){};
	for (int i = 0; i < JB_CLUSTER_MAX; i++)
		if (cluster->parts[i].follow)
			jb_follow_status(cluster->parts[i].follow,
					 &ret->followed[ret->n_followed++]);
	pthread_mutex_lock(&cluster->lock);
	ret->directory = jb_directory_counts(cluster->directory);
	if (cluster->policies)
		ret->policies_bytes = jb_policies_bytes(cluster->policies);
	ret->refused = cluster->refused;
	memcpy(ret->refused_why, cluster->refused_why, sizeof(ret->refused_why));
	pthread_mutex_unlock(&cluster->lock);
}

bool jb_node_cluster_who(struct jb_node_cluster *cluster, const union jb_ip *address, __u16 port,
			 struct jb_who *ret)
{
	struct jb_directory_entry entry;
	bool found;

	pthread_mutex_lock(&cluster->lock);
	found = jb_directory_find(cluster->directory, address, port, &entry);
	if (found) {
		*ret = (struct jb_who){};
		snprintf(ret->namespace_, sizeof(ret->namespace_), "%s", entry.namespace_);
		snprintf(ret->pod, sizeof(ret->pod), "%s", entry.pod);
		snprintf(ret->workload, sizeof(ret->workload), "%s",
			 entry.kind == JB_DIRECTORY_NODE ? JB_WHO_CLUSTER : entry.workload);
	}
	pthread_mutex_unlock(&cluster->lock);
	return found;
}
