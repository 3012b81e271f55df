/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "workloads/private.h"

struct jb_owner *jb_owner_new(const char *name)
{
	size_t len = strlen(name);
	struct jb_owner *owner = calloc(1, sizeof(*owner) + len + 1);

	if (!owner)
		return NULL;
	memcpy(owner->name, name, len + 1);
	owner->identity = (struct jb_identity){"", "", "", owner->name};
	return owner;
}

struct jb_owner *jb_owner_add(struct jb_registry *reg, const char *name)
{
	struct jb_owner *owner = jb_owner_new(name);

	if (!owner)
		return NULL;
	HASH_ADD_STR(reg->owners, name, owner);
	if (owner->hh.tbl)
		return owner;
	free(owner);
	return NULL;
}

struct jb_owner *jb_owner_get(struct jb_registry *reg, const char *name)
{
	struct jb_owner *owner;

	HASH_FIND_STR(reg->owners, name, owner);
	return owner ? owner : jb_owner_add(reg, name);
}

/* NAMESPACE/POD, which no unit is called: no namespace has a dot or colon, or begins with a slash.
 */
struct jb_owner *jb_owner_get_pod(struct jb_registry *reg, const struct jb_pod_name *pod)
{
	char name[sizeof(pod->namespace_) + sizeof(pod->pod)];
	struct jb_owner *owner;

	snprintf(name, sizeof(name), "%s/%s", pod->namespace_, pod->pod);
	owner = jb_owner_get(reg, name);
	if (owner && !*owner->workload)
		snprintf(owner->workload, sizeof(owner->workload), "%s", pod->workload);
	if (owner && !*owner->identity.pod) {
		snprintf(owner->namespace_, sizeof(owner->namespace_), "%s", pod->namespace_);
		owner->identity = (struct jb_identity){
			owner->namespace_, owner->name + strlen(pod->namespace_) + 1, "", ""};
	}
	return owner;
}

static struct jb_owner *find(const struct jb_registry *reg, const struct jb_identity *identity)
{
	char name[sizeof(struct jb_pod_name)];
	struct jb_owner *owner;

	if (!*identity->namespace_) {
		HASH_FIND_STR(reg->owners, *identity->unit ? identity->unit : identity->pod, owner);
		return owner;
	}
	snprintf(name, sizeof(name), "%s/%s", identity->namespace_, identity->pod);
	HASH_FIND_STR(reg->owners, name, owner);
	return owner;
}

bool jb_registry_has_owner(const struct jb_registry *reg, const struct jb_identity *identity)
{
	return find(reg, identity);
}

const char *jb_registry_owner_workload(const struct jb_registry *reg,
				       const struct jb_identity *identity)
{
	const struct jb_owner *owner = find(reg, identity);

	return owner ? owner->workload : "";
}

void jb_owner_put(struct jb_registry *reg, struct jb_owner *owner)
{
	if (--owner->workloads || owner->permanent)
		return;
	for (int slot = 0; slot < JB_SLOT_MAX; slot++)
		if (owner->fate[slot] == JB_SHOWN)
			reg->series -= reg->slot_series[slot];
	if (owner->tcp_shown)
		reg->series -= reg->slot_series[JB_PRICE_OF_TCP];
	reg->series -= owner->n_drops + (owner->others == JB_SHOWN);
	HASH_DEL(reg->owners, owner);
	free(owner);
}

__u32 jb_slot_group(__u32 slot)
{
	return slot < JB_SLOT_SIGNAL ? slot / JB_MEDIA_MAX * JB_MEDIA_MAX : slot;
}

static __u32 price_of(const struct jb_registry *reg, const struct jb_owner *owner, __u32 slot)
{
	__u32 price = reg->slot_series[slot];

	if (slot >= JB_SLOT_TCP && !owner->tcp_shown)
		price += reg->slot_series[JB_PRICE_OF_TCP];
	return price;
}

struct jb_owner *jb_owner_of_slot(struct jb_registry *reg, struct jb_owner *owner, __u32 any_slot)
{
	__u32 slot = jb_slot_group(any_slot);
	__u32 cost = price_of(reg, owner, slot);

	if (owner->fate[slot] == JB_UNDECIDED && !owner->permanent &&
	    reg->series + cost > reg->max_series) {
		owner->fate[slot] = JB_FOLDED;
		reg->folded++;
	}
	if (owner->fate[slot] == JB_UNDECIDED) {
		owner->fate[slot] = JB_SHOWN;
		owner->tcp_shown |= slot >= JB_SLOT_TCP;
		reg->series += cost;
	}
	return owner->fate[slot] == JB_SHOWN ? owner : jb_owner_of_slot(reg, reg->other, slot);
}

static struct jb_drop_sum *add_drop(struct jb_registry *reg, struct jb_owner *owner,
				    const struct jb_drop_key *key)
{
	struct jb_drop_sum *drop = &owner->drops[owner->n_drops++];

	reg->series++;
	drop->protocol = key->protocol;
	drop->reason = key->reason;
	return drop;
}

struct jb_drop_sum *jb_owner_drop(struct jb_registry *reg, struct jb_owner *owner,
				  const struct jb_drop_key *key)
{
	bool room = owner->permanent || reg->series < reg->max_series;

	for (__u32 i = 0; i < owner->n_drops; i++)
		if (owner->drops[i].protocol == key->protocol &&
		    owner->drops[i].reason == key->reason)
			return &owner->drops[i];
	if (owner->others == JB_UNDECIDED && room && owner->n_drops < JB_OWNER_DROPS)
		return add_drop(reg, owner, key);
	if (owner->others == JB_UNDECIDED) {
		owner->others = room ? JB_SHOWN : JB_FOLDED;
		reg->series += room;
		reg->folded += !room;
	}
	return owner->others == JB_SHOWN ? &owner->drops[JB_OWNER_DROPS]
					 : jb_owner_drop(reg, reg->other, key);
}
