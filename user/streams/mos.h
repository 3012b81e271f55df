/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An estimate of the mean opinion score of audio, by the E-model (ITU-T G.107) with its defaults
 * for all that a network doesn't change:
 *
 *	R       = 93.2 - Id - Ie,eff
 *	Id      = 0.024 d + 0.11 (d - 177.3) H(d - 177.3)               d: one way, ms
 *	Ie,eff  = Ie + (95 - Ie) Ppl / (Ppl / BurstR + Bpl)             Ppl: %, BurstR: 1
 *	MOS     = 1 + 0.035 R + 7e-6 R (R - 60) (100 - R)               1 at R <= 0, 4.5 at R >= 100
 *
 * It is the conversational quality on the narrow-band scale, on which 4.41 is the best: wide-band
 * codecs sound better than it says. It knows packets, not sound: neither echo nor noise nor FEC.
 */
#ifndef JB_STREAMS_MOS_H
#define JB_STREAMS_MOS_H

#include <jitterbug/traffic.h>

/* How a codec sounds without loss (Ie, 0 is as G.711) and how well it bears loss (Bpl, > 0). */
struct jb_mos_codec {
	double ie;
	double bpl;
};

/* One stream between two passes. */
struct jb_mos_sample {
	__u32 loss_ppm;   /* 0..1000000 */
	__u64 network_ns; /* one way; 0 where it isn't known, which flatters */
	__u64 jitter_ns;  /* J; the receiver's jitter buffer is taken to hold twice as much */
	__u64 packet_ns;  /* the mean frame interval; counted up to JB_MOS_PACKET_MAX_NS */
};

/* Opus' longest packet (RFC 7587); frames further apart are silence, not delay. */
#define JB_MOS_PACKET_MAX_NS 120000000ULL

/*
 * By the payload type, for nothing else is in clear. G.711 (0, 8) has values of the ITU's; all
 * others share an estimate, since none is known to us for Opus.
 */
struct jb_mos_codec jb_mos_codec(__u8 payload_type);

/* R, at most 93.2; not bounded below. */
double jb_mos_rating(const struct jb_mos_codec *codec, const struct jb_mos_sample *sample);

/* The MOS of a rating: 1..4.5. */
double jb_mos_of_rating(double rating);

/* Of rtp_mos_estimate, right-inclusive as Prometheus' `le`; the last bucket is +Inf. */
extern const double jb_mos_bounds[JB_MOS_BOUNDS];

__u32 jb_mos_bucket(double mos);

#endif
