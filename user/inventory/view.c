/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "inventory/view.h"

#include <stddef.h>

#define WORD(field) (offsetof(union jb_totals, field) / sizeof(__u64))
#define RTP(name)   WORD(rtp.counter[name])

bool jb_workload_is_told(const struct jb_owner_totals *owner)
{
	for (__u32 slot = 0; slot < JB_SLOT_MAX; slot++)
		if (owner->seen[slot] || owner->folded[slot])
			return true;
	return owner->n_drops || owner->drops_folded;
}

static const char *yes_or_no(const struct jb_pod *pod, bool value)
{
	if (pod->names_only)
		return "";
	return value ? "yes" : "no";
}

static void set_pod(struct jb_workload_info *info, const struct jb_pod *pod)
{
	static const struct jb_pod none = {.created_by_kind = "",
					   .workload = "",
					   .node = "",
					   .ip = "",
					   .phase = "",
					   .names_only = true};

	if (!pod)
		pod = &none;
	info->owner = pod->workload;
	info->created_by_kind = pod->created_by_kind;
	info->node = pod->node;
	info->pod_ip = pod->ip;
	info->host_network = yes_or_no(pod, pod->host_network);
	info->meshed = yes_or_no(pod, pod->meshed);
	info->phase = pod->phase;
}

static uint64_t add(uint64_t a, uint64_t b)
{
	return a == JB_RECORD_NONE || b == JB_RECORD_NONE ? JB_RECORD_NONE : a + b;
}

/* A word of so many slots; none if some of them are in ~other. */
static uint64_t sum(const struct jb_owner_totals *owner, __u32 slot, __u32 slots, size_t word)
{
	uint64_t total = 0;

	for (__u32 i = slot; i < slot + slots; i++) {
		if (owner->folded[i])
			return JB_RECORD_NONE;
		total += owner->totals[i].word[word];
	}
	return total;
}

static uint64_t sum_rtp(const struct jb_owner_totals *owner, int direction, size_t word)
{
	return sum(owner, jb_slot_rtp(direction, 0), JB_MEDIA_MAX, word);
}

static uint64_t streams(const struct jb_owner_totals *owner, int direction)
{
	uint64_t total = 0;

	if (owner->folded[jb_slot_rtp(direction, 0)])
		return JB_RECORD_NONE;
	for (int m = 0; m < JB_MEDIA_MAX; m++)
		total += owner->streams[direction][m];
	return total;
}

static uint64_t impaired(const struct jb_owner_totals *owner, int direction)
{
	return owner->folded[jb_slot_rtp(direction, 0)] ? JB_RECORD_NONE
							: owner->impaired[direction];
}

static void set_media(struct jb_workload_info *info, const struct jb_owner_totals *owner)
{
	info->streams_in = streams(owner, JB_INGRESS);
	info->streams_out = streams(owner, JB_EGRESS);
	info->streams_impaired = add(impaired(owner, JB_INGRESS), impaired(owner, JB_EGRESS));
	info->rtp_packets_in = sum_rtp(owner, JB_INGRESS, RTP(JB_RTP_PACKETS));
	info->rtp_packets_out = sum_rtp(owner, JB_EGRESS, RTP(JB_RTP_PACKETS));
	info->rtp_lost = sum_rtp(owner, JB_INGRESS, RTP(JB_RTP_LOST));
	info->udp_bytes_in = sum(owner, JB_SLOT_UDP, 1, WORD(udp.bytes[JB_INGRESS]));
	info->udp_bytes_out = sum(owner, JB_SLOT_UDP, 1, WORD(udp.bytes[JB_EGRESS]));
}

static uint64_t sum_tcp(const struct jb_workload_view *view, size_t word)
{
	return view->tcp ? sum(view->owner, JB_SLOT_TCP, JB_LEG_MAX, word) : JB_RECORD_NONE;
}

static uint64_t dropped(const struct jb_workload_view *view)
{
	uint64_t total = 0;

	if (!view->drops || view->owner->drops_folded)
		return JB_RECORD_NONE;
	for (size_t i = 0; i < view->owner->n_drops; i++)
		total += view->owner->drops[i].packets;
	return total;
}

void jb_workload_view_info(const struct jb_workload_view *view, struct jb_workload_info *ret_info)
{
	const struct jb_identity *identity = view->owner->identity;

	ret_info->namespace_ = identity->namespace_;
	ret_info->pod = identity->pod;
	ret_info->container = identity->container;
	ret_info->unit = identity->unit;
	set_pod(ret_info, view->pod);
	ret_info->cgroups = view->owner->cgroups;
	set_media(ret_info, view->owner);
	ret_info->tcp_opened = add(sum_tcp(view, WORD(tcp.opened[JB_TCP_CLIENT])),
				   sum_tcp(view, WORD(tcp.opened[JB_TCP_SERVER])));
	ret_info->tcp_retransmits = sum_tcp(view, WORD(tcp.retransmitted));
	ret_info->dropped_packets = dropped(view);
}
