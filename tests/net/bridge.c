/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "bridge.h"
#include "rtp_wire.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { BATCH = 32, IDLE_MS = 100, DRAIN_MS = 200 };

struct counts {
	uint64_t other, other_drop, rtp_in, rtp_out, actions[JB_BRIDGE_ACTION_MAX];
	uint64_t send_errors, queue_full, latest_ns, late_1ms;
};

struct held {
	struct jb_bridge_packet packet;
	uint64_t until;
};

struct bridge {
	int ports[2];
	FILE *log;
	uint64_t spin_ns, ids, orders;
	struct jb_bridge_plan plan;
	struct jb_bridge_queue *queue;
	struct held held[JB_BRIDGE_EVENTS];
	unsigned int held_count;
	struct counts counts;
	uint8_t buffer[JB_BRIDGE_FRAME];
};

static struct bridge the_bridge;

static void discard(struct bridge *bridge, struct jb_bridge_packet *packet)
{
	packet->action = JB_BRIDGE_DROP;
	bridge->counts.actions[JB_BRIDGE_DROP] += packet->rtp.segments;
	bridge->counts.other_drop += !packet->rtp.segments;
	jb_bridge_log_write(bridge->log, packet, 0);
	free(packet->data);
}

static void enqueue(struct bridge *bridge, struct jb_bridge_packet *packet)
{
	packet->order = bridge->orders++;
	if (jb_bridge_queue_push(bridge->queue, packet))
		return;
	bridge->counts.queue_full++;
	discard(bridge, packet);
}

static void enqueue_copy(struct bridge *bridge, const struct jb_bridge_packet *packet)
{
	struct jb_bridge_packet copy = *packet;

	copy.data = malloc(copy.length);
	if (!copy.data)
		jb_tool_fail(1, "no memory for a packet of %u bytes", copy.length);
	memcpy(copy.data, packet->data, copy.length);
	copy.action = JB_BRIDGE_DUP;
	copy.due_ns += bridge->plan.dup_after_ns;
	enqueue(bridge, &copy);
}

/* Lets go the held packets that were to wait for this index; they follow its packet at once. */
static void unhold(struct bridge *bridge, uint64_t index, uint64_t due_ns)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < bridge->held_count; i++) {
		struct held *held = &bridge->held[i];

		if (held->until > index) {
			bridge->held[kept++] = *held;
			continue;
		}
		held->packet.due_ns = due_ns;
		enqueue(bridge, &held->packet);
	}
	bridge->held_count = kept;
}

static void impair(struct bridge *bridge, struct jb_bridge_packet *packet)
{
	uint32_t count = packet->rtp.segments ? packet->rtp.segments : 1;
	struct jb_bridge_verdict verdict;

	jb_bridge_plan_decide(&bridge->plan, packet->in_ns, count, &verdict);
	packet->action = verdict.action;
	packet->due_ns = verdict.due_ns;
	if (verdict.action == JB_BRIDGE_DROP) {
		discard(bridge, packet);
	} else if (verdict.action == JB_BRIDGE_HOLD) {
		bridge->held[bridge->held_count++] = (struct held){*packet, verdict.hold_until};
	} else {
		if (verdict.duplicate)
			enqueue_copy(bridge, packet);
		enqueue(bridge, packet);
	}
	unhold(bridge, bridge->plan.index - 1, verdict.steady_ns);
}

static bool is_impaired(const struct bridge *bridge, const struct jb_bridge_packet *packet)
{
	struct jb_wire_rtp rtp;

	if (packet->from && !bridge->plan.both_ways)
		return false;
	if (!packet->rtp.segments)
		return bridge->plan.all_frames;
	if (!bridge->plan.ssrc)
		return true;
	return jb_wire_rtp_read(packet->data + packet->rtp.offset, packet->rtp.segment, &rtp) &&
	       rtp.ssrc == bridge->plan.ssrc;
}

static void accept_frame(struct bridge *bridge, unsigned int from, size_t length, uint64_t in_ns)
{
	struct jb_bridge_packet packet = {.id = bridge->ids++,
					  .in_ns = in_ns,
					  .due_ns = in_ns,
					  .length = (uint32_t)length,
					  .from = (uint8_t)from};

	packet.data = malloc(length);
	if (!packet.data)
		jb_tool_fail(1, "no memory for a packet of %zu bytes", length);
	memcpy(packet.data, bridge->buffer, length);
	jb_bridge_frame_find(packet.data, length, &packet.rtp);
	bridge->counts.rtp_in += packet.rtp.segments;
	bridge->counts.other += !packet.rtp.segments;
	if (is_impaired(bridge, &packet))
		impair(bridge, &packet);
	else
		enqueue(bridge, &packet);
}

/* Whether anything was there. */
static bool receive(struct bridge *bridge)
{
	bool any = false;
	uint64_t in_ns;

	for (unsigned int port = 0; port < 2; port++) {
		for (int i = 0; i < BATCH; i++) {
			int length = jb_bridge_port_receive(bridge->ports[port], bridge->buffer,
							    &in_ns);

			if (length <= 0)
				break;
			any = true;
			accept_frame(bridge, port, (size_t)length, in_ns);
		}
	}
	return any;
}

static void note_lateness(struct counts *counts, uint64_t late_ns)
{
	if (late_ns > counts->latest_ns)
		counts->latest_ns = late_ns;
	counts->late_1ms += late_ns > JB_TOOL_MSEC_NS;
}

static void release_one(struct bridge *bridge)
{
	struct jb_bridge_packet packet = jb_bridge_queue_pop(bridge->queue);
	uint64_t out_ns = jb_tool_now_ns();

	if (jb_bridge_port_send(bridge->ports[!packet.from], packet.data, packet.length)) {
		bridge->counts.send_errors++;
		discard(bridge, &packet);
		return;
	}
	if (packet.rtp.segments) {
		bridge->counts.rtp_out += packet.rtp.segments;
		bridge->counts.actions[packet.action] += packet.rtp.segments;
		note_lateness(&bridge->counts, out_ns - packet.due_ns);
		jb_bridge_log_write(bridge->log, &packet, out_ns);
	}
	free(packet.data);
}

static void release_due(struct bridge *bridge)
{
	const struct jb_bridge_packet *first;

	while ((first = jb_bridge_queue_first(bridge->queue)) && first->due_ns <= jb_tool_now_ns())
		release_one(bridge);
}

/* Until a frame comes or the next one is due, spin_ns early so that the rest is spent awake. */
static void await(struct bridge *bridge)
{
	const struct jb_bridge_packet *first = jb_bridge_queue_first(bridge->queue);
	struct pollfd polled[2] = {{bridge->ports[0], POLLIN, 0}, {bridge->ports[1], POLLIN, 0}};
	struct timespec timeout = {.tv_nsec = IDLE_MS * JB_TOOL_MSEC_NS};
	uint64_t now = jb_tool_now_ns(), left;

	if (first) {
		left = first->due_ns > now ? first->due_ns - now : 0;
		if (left <= bridge->spin_ns)
			return;
		left -= bridge->spin_ns;
		if (left < (uint64_t)timeout.tv_nsec)
			timeout.tv_nsec = (long)left;
	}
	/* An idle bridge makes its log readable. */
	if (!ppoll(polled, 2, &timeout, NULL) && !first && bridge->log)
		fflush(bridge->log);
}

static void run(struct bridge *bridge)
{
	while (!jb_tool_stopped()) {
		release_due(bridge);
		if (!receive(bridge))
			await(bridge);
	}
}

/* What has arrived by now leaves at its time; a sender that goes on can't keep the bridge alive. */
static void flush(struct bridge *bridge)
{
	uint64_t end = jb_tool_now_ns() + DRAIN_MS * JB_TOOL_MSEC_NS;
	const struct jb_bridge_packet *first;

	while (jb_tool_now_ns() < end && receive(bridge))
		release_due(bridge);
	while ((first = jb_bridge_queue_first(bridge->queue))) {
		jb_tool_sleep_until(first->due_ns);
		release_due(bridge);
	}
	unhold(bridge, UINT64_MAX, jb_tool_now_ns());
	release_due(bridge);
}

static void print_summary(struct bridge *bridge)
{
	const struct counts *c = &bridge->counts;
	uint64_t drops = (uint64_t)jb_bridge_port_drops(bridge->ports[0]) +
			 jb_bridge_port_drops(bridge->ports[1]);

	printf("{\"rtp_in\": %" PRIu64 ", \"rtp_out\": %" PRIu64 ", \"fwd\": %" PRIu64
	       ", \"dup\": %" PRIu64 ", \"reorder\": %" PRIu64 ", \"drop\": %" PRIu64
	       ", \"hold\": %" PRIu64 ", \"other\": %" PRIu64 ", \"other_drop\": %" PRIu64
	       ", \"kernel_drops\": %" PRIu64 ", \"send_errors\": %" PRIu64
	       ", \"queue_full\": %" PRIu64 ", \"latest_us\": %" PRIu64 ", \"late_1ms\": %" PRIu64
	       "}\n",
	       c->rtp_in, c->rtp_out, c->actions[JB_BRIDGE_FWD], c->actions[JB_BRIDGE_DUP],
	       c->actions[JB_BRIDGE_REORDER], c->actions[JB_BRIDGE_DROP],
	       c->actions[JB_BRIDGE_HOLD], c->other, c->other_drop, drops, c->send_errors,
	       c->queue_full, c->latest_ns / JB_TOOL_USEC_NS, c->late_1ms);
}

static void become_realtime(void)
{
	struct sched_param priority = {.sched_priority = 10};

	if (sched_setscheduler(0, SCHED_FIFO, &priority))
		jb_tool_fail(1, "SCHED_FIFO: %s", strerror(errno));
	if (mlockall(MCL_CURRENT))
		jb_tool_fail(1, "mlockall: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	struct bridge *bridge = &the_bridge;
	struct jb_bridge_options options = {.seed = 1};

	bridge->plan.gap_ns = 15 * JB_TOOL_MSEC_NS;
	bridge->plan.dup_after_ns = JB_TOOL_MSEC_NS;
	jb_bridge_options_parse(argc, argv, &options, &bridge->plan);
	jb_tool_rng_seed(&bridge->plan.rng, options.seed);
	bridge->spin_ns = options.spin_us * JB_TOOL_USEC_NS;
	bridge->queue = jb_bridge_queue_new();
	if (!bridge->queue)
		jb_tool_fail(1, "no memory for the queue");
	bridge->log = jb_bridge_log_open(options.log);
	bridge->ports[0] = jb_bridge_port_open(options.interfaces[0]);
	bridge->ports[1] = jb_bridge_port_open(options.interfaces[1]);
	jb_tool_precise_timers();
	if (options.realtime)
		become_realtime();
	jb_tool_catch_stop();
	jb_tool_ready();
	run(bridge);
	flush(bridge);
	if (bridge->log && fclose(bridge->log))
		jb_tool_fail(1, "%s: %s", options.log, strerror(errno));
	print_summary(bridge);
	jb_bridge_queue_free(bridge->queue);
	return 0;
}
