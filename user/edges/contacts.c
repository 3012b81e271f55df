/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What was noted, until both ends are named. */
#include <stdlib.h>
#include <string.h>
#include "edges/private.h"

struct contact_key {
	__u64 cgroup_id;
	__u64 peer_cgroup_id;
	union jb_ip remote;
	__u16 port;
	__u8 reporter;
	__u8 protocol;
	__u8 loopback;
	__u8 path;
	__u8 zero[2];
};
_Static_assert(sizeof(struct contact_key) == 40, "no hidden padding in what is compared");

struct jb_edge_contact {
	UT_hash_handle hh;
	struct contact_key key;
	struct jb_edge_note note; /* the first, with the counts of all */
	__u64 first_ns;
	__u64 last_ns;
};

static struct contact_key key_of(const struct jb_edge_note *note)
{
	return (struct contact_key){
		.cgroup_id = note->ends.cgroup_id,
		.peer_cgroup_id = note->ends.peer_cgroup_id,
		.remote = note->ends.remote,
		.port = note->port,
		.reporter = note->reporter,
		.protocol = note->protocol,
		.loopback = note->ends.loopback,
		.path = note->path,
	};
}

/* Seeded, for the remote addresses are the choice of who connects. */
static unsigned int hash_of(const struct contact_key *key, __u64 seed)
{
	__u64 what = (__u64)key->path << 40 | (__u64)key->port << 24 | key->reporter << 16 |
		     key->protocol << 8 | key->loopback;
	__u64 h = jb_mix(seed, key->remote.half[0]);

	h = jb_mix(h, key->remote.half[1]);
	h = jb_mix(h, key->cgroup_id);
	h = jb_mix(h, key->peer_cgroup_id);
	return (unsigned int)jb_mix(h, what);
}

/* Two that are unknown may well be two. */
static bool is_same_unit(const char *a, const char *b)
{
	return *a && !strcmp(a, b) && strcmp(a, JB_WHO_UNKNOWN) != 0;
}

static bool is_same(const struct jb_who *a, const struct jb_who *b)
{
	if (*a->pod || *b->pod)
		return !strcmp(a->pod, b->pod) && !strcmp(a->namespace_, b->namespace_);
	return is_same_unit(a->unit, b->unit);
}

static __u64 waited_ns(const struct jb_edge_contact *contact, __u64 now_ns)
{
	return now_ns > contact->first_ns ? now_ns - contact->first_ns : 0;
}

/* Whether nothing is left to do for the contact. `last`: a name that isn't there won't come. */
static bool resolve(struct jb_edges *edges, const struct jb_edge_contact *contact, __u64 now_ns,
		    bool last)
{
	const struct jb_edges_options *options = &edges->options;
	const struct jb_whois *whois = &options->whois;
	const struct jb_ends *ends = &contact->note.ends;
	__u64 waited = waited_ns(contact, now_ns);
	struct jb_who self = {}, peer = {};
	enum jb_who_answer answer = whois->self(whois->ctx, ends, &self);

	if (answer == JB_WHO_LATER && !last && waited < 2 * options->wait_ns)
		return false;
	if (answer == JB_WHO_KNOWN) {
		last |= waited >= options->wait_ns;
		answer = whois->peer(whois->ctx, ends, last, &peer);
		if (answer == JB_WHO_LATER && !last)
			return false;
	}
	if (answer == JB_WHO_LATER)
		edges->lost++;
	else if (answer == JB_WHO_KNOWN && !is_same(&self, &peer))
		jb_edges_add(edges, &contact->note, &self, &peer, contact->first_ns,
			     contact->last_ns);
	return true;
}

void jb_edges_settle(struct jb_edges *edges, __u64 now_ns)
{
	struct jb_edge_contact *contact, *next;

	HASH_ITER (hh, edges->contacts, contact, next) {
		if (!resolve(edges, contact, now_ns, false))
			continue;
		/* NOLINTNEXTLINE(clang-analyzer-*): it doesn't see that it is unlinked */
		HASH_DEL(edges->contacts, contact);
		free(contact);
		edges->waiting--;
	}
	edges->fresh = 0;
}

/*
 * Room for one more. If all have been asked for and still wait, asking again for each further note
 * would take as long as they are many.
 */
static bool make_room(struct jb_edges *edges, __u64 now_ns)
{
	__u32 max = edges->options.max_waiting;

	if (edges->waiting >= max && edges->fresh >= (max + 1) / 2)
		jb_edges_settle(edges, now_ns);
	return edges->waiting < max;
}

static void keep(struct jb_edges *edges, const struct jb_edge_contact *contact, unsigned int hash)
{
	struct jb_edge_contact *kept = malloc(sizeof(*kept));

	if (kept) {
		*kept = *contact;
		HASH_ADD_BYHASHVALUE(hh, edges->contacts, key, sizeof(kept->key), hash, kept);
	}
	if (kept && kept->hh.tbl) {
		edges->waiting++;
		edges->fresh++;
		return;
	}
	free(kept);
	edges->lost++;
}

void jb_edges_note(struct jb_edges *edges, const struct jb_edge_note *note, __u64 now_ns)
{
	struct jb_edge_contact contact = {
		.key = key_of(note), .note = *note, .first_ns = now_ns, .last_ns = now_ns};
	unsigned int hash = hash_of(&contact.key, edges->options.seed);
	struct jb_edge_contact *found;

	HASH_FIND_BYHASHVALUE(hh, edges->contacts, &contact.key, sizeof(contact.key), hash, found);
	if (found) {
		jb_edge_counts_add(&found->note.counts, &note->counts);
		if (now_ns > found->last_ns)
			found->last_ns = now_ns;
		return;
	}
	if (make_room(edges, now_ns))
		keep(edges, &contact, hash);
	else
		resolve(edges, &contact, now_ns, true);
}

void jb_edge_contacts_free(struct jb_edges *edges)
{
	struct jb_edge_contact *contact = edges->contacts, *next;

	HASH_CLEAR(hh, edges->contacts);
	for (; contact; contact = next) {
		next = contact->hh.next;
		free(contact);
	}
}
