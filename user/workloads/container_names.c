/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "workloads/container_names.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workloads/container_list.h"
#include "workloads/json_file.h"

#define COUNT(array)   (sizeof(array) / sizeof(*(array)))
#define LETTERS        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

#define DOCKER_OPTIONS "/etc/docker/daemon.json"
#define DOCKER_ROOT    "/var/lib/docker"
#define PODMAN_ROOT    "/var/lib/containers/storage/overlay-containers"

/* The latter has those that go when they end: podman run --rm. */
static const char *const podman_files[] = {"containers.json", "volatile-containers.json"};

struct jb_container_names {
	const char *root;
	struct jb_container_list podman[COUNT(podman_files)];
};

int jb_container_names_new(struct jb_container_names **ret, const char *root)
{
	struct jb_container_names *names = calloc(1, sizeof(*names));

	if (!names)
		return -ENOMEM;
	names->root = root;
	*ret = names;
	return 0;
}

void jb_container_names_free(struct jb_container_names *names)
{
	if (!names)
		return;
	for (size_t i = 0; i < COUNT(names->podman); i++)
		jb_container_list_free(&names->podman[i]);
	free(names);
}

static bool ends_as_unit(const char *name, size_t len)
{
	static const char *const suffixes[] = {".service", ".scope", ".slice"};

	for (size_t i = 0; i < COUNT(suffixes); i++) {
		size_t n = strlen(suffixes[i]);

		if (len > n && !strcmp(name + len - n, suffixes[i]))
			return true;
	}
	return false;
}

bool jb_container_name_is_valid(const char *name)
{
	size_t len = strlen(name);

	return len && len < JB_CONTAINER_NAME_SIZE && strchr(LETTERS, *name) &&
	       strspn(name, LETTERS "_.-") == len && !ends_as_unit(name, len);
}

static int write_unit(const char *runtime, const char *name, char *ret)
{
	if (!jb_container_name_is_valid(name))
		return -ENOENT;
	snprintf(ret, JB_CONTAINER_UNIT_SIZE, "%s:%s", runtime, name);
	return 0;
}

/* Its own file is below data-root, and has the name as "/web". */
static int find_docker_in(const struct jb_container_names *names, const char *data_root,
			  const char *id, char *ret)
{
	char path[PATH_MAX];
	const char *name;
	json_t *config;
	int err = -ENOENT;

	if (snprintf(path, sizeof(path), "%s%s/containers/%s/config.v2.json", names->root,
		     data_root, id) >= (int)sizeof(path))
		return -ENOENT;
	config = jb_json_file_load(path);
	name = json_string_value(json_object_get(config, "Name"));
	if (name && *name == '/')
		err = write_unit("docker", name + 1, ret);
	json_decref(config);
	return err;
}

static int find_docker(const struct jb_container_names *names, const char *id, char *ret)
{
	char path[PATH_MAX];
	const char *data_root;
	json_t *options;
	int err = find_docker_in(names, DOCKER_ROOT, id, ret);

	if (!err ||
	    snprintf(path, sizeof(path), "%s" DOCKER_OPTIONS, names->root) >= (int)sizeof(path))
		return err;
	options = jb_json_file_load(path);
	data_root = json_string_value(json_object_get(options, "data-root"));
	if (data_root && *data_root == '/')
		err = find_docker_in(names, data_root, id, ret);
	json_decref(options);
	return err;
}

static int find_podman(struct jb_container_names *names, const char *id, char *ret)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < COUNT(podman_files); i++) {
		const char *name = NULL;

		if (snprintf(path, sizeof(path), "%s" PODMAN_ROOT "/%s", names->root,
			     podman_files[i]) < (int)sizeof(path))
			name = jb_container_list_find(&names->podman[i], path, id);
		if (name)
			return write_unit("podman", name, ret);
	}
	return -ENOENT;
}

int jb_container_names_find(struct jb_container_names *names, const struct jb_container *container,
			    char ret[JB_CONTAINER_UNIT_SIZE])
{
	if (container->runtime == JB_RUNTIME_DOCKER)
		return find_docker(names, container->id, ret);
	if (container->runtime == JB_RUNTIME_PODMAN)
		return find_podman(names, container->id, ret);
	return -ENOENT;
}
