/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the kernel tells: contacts of the proxies, and of what goes past them. */
#include "mesh/join_private.h"

static void count_octets(struct jb_join_pod *pod, const struct jb_mesh_contact *contact)
{
	for (int d = 0; d < JB_DIRECTION_MAX; d++) {
		__u64 octets = contact->contact->bytes[d];

		pod->told.kernel_bytes[contact->leg][d] += octets;
		pod->told.legs[contact->leg] |= octets > 0;
	}
}

static bool has_failed(const struct jb_contact *contact)
{
	return (contact->what & JB_CONTACT_FAILED) && contact->reason < JB_TCP_FAILURE_MAX;
}

static void note_rtt(struct jb_join_remote *remote, __u32 rtt_us)
{
	remote->rtt_us += rtt_us;
	remote->rtts++;
}

/*
 * The far end is the workload that pages take it for; until they have, the one that the
 * kernel's contact is with. Returns the edge if something was told of it.
 */
static struct jb_join_edge *outbound(struct jb_mesh_join *join, struct jb_join_pod *pod,
				     const struct jb_mesh_contact *told)
{
	const struct jb_contact *contact = told->contact;
	struct jb_join_remote_key key = jb_join_key_address(told->leg, &contact->remote,
							    contact->remote_port);
	struct jb_join_remote *remote = contact->rtt_min_us ? jb_join_remote_get(join, pod, &key)
							    : jb_join_remote_find(join, pod, &key);
	struct jb_join_edge *edge = remote ? remote->edge : NULL;

	if (remote && contact->rtt_min_us)
		note_rtt(remote, contact->rtt_min_us);
	if (!contact->retransmitted_since && !has_failed(contact))
		return NULL;
	if (!edge)
		edge = jb_join_edge_get(join, pod, JB_MESH_SOURCE, told->peer);
	if (!edge)
		return NULL;
	edge->told.retransmitted += contact->retransmitted_since;
	if (has_failed(contact))
		edge->told.failures[contact->reason]++;
	return edge;
}

/* Likewise. */
static struct jb_join_edge *inbound(struct jb_mesh_join *join, struct jb_join_pod *pod,
				    const struct jb_mesh_contact *told)
{
	const struct jb_contact *contact = told->contact;
	struct jb_join_remote_key key;
	struct jb_join_remote *remote = NULL;
	struct jb_join_edge *edge = NULL;

	if (!contact->rtt_min_us && !contact->retransmitted_since)
		return NULL;
	key = jb_join_key_client(join, told->leg, told->peer);
	if (contact->rtt_min_us)
		remote = jb_join_remote_get(join, pod, &key);
	if (remote)
		note_rtt(remote, contact->rtt_min_us);
	if (contact->retransmitted_since)
		edge = jb_join_edge_get(join, pod, JB_MESH_DESTINATION, told->peer);
	if (edge)
		edge->told.retransmitted += contact->retransmitted_since;
	return edge;
}

static struct jb_join_edge *of_proxy(struct jb_mesh_join *join, struct jb_join_pod *pod,
				     const struct jb_mesh_contact *contact)
{
	pod->proxy_uid = contact->contact->uid;
	count_octets(pod, contact);
	switch (contact->leg) {
	case JB_LEG_MESH_OUT:
	case JB_LEG_PLAIN_OUT:
		return outbound(join, pod, contact);
	case JB_LEG_MESH_IN:
	case JB_LEG_PLAIN_IN:
		return inbound(join, pod, contact);
	default:
		return NULL;
	}
}

/* A pod in the node's network has no proxy that it could go past: all that leaves it does. */
static bool is_bypass(const struct jb_mesh_contact *contact)
{
	if (contact->host_network)
		return !jb_tcp_leg_is_local(contact->leg);
	return contact->leg == JB_LEG_BYPASS;
}

static enum jb_mesh_bypass reason_of(const struct jb_join_pod *pod,
				     const struct jb_mesh_contact *told)
{
	const struct jb_contact *contact = told->contact;

	if (told->host_network)
		return JB_BYPASS_HOST_NETWORK;
	if (contact->role == JB_TCP_CLIENT && contact->uid == pod->proxy_uid)
		return JB_BYPASS_PROXY_UID;
	if (told->skipped || pod->redirected[contact->role])
		return JB_BYPASS_SKIPPED_PORT;
	return JB_BYPASS_NO_RULES;
}

static void of_app(struct jb_join_pod *pod, const struct jb_mesh_contact *told)
{
	const struct jb_contact *contact = told->contact;

	if (!is_bypass(told))
		return;
	for (int d = 0; d < JB_DIRECTION_MAX; d++)
		pod->told.plaintext_bytes[JB_LEG_BYPASS] += contact->bytes[d];
	if ((contact->what & JB_CONTACT_OPENED) && contact->role < JB_TCP_ROLE_MAX)
		pod->told.bypass[reason_of(pod, told)][contact->role]++;
}

static void note_redirection(struct jb_join_pod *pod, enum jb_tcp_leg leg)
{
	if (leg == JB_LEG_APP_OUT)
		pod->redirected[JB_TCP_CLIENT] = true;
	if (leg == JB_LEG_MESH_IN || leg == JB_LEG_PLAIN_IN)
		pod->redirected[JB_TCP_SERVER] = true;
}

void jb_mesh_join_contact(struct jb_mesh_join *join, const struct jb_mesh_contact *contact)
{
	struct jb_join_pod *pod = jb_join_pod_get(join, contact->namespace_, contact->pod);
	struct jb_join_edge *edge = NULL;

	if (!pod)
		return;
	pod->told.has_proxy |= !contact->host_network;
	note_redirection(pod, contact->leg);
	if (contact->role == JB_ROLE_PROXY)
		edge = of_proxy(join, pod, contact);
	else
		of_app(pod, contact);
	jb_join_count_folded(join, pod, edge);
}
