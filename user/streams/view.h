/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From one stream's state to what it shows. */
#ifndef JB_STREAMS_VIEW_H
#define JB_STREAMS_VIEW_H

#include <jitterbug/stream.h>

#include "listing/address.h"
#include "streams/info.h"
#include "workloads/identity.h"

struct jb_stream_view {
	const struct jb_stream_key *key;
	const struct jb_receiver *receiver;
	const struct jb_identity *identity; /* may be NULL */
	enum jb_direction direction;
	double bitrate_bps; /* below 0 or NAN: not known; likewise */
	double frame_rate;
	__u64 now_ns;
	const struct jb_receiver *uplink; /* the same stream on the uplink; NULL: not seen there */
};

/* The info borrows the identity's strings. */
void jb_stream_view_info(const struct jb_stream_view *view, struct jb_stream_info *ret_info);

#endif
