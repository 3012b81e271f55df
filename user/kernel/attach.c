/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How each program comes to run, and whether it does. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "kernel/private.h"

/* Iterators are for a map, which is told when they are attached. */
static struct bpf_link *attach_iterator(struct jb_kernel *kernel, struct bpf_program *program)
{
	union bpf_iter_link_info info = {};
	LIBBPF_OPTS(bpf_iter_attach_opts, opts, .link_info = &info, .link_info_len = sizeof(info));
	const struct jb_bpf *skel = kernel->skel;

	if (program == skel->progs.jb_tcp_adopt)
		return bpf_program__attach_iter(program, NULL);
	info.map.map_fd = bpf_map__fd(program == skel->progs.jb_udp_census
					      ? skel->maps.jb_udp_sockets
					      : skel->maps.jb_tcp_sockets);
	return bpf_program__attach_iter(program, &opts);
}

/* NULL and errno. */
static struct bpf_link *attach(struct jb_kernel *kernel, struct bpf_program *program, int cgroup)
{
	switch (jb_program_find(bpf_program__name(program))->kind) {
	case JB_PROGRAM_CGROUP:
		return bpf_program__attach_cgroup(program, cgroup);
	case JB_PROGRAM_TRACEPOINT:
		return bpf_program__attach(program);
	default:
		return attach_iterator(kernel, program);
	}
}

static int attach_all(struct jb_kernel *kernel, int cgroup, char *error)
{
	const struct bpf_object_skeleton *s = kernel->skel->skeleton;

	for (int i = 0; i < s->prog_cnt; i++) {
		struct bpf_program *program = *s->progs[i].prog;
		const struct jb_program *p = jb_program_find(s->progs[i].name);
		char what[64];

		if (bpf_program__fd(program) < 0 || !p || p->kind == JB_PROGRAM_RUN ||
		    p->kind == JB_PROGRAM_UPLINK || p->feature == JB_FEATURE_RECEIVE_QUEUE)
			continue;
		*s->progs[i].link = attach(kernel, program, cgroup);
		if (*s->progs[i].link || p->feature != JB_FEATURE_MEDIA)
			continue;
		snprintf(what, sizeof(what), "attach %s", s->progs[i].name);
		return jb_kernel_fail(error, -errno, what);
	}
	return 0;
}

int jb_kernel_attach(struct jb_kernel *kernel, const char *path, char *error)
{
	int cgroup = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err;

	if (cgroup < 0)
		return jb_kernel_fail(error, -errno, path);
	err = attach_all(kernel, cgroup, error);
	close(cgroup);
	jb_kernel_time_queues(kernel, false);
	return err;
}

void jb_kernel_time_queues(struct jb_kernel *kernel, bool media)
{
	struct bpf_program *program = kernel->skel->progs.jb_queue_received;
	struct bpf_link **link = &kernel->skel->links.jb_queue_received;
	bool wanted = media || kernel->full;

	if (bpf_program__fd(program) < 0 || wanted == (*link != NULL))
		return;
	if (wanted) {
		*link = bpf_program__attach(program);
	} else {
		bpf_link__destroy(*link);
		*link = NULL;
	}
}

static int attach_uplink(struct jb_kernel *kernel, bool replace)
{
	const struct jb_bpf *skel = kernel->skel;

	return jb_uplink_attach(&kernel->uplink, bpf_program__fd(skel->progs.jb_edge_ingress),
				bpf_program__fd(skel->progs.jb_edge_egress), replace);
}

int jb_kernel_attach_uplink(struct jb_kernel *kernel, char *error)
{
	char what[64];
	int err;

	if (!kernel->uplink.index)
		return 0;
	err = attach_uplink(kernel, true);
	snprintf(what, sizeof(what), "attach to --uplink %s", kernel->uplink.name);
	return err ? jb_kernel_fail(error, err, what) : 0;
}

/* To what has the name now. The programs were loaded for one link layer. */
static int attach_uplink_again(struct jb_kernel *kernel)
{
	struct jb_uplink found = {};
	int err = jb_uplink_find(&found, kernel->uplink.name);

	if (err)
		return err;
	if (found.header != kernel->uplink.header)
		return -EAFNOSUPPORT;
	kernel->uplink = found;
	/* Two agents would take each other's place in turn. */
	return attach_uplink(kernel, false);
}

int jb_kernel_check_uplink(struct jb_kernel *kernel)
{
	if (!kernel->uplink.index || jb_uplink_holds(&kernel->uplink))
		return 0;
	if (!kernel->uplink.attached)
		return attach_uplink_again(kernel);
	jb_uplink_detach(&kernel->uplink);
	return -ENODEV;
}

/* The kernel detaches a link whose cgroup has been removed, and then tells no cgroup of it. */
static bool is_attached(const struct bpf_link *link, enum jb_program_kind kind)
{
	struct bpf_link_info info = {};
	__u32 len = sizeof(info);

	if (!link || kind != JB_PROGRAM_CGROUP)
		return link;
	return !bpf_obj_get_info_by_fd(bpf_link__fd(link), &info, &len) && info.cgroup.cgroup_id;
}

bool jb_kernel_program(const struct jb_kernel *kernel, __u32 index,
		       struct jb_kernel_program_info *ret)
{
	const struct bpf_object_skeleton *s = kernel->skel->skeleton;
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);
	const struct jb_program *p;
	int fd;

	if (index >= (__u32)s->prog_cnt)
		return false;
	p = jb_program_find(s->progs[index].name);
	fd = bpf_program__fd(*s->progs[index].prog);
	*ret = (struct jb_kernel_program_info){
		.name = s->progs[index].name,
		.attaches = fd >= 0 && p->kind != JB_PROGRAM_RUN,
		.attached = p->kind == JB_PROGRAM_UPLINK
				    ? kernel->uplink.attached
				    : is_attached(*s->progs[index].link, p->kind),
		.media = p->feature == JB_FEATURE_MEDIA,
	};
	if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &len)) {
		ret->misses = info.recursion_misses;
		ret->runtime_ns = info.run_time_ns;
	}
	return true;
}

/* Whether all that the feature has run. */
static bool runs(const struct jb_kernel *kernel, enum jb_feature feature)
{
	const struct bpf_object_skeleton *s = kernel->skel->skeleton;
	bool any = false;

	for (int i = 0; i < s->prog_cnt; i++) {
		const struct jb_program *p = jb_program_find(s->progs[i].name);

		if (p->feature != feature || p->kind == JB_PROGRAM_RUN)
			continue;
		if (!is_attached(*s->progs[i].link, p->kind))
			return false;
		any = true;
	}
	return any;
}

bool jb_kernel_has(const struct jb_kernel *kernel, enum jb_feature feature)
{
	switch (feature) {
	case JB_FEATURE_LISTEN_OVERFLOWS:
		return kernel->types.kfuncs && runs(kernel, JB_FEATURE_MEDIA);
	case JB_FEATURE_DROP_RECEIVER:
		return kernel->types.drop_receiver && runs(kernel, JB_FEATURE_DROPS);
	case JB_FEATURE_RECEIVE_QUEUE: /* attached while there is media */
		return bpf_program__fd(kernel->skel->progs.jb_queue_received) >= 0;
	case JB_FEATURE_UPLINK:
		return kernel->uplink.attached;
	case JB_FEATURE_TCP_SAMPLES:
		return runs(kernel, feature) && kernel->skel->bss->jb_samples_seen;
	default:
		return runs(kernel, feature);
	}
}
