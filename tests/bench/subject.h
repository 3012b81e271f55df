/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is measured: the real object, and beside it the bench's on the same maps. The real one is
 * configured as by default, the bench's by --metrics full.
 */
#ifndef JB_BENCH_SUBJECT_H
#define JB_BENCH_SUBJECT_H

#include "kernel/private.h"
#include "run.h"

struct jb_bench_bpf;

/* Port from which the streams come that are retired again. */
#define JB_BENCH_PASSING_PORT 30000
/* Of the real object; the bench's take that of a test run's socket for another one. */
#define JB_BENCH_ICE_TCP_PORT 7881

struct jb_subject {
	struct jb_kernel *kernel;
	struct jb_bench_bpf *bench, *queued;
	struct jb_bench *shared, *queued_shared;
	int noop, ktime;               /* programs */
	int real_ingress, real_egress; /* as they are */
	int next_ingress, next_egress; /* with the next packet's numbers, without receive queues */
	int queued_ingress;            /* with them */
};

/* Loads all; room for `max_streams`. On failure false, and told on stderr. */
bool jb_subject_load(struct jb_subject *s, __u32 max_streams);
void jb_subject_free(struct jb_subject *s);

/* Makes SSRCs first..first+count-1 of this packet streams. 0 or -errno. */
int jb_subject_admit(const struct jb_subject *s, int program, const struct jb_test_packet *packet,
		     __u32 first, __u32 count);

/*
 * Empty programs, jb_bench_noop*, one on each kind of hook that the real ones are on: to the cgroup
 * at `path` what belongs to a cgroup. 0 or -errno; detach in either case.
 */
int jb_subject_attach_noops(const struct jb_subject *s, const char *path);
void jb_subject_detach_noops(const struct jb_subject *s);
/* Where they are. */
const struct bpf_object *jb_subject_noops(const struct jb_subject *s);

/* CPU time of one scan of all streams for those from JB_BENCH_PASSING_PORT, and of retiring these.
 */
struct jb_subject_retirement {
	__u32 streams;
	__u32 retired;
	double scan_ns;
	double retire_ns;
};
int jb_subject_retire(const struct jb_subject *s, struct jb_subject_retirement *ret);

/*
 * That what was measured is what it says: on each stream nothing but new frames in order of a known
 * clock, on that of `duplicates_port` nothing but duplicates; STUN requests were answered, and RTP
 * found in TCP. 0, -EBADMSG if not so, or -errno.
 */
int jb_subject_check(const struct jb_subject *s, __u16 duplicates_port);

/* The memory of each map, as a markdown table. */
void jb_subject_print_memory(const struct jb_subject *s);

/* Nobody is on probation: what one item left there is not in the next one's way. 0 or -errno. */
int jb_subject_clear_candidates(const struct jb_subject *s);

#endif
