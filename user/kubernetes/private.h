/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the files behind kubernetes/pods.h share. */
#ifndef JB_KUBERNETES_PRIVATE_H
#define JB_KUBERNETES_PRIVATE_H

#include <pthread.h>

#include "base/clock.h"
#include "kubernetes/api.h"
#include "kubernetes/http.h"
#include "kubernetes/intake.h"
#include "kubernetes/object_list.h"
#include "kubernetes/pods.h"
#include "kubernetes/watch.h"

struct jb_source_state {
	bool enabled;
	uint64_t due_ns;
	uint64_t failing_ns; /* since; 0: it works, or wasn't tried */
	uint64_t blocked_ns; /* passed over until then */
	char reason[JB_PODS_LINE];
};

struct jb_pods {
	struct jb_pods_options options; /* its strings are those below */
	char *node;
	char *path; /* of its pods at the API */
	struct jb_api api;
	char *kubelet_url; /* with /pods */
	char *kubelet_ca;
	char *log_directory;

	bool started; /* there is a thread */
	pthread_t thread;
	int fd;
	struct jb_pods_http *http;

	pthread_mutex_t lock; /* of these three */
	struct jb_pod_table *table;
	struct jb_pods_status status;
	uint64_t told; /* changes of the table that the eventfd has told */

	/* The thread's own. */
	struct jb_source_state sources[JB_PODS_SOURCE_MAX];
	struct jb_pod_sink sink;
	struct jb_pod_intake intake;
	struct jb_object_sink objects; /* of the intake */
	struct jb_watch *watch;
	struct jb_split split; /* of the kubelet's list */
};

/* Copies the options, finding what they leave to the environment. 0, -EINVAL or -ENOMEM. */
int jb_pods_take_options(struct jb_pods *pods, const struct jb_pods_options *options);
void jb_pods_free_options(struct jb_pods *pods);

/* The thread; `arg` are the pods. */
void *jb_pods_run(void *arg);

/* One request, or look; tells what came of it by the next two. Sets when the next one is due. */
void jb_pods_turn(struct jb_pods *pods, enum jb_pods_source source);
void jb_pods_works(struct jb_pods *pods, enum jb_pods_source source);
void jb_pods_fails(struct jb_pods *pods, enum jb_pods_source source,
		   const struct jb_outcome *outcome);

/* Makes the eventfd readable if there is news. */
void jb_pods_announce(struct jb_pods *pods, bool status_changed);

/* Makes pods->sink that of the table. */
void jb_pods_set_sink(struct jb_pods *pods);

#endif
