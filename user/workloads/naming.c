/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a workload is called: a pod, by its cgroup's path and who the pods are; else a unit. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "workloads/private.h"
#include "workloads/unit.h"

static void take_role(struct jb_workload *w, enum jb_mesh_role role)
{
	w->role = role;
	if (role == JB_ROLE_PENDING)
		return;
	free(w->path);
	w->path = NULL;
}

void jb_workload_own(struct jb_workload *w, struct jb_owner *owner, enum jb_mesh_role role)
{
	w->owner = owner;
	if (!owner)
		return;
	owner->workloads++;
	take_role(w, role);
}

/* Tracepoints know no --cgroup: what they tell of others is not asked for. */
static bool is_inside(const struct jb_registry *reg, const char *path)
{
	size_t len = strlen(reg->inside);

	return !strncmp(path, reg->inside, len) && (!path[len] || path[len] == '/');
}

/* Whether its name is still to come. */
static bool waits(struct jb_workload *w, const char *path, __u64 now_ns)
{
	if (w->path)
		return now_ns - w->wait_ns < JB_POD_NAME_WAIT_NS;
	w->path = strdup(path);
	w->wait_ns = now_ns;
	return w->path; /* without memory it is a unit at once */
}

/* The pod's own cgroup is no container's. */
static enum jb_mesh_role role_of(struct jb_workload *w, const struct jb_container *container,
				 const struct jb_pod_name *pod, const char *path, __u64 now_ns)
{
	bool told = *pod->container || !*container->id;

	if (!told && (pod->meshed || pod->names_only) && waits(w, path, now_ns))
		return JB_ROLE_PENDING;
	if (!pod->meshed)
		return JB_ROLE_UNMESHED;
	if (!*pod->container)
		return JB_ROLE_UNKNOWN;
	return strcmp(pod->container, "linkerd-proxy") ? JB_ROLE_APP : JB_ROLE_PROXY;
}

void jb_workload_find_role(struct jb_registry *reg, struct jb_workload *w, __u64 now_ns)
{
	struct jb_pod_name pod = {.meshed = true}; /* as it was when it got its name */
	struct jb_container container = {};

	if (!w->path)
		return;
	jb_container_parse(w->path, &container);
	reg->find_pod(reg->find_ctx, container.pod, container.id, &pod);
	take_role(w, role_of(w, &container, &pod, w->path, now_ns));
}

__u32 jb_slot_told(enum jb_mesh_role role, __u32 slot)
{
	if (slot < JB_SLOT_TCP)
		return slot;
	return JB_SLOT_TCP + jb_tcp_leg_of(role, (__u8)(slot - JB_SLOT_TCP));
}

/* Who has a slice of his own can make cgroups in it that look like those of root's containers. */
static bool is_users(const char *path)
{
	static const char slice[] = "/user.slice/";

	return !strncmp(path, slice, sizeof(slice) - 1);
}

static bool name_container(struct jb_registry *reg, struct jb_workload *w, const char *path,
			   const struct jb_container *container)
{
	char unit[JB_CONTAINER_UNIT_SIZE];

	if (!reg->container_names || is_users(path) ||
	    jb_container_names_find(reg->container_names, container, unit))
		return false;
	jb_workload_own(w, jb_owner_get(reg, unit), JB_ROLE_UNMESHED);
	return true;
}

/* Below here systemd-machined has containers and virtual machines, whatever they are called. */
static bool is_machine(const char *path)
{
	return strstr(path, "/machine.slice/");
}

void jb_workload_name(struct jb_registry *reg, struct jb_workload *w, const char *path,
		      __u64 now_ns)
{
	struct jb_container container = {};
	struct jb_pod_name pod;
	char unit[PATH_MAX];

	if (!is_inside(reg, path)) {
		jb_workload_own(w, reg->outside, JB_ROLE_UNMESHED);
		return;
	}
	w->contained = !jb_container_parse(path, &container) || is_machine(path);
	if (w->contained && !*container.pod && name_container(reg, w, path, &container))
		return;
	if (reg->find_pod && *container.pod) {
		if (reg->find_pod(reg->find_ctx, container.pod, container.id, &pod)) {
			jb_workload_own(w, jb_owner_get_pod(reg, &pod),
					role_of(w, &container, &pod, path, now_ns));
			return;
		}
		if (waits(w, path, now_ns))
			return;
	}
	if (!jb_unit_name(path, unit, sizeof(unit)))
		jb_workload_own(w, jb_owner_get(reg, unit), JB_ROLE_UNMESHED);
}
