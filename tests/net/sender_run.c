/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "sender.h"

void jb_sender_log_write(FILE *log, const struct jb_sender_options *options, uint64_t t_ns,
			 const struct jb_sender_slot *slot)
{
	jb_rtp_log_write(log, t_ns, &slot->rtp,
			 slot->payload + jb_wire_rtp_header_length(options->csrcs,
								   options->extension_words));
}

/* A super-packet's worth of slots, or one; 0 at the end. The last of several is shorter. */
static uint32_t gather(struct jb_sender_script *script, struct jb_sender_slot *slots)
{
	uint32_t want = script->options->gso ? script->options->gso : 1, count = 0;

	while (count < want && jb_sender_script_next(script, &slots[count]))
		count++;
	if (count > 1)
		slots[count - 1].payload -= script->options->gso_short;
	return count;
}

static void take_result(struct jb_sender_result *ret, const struct jb_sender_link *link)
{
	ret->sent += link->sent;
	ret->errors += link->errors;
	if (!ret->first_error)
		ret->first_error = link->first_error;
}

void jb_sender_run_stream(const struct jb_sender_options *options, struct jb_sender_result *ret)
{
	struct jb_sender_slot slots[JB_SENDER_GSO_MAX];
	FILE *log = jb_rtp_log_open(options->log);
	uint64_t start = jb_tool_now_ns(), t_ns;
	struct jb_sender_script script;
	struct jb_sender_link link;
	uint32_t count;

	jb_sender_link_open(&link, options, false);
	jb_sender_script_init(&script, options);
	while (!jb_tool_stopped() && (count = gather(&script, slots))) {
		jb_tool_sleep_until(start + slots[0].due_ns);
		t_ns = jb_tool_now_ns();
		if (!jb_sender_link_send(&link, slots, count))
			continue;
		for (uint32_t i = 0; i < count; i++)
			jb_sender_log_write(log, options, t_ns, &slots[i]);
	}
	ret->skipped = script.skipped;
	ret->repeated = script.repeated;
	ret->swapped = script.swapped;
	ret->restarts = script.source.restarts;
	take_result(ret, &link);
	jb_sender_link_close(&link);
	jb_rtp_log_close(log, options->log);
}

static void randomize(struct jb_tool_rng *rng, struct jb_wire_rtp *rtp)
{
	uint64_t bits = jb_tool_rng_next(rng);

	rtp->ssrc = (uint32_t)bits ? (uint32_t)bits : 1;
	rtp->seq = (uint16_t)(bits >> 32);
	rtp->ts = (uint32_t)jb_tool_rng_next(rng);
}

static void send_noise(struct jb_sender_link *link, struct jb_tool_rng *rng, uint32_t length)
{
	for (uint32_t i = 0; i < length; i++)
		link->buffer[i] = (uint8_t)jb_tool_rng_next(rng);
	jb_sender_link_send_raw(link, length);
}

void jb_sender_run_random(const struct jb_sender_options *options, struct jb_sender_result *ret)
{
	FILE *log = jb_rtp_log_open(options->log);
	uint64_t start = jb_tool_now_ns(), t_ns;
	struct jb_sender_slot slot = {};
	struct jb_tool_rng rng;
	struct jb_sender_link link;

	jb_tool_rng_seed(&rng, ~options->seed);
	jb_sender_link_open(&link, options, false);
	for (uint64_t i = 0; i < options->count && !jb_tool_stopped(); i++) {
		jb_sender_source_at(options, i, &slot);
		randomize(&rng, &slot.rtp);
		slot.payload += (uint32_t)(jb_tool_rng_next(&rng) %
					   (options->size_max - options->size_min + 1));
		jb_tool_sleep_until(start + slot.due_ns);
		t_ns = jb_tool_now_ns();
		if (options->mode == JB_SENDER_NOISE)
			send_noise(&link, &rng, slot.payload);
		else if (jb_sender_link_send(&link, &slot, 1))
			jb_sender_log_write(log, options, t_ns, &slot);
	}
	take_result(ret, &link);
	jb_sender_link_close(&link);
	jb_rtp_log_close(log, options->log);
}
