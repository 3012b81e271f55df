/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One entry of the stream table, its key and the hash under which it is found. */
#ifndef JITTERBUG_STREAM_H
#define JITTERBUG_STREAM_H

#include <jitterbug/receiver.h>

/* IPv4 addresses are kept IPv4-mapped (RFC 4291 2.5.5.2). */
union jb_ip {
	__u8 octet[16];
	__u32 word[4]; /* network order */
	__u64 half[2];
};

/* In place of a cgroup: the stream was seen on the uplink (--uplink), before or behind all sockets.
 */
#define JB_EDGE_CGROUP (~0ULL)

/* As the packet has them: at egress after NAT, at ingress what the socket is given. */
struct jb_stream_key {
	union jb_ip source;
	union jb_ip destination;
	__u64 cgroup_id;
	__u32 ssrc;
	__u16 source_port; /* host order, both */
	__u16 destination_port;
};

struct jb_stream {
	struct bpf_spin_lock lock;
	__u32 row; /* in the totals, for row_media */
	struct jb_receiver receiver;
	__u8 direction; /* enum jb_direction */
	__u8 row_media; /* enum jb_media */
	__u8 dead;      /* being retired: neither count nor believe it */
	__u8 zero;
	__u32 quality_row; /* in the totals: JB_SLOT_QUALITY */
	/* Last: an element that is filled anew doesn't match before all else is in place. */
	struct jb_stream_key key;
};

JB_INLINE __u64 jb_mix(__u64 h, __u64 v)
{
	h = (h ^ v) * 0x9fb21c651e98df25ULL;
	h = (h ^ h >> 32) * 0xd6e8feb86659fd93ULL;
	return h ^ h >> 32;
}

/*
 * Never 0. The seed is random at each start: nobody outside can aim at a bucket. Three chains side
 * by side, for one chain of six multiplications would be 5 ns longer.
 */
JB_INLINE __u64 jb_stream_hash(const struct jb_stream_key *key, __u8 direction, __u64 seed)
{
	__u64 ports = (__u32)key->source_port << 16 | key->destination_port;
	__u64 from = jb_mix(seed, key->source.half[0]);
	__u64 to = jb_mix(~seed, key->destination.half[0]);
	__u64 who = jb_mix(seed ^ (direction + 1), key->cgroup_id);
	__u64 h;

	from = jb_mix(from, key->source.half[1]);
	to = jb_mix(to, key->destination.half[1]);
	who = jb_mix(who, (__u64)key->ssrc << 32 | ports);
	h = jb_mix(from ^ (to << 21 | to >> 43), who);
	return h ? h : 1;
}

JB_INLINE bool jb_stream_key_equal(const struct jb_stream_key *a, const struct jb_stream_key *b)
{
	return a->ssrc == b->ssrc && a->source_port == b->source_port &&
	       a->destination_port == b->destination_port && a->cgroup_id == b->cgroup_id &&
	       a->source.half[0] == b->source.half[0] && a->source.half[1] == b->source.half[1] &&
	       a->destination.half[0] == b->destination.half[0] &&
	       a->destination.half[1] == b->destination.half[1];
}

_Static_assert(sizeof(struct jb_stream_key) == 48, "no hidden padding in what is compared");
_Static_assert(sizeof(struct jb_stream) == 256, "a stream entry is budgeted at 256 octets");
_Static_assert(__builtin_offsetof(struct jb_stream, receiver.lost) <= 128,
	       "what every packet writes is within two cache lines");

#endif
