/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "kernel/cgroup.h"
#include "kernel/object.h"
#include "lab.h"

/* Local as seen from each side. */
static const char *const addresses[2] = {"198.18.0.1", "198.18.0.2"};

static int write_line(const char *directory, const char *file, const char *text)
{
	char path[PATH_MAX + 32];
	int fd, err = 0;

	snprintf(path, sizeof(path), "%s/%s", directory, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* The cgroup2 directory that this process is in. */
static int own_cgroup(const char *root, char *ret, size_t size)
{
	char line[PATH_MAX];
	FILE *file = fopen("/proc/self/cgroup", "re");
	int err = -ENOENT;

	if (!file)
		return -errno;
	while (err && fgets(line, sizeof(line), file)) {
		if (strncmp(line, "0::", 3))
			continue;
		line[strcspn(line, "\n")] = 0;
		err = snprintf(ret, size, "%s%s", root, line + 3) < (int)size ? 0 : -ENAMETOOLONG;
	}
	fclose(file);
	return err;
}

static int enter_cgroup(struct jb_lab *lab)
{
	char root[PATH_MAX - 64], error[JB_KERNEL_ERROR_LEN];
	int err = jb_cgroup_find_root(root, sizeof(root), error, sizeof(error));

	if (!err)
		err = own_cgroup(root, lab->former, sizeof(lab->former));
	if (err)
		return err;
	snprintf(lab->cgroup, sizeof(lab->cgroup), "%s/jbt-%d-0-bench", root, getpid());
	if (mkdir(lab->cgroup, 0755))
		return -errno;
	return write_line(lab->cgroup, "cgroup.procs", "0");
}

/* A namespace of its own, which this thread is in from now on. */
static int new_namespace(int *ret)
{
	if (unshare(CLONE_NEWNET))
		return -errno;
	*ret = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	return *ret < 0 ? -errno : 0;
}

static int enter(int namespace)
{
	return setns(namespace, CLONE_NEWNET) ? -errno : 0;
}

static int run(const char *command)
{
	return system(command) ? -EIO : 0;
}

static int set_up_side(const struct jb_lab *lab, int side)
{
	char command[160];

	snprintf(command, sizeof(command),
		 "ip link set lo up && ip address add %s/24 dev jb%d && ip link set jb%d up",
		 addresses[side], side, side);
	return enter(lab->side[side]) ?: run(command);
}

static int make_namespaces(struct jb_lab *lab)
{
	char command[160];
	int err;

	lab->home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (lab->home < 0)
		return -errno;
	err = new_namespace(&lab->side[0]) ?: new_namespace(&lab->side[1]);
	if (err)
		return err;
	snprintf(command, sizeof(command),
		 "ip link add jb1 type veth peer name jb0 && ip link set jb0 netns /proc/%d/fd/%d",
		 getpid(), lab->side[0]);
	return run(command) ?: set_up_side(lab, 0) ?: set_up_side(lab, 1);
}

int jb_lab_open(struct jb_lab *lab)
{
	*lab = (struct jb_lab){.home = -1, .side = {-1, -1}};
	return enter_cgroup(lab) ?: make_namespaces(lab);
}

void jb_lab_close(struct jb_lab *lab)
{
	if (lab->home >= 0)
		enter(lab->home);
	for (int i = 0; i < 2; i++)
		if (lab->side[i] >= 0)
			close(lab->side[i]);
	if (lab->home >= 0)
		close(lab->home);
	if (lab->cgroup[0]) {
		write_line(lab->former, "cgroup.procs", "0");
		rmdir(lab->cgroup);
	}
}

/* Bound to its side's address. Its descriptor or -errno. */
static int bound_socket(const struct jb_lab *lab, int side, int type)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	int err = enter(lab->side[side]);
	int fd;

	if (err)
		return err;
	fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	inet_pton(AF_INET, addresses[side], &address.sin_addr);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

/* To where the other one is. */
static int connect_to(int fd, int other)
{
	struct sockaddr_in address;
	socklen_t len = sizeof(address);

	if (getsockname(other, (struct sockaddr *)&address, &len) ||
	    connect(fd, (struct sockaddr *)&address, len))
		return -errno;
	return 0;
}

static int accept_one(int client, int listener, int *ret)
{
	int err, on = 1;

	if (listen(listener, 1))
		return -errno;
	err = connect_to(client, listener);
	if (err)
		return err;
	*ret = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (*ret < 0)
		return -errno;
	if (setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) ||
	    setsockopt(*ret, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on))) {
		err = -errno;
		close(*ret);
	}
	return err;
}

int jb_lab_connect(const struct jb_lab *lab, int ret[2])
{
	int listener = bound_socket(lab, 1, SOCK_STREAM);
	int client = listener < 0 ? listener : bound_socket(lab, 0, SOCK_STREAM);
	int err = client < 0 ? client : accept_one(client, listener, &ret[1]);

	if (listener >= 0)
		close(listener);
	if (!err)
		ret[0] = client;
	else if (client >= 0)
		close(client);
	return err;
}

int jb_lab_udp(const struct jb_lab *lab, int ret[2])
{
	int a = bound_socket(lab, 0, SOCK_DGRAM);
	int b = a < 0 ? a : bound_socket(lab, 1, SOCK_DGRAM);
	int err = b < 0 ? b : connect_to(a, b) ?: connect_to(b, a);

	if (!err) {
		ret[0] = a;
		ret[1] = b;
		return 0;
	}
	if (a >= 0)
		close(a);
	if (b >= 0)
		close(b);
	return err;
}
