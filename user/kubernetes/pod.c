/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "kubernetes/pod.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const size_t texts[] = {
	offsetof(struct jb_pod, namespace_),
	offsetof(struct jb_pod, name),
	offsetof(struct jb_pod, uid),
	offsetof(struct jb_pod, static_hash),
	offsetof(struct jb_pod, node),
	offsetof(struct jb_pod, ip),
	offsetof(struct jb_pod, ip2),
	offsetof(struct jb_pod, created_by_kind),
	offsetof(struct jb_pod, created_by_name),
	offsetof(struct jb_pod, workload),
	offsetof(struct jb_pod, phase),
	offsetof(struct jb_pod, skip_outbound),
	offsetof(struct jb_pod, skip_inbound),
};

enum { TEXTS = sizeof(texts) / sizeof(*texts) };

static const char **text_of(const struct jb_pod *pod, size_t i)
{
	return (const char **)((char *)pod + texts[i]);
}

static size_t size_of(const struct jb_pod *pod)
{
	size_t size = sizeof(*pod) + pod->n_containers * sizeof(*pod->containers) +
		      pod->n_labels * sizeof(*pod->labels);

	for (size_t i = 0; i < TEXTS; i++)
		size += strlen(*text_of(pod, i)) + 1;
	for (size_t i = 0; i < pod->n_containers; i++)
		size += strlen(pod->containers[i].name) + strlen(pod->containers[i].id) + 2;
	for (size_t i = 0; i < pod->n_labels; i++)
		size += strlen(pod->labels[i].key) + strlen(pod->labels[i].value) + 2;
	return size;
}

static const char *keep(char **end, const char *text)
{
	size_t size = strlen(text) + 1;
	char *kept = memcpy(*end, text, size);

	*end += size;
	return kept;
}

int jb_pod_copy(const struct jb_pod *pod, struct jb_pod **ret_pod)
{
	struct jb_pod *copy = malloc(size_of(pod));
	struct jb_pod_container *containers;
	struct jb_pod_label *labels;
	char *end;

	if (!copy)
		return -ENOMEM;
	*copy = *pod;
	copy->containers = containers = (struct jb_pod_container *)(copy + 1);
	copy->labels = labels = (struct jb_pod_label *)(containers + pod->n_containers);
	end = (char *)(labels + pod->n_labels);
	for (size_t i = 0; i < TEXTS; i++)
		*text_of(copy, i) = keep(&end, *text_of(pod, i));
	for (size_t i = 0; i < pod->n_containers; i++) {
		containers[i].name = keep(&end, pod->containers[i].name);
		containers[i].id = keep(&end, pod->containers[i].id);
	}
	for (size_t i = 0; i < pod->n_labels; i++) {
		labels[i].key = keep(&end, pod->labels[i].key);
		labels[i].value = keep(&end, pod->labels[i].value);
	}
	*ret_pod = copy;
	return 0;
}

bool jb_pod_equal(const struct jb_pod *a, const struct jb_pod *b)
{
	if (a->host_network != b->host_network || a->meshed != b->meshed ||
	    a->proxy_port != b->proxy_port || a->asks_for_proxy != b->asks_for_proxy ||
	    a->deleting != b->deleting || a->labels_cut != b->labels_cut ||
	    a->names_only != b->names_only || a->n_containers != b->n_containers ||
	    a->n_labels != b->n_labels)
		return false;
	for (size_t i = 0; i < TEXTS; i++) {
		if (strcmp(*text_of(a, i), *text_of(b, i)) != 0)
			return false;
	}
	for (size_t i = 0; i < a->n_containers; i++) {
		if (strcmp(a->containers[i].name, b->containers[i].name) != 0 ||
		    strcmp(a->containers[i].id, b->containers[i].id) != 0)
			return false;
	}
	for (size_t i = 0; i < a->n_labels; i++) {
		if (strcmp(a->labels[i].key, b->labels[i].key) != 0 ||
		    strcmp(a->labels[i].value, b->labels[i].value) != 0)
			return false;
	}
	return true;
}

bool jb_pod_has_ended(const struct jb_pod *pod)
{
	return !strcmp(pod->phase, "Succeeded") || !strcmp(pod->phase, "Failed");
}

static bool consists_of(const char *text, size_t max, const char *octets)
{
	size_t len = strlen(text);

	return len >= 1 && len <= max && strspn(text, octets) == len;
}

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

bool jb_name_is_label(const char *name, size_t max)
{
	return consists_of(name, max, LOWER DIGITS "-");
}

bool jb_name_is_subdomain(const char *name, size_t max)
{
	return consists_of(name, max, LOWER DIGITS "-.");
}

bool jb_uid_is_valid(const char *uid)
{
	return consists_of(uid, JB_POD_UID_MAX, LOWER DIGITS "-ABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

bool jb_container_id_is_valid(const char *id)
{
	return strspn(id, DIGITS "abcdef") >= JB_CONTAINER_ID_LEN;
}
