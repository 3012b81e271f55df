/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef JB_WORKLOADS_IDENTITY_H
#define JB_WORKLOADS_IDENTITY_H

/*
 * Whose a stream or a row is, in the words of the metrics. A pod has the first three, everything
 * else a unit; what isn't known or doesn't apply is "", never NULL. Bytes of any kind: the names
 * come from cgroups and the API server.
 */
struct jb_identity {
	const char *namespace_;
	const char *pod;
	const char *container;
	const char *unit;
};

#endif
