/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Between whom a TCP connection is: its leg, as the metrics have it. The kernel tells the path of a
 * connection by its addresses; what that means depends on whose end it is. Pure.
 */
#ifndef JB_WORKLOADS_LEG_H
#define JB_WORKLOADS_LEG_H

#include <jitterbug/traffic.h>

enum jb_tcp_leg {
	JB_LEG_DIRECT,
	JB_LEG_LOOPBACK,
	/* Of pods in the mesh: */
	JB_LEG_APP_OUT,   /* between an app and the proxy beside it, on the way out */
	JB_LEG_MESH_OUT,  /* from a proxy to another */
	JB_LEG_PLAIN_OUT, /* from a proxy to what has none, the mesh's control plane included */
	JB_LEG_MESH_IN,   /* at a proxy from another */
	JB_LEG_PLAIN_IN,  /* at a proxy from what has none */
	JB_LEG_APP_IN,    /* between the proxy and the app beside it, on the way in */
	JB_LEG_BYPASS,    /* past the proxy */
	JB_LEG_UNKNOWN,   /* it can't be told, or not yet */
	JB_LEG_MAX
};

_Static_assert((int)JB_LEG_MAX <= (int)JB_PATH_MAX, "legs take the slots of paths");

extern const char *const jb_tcp_leg_names[JB_LEG_MAX];

/* What a cgroup is in the mesh. */
enum jb_mesh_role {
	JB_ROLE_PENDING,  /* not known yet: a container that the API hasn't told of */
	JB_ROLE_UNMESHED, /* no pod, or one without proxy */
	JB_ROLE_APP,      /* in a pod with a proxy, but not the proxy */
	JB_ROLE_PROXY,
	JB_ROLE_UNKNOWN, /* in a pod with a proxy; which container it was never was told */
	JB_ROLE_MAX
};

/* `path`: enum jb_tcp_path; any other octet is told as unknown, as is what is pending. */
enum jb_tcp_leg jb_tcp_leg_of(enum jb_mesh_role role, __u8 path);

/* Whether it stays on this host: its round trip is no network's. */
bool jb_tcp_leg_is_local(enum jb_tcp_leg leg);

#endif
