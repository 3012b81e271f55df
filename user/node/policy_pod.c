/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "node/policy_pod.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <netinet/in.h>
#include "kubernetes/failure.h"
#include "kubernetes/pod_reader.h"
#include "policies/reader.h"

struct port_list {
	struct jb_port_name port[JB_POLICY_PORTS_MAX];
	size_t count;
	bool failed; /* there is one that can't be kept: none is known for sure */
};

static int protocol_of(const char *name)
{
	if (!name || !strcmp(name, "TCP"))
		return IPPROTO_TCP;
	if (!strcmp(name, "UDP"))
		return IPPROTO_UDP;
	return strcmp(name, "SCTP") ? -1 : IPPROTO_SCTP;
}

static void read_port(struct port_list *list, const json_t *object)
{
	const char *name = json_string_value(json_object_get(object, "name"));
	json_int_t number = json_integer_value(json_object_get(object, "containerPort"));
	int protocol = protocol_of(json_string_value(json_object_get(object, "protocol")));
	struct jb_port_name *port = &list->port[list->count];

	if (!name || !*name)
		return;
	if (strlen(name) > JB_POLICY_PORT_NAME_MAX || number <= 0 || number > UINT16_MAX ||
	    protocol < 0 || list->count == JB_POLICY_PORTS_MAX) {
		list->failed = true;
		return;
	}
	*port = (struct jb_port_name){.port = (__u16)number, .protocol = (__u8)protocol};
	memcpy(port->name, name, strlen(name) + 1);
	list->count++;
}

/* Of the containers that run as long as the pod does: init containers end before, or restart. */
static void read_ports(struct port_list *list, const json_t *containers, bool only_restarted)
{
	const json_t *container, *port;
	size_t i, j;

	json_array_foreach(containers, i, container)
	{
		const json_t *restart = json_object_get(container, "restartPolicy");

		if (only_restarted &&
		    (!json_is_string(restart) || strcmp(json_string_value(restart), "Always") != 0))
			continue;
		json_array_foreach(json_object_get(container, "ports"), j, port)
			read_port(list, port);
	}
}

static int put(struct jb_policies *policies, const struct jb_pod *pod, const json_t *object)
{
	const json_t *spec = json_object_get(object, "spec");
	struct jb_label labels[JB_POLICY_LABELS_MAX];
	struct jb_policy_error ignored;
	struct port_list ports = {};
	int n_labels = jb_policies_read_labels(object, labels, &ignored);

	read_ports(&ports, json_object_get(spec, "containers"), false);
	read_ports(&ports, json_object_get(spec, "initContainers"), true);
	return jb_policies_set_pod(policies,
				   &(struct jb_policy_pod){
					   .namespace_ = pod->namespace_,
					   .name = pod->name,
					   .node = *pod->node ? pod->node : NULL,
					   .host_network = pod->host_network,
					   .labels = n_labels < 0 ? NULL : labels,
					   .n_labels = n_labels < 0 ? 0 : (size_t)n_labels,
					   .ports = ports.failed ? NULL : ports.port,
					   .n_ports = ports.failed ? 0 : ports.count,
				   });
}

int jb_policy_pod_put(struct jb_policies *policies, const json_t *object, char *error)
{
	struct jb_pod_view view;
	int err;

	if (jb_pod_read(object, &view, error)) {
		jb_policy_pod_remove(policies, object);
		return -EBADMSG;
	}
	err = put(policies, &view.pod, object);
	if (err)
		snprintf(error, JB_PODS_LINE, "pod %s/%.128s: %s", view.pod.namespace_,
			 view.pod.name, err == -ENOSPC ? "no room for it" : strerror(-err));
	return err;
}

void jb_policy_pod_remove(struct jb_policies *policies, const json_t *object)
{
	const json_t *meta = json_object_get(object, "metadata");
	const char *namespace_ = json_string_value(json_object_get(meta, "namespace"));
	const char *name = json_string_value(json_object_get(meta, "name"));

	if (namespace_ && name)
		jb_policies_remove_pod(policies, namespace_, name);
}
