/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include "workloads/container.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

enum { CONFIG_HASH_LENGTH = 32 };

/* A part of the path, or of one: neither '/' nor NUL is in it. */
struct part {
	const char *at;
	size_t len;
};

/* How runtimes call what they make: PREFIX-ID.scope with systemd, PREFIX-ID without. */
static const struct {
	const char *prefix;
	enum jb_runtime runtime;
	bool scope;
	bool bare;
} runtimes[] = {
	{"cri-containerd", JB_RUNTIME_CONTAINERD, true, false},
	{"crio", JB_RUNTIME_CRIO, true, true},
	{"docker", JB_RUNTIME_DOCKER, true, false},
	{"libpod", JB_RUNTIME_PODMAN, true, true},
	{"libpod-payload", JB_RUNTIME_PODMAN, false, true}, /* --cgroups=split, Quadlet */
};

static const struct {
	const char *name;
	enum jb_qos qos;
} classes[] = {
	{"burstable", JB_QOS_BURSTABLE},
	{"besteffort", JB_QOS_BESTEFFORT},
};

/* The one behind; of no length at the end. */
static struct part next_part(struct part part)
{
	const char *at = part.at + part.len;

	at += strspn(at, "/");
	return (struct part){at, strcspn(at, "/")};
}

static bool cut_part(struct part *part, struct part prefix)
{
	if (part->len < prefix.len || memcmp(part->at, prefix.at, prefix.len) != 0)
		return false;
	part->at += prefix.len;
	part->len -= prefix.len;
	return true;
}

static bool cut_prefix(struct part *part, const char *prefix)
{
	return cut_part(part, (struct part){prefix, strlen(prefix)});
}

static bool cut_suffix(struct part *part, const char *suffix)
{
	size_t n = strlen(suffix);

	if (part->len < n || memcmp(part->at + part->len - n, suffix, n) != 0)
		return false;
	part->len -= n;
	return true;
}

static bool equals(struct part part, const char *text)
{
	return cut_prefix(&part, text) && !part.len;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* Takes n digits off; `to` may be written to on failure as well. */
static bool cut_hex(struct part *part, size_t n, char *to)
{
	if (part->len < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!is_hex(part->at[i]))
			return false;
		to[i] = part->at[i];
	}
	part->at += n;
	part->len -= n;
	return true;
}

static bool read_id(struct part part, char *ret)
{
	char id[JB_CONTAINER_ID_LENGTH + 1] = "";

	if (!cut_hex(&part, JB_CONTAINER_ID_LENGTH, id) || part.len)
		return false;
	memcpy(ret, id, sizeof(id));
	return true;
}

static bool read_uuid(struct part part, const char *dash, char *ret)
{
	static const size_t groups[] = {8, 4, 4, 4, 12};
	char uid[JB_POD_UID_MAX + 1] = "", *to = uid;

	for (size_t i = 0; i < COUNT(groups); i++) {
		if (i > 0) {
			if (!cut_prefix(&part, dash))
				return false;
			*to++ = '-';
		}
		if (!cut_hex(&part, groups[i], to))
			return false;
		to += groups[i];
	}
	if (part.len)
		return false;
	memcpy(ret, uid, sizeof(uid));
	return true;
}

static bool read_hash(struct part part, char *ret)
{
	char hash[CONFIG_HASH_LENGTH + 1] = "";

	if (!cut_hex(&part, CONFIG_HASH_LENGTH, hash) || part.len)
		return false;
	memcpy(ret, hash, sizeof(hash));
	return true;
}

/* podUID. In a slice's name a dash would begin another level, so it is written otherwise. */
static bool read_pod(struct part name, char *ret)
{
	return cut_prefix(&name, "pod") &&
	       (read_hash(name, ret) || read_uuid(name, "-", ret) || read_uuid(name, "_", ret) ||
		read_uuid(name, "\\x2d", ret));
}

static enum jb_qos cut_class(struct part *name)
{
	for (size_t i = 0; i < COUNT(classes); i++)
		if (cut_prefix(name, classes[i].name))
			return classes[i].qos;
	return JB_QOS_GUARANTEED;
}

/* PREFIX-ID, or with another sign between them. */
static bool read_named(struct part name, const char *sign, bool scope, struct jb_container *ret)
{
	for (size_t i = 0; i < COUNT(runtimes); i++) {
		struct part id = name;

		if ((scope ? runtimes[i].scope : runtimes[i].bare) &&
		    cut_prefix(&id, runtimes[i].prefix) && cut_prefix(&id, sign) &&
		    read_id(id, ret->id)) {
			ret->runtime = runtimes[i].runtime;
			return true;
		}
	}
	return false;
}

/*
 * SLICE:PREFIX:ID is meant for systemd; where the runtime makes its cgroups by itself it is the
 * name of one. SLICE may be empty; ret_slice is without .slice.
 */
static bool read_colons(struct part name, struct part *ret_slice, struct jb_container *ret)
{
	const char *colon = memchr(name.at, ':', name.len);
	struct part slice, rest;

	if (!colon)
		return false;
	slice = (struct part){name.at, colon - name.at};
	rest = (struct part){colon + 1, name.len - slice.len - 1};
	if (slice.len && !cut_suffix(&slice, ".slice"))
		return false;
	*ret_slice = slice;
	return read_named(rest, ":", true, ret);
}

/* Any name that by itself tells a container. */
static bool read_container(struct part name, struct jb_container *ret)
{
	struct part slice;
	bool scope;

	if (read_colons(name, &slice, ret))
		return true;
	scope = cut_suffix(&name, ".scope");
	return read_named(name, "-", scope, ret);
}

static enum jb_container_level level_of(struct part container)
{
	return next_part(container).len ? JB_CONTAINER_BELOW : JB_CONTAINER_SELF;
}

/* A child's own name: a slice's begins with that of its parent, and both end in .slice. */
static bool own_name(bool slices, struct part parent, struct part child, struct part *ret)
{
	if (slices && !(cut_suffix(&parent, ".slice") && cut_suffix(&child, ".slice") &&
			cut_part(&child, parent) && cut_prefix(&child, "-")))
		return false;
	*ret = child;
	return true;
}

/* Whether all pods are below: kubepods, kubepods.slice or ROOT-kubepods.slice. */
static bool is_tree(struct part name, bool *ret_slices)
{
	*ret_slices = cut_suffix(&name, ".slice");
	return equals(name, "kubepods") || (*ret_slices && cut_suffix(&name, "-kubepods"));
}

/* A pod of the tree, and what is in it. */
static bool find_pod(struct part tree, struct jb_container *ret)
{
	struct part pod = next_part(tree), name, inner;
	bool slices;

	if (!is_tree(tree, &slices) || !own_name(slices, tree, pod, &name))
		return false;
	ret->qos = cut_class(&name);
	if (ret->qos != JB_QOS_GUARANTEED) {
		inner = next_part(pod);
		if (name.len || !own_name(slices, pod, inner, &name))
			return false;
		pod = inner;
	}
	if (!read_pod(name, ret->pod))
		return false;
	inner = next_part(pod);
	ret->level = JB_CONTAINER_POD;
	if (read_container(inner, ret) || read_id(inner, ret->id))
		ret->level = level_of(inner);
	return true;
}

/* [ROOT-]kubepods[-CLASS]-podUID */
static bool read_pod_slice(struct part slice, struct jb_container *ret)
{
	for (;;) {
		struct part name = slice;
		const char *dash;

		if (cut_prefix(&name, "kubepods-")) {
			ret->qos = cut_class(&name);
			if ((ret->qos == JB_QOS_GUARANTEED || cut_prefix(&name, "-")) &&
			    read_pod(name, ret->pod))
				return true;
		}
		dash = memchr(slice.at, '-', slice.len);
		if (!dash)
			return false;
		cut_part(&slice, (struct part){slice.at, dash + 1 - slice.at});
	}
}

static bool find_pod_in_colons(struct part name, struct jb_container *ret)
{
	struct part slice;

	if (!read_colons(name, &slice, ret) || !read_pod_slice(slice, ret))
		return false;
	ret->level = level_of(name);
	return true;
}

/* docker/ID, or a name that tells it. */
static bool find_container(struct part at, struct jb_container *ret)
{
	struct part child = next_part(at);

	if (equals(at, "docker") && read_id(child, ret->id)) {
		ret->runtime = JB_RUNTIME_DOCKER;
		at = child;
	} else if (!read_container(at, ret)) {
		return false;
	}
	ret->level = level_of(at);
	return true;
}

int jb_container_parse(const char *path, struct jb_container *ret)
{
	struct jb_container outermost = {};

	if (path[0] != '/')
		return -ENOENT;
	for (struct part at = next_part((struct part){path, 0}); at.len; at = next_part(at)) {
		struct jb_container pod = {}, container = {};

		if (find_pod(at, &pod) || find_pod_in_colons(at, &pod)) {
			*ret = pod;
			return 0;
		}
		if (!outermost.id[0] && find_container(at, &container))
			outermost = container;
	}
	if (!outermost.id[0])
		return -ENOENT;
	*ret = outermost;
	return 0;
}
