/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The periodic pass over all streams: J into the histograms, rates, who is idle, which rows are in
 * use. One pass for all, for reading the table is what costs.
 */
#ifndef JB_STREAMS_CENSUS_H
#define JB_STREAMS_CENSUS_H

#include "kernel/snapshot.h"
#include "streams/impairment.h"

#define JB_CENSUS_INTERVAL_MS 5000

struct jb_census;

struct jb_rates {
	double bitrate_bps; /* of UDP payload */
	double frame_rate;
};

/* What a pass has found of a stream since the one before. */
struct jb_stream_news {
	const struct jb_stream *stream; /* as it is, or as it last was */
	__u64 packets;
	__u64 bytes;
	bool started; /* since the pass before, or it was there before the first */
	bool ended;   /* it isn't there any more; only if ends are asked for */
};

struct jb_census_options {
	struct jb_impairment_limits limits;
	bool mos; /* --metrics full */
	/* Told of each stream that has moved, but for those on the uplink; NULL: nobody is. */
	void (*on_stream)(void *ctx, const struct jb_stream_news *news);
	void *ctx;
	bool ends; /* streams are remembered until they have ended */
};

/* Borrows the kernel. 0 or -errno. */
int jb_census_new(struct jb_census **ret, struct jb_kernel *kernel,
		  const struct jb_census_options *options);
void jb_census_free(struct jb_census *census); /* NULL is fine */

/*
 * One pass: observes J of each audio or video stream that had packets since the last one, judges
 * whether it was impaired, and retires what is idle; then the sockets' turn (kernel/sockets.h), and
 * that of STUN requests. unix_s: the time of day. 0, or -errno (what was done is done).
 */
int jb_census_pass(struct jb_census *census, __u64 now_ns, __u64 unix_s);

/* Since when the stream has been impaired, pass after pass: the time of day; 0: it is not. */
__u64 jb_census_impaired_since(const struct jb_census *census, __u64 hash);

/* An octet for each row, not 0 if a stream, socket or request referred to it in the last pass. */
const __u8 *jb_census_rows_in_use(const struct jb_census *census);

/* Rates between the last two passes; of a younger stream since it began. */
struct jb_rates jb_census_rates(const struct jb_census *census, __u64 hash,
				const struct jb_receiver *receiver, __u64 now_ns);

#endif
