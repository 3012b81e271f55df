/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include "kernel/cgroup.h"
#include "live.h"

static void enter_cgroup(const char *path)
{
	char file[5000];
	FILE *f;

	snprintf(file, sizeof(file), "%s/cgroup.procs", path);
	f = fopen(file, "w");
	assert_non_null(f);
	assert_true(fprintf(f, "%d\n", getpid()) > 0);
	assert_int_equal(fclose(f), 0);
}

/* What /proc/self/cgroup says of cgroup2, below `root`. */
static void find_home(struct jb_live *live, const char *root)
{
	char line[3000];
	FILE *f = fopen("/proc/self/cgroup", "r");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = 0;
		if (!strncmp(line, "0::", 3))
			snprintf(live->home, sizeof(live->home), "%s%s", root, line + 3);
	}
	fclose(f);
}

static void enter_namespace(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd;

	assert_int_equal(unshare(CLONE_NEWNET), 0);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	assert_true(fd >= 0);
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	close(fd);
}

static void attach(struct jb_live *live)
{
	struct jb_bpf *skel = live->h.kernel->skel;
	int fd = open(live->path, O_RDONLY | O_DIRECTORY);

	assert_true(fd >= 0);
	live->links[JB_INGRESS] = bpf_program__attach_cgroup(skel->progs.jb_media_ingress, fd);
	live->links[JB_EGRESS] = bpf_program__attach_cgroup(skel->progs.jb_media_egress, fd);
	assert_non_null(live->links[JB_INGRESS]);
	assert_non_null(live->links[JB_EGRESS]);
	close(fd);
}

int jb_live_setup(void **state)
{
	struct jb_live *live = calloc(1, sizeof(*live));
	char root[1000], error[JB_KERNEL_ERROR_LEN];

	assert_non_null(live);
	*state = live;
	jb_harness_load(&live->h, 64, 64);
	if (jb_cgroup_find_root(root, sizeof(root), error, sizeof(error))) {
		print_message("             %s\n", error);
		return 0;
	}
	find_home(live, root);
	snprintf(live->path, sizeof(live->path), "%s/jitterbug-test-%d", root, getpid());
	assert_int_equal(mkdir(live->path, 0755), 0);
	enter_cgroup(live->path);
	enter_namespace();
	attach(live);
	live->ready = true;
	return 0;
}

int jb_live_teardown(void **state)
{
	struct jb_live *live = *state;

	for (int i = 0; i < JB_DIRECTION_MAX; i++)
		bpf_link__destroy(live->links[i]);
	if (live->ready) {
		enter_cgroup(live->home);
		rmdir(live->path);
	}
	jb_harness_free(&live->h);
	free(live);
	return 0;
}

struct jb_live *jb_live_ready(void **state)
{
	struct jb_live *live = *state;

	if (!live->ready)
		skip();
	return live;
}

static struct sockaddr_in address(__u16 port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
				    .sin_port = htons(port),
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

int jb_live_udp(__u16 port, __u16 peer)
{
	struct sockaddr_in a = address(port);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (void *)&a, sizeof(a)), 0);
	a = address(peer);
	if (peer)
		assert_int_equal(connect(fd, (void *)&a, sizeof(a)), 0);
	return fd;
}

void jb_live_pass(int from, int to, const void *data, size_t len)
{
	char buffer[65536];
	size_t got = 0;

	assert_int_equal(send(from, data, len, 0), len);
	while (got < len) {
		ssize_t n = recv(to, buffer, sizeof(buffer), 0);

		assert_true(n > 0);
		got += n;
	}
	assert_int_equal(got, len);
}

void jb_live_tcp(__u16 port, int ret[2])
{
	struct sockaddr_in a = address(port);
	int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	assert_true(listener >= 0);
	assert_int_equal(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	assert_int_equal(bind(listener, (void *)&a, sizeof(a)), 0);
	assert_int_equal(listen(listener, 1), 0);
	ret[0] = socket(AF_INET, SOCK_STREAM, 0);
	assert_true(ret[0] >= 0);
	assert_int_equal(connect(ret[0], (void *)&a, sizeof(a)), 0);
	ret[1] = accept(listener, NULL, NULL);
	assert_true(ret[1] >= 0);
	close(listener);
	for (int i = 0; i < 2; i++)
		assert_int_equal(setsockopt(ret[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
}
