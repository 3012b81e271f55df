/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * libFuzzer: the path of a cgroup. What is read must be clean and stand in the path, must be read
 * again from a plain path made of it, and must stay what it is whatever is put above and below.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "workloads/container.h"

#define OUTER_ID   "a2b102854b4969b2ce98dc329c86b4fb2b06e4ad2cc8da9d8a7578c9cd2004ff"
#define OUTER_POD  "ffffffff-7d4e-4f60-9a8b-c1d2e3f40516"
#define OUTER_NODE "/docker/" OUTER_ID
#define OUTER      "/kubepods/pod" OUTER_POD "/" OUTER_ID

static bool same(const struct jb_container *a, const struct jb_container *b)
{
	return !strcmp(a->pod, b->pod) && !strcmp(a->id, b->id) && a->runtime == b->runtime &&
	       a->qos == b->qos && a->level == b->level;
}

/* Parses `first` and `second` as one path, in memory exactly as long. */
static int parse_joined(const char *first, const char *second, struct jb_container *ret)
{
	size_t n = strlen(first);
	char *path = malloc(n + strlen(second) + 1);
	int err;

	jb_assert(path);
	memcpy(path, first, n);
	strcpy(path + n, second);
	err = jb_container_parse(path, ret);
	free(path);
	return err;
}

static void check_pod(const char *pod)
{
	size_t len = strlen(pod);

	jb_assert(len == 0 || len == 32 || len == 36);
	for (size_t i = 0; i < len; i++) {
		if (len == 36 && (i == 8 || i == 13 || i == 18 || i == 23))
			jb_assert(pod[i] == '-');
		else
			jb_assert(strchr("0123456789abcdef", pod[i]));
	}
}

static void check_fields(const char *path, const struct jb_container *c)
{
	char last[13] = "";

	check_pod(c->pod);
	jb_assert(!c->id[0] || (strspn(c->id, "0123456789abcdef") == 64 && !c->id[64]));
	jb_assert(!c->id[0] == (c->level == JB_CONTAINER_POD) && c->level <= JB_CONTAINER_BELOW);
	jb_assert(!c->pod[0] == (c->qos == JB_QOS_NONE) && c->qos <= JB_QOS_BESTEFFORT);
	jb_assert(c->id[0] || (c->pod[0] && c->runtime == JB_RUNTIME_UNKNOWN));
	jb_assert(c->pod[0] || c->runtime != JB_RUNTIME_UNKNOWN);
	jb_assert(c->runtime <= JB_RUNTIME_PODMAN);
	jb_assert(strstr(path, c->id));
	if (c->pod[0]) {
		memcpy(last, c->pod + strlen(c->pod) - 12, 12);
		jb_assert(strstr(path, last));
	}
}

/* The plainest path of it. */
static void write_path(const struct jb_container *c, char *to, size_t size)
{
	static const char *const classes[] = {"", "", "/burstable", "/besteffort"};
	static const char *const names[] = {"%s%s/%s", "%s%s/cri-containerd-%s.scope",
					    "%s%s/crio-%s.scope", "%s%s/docker-%s.scope",
					    "%s%s/libpod-%s.scope"};
	char pod[64] = "";

	if (c->pod[0])
		snprintf(pod, sizeof(pod), "%s/pod%s", classes[c->qos], c->pod);
	snprintf(to, size, names[c->runtime], pod[0] ? "/kubepods" : "", pod, c->id);
	if (c->level == JB_CONTAINER_BELOW)
		strcat(to, "/x");
}

static void check_again(const char *path, const struct jb_container *c)
{
	struct jb_container again, expected = *c;
	char plain[256];

	write_path(c, plain, sizeof(plain));
	jb_assert(!jb_container_parse(plain, &again) && same(&again, c));
	if (c->level == JB_CONTAINER_SELF)
		expected.level = JB_CONTAINER_BELOW;
	jb_assert(!parse_joined(path, "/x", &again) && same(&again, &expected));
}

/* Nothing gets out of a pod's container; only a pod gets out of another. */
static void check_inside(const char *path, const struct jb_container *c)
{
	struct jb_container inside;

	jb_assert(!parse_joined(OUTER, path, &inside));
	jb_assert(!strcmp(inside.pod, OUTER_POD) && !strcmp(inside.id, OUTER_ID));
	jb_assert(!parse_joined(OUTER_NODE, path, &inside));
	if (c && c->pod[0])
		jb_assert(same(&inside, c));
	else
		jb_assert(!strcmp(inside.id, OUTER_ID) && !inside.pod[0]);
}

static void check(const char *path)
{
	struct jb_container c, untouched;
	int err;

	memset(&c, 0xa5, sizeof(c));
	untouched = c;
	err = jb_container_parse(path, &c);
	if (err) {
		jb_assert(err == -ENOENT && !memcmp(&c, &untouched, sizeof(c)));
	} else {
		check_fields(path, &c);
		check_again(path, &c);
	}
	if (path[0] == '/')
		check_inside(path, err ? NULL : &c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *path = malloc(size + 1); /* exactly as long as the text, for ASan */

	if (!path)
		return 0;
	if (size > 0)
		memcpy(path, data, size);
	path[size] = '\0';
	check(path);
	free(path);
	return 0;
}
