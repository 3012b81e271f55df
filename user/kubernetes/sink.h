/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where pods go that come in from any source. */
#ifndef JB_KUBERNETES_SINK_H
#define JB_KUBERNETES_SINK_H

#include "kubernetes/pod.h"

struct jb_pod_sink {
	void *ctx;
	/* Between these two all pods that there are: those that aren't among them have gone. */
	void (*list_begin)(void *ctx);
	void (*list_end)(void *ctx);
	void (*put)(void *ctx, const struct jb_pod *pod); /* new or changed; the sink copies it */
	void (*remove)(void *ctx, const char *uid);
};

#endif
