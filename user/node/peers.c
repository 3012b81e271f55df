/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "node/peers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* An entry that could not be added has hh.tbl NULL; the default would end the process. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include "base/address.h"
#include "node/cluster.h"

/* A pod of this node that is there and has an address of its own. */
struct known_pod {
	UT_hash_handle hh;
	union jb_ip address;
	bool deleting;
	char namespace_[JB_NAMESPACE_MAX + 1];
	char pod[JB_POD_NAME_MAX + 1];
	char workload[JB_POD_NAME_MAX + 1];
};

/* A private address that nobody was found to have, after waiting for it: not waited for again. */
struct stranger {
	union jb_ip address;
	__u64 until_ns;
};

enum { STRANGERS = 512 };
#define STRANGER_NS (300 * JB_SECOND_NS)

struct jb_peers {
	struct stranger strangers[STRANGERS];
	struct jb_peers_options options;
	struct known_pod *pods; /* by address */
	__u64 now_ns;
	int error;
};

static void forget_pods(struct jb_peers *peers)
{
	struct known_pod *known = peers->pods, *next;

	HASH_CLEAR(hh, peers->pods);
	for (; known; known = next) {
		next = known->hh.next;
		free(known);
	}
}

static struct known_pod *add_address(struct jb_peers *peers, const union jb_ip *address)
{
	struct known_pod *known = calloc(1, sizeof(*known));

	if (!known)
		return NULL;
	known->address = *address;
	HASH_ADD(hh, peers->pods, address, sizeof(known->address), known);
	if (known->hh.tbl)
		return known;
	free(known);
	return NULL;
}

/* The latest that claims an address has it, of those that aren't asked to end if there is one. */
static void note_address(struct jb_peers *peers, const struct jb_pod *pod, const char *text)
{
	union jb_ip address;
	struct known_pod *known;

	if (!jb_ip_read(text, &address))
		return;
	HASH_FIND(hh, peers->pods, &address, sizeof(address), known);
	if (known && pod->deleting && !known->deleting)
		return;
	if (!known)
		known = add_address(peers, &address);
	if (!known) {
		peers->error = -ENOMEM;
		return;
	}
	known->deleting = pod->deleting;
	snprintf(known->namespace_, sizeof(known->namespace_), "%s", pod->namespace_);
	snprintf(known->pod, sizeof(known->pod), "%s", pod->name);
	snprintf(known->workload, sizeof(known->workload), "%s", pod->workload);
}

static void note_pod(void *ctx, const struct jb_pod *pod)
{
	if (pod->host_network || jb_pod_has_ended(pod))
		return;
	note_address(ctx, pod, pod->ip);
	note_address(ctx, pod, pod->ip2);
}

int jb_peers_refresh(struct jb_peers *peers, __u64 now_ns)
{
	peers->now_ns = now_ns;
	peers->error = 0;
	if (!peers->options.pods)
		return 0;
	forget_pods(peers);
	jb_pods_each(peers->options.pods, note_pod, peers);
	return peers->error;
}

static void set_pod(const char *namespace_, const char *pod, const char *workload,
		    struct jb_who *ret)
{
	snprintf(ret->namespace_, sizeof(ret->namespace_), "%s", namespace_);
	snprintf(ret->pod, sizeof(ret->pod), "%s", pod);
	snprintf(ret->workload, sizeof(ret->workload), "%s", *workload ? workload : pod);
}

static void set_workload(struct jb_who *ret, const char *workload)
{
	snprintf(ret->workload, sizeof(ret->workload), "%s", workload);
}

static void set_identity(const struct jb_peers *peers, __u64 cgroup_id,
			 const struct jb_identity *id, struct jb_who *ret)
{
	if (*id->namespace_) {
		set_pod(id->namespace_, id->pod,
			jb_registry_workload(peers->options.registry, cgroup_id), ret);
		return;
	}
	snprintf(ret->unit, sizeof(ret->unit), "%s", id->unit);
	ret->contained = jb_registry_is_contained(peers->options.registry, cgroup_id);
	set_workload(ret, *id->unit ? id->unit : id->pod); /* the latter is ~other */
}

static enum jb_who_answer find_self(void *ctx, const struct jb_ends *ends, struct jb_who *ret)
{
	const struct jb_peers *peers = ctx;
	const struct jb_identity *id;

	*ret = (struct jb_who){};
	switch (jb_registry_naming(peers->options.registry, ends->cgroup_id, &id)) {
	case JB_NAMING:
		return JB_WHO_LATER;
	case JB_NOT_ASKED:
		return JB_WHO_NOT_ASKED;
	default:
		set_identity(peers, ends->cgroup_id, id, ret);
		ret->role = jb_registry_role(peers->options.registry, ends->cgroup_id);
		return ret->role == JB_ROLE_PENDING ? JB_WHO_LATER : JB_WHO_KNOWN;
	}
}

static bool find_by_address(const struct jb_peers *peers, const struct jb_ends *ends,
			    struct jb_who *ret)
{
	struct known_pod *known;

	HASH_FIND(hh, peers->pods, &ends->remote, sizeof(ends->remote), known);
	if (!known)
		return false;
	set_pod(known->namespace_, known->pod, known->workload, ret);
	return true;
}

static struct stranger *stranger_of(struct jb_peers *peers, const union jb_ip *address)
{
	return &peers->strangers[jb_mix(address->half[0], address->half[1]) % STRANGERS];
}

/* Whether a name may still come for an address that nobody has by now. */
static bool may_come(struct jb_peers *peers, const union jb_ip *address, bool last)
{
	struct stranger *stranger = stranger_of(peers, address);

	if (last)
		*stranger = (struct stranger){*address, peers->now_ns + STRANGER_NS};
	return memcmp(&stranger->address, address, sizeof(*address)) != 0 ||
	       stranger->until_ns < peers->now_ns;
}

static enum jb_who_answer find_remote(struct jb_peers *peers, const struct jb_ends *ends, bool last,
				      struct jb_who *ret)
{
	bool private = !jb_ip_is_public(&ends->remote);

	if (find_by_address(peers, ends, ret))
		return JB_WHO_KNOWN;
	if (peers->options.cluster) {
		__u16 port = ends->remote_serves ? ends->remote_port : 0;

		if (jb_node_cluster_who(peers->options.cluster, &ends->remote, port, ret))
			return JB_WHO_KNOWN;
		if (private && may_come(peers, &ends->remote, last))
			return JB_WHO_LATER;
	}
	set_workload(ret, peers->options.pods && private ? JB_WHO_CLUSTER : JB_WHO_EXTERNAL);
	return JB_WHO_KNOWN;
}

static enum jb_who_answer find_peer(void *ctx, const struct jb_ends *ends, bool last,
				    struct jb_who *ret)
{
	struct jb_peers *peers = ctx;
	const struct jb_identity *id;

	bool here = ends->loopback;

	*ret = (struct jb_who){};
	if (ends->peer_cgroup_id) {
		switch (jb_registry_naming(peers->options.registry, ends->peer_cgroup_id, &id)) {
		case JB_NAMED:
			set_identity(peers, ends->peer_cgroup_id, id, ret);
			return JB_WHO_KNOWN;
		case JB_NAMING:
			if (!last)
				return JB_WHO_LATER;
			here = true;
			break;
		case JB_NOT_ASKED: /* as if it were on another node */
			break;
		}
	}
	if (!here)
		return find_remote(peers, ends, last, ret);
	set_workload(ret, JB_WHO_UNKNOWN);
	return JB_WHO_KNOWN;
}

struct jb_whois jb_peers_whois(struct jb_peers *peers)
{
	return (struct jb_whois){.self = find_self, .peer = find_peer, .ctx = peers};
}

int jb_peers_new(struct jb_peers **ret, const struct jb_peers_options *options)
{
	struct jb_peers *peers = calloc(1, sizeof(*peers));

	if (!peers)
		return -ENOMEM;
	peers->options = *options;
	*ret = peers;
	return 0;
}

void jb_peers_free(struct jb_peers *peers)
{
	if (!peers)
		return;
	forget_pods(peers);
	free(peers);
}
