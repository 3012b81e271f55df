/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "drops/info.h"

#include <stddef.h>
#include <string.h>

#include "listing/text.h"

static void text_workload(const void *drop, struct jb_buffer *out)
{
	const struct jb_drop_info *info = drop;

	jb_text_workload(info->namespace_, info->pod, info->unit, out);
}

#define LEFT      JB_RECORD_LEFT
#define RIGHT     JB_RECORD_RIGHT
#define AT(field) .offset = offsetof(struct jb_drop_info, field)

static const struct jb_record_column columns[] = {
	{"namespace", LEFT("NAMESPACE"), JB_RECORD_TEXT, AT(namespace_)},
	{"pod", LEFT("POD"), JB_RECORD_TEXT, AT(pod)},
	{"container", LEFT("CONTAINER"), JB_RECORD_TEXT, AT(container)},
	{"unit", LEFT("UNIT"), JB_RECORD_TEXT, AT(unit)},
	{"protocol", LEFT("PROTOCOL"), JB_RECORD_TEXT, AT(protocol)},
	{"reason", LEFT("REASON"), JB_RECORD_TEXT, AT(reason)},
	{"packets", RIGHT("PACKETS"), JB_RECORD_NUMBER, AT(packets)},
	{"rate", RIGHT("PACKETS/S"), JB_RECORD_MILLI, AT(rate), .number = jb_text_thousandth_1},
	{"workload", LEFT("WORKLOAD"), JB_RECORD_MADE, .text = text_workload},
};

int jb_drop_compare_identity(const void *info, const void *other)
{
	const struct jb_drop_info *a = info, *b = other;

	return strcmp(a->namespace_, b->namespace_) ?: strcmp(a->pod, b->pod) ?:
	       strcmp(a->container, b->container) ?: strcmp(a->unit, b->unit) ?:
	       strcmp(a->protocol, b->protocol) ?: strcmp(a->reason, b->reason);
}

bool jb_drop_since(void *info, const void *before)
{
	const struct jb_drop_info *old = before;
	struct jb_drop_info *drop = info;

	if (drop->packets == JB_RECORD_NONE)
		return false;
	if (old && old->packets <= drop->packets)
		drop->packets -= old->packets;
	return drop->packets;
}

static int compare(const void *left, const void *right)
{
	const struct jb_drop_info *a = left, *b = right;

	return jb_record_compare_numbers(b->packets, a->packets) ?: jb_drop_compare_identity(a, b);
}

const struct jb_record jb_drop_record = {
	.name = "drop",
	JB_RECORD_OF(struct jb_drop_info, columns),
	.shown = "workload,protocol,reason,packets,rate",
	.compare = compare,
};
