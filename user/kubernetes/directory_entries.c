/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Pods and Services: one block each, linked under name, addresses and ports. */
#include <errno.h>
#include <string.h>

#include "kubernetes/directory_parts.h"

static struct jb_dir_port *ports_of(struct jb_dir_entry *entry, size_t n_claims)
{
	return (struct jb_dir_port *)&entry->claims[n_claims];
}

const char *jb_directory_name(const struct jb_dir_entry *entry)
{
	return (const char *)(ports_of((struct jb_dir_entry *)entry, entry->n_claims) +
			      entry->n_ports);
}

static size_t size_of(size_t n_claims, size_t n_ports, const char *name)
{
	return sizeof(struct jb_dir_entry) + n_claims * sizeof(struct jb_dir_claim) +
	       n_ports * sizeof(struct jb_dir_port) + strlen(name) + 1;
}

__u32 jb_directory_hash_port(const struct jb_dir_node *node, __u16 port)
{
	return jb_hash_octets(port, &node, sizeof(node));
}

static __u32 hash_of_names(enum jb_directory_kind kind, const char *namespace_, const char *name)
{
	return jb_hash_text(jb_hash_text(kind, namespace_), name);
}

struct jb_dir_entry *jb_directory_entry_find(const struct jb_directory *directory,
					     enum jb_directory_kind kind, const char *namespace_,
					     const char *name)
{
	struct jb_link *link = jb_chains_find(&directory->entries,
					      hash_of_names(kind, namespace_, name));

	for (; link; link = jb_chains_again(link)) {
		struct jb_dir_entry *entry = JB_DIR_OWNER(link, struct jb_dir_entry);

		if (entry->kind == kind && !strcmp(entry->namespace_->text, namespace_) &&
		    !strcmp(jb_directory_name(entry), name))
			return entry;
	}
	return NULL;
}

/* One that isn't linked, or only in part: its counts tell. */
static void entry_free(struct jb_directory *directory, struct jb_dir_entry *entry, size_t n_claims,
		       size_t n_ports)
{
	size_t size = size_of(entry->n_claims, entry->n_ports, jb_directory_name(entry));
	struct jb_dir_port *ports = ports_of(entry, entry->n_claims);

	for (size_t i = 0; i < n_claims; i++)
		jb_directory_unclaim(directory, &entry->claims[i]);
	for (size_t i = 0; i < n_ports; i++)
		jb_chains_remove(&directory->ports, &ports[i].link);
	jb_directory_text_put(directory, entry->namespace_);
	jb_directory_text_put(directory, entry->workload);
	jb_directory_node_put(directory, entry->node);
	jb_directory_give_back(directory, entry, size);
}

void jb_directory_entry_remove(struct jb_directory *directory, struct jb_dir_entry *entry)
{
	directory->counts[entry->kind == JB_DIRECTORY_POD ? JB_DIRECTORY_PODS
							  : JB_DIRECTORY_SERVICES]--;
	jb_chains_remove(&directory->entries, &entry->link);
	entry_free(directory, entry, entry->n_claims, entry->n_ports);
}

static int entry_set_node(struct jb_directory *directory, struct jb_dir_entry *entry,
			  const struct jb_directory_object *object)
{
	if (!*object->node)
		return 0;
	entry->node = jb_directory_node(directory, object->node);
	if (!entry->node)
		return -ENOMEM;
	return jb_directory_node_learn(directory, entry->node, object->hosts, object->n_hosts);
}

static int entry_set_texts(struct jb_directory *directory, struct jb_dir_entry *entry,
			   const struct jb_directory_object *object)
{
	entry->namespace_ = jb_directory_text(directory, object->namespace_);
	if (strcmp(object->workload, object->name) != 0) {
		entry->workload = jb_directory_text(directory, object->workload);
		if (!entry->workload)
			return -ENOMEM;
	}
	return entry->namespace_ ? 0 : -ENOMEM;
}

/* Links all; what was linked is unlinked if something can't be. */
static int entry_link(struct jb_directory *directory, struct jb_dir_entry *entry,
		      const struct jb_directory_object *object)
{
	struct jb_dir_port *ports = ports_of(entry, entry->n_claims);
	size_t claims = 0, n_ports = 0;
	int err = entry_set_texts(directory, entry, object);

	if (!err)
		err = entry_set_node(directory, entry, object);
	for (; !err && claims < entry->n_claims; claims += !err)
		err = jb_directory_claim(directory, &entry->claims[claims],
					 &object->addresses[claims], entry);
	for (; !err && n_ports < entry->n_ports; n_ports += !err) {
		ports[n_ports].owner = entry;
		ports[n_ports].port = object->ports[n_ports];
		err = jb_chains_add(&directory->ports, &ports[n_ports].link,
				    jb_directory_hash_port(entry->node, object->ports[n_ports]));
	}
	if (!err)
		err = jb_chains_add(&directory->entries, &entry->link,
				    hash_of_names(entry->kind, object->namespace_, object->name));
	if (err)
		entry_free(directory, entry, claims, n_ports);
	return err;
}

int jb_directory_entry_add(struct jb_directory *directory, enum jb_directory_list list,
			   const struct jb_directory_object *object)
{
	size_t n_ports = *object->node ? object->n_ports : 0;
	size_t size = size_of(object->n_addresses, n_ports, object->name);
	struct jb_dir_entry *entry;
	int err;

	if (jb_directory_bytes(directory) + size > directory->bytes_max)
		return -ENOSPC;
	entry = jb_directory_allocate(directory, size);
	if (!entry)
		return -ENOMEM;
	entry->kind = jb_directory_kind_of(list);
	entry->deleting = object->deleting;
	entry->created_s = object->created_s;
	entry->pass = directory->pass[list];
	entry->n_claims = (__u16)object->n_addresses;
	entry->n_ports = (__u16)n_ports;
	memcpy((char *)jb_directory_name(entry), object->name, strlen(object->name) + 1);
	err = entry_link(directory, entry, object);
	directory->counts[list] += !err;
	return err;
}
