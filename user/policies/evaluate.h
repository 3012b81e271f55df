/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the NetworkPolicies say of a connection that was seen, as Kubernetes publishes it: a pod
 * that a policy selects is isolated in the policy's directions, and may then do what any of those
 * that select it allows; a pod that none selects may do anything. Only the connection is judged:
 * replies belong to it.
 *
 * Always allowed are a pod to itself, and a pod from and to the node on which it runs. A node, and
 * with it pods in its network, is subject to no policy; as a peer it is matched by blocks alone.
 *
 * An ipBlock matches the addresses of pods, too. The API says that blocks should be of addresses
 * outside, as those of pods change, but not that pods are exempt; Kubernetes' own tests of plugins
 * allow and deny pods by blocks, and most plugins do. One that doesn't (Cilium) drops more, so none
 * of its connections is taken for denied that it was right to let pass.
 *
 * Port names are those of the destination pod, so outside the cluster they match nothing. Protocols
 * beside TCP, UDP and SCTP are not defined: between isolated pods they are unknown.
 */
#ifndef JB_POLICIES_EVALUATE_H
#define JB_POLICIES_EVALUATE_H

#include "policies/model.h"

/*
 * In the order in which they outdo each other when the two ends are put together. One end that
 * denies is enough; one that can't be told leaves the rest open; what a policy allows at one end is
 * allowed if the other end isn't isolated; and no policy is where there is none at either.
 */
enum jb_policy_verdict {
	JB_POLICY_NO_POLICY, /* none isolates */
	JB_POLICY_ALLOWED,   /* isolated, and allowed */
	JB_POLICY_UNDECIDED, /* "unknown": it hangs on something that isn't known */
	JB_POLICY_DENIED,    /* isolated, and not allowed */
	JB_POLICY_VERDICT_MAX
};

extern const char *const jb_policy_verdict_names[JB_POLICY_VERDICT_MAX];

struct jb_policy_connection {
	struct jb_policy_endpoint source; /* who connects, or sends first */
	struct jb_policy_endpoint destination;
	__u8 protocol;          /* IPPROTO_ */
	__u16 destination_port; /* host order, behind any Service; 0: not known */
};

enum { JB_POLICY_ISOLATING_MAX = 8 };

/* One end's. */
struct jb_policy_judgement {
	enum jb_policy_verdict verdict;
	__u32 isolating; /* policies that isolate the pod for sure; the first of them by name, in
			    the order in which they came: */
	const struct jb_policy_name *names[JB_POLICY_ISOLATING_MAX]; /* NULL behind the last */
};

/* The names are the model's, valid until it is changed. */
struct jb_policy_result {
	struct jb_policy_judgement egress;  /* of the source */
	struct jb_policy_judgement ingress; /* of the destination */
	enum jb_policy_verdict verdict;     /* of both */
};

void jb_policies_evaluate(const struct jb_policies *policies,
			  const struct jb_policy_connection *connection,
			  struct jb_policy_result *ret);

#endif
