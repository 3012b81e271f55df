/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "streams/mos.h"

/* G.107: R without impairments, all parameters at their defaults. */
static const double best_rating = 93.2;

/*
 * Id of an echo-free connection as two straight lines, in points for each ms: Cole and
 * Rosenbluth, "Voice over IP performance monitoring", 2001, fitted to G.107.
 */
static const double delay_slope = 0.024;
static const double long_delay_slope = 0.11;
static const double long_delay_ms = 177.3;

/* G.107: what Ie,eff tends to as loss grows. */
static const double worst_impairment = 95;

/*
 * G.113, appendix I: G.711 with the loss concealment of its own appendix I, for every receiver of
 * today conceals. Without it Bpl is 4.3: 2% of loss then cost 30 points instead of 7.
 */
static const struct jb_mos_codec g711 = {.ie = 0, .bpl = 25.1};

/*
 * An estimate of ours, and no value of the ITU's: without loss as good as G.711, under loss between
 * G.711 with concealment and without, for each packet depends on those before. It errs to the bad
 * side for Opus with FEC, and to the good side, by some 10 points, for low rates such as G.729's.
 */
static const struct jb_mos_codec other = {.ie = 0, .bpl = 10};

const double jb_mos_bounds[JB_MOS_BOUNDS] = {1, 2, 2.5, 3, 3.25, 3.5, 3.75, 4, 4.25, 4.5};

struct jb_mos_codec jb_mos_codec(__u8 payload_type)
{
	return payload_type == 0 || payload_type == 8 ? g711 : other;
}

static double delay_ms(const struct jb_mos_sample *sample)
{
	__u64 packet_ns = sample->packet_ns < JB_MOS_PACKET_MAX_NS ? sample->packet_ns
								   : JB_MOS_PACKET_MAX_NS;

	return ((double)sample->network_ns + 2 * (double)sample->jitter_ns + (double)packet_ns) /
	       1e6;
}

static double delay_impairment(double ms)
{
	double impairment = delay_slope * ms;

	if (ms > long_delay_ms)
		impairment += long_delay_slope * (ms - long_delay_ms);
	return impairment;
}

double jb_mos_rating(const struct jb_mos_codec *codec, const struct jb_mos_sample *sample)
{
	double percent = sample->loss_ppm / 1e4;
	double equipment = codec->ie +
			   (worst_impairment - codec->ie) * percent / (percent + codec->bpl);

	return best_rating - delay_impairment(delay_ms(sample)) - equipment;
}

double jb_mos_of_rating(double rating)
{
	double mos;

	if (rating <= 0)
		return 1;
	if (rating >= 100)
		return 4.5;
	mos = 1 + 0.035 * rating + 7e-6 * rating * (rating - 60) * (100 - rating);
	return mos < 1 ? 1 : mos; /* the polynomial dips below 1 up to R = 6.5 */
}

__u32 jb_mos_bucket(double mos)
{
	__u32 bucket = 0;

	while (bucket < JB_MOS_BOUNDS && mos > jb_mos_bounds[bucket])
		bucket++;
	return bucket;
}
