/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>
#include "kernel/memory.h"
#include "kernel/private.h"

/* Rows of totals a workload has on average: UDP and TCP most, a call up to twelve more. */
#define JB_ROWS_PER_WORKLOAD 6
/* Flows with video at once. */
#define JB_FLOWS_PER_STREAM 8

static __u32 power_of_two_below(__u32 n)
{
	__u32 p = 1;

	while (p * 2 <= n)
		p *= 2;
	return p;
}

__u32 jb_kernel_possible_cpus(void)
{
	int cpus = libbpf_num_possible_cpus();

	return cpus > 0 ? cpus : 1;
}

/* Whether the program can do with this kernel, and is not left out as one of those we could spare.
 */
static bool is_wanted(const struct jb_kernel *kernel, const struct bpf_program *program)
{
	const struct jb_program *p = jb_program_find(bpf_program__name(program));

	if (p && p->kind == JB_PROGRAM_UPLINK)
		return kernel->uplink.index;
	if (!p || (kernel->media_only && p->feature != JB_FEATURE_MEDIA))
		return false;
	return jb_program_is_possible(p, &kernel->types);
}

static int choose_programs(struct jb_kernel *kernel)
{
	struct bpf_program *program;

	bpf_object__for_each_program (program, kernel->skel->obj) {
		int err = bpf_program__set_autoload(program, is_wanted(kernel, program));

		if (err)
			return err;
	}
	return 0;
}

static int configure(struct jb_kernel *kernel, const struct jb_kernel_options *options)
{
	struct jb_bpf *skel = kernel->skel;
	struct jb_config *config = &skel->rodata->jb_config;
	__u32 cpus = jb_kernel_possible_cpus();

	kernel->shards = power_of_two_below(cpus < JB_SHARDS_MAX ? cpus : JB_SHARDS_MAX);
	kernel->rows = JB_UNKNOWN_ROWS + options->max_workloads * JB_ROWS_PER_WORKLOAD;
	if (getrandom(&config->seed, sizeof(config->seed), 0) != sizeof(config->seed))
		return -errno;
	config->shards = kernel->shards;
	config->full = kernel->full = options->full;
	config->kfuncs = kernel->types.kfuncs;
	config->drop_receiver = kernel->types.drop_receiver;
	config->uplink_header = kernel->uplink.header;
	config->queues = is_wanted(kernel, skel->progs.jb_queue_received);
	if (options->media_ports)
		memcpy(config->media_ports, options->media_ports, sizeof(config->media_ports));
	if (options->ice_tcp_ports)
		memcpy(config->ice_tcp_ports, options->ice_tcp_ports,
		       sizeof(config->ice_tcp_ports));
	for (size_t i = 0; i < sizeof(config->ice_tcp_ports) / sizeof(__u64); i++)
		config->ice_tcp |= !!config->ice_tcp_ports[i];

	return bpf_map__set_max_entries(skel->maps.jb_streams, options->max_streams) ?:
	       bpf_map__set_max_entries(skel->maps.jb_totals, kernel->rows * kernel->shards) ?:
	       bpf_map__set_max_entries(skel->maps.jb_rows_used, kernel->rows) ?:
	       bpf_map__set_max_entries(skel->maps.jb_rows, kernel->rows) ?:
	       bpf_map__set_max_entries(skel->maps.jb_free_rows, kernel->rows) ?:
	       bpf_map__set_max_entries(skel->maps.jb_video_types,
					options->max_streams / JB_FLOWS_PER_STREAM + 1);
}

static int map_array(const struct bpf_map *map, size_t octets, void **ret, size_t *ret_size)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t size = (octets + page - 1) / page * page;
	void *mapped = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	if (mapped == MAP_FAILED)
		return -errno;
	*ret = mapped;
	*ret_size = size;
	return 0;
}

static int map_arrays(struct jb_kernel *kernel)
{
	struct jb_bpf *skel = kernel->skel;

	return map_array(skel->maps.jb_totals,
			 (size_t)kernel->rows * kernel->shards * sizeof(*kernel->totals),
			 (void **)&kernel->totals, &kernel->totals_size) ?:
	       map_array(skel->maps.jb_rows_used, kernel->rows * sizeof(*kernel->rows_used),
			 (void **)&kernel->rows_used, &kernel->rows_used_size) ?:
	       map_array(skel->maps.jb_stun, JB_PAIRS * sizeof(*kernel->stun),
			 (void **)&kernel->stun, &kernel->stun_size);
}

static int fill_free_rows(struct jb_kernel *kernel)
{
	int fd = bpf_map__fd(kernel->skel->maps.jb_free_rows);

	for (__u32 row = JB_UNKNOWN_ROWS; row < kernel->rows; row++)
		if (bpf_map_update_elem(fd, NULL, &row, 0))
			return -errno;
	return 0;
}

/* What went wrong, and what to do about it. */
static const char *reason(int err, const char **ret_remedy)
{
	*ret_remedy = "";
	switch (err) {
	case -EACCES: /* the verifier's, too */
		*ret_remedy = "; the kernel refused a program (--log-level debug tells why), or "
			      "CAP_PERFMON is missing";
		break;
	case -EPERM:
		*ret_remedy = "; it needs CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN (or root)";
		break;
	case -ENOMEM:
		*ret_remedy = "; lower --max-streams or --max-workloads";
		break;
	case -ESRCH: /* libbpf's, when it finds no types for its relocations */
		*ret_remedy = " (CONFIG_DEBUG_INFO_BTF)";
		return "no usable BTF at /sys/kernel/btf/vmlinux";
	}
	return strerror(-err);
}

int jb_kernel_fail(char *error, int err, const char *what)
{
	const char *remedy;
	const char *text = reason(err, &remedy);

	snprintf(error, JB_KERNEL_ERROR_LEN, "%s: %s%s", what, text, remedy);
	return err;
}

static void (*log_line)(const char *line);

void jb_kernel_set_log(void (*log)(const char *line))
{
	log_line = log;
}

/* libbpf would write to stderr; what its callers need to know is in the error. */
static int on_print(enum libbpf_print_level level, const char *format, va_list arguments)
{
	char *text, *rest, *line;

	(void)level;
	if (!log_line || vasprintf(&text, format, arguments) < 0)
		return 0;
	for (rest = text; (line = strsep(&rest, "\n"));)
		if (*line)
			log_line(line);
	free(text);
	return 0;
}

/* Opens, sizes and loads; *ret_what is the step that failed. */
static int load(struct jb_kernel *kernel, const struct jb_kernel_options *options,
		const char **ret_what)
{
	int err;

	*ret_what = "open the BPF object";
	kernel->skel = jb_bpf__open();
	if (!kernel->skel)
		return -errno;
	*ret_what = "size the BPF maps";
	err = choose_programs(kernel) ?: configure(kernel, options);
	if (err)
		return err;
	*ret_what = "load the BPF programs";
	return jb_bpf__load(kernel->skel);
}

/*
 * A kernel may refuse a program for reasons that its types don't tell: then media, which is what we
 * are here for, is measured without the others.
 */
static int load_what_goes(struct jb_kernel *kernel, const struct jb_kernel_options *options,
			  const char **ret_what)
{
	int err = load(kernel, options, ret_what);

	if (!err || err == -ENOMEM || err == -EPERM)
		return err;
	jb_bpf__destroy(kernel->skel);
	kernel->skel = NULL;
	kernel->media_only = true;
	return load(kernel, options, ret_what);
}

int jb_kernel_load(struct jb_kernel **ret, const struct jb_kernel_options *options, char *error)
{
	struct jb_kernel *kernel = calloc(1, sizeof(*kernel));
	const char *what = "read the kernel's types";
	int err;

	libbpf_set_print(on_print);
	if (!kernel)
		return jb_kernel_fail(error, -ENOMEM, what);
	err = jb_kernel_read_types(&kernel->types, &kernel->reasons);
	if (err == -ENOENT)
		err = -ESRCH;
	if (!err && options->uplink) {
		what = options->uplink;
		err = jb_uplink_find(&kernel->uplink, options->uplink);
	}
	if (!err)
		err = load_what_goes(kernel, options, &what);
	if (!err) {
		what = "map the arrays";
		err = map_arrays(kernel);
	}
	if (!err) {
		what = "fill the free rows";
		err = fill_free_rows(kernel);
	}
	if (err) {
		jb_kernel_free(kernel);
		return jb_kernel_fail(error, err, what);
	}
	*ret = kernel;
	return 0;
}

void jb_kernel_free(struct jb_kernel *kernel)
{
	if (!kernel)
		return;
	ring_buffer__free(kernel->events);
	jb_uplink_detach(&kernel->uplink);
	if (kernel->totals)
		munmap(kernel->totals, kernel->totals_size);
	if (kernel->rows_used)
		munmap(kernel->rows_used, kernel->rows_used_size);
	if (kernel->stun)
		munmap(kernel->stun, kernel->stun_size);
	jb_drop_reasons_free(&kernel->reasons);
	jb_bpf__destroy(kernel->skel);
	free(kernel);
}

const __u64 *jb_kernel_faults(const struct jb_kernel *kernel)
{
	return kernel->skel->bss->jb_faults;
}
