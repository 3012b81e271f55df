/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the proxies' pages tell. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "mesh/join_private.h"

#define NS_PER_MS 1e6

double jb_join_figure(const struct jb_mesh_news *news, enum jb_mesh_figure which)
{
	double value = news->by[which];

	return isfinite(value) && value > 0 ? value : 0;
}

static bool has_requests(const struct jb_mesh_news *news)
{
	return jb_join_figure(news, JB_MESH_SUCCESSES) > 0 ||
	       jb_join_figure(news, JB_MESH_FAILURES) > 0 ||
	       jb_join_figure(news, JB_MESH_RESPONSES) > 0 ||
	       jb_join_figure(news, JB_MESH_RESPONSE_MS) > 0;
}

bool jb_join_has_responses(const struct jb_mesh_news *news)
{
	return jb_join_figure(news, JB_MESH_RESPONSES) > 0;
}

static double octets(const struct jb_mesh_news *news)
{
	return jb_join_figure(news, JB_MESH_READ) + jb_join_figure(news, JB_MESH_WRITTEN);
}

enum jb_tcp_leg jb_join_leg_of(const struct jb_mesh_far *far)
{
	bool meshed = far->tls == JB_MESH_MUTUAL;

	switch (far->side) {
	case JB_MESH_OUTBOUND_SRC:
		return JB_LEG_APP_OUT;
	case JB_MESH_OUTBOUND_DST:
		return meshed ? JB_LEG_MESH_OUT : JB_LEG_PLAIN_OUT;
	case JB_MESH_INBOUND_SRC:
		return meshed ? JB_LEG_MESH_IN : JB_LEG_PLAIN_IN;
	default:
		return JB_LEG_APP_IN;
	}
}

static void add_octets(struct jb_join_pod *pod, const struct jb_mesh_news *news,
		       enum jb_tcp_leg leg)
{
	struct jb_mesh_pod *told = &pod->told;
	double *rest = pod->proxy_rest[leg];

	if (!(octets(news) > 0))
		return;
	told->legs[leg] = true;
	jb_join_add(&told->proxy_bytes[leg][JB_INGRESS], &rest[JB_INGRESS],
		    jb_join_figure(news, JB_MESH_READ));
	jb_join_add(&told->proxy_bytes[leg][JB_EGRESS], &rest[JB_EGRESS],
		    jb_join_figure(news, JB_MESH_WRITTEN));
	if (news->far.tls != JB_MESH_PLAIN || jb_tcp_leg_is_local(leg))
		return;
	jb_join_add(&told->plaintext_bytes[leg], &pod->plaintext_rest[leg], octets(news));
}

void jb_join_name(struct jb_who *ret, const char *namespace_, const char *workload)
{
	*ret = (struct jb_who){};
	snprintf(ret->namespace_, sizeof(ret->namespace_), "%s", namespace_);
	snprintf(ret->workload, sizeof(ret->workload), "%s", workload);
}

static bool has_target(const struct jb_mesh_far *far)
{
	return far->target.half[0] || far->target.half[1];
}

static void find_server(const struct jb_mesh_join *join, const struct jb_mesh_far *far,
			struct jb_who *ret)
{
	if (*far->workload)
		jb_join_name(ret, far->namespace_, far->workload);
	else if (has_target(far))
		jb_join_who(join, &far->target, far->tls == JB_MESH_MUTUAL ? 0 : far->target_port,
			    ret);
	else
		jb_join_name(ret, far->namespace_, JB_WHO_UNKNOWN);
}

/* The first news of a page begin its means anew; those of an older one leave them alone. */
static void add_to_page(struct jb_join_edge *edge, __u64 number, double responses,
			double response_ms)
{
	struct jb_join_edge_page *page = &edge->page;
	double mean_ms;

	if (page->number > number)
		return;
	if (page->number < number) {
		*page = (struct jb_join_edge_page){.number = number};
		edge->told.network_s = NAN;
	}
	page->responses += responses;
	page->response_ms += response_ms;
	mean_ms = page->response_ms / page->responses;
	edge->told.latency_s = isfinite(mean_ms) ? mean_ms / 1e3 : NAN;
}

static void add_requests(struct jb_join_edge *edge, const struct jb_mesh_news *news, __u64 page)
{
	static const enum jb_mesh_figure classes[JB_MESH_CLASS_MAX] = {
		[JB_MESH_CLASS_SUCCESS] = JB_MESH_SUCCESSES,
		[JB_MESH_CLASS_FAILURE] = JB_MESH_FAILURES,
	};
	__u8 tls = news->far.tls;
	double responses = jb_join_figure(news, JB_MESH_RESPONSES);
	double response_ms = jb_join_figure(news, JB_MESH_RESPONSE_MS);

	if (!has_requests(news))
		return;
	edge->told.tls_seen[tls] = true;
	for (int c = 0; c < JB_MESH_CLASS_MAX; c++)
		jb_join_add(&edge->told.requests[tls][c], &edge->rest.requests[tls][c],
			    jb_join_figure(news, classes[c]));
	jb_join_add(&edge->told.request_ns, &edge->rest.request_ns, response_ms * NS_PER_MS);
	if (jb_join_has_responses(news))
		add_to_page(edge, page, responses, response_ms);
}

static void add_edge_octets(struct jb_join_edge *edge, const struct jb_mesh_news *news)
{
	if (news->far.tls == JB_MESH_MUTUAL)
		jb_join_add(&edge->told.mtls_bytes, &edge->rest.mtls_bytes, octets(news));
	else
		jb_join_add(&edge->told.other_bytes, &edge->rest.other_bytes, octets(news));
}

void jb_join_add_news(const struct jb_join_reading *r, const struct jb_mesh_news *news,
		      struct jb_join_edge *edge, struct jb_join_remote *remote)
{
	add_requests(edge, news, r->page);
	add_edge_octets(edge, news);
	if (remote && jb_join_has_responses(news))
		jb_join_remote_requests(r, remote, edge, jb_join_figure(news, JB_MESH_RESPONSES));
}

/* The far end is got if it has requests, or if the page knows better than others who it is. */
static struct jb_join_edge *of_server(const struct jb_join_reading *r,
				      const struct jb_mesh_news *news, enum jb_tcp_leg leg)
{
	const struct jb_mesh_far *far = &news->far;
	bool is_named = *far->workload;
	struct jb_join_remote_key key = jb_join_key_address(leg, &far->target, far->target_port);
	struct jb_join_remote *remote = NULL;
	struct jb_join_edge *edge;
	struct jb_who who;

	find_server(r->join, far, &who);
	edge = jb_join_edge_get(r->join, r->pod, JB_MESH_SOURCE, &who);
	if (!edge)
		return NULL;
	if (has_target(far) && (is_named || jb_join_has_responses(news)))
		remote = jb_join_remote_get(r->join, r->pod, &key);
	if (remote && is_named)
		remote->edge = edge;
	jb_join_add_news(r, news, edge, remote);
	return edge;
}

/* NULL: it is of no edge, or of none yet, or there is no memory. */
static struct jb_join_edge *add_to_edge(const struct jb_join_reading *r,
					const struct jb_mesh_news *news, enum jb_tcp_leg leg)
{
	bool tells = has_requests(news) || octets(news) > 0;
	struct jb_join_edge *edge;

	if (jb_tcp_leg_is_local(leg))
		return NULL;
	if (news->far.side != JB_MESH_OUTBOUND_DST)
		return tells ? jb_join_of_client(r, news) : NULL;
	edge = of_server(r, news, leg); /* who it is, at least */
	return tells ? edge : NULL;
}

static void add_news(const struct jb_join_reading *r, const struct jb_mesh_news *news)
{
	enum jb_tcp_leg leg;

	if (news->far.side >= JB_MESH_SIDE_MAX || news->far.tls >= JB_MESH_TLS_MAX)
		return;
	leg = jb_join_leg_of(&news->far);
	add_octets(r->pod, news, leg);
	jb_join_count_folded(r->join, r->pod, add_to_edge(r, news, leg));
}

/* Of ~other there is no latest attempt, nor one proxy: only what can be summed up. */
static void note_attempt(const struct jb_mesh_join *join, struct jb_join_pod *pod,
			 const struct jb_mesh_result *result)
{
	if ((unsigned int)result->failure < JB_MESH_FAILURE_MAX)
		pod->told.failures[result->failure]++;
	for (int f = 0; f < JB_MESH_FAILURE_MAX; f++)
		pod->told.failures[f] += result->earlier[f];
	if (pod == join->other)
		return;
	pod->told.asked = true;
	pod->told.success = result->failure == JB_MESH_FINE;
	pod->told.scrape_ns = result->duration_ns;
	snprintf(pod->error, sizeof(pod->error), "%s", result->error);
}

static void note_facts(struct jb_mesh_join *join, struct jb_join_pod *pod,
		       const struct jb_mesh_result *result)
{
	const struct jb_mesh_facts *facts = result->facts;
	double expiry_s = facts->certificate_expiry_s;

	join->skipped += facts->skipped;
	pod->told.certificate_refresh_errors += facts->certificate_refresh_errors;
	pod->told.certificate_told |= expiry_s > 0 || facts->certificate_refresh_errors > 0;
	if (pod == join->other)
		return;
	pod->told.certificate_expiry_s = isfinite(expiry_s) && expiry_s > 0 ? expiry_s : 0;
	if (result->failure == JB_MESH_FINE)
		pod->told.scrape_bytes = result->bytes;
	snprintf(pod->version, sizeof(pod->version), "%s", facts->version);
}

void jb_mesh_join_result(struct jb_mesh_join *join, const struct jb_mesh_result *result,
			 __u64 now_ns)
{
	const struct jb_mesh_target *target = result->target;
	struct jb_join_pod *pod = jb_join_pod_get(join, target->namespace_, target->pod);
	struct jb_join_reading r = {.join = join,
				    .pod = pod,
				    .namespace_ = target->namespace_,
				    .name = target->pod,
				    .now_ns = now_ns};

	if (!pod)
		return;
	pod->told.has_proxy = true;
	note_attempt(join, pod, result);
	/* There are some of an earlier page, too, where the latest could not be read. */
	if (!result->facts)
		return;
	note_facts(join, pod, result);
	r.page = ++join->pages;
	for (size_t i = 0; i < result->n_news; i++)
		add_news(&r, &result->news[i]);
}
