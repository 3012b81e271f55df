/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What NetworkPolicies (networking.k8s.io/v1) are judged by, in memory: the policies, the labels of
 * namespaces, and the labels, ports and nodes of pods. Filled from lists and watches of the API
 * server; policies are put in by policies/reader.h.
 *
 * All text is copied. What can't be kept is not known afterwards, never taken for what it was
 * before: policies/evaluate.h answers `unknown` where it would have mattered.
 */
#ifndef JB_POLICIES_MODEL_H
#define JB_POLICIES_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include <jitterbug/stream.h>

/* Kubernetes' own bounds, in octets without the NUL; counts are ours, the API server has none. */
enum {
	JB_POLICY_NAMESPACE_MAX = 63,
	JB_POLICY_NAME_MAX = 253,
	JB_POLICY_KEY_MAX = 317,
	JB_POLICY_VALUE_MAX = 63,
	JB_POLICY_LABELS_MAX = 256, /* of one object */
	JB_POLICY_PORT_NAME_MAX = 15,
	JB_POLICY_PORTS_MAX = 256, /* of one pod */
};

struct jb_policies;

struct jb_label {
	const char *key;
	const char *value;
};

/* A set of labels, kept once for all objects that have the same. */
struct jb_labels;

/* A named port of a pod. */
struct jb_port_name {
	char name[JB_POLICY_PORT_NAME_MAX + 1];
	__u16 port;    /* host order */
	__u8 protocol; /* IPPROTO_TCP, _UDP or _SCTP */
};

struct jb_port_names {
	__u32 count;
	struct jb_port_name port[];
};

struct jb_policy_name {
	const char *namespace_;
	const char *name;
};

/* A pod as it is told to the model. */
struct jb_policy_pod {
	const char *namespace_;
	const char *name;
	const char *node;  /* NULL: not known */
	bool host_network; /* it shares its node's addresses: no policy can tell it from the node */
	const struct jb_label *labels; /* all, or NULL: not known */
	size_t n_labels;
	const struct jb_port_name *ports; /* all named ones of all containers, or NULL: not known */
	size_t n_ports;
};

enum jb_policy_kind {
	JB_POLICY_UNKNOWN, /* may be any of those below */
	JB_POLICY_POD,     /* with an address of its own */
	JB_POLICY_NODE,    /* a node, or a pod in its network namespace */
	JB_POLICY_ADDRESS, /* outside the cluster; the loopback address is the other end itself */
};

/*
 * One end of a connection. All zero is one of which nothing is known; what else is known of an
 * unknown one, its namespace, say, narrows down what it can be. All pointers are borrowed.
 */
struct jb_policy_endpoint {
	enum jb_policy_kind kind;
	const char *namespace_; /* of a pod; NULL: not known */
	const char *pod;        /* likewise */
	const char *node;       /* on which it is, of all kinds but addresses; NULL: not known */
	const struct jb_labels *labels;    /* of a pod; NULL: not known */
	const struct jb_port_names *ports; /* likewise */
	union jb_ip address; /* its own, not that of a Service before it; all zero: not known */
};

/* At most `bytes_max` octets are kept, the tables' own buckets aside. 0 or -ENOMEM. */
int jb_policies_new(size_t bytes_max, struct jb_policies **ret);
void jb_policies_free(struct jb_policies *policies); /* NULL is fine */

enum jb_policies_list { JB_LIST_POLICIES, JB_LIST_NAMESPACES, JB_LIST_PODS, JB_LIST_MAX };

/*
 * A complete list: begin, set each object, end, which forgets those that were not set. One that
 * breaks off is begun again. Until the first list of policies has ended, who is isolated is not
 * known, nor while a policy could not be kept, until the end of a list in which all were.
 */
void jb_policies_begin(struct jb_policies *policies, enum jb_policies_list list);
void jb_policies_end(struct jb_policies *policies, enum jb_policies_list list);

/*
 * Puts an object in the place of what had its name. 0, or -EINVAL (a name is empty, too long or has
 * a slash, a label's key is there twice), -E2BIG (too many labels or ports, or a text is too long),
 * -ENOSPC (bytes_max) or -ENOMEM; then nothing is known of it.
 */
int jb_policies_set_namespace(struct jb_policies *policies, const char *name,
			      const struct jb_label *labels, size_t n_labels);
int jb_policies_set_pod(struct jb_policies *policies, const struct jb_policy_pod *pod);

/* A policy of which only the name is known: it may select any pod there and allow anything. */
int jb_policies_set_opaque(struct jb_policies *policies, const char *namespace_, const char *name);

/* The object was deleted; one that isn't there is fine. */
void jb_policies_remove_namespace(struct jb_policies *policies, const char *name);
void jb_policies_remove_pod(struct jb_policies *policies, const char *namespace_, const char *name);
void jb_policies_remove_policy(struct jb_policies *policies, const char *namespace_,
			       const char *name);

/*
 * The pod as an endpoint without an address. One that the model doesn't know is unknown but for its
 * names, for it may be in its node's network. Valid until the model is changed, and as long as the
 * names given.
 */
void jb_policies_endpoint(const struct jb_policies *policies, const char *namespace_,
			  const char *name, struct jb_policy_endpoint *ret);

/* Octets kept. */
size_t jb_policies_bytes(const struct jb_policies *policies);

#endif
