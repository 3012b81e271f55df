/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "kubernetes/pod_mesh.h"

#include <string.h>

#define INIT_CONTAINER "linkerd-init"
#define METRICS_PORT   "linkerd-admin"
#define INJECT         "linkerd.io/inject"
#define SKIP_OUTBOUND  "config.linkerd.io/skip-outbound-ports"
#define SKIP_INBOUND   "config.linkerd.io/skip-inbound-ports"

enum { DEFAULT_METRICS_PORT = 4191 };

/* The array's element of that name; NULL: it has none. */
static const json_t *named(const json_t *array, const char *name)
{
	const json_t *element;
	size_t i;

	json_array_foreach(array, i, element)
	{
		const char *its = json_string_value(json_object_get(element, "name"));

		if (its && !strcmp(its, name))
			return element;
	}
	return NULL;
}

static unsigned short metrics_port(const json_t *proxy)
{
	const json_t *port = named(json_object_get(proxy, "ports"), METRICS_PORT);
	json_int_t number = json_integer_value(json_object_get(port, "containerPort"));

	return number > 0 && number <= 65535 ? (unsigned short)number : DEFAULT_METRICS_PORT;
}

static const char *annotation(const json_t *annotations, const char *key)
{
	const char *value = json_string_value(json_object_get(annotations, key));

	return value ? value : "";
}

/* The ports of each "NAME=PORTS", or "NAME" and then "PORTS". */
static void add_arguments(char *list, const json_t *container, const char *name)
{
	const json_t *arguments = json_object_get(container, "args");
	size_t len = strlen(name), i;
	const json_t *argument;

	json_array_foreach(arguments, i, argument)
	{
		const char *text = json_string_value(argument);
		const char *next = json_string_value(json_array_get(arguments, i + 1));

		if (!text || strncmp(text, name, len) != 0)
			continue;
		if (text[len] == '=')
			jb_ports_add(list, text + len + 1);
		else if (!text[len] && next)
			jb_ports_add(list, next);
	}
}

/* The arguments first: by them the rules were made, and annotations can be changed later. */
static void read_skipped(struct jb_pod_view *view, const json_t *annotations, const json_t *init)
{
	add_arguments(view->skip_outbound, init, "--outbound-ports-to-ignore");
	add_arguments(view->skip_inbound, init, "--inbound-ports-to-ignore");
	jb_ports_add(view->skip_outbound, annotation(annotations, SKIP_OUTBOUND));
	jb_ports_add(view->skip_inbound, annotation(annotations, SKIP_INBOUND));
}

void jb_pod_read_mesh(struct jb_pod_view *view, const json_t *annotations, const json_t *containers,
		      const json_t *init_containers)
{
	const char *inject = annotation(annotations, INJECT);
	const json_t *proxy = named(containers, JB_PROXY_CONTAINER);
	struct jb_pod *pod = &view->pod;

	if (!proxy)
		proxy = named(init_containers, JB_PROXY_CONTAINER);
	pod->asks_for_proxy = !strcmp(inject, "enabled") || !strcmp(inject, "ingress");
	pod->meshed = proxy;
	if (!proxy)
		return;
	pod->proxy_port = metrics_port(proxy);
	read_skipped(view, annotations, named(init_containers, INIT_CONTAINER));
}
