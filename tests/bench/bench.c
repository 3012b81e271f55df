/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a packet costs, above a program that does nothing: `make bench`, as root. Prints markdown;
 * ends with 1 if a figure is over its budget by more than a quarter, 2 if it could not measure.
 *
 * Budgets are for a machine where bpf_ktime_get_ns() costs 18 ns. On a slower one figures are
 * divided by how much slower this call is there.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include "subject.h"

#define KTIME_NS    18.0
#define TOLERANCE   1.25
#define MAX_STREAMS 131072
#define MANY        100000 /* streams to retire */
#define AT_ONCE     500
#define RETIREMENTS 5
#define SEGMENTS    18
#define FIRST_PORT  20000 /* each item has its own streams */
#define RTP_LEN     172

enum item {
	NOOP,
	KTIME,
	TCP,
	DNS,
	RTP,
	RTP_EGRESS,
	RTP_IPV6,
	RTP_1K,
	RTP_10K,
	DUPLICATE,
	HELD,
	NEW,
	GSO,
	ITEMS
};

static struct jb_test_packet packets[ITEMS];
static struct jb_subject subject;
static double slower; /* than the reference */
static bool over_budget, failed;

static void report(const char *name, double median, double above, double budget)
{
	double normalised = above / slower;
	const char *verdict = "";

	if (budget > 0)
		verdict = normalised <= budget               ? "within"
			  : normalised <= budget * TOLERANCE ? "within the tolerance"
							     : "OVER";
	if (budget > 0 && normalised > budget * TOLERANCE)
		over_budget = true;
	printf("| %s | ", name);
	if (median > 0)
		printf("%.0f", median);
	printf(" | %.0f | %.0f | ", above, normalised);
	if (budget > 0)
		printf("%.0f | %s |\n", budget, verdict);
	else
		printf("| |\n");
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

static void build_packets(void)
{
	jb_test_ipv4(&packets[TCP], IPPROTO_TCP, 0);
	jb_test_tcp(&packets[TCP]);
	jb_test_finish(&packets[TCP]);
	packets[NOOP] = packets[KTIME] = packets[TCP];
	jb_test_ipv4(&packets[DNS], IPPROTO_UDP, 0);
	jb_test_udp(&packets[DNS], 40000, 53);
	jb_test_payload(&packets[DNS], "\x12\x34\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1", 19);
	jb_test_finish(&packets[DNS]);
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

#define NEXT(n) .bench = {.streams = n, .ssrc = 1, .sequence = JB_PROBATION}, .keep = true

static struct jb_bench_item items[ITEMS] = {
	[NOOP] = {.name = "no-op", .repeat = 4000},
	[KTIME] = {.name = "bpf_ktime_get_ns()", .repeat = 4000},
	[TCP] = {.name = "TCP", .repeat = 4000},
	[DNS] = {.name = "UDP, not RTP", .repeat = 4000},
	[RTP] = {.name = "RTP in order, new frame, ingress", .repeat = 4000, NEXT(1)},
	[RTP_EGRESS] = {.name = "the same, egress", .repeat = 4000, NEXT(1)},
	[RTP_IPV6] = {.name = "the same, IPv6", .repeat = 4000, NEXT(1)},
	[RTP_1K] = {.name = "the same, 1,000 streams in turn", .repeat = 10000, NEXT(1000)},
	[RTP_10K] = {.name = "the same, 10,000 streams in turn", .repeat = 20000, NEXT(10000)},
	[DUPLICATE] = {.name = "RTP duplicate", .repeat = 4000},
	[HELD] = {.name = "RTP in probation (another SSRC each)",
		  .repeat = 1000, /* a quarter of what its partition holds */
		  .bench = {.run = 1, .ssrc = 1},
		  .keep = true,
		  .after = clear_candidates},
	[NEW] = {.name = "RTP, new stream every 4 packets",
		 .repeat = 4000,
		 .bench = {.run = JB_PROBATION, .ssrc = 1},
		 .keep = true,
		 .after = retire_passing},
	[GSO] = {.name = "RTP, GSO of 18 segments", .repeat = 1000, .gso_size = RTP_LEN, NEXT(1)},
};

static void prepare_items(void)
{
	for (int i = 0; i < ITEMS; i++) {
		items[i].packet = &packets[i];
		items[i].program = i == NOOP                    ? subject.noop
				   : i == KTIME                 ? subject.ktime
				   : i == RTP_EGRESS            ? subject.next_egress
				   : i >= RTP && i != DUPLICATE ? subject.next_ingress
								: subject.real_ingress;
	}
}

/* Each item's streams have passed probation, so that what is measured is their later life. */
static int admit_streams(void)
{
	for (int i = RTP; i <= DUPLICATE; i++) {
		__u32 streams = i == DUPLICATE ? 1 : items[i].bench.streams;
		int err = jb_subject_admit(
			&subject, i == RTP_EGRESS ? subject.next_egress : subject.next_ingress,
			&packets[i], 1, streams);

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
	report(items[item].name, jb_bench_median(items[item].ns, JB_BENCH_ROUNDS), above(item),
	       budget);
}

static void report_packets(void)
{
	double ktime = above(KTIME);

	slower = ktime > KTIME_NS ? ktime / KTIME_NS : 1;
	printf("bpf_ktime_get_ns() costs %.0f ns here, %.0f ns on the reference machine: figures "
	       "are divided by %.2f.\n\n",
	       ktime, KTIME_NS, slower);
	printf("| item | median ns | above no-op | normalised | budget | verdict |\n");
	printf("|---|---:|---:|---:|---:|---|\n");
	report_item(NOOP, 0);
	report_item(KTIME, 0);
	report_item(TCP, 15);
	report_item(DNS, 20);
	report_item(RTP, 100);
	report_item(RTP_EGRESS, 100);
	for (enum item i = RTP_IPV6; i < ITEMS; i++)
		report_item(i, 0);
	report("RTP, each further segment of a GSO packet", 0,
	       (above(GSO) - above(RTP)) / (SEGMENTS - 1), 0);
	/* Of each four packets three are held and one admits. */
	report("admission of a stream", 0,
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
	printf("\n| CPU time | | us | normalised | budget | verdict |\n");
	printf("|---|---:|---:|---:|---:|---|\n");
	snprintf(name, sizeof(name), "scan of %u streams for %u idle ones", r.streams, r.retired);
	report(name, 0, jb_bench_median(scan, RETIREMENTS) / 1000, 40000);
	report("retiring those", 0, jb_bench_median(retire, RETIREMENTS) / 1000, 0);
	return 0;
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
	err = admit_streams();
	if (!err)
		err = jb_bench_run(items, ITEMS, subject.shared);
	if (!err)
		err = jb_subject_check(&subject, FIRST_PORT + DUPLICATE);
	if (!err) {
		report_packets();
		err = report_retirement();
	}
	if (!err)
		jb_subject_print_memory(&subject);
	jb_subject_free(&subject);
	if (err || failed) {
		fprintf(stderr, "bench: a run failed: %s\n", strerror(err ? -err : EIO));
		return 2;
	}
	return over_budget;
}
