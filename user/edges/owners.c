/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Owners and their peers, as many as there is room for. */
#include <stdlib.h>
#include <string.h>
#include "edges/private.h"

enum { JB_DETAILS = 4 }; /* rows of the listing for each place in the metrics */

/* Appends text and its NUL. Returns where it ends. */
static char *put(char *at, const char *text)
{
	return stpcpy(at, text) + 1;
}

/* A key with room for any, then the entry's own. */
struct key {
	char text[sizeof(struct jb_who)];
	size_t length;
};

static struct key owner_key(const struct jb_who *who)
{
	const char *unit = *who->unit ? who->unit : JB_WHO_UNKNOWN;
	struct key key;
	char *at = put(key.text, *who->pod ? who->namespace_ : "");

	at = put(at, who->pod);
	at = put(at, *who->pod ? "" : unit);
	key.length = at - key.text;
	return key;
}

static struct jb_edge_owner *owner_new(const struct key *key)
{
	struct jb_edge_owner *owner = calloc(1, sizeof(*owner) + key->length);
	const char *pod, *unit;

	if (!owner)
		return NULL;
	memcpy(owner->key, key->text, key->length);
	pod = owner->key + strlen(owner->key) + 1;
	unit = pod + strlen(pod) + 1;
	owner->identity = (struct jb_identity){owner->key, pod, "", unit};
	return owner;
}

static struct jb_edge_owner *other_owner(struct jb_edges *edges)
{
	static const struct jb_who who = {.pod = JB_EDGES_OTHER};
	struct key key = owner_key(&who);

	if (!edges->other)
		edges->other = owner_new(&key);
	return edges->other;
}

struct jb_edge_owner *jb_edge_owner_find(const struct jb_edges *edges,
					 const struct jb_identity *identity)
{
	struct jb_edge_owner *owner;
	struct key key;
	char *at = put(key.text, identity->namespace_);

	at = put(at, identity->pod);
	at = put(at, identity->unit);
	key.length = at - key.text;
	HASH_FIND(hh, edges->owners, key.text, key.length, owner);
	return owner;
}

struct jb_edge_owner *jb_edge_owner_get(struct jb_edges *edges, const struct jb_who *who)
{
	struct key key = owner_key(who);
	struct jb_edge_owner *owner;

	HASH_FIND(hh, edges->owners, key.text, key.length, owner);
	if (owner)
		return owner;
	if (HASH_COUNT(edges->owners) >= edges->options.max_owners)
		return other_owner(edges);
	owner = owner_new(&key);
	if (!owner)
		return NULL;
	HASH_ADD_KEYPTR(hh, edges->owners, owner->key, key.length, owner);
	if (owner->hh.tbl)
		return owner;
	free(owner);
	return NULL;
}

static void row_free(struct jb_edge_row *row)
{
	free(row->peer_pod);
	free(row->policies);
	free(row);
}

static __u32 rows_free(struct jb_edge_row *row)
{
	struct jb_edge_row *next;
	__u32 n = 0;

	for (; row; row = next, n++) {
		next = row->next;
		row_free(row);
	}
	return n;
}

void jb_edge_owner_free(struct jb_edges *edges, struct jb_edge_owner *owner)
{
	struct jb_edge_peer *peer, *next;

	if (!owner)
		return;
	peer = owner->peers;
	HASH_CLEAR(hh, owner->peers);
	for (; peer; peer = next) {
		__u32 rows = rows_free(peer->rows);

		next = peer->hh.next;
		if (!jb_edge_peer_is_other(peer)) {
			edges->peers--;
			edges->rows -= rows;
		}
		free(peer);
	}
	free(owner);
}

bool jb_edge_owner_has_room(const struct jb_edges *edges, const struct jb_edge_owner *owner)
{
	return edges->rows < edges->options.max_edges &&
	       owner->rows < JB_DETAILS * edges->options.destinations;
}

static struct key peer_key(enum jb_reporter reporter, const char *namespace_, const char *workload)
{
	struct key key;
	char *at = key.text;

	*at++ = (char)reporter;
	at = put(at, namespace_);
	at = put(at, *workload ? workload : JB_WHO_UNKNOWN);
	key.length = at - key.text;
	return key;
}

static struct jb_edge_peer *peer_find(const struct jb_edge_owner *owner, const struct key *key)
{
	struct jb_edge_peer *peer;

	HASH_FIND(hh, owner->peers, key->text, key->length, peer);
	return peer;
}

static struct jb_edge_peer *peer_add(struct jb_edge_owner *owner, const struct key *key)
{
	struct jb_edge_peer *peer = calloc(1, sizeof(*peer) + key->length);

	if (!peer)
		return NULL;
	memcpy(peer->key, key->text, key->length);
	peer->namespace_ = peer->key + 1;
	peer->workload = peer->namespace_ + strlen(peer->namespace_) + 1;
	HASH_ADD_KEYPTR(hh, owner->peers, peer->key, key->length, peer);
	if (peer->hh.tbl)
		return peer;
	free(peer);
	return NULL;
}

struct jb_edge_peer *jb_edge_peer_other(struct jb_edge_owner *owner, enum jb_reporter reporter)
{
	struct key key = peer_key(reporter, "", JB_EDGES_OTHER);
	struct jb_edge_peer *peer = peer_find(owner, &key);

	return peer ? peer : peer_add(owner, &key);
}

static bool is_other(const char *namespace_, const char *workload)
{
	return !*namespace_ && !strcmp(workload, JB_EDGES_OTHER);
}

bool jb_edge_peer_is_other(const struct jb_edge_peer *peer)
{
	return is_other(peer->namespace_, peer->workload);
}

struct jb_edge_peer *jb_edge_peer_get(struct jb_edges *edges, struct jb_edge_owner *owner,
				      enum jb_reporter reporter, const struct jb_who *who)
{
	struct key key = peer_key(reporter, who->namespace_, who->workload);
	__u32 *places = &owner->places[reporter == JB_REPORTER_UNKNOWN];
	bool shown = *places < edges->options.destinations;
	struct jb_edge_peer *peer = peer_find(owner, &key);

	if (peer)
		return peer;
	if (is_other(who->namespace_, who->workload) || edges->peers >= edges->options.max_edges ||
	    (!shown && !jb_edge_owner_has_room(edges, owner)))
		return jb_edge_peer_other(owner, reporter);
	peer = peer_add(owner, &key);
	if (!peer)
		return NULL;
	edges->peers++;
	*places += shown;
	peer->shown = shown;
	return peer;
}
