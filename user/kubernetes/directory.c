/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "kubernetes/directory_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "kubernetes/failure.h"

int jb_directory_new(struct jb_directory **ret, size_t bytes_max)
{
	struct jb_directory *directory = calloc(1, sizeof(*directory));

	if (!directory)
		return -ENOMEM;
	directory->bytes_max = bytes_max;
	*ret = directory;
	return 0;
}

size_t jb_directory_bytes(const struct jb_directory *directory)
{
	return directory->bytes + jb_chains_bytes(&directory->entries) +
	       jb_chains_bytes(&directory->texts) + jb_chains_bytes(&directory->nodes) +
	       jb_chains_bytes(&directory->claims) + jb_chains_bytes(&directory->ports);
}

void jb_directory_begin(struct jb_directory *directory, enum jb_directory_list list)
{
	directory->pass[list]++;
}

void jb_directory_end(struct jb_directory *directory, enum jb_directory_list list)
{
	struct jb_link *link, *next;

	for (size_t i = 0; i < directory->entries.size; i++) {
		for (link = directory->entries.buckets[i]; link; link = next) {
			struct jb_dir_entry *entry = JB_DIR_OWNER(link, struct jb_dir_entry);

			next = link->next;
			if (entry->kind == jb_directory_kind_of(list) &&
			    entry->pass != directory->pass[list])
				jb_directory_entry_remove(directory, entry);
		}
	}
}

void jb_directory_remove(struct jb_directory *directory, enum jb_directory_list list,
			 const json_t *object)
{
	const json_t *meta = json_object_get(object, "metadata");
	const char *namespace_ = json_string_value(json_object_get(meta, "namespace"));
	const char *name = json_string_value(json_object_get(meta, "name"));
	struct jb_dir_entry *entry = NULL;

	if (namespace_ && name)
		entry = jb_directory_entry_find(directory, jb_directory_kind_of(list), namespace_,
						name);
	if (entry)
		jb_directory_entry_remove(directory, entry);
}

/* One that has no address, nor is on a node that has one, can't be found. */
static bool is_worth_it(const struct jb_directory_object *object)
{
	return object->n_addresses || (*object->node && object->n_hosts);
}

int jb_directory_put(struct jb_directory *directory, enum jb_directory_list list,
		     const json_t *object, char *error)
{
	struct jb_directory_object read;
	int err;

	jb_directory_remove(directory, list, object);
	err = list == JB_DIRECTORY_PODS ? jb_directory_read_pod(object, &read, error)
					: jb_directory_read_service(object, &read, error);
	if (err || !is_worth_it(&read))
		return err;
	err = jb_directory_entry_add(directory, list, &read);
	if (err)
		snprintf(error, JB_PODS_LINE, "%s %s/%.128s: %s",
			 list == JB_DIRECTORY_PODS ? "pod" : "Service", read.namespace_, read.name,
			 err == -ENOSPC ? "no room for it" : "out of memory");
	return err;
}

void jb_directory_free(struct jb_directory *directory)
{
	if (!directory)
		return;
	for (int list = 0; list < JB_DIRECTORY_LIST_MAX; list++) {
		jb_directory_begin(directory, list);
		jb_directory_end(directory, list);
	}
	jb_chains_free(&directory->entries);
	jb_chains_free(&directory->texts);
	jb_chains_free(&directory->nodes);
	jb_chains_free(&directory->claims);
	jb_chains_free(&directory->ports);
	free(directory);
}

struct jb_directory_counts jb_directory_counts(const struct jb_directory *directory)
{
	return (struct jb_directory_counts){
		.pods = directory->counts[JB_DIRECTORY_PODS],
		.services = directory->counts[JB_DIRECTORY_SERVICES],
		.nodes = directory->nodes.count,
		.bytes = jb_directory_bytes(directory),
	};
}
