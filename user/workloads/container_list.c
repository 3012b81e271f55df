/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "workloads/container_list.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "workloads/container.h"
#include "workloads/container_names.h"
#include "workloads/json_file.h"

enum { CONTAINERS_MAX = 4096 };

struct jb_listed_container {
	char id[JB_CONTAINER_ID_LENGTH + 1];
	char name[JB_CONTAINER_NAME_SIZE];
};

static bool read_container(const json_t *object, struct jb_listed_container *ret)
{
	const char *id = json_string_value(json_object_get(object, "id"));
	const char *name = json_string_value(json_array_get(json_object_get(object, "names"), 0));

	if (!id || strlen(id) != JB_CONTAINER_ID_LENGTH || !name ||
	    !jb_container_name_is_valid(name))
		return false;
	memcpy(ret->id, id, sizeof(ret->id));
	memcpy(ret->name, name, strlen(name) + 1);
	return true;
}

static void read_list(struct jb_container_list *list, const json_t *root)
{
	size_t count = json_array_size(root);

	if (count > CONTAINERS_MAX)
		count = CONTAINERS_MAX;
	list->container = calloc(count ? count : 1, sizeof(*list->container));
	for (size_t i = 0; list->container && i < count; i++)
		if (read_container(json_array_get(root, i), &list->container[list->count]))
			list->count++;
}

/* It is replaced as a whole, never written to. */
static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static void bring_up_to_date(struct jb_container_list *list, const char *path)
{
	struct stat stat = {};
	json_t *root;
	int fd = jb_json_file_open(path, &stat);

	if (fd >= 0 && list->container && is_same(&stat, &list->seen)) {
		close(fd);
		return;
	}
	jb_container_list_free(list);
	if (fd < 0)
		return;
	root = jb_json_file_read(fd, &stat);
	read_list(list, root);
	json_decref(root);
	list->seen = stat;
}

const char *jb_container_list_find(struct jb_container_list *list, const char *path, const char *id)
{
	bring_up_to_date(list, path);
	for (size_t i = 0; list->container && i < list->count; i++)
		if (!strcmp(list->container[i].id, id))
			return list->container[i].name;
	return NULL;
}

void jb_container_list_free(struct jb_container_list *list)
{
	free(list->container);
	*list = (struct jb_container_list){};
}
