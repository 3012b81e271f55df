/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "workloads/leg.h"

const char *const jb_tcp_leg_names[JB_LEG_MAX] = {
	[JB_LEG_DIRECT] = "direct",       [JB_LEG_LOOPBACK] = "loopback",
	[JB_LEG_APP_OUT] = "app_out",     [JB_LEG_MESH_OUT] = "mesh_out",
	[JB_LEG_PLAIN_OUT] = "plain_out", [JB_LEG_MESH_IN] = "mesh_in",
	[JB_LEG_PLAIN_IN] = "plain_in",   [JB_LEG_APP_IN] = "app_in",
	[JB_LEG_BYPASS] = "bypass",       [JB_LEG_UNKNOWN] = "unknown",
};

/* What doesn't depend on whether it is the proxy: all that can be told while that isn't known. */
#define UNDECIDED                                                                                  \
	{                                                                                          \
		[JB_PATH_DIRECT] = JB_LEG_UNKNOWN, [JB_PATH_LOOPBACK] = JB_LEG_LOOPBACK,           \
		[JB_PATH_SELF] = JB_LEG_APP_IN, [JB_PATH_REDIRECTED] = JB_LEG_APP_OUT,             \
		[JB_PATH_ON_OUTBOUND] = JB_LEG_APP_OUT, [JB_PATH_TO_INBOUND] = JB_LEG_UNKNOWN,     \
		[JB_PATH_ON_INBOUND] = JB_LEG_UNKNOWN, [JB_PATH_INBOUND_DIRECT] = JB_LEG_UNKNOWN,  \
		[JB_PATH_INBOUND_REDIRECTED] = JB_LEG_UNKNOWN,                                     \
		[JB_PATH_ON_ADMIN] = JB_LEG_UNKNOWN,                                               \
	}

static const __u8 legs[JB_ROLE_MAX][JB_PATH_MAX] = {
	[JB_ROLE_PENDING] = UNDECIDED,
	[JB_ROLE_UNMESHED] =
		{
			/* Where no proxy is its ports are any server's. */
			[JB_PATH_DIRECT] = JB_LEG_DIRECT,
			[JB_PATH_LOOPBACK] = JB_LEG_LOOPBACK,
			[JB_PATH_SELF] = JB_LEG_LOOPBACK,
			[JB_PATH_REDIRECTED] = JB_LEG_LOOPBACK,
			[JB_PATH_ON_OUTBOUND] = JB_LEG_LOOPBACK,
			[JB_PATH_TO_INBOUND] = JB_LEG_DIRECT,
			[JB_PATH_ON_INBOUND] = JB_LEG_DIRECT,
			[JB_PATH_INBOUND_DIRECT] = JB_LEG_DIRECT,
			[JB_PATH_INBOUND_REDIRECTED] = JB_LEG_DIRECT,
			[JB_PATH_ON_ADMIN] = JB_LEG_DIRECT,
		},
	[JB_ROLE_APP] =
		{
			[JB_PATH_DIRECT] = JB_LEG_BYPASS,
			[JB_PATH_LOOPBACK] = JB_LEG_LOOPBACK,
			[JB_PATH_SELF] = JB_LEG_APP_IN,
			[JB_PATH_REDIRECTED] = JB_LEG_APP_OUT,
			[JB_PATH_ON_OUTBOUND] = JB_LEG_LOOPBACK,
			[JB_PATH_TO_INBOUND] = JB_LEG_BYPASS,
			[JB_PATH_ON_INBOUND] = JB_LEG_BYPASS,
			[JB_PATH_INBOUND_DIRECT] = JB_LEG_BYPASS,
			[JB_PATH_INBOUND_REDIRECTED] = JB_LEG_BYPASS,
			[JB_PATH_ON_ADMIN] = JB_LEG_BYPASS,
		},
	[JB_ROLE_PROXY] =
		{
			[JB_PATH_DIRECT] = JB_LEG_PLAIN_OUT,
			[JB_PATH_LOOPBACK] = JB_LEG_LOOPBACK,
			[JB_PATH_SELF] = JB_LEG_APP_IN,
			[JB_PATH_REDIRECTED] = JB_LEG_LOOPBACK,
			[JB_PATH_ON_OUTBOUND] = JB_LEG_APP_OUT,
			[JB_PATH_TO_INBOUND] = JB_LEG_MESH_OUT,
			[JB_PATH_ON_INBOUND] = JB_LEG_UNKNOWN,
			[JB_PATH_INBOUND_DIRECT] = JB_LEG_MESH_IN,
			[JB_PATH_INBOUND_REDIRECTED] = JB_LEG_PLAIN_IN,
			[JB_PATH_ON_ADMIN] = JB_LEG_BYPASS,
		},
	[JB_ROLE_UNKNOWN] = UNDECIDED,
};

enum jb_tcp_leg jb_tcp_leg_of(enum jb_mesh_role role, __u8 path)
{
	if ((unsigned int)role >= JB_ROLE_MAX || path >= JB_PATH_MAX)
		return JB_LEG_UNKNOWN;
	return (enum jb_tcp_leg)legs[role][path];
}

bool jb_tcp_leg_is_local(enum jb_tcp_leg leg)
{
	return leg == JB_LEG_LOOPBACK || leg == JB_LEG_APP_OUT || leg == JB_LEG_APP_IN;
}
