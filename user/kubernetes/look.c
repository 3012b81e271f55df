/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is done for those who ask for a pod that is unknown. */
#include "kubernetes/private.h"

#define MS UINT64_C(1000000)

/* Who asks again does so within that: each pass over the workloads asks. */
#define AGAIN_NS (15 * UINT64_C(1000000000))

void jb_pods_look(struct jb_pods *pods)
{
	uint64_t now_ns = jb_now_ns();

	if (!pods->started)
		return;
	pthread_mutex_lock(&pods->lock);
	if (!pods->look.since_ns || now_ns - pods->look.last_ns > AGAIN_NS)
		pods->look.since_ns = now_ns;
	pods->look.last_ns = now_ns;
	pthread_mutex_unlock(&pods->lock);
	jb_pods_http_wake(pods->http);
}

void jb_pods_heard(struct jb_pods *pods)
{
	pods->look.since_ns = 0;
}

static bool is_in_doubt(const struct jb_pods *pods, uint64_t now_ns)
{
	const struct jb_look *look = &pods->look;

	return look->since_ns && now_ns - look->last_ns <= AGAIN_NS &&
	       look->last_ns - look->since_ns >= pods->options.doubt_ms * MS &&
	       (!look->doubt_ns || now_ns - look->doubt_ns >= pods->options.doubt_again_ms * MS);
}

bool jb_pods_doubt(void *ctx)
{
	struct jb_pods *pods = ctx;
	uint64_t now_ns = jb_now_ns();
	bool doubt;

	pthread_mutex_lock(&pods->lock);
	doubt = is_in_doubt(pods, now_ns);
	if (doubt) {
		pods->look.doubt_ns = now_ns;
		pods->doubted_ns = pods->look.since_ns;
	}
	pthread_mutex_unlock(&pods->lock);
	return doubt;
}

/* A list that has begun before somebody asked may have missed whom he means. */
uint64_t jb_pods_due_ns(struct jb_pods *pods, enum jb_pods_source source)
{
	const struct jb_source_state *state = &pods->sources[source];
	bool wanted;

	pthread_mutex_lock(&pods->lock);
	wanted = source == JB_PODS_KUBELET && pods->look.last_ns > state->begin_ns;
	pthread_mutex_unlock(&pods->lock);
	return wanted && state->soon_ns < state->due_ns ? state->soon_ns : state->due_ns;
}
