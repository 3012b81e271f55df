/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * News of clients: whose they are, and those that wait until that is known. The kernel tells of a
 * connection seconds after it stands, while the proxy's page may tell of its requests before.
 */
#include <float.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include "mesh/join_private.h"

struct jb_join_unnamed {
	struct jb_join_unnamed *prev, *next; /* the one that waits for longest comes first */
	struct jb_mesh_news news;
	__u64 since_ns; /* the first of them */
	__u64 page;     /* the last of them that had responses */
	char owner[];   /* whose pages they were on: namespace, NUL, pod, NUL */
};

/* Unless it is known, *ret is the workload `unknown`. */
static enum jb_mesh_client ask(const struct jb_join_reading *r, const struct jb_mesh_far *far,
			       struct jb_who *ret)
{
	const struct jb_mesh_asked *asked = &r->join->options.asked;
	enum jb_tcp_leg leg = jb_join_leg_of(far);
	__u16 port = leg == JB_LEG_PLAIN_IN ? far->target_port : 0;
	enum jb_mesh_client answer;

	*ret = (struct jb_who){};
	answer = asked->client(asked->ctx, r->namespace_, r->name, leg, far->namespace_, port, ret);
	if (answer == JB_CLIENT_KNOWN && *ret->workload)
		return JB_CLIENT_KNOWN;
	jb_join_name(ret, far->namespace_, JB_WHO_UNKNOWN);
	return answer == JB_CLIENT_NONE ? JB_CLIENT_NONE : JB_CLIENT_SEVERAL;
}

/* Of a client that isn't known, the round trip isn't either. */
static struct jb_join_edge *tell(const struct jb_join_reading *r, const struct jb_mesh_news *news,
				 const struct jb_who *client, bool is_known)
{
	struct jb_join_edge *edge = jb_join_edge_get(r->join, r->pod, JB_MESH_DESTINATION, client);
	struct jb_join_remote *remote = NULL;
	struct jb_join_remote_key key;

	if (!edge)
		return NULL;
	if (is_known && jb_join_has_responses(news)) {
		key = jb_join_key_client(r->join, jb_join_leg_of(&news->far), client);
		remote = jb_join_remote_get(r->join, r->pod, &key);
	}
	jb_join_add_news(r, news, edge, remote);
	return edge;
}

/* Those of which the same is asked are one: no workload, and no port of meshed ones. */
static struct jb_mesh_far far_of(const struct jb_mesh_far *far)
{
	struct jb_mesh_far ret = {.side = far->side, .tls = far->tls};

	if (jb_join_leg_of(far) == JB_LEG_PLAIN_IN)
		ret.target_port = far->target_port;
	memcpy(ret.namespace_, far->namespace_, sizeof(ret.namespace_));
	return ret;
}

static const char *pod_of(const struct jb_join_unnamed *one)
{
	return one->owner + strlen(one->owner) + 1;
}

static struct jb_join_unnamed *find(const struct jb_join_reading *r, const struct jb_mesh_far *far)
{
	struct jb_join_unnamed *one;

	DL_FOREACH(r->pod->unnamed, one)
	{
		if (!memcmp(&one->news.far, far, sizeof(*far)) &&
		    !strcmp(one->owner, r->namespace_) && !strcmp(pod_of(one), r->name))
			return one;
	}
	return NULL;
}

static struct jb_join_unnamed *add(const struct jb_join_reading *r, const struct jb_mesh_far *far)
{
	size_t n = strlen(r->namespace_) + 1, m = strlen(r->name) + 1;
	struct jb_join_unnamed *one = calloc(1, sizeof(*one) + n + m);

	if (!one) {
		r->join->lost++;
		return NULL;
	}
	one->news.far = *far;
	one->since_ns = r->now_ns;
	memcpy(one->owner, r->namespace_, n);
	memcpy(one->owner + n, r->name, m);
	DL_APPEND(r->pod->unnamed, one);
	r->pod->n_unnamed++;
	return one;
}

static void forget(struct jb_join_pod *pod, struct jb_join_unnamed *one)
{
	DL_DELETE(pod->unnamed, one);
	pod->n_unnamed--;
	free(one);
}

/* An infinite sum would be no figure. */
static void add_up(double *sum, double more)
{
	*sum += more;
	if (*sum > DBL_MAX)
		*sum = DBL_MAX;
}

/* False: there is no room. Without memory it is lost. */
static bool keep(const struct jb_join_reading *r, const struct jb_mesh_news *news)
{
	struct jb_mesh_far far = far_of(&news->far);
	struct jb_join_unnamed *one = find(r, &far);

	if (!one && r->pod->n_unnamed >= JB_MESH_MAX_UNNAMED)
		return false;
	if (!one)
		one = add(r, &far);
	if (!one)
		return true;
	for (int f = 0; f < JB_MESH_FIGURE_MAX; f++)
		add_up(&one->news.by[f], jb_join_figure(news, f));
	if (jb_join_has_responses(news))
		one->page = r->page;
	return true;
}

struct jb_join_edge *jb_join_of_client(const struct jb_join_reading *r,
				       const struct jb_mesh_news *news)
{
	struct jb_who client;
	enum jb_mesh_client answer = ask(r, &news->far, &client);

	if (answer == JB_CLIENT_NONE && keep(r, news))
		return NULL;
	return tell(r, news, &client, answer == JB_CLIENT_KNOWN);
}

/* In ~other they were counted as folded when they came. */
static void settle_one(const struct jb_join_reading *r, struct jb_join_unnamed *one)
{
	__u64 end_ns = one->since_ns + r->join->options.wait_ns;
	struct jb_who client;
	enum jb_mesh_client answer = ask(r, &one->news.far, &client);
	struct jb_join_edge *edge;

	if (answer == JB_CLIENT_NONE && r->now_ns < end_ns)
		return;
	edge = tell(r, &one->news, &client, answer == JB_CLIENT_KNOWN);
	if (r->pod != r->join->other)
		jb_join_count_folded(r->join, r->pod, edge);
	forget(r->pod, one);
}

void jb_join_unnamed_settle(struct jb_mesh_join *join, struct jb_join_pod *pod, __u64 now_ns)
{
	struct jb_join_unnamed *one, *next;

	DL_FOREACH_SAFE(pod->unnamed, one, next)
	{
		struct jb_join_reading r = {join, pod, one->owner, pod_of(one), one->page, now_ns};

		settle_one(&r, one);
	}
}

void jb_join_unnamed_count(const struct jb_join_pod *pod, struct jb_mesh_join_stats *stats)
{
	const struct jb_join_unnamed *one;
	double rest = 0;

	stats->unnamed += pod->n_unnamed;
	DL_FOREACH(pod->unnamed, one)
	{
		jb_join_add(&stats->unnamed_requests, &rest, one->news.by[JB_MESH_SUCCESSES]);
		jb_join_add(&stats->unnamed_requests, &rest, one->news.by[JB_MESH_FAILURES]);
	}
}

void jb_join_unnamed_free(struct jb_join_pod *pod)
{
	struct jb_join_unnamed *one, *next;

	DL_FOREACH_SAFE(pod->unnamed, one, next)
	forget(pod, one);
}
