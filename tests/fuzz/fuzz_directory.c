/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Pods and Services as JSON, one a line, into a directory; a line that begins with `-` takes the
 * object out again. Who is found has been put, and what was taken out leaves nothing behind.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "checked.h"
#include "kubernetes/directory.h"
#include "kubernetes/directory_reader.h"
#include "kubernetes/failure.h"

enum { ROOM = 64 << 10, MORE = 64 << 10 /* the last object, and its tables */ };

static enum jb_directory_list list_of(const json_t *object)
{
	const char *kind = json_string_value(json_object_get(object, "kind"));

	return kind && !strcmp(kind, "Service") ? JB_DIRECTORY_SERVICES : JB_DIRECTORY_PODS;
}

static void check_found(const struct jb_directory *directory,
			const struct jb_directory_object *object)
{
	struct jb_directory_entry entry;

	jb_assert(object->n_addresses <= JB_DIRECTORY_ADDRESSES_MAX);
	jb_assert(object->n_hosts <= JB_DIRECTORY_HOSTS_MAX);
	jb_assert(object->n_ports <= JB_DIRECTORY_PORTS_MAX);
	for (size_t i = 0; i < object->n_addresses; i++) {
		if (!jb_directory_find(directory, &object->addresses[i], 0, &entry))
			continue; /* two Services share it */
		jb_assert(strlen(entry.namespace_) <= JB_NAMESPACE_MAX);
		jb_assert(strlen(entry.pod) <= JB_POD_NAME_MAX);
		jb_assert(strlen(entry.workload) <= JB_POD_NAME_MAX);
		jb_assert(strlen(entry.node) <= JB_POD_NAME_MAX);
	}
	for (size_t i = 0; i < object->n_hosts && *object->node; i++)
		for (size_t j = 0; j < object->n_ports; j++)
			jb_assert(jb_directory_find(directory, &object->hosts[i], object->ports[j],
						    &entry));
}

static void put(struct jb_directory *directory, const json_t *object)
{
	enum jb_directory_list list = list_of(object);
	struct jb_directory_object read;
	char error[JB_PODS_LINE] = "";

	if (jb_directory_put(directory, list, object, error)) {
		jb_assert(*error && strlen(error) < sizeof(error));
		return;
	}
	if (list == JB_DIRECTORY_PODS)
		jb_assert(!jb_directory_read_pod(object, &read, error));
	else
		jb_assert(!jb_directory_read_service(object, &read, error));
	check_found(directory, &read);
}

static void take(struct jb_directory *directory, const char *line, size_t len)
{
	bool gone = len && *line == '-';
	json_t *object = json_loadb(line + gone, len - gone, JSON_DECODE_ANY, NULL);

	if (object && gone)
		jb_directory_remove(directory, list_of(object), object);
	else if (object)
		put(directory, object);
	json_decref(object);
	jb_assert(jb_directory_counts(directory).bytes <= ROOM + MORE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *line = (const char *)data, *end = line + size, *next;
	struct jb_directory *directory;
	struct jb_directory_counts counts;

	jb_assert(!jb_directory_new(&directory, ROOM));
	for (; line < end; line = next + 1) {
		next = memchr(line, '\n', (size_t)(end - line));
		next = next ? next : end;
		take(directory, line, (size_t)(next - line));
	}
	for (int list = 0; list < JB_DIRECTORY_LIST_MAX; list++) {
		jb_directory_begin(directory, list);
		jb_directory_end(directory, list);
	}
	counts = jb_directory_counts(directory);
	jb_assert(!counts.pods && !counts.services && !counts.nodes);
	jb_directory_free(directory);
	return 0;
}
