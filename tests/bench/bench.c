/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a packet costs, above a program that does nothing: `make bench`, as root. Prints markdown;
 * ends with 1 if a figure is over its budget by more than a quarter, 2 if it could not measure.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include "live.h"
#include "pages.h"
#include "rates.h"
#include "report.h"
#include "subject.h"

#define MAX_STREAMS  131072
#define MANY         100000 /* streams to retire */
#define AT_ONCE      500
#define RETIREMENTS  5
#define SEGMENTS     18
#define FIRST_PORT   20000 /* each item has its own streams */
#define RTP_LEN      172
#define TRANSACTIONS 2000 /* a quarter of JB_PAIRS */

enum item {
	NOOP,
	KTIME,
	TCP,
	TCP_FRAMED,
	UDP,
	UDP_EGRESS,
	STUN_REQUEST,
	STUN_ANSWER,
	RTP,
	RTP_EGRESS,
	RTP_IPV6,
	RTP_1K,
	RTP_10K,
	RTP_QUEUED,
	DUPLICATE,
	HELD,
	NEW,
	GSO,
	ITEMS
};

static struct jb_test_packet packets[ITEMS];
static struct jb_subject subject;
static bool failed;

static void build_tcp(struct jb_test_packet *p, bool framed)
{
	const struct jb_test_rtp rtp = {.ssrc = 1, .extension = -1, .size = RTP_LEN - 12};

	jb_test_ipv4(p, IPPROTO_TCP, 0);
	jb_test_tcp(p);
	if (framed) {
		p->len = p->ip + 20 + 20;
		jb_test_payload(p, "\0\xac", 2); /* RTP_LEN */
		jb_test_rtp(p, &rtp);
	}
	jb_test_finish(p);
}

static void build_udp(struct jb_test_packet *p, __u16 port, const char *payload, size_t len)
{
	jb_test_ipv4(p, IPPROTO_UDP, 0);
	jb_test_udp(p, port, 40000);
	jb_test_payload(p, payload, len);
	jb_test_finish(p);
}

static void build_rtp(struct jb_test_packet *p, int version, __u16 port, int segments)
{
	const struct jb_test_rtp rtp = {.ssrc = 1, .extension = -1, .size = RTP_LEN - 12};

	if (version == 4)
		jb_test_ipv4(p, IPPROTO_UDP, 0);
	else
		jb_test_ipv6(p, IPPROTO_UDP);
	jb_test_udp(p, port, 5006);
	for (int i = 0; i < segments; i++)
		jb_test_rtp(p, &rtp);
	jb_test_finish(p);
}

#define DNS     "\x12\x34\x81\x80\0\1\0\0\0\0\0\0\1a\0\0\1\0\1"
#define BINDING "\0\0\x21\x12\xa4\x42transaction " /* an empty one: length, cookie, id */

static void build_packets(void)
{
	build_tcp(&packets[TCP], false);
	build_tcp(&packets[TCP_FRAMED], true);
	packets[NOOP] = packets[KTIME] = packets[TCP];
	build_udp(&packets[UDP], 53, DNS, sizeof(DNS) - 1);
	packets[UDP_EGRESS] = packets[UDP];
	build_udp(&packets[STUN_REQUEST], 3478, "\0\1" BINDING, 20);
	build_udp(&packets[STUN_ANSWER], 3478, "\1\1" BINDING, 20);
	for (int i = RTP; i < ITEMS; i++)
		build_rtp(&packets[i], i == RTP_IPV6 ? 6 : 4,
			  i == NEW ? JB_BENCH_PASSING_PORT : FIRST_PORT + i,
			  i == GSO ? SEGMENTS : 1);
}

/* The streams of NEW make room for the next ones. */
static void retire_passing(struct jb_bench *bench)
{
	struct jb_subject_retirement retirement;

	(void)bench;
	if (jb_subject_retire(&subject, &retirement) || jb_subject_clear_candidates(&subject))
		failed = true;
}

static void clear_candidates(struct jb_bench *bench)
{
	(void)bench;
	if (jb_subject_clear_candidates(&subject))
		failed = true;
}

/* Into the CPU's cache, where the other items' maps are, too: else a miss is most of the figure. */
static void fetch_transactions(void)
{
	const volatile struct jb_pair *pairs = subject.kernel->stun;

	for (int i = 0; i < JB_PAIRS; i++)
		(void)pairs[i].id;
}

#define NEXT(n) .bench = {.streams = n, .ssrc = 1, .sequence = JB_PROBATION}, .keep = true

static struct jb_bench_item items[ITEMS] = {
	[NOOP] = {"no-op", &subject.noop, .repeat = 4000},
	[KTIME] = {"bpf_ktime_get_ns()", &subject.ktime, .repeat = 4000},
	[TCP] = {"TCP", &subject.real_ingress, .repeat = 4000},
	[TCP_FRAMED] = {"TCP on an --ice-tcp-ports port, an RTP packet in each segment",
			&subject.next_ingress, .repeat = 4000},
	[UDP] = {"UDP, not media, ingress", &subject.real_ingress, .repeat = 4000},
	[UDP_EGRESS] = {"the same, egress", &subject.real_egress, .repeat = 4000},
	[STUN_REQUEST] = {"STUN request", &subject.next_egress, .repeat = TRANSACTIONS,
			  .before = fetch_transactions},
	[STUN_ANSWER] = {"STUN response", &subject.next_ingress, .repeat = TRANSACTIONS,
			 .before = fetch_transactions},
	[RTP] = {"RTP in order, new frame, ingress", &subject.next_ingress, .repeat = 4000,
		 NEXT(1)},
	[RTP_EGRESS] = {"the same, egress", &subject.next_egress, .repeat = 4000, NEXT(1)},
	[RTP_IPV6] = {"the same, IPv6", &subject.next_ingress, .repeat = 4000, NEXT(1)},
	[RTP_1K] = {"the same, 1,000 streams in turn", &subject.next_ingress, .repeat = 10000,
		    NEXT(1000)},
	[RTP_10K] = {"the same, 10,000 streams in turn", &subject.next_ingress, .repeat = 20000,
		     NEXT(10000)},
	[RTP_QUEUED] = {"RTP with its arrival in the receive queue", &subject.queued_ingress,
			.repeat = 4000, NEXT(1)},
	[DUPLICATE] = {"RTP duplicate", &subject.real_ingress, .repeat = 4000},
	[HELD] = {"RTP in probation (another SSRC each)", &subject.next_ingress,
		  .repeat = 1000, /* a quarter of what its partition holds */
		  .bench = {.run = 1, .ssrc = 1}, .keep = true, .after = clear_candidates},
	[NEW] = {"RTP, new stream every 4 packets", &subject.next_ingress, .repeat = 4000,
		 .bench = {.run = JB_PROBATION, .ssrc = 1}, .keep = true, .after = retire_passing},
	[GSO] = {"RTP, GSO of 18 segments", &subject.next_ingress, .repeat = 1000,
		 .gso_size = RTP_LEN, NEXT(1)},
};

static void prepare_items(void)
{
	for (int i = 0; i < ITEMS; i++) {
		items[i].packet = &packets[i];
		items[i].shared = i == RTP_QUEUED ? subject.queued_shared : subject.shared;
	}
}

/* Each item's streams have passed probation, so that what is measured is their later life. */
static int admit_streams(void)
{
	for (int i = RTP; i <= DUPLICATE; i++) {
		int program = i == DUPLICATE ? subject.next_ingress : *items[i].program;
		__u32 streams = i == DUPLICATE ? 1 : items[i].bench.streams;
		int err = jb_subject_admit(&subject, program, &packets[i], 1, streams);

		if (err)
			return err;
	}
	jb_test_set_sequence(&packets[DUPLICATE], JB_PROBATION - 1, 160 * (JB_PROBATION - 1));
	return jb_subject_admit(&subject, subject.next_ingress, &packets[GSO], 1, 1);
}

static double above(enum item item)
{
	return jb_bench_above(&items[item], &items[NOOP]);
}

static void report_item(enum item item, double budget)
{
	jb_bench_line(items[item].name, jb_bench_median(items[item].ns, JB_BENCH_ROUNDS),
		      above(item), budget);
}

static void report_packets(void)
{
	double ktime = above(KTIME);
	double slower = jb_bench_set_ktime(ktime);

	printf("bpf_ktime_get_ns() costs %.0f ns here, %.0f ns on the reference machine: figures "
	       "are divided by %.2f.\n",
	       ktime, JB_BENCH_KTIME_NS, slower);
	jb_bench_head("item", "median ns");
	report_item(NOOP, 0);
	report_item(KTIME, 0);
	report_item(TCP, 15);
	report_item(TCP_FRAMED, 0);
	report_item(UDP, 35);
	report_item(UDP_EGRESS, 35);
	report_item(STUN_REQUEST, 60);
	report_item(STUN_ANSWER, 60);
	report_item(RTP, 100);
	report_item(RTP_EGRESS, 100);
	for (enum item i = RTP_IPV6; i < ITEMS; i++)
		report_item(i, 0);
	jb_bench_line("of RTP, the arrival in the receive queue", 0,
		      jb_bench_above(&items[RTP_QUEUED], &items[RTP]), 10);
	jb_bench_line("RTP, each further segment of a GSO packet", 0,
		      (above(GSO) - above(RTP)) / (SEGMENTS - 1), 0);
	/* Of each four packets three are held and one admits. */
	jb_bench_line("admission of a stream", 0,
		      JB_PROBATION * above(NEW) - (JB_PROBATION - 1) * above(HELD), 1000);
}

/* So many at once that their candidates would not find room, were they not cleared away. */
static int admit_many(void)
{
	int err = 0;

	for (__u32 i = 0; i < MANY && !err; i += AT_ONCE) {
		err = jb_subject_clear_candidates(&subject);
		if (!err)
			err = jb_subject_admit(&subject, subject.next_ingress, &packets[NEW], 1 + i,
					       AT_ONCE);
	}
	return err;
}

static int report_retirement(void)
{
	double scan[RETIREMENTS], retire[RETIREMENTS];
	struct jb_subject_retirement r = {};
	char name[80];

	for (int i = 0; i < RETIREMENTS; i++) {
		int err = admit_many();

		if (!err)
			err = jb_subject_retire(&subject, &r);
		if (err)
			return err;
		if (r.retired < MANY - MANY / 100) /* a set of candidates may be full */
			return -EBADMSG;
		scan[i] = r.scan_ns;
		retire[i] = r.retire_ns;
	}
	jb_bench_head("CPU time", "us");
	snprintf(name, sizeof(name), "scan of %u streams for %u idle ones", r.streams, r.retired);
	jb_bench_line(name, 0, jb_bench_median(scan, RETIREMENTS) / 1000, 40000);
	jb_bench_line("retiring those", 0, jb_bench_median(retire, RETIREMENTS) / 1000, 0);
	return 0;
}

static int measure_packets(void)
{
	int err = admit_streams();

	if (!err)
		err = jb_bench_run(items, ITEMS);
	if (!err)
		err = jb_subject_check(&subject, FIRST_PORT + DUPLICATE);
	if (err)
		return err;
	report_packets();
	return failed ? -EIO : 0;
}

int main(void)
{
	int err;

	build_packets();
	if (!jb_subject_load(&subject, MAX_STREAMS)) {
		jb_subject_free(&subject);
		return 2;
	}
	prepare_items();
	setlinebuf(stdout);
	err = measure_packets();
	if (!err)
		err = jb_live_report(&subject);
	if (!err)
		err = jb_rates_report(&subject);
	if (!err)
		err = report_retirement();
	if (!err)
		err = jb_pages_report();
	if (!err)
		jb_subject_print_memory(&subject);
	jb_subject_free(&subject);
	if (err || failed) {
		fprintf(stderr, "bench: a run failed: %s\n", strerror(err ? -err : EIO));
		return 2;
	}
	return jb_bench_is_over();
}
