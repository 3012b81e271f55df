/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>

#include "kubernetes/directory_parts.h"

/* Who claims an address. */
struct claimants {
	const struct jb_dir_entry *pod;
	const struct jb_dir_entry *service;
	const struct jb_dir_node *node;
	size_t n_services, n_nodes;
};

static bool outdoes(const struct jb_dir_entry *a, const struct jb_dir_entry *b)
{
	if (!b || a->deleting != b->deleting)
		return !b || b->deleting;
	return a->created_s > b->created_s;
}

static void note_claim(struct claimants *claimants, const struct jb_dir_claim *claim)
{
	const struct jb_dir_entry *entry = claim->owner;

	switch (*(const __u8 *)claim->owner) {
	case JB_DIRECTORY_POD:
		if (outdoes(entry, claimants->pod))
			claimants->pod = entry;
		break;
	case JB_DIRECTORY_SERVICE:
		claimants->service = entry;
		claimants->n_services++;
		break;
	default:
		claimants->node = claim->owner;
		claimants->n_nodes++;
	}
}

static struct claimants claimants_of(const struct jb_directory *directory,
				     const union jb_ip *address)
{
	struct jb_link *link = jb_chains_find(&directory->claims,
					      jb_directory_hash_address(address));
	struct claimants claimants = {};

	for (; link; link = jb_chains_again(link)) {
		const struct jb_dir_claim *claim = JB_DIR_OWNER(link, struct jb_dir_claim);

		if (!memcmp(&claim->address, address, sizeof(*address)))
			note_claim(&claimants, claim);
	}
	return claimants;
}

/* The only pod that has a port at a node, of several the only one that stays; NULL: none. */
static const struct jb_dir_entry *find_by_port(const struct jb_directory *directory,
					       const struct jb_dir_node *node, __u16 port)
{
	struct jb_link *link = jb_chains_find(&directory->ports,
					      jb_directory_hash_port(node, port));
	const struct jb_dir_entry *found = NULL;
	bool several = false;

	for (; link; link = jb_chains_again(link)) {
		const struct jb_dir_port *claim = JB_DIR_OWNER(link, struct jb_dir_port);

		if (claim->port != port || claim->owner->node != node)
			continue;
		if (!found || found->deleting != claim->owner->deleting) {
			if (found && !found->deleting)
				continue;
			found = claim->owner;
			several = false;
		} else {
			several = true;
		}
	}
	return several ? NULL : found;
}

static void tell(const struct jb_dir_entry *entry, struct jb_directory_entry *ret)
{
	bool is_pod = entry->kind == JB_DIRECTORY_POD;

	*ret = (struct jb_directory_entry){
		.kind = entry->kind,
		.namespace_ = entry->namespace_->text,
		.pod = is_pod ? jb_directory_name(entry) : "",
		.workload = entry->workload ? entry->workload->text : jb_directory_name(entry),
		.node = entry->node ? entry->node->name : "",
	};
}

static void tell_node(const struct claimants *claimants, struct jb_directory_entry *ret)
{
	*ret = (struct jb_directory_entry){
		.kind = JB_DIRECTORY_NODE,
		.namespace_ = "",
		.pod = "",
		.workload = "",
		.node = claimants->n_nodes == 1 ? claimants->node->name : "",
	};
}

bool jb_directory_find(const struct jb_directory *directory, const union jb_ip *address, __u16 port,
		       struct jb_directory_entry *ret)
{
	struct claimants claimants = claimants_of(directory, address);
	const struct jb_dir_entry *entry = claimants.pod;

	if (!entry && claimants.n_nodes == 1 && port)
		entry = find_by_port(directory, claimants.node, port);
	if (entry) {
		tell(entry, ret);
		ret->by_port = !claimants.pod;
		return true;
	}
	if (claimants.n_nodes) {
		tell_node(&claimants, ret);
		return true;
	}
	if (claimants.n_services != 1)
		return false;
	tell(claimants.service, ret);
	return true;
}
