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
	uint64_t begin_ns;   /* of the last list or look; a watch's end */
	uint64_t due_ns;     /* of the next one */
	uint64_t soon_ns;    /* likewise, of the kubelet, if somebody asks for who is unknown */
	uint64_t failing_ns; /* since; 0: it works, or wasn't tried */
	uint64_t blocked_ns; /* passed over until then */
	char reason[JB_PODS_LINE];
};

/* That somebody asks for pods that are unknown. */
struct jb_look {
	/* They ask again and again, and no source has told of any pod, since; 0: not so. */
	uint64_t since_ns;
	uint64_t last_ns;
	uint64_t doubt_ns; /* a watch was last ended for it; 0: none was */
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

	pthread_mutex_t lock; /* of these four */
	struct jb_pod_table *table;
	struct jb_pods_status status;
	uint64_t told; /* changes of the table that the eventfd has told */
	struct jb_look look;

	/* The thread's own. */
	struct jb_source_state sources[JB_PODS_SOURCE_MAX];
	struct jb_pod_sink sink;
	struct jb_pod_intake intake;
	struct jb_object_sink objects; /* of the intake */
	struct jb_watch *watch;
	struct jb_split split; /* of the kubelet's list */
	/* The last watch was silent since, and jb_pods_doubt() has ended it; 0: it didn't. */
	uint64_t doubted_ns;
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

/* A source has told of a pod. Under the lock. */
void jb_pods_heard(struct jb_pods *pods);

/* Whether the watch is to give way to a list; notes it. `ctx` are the pods. */
bool jb_pods_doubt(void *ctx);

/* When the next request of a source is due. */
uint64_t jb_pods_due_ns(struct jb_pods *pods, enum jb_pods_source source);

/* Makes pods->sink that of the table. */
void jb_pods_set_sink(struct jb_pods *pods);

#endif
