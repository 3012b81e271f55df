/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who the pods of this node are. A thread of its own asks the API server, the kubelet or the
 * kubelet's log directories; what it knows is read by lookups from any thread. It never logs: the
 * status tells what there is to say, and jb_pods_fd() when.
 */
#ifndef JB_KUBERNETES_PODS_H
#define JB_KUBERNETES_PODS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kubernetes/failure.h"
#include "kubernetes/pod.h"
#include "kubernetes/table.h"

struct jb_pods;

#define JB_PODS_KUBELET_URL "https://127.0.0.1:10250"

/* Values of --kubernetes. */
enum jb_pods_mode {
	JB_PODS_MODE_AUTO, /* the best that works */
	JB_PODS_MODE_OFF,  /* no thread, and no pod is known */
	JB_PODS_MODE_API,
	JB_PODS_MODE_KUBELET,
	JB_PODS_MODE_FILES,
};

/* Their names in this order, for jb_value_enum(). */
extern const char *const jb_pods_mode_names[];

/* The better one first. */
enum jb_pods_source {
	JB_PODS_API,
	JB_PODS_KUBELET,
	JB_PODS_FROM_FILES,
	JB_PODS_SOURCE_MAX,
	JB_PODS_NONE = JB_PODS_SOURCE_MAX,
};

/* "api", "kubelet", "files", "none". */
const char *jb_pods_source_name(enum jb_pods_source source);

/* Strings are borrowed until jb_pods_start() has returned. */
struct jb_pods_options {
	enum jb_pods_mode mode;
	const char *node;    /* its name at Kubernetes; NULL or "": the API can't be asked */
	const char *api_url; /* NULL: by KUBERNETES_SERVICE_HOST and _PORT */
	const char *service_account; /* a directory with token and ca.crt */
	const char *kubelet_url;     /* without /pods */
	const char *kubelet_ca;    /* NULL: the service account's. Kubelets often sign themselves */
	bool kubelet_insecure;     /* any certificate will do for the kubelet */
	const char *log_directory; /* has pods/ and containers/ */
	size_t max_pods;
	uint64_t grace_ns;

	uint32_t connect_ms; /* until a connection stands, TLS included */
	uint32_t idle_s;     /* a list that stalls for so long is given up */
	uint32_t silence_s;  /* likewise a watch that tells nothing; bookmarks come each minute */
	uint32_t watch_s;    /* a watch is renewed after that to twice that */
	uint32_t backoff_min_ms; /* between attempts: that, doubled each time, */
	uint32_t backoff_max_ms; /* up to that */
	uint32_t patience_ms;    /* auto: what has failed, or stalls, so long is passed over */
	uint32_t retry_ms;       /* and tried again after that */
	uint32_t kubelet_ms;     /* between two lists of the kubelet's */
	uint32_t files_ms;       /* between two looks at the directories */
	/* What jb_pods_look() may hurry: */
	uint32_t look_ms;  /* the kubelet's next list comes so soon after the last one */
	uint32_t doubt_ms; /* a watch that has told nothing for so long gives way to a list, */
	uint32_t doubt_again_ms; /* once in that time */
};

/* What a pod of a DaemonSet needs, from its environment; `node` and what is NULL above stay NULL.
 */
void jb_pods_options_default(struct jb_pods_options *ret_options);

/* Whether it begins as a URL of http or https. */
bool jb_pods_url_is_valid(const char *url);

struct jb_pods_status {
	enum jb_pods_source source; /* whose pods these are; JB_PODS_NONE before the first */
	uint64_t since_ns;          /* CLOCK_MONOTONIC: works without failure since; 0: it fails */
	/* Why the source in use, or a better one, doesn't work; "" if all does. Changes only when
	   there is something new to say, so each change is worth a line of the log. */
	char error[JB_PODS_LINE * 2];
	char refused_why[JB_PODS_LINE];         /* about the last object that was refused */
	uint64_t requests[JB_PODS_SOURCE_MAX];  /* or looks at directories */
	uint64_t failures[JB_PODS_FAILURE_MAX]; /* by jb_pods_failure_name(), [JB_PODS_FINE] is 0 */
	uint64_t watch_restarts;
	uint64_t refused; /* objects that were not pods as Kubernetes has them */
	uint64_t bytes;   /* of answers */
	struct jb_pod_counts pods;
};

/*
 * Starts the thread. All signals stay blocked in it. 0, -EINVAL (a mode, a URL that isn't http or
 * https, an interval of 0), or another -errno.
 */
int jb_pods_start(struct jb_pods **ret_pods, const struct jb_pods_options *options);

/* Ends the thread, within a second, and frees all. NULL is fine. */
void jb_pods_stop(struct jb_pods *pods);

/*
 * An eventfd that is readable once pods or status have changed; jb_pods_take_news() reads it empty,
 * which is to be done before what has changed is asked for, so that no news is missed.
 */
int jb_pods_fd(const struct jb_pods *pods);
void jb_pods_take_news(struct jb_pods *pods);

void jb_pods_status(struct jb_pods *pods, struct jb_pods_status *ret_status);

/* As jb_pod_table_lookup(). */
enum jb_pod_lookup jb_pods_lookup(struct jb_pods *pods, const char *uid, const char *container_id,
				  struct jb_pod_names *ret_names);

/*
 * Somebody asks for a pod that is unknown: the source in use is to look whether there are new ones.
 * To be called each time that it is asked for, from any thread, and cheap. The kubelet is asked at
 * once, but not within look_ms of the last time. The API server tells by itself who is new: only if
 * its watch has told nothing while this was called again and again for doubt_ms, all is listed anew
 * in its place, at most once in doubt_again_ms, and if that fails, it does. No name may ever come:
 * so who asks has to give up at some time.
 */
void jb_pods_look(struct jb_pods *pods);

/* Each pod that is there, under a lock: the callback must not call any of these functions. */
void jb_pods_each(struct jb_pods *pods, void (*fn)(void *ctx, const struct jb_pod *pod), void *ctx);

#endif
