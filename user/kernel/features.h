/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What this kernel lets us measure: told by its types (BTF) and by what it accepts, never by
 * version. */
#ifndef JB_KERNEL_FEATURES_H
#define JB_KERNEL_FEATURES_H

#include <stdbool.h>

#define JB_FEATURES(X)                                                                             \
	X(MEDIA, "media", "RTP, RTCP, STUN and UDP by cgroup_skb")                                 \
	X(TCP, "tcp", "TCP connects, ends and retransmissions by tracepoints")                     \
	X(TCP_SAMPLES, "tcp_samples", "each TCP round trip by sockops; else the smoothed one")     \
	X(CONNECTIONS, "connections", "TCP connections by the iterator over sockets")              \
	X(LISTEN_OVERFLOWS, "listen_overflows", "full accept queues by kernel functions (6.2)")    \
	X(RECEIVE_BUFFER, "receive_buffer", "full receive buffers by udp_fail_queue_rcv_skb")      \
	X(RECEIVE_QUEUE, "receive_queue", "time in receive queues by sock_recv_length (6.3)")      \
	X(DROPS, "drops", "dropped packets by kfree_skb with its reason (5.17)")                   \
	X(DROP_RECEIVER, "drop_receiver", "whose a dropped packet was to be, by kfree_skb (6.11)") \
	X(UPLINK, "uplink", "streams on the uplink by tcx (6.6) or clsact, if asked for")

enum jb_feature {
#define JB_FEATURE_ENUM(id, name, help) JB_FEATURE_##id,
	JB_FEATURES(JB_FEATURE_ENUM)
#undef JB_FEATURE_ENUM
		JB_FEATURE_MAX
};

extern const char *const jb_feature_names[JB_FEATURE_MAX];
extern const char *const jb_feature_helps[JB_FEATURE_MAX];

/* What the running kernel's types tell. */
struct jb_kernel_types {
	bool kfuncs;           /* bpf_rdonly_cast, bpf_cast_to_kern_ctx */
	bool sock_recv_length; /* tracepoints */
	bool udp_fail;
	bool retransmit_synack;
	bool drop_reason; /* an argument of kfree_skb */
	bool drop_receiver;
};

/* The reasons for which a packet may be dropped, by the kernel's own numbers. */
struct jb_drop_reasons {
	char (*name)[48]; /* lower case, without SKB_DROP_REASON_; "" for a number that is none */
	unsigned int count;
};

/* Either may be NULL. 0 or -errno; *ret_reasons is to be freed also after a failure. */
int jb_kernel_read_types(struct jb_kernel_types *ret_types, struct jb_drop_reasons *ret_reasons);
void jb_drop_reasons_free(struct jb_drop_reasons *reasons);

enum { JB_DROP_REASON_NAME = 48 };

/* "netfilter_drop"; "reason_4711" for one without a name, and "subsystem_2_17" for other
 * subsystems. */
void jb_drop_reason_name(const struct jb_drop_reasons *reasons, unsigned int reason,
			 char ret[JB_DROP_REASON_NAME]);

#endif
