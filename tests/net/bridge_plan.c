/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "bridge.h"

static bool is_dropped(const struct jb_bridge_plan *plan)
{
	for (unsigned int i = 0; i < plan->drop_count; i++)
		if (plan->index - plan->drops[i].index < plan->drops[i].value)
			return true;
	return false;
}

static const struct jb_bridge_event *find_hold(const struct jb_bridge_plan *plan, uint32_t count)
{
	for (unsigned int i = 0; i < plan->hold_count; i++)
		if (plan->holds[i].index - plan->index < count)
			return &plan->holds[i];
	return NULL;
}

void jb_bridge_plan_decide(struct jb_bridge_plan *plan, uint64_t in_ns, uint32_t count,
			   struct jb_bridge_verdict *ret)
{
	/* Always the same number of draws, so that one seed gives one fate to the nth packet. */
	double lost = jb_tool_rng_unit(&plan->rng), doubled = jb_tool_rng_unit(&plan->rng);
	double displaced = jb_tool_rng_unit(&plan->rng), shift = jb_tool_rng_unit(&plan->rng);
	const struct jb_bridge_event *hold = find_hold(plan, count);
	struct jb_bridge_verdict verdict = {};

	verdict.steady_ns = in_ns + plan->delay_ns - plan->jitter_ns +
			    (uint64_t)(shift * 2 * (double)plan->jitter_ns);
	verdict.due_ns = verdict.steady_ns;
	verdict.duplicate = doubled < plan->dup;
	if (is_dropped(plan)) {
		verdict.action = JB_BRIDGE_DROP;
	} else if (hold) {
		verdict.action = JB_BRIDGE_HOLD;
		verdict.hold_until = hold->index + hold->value;
		verdict.duplicate = false;
	} else if (lost < plan->loss) {
		verdict.action = JB_BRIDGE_DROP;
	} else if (displaced < plan->reorder) {
		verdict.action = JB_BRIDGE_REORDER;
		verdict.due_ns += plan->gap_ns;
	}
	plan->index += count;
	*ret = verdict;
}
