/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "kubernetes/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kubernetes/pod_mesh.h"

/* Of names that are looked at in one directory. */
enum { NAMES_MAX = 65536 };

/* Copies up to `end` if it fits. */
static bool part(const char *text, const char *end, char *ret, size_t max)
{
	size_t len = (size_t)(end - text);

	if (!len || len > max)
		return false;
	memcpy(ret, text, len);
	ret[len] = '\0';
	return true;
}

bool jb_files_pod_name(const char *text, size_t len, struct jb_files_pod *ret_pod)
{
	const char *first = memchr(text, '_', len);
	const char *last = memrchr(text, '_', len);

	return first && first != last && part(text, first, ret_pod->namespace_, JB_NAMESPACE_MAX) &&
	       part(first + 1, last, ret_pod->name, JB_POD_NAME_MAX) &&
	       part(last + 1, text + len, ret_pod->uid, JB_POD_UID_MAX) &&
	       jb_name_is_label(ret_pod->namespace_, JB_NAMESPACE_MAX) &&
	       jb_name_is_subdomain(ret_pod->name, JB_POD_NAME_MAX) &&
	       jb_uid_is_valid(ret_pod->uid);
}

/* "...-ID.log" */
static bool read_id(const char *link, char *ret_id)
{
	size_t len = strlen(link), tail = JB_CONTAINER_ID_LEN + strlen(".log");

	if (len <= tail || link[len - tail - 1] != '-' || strcmp(link + len - 4, ".log") != 0 ||
	    !jb_container_id_is_valid(link + len - tail))
		return false;
	memcpy(ret_id, link + len - tail, JB_CONTAINER_ID_LEN);
	ret_id[JB_CONTAINER_ID_LEN] = '\0';
	return true;
}

/* The begin of the component that ends before `end`; NULL if a slash isn't before it. */
static const char *component(const char *text, const char *end)
{
	const char *slash = memrchr(text, '/', (size_t)(end - text));

	return slash ? slash + 1 : NULL;
}

bool jb_files_link(const char *link, const char *target, struct jb_files_pod *ret_pod,
		   char *ret_container, char *ret_id)
{
	const char *file = component(target, target + strlen(target));
	const char *container = file ? component(target, file - 1) : NULL;
	const char *pod = container ? component(target, container - 1) : NULL;

	return pod && jb_files_pod_name(pod, (size_t)(container - 1 - pod), ret_pod) &&
	       part(container, file - 1, ret_container, JB_CONTAINER_NAME_MAX) &&
	       jb_name_is_label(ret_container, JB_CONTAINER_NAME_MAX) && read_id(link, ret_id);
}

static void put(const struct jb_pod_sink *sink, const struct jb_files_pod *names, bool meshed,
		const struct jb_pod_container *container)
{
	struct jb_pod pod = {
		.namespace_ = names->namespace_,
		.name = names->name,
		.uid = names->uid,
		.static_hash = "",
		.node = "",
		.ip = "",
		.ip2 = "",
		.created_by_kind = "",
		.created_by_name = "",
		.workload = names->name,
		.phase = "",
		.skip_outbound = "",
		.skip_inbound = "",
		.meshed = meshed,
		.names_only = true,
		.containers = container,
		.n_containers = container ? 1 : 0,
	};

	sink->put(sink->ctx, &pod);
}

/* A container's directory is made before it starts, and is there without links, too. */
static bool has_proxy(int pods_fd, const char *pod)
{
	char path[NAME_MAX + sizeof("/" JB_PROXY_CONTAINER)];

	snprintf(path, sizeof(path), "%s/" JB_PROXY_CONTAINER, pod);
	return !faccessat(pods_fd, path, F_OK, 0);
}

static void scan_pods(DIR *dir, const struct jb_pod_sink *sink)
{
	struct jb_files_pod names;
	struct dirent *entry;

	for (int n = 0; n < NAMES_MAX && (entry = readdir(dir)); n++) {
		if (jb_files_pod_name(entry->d_name, strlen(entry->d_name), &names))
			put(sink, &names, has_proxy(dirfd(dir), entry->d_name), NULL);
	}
}

/* A link stays for a while when its pod has gone. */
static bool is_there(int pods_fd, const struct jb_files_pod *names)
{
	char name[sizeof(*names) + 3];

	snprintf(name, sizeof(name), "%s_%s_%s", names->namespace_, names->name, names->uid);
	return !faccessat(pods_fd, name, F_OK, 0);
}

static void scan_links(DIR *dir, int pods_fd, const struct jb_pod_sink *sink)
{
	char target[PATH_MAX + 1], name[JB_CONTAINER_NAME_MAX + 1], id[JB_CONTAINER_ID_LEN + 1];
	struct jb_files_pod names;
	struct dirent *entry;
	ssize_t len;

	for (int n = 0; n < NAMES_MAX && (entry = readdir(dir)); n++) {
		len = readlinkat(dirfd(dir), entry->d_name, target, PATH_MAX);
		if (len < 0)
			continue;
		target[len] = '\0';
		if (jb_files_link(entry->d_name, target, &names, name, id) &&
		    is_there(pods_fd, &names))
			put(sink, &names, !strcmp(name, JB_PROXY_CONTAINER),
			    &(struct jb_pod_container){.name = name, .id = id});
	}
}

static DIR *open_below(const char *directory, const char *name)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	return opendir(path);
}

void jb_files_scan(const char *directory, const struct jb_pod_sink *sink,
		   struct jb_outcome *ret_outcome)
{
	DIR *pods = open_below(directory, "pods");
	DIR *links;

	*ret_outcome = (struct jb_outcome){};
	if (!pods) {
		jb_outcome_set(ret_outcome, JB_PODS_FILES, "%.400s/pods: %s", directory,
			       strerror(errno));
		return;
	}
	sink->list_begin(sink->ctx);
	scan_pods(pods, sink);
	links = open_below(directory, "containers");
	if (links) {
		scan_links(links, dirfd(pods), sink);
		closedir(links);
	}
	sink->list_end(sink->ctx);
	closedir(pods);
}
