/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
/* An entry that could not be added has hh.tbl NULL; the default would end the process. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include "kernel/sockets.h"
#include "streams/census.h"
#include "streams/quality.h"

/* What is remembered of a stream from one pass to the next. */
struct memory {
	UT_hash_handle hh;
	__u64 hash;
	struct jb_stream *last; /* if ends are asked for */
	__u64 started_ns;
	__u64 at_ns;
	__u64 packets;
	__u64 bytes;
	__u32 frames;
	__u32 pass;
	struct jb_rates rates;
	struct jb_quality quality;
};

struct jb_census {
	struct jb_kernel *kernel;
	struct jb_census_options options;
	struct memory *streams;
	__u8 *row_in_use;
	__u32 rows;
	__u64 *idle; /* hashes of streams to retire */
	__u32 n_idle, max_idle;
	__u64 now_ns;
	__u64 interval_ns; /* since the pass before */
	__u64 unix_s;
	__u32 pass;
	bool media; /* RTP comes in to somebody */
	int error;
};

static struct jb_rates rates_between(__u64 bytes, __u32 frames, __u64 ns)
{
	double seconds = (double)ns / JB_SECOND_NS;

	if (!ns)
		return (struct jb_rates){0};
	return (struct jb_rates){(double)bytes * 8 / seconds, frames / seconds};
}

static struct jb_rates rates_since_start(const struct jb_receiver *r, __u64 now_ns)
{
	return rates_between(r->bytes, r->frames,
			     now_ns > r->started_ns ? now_ns - r->started_ns : 0);
}

static void note_idle(struct jb_census *census, __u64 hash)
{
	if (census->n_idle == census->max_idle) {
		__u32 max = census->max_idle ? census->max_idle * 2 : 1024;
		__u64 *idle = realloc(census->idle, max * sizeof(*idle));

		if (!idle) {
			census->error = -ENOMEM; /* the next pass finds it again */
			return;
		}
		census->idle = idle;
		census->max_idle = max;
	}
	census->idle[census->n_idle++] = hash;
}

static struct memory *remember(struct jb_census *census, __u64 hash)
{
	struct memory *m;

	HASH_FIND(hh, census->streams, &hash, sizeof(hash), m);
	if (m)
		return m;
	m = calloc(1, sizeof(*m));
	if (!m) {
		census->error = -ENOMEM;
		return NULL;
	}
	m->hash = hash;
	HASH_ADD(hh, census->streams, hash, sizeof(m->hash), m);
	if (m->hh.tbl)
		return m;
	free(m);
	census->error = -ENOMEM;
	return NULL;
}

/* One that was retired and is back counts from 0 again. */
static bool is_another(const struct memory *m, const struct jb_receiver *r)
{
	return !m->at_ns || r->started_ns != m->started_ns || r->packets < m->packets ||
	       r->bytes < m->bytes;
}

static void tell_end(const struct jb_census *census, struct memory *m)
{
	const struct jb_stream_news news = {.stream = m->last, .ended = true};

	if (m->last)
		census->options.on_stream(census->options.ctx, &news);
	free(m->last);
	m->last = NULL;
}

static void keep(struct jb_census *census, struct memory *m, const struct jb_stream *stream)
{
	if (!m->last)
		m->last = malloc(sizeof(*m->last));
	if (m->last)
		memcpy(m->last, stream, sizeof(*m->last));
	else
		census->error = -ENOMEM; /* its end is not told */
}

static void tell(struct jb_census *census, struct memory *m, const struct jb_stream *stream)
{
	const struct jb_receiver *r = &stream->receiver;
	struct jb_stream_news news = {.stream = stream, .started = is_another(m, r)};

	if (!census->options.on_stream)
		return;
	news.packets = r->packets - (news.started ? 0 : m->packets);
	news.bytes = r->bytes - (news.started ? 0 : m->bytes);
	if (news.started)
		tell_end(census, m);
	if (news.packets)
		census->options.on_stream(census->options.ctx, &news);
	if (census->options.ends && news.packets)
		keep(census, m, stream);
}

static void update_rates(struct memory *m, const struct jb_receiver *r, __u64 now_ns)
{
	if (is_another(m, r))
		m->rates = rates_since_start(r, now_ns);
	else
		m->rates = rates_between(r->bytes - m->bytes, r->frames - m->frames,
					 now_ns - m->at_ns);
	m->at_ns = now_ns;
	m->started_ns = r->started_ns;
	m->packets = r->packets;
	m->bytes = r->bytes;
	m->frames = r->frames;
}

static void use_row(struct jb_census *census, __u32 row)
{
	if (row < census->rows)
		census->row_in_use[row] = 1;
}

static void observe_jitter(struct jb_census *census, const struct jb_stream *stream)
{
	__u64 jitter_ns = jb_receiver_jitter_ns(&stream->receiver);
	union jb_totals sample = {.rtp.jitter_ns = jitter_ns};

	if (stream->receiver.clock == JB_CLOCK_UNKNOWN ||
	    (stream->row_media != JB_MEDIA_AUDIO && stream->row_media != JB_MEDIA_VIDEO))
		return;
	sample.rtp.jitter[jb_jitter_bucket(jitter_ns)] = 1;
	jb_kernel_count(census->kernel, stream->row, &sample);
}

static void judge(struct jb_census *census, struct memory *m, const struct jb_stream *stream)
{
	const struct jb_quality_time time = {census->now_ns, census->interval_ns, census->unix_s};
	union jb_totals more = {};

	jb_quality_pass(&m->quality, &stream->receiver, stream->direction % JB_DIRECTION_MAX, &time,
			&census->options.limits, census->options.mos, &more.quality);
	jb_kernel_count(census->kernel, stream->quality_row, &more);
}

static void visit(void *ctx, __u64 hash, const struct jb_stream *stream)
{
	struct jb_census *census = ctx;
	const struct jb_receiver *r = &stream->receiver;
	struct memory *m = remember(census, hash);

	use_row(census, stream->row);
	use_row(census, stream->quality_row);
	if (census->now_ns > r->last_ns + JB_IDLE_NS)
		note_idle(census, hash);
	if (!m)
		return;
	if (stream->key.cgroup_id != JB_EDGE_CGROUP) {
		census->media |= stream->direction == JB_INGRESS;
		if (m->packets != r->packets)
			observe_jitter(census, stream);
		judge(census, m, stream);
		tell(census, m, stream);
	}
	m->pass = census->pass;
	update_rates(m, r, census->now_ns);
}

static void forget_absent(struct jb_census *census)
{
	struct memory *m, *tmp;

	HASH_ITER (hh, census->streams, m, tmp) {
		if (m->pass == census->pass)
			continue;
		tell_end(census, m);
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it doesn't see that m is unlinked */
		HASH_DEL(census->streams, m);
		free(m);
	}
}

static int pass_streams(struct jb_census *census)
{
	int err = jb_kernel_each_stream(census->kernel, visit, census);

	if (err) {
		/* Not a complete scan: nothing may be freed. */
		memset(census->row_in_use, 1, census->rows);
		return err;
	}
	forget_absent(census);
	jb_kernel_time_queues(census->kernel, census->media);
	err = jb_kernel_retire(census->kernel, census->idle, census->n_idle, JB_IDLE_NS);
	return err < 0 ? err : census->error;
}

int jb_census_pass(struct jb_census *census, __u64 now_ns, __u64 unix_s)
{
	int err, e;

	census->interval_ns = census->now_ns ? now_ns - census->now_ns : 0;
	census->now_ns = now_ns;
	census->unix_s = unix_s;
	census->pass++;
	census->n_idle = 0;
	census->error = 0;
	census->media = false;
	memset(census->row_in_use, 0, census->rows);
	err = pass_streams(census);
	e = jb_kernel_sockets_census(census->kernel, census->row_in_use);
	jb_kernel_expire_stun(census->kernel, now_ns, census->row_in_use);
	return err ? err : e;
}

__u64 jb_census_impaired_since(const struct jb_census *census, __u64 hash)
{
	struct memory *m;

	HASH_FIND(hh, census->streams, &hash, sizeof(hash), m);
	return m ? m->quality.impaired_since_s : 0;
}

const __u8 *jb_census_rows_in_use(const struct jb_census *census)
{
	return census->row_in_use;
}

struct jb_rates jb_census_rates(const struct jb_census *census, __u64 hash,
				const struct jb_receiver *receiver, __u64 now_ns)
{
	struct memory *m;

	HASH_FIND(hh, census->streams, &hash, sizeof(hash), m);
	return m ? m->rates : rates_since_start(receiver, now_ns);
}

int jb_census_new(struct jb_census **ret, struct jb_kernel *kernel,
		  const struct jb_census_options *options)
{
	struct jb_census *census = calloc(1, sizeof(*census));

	if (!census)
		return -ENOMEM;
	census->kernel = kernel;
	census->options = *options;
	census->rows = jb_kernel_rows(kernel);
	census->row_in_use = calloc(census->rows, 1);
	if (!census->row_in_use) {
		jb_census_free(census);
		return -ENOMEM;
	}
	*ret = census;
	return 0;
}

void jb_census_free(struct jb_census *census)
{
	struct memory *m, *next;

	if (!census)
		return;
	m = census->streams;
	HASH_CLEAR(hh, census->streams);
	for (; m; m = next) {
		next = m->hh.next;
		free(m->last);
		free(m);
	}
	free(census->row_in_use);
	free(census->idle);
	free(census);
}
