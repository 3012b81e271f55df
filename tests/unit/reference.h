/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A receiver that is slow and plain: one octet for every sequence number since the base, long
 * double for times. Written from the definitions (jitterbug's docs and RFC 3550), not from
 * receiver.h, from which it takes only the names of verdicts and counters.
 * It knows nothing of freezes.
 */
#ifndef JITTERBUG_TESTS_REFERENCE_H
#define JITTERBUG_TESTS_REFERENCE_H

#include <jitterbug/receiver.h>

struct jb_reference {
	char *numbers; /* of base + i: ' ' not seen, 'x' arrived in time, '-' lost */
	long long count, capacity;
	long long base, highest; /* extended */
	long long last_ns, gap_ns, started_ns, packets;
	long long added[JB_RTP_COUNTER_MAX]; /* by the latest packet */

	int held, held_sequence; /* far off: what would be its successor */
	int old_run;

	int frame_known, payload_type, rate;
	long long frame_timestamp, frame_ns;
	long double jitter; /* seconds, at `rate` */

	long long probe_ns, probe_ticks, probe_frames;
	long double probe_jitter[4];
	int half_rate; /* that the window's first half fits; 0: none, -1: not there yet */
};

/* Errors of memory end the test. The reference must be zero or have been used before. */
void jb_reference_start(struct jb_reference *reference, const struct jb_rtp *rtp, long long now_ns);

enum jb_verdict jb_reference_packet(struct jb_reference *reference, const struct jb_rtp *rtp,
				    int bytes, long long now_ns);

/* Whether extended number `n` counts as not seen, but not yet as lost. */
int jb_reference_is_open(const struct jb_reference *reference, long long n);

void jb_reference_free(struct jb_reference *reference);

#endif
