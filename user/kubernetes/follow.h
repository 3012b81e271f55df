/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Follows one resource of the API server, by a thread of its own. It never logs. */
#ifndef JB_KUBERNETES_FOLLOW_H
#define JB_KUBERNETES_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kubernetes/failure.h"
#include "kubernetes/objects.h"
#include "kubernetes/watch.h"

struct jb_follow;

/* Texts are borrowed until jb_follow_start() has returned. */
struct jb_follow_options {
	struct jb_watch_resource resource; /* name and kind are borrowed for good */
	struct jb_object_sink sink;        /* is called in the follower's thread */
	int news_fd;                       /* an eventfd that is written at news; -1: none */

	/* As in struct jb_pods_options. */
	const char *api_url;
	const char *service_account;
	uint32_t connect_ms;
	uint32_t idle_s;
	uint32_t silence_s;
	uint32_t watch_s;
	uint32_t backoff_min_ms;
	uint32_t backoff_max_ms;
};

/* What a pod needs; resource and sink stay empty. */
void jb_follow_options_default(struct jb_follow_options *ret_options);

struct jb_follow_status {
	const char *name;  /* of the resource */
	uint64_t since_ns; /* CLOCK_MONOTONIC: watches without failure since; 0: it fails */
	/* Why it doesn't work; "" if it does. Changes only when there is something new to say. */
	char error[JB_PODS_LINE];
	uint64_t requests;
	uint64_t failures[JB_PODS_FAILURE_MAX];
	uint64_t watch_restarts;
	uint64_t lists;   /* that have come whole */
	uint64_t objects; /* that the sink was given, changes included */
	uint64_t bytes;   /* of answers, unpacked */
};

/* 0, -EINVAL (a URL that isn't http or https, an interval of 0) or another -errno. */
int jb_follow_start(struct jb_follow **ret_follow, const struct jb_follow_options *options);

/* Ends the thread, within a second, and frees all. NULL is fine. */
void jb_follow_stop(struct jb_follow *follow);

void jb_follow_status(struct jb_follow *follow, struct jb_follow_status *ret_status);

#endif
