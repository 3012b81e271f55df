/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "node/peers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* An entry that could not be added has hh.tbl NULL; the default would end the process. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include "node/address.h"
#include "node/cluster.h"

/* A pod of this node, by its name, and by its address while it is there and has one of its own. */
struct known_pod {
	UT_hash_handle hh;
	UT_hash_handle by_address;
	union jb_ip address;
	bool has_address;
	__u64 seen_ns;
	char workload[JB_POD_NAME_MAX + 1];
	char pod[JB_POD_NAME_MAX + 1];
	char namespace_[JB_NAMESPACE_MAX + 1];
	char name[]; /* NAMESPACE/POD */
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
	struct known_pod *pods;
	struct known_pod *addresses;
	__u64 now_ns;
	int error;
};

static bool read_address(const char *text, union jb_ip *ret)
{
	union jb_ip address = {};

	if (inet_pton(AF_INET, text, &address.word[3]) == 1)
		address.word[2] = htonl(0xffff);
	else if (inet_pton(AF_INET6, text, address.octet) != 1)
		return false;
	*ret = address;
	return true;
}

static void forget_address(struct jb_peers *peers, struct known_pod *known)
{
	if (known->has_address)
		HASH_DELETE(by_address, peers->addresses, known);
	known->has_address = false;
}

/* The latest that claims an address has it. */
static void take_address(struct jb_peers *peers, struct known_pod *known, const struct jb_pod *pod)
{
	struct known_pod *other;

	forget_address(peers, known);
	if (pod->host_network || jb_pod_has_ended(pod) || !read_address(pod->ip, &known->address))
		return;
	HASH_FIND(by_address, peers->addresses, &known->address, sizeof(known->address), other);
	if (other)
		forget_address(peers, other);
	HASH_ADD(by_address, peers->addresses, address, sizeof(known->address), known);
	known->has_address = known->by_address.tbl;
}

static struct known_pod *find_pod(const struct jb_peers *peers, const char *namespace_,
				  const char *pod)
{
	char name[JB_NAMESPACE_MAX + JB_POD_NAME_MAX + 2];
	struct known_pod *known;

	snprintf(name, sizeof(name), "%s/%s", namespace_, pod);
	HASH_FIND_STR(peers->pods, name, known);
	return known;
}

static struct known_pod *add_pod(struct jb_peers *peers, const struct jb_pod *pod)
{
	size_t size = strlen(pod->namespace_) + strlen(pod->name) + 2;
	struct known_pod *known = calloc(1, sizeof(*known) + size);

	if (!known)
		return NULL;
	snprintf(known->name, size, "%s/%s", pod->namespace_, pod->name);
	snprintf(known->namespace_, sizeof(known->namespace_), "%s", pod->namespace_);
	snprintf(known->pod, sizeof(known->pod), "%s", pod->name);
	HASH_ADD_STR(peers->pods, name, known);
	if (known->hh.tbl)
		return known;
	free(known);
	return NULL;
}

static void note_pod(void *ctx, const struct jb_pod *pod)
{
	struct jb_peers *peers = ctx;
	struct known_pod *known = find_pod(peers, pod->namespace_, pod->name);

	if (!known)
		known = add_pod(peers, pod);
	if (!known) {
		peers->error = -ENOMEM;
		return;
	}
	known->seen_ns = peers->now_ns;
	snprintf(known->workload, sizeof(known->workload), "%s",
		 *pod->workload ? pod->workload : pod->name);
	take_address(peers, known, pod);
}

static void remove_pod(struct jb_peers *peers, struct known_pod *known)
{
	forget_address(peers, known);
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it doesn't see that it is unlinked */
	HASH_DEL(peers->pods, known);
	free(known);
}

int jb_peers_refresh(struct jb_peers *peers, __u64 now_ns)
{
	struct known_pod *known, *next;

	if (!peers->options.pods)
		return 0;
	peers->now_ns = now_ns;
	peers->error = 0;
	jb_pods_each(peers->options.pods, note_pod, peers);
	HASH_ITER (hh, peers->pods, known, next) {
		if (known->seen_ns == now_ns)
			continue;
		forget_address(peers, known);
		if (now_ns - known->seen_ns > peers->options.grace_ns)
			remove_pod(peers, known);
	}
	return peers->error;
}

static void set_pod(const struct jb_peers *peers, const char *namespace_, const char *pod,
		    struct jb_who *ret)
{
	const struct known_pod *known = find_pod(peers, namespace_, pod);

	snprintf(ret->namespace_, sizeof(ret->namespace_), "%s", namespace_);
	snprintf(ret->pod, sizeof(ret->pod), "%s", pod);
	snprintf(ret->workload, sizeof(ret->workload), "%s", known ? known->workload : pod);
}

static void set_workload(struct jb_who *ret, const char *workload)
{
	snprintf(ret->workload, sizeof(ret->workload), "%s", workload);
}

static void set_identity(const struct jb_peers *peers, const struct jb_identity *id,
			 struct jb_who *ret)
{
	if (*id->namespace_) {
		set_pod(peers, id->namespace_, id->pod, ret);
		return;
	}
	snprintf(ret->unit, sizeof(ret->unit), "%s", id->unit);
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
		set_identity(peers, id, ret);
		return JB_WHO_KNOWN;
	}
}

static bool find_by_address(const struct jb_peers *peers, const struct jb_ends *ends,
			    struct jb_who *ret)
{
	struct known_pod *known;

	HASH_FIND(by_address, peers->addresses, &ends->remote, sizeof(ends->remote), known);
	if (!known)
		return false;
	set_pod(peers, known->namespace_, known->pod, ret);
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
		if (jb_node_cluster_who(peers->options.cluster, &ends->remote, ends->remote_port,
					ret))
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

	*ret = (struct jb_who){};
	if (ends->peer_cgroup_id) {
		switch (jb_registry_naming(peers->options.registry, ends->peer_cgroup_id, &id)) {
		case JB_NAMED:
			set_identity(peers, id, ret);
			return JB_WHO_KNOWN;
		case JB_NAMING:
			if (!last)
				return JB_WHO_LATER;
			break;
		default:
			break;
		}
	}
	if (ends->loopback || ends->peer_cgroup_id) {
		set_workload(ret, JB_WHO_UNKNOWN);
		return JB_WHO_KNOWN;
	}
	return find_remote(peers, ends, last, ret);
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
	struct known_pod *known, *next;

	if (!peers)
		return;
	HASH_ITER (hh, peers->pods, known, next)
		remove_pod(peers, known);
	free(peers);
}
