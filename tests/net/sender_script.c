/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "sender.h"

/* Keeps the script's draws apart from the source's, so that sizes don't depend on rates. */
#define SCRIPT_SEED 0x5c41b7

void jb_sender_script_init(struct jb_sender_script *script, const struct jb_sender_options *options)
{
	*script = (struct jb_sender_script){.options = options};
	jb_sender_source_init(&script->source, options);
	jb_tool_rng_seed(&script->rng, options->seed ^ SCRIPT_SEED);
}

static bool is_skipped_at(const struct jb_sender_options *options, uint64_t index)
{
	for (unsigned int i = 0; i < options->event_count; i++) {
		const struct jb_sender_event *event = &options->events[i];

		if (event->kind == JB_SENDER_SKIP && index - event->index < event->value)
			return true;
	}
	return false;
}

/* The slot after `slot` goes first, at its time; `slot` follows at the other's. */
static void swap(struct jb_sender_script *script, struct jb_sender_slot *slot)
{
	struct jb_sender_slot second;

	if (is_skipped_at(script->options, script->source.index) ||
	    !jb_sender_source_next(&script->source, &second))
		return;
	script->waiting = *slot;
	script->waiting.due_ns = second.due_ns;
	script->has_waiting = true;
	second.due_ns = slot->due_ns;
	*slot = second;
	script->swapped++;
}

/* The next slot that the sender doesn't leave out. */
static bool next_unskipped(struct jb_sender_script *script, struct jb_sender_slot *ret)
{
	const struct jb_sender_options *o = script->options;
	bool scripted;

	for (;;) {
		scripted = is_skipped_at(o, script->source.index);
		if (!jb_sender_source_next(&script->source, ret))
			return false;
		if (jb_tool_rng_unit(&script->rng) >= o->skip && !scripted)
			return true;
		script->skipped++;
	}
}

bool jb_sender_script_next(struct jb_sender_script *script, struct jb_sender_slot *ret)
{
	if (script->has_waiting) {
		*ret = script->waiting;
		script->has_waiting = false;
		return true;
	}
	if (!next_unskipped(script, ret))
		return false;
	if (jb_tool_rng_unit(&script->rng) < script->options->repeat) {
		script->waiting = *ret;
		script->has_waiting = true;
		script->repeated++;
	} else if (jb_tool_rng_unit(&script->rng) < script->options->swap) {
		swap(script, ret);
	}
	return true;
}
