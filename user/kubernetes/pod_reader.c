/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "kubernetes/pod_reader.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kubernetes/failure.h"
#include "kubernetes/pod_mesh.h"

#define STATIC_HASH   "kubernetes.io/config.mirror"
#define CONFIG_SOURCE "kubernetes.io/config.source"

struct reader {
	struct jb_pod_view *view;
	char *error; /* "" as long as all is well */
};

static void refuse(struct reader *r, const char *field, const char *value, const char *what)
{
	const struct jb_pod *pod = &r->view->pod;

	if (*r->error)
		return;
	snprintf(r->error, JB_PODS_LINE, "pod %.63s/%.128s: %s '%.64s': %s", pod->namespace_,
		 pod->name, field, value, what);
	jb_line_clean(r->error);
}

/* NULL if it isn't there, or is of another type, which is refused. */
static const json_t *member(struct reader *r, const json_t *object, const char *key, json_type type)
{
	const json_t *value = json_object_get(object, key);

	if (!value || json_is_null(value))
		return NULL;
	if (json_typeof(value) == type)
		return value;
	refuse(r, key, json_is_string(value) ? json_string_value(value) : "", "of the wrong type");
	return NULL;
}

/* "" if it isn't there. */
static const char *text(struct reader *r, const json_t *object, const char *key, size_t max)
{
	const char *value = json_string_value(member(r, object, key, JSON_STRING));

	if (!value)
		return "";
	if (strlen(value) > max) {
		refuse(r, key, value, "too long");
		return "";
	}
	return value;
}

static bool flag(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

static void read_names(struct reader *r, const json_t *meta)
{
	struct jb_pod *pod = &r->view->pod;

	pod->namespace_ = text(r, meta, "namespace", JB_NAMESPACE_MAX);
	pod->name = text(r, meta, "name", JB_POD_NAME_MAX);
	pod->uid = text(r, meta, "uid", JB_POD_UID_MAX);
	pod->deleting = text(r, meta, "deletionTimestamp", JB_LABEL_VALUE_MAX)[0] != '\0';
	if (!jb_name_is_label(pod->namespace_, JB_NAMESPACE_MAX))
		refuse(r, "metadata.namespace", pod->namespace_, "not a name");
	if (!jb_name_is_subdomain(pod->name, JB_POD_NAME_MAX))
		refuse(r, "metadata.name", pod->name, "not a name");
	if (!jb_uid_is_valid(pod->uid))
		refuse(r, "metadata.uid", pod->uid, "not a UID");
}

/*
 * No kubelet runs a pod that has this annotation: it is what the API shows of a static one.
 * config.hash is beside it, but that one anybody may write to a pod that runs.
 */
static void read_static_hash(struct reader *r, const json_t *meta)
{
	const json_t *annotations = member(r, meta, "annotations", JSON_OBJECT);
	const char *hash = text(r, annotations, STATIC_HASH, JB_POD_UID_MAX);

	r->view->pod.static_hash = hash;
	if (*hash && !jb_uid_is_valid(hash))
		refuse(r, STATIC_HASH, hash, "not a hash");
}

static void read_labels(struct reader *r, const json_t *meta)
{
	json_t *labels = (json_t *)member(r, meta, "labels", JSON_OBJECT);
	struct jb_pod_view *view = r->view;
	const char *key, *value;
	size_t octets = 0;
	json_t *ignored;

	json_object_foreach(labels, key, ignored)
	{
		value = text(r, labels, key, JB_LABEL_VALUE_MAX);
		if (strlen(key) > JB_LABEL_KEY_MAX)
			refuse(r, "metadata.labels", key, "too long");
		octets += strlen(key) + strlen(value);
		if (view->pod.n_labels == JB_POD_LABELS_MAX || octets > JB_POD_LABELS_OCTETS) {
			view->pod.labels_cut = true;
			break;
		}
		view->labels[view->pod.n_labels++] = (struct jb_pod_label){.key = key,
									   .value = value};
	}
}

/* `name` without "-`suffix`", if it ends so. */
static bool cut(struct jb_pod_view *view, const char *name, const char *suffix)
{
	size_t len = strlen(name), tail = strlen(suffix);

	if (!tail || len < tail + 2 || name[len - tail - 1] != '-' ||
	    strcmp(name + len - tail, suffix) != 0)
		return false;
	snprintf(view->workload, sizeof(view->workload), "%.*s", (int)(len - tail - 1), name);
	view->pod.workload = view->workload;
	return true;
}

/* Whether it was given to the kubelet and not by the API: as the API shows it, or the kubelet. */
static bool is_static(const struct jb_pod *pod, const json_t *meta)
{
	const json_t *annotations = json_object_get(meta, "annotations");
	const char *source = json_string_value(json_object_get(annotations, CONFIG_SOURCE));

	return !strcmp(pod->created_by_kind, "Node") ||
	       (!*pod->created_by_kind && source && strcmp(source, "api") != 0);
}

/* A ReplicaSet is called by its Deployment, a static pod without its node. */
static void name_workload(struct jb_pod_view *view, const json_t *meta)
{
	const json_t *labels = json_object_get(meta, "labels");
	const char *hash = json_string_value(json_object_get(labels, "pod-template-hash"));
	struct jb_pod *pod = &view->pod;

	if (is_static(pod, meta)) {
		pod->workload = pod->name;
		cut(view, pod->name, *pod->created_by_name ? pod->created_by_name : pod->node);
		return;
	}
	pod->workload = *pod->created_by_name ? pod->created_by_name : pod->name;
	if (!strcmp(pod->created_by_kind, "ReplicaSet"))
		cut(view, pod->created_by_name, hash ? hash : "");
}

static void read_owner(struct reader *r, const json_t *meta)
{
	const json_t *owners = member(r, meta, "ownerReferences", JSON_ARRAY);
	struct jb_pod *pod = &r->view->pod;
	const json_t *owner;
	size_t i;

	json_array_foreach(owners, i, owner)
	{
		if (!flag(owner, "controller"))
			continue;
		pod->created_by_kind = text(r, owner, "kind", JB_LABEL_VALUE_MAX);
		pod->created_by_name = text(r, owner, "name", JB_POD_NAME_MAX);
		break;
	}
}

/* The id without "containerd://"; "" if it is none. */
static const char *container_id(struct reader *r, const json_t *status)
{
	const char *id = json_string_value(member(r, status, "containerID", JSON_STRING));
	const char *scheme = id ? strstr(id, "://") : NULL;

	if (scheme)
		id = scheme + 3;
	return id && strlen(id) == JB_CONTAINER_ID_LEN && jb_container_id_is_valid(id) ? id : "";
}

static void add_container(struct reader *r, const char *name, const char *id)
{
	struct jb_pod_view *view = r->view;

	if (!jb_name_is_label(name, JB_CONTAINER_NAME_MAX)) {
		refuse(r, "name of a container", name, "not a name");
	} else if (view->pod.n_containers == JB_POD_CONTAINERS_MAX) {
		refuse(r, "container", name, "one too many");
	} else {
		view->containers[view->pod.n_containers++] = (struct jb_pod_container){.name = name,
										       .id = id};
	}
}

/* A container that was restarted tells who it was before: its cgroup may still be there. */
static void read_statuses(struct reader *r, const json_t *status, const char *key)
{
	const json_t *statuses = member(r, status, key, JSON_ARRAY);
	const json_t *one;
	size_t i;

	json_array_foreach(statuses, i, one)
	{
		const json_t *last = json_object_get(json_object_get(one, "lastState"),
						     "terminated");
		const char *name = text(r, one, "name", JB_CONTAINER_NAME_MAX);
		const char *former = container_id(r, last);

		add_container(r, name, container_id(r, one));
		if (*former)
			add_container(r, name, former);
	}
}

static void read_spec(struct reader *r, const json_t *meta, const json_t *spec)
{
	struct jb_pod *pod = &r->view->pod;

	pod->node = text(r, spec, "nodeName", JB_POD_NAME_MAX);
	pod->host_network = flag(spec, "hostNetwork");
	jb_pod_read_mesh(r->view, json_object_get(meta, "annotations"),
			 member(r, spec, "containers", JSON_ARRAY),
			 member(r, spec, "initContainers", JSON_ARRAY));
}

static bool is_address(const char *text)
{
	unsigned char octets[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, text, octets) == 1 || inet_pton(AF_INET6, text, octets) == 1;
}

/* podIPs has podIP as its first, and at most one more; what else may be there is left out. */
static void read_second_address(struct jb_pod *pod, const json_t *addresses)
{
	const json_t *one;
	size_t i;

	json_array_foreach(addresses, i, one)
	{
		const char *ip = json_string_value(json_object_get(one, "ip"));

		if (ip && strcmp(ip, pod->ip) != 0 && is_address(ip)) {
			pod->ip2 = ip;
			return;
		}
	}
}

static void read_status(struct reader *r, const json_t *status)
{
	struct jb_pod *pod = &r->view->pod;

	pod->phase = text(r, status, "phase", JB_LABEL_VALUE_MAX);
	pod->ip = text(r, status, "podIP", INET6_ADDRSTRLEN);
	if (*pod->ip && !is_address(pod->ip))
		refuse(r, "status.podIP", pod->ip, "not an address");
	read_second_address(pod, json_object_get(status, "podIPs"));
	read_statuses(r, status, "initContainerStatuses");
	read_statuses(r, status, "containerStatuses");
	read_statuses(r, status, "ephemeralContainerStatuses");
}

int jb_pod_read(const json_t *object, struct jb_pod_view *ret_view, char *error)
{
	struct reader r = {.view = ret_view, .error = error};
	const json_t *meta;

	*error = '\0';
	ret_view->skip_outbound[0] = '\0';
	ret_view->skip_inbound[0] = '\0';
	ret_view->pod = (struct jb_pod){
		.namespace_ = "",
		.name = "",
		.ip2 = "",
		.created_by_kind = "",
		.created_by_name = "",
		.skip_outbound = ret_view->skip_outbound,
		.skip_inbound = ret_view->skip_inbound,
		.containers = ret_view->containers,
		.labels = ret_view->labels,
	};
	if (!json_is_object(object)) {
		refuse(&r, "object", "", "of the wrong type");
		return -EBADMSG;
	}
	meta = member(&r, object, "metadata", JSON_OBJECT);
	read_names(&r, meta);
	read_static_hash(&r, meta);
	read_labels(&r, meta);
	read_owner(&r, meta);
	read_spec(&r, meta, member(&r, object, "spec", JSON_OBJECT));
	name_workload(ret_view, meta);
	read_status(&r, member(&r, object, "status", JSON_OBJECT));
	return *error ? -EBADMSG : 0;
}
