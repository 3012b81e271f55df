/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The families of jb_traffic_families[], and what has a shape of its own. */
#include "kernel/names.h"
#include "metrics/private.h"
#include "metrics/traffic.h"

static bool is_counted(const struct jb_traffic_family *f, const struct jb_owner_totals *owner)
{
	for (unsigned int s = 0; s < f->slots; s++)
		for (unsigned int i = 0; i < (f->n[0] ? f->n[0] : 1); i++)
			if (owner->totals[f->slot + s].word[f->word + i])
				return true;
	return false;
}

/* Whether the owner's samples of the family are on the page, as far as slots don't decide it. */
static bool is_wanted(const struct jb_writer *w, const struct jb_traffic_family *f,
		      const struct jb_owner_totals *owner)
{
	switch (f->when) {
	case JB_TRAFFIC_FULL:
		return w->page->full;
	case JB_TRAFFIC_MEDIA:
		return w->page->full || jb_writer_has_rtp(owner, JB_INGRESS);
	case JB_TRAFFIC_COUNTED:
		return is_counted(f, owner);
	default:
		return true;
	}
}

/* By the family's own labels, from values[at] on. */
static void write_counters(struct jb_writer *w, const struct jb_traffic_family *f,
			   const __u64 *word, const char **values, size_t at)
{
	unsigned int outer = f->n[0] ? f->n[0] : 1, inner = f->n[1] ? f->n[1] : 1;

	for (unsigned int i = 0; i < outer; i++)
		for (unsigned int j = 0; j < inner; j++) {
			size_t n = at;

			if (f->n[0])
				values[n++] = f->names[0][i];
			if (f->n[1])
				values[n++] = f->names[1][j];
			jb_exposition_sample_u64(&w->e, values, n, word[i * inner + j]);
		}
}

/* Where in the slot the histogram of connects begins. */
#define CONNECTS (__builtin_offsetof(struct jb_tcp_totals, connect.bucket) / sizeof(__u64))

static bool is_local(__u32 slot)
{
	return slot >= JB_SLOT_TCP && jb_tcp_leg_is_local(slot - JB_SLOT_TCP);
}

static bool any(const __u64 *word, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		if (word[i])
			return true;
	return false;
}

/*
 * A pod of the mesh may have all the legs, most have three or four: one is told once there is
 * something to tell of it. That connections were opened is told without a leg.
 */
static bool is_quiet(__u32 slot, const struct jb_tcp_totals *tcp)
{
	return slot > JB_SLOT_TCP + JB_LEG_LOOPBACK && !any(tcp->rtt.bucket, JB_RTT_BUCKETS) &&
	       !any(tcp->connect.bucket, JB_RTT_BUCKETS) && !tcp->retransmitted &&
	       !any(tcp->bytes, JB_DIRECTION_MAX);
}

/* Who only accepts over a leg has no connects there. */
static bool is_of_leg(const struct jb_traffic_family *f, __u32 slot, const union jb_totals *totals)
{
	if (slot < JB_SLOT_TCP)
		return true;
	if (is_quiet(slot, &totals->tcp))
		return false;
	return slot <= JB_SLOT_TCP + JB_LEG_LOOPBACK || f->bounds == JB_TRAFFIC_COUNTER ||
	       any(&totals->word[f->word], JB_RTT_BUCKETS);
}

static void write_histogram(struct jb_writer *w, const struct jb_traffic_family *f, __u32 slot,
			    const union jb_totals *totals, const char **values, size_t n)
{
	double unit = f->bounds == JB_TRAFFIC_MOS ? 1e6 : JB_SECOND_NS;
	double sum = (double)totals->word[f->sum] / unit;
	const uint64_t *buckets = (const uint64_t *)&totals->word[f->word];
	unsigned int n_bounds;
	const double *bounds = jb_traffic_bounds(f->bounds, &n_bounds);

	if (is_local(slot)) {
		/* How fast a node talks to itself is worth a mean, not a dozen series. */
		uint64_t count = 0;

		for (unsigned int i = 0; i <= n_bounds; i++)
			count += buckets[i];
		jb_exposition_histogram(&w->e, values, n, bounds, 0, &count, sum);
		return;
	}
	jb_exposition_histogram(&w->e, values, n, bounds, n_bounds, buckets, sum);
}

static void write_slot(struct jb_writer *w, const struct jb_traffic_family *f, __u32 slot,
		       const union jb_totals *totals, const char **values, size_t at)
{
	if (f->bounds == JB_TRAFFIC_COUNTER)
		write_counters(w, f, &totals->word[f->word], values, at);
	else
		write_histogram(w, f, slot, totals, values, at);
}

/* All slots as one. */
static void write_sum(struct jb_writer *w, const struct jb_traffic_family *f,
		      const struct jb_owner_totals *owner, const char **values)
{
	union jb_totals sum = {};
	bool seen = false;

	for (unsigned int s = 0; s < f->slots; s++) {
		if (!owner->seen[f->slot + s])
			continue;
		seen = true;
		for (size_t i = 0; i < sizeof(sum.word) / sizeof(*sum.word); i++)
			sum.word[i] += owner->totals[f->slot + s].word[i];
	}
	if (seen)
		write_slot(w, f, f->slot, &sum, values, JB_AT_FIRST);
}

static void write_owner(struct jb_writer *w, const struct jb_traffic_family *f,
			const struct jb_owner_totals *owner)
{
	const char *values[JB_LABELS_MAX];

	jb_writer_identity(owner, values);
	if (!f->slot_names) {
		write_sum(w, f, owner, values);
		return;
	}
	for (unsigned int s = 0; s < f->slots; s++) {
		__u32 slot = f->slot + s;

		values[JB_AT_FIRST] = f->slot_names[s];
		if (owner->seen[slot] && is_of_leg(f, slot, &owner->totals[slot]))
			write_slot(w, f, slot, &owner->totals[slot], values, JB_AT_FIRST + 1);
	}
}

static void write_family(struct jb_writer *w, const struct jb_traffic_family *f)
{
	if (!w->page->has[f->feature])
		return;
	jb_exposition_family(&w->e, &f->family);
	for (size_t i = 0; i < w->page->n_owners; i++)
		if (is_wanted(w, f, &w->page->owners[i]))
			write_owner(w, f, &w->page->owners[i]);
	jb_writer_end_family(w, &f->family);
}

static void write_impaired_start(struct jb_writer *w)
{
	jb_exposition_family(&w->e, &jb_family_impaired_start);
	for (size_t i = 0; i < w->page->n_owners; i++) {
		const struct jb_owner_totals *owner = &w->page->owners[i];
		const char *values[JB_LABELS_MAX];

		jb_writer_identity(owner, values);
		for (int d = 0; d < JB_DIRECTION_MAX; d++) {
			values[JB_AT_FIRST] = jb_direction_names[d];
			if (owner->impaired_since_s[d])
				jb_exposition_sample_u64(&w->e, values, JB_AT_FIRST + 1,
							 owner->impaired_since_s[d]);
		}
	}
	jb_writer_end_family(w, &jb_family_impaired_start);
}

static void write_drops(struct jb_writer *w)
{
	jb_exposition_family(&w->e, &jb_family_dropped_packets);
	for (size_t i = 0; i < w->page->n_owners; i++) {
		const struct jb_owner_totals *owner = &w->page->owners[i];
		const char *values[JB_LABELS_MAX];

		jb_writer_identity(owner, values);
		for (size_t j = 0; j < owner->n_drops; j++) {
			const struct jb_owner_drop *drop = &owner->drops[j];
			bool others = drop->reason == JB_OTHER_REASONS;
			char reason[JB_DROP_REASON_NAME];

			jb_drop_reason_name(w->page->reasons, drop->reason, reason);
			values[JB_AT_FIRST] = jb_drop_protocol_names[drop->protocol];
			values[JB_AT_FIRST + 1] = others ? "~other" : reason;
			jb_exposition_sample_u64(&w->e, values, JB_AT_FIRST + 2, drop->packets);
		}
	}
	jb_writer_end_family(w, &jb_family_dropped_packets);
}

void jb_writer_traffic(struct jb_writer *w)
{
	for (unsigned int i = 0; i < jb_traffic_families_count; i++)
		write_family(w, &jb_traffic_families[i]);
	write_impaired_start(w);
	if (w->page->has[JB_FEATURE_DROPS])
		write_drops(w);
}

static bool is_of_all_legs(const struct jb_traffic_family *f)
{
	return f->slot == JB_SLOT_TCP && !f->slot_names;
}

static unsigned int counters_of(const struct jb_traffic_family *f)
{
	return (f->n[0] ? f->n[0] : 1) * (f->n[1] ? f->n[1] : 1);
}

static unsigned int series_of(const struct jb_traffic_family *f, __u32 slot)
{
	bool accepts = slot == JB_SLOT_TCP + JB_LEG_MESH_IN ||
		       slot == JB_SLOT_TCP + JB_LEG_PLAIN_IN;
	unsigned int bounds;

	jb_traffic_bounds(f->bounds, &bounds);
	if (f->bounds == JB_TRAFFIC_COUNTER)
		return counters_of(f);
	if (accepts && f->word == CONNECTS)
		return 0;
	return is_local(slot) ? 3 : bounds + 3;
}

unsigned int jb_traffic_series(__u32 slot, bool full)
{
	/* rtp_impaired_start_timestamp_seconds goes with the slot of its direction. */
	unsigned int n = slot >= JB_SLOT_QUALITY && slot < JB_SLOT_QUALITY + JB_DIRECTION_MAX;

	for (unsigned int i = 0; i < jb_traffic_families_count; i++) {
		const struct jb_traffic_family *f = &jb_traffic_families[i];

		if (slot >= f->slot && slot < f->slot + f->slots && !is_of_all_legs(f) &&
		    (f->when != JB_TRAFFIC_FULL || full))
			n += series_of(f, slot);
	}
	return n;
}

unsigned int jb_traffic_series_of_tcp(void)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < jb_traffic_families_count; i++)
		if (is_of_all_legs(&jb_traffic_families[i]))
			n += counters_of(&jb_traffic_families[i]);
	return n;
}
