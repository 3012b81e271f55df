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

/* Rows of totals a workload has on average: most have no media, a call has up to eight. */
#define JB_ROWS_PER_WORKLOAD 4
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
	config->full = options->full;
	if (options->media_ports)
		memcpy(config->media_ports, options->media_ports, sizeof(config->media_ports));

	return bpf_map__set_max_entries(skel->maps.jb_streams, options->max_streams) ?:
	       bpf_map__set_max_entries(skel->maps.jb_totals, kernel->rows * kernel->shards) ?:
	       bpf_map__set_max_entries(skel->maps.jb_rows, kernel->rows) ?:
	       bpf_map__set_max_entries(skel->maps.jb_free_rows, kernel->rows) ?:
	       bpf_map__set_max_entries(skel->maps.jb_video_types,
					options->max_streams / JB_FLOWS_PER_STREAM + 1);
}

static int map_totals(struct jb_kernel *kernel)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t size = (size_t)kernel->rows * kernel->shards * sizeof(*kernel->totals);
	void *mapped;

	size = (size + page - 1) / page * page;
	mapped = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
		      bpf_map__fd(kernel->skel->maps.jb_totals), 0);
	if (mapped == MAP_FAILED)
		return -errno;
	kernel->totals = mapped;
	kernel->totals_size = size;
	return 0;
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
	case -EPERM:
	case -EACCES:
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

static int fail(char *error, int err, const char *what)
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

int jb_kernel_load(struct jb_kernel **ret, const struct jb_kernel_options *options, char *error)
{
	struct jb_kernel *kernel = calloc(1, sizeof(*kernel));
	const char *what = "open the BPF object";
	int err = -ENOMEM;

	libbpf_set_print(on_print);

	if (!kernel)
		return fail(error, err, what);
	kernel->skel = jb_bpf__open();
	if (!kernel->skel) {
		err = -errno;
		goto failed;
	}
	what = "size the BPF maps";
	err = configure(kernel, options);
	if (err)
		goto failed;
	what = "load the BPF programs";
	err = jb_bpf__load(kernel->skel);
	if (err)
		goto failed;
	what = "map the totals";
	err = map_totals(kernel);
	if (err)
		goto failed;
	what = "fill the free rows";
	err = fill_free_rows(kernel);
	if (err)
		goto failed;
	*ret = kernel;
	return 0;
failed:
	jb_kernel_free(kernel);
	return fail(error, err, what);
}

static int attach(struct bpf_link **ret, struct bpf_program *program, int cgroup, char *error)
{
	struct bpf_link *link = bpf_program__attach_cgroup(program, cgroup);
	char what[64];

	if (!link) {
		int err = -errno;

		snprintf(what, sizeof(what), "attach %s", bpf_program__name(program));
		return fail(error, err, what);
	}
	*ret = link;
	return 0;
}

int jb_kernel_attach(struct jb_kernel *kernel, const char *path, char *error)
{
	struct jb_bpf *skel = kernel->skel;
	int cgroup = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err;

	if (cgroup < 0)
		return fail(error, -errno, path);
	err = attach(&skel->links.jb_media_ingress, skel->progs.jb_media_ingress, cgroup, error);
	if (!err)
		err = attach(&skel->links.jb_media_egress, skel->progs.jb_media_egress, cgroup,
			     error);
	close(cgroup);
	return err;
}

void jb_kernel_free(struct jb_kernel *kernel)
{
	if (!kernel)
		return;
	ring_buffer__free(kernel->events);
	if (kernel->totals)
		munmap(kernel->totals, kernel->totals_size);
	jb_bpf__destroy(kernel->skel);
	free(kernel);
}

const __u64 *jb_kernel_faults(const struct jb_kernel *kernel)
{
	return kernel->skel->bss->jb_faults;
}
