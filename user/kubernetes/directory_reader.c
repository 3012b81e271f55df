/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "kubernetes/directory_reader.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/address.h"
#include "kubernetes/failure.h"

/* False for what isn't one, or is every host's own. */
struct addresses {
	union jb_ip *ip;
	size_t count, max;
};

static void add_address(struct addresses *list, const json_t *text)
{
	union jb_ip address;

	if (!json_is_string(text) || !jb_ip_read(json_string_value(text), &address))
		return;
	for (size_t i = 0; i < list->count; i++)
		if (!memcmp(&list->ip[i], &address, sizeof(address)))
			return;
	if (list->count < list->max)
		list->ip[list->count++] = address;
}

/* A list of addresses, or of objects that have one as `key`. */
static void add_addresses(struct addresses *list, const json_t *array, const char *key)
{
	const json_t *item;
	size_t i;

	json_array_foreach(array, i, item)
		add_address(list, key ? json_object_get(item, key) : item);
}

static __u32 read_time(const json_t *text)
{
	const char *value = json_string_value(text);
	struct tm tm = {};
	time_t seconds = 0;

	if (value && strptime(value, "%Y-%m-%dT%H:%M:%SZ", &tm))
		seconds = timegm(&tm);
	return seconds > 0 && seconds <= UINT32_MAX ? (__u32)seconds : 0;
}

/* --- pods */

/* One that is bound to an address is bound to that alone, be it loopback: left out. */
static bool is_bound(const json_t *port)
{
	const char *host = json_string_value(json_object_get(port, "hostIP"));

	return host && *host && strcmp(host, "0.0.0.0") != 0 && strcmp(host, "::") != 0;
}

static void read_port(struct jb_directory_object *ret, const json_t *port)
{
	json_int_t number = json_integer_value(json_object_get(port, "hostPort"));

	if (!number && ret->view.pod.host_network)
		number = json_integer_value(json_object_get(port, "containerPort"));
	if (number <= 0 || number > UINT16_MAX || is_bound(port))
		return;
	for (size_t i = 0; i < ret->n_ports; i++)
		if (ret->ports[i] == number)
			return;
	if (ret->n_ports < JB_DIRECTORY_PORTS_MAX)
		ret->ports[ret->n_ports++] = (__u16)number;
}

static void read_ports(struct jb_directory_object *ret, const json_t *containers)
{
	const json_t *container, *port;
	size_t i, j;

	json_array_foreach(containers, i, container)
	{
		json_array_foreach(json_object_get(container, "ports"), j, port)
			read_port(ret, port);
	}
}

static void read_pod_addresses(struct jb_directory_object *ret, const json_t *status)
{
	struct addresses own = {.ip = ret->addresses, .max = JB_DIRECTORY_ADDRESSES_MAX};
	struct addresses hosts = {.ip = ret->hosts, .max = JB_DIRECTORY_HOSTS_MAX};
	struct addresses *pod = ret->view.pod.host_network ? &hosts : &own;

	add_address(&hosts, json_object_get(status, "hostIP"));
	add_addresses(&hosts, json_object_get(status, "hostIPs"), "ip");
	add_address(pod, json_object_get(status, "podIP"));
	add_addresses(pod, json_object_get(status, "podIPs"), "ip");
	ret->n_addresses = own.count;
	ret->n_hosts = hosts.count;
}

int jb_directory_read_pod(const json_t *object, struct jb_directory_object *ret, char *error)
{
	const json_t *meta = json_object_get(object, "metadata");
	const json_t *spec = json_object_get(object, "spec");
	const struct jb_pod *pod = &ret->view.pod;

	if (jb_pod_read(object, &ret->view, error))
		return -EBADMSG;
	ret->namespace_ = pod->namespace_;
	ret->name = pod->name;
	ret->workload = pod->workload;
	ret->node = pod->node;
	ret->deleting = pod->deleting;
	ret->created_s = read_time(json_object_get(meta, "creationTimestamp"));
	ret->n_addresses = ret->n_hosts = ret->n_ports = 0;
	if (jb_pod_has_ended(pod))
		return 0;
	read_pod_addresses(ret, json_object_get(object, "status"));
	read_ports(ret, json_object_get(spec, "containers"));
	read_ports(ret, json_object_get(spec, "initContainers"));
	return 0;
}

/* --- Services */

static int refuse(const char *namespace_, const char *name, char *error)
{
	snprintf(error, JB_PODS_LINE, "Service '%.64s/%.128s': not a name", namespace_, name);
	jb_line_clean(error);
	return -EBADMSG;
}

int jb_directory_read_service(const json_t *object, struct jb_directory_object *ret, char *error)
{
	const json_t *meta = json_object_get(object, "metadata");
	const json_t *spec = json_object_get(object, "spec");
	const json_t *status = json_object_get(json_object_get(object, "status"), "loadBalancer");
	const char *namespace_ = json_string_value(json_object_get(meta, "namespace"));
	const char *name = json_string_value(json_object_get(meta, "name"));
	struct addresses own = {.ip = ret->addresses, .max = JB_DIRECTORY_ADDRESSES_MAX};

	ret->namespace_ = namespace_ ? namespace_ : "";
	ret->name = name ? name : "";
	if (!jb_name_is_label(ret->namespace_, JB_NAMESPACE_MAX) ||
	    !jb_name_is_subdomain(ret->name, JB_POD_NAME_MAX))
		return refuse(ret->namespace_, ret->name, error);
	ret->workload = ret->name;
	ret->node = "";
	ret->created_s = 0;
	ret->deleting = false;
	add_address(&own, json_object_get(spec, "clusterIP"));
	add_addresses(&own, json_object_get(spec, "clusterIPs"), NULL);
	add_addresses(&own, json_object_get(spec, "externalIPs"), NULL);
	add_addresses(&own, json_object_get(status, "ingress"), "ip");
	ret->n_addresses = own.count;
	ret->n_hosts = ret->n_ports = 0;
	return 0;
}
