/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The trust anchors of the cluster's Linkerd, as its ConfigMap linkerd-identity-trust-roots has
 * them (key ca-bundle.crt). A thread of its own follows that one ConfigMap at the API server; all
 * functions here are for the main thread, and wait for no more than a lock.
 */
#ifndef JB_NODE_TRUST_H
#define JB_NODE_TRUST_H

#include "kubernetes/follow.h"
#include "mesh/trust.h"

struct jb_node_trust;

/* Texts are borrowed until jb_node_trust_start() has returned. */
struct jb_node_trust_options {
	const char *linkerd_namespace;
	struct jb_follow_options api; /* how the server is asked */
};

/* Namespace "linkerd". */
void jb_node_trust_options_default(struct jb_node_trust_options *ret_options);

/* 0, -EINVAL (a namespace that isn't a name, see api) or another -errno. */
int jb_node_trust_start(struct jb_node_trust **ret, const struct jb_node_trust_options *options);
void jb_node_trust_stop(struct jb_node_trust *trust); /* within a second; NULL is fine */

/* An eventfd that is readable once there is news; the latter reads it empty. */
int jb_node_trust_fd(const struct jb_node_trust *trust);
void jb_node_trust_take_news(struct jb_node_trust *trust);

enum jb_node_trust_state {
	JB_TRUST_UNKNOWN, /* nothing has been read yet: followed.error may say why */
	JB_TRUST_MISSING, /* there is no such ConfigMap */
	JB_TRUST_BAD,     /* it has no bundle that can be read */
	JB_TRUST_READ,
};

struct jb_node_trust_status {
	struct jb_follow_status followed;
	enum jb_node_trust_state state; /* as it was last, also while following fails */
	/*
	 * Why there are no anchors, or not all that the bundle has; "": nothing is wrong. A line of
	 * printable ASCII. Where following fails that is told first.
	 */
	char error[JB_PODS_LINE];
	size_t anchors;
	size_t refused; /* of the present bundle, as in struct jb_trust_bundle */
	size_t no_room;
};

void jb_node_trust_status(struct jb_node_trust *trust, struct jb_node_trust_status *ret_status);

/* Each anchor, under a lock: the callback must not call any of these functions. */
void jb_node_trust_each(struct jb_node_trust *trust,
			void (*fn)(void *ctx, const struct jb_trust_anchor *anchor), void *ctx);

#endif
