/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "kernel/features.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/btf.h>

#define JB_REASON_PREFIX "SKB_DROP_REASON_"
/* Above them is the subsystem (include/net/dropreason.h). */
#define JB_SUBSYSTEM_SHIFT 16
#define JB_REASONS_MAX     4096

const char *const jb_feature_names[JB_FEATURE_MAX] = {
#define JB_FEATURE_NAME(id, name, help) [JB_FEATURE_##id] = (name),
	JB_FEATURES(JB_FEATURE_NAME)
#undef JB_FEATURE_NAME
};

const char *const jb_feature_helps[JB_FEATURE_MAX] = {
#define JB_FEATURE_HELP(id, name, help) [JB_FEATURE_##id] = (help),
	JB_FEATURES(JB_FEATURE_HELP)
#undef JB_FEATURE_HELP
};

static bool has_function(const struct btf *btf, const char *name)
{
	return btf__find_by_name_kind(btf, name, BTF_KIND_FUNC) > 0;
}

/* Arguments that a raw tracepoint's programs get; -1 if there is no such tracepoint. */
static int tracepoint_arguments(const struct btf *btf, const char *name)
{
	char type[64];
	const struct btf_type *t;
	int id;

	snprintf(type, sizeof(type), "btf_trace_%s", name);
	id = btf__find_by_name_kind(btf, type, BTF_KIND_TYPEDEF);
	if (id < 0)
		return -1;
	t = btf__type_by_id(btf, btf__type_by_id(btf, id)->type); /* a pointer */
	t = t ? btf__type_by_id(btf, t->type) : NULL;
	return t && btf_is_func_proto(t) ? btf_vlen(t) - 1 : -1;
}

static void read_types(const struct btf *btf, struct jb_kernel_types *types)
{
	int drop = tracepoint_arguments(btf, "kfree_skb");

	*types = (struct jb_kernel_types){
		.kfuncs = has_function(btf, "bpf_rdonly_cast") &&
			  has_function(btf, "bpf_cast_to_kern_ctx"),
		.sock_recv_length = tracepoint_arguments(btf, "sock_recv_length") >= 3,
		.udp_fail = tracepoint_arguments(btf, "udp_fail_queue_rcv_skb") >= 2,
		.retransmit_synack = tracepoint_arguments(btf, "tcp_retransmit_synack") >= 2,
		.drop_reason = drop >= 3,
		.drop_receiver = drop >= 4,
	};
}

static void read_reason(const struct btf *btf, const struct btf_enum *e,
			struct jb_drop_reasons *reasons)
{
	const char *name = btf__name_by_offset(btf, e->name_off);
	size_t prefix = strlen(JB_REASON_PREFIX);
	char *to;

	if (e->val < 0 || (unsigned int)e->val >= reasons->count || !name)
		return;
	/* SKB_CONSUMED and the like go without it. */
	if (!strncmp(name, JB_REASON_PREFIX, prefix))
		name += prefix;
	to = reasons->name[e->val];
	snprintf(to, JB_DROP_REASON_NAME, "%s", name);
	for (; *to; to++)
		*to = (char)tolower(*to);
}

static int read_reasons(const struct btf *btf, struct jb_drop_reasons *reasons)
{
	int id = btf__find_by_name_kind(btf, "skb_drop_reason", BTF_KIND_ENUM);
	const struct btf_type *t = id > 0 ? btf__type_by_id(btf, id) : NULL;
	const struct btf_enum *e = t ? btf_enum(t) : NULL;
	unsigned int count = 0;

	for (int i = 0; t && i < btf_vlen(t); i++)
		if (e[i].val >= (int)count && e[i].val < JB_REASONS_MAX)
			count = e[i].val + 1;
	if (!count)
		return 0;
	reasons->name = calloc(count, sizeof(*reasons->name));
	if (!reasons->name)
		return -ENOMEM;
	reasons->count = count;
	for (int i = 0; i < btf_vlen(t); i++)
		read_reason(btf, &e[i], reasons);
	return 0;
}

int jb_kernel_read_types(struct jb_kernel_types *ret_types, struct jb_drop_reasons *ret_reasons)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int err = 0;

	if (!btf)
		return -errno;
	if (ret_types)
		read_types(btf, ret_types);
	if (ret_reasons)
		err = read_reasons(btf, ret_reasons);
	btf__free(btf);
	return err;
}

void jb_drop_reasons_free(struct jb_drop_reasons *reasons)
{
	free(reasons->name);
	*reasons = (struct jb_drop_reasons){};
}

void jb_drop_reason_name(const struct jb_drop_reasons *reasons, unsigned int reason,
			 char ret[JB_DROP_REASON_NAME])
{
	unsigned int subsystem = reason >> JB_SUBSYSTEM_SHIFT;

	if (reason < reasons->count && *reasons->name[reason])
		snprintf(ret, JB_DROP_REASON_NAME, "%s", reasons->name[reason]);
	else if (subsystem)
		snprintf(ret, JB_DROP_REASON_NAME, "subsystem_%u_%u", subsystem,
			 reason & ((1U << JB_SUBSYSTEM_SHIFT) - 1));
	else
		snprintf(ret, JB_DROP_REASON_NAME, "reason_%u", reason);
}
