/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which pod and which container a cgroup is, told from its path alone. */
#ifndef JB_WORKLOADS_CONTAINER_H
#define JB_WORKLOADS_CONTAINER_H

enum jb_qos {
	JB_QOS_NONE, /* of no pod */
	JB_QOS_GUARANTEED,
	JB_QOS_BURSTABLE,
	JB_QOS_BESTEFFORT,
};

enum jb_runtime {
	JB_RUNTIME_UNKNOWN, /* a bare id: containerd's and cri-dockerd's look alike */
	JB_RUNTIME_CONTAINERD,
	JB_RUNTIME_CRIO,
	JB_RUNTIME_DOCKER, /* cri-dockerd too */
	JB_RUNTIME_PODMAN,
};

enum jb_container_level {
	/* The pod's cgroup, or one in it that is no container's: a monitor's, an overhead's. */
	JB_CONTAINER_POD,
	JB_CONTAINER_SELF, /* the container's own; the pod's sandbox looks like one */
	JB_CONTAINER_BELOW,
};

enum { JB_POD_UID_MAX = 36, JB_CONTAINER_ID_LENGTH = 64 };

struct jb_container {
	/* In lower case, with dashes; or 32 hex digits, of a static pod's configuration; or "". */
	char pod[JB_POD_UID_MAX + 1];
	char id[JB_CONTAINER_ID_LENGTH + 1]; /* hex digits in lower case; "" at JB_CONTAINER_POD */
	enum jb_runtime runtime;
	enum jb_qos qos;
	enum jb_container_level level;
};

/*
 * Reads the path of a cgroup, from the root of cgroup2 on: kubelet's pods under both cgroup drivers
 * and any --cgroup-root, and containers of containerd, CRI-O, Docker and Podman in them or on
 * their own. The path is of any length and of any bytes.
 *
 * What is below a pod's container is that container's, whatever it is called, and so are containers
 * and pods within it. A container that is no pod's may be a whole node (kind, minikube): there the
 * outermost pod in it counts; without one, the outermost container. A container whose pod can't be
 * read (a static pod's manifest may give it any UID) is told without it, if its name alone tells
 * it.
 *
 * Who may make cgroups outside of pods can make some that look like another's pod: a kubelet's tree
 * may be anywhere, also below a unit or in a user's session.
 *
 * 0, or -ENOENT: neither a pod's nor a container's; ret is untouched.
 */
int jb_container_parse(const char *path, struct jb_container *ret);

#endif
