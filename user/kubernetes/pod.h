/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A pod as the rest of the agent knows it. */
#ifndef JB_KUBERNETES_POD_H
#define JB_KUBERNETES_POD_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Kubernetes' own limits, and below them how many of each are kept. A pod with more containers is
 * refused; of more labels the first are kept, and labels_cut says so.
 */
enum {
	JB_NAMESPACE_MAX = 63,
	JB_POD_NAME_MAX = 253,
	JB_POD_UID_MAX = 128,
	JB_CONTAINER_NAME_MAX = 63,
	JB_CONTAINER_ID_LEN = 64,
	JB_LABEL_KEY_MAX = 317, /* prefix/name */
	JB_LABEL_VALUE_MAX = 63,
	JB_POD_CONTAINERS_MAX = 128,
	JB_POD_LABELS_MAX = 64,
	JB_POD_LABELS_OCTETS = 4096, /* keys and values together */
};

struct jb_pod_container {
	const char *name;
	const char *id; /* 64 hexadecimal digits, "" while there is none */
};

struct jb_pod_label {
	const char *key;
	const char *value;
};

/* What isn't known is "", never NULL. */
struct jb_pod {
	const char *namespace_;
	const char *name;
	const char *uid;
	const char *static_hash; /* a static pod's: its cgroup has this in place of the UID */
	const char *node;
	const char *ip;              /* the first; "" before there is one */
	const char *ip2;             /* of a dual-stack pod, the other family's */
	const char *created_by_kind; /* the controller: ReplicaSet, DaemonSet, Job, Node, ... */
	const char *created_by_name;
	const char *workload; /* what people call it: the Deployment, ... or the pod itself */
	const char *phase;    /* Pending, Running, Succeeded, Failed, Unknown */
	/*
	 * Of pods with a proxy, ports and ranges that their rules of redirection leave out, for
	 * jb_ports_have(); JB_PORT_LIST_MAX octets at most, and nothing is said of more.
	 */
	const char *skip_outbound;
	const char *skip_inbound;
	unsigned short proxy_port; /* of its linkerd-proxy's metrics; 0: no proxy, or not known */
	bool host_network;
	bool meshed;                               /* has a linkerd-proxy */
	bool asks_for_proxy;                       /* linkerd.io/inject is enabled or ingress */
	bool deleting;                             /* asked to end */
	bool labels_cut;                           /* it has more labels than are kept */
	bool names_only;                           /* from a source that knows no more than names */
	const struct jb_pod_container *containers; /* all kinds, and the former self of restarted */
	size_t n_containers;
	const struct jb_pod_label *labels;
	size_t n_labels;
};

/* A copy in one block, to be freed by free(). 0 or -ENOMEM. */
int jb_pod_copy(const struct jb_pod *pod, struct jb_pod **ret_pod);

bool jb_pod_equal(const struct jb_pod *a, const struct jb_pod *b);

/* Whether all its containers have ended for good. */
bool jb_pod_has_ended(const struct jb_pod *pod);

/* Whether it is 1 to `max` of `a-z0-9-` and, in subdomains, `.`: names of RFC 1123. */
bool jb_name_is_label(const char *name, size_t max);
bool jb_name_is_subdomain(const char *name, size_t max);

/* Whether it is 1 to JB_POD_UID_MAX letters, digits and `-`: a UID or a static pod's hash. */
bool jb_uid_is_valid(const char *uid);

/* Whether the first JB_CONTAINER_ID_LEN octets are hexadecimal digits in lower case. */
bool jb_container_id_is_valid(const char *id);

#endif
