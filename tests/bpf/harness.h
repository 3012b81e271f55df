/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Loads the real BPF object, attaches it to nothing and runs its programs by BPF_PROG_TEST_RUN.
 * Everything here asserts, but for jb_harness_try(), which threads may use.
 */
#ifndef JB_TEST_HARNESS_H
#define JB_TEST_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "kernel/private.h"
#include "packet.h"

/* A port of --media-ports; jb_test_rtp_packet() sends from 5004 to 5006, which is none. */
#define JB_HARNESS_MEDIA_PORT  20000
#define JB_HARNESS_STREAMS_MAX 512
/* Of --ice-tcp-ports. So is 0: a test run's sockets have no other port. */
#define JB_HARNESS_ICE_TCP_PORT 20002

struct jb_harness {
	struct jb_kernel *kernel;
	/* When jb_harness_mark() was called last: */
	__u64 faults[JB_FAULT_MAX];
	union jb_totals slots[JB_SLOT_MAX];
};

struct jb_harness_streams {
	__u32 count;
	__u64 hash[JB_HARNESS_STREAMS_MAX];
	struct jb_stream stream[JB_HARNESS_STREAMS_MAX];
};

/* With --metrics full. */
void jb_harness_load(struct jb_harness *h, __u32 max_streams, __u32 max_workloads);
void jb_harness_load_essential(struct jb_harness *h);
/* With the programs of --uplink, too; it is lo, and they are attached to nothing. */
void jb_harness_load_uplink(struct jb_harness *h);
void jb_harness_free(struct jb_harness *h);

/* Group set-up and tear-down: *state is a harness of the default sizes. */
int jb_harness_setup(void **state);
int jb_harness_setup_uplink(void **state);
int jb_harness_teardown(void **state);

/* What the program returned, or -errno. ctx (gso_size and the like) may be NULL. */
int jb_harness_try(const struct jb_harness *h, enum jb_direction direction,
		   const struct jb_test_packet *packet, const struct __sk_buff *ctx);

/* Likewise `repeat` times with one socket; what it returned last. */
int jb_harness_try_repeatedly(const struct jb_harness *h, enum jb_direction direction,
			      const struct jb_test_packet *packet, const struct __sk_buff *ctx,
			      int repeat);

/* Runs the packet; it must pass. */
void jb_harness_run(const struct jb_harness *h, enum jb_direction direction,
		    const struct jb_test_packet *packet);

/* Runs `count` packets in order, beginning with `sequence`. */
void jb_harness_run_in_order(const struct jb_harness *h, enum jb_direction direction,
			     struct jb_test_packet *packet, __u16 sequence, __u32 count);

/*
 * Runs a datagram of `len` octets. Going out it is from port 5004 to 5006; what comes in is from
 * there.
 */
void jb_harness_datagram(const struct jb_harness *h, enum jb_direction direction, int version,
			 const void *payload, size_t len);

/* An RTP packet of 20 ms G.711 over IPv4 from `source_port` to 5006. */
void jb_harness_rtp(struct jb_test_packet *packet, __u16 source_port, __u32 ssrc);

/* Adds up all rows of the slot, that of no workload too. */
void jb_harness_slot(const struct jb_harness *h, __u32 slot, union jb_totals *ret);

/* Likewise the RTP of (direction, media); JB_MEDIA_MAX: all media. */
void jb_harness_totals(const struct jb_harness *h, enum jb_direction direction, enum jb_media media,
		       struct jb_rtp_totals *ret);
__u64 jb_harness_counter(const struct jb_harness *h, enum jb_direction direction,
			 enum jb_media media, enum jb_rtp_counter counter);

void jb_harness_mark(struct jb_harness *h);
/* How often since then. */
__u64 jb_harness_fault(const struct jb_harness *h, enum jb_fault fault);
/* What has been added to the slot since then. */
void jb_harness_grown(const struct jb_harness *h, __u32 slot, union jb_totals *ret);
/* Asserts that nothing has, but to the slots of this set (a bit each). */
void jb_harness_check_still(const struct jb_harness *h, const char *name, __u32 but_slots);
/* Asserts that `expected` (JB_FAULT_MAX: none) is the only fault since then, and how often. */
void jb_harness_check_faults(const struct jb_harness *h, const char *name, enum jb_fault expected,
			     __u64 times);

/* All streams; the receiver's invariant is asserted for each. */
void jb_harness_streams(const struct jb_harness *h, struct jb_harness_streams *ret);

/* Retires all streams, of which there are at most JB_HARNESS_STREAMS_MAX. Returns how many. */
int jb_harness_retire_all(const struct jb_harness *h);

/* Memory that the kernel itself charges for the map (fdinfo; since 6.4 what is really taken). */
__u64 jb_harness_memlock(const struct bpf_map *map);

/* Packets in probation now. */
__u64 jb_harness_held(const struct jb_harness *h);

#endif
