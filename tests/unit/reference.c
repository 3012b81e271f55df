/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "reference.h"

#define SECOND 1000000000LL
#define WINDOW 256

static const int probed_rates[4] = {8000, 16000, 48000, 90000};
static const int all_rates[7] = {8000, 11025, 16000, 22050, 44100, 48000, 90000};

static void append(struct jb_reference *m, char c)
{
	if (m->count == m->capacity) {
		m->capacity = m->capacity ? 2 * m->capacity : 1024;
		m->numbers = realloc(m->numbers, m->capacity);
		assert_non_null(m->numbers);
	}
	m->numbers[m->count++] = c;
}

/* What leaves the window unseen is lost. */
static void leave(struct jb_reference *m, long long index)
{
	m->added[JB_RTP_EXPECTED]++;
	if (m->numbers[index] != ' ')
		return;
	m->numbers[index] = '-';
	m->added[JB_RTP_LOST]++;
}

static void leave_all(struct jb_reference *m)
{
	for (long long i = m->count > WINDOW ? m->count - WINDOW : 0; i < m->count; i++)
		leave(m, i);
}

static int static_rate(int payload_type)
{
	return payload_type == 0 ? 8000 : payload_type == 34 ? 90000 : 0;
}

static void measure_anew(struct jb_reference *m, long long now_ns)
{
	m->probe_ns = now_ns;
	m->probe_ticks = m->probe_frames = 0;
	m->half_rate = -1;
	memset(m->probe_jitter, 0, sizeof(m->probe_jitter));
}

static void anchor(struct jb_reference *m, const struct jb_rtp *rtp, long long now_ns)
{
	m->payload_type = rtp->payload_type;
	m->rate = static_rate(rtp->payload_type);
	m->jitter = 0;
	measure_anew(m, now_ns);
	m->frame_known = !rtp->padding_only;
	if (m->frame_known) {
		m->frame_timestamp = rtp->timestamp;
		m->frame_ns = now_ns;
	}
}

/* Begins with `arrived` numbers in a row, this one the latest. */
static void begin(struct jb_reference *m, const struct jb_rtp *rtp, int arrived, long long now_ns)
{
	m->count = 0;
	m->highest = 65536 + rtp->sequence;
	m->base = m->highest - arrived + 1;
	while (arrived--)
		append(m, 'x');
	m->held = m->old_run = 0;
	anchor(m, rtp, now_ns);
	m->added[JB_RTP_FRAMES] += !rtp->padding_only;
}

void jb_reference_start(struct jb_reference *m, const struct jb_rtp *rtp, long long now_ns)
{
	m->started_ns = m->last_ns = now_ns;
	m->gap_ns = 0;
	m->packets = 1;
	begin(m, rtp, 1, now_ns);
}

static long double distance(long double a, long double b)
{
	return a > b ? a - b : b - a;
}

static void sample(long double *jitter, long double elapsed, long long ticks, int rate)
{
	long double d = distance(elapsed, (long double)ticks / rate);

	if (d < 5)
		*jitter += (d - *jitter) / 16;
}

/* The rate that the ticks of the window fit within `share`; 0: none. */
static int fitting_rate(const struct jb_reference *m, long double span, long double share)
{
	for (int i = 0; i < 4; i++)
		if (distance((long double)m->probe_ticks / probed_rates[i], span) <= share * span)
			return probed_rates[i];
	return 0;
}

static void take_rate(struct jb_reference *m, int rate)
{
	for (int i = 0; i < 4; i++)
		if (probed_rates[i] == rate)
			m->jitter = m->rate ? 0 : m->probe_jitter[i];
	m->rate = rate;
}

/* Windows of 2 s and 20 frames; both the whole and the half have to fit. */
static void measure_clock(struct jb_reference *m, long long ticks, long double elapsed,
			  long long now_ns)
{
	long double span = (now_ns - m->probe_ns) / 1e9L;
	int rate;

	if (elapsed >= 5 || ticks >= 1 << 20 || span >= 60 || span < 0) {
		measure_anew(m, now_ns);
		return;
	}
	m->probe_ticks += ticks;
	m->probe_frames++;
	for (int i = 0; i < 4 && !m->rate; i++)
		sample(&m->probe_jitter[i], elapsed, ticks, probed_rates[i]);
	if (m->half_rate < 0 && span >= 1 && m->probe_frames >= 10)
		m->half_rate = fitting_rate(m, span, 0.1L);
	if (span < 2 || m->probe_frames < 20)
		return;
	rate = fitting_rate(m, span, 0.03L);
	if (rate && rate == m->half_rate && rate != m->rate)
		take_rate(m, rate);
	measure_anew(m, now_ns);
}

/* How far the timestamp is ahead of the latest frame's; negative: behind. */
static long long advance_of(const struct jb_reference *m, const struct jb_rtp *rtp)
{
	long long ticks = ((long long)rtp->timestamp - m->frame_timestamp) % 4294967296LL;

	if (ticks < -2147483648LL)
		ticks += 4294967296LL;
	return ticks >= 2147483648LL ? ticks - 4294967296LL : ticks;
}

static long double since_frame(const struct jb_reference *m, long long now_ns)
{
	return now_ns > m->frame_ns ? (now_ns - m->frame_ns) / 1e9L : 0;
}

static void take_time(struct jb_reference *m, const struct jb_rtp *rtp, long long now_ns)
{
	long long ticks = advance_of(m, rtp);
	long double elapsed = since_frame(m, now_ns);

	if (rtp->padding_only)
		return;
	if (m->rate && static_rate(rtp->payload_type) == m->rate)
		m->payload_type = rtp->payload_type; /* the same clock goes on */
	if (rtp->payload_type != m->payload_type || !m->frame_known) {
		anchor(m, rtp, now_ns);
		m->added[JB_RTP_FRAMES]++;
		return;
	}
	if (ticks < 0 && elapsed >= 5)
		anchor(m, rtp, now_ns);
	if (ticks <= 0)
		return;
	m->added[JB_RTP_FRAMES]++;
	if (m->rate)
		sample(&m->jitter, elapsed, ticks, m->rate);
	if (!m->rate || m->payload_type >= 35)
		measure_clock(m, ticks, elapsed, now_ns);
	m->frame_timestamp = rtp->timestamp;
	m->frame_ns = now_ns;
}

/* The timestamps moved with the time, and four times the stream's rate fills the gap. */
static int is_outage(const struct jb_reference *m, const struct jb_rtp *rtp, int ahead,
		     long long now_ns, long long last_ns)
{
	long long ticks = advance_of(m, rtp);
	long double elapsed = since_frame(m, now_ns);
	long double age = (last_ns - m->started_ns) / 1e9L;

	age = age < 1 ? 1 : age; /* a rate wants a second to be told */
	if (!m->frame_known || ticks <= 0 || ahead * age > 4 * (m->packets - 1) * elapsed)
		return 0;
	for (int i = 0; i < 7; i++)
		if ((!m->rate || m->rate == all_rates[i]) &&
		    distance((long double)ticks / all_rates[i], elapsed) <= elapsed / 5)
			return 1;
	return 0;
}

static enum jb_verdict in_order(struct jb_reference *m, const struct jb_rtp *rtp, int ahead,
				long long now_ns)
{
	m->added[JB_RTP_GAP] += ahead - 1;
	if (ahead > 1)
		m->gap_ns = now_ns;
	for (int i = 1; i <= ahead; i++) {
		append(m, i < ahead ? ' ' : 'x');
		if (m->count > WINDOW)
			leave(m, m->count - WINDOW - 1);
	}
	m->highest += ahead;
	m->held = m->old_run = 0;
	take_time(m, rtp, now_ns);
	return JB_IN_ORDER;
}

static enum jb_verdict behind_highest(struct jb_reference *m, int behind, long long now_ns)
{
	long long index = m->count - 1 - behind;

	if (index < 0)
		return JB_EARLY;
	if (m->numbers[index] == 'x') {
		m->added[JB_RTP_DUPLICATES]++;
		return JB_DUPLICATE;
	}
	m->numbers[index] = 'x';
	m->added[JB_RTP_RECOVERED]++;
	m->added[now_ns < m->gap_ns + 40000000 ? JB_RTP_REORDERED : JB_RTP_LATE]++;
	return JB_RECOVERED;
}

static enum jb_verdict far_off(struct jb_reference *m, const struct jb_rtp *rtp, int behind,
			       long long now_ns)
{
	int follows = m->held && rtp->sequence == m->held_sequence;
	int old = behind < 3000 && m->frame_known && advance_of(m, rtp) <= 0;

	m->held = 1;
	m->held_sequence = (rtp->sequence + 1) % 65536;
	if (old)
		m->old_run = follows ? m->old_run + 1 : 1;
	if (old && m->old_run < 100) {
		if (m->highest - behind < m->base)
			return JB_EARLY;
		m->added[JB_RTP_LATE]++;
		return JB_LATE;
	}
	if (!old && !follows)
		return JB_HELD_BACK;
	leave_all(m);
	begin(m, rtp, 2, now_ns);
	m->added[JB_RTP_RESTARTS]++;
	return JB_RESTARTED;
}

enum jb_verdict jb_reference_packet(struct jb_reference *m, const struct jb_rtp *rtp, int bytes,
				    long long now_ns)
{
	int ahead = (rtp->sequence - (int)(m->highest % 65536) + 65536) % 65536;
	int behind = 65536 - ahead;
	long long last_ns = m->last_ns;

	memset(m->added, 0, sizeof(m->added));
	m->added[JB_RTP_PACKETS] = 1;
	m->added[JB_RTP_BYTES] = bytes;
	m->added[JB_RTP_PADDING] = rtp->padding_only;
	m->packets++;
	if (now_ns > last_ns)
		m->last_ns = now_ns;
	if (ahead == 0) {
		m->added[JB_RTP_DUPLICATES]++;
		return JB_DUPLICATE;
	}
	if (ahead < 3000)
		return in_order(m, rtp, ahead, now_ns);
	if (behind < WINDOW)
		return behind_highest(m, behind, now_ns);
	if (is_outage(m, rtp, ahead, now_ns, last_ns))
		return in_order(m, rtp, ahead, now_ns);
	return far_off(m, rtp, behind, now_ns);
}

int jb_reference_is_open(const struct jb_reference *m, long long n)
{
	return n >= m->base && n <= m->highest && m->numbers[n - m->base] == ' ';
}

void jb_reference_free(struct jb_reference *m)
{
	free(m->numbers);
	m->numbers = NULL;
	m->capacity = 0;
}
