/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "kernel/uplink.h"

#include <errno.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <jitterbug/totals.h>

/* uapi/linux/bpf.h of 6.6; libbpf 1.1 is older. */
#define JB_TCX_INGRESS  46
#define JB_TCX_EGRESS   47
#define JB_BEFORE       (1U << 3) /* BPF_F_BEFORE: nobody's, so all */
#define JB_ETHER_HEADER 14
/* Of our filters: who starts again finds them. */
#define JB_TC_HANDLE   0x6a62
#define JB_TC_PRIORITY 1

static const enum bpf_tc_attach_point points[] = {
	[JB_INGRESS] = BPF_TC_INGRESS,
	[JB_EGRESS] = BPF_TC_EGRESS,
};

static int hardware_type(const char *name)
{
	struct ifreq request = {};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	err = ioctl(fd, SIOCGIFHWADDR, &request) ? -errno : request.ifr_hwaddr.sa_family;
	close(fd);
	return err;
}

int jb_uplink_find(struct jb_uplink *uplink, const char *name)
{
	unsigned int index = if_nametoindex(name);
	int type = hardware_type(name);

	if (!index || strlen(name) >= sizeof(uplink->name))
		return -ENODEV;
	if (type < 0)
		return type;
	switch (type) {
	case ARPHRD_ETHER:
	case ARPHRD_LOOPBACK:
		uplink->header = JB_ETHER_HEADER;
		break;
	case ARPHRD_NONE: /* tun, WireGuard */
	case ARPHRD_PPP:
	case ARPHRD_RAWIP:
		uplink->header = 0;
		break;
	default:
		return -EAFNOSUPPORT;
	}
	snprintf(uplink->name, sizeof(uplink->name), "%s", name);
	uplink->index = index;
	return 0;
}

static int attach_tcx(struct jb_uplink *uplink, int ingress, int egress)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = JB_BEFORE);
	int err;

	uplink->link[JB_INGRESS] = bpf_link_create(ingress, (int)uplink->index, JB_TCX_INGRESS,
						   &opts);
	if (uplink->link[JB_INGRESS] < 0)
		return -errno;
	uplink->link[JB_EGRESS] = bpf_link_create(egress, (int)uplink->index, JB_TCX_EGRESS, &opts);
	if (uplink->link[JB_EGRESS] >= 0)
		return 0;
	err = -errno;
	close(uplink->link[JB_INGRESS]);
	return err;
}

/* What runs in our filter's place. 0 or -errno. */
static int filter_program(const struct jb_uplink *uplink, enum bpf_tc_attach_point point,
			  __u32 *ret_id)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = uplink->index, .attach_point = point);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = JB_TC_HANDLE, .priority = JB_TC_PRIORITY);
	int err = bpf_tc_query(&hook, &opts);

	if (!err)
		*ret_id = opts.prog_id;
	return err;
}

static bool filter_holds(const struct jb_uplink *uplink, enum jb_direction direction)
{
	__u32 id;

	return !filter_program(uplink, points[direction], &id) && id == uplink->program[direction];
}

static void detach_filter(const struct jb_uplink *uplink, enum jb_direction direction)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = uplink->index, .attach_point = points[direction]);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = JB_TC_HANDLE, .priority = JB_TC_PRIORITY);

	if (filter_holds(uplink, direction))
		bpf_tc_detach(&hook, &opts);
}

static int attach_filter(struct jb_uplink *uplink, enum jb_direction direction, int program,
			 bool replace)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = uplink->index, .attach_point = points[direction]);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = JB_TC_HANDLE, .priority = JB_TC_PRIORITY,
		    .prog_fd = program, .flags = replace ? BPF_TC_F_REPLACE : 0);
	int err = bpf_tc_hook_create(&hook);

	if (err && err != -EEXIST)
		return err;
	err = bpf_tc_attach(&hook, &opts);
	if (!err)
		uplink->program[direction] = opts.prog_id;
	return err;
}

static int attach_clsact(struct jb_uplink *uplink, int ingress, int egress, bool replace)
{
	int err = attach_filter(uplink, JB_INGRESS, ingress, replace);

	if (err)
		return err;
	err = attach_filter(uplink, JB_EGRESS, egress, replace);
	if (err)
		detach_filter(uplink, JB_INGRESS);
	uplink->clsact = !err;
	return err;
}

int jb_uplink_attach(struct jb_uplink *uplink, int ingress, int egress, bool replace)
{
	int err = attach_tcx(uplink, ingress, egress);

	/* Who doesn't know the attach type says so. */
	if (err == -EINVAL)
		err = attach_clsact(uplink, ingress, egress, replace);
	uplink->attached = !err;
	return err;
}

/* The kernel takes the interface off a link when it goes. */
static bool link_holds(const struct jb_uplink *uplink, enum jb_direction direction)
{
	struct bpf_link_info info = {};
	__u32 len = sizeof(info);

	/* Of a tcx link, too: what the headers of libbpf 1.1 don't say. */
	return !bpf_obj_get_info_by_fd(uplink->link[direction], &info, &len) && info.xdp.ifindex;
}

bool jb_uplink_holds(const struct jb_uplink *uplink)
{
	char name[IFNAMSIZ];

	/* One that was moved to another namespace keeps its links. */
	if (!uplink->attached || !if_indextoname(uplink->index, name))
		return false;
	if (uplink->clsact)
		return filter_holds(uplink, JB_INGRESS) && filter_holds(uplink, JB_EGRESS);
	return link_holds(uplink, JB_INGRESS) && link_holds(uplink, JB_EGRESS);
}

void jb_uplink_detach(struct jb_uplink *uplink)
{
	if (!uplink->attached)
		return;
	if (uplink->clsact) {
		detach_filter(uplink, JB_INGRESS);
		detach_filter(uplink, JB_EGRESS);
	} else {
		close(uplink->link[JB_INGRESS]);
		close(uplink->link[JB_EGRESS]);
	}
	uplink->attached = false;
}
