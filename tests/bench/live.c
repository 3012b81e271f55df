/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "live.h"
#include "report.h"
#include "run.h"
#include "traffic.h"

#define ROUNDS 21
/* Hooks are the whole machine's: of what a load is to cause, so much at least. */
#define RUNS_MIN (JB_TRAFFIC_REPEAT / 2)

struct stats {
	__u64 ns, runs;
};

/* A program under a load. */
struct probe {
	const char *name;
	const char *program, *noop;
	enum jb_traffic_load load;
	double budget;
	struct stats before[2];
	double ns[ROUNDS];
	double above[ROUNDS];
};

static struct probe probes[] = {
	{"TCP round trip sample (sockops)", "jb_tcp_sockops", "jb_bench_noop_sockops",
	 .load = JB_TRAFFIC_TCP, .budget = 210},
	{"TCP round trip of an older connection (cgroup hook)", "jb_media_ingress", "jb_bench_noop",
	 .load = JB_TRAFFIC_TCP_OLD, .budget = 210},
	{"TCP state, each of a short connection's", "jb_tcp_state",
	 "jb_bench_noop_inet_sock_set_state", .load = JB_TRAFFIC_TCP_SHORT},
	{"dropped packet, receive buffer full (kfree_skb)", "jb_drop", "jb_bench_noop_kfree_skb",
	 .load = JB_TRAFFIC_UDP_FULL, .budget = 110},
	{"the same (udp_fail_queue_rcv_skb)", "jb_udp_fail", "jb_bench_noop_udp_fail_queue_rcv_skb",
	 .load = JB_TRAFFIC_UDP_FULL, .budget = 110},
	{"dropped packet, closed port (kfree_skb)", "jb_drop", "jb_bench_noop_kfree_skb",
	 .load = JB_TRAFFIC_UDP_CLOSED, .budget = 110},
	{"queue delay, a read of media", "jb_queue_received", "jb_bench_noop_sock_recv_length",
	 .load = JB_TRAFFIC_RTP, .budget = 110},
	{"the same hook, a read of TCP", "jb_queue_received", "jb_bench_noop_sock_recv_length",
	 .load = JB_TRAFFIC_TCP},
	{"cgroup hook, TCP, ingress", "jb_media_ingress", "jb_bench_noop", .load = JB_TRAFFIC_TCP},
	{"cgroup hook, TCP, egress", "jb_media_egress", "jb_bench_noop_egress",
	 .load = JB_TRAFFIC_TCP},
	{"cgroup hook, RTP, ingress", "jb_media_ingress", "jb_bench_noop", .load = JB_TRAFFIC_RTP},
	{"cgroup hook, RTP, egress", "jb_media_egress", "jb_bench_noop_egress",
	 .load = JB_TRAFFIC_RTP},
	{"cgroup hook, other UDP, ingress", "jb_media_ingress", "jb_bench_noop",
	 .load = JB_TRAFFIC_UDP},
	{"cgroup hook, other UDP, egress", "jb_media_egress", "jb_bench_noop_egress",
	 .load = JB_TRAFFIC_UDP},
};

#define PROBES (sizeof(probes) / sizeof(*probes))

static int read_stats(const struct bpf_object *object, const char *program, struct stats *ret)
{
	const struct bpf_program *p = bpf_object__find_program_by_name(object, program);
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);

	if (!p)
		return -ENOENT;
	if (bpf_obj_get_info_by_fd(bpf_program__fd(p), &info, &len))
		return -errno;
	*ret = (struct stats){.ns = info.run_time_ns, .runs = info.run_cnt};
	return 0;
}

static int read_both(const struct jb_subject *s, const struct probe *probe, struct stats ret[2])
{
	return read_stats(s->kernel->skel->obj, probe->program, &ret[0])
		       ?: read_stats(jb_subject_noops(s), probe->noop, &ret[1]);
}

static int end_probe(const struct jb_subject *s, struct probe *probe, int round)
{
	struct stats now[2];
	double ns[2];
	int err = read_both(s, probe, now);

	if (err)
		return err;
	for (int i = 0; i < 2; i++) {
		__u64 runs = now[i].runs - probe->before[i].runs;

		if (runs < RUNS_MIN) {
			fprintf(stderr, "bench: %s: %llu runs of %s\n", probe->name, runs,
				i ? probe->noop : probe->program);
			return -EBADMSG;
		}
		ns[i] = (double)(now[i].ns - probe->before[i].ns) / runs;
	}
	probe->ns[round] = ns[0];
	probe->above[round] = ns[0] - ns[1];
	return 0;
}

static int run_load(const struct jb_subject *s, struct jb_traffic *traffic,
		    enum jb_traffic_load load, int round)
{
	int err = 0;

	for (size_t i = 0; i < PROBES && !err; i++)
		if (probes[i].load == load)
			err = read_both(s, &probes[i], probes[i].before);
	if (!err)
		err = jb_traffic_run(traffic, load);
	for (size_t i = 0; i < PROBES && !err; i++)
		if (probes[i].load == load)
			err = end_probe(s, &probes[i], round);
	return err;
}

static int run_rounds(const struct jb_subject *s, struct jb_traffic *traffic)
{
	int stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	int err = stats < 0 ? stats : 0;

	for (int round = -1; round < ROUNDS && !err; round++)
		for (int load = 0; load < JB_TRAFFIC_MAX && !err; load++)
			err = round < 0 ? jb_traffic_run(traffic, load) /* to warm up */
					: run_load(s, traffic, load, round);
	if (stats >= 0)
		close(stats);
	return err;
}

static int attach(const struct jb_subject *s, const char *path)
{
	char error[JB_KERNEL_ERROR_LEN];
	int err = jb_kernel_attach(s->kernel, path, error);

	if (err)
		fprintf(stderr, "bench: %s\n", error);
	jb_kernel_time_queues(s->kernel, true);
	return err ? err : jb_subject_attach_noops(s, path);
}

struct seen {
	const struct jb_kernel *kernel;
	__u64 round_trips, queued, buffer_drops;
};

static void add_row(void *ctx, const struct jb_row_key *key, __u32 row)
{
	union jb_totals totals = {};
	struct seen *seen = ctx;

	jb_kernel_add_totals(seen->kernel, row, &totals);
	if (key->slot == JB_SLOT_TCP + JB_PATH_DIRECT)
		for (int i = 0; i < JB_RTT_BUCKETS; i++)
			seen->round_trips += totals.tcp.rtt.bucket[i];
	if (key->slot == JB_SLOT_UDP) {
		seen->buffer_drops += totals.udp.buffer_drops;
		for (int i = 0; i < JB_QUEUE_BUCKETS; i++)
			seen->queued += totals.udp.queue[i];
	}
}

/* That the programs did what the figures are told to be of. */
static int check(const struct jb_subject *s)
{
	const __u64 least = ROUNDS * RUNS_MIN;
	struct seen seen = {.kernel = s->kernel};
	int err = jb_kernel_each_row(s->kernel, add_row, &seen);

	if (err)
		return err;
	/* Two a round trip of each of two connections. */
	if (seen.round_trips < 6 * least || seen.queued < least || seen.buffer_drops < least)
		return -EBADMSG;
	return 0;
}

static void print(void)
{
	jb_bench_head("live, by the kernel's statistics", "median ns");
	for (size_t i = 0; i < PROBES; i++)
		jb_bench_line(probes[i].name, jb_bench_median(probes[i].ns, ROUNDS),
			      jb_bench_median(probes[i].above, ROUNDS), probes[i].budget);
}

int jb_live_report(const struct jb_subject *subject)
{
	struct jb_traffic traffic = JB_TRAFFIC_NONE;
	struct jb_lab lab;
	int err;

	/* The older connection is one that sockops has not seen begin. */
	err = jb_lab_open(&lab) ?: jb_traffic_open_old(&traffic, &lab)
		?: attach(subject, lab.cgroup) ?: jb_traffic_open(&traffic, &lab)
		?: run_rounds(subject, &traffic) ?: check(subject);
	jb_traffic_close(&traffic);
	jb_bpf__detach(subject->kernel->skel);
	jb_subject_detach_noops(subject);
	jb_lab_close(&lab);
	if (!err)
		print();
	return err;
}
