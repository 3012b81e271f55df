/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a Linkerd proxy has counted since its page of metrics was read last. Pure: samples of a page
 * go in by jb_scrape's callback, and once the page is known to be whole, what has been added comes
 * out, summed up by the far end. A page that breaks off changes nothing.
 *
 * Each series of the page is remembered by a seeded hash of its name and labels, so that one which
 * the proxy forgets (after 10 idle minutes) and begins anew makes nothing fall or jump:
 * - a series that was on the page before counts by what it has grown; all of it if it has fallen;
 * - one that was not counts in full; on the first page only if the proxy started after `since_s`,
 *   and not if samples of the page before were skipped (beyond max_series, or the budget of all
 *   pages was used up), for it may have been among them;
 * - if the proxy has restarted (process_start_time_seconds has changed) all count in full;
 * - a value that is no count (NaN, below 0, above 2^53, where the proxy's own begin anew) tells
 *   only that the series is there; of several with the same labels the largest counts.
 * Left out: the proxy's own ports (inbound, target_port 4190, 4191) and what isn't of the data
 * plane (control_*).
 */
#ifndef JB_MESH_PAGE_H
#define JB_MESH_PAGE_H

#include <jitterbug/stream.h>
#include "scrape/scrape.h"

/* Which edge of the proxy: `direction` and `peer` of its labels. HTTP has no peer: it is told at
 * OUTBOUND_DST and INBOUND_SRC. */
enum jb_mesh_side {
	JB_MESH_OUTBOUND_SRC, /* from the app; target: what the app connected to */
	JB_MESH_OUTBOUND_DST, /* to the destination */
	JB_MESH_INBOUND_SRC,  /* from the client; target_port: the app's */
	JB_MESH_INBOUND_DST,  /* to the app; no target */
	JB_MESH_SIDE_MAX
};

enum jb_mesh_tls {
	JB_MESH_MUTUAL, /* tls="true" */
	JB_MESH_PLAIN,  /* "no_identity", "disabled", none told, or another word */
	JB_MESH_OPAQUE, /* "opaque": the app's own TLS, passed on */
	JB_MESH_TLS_MAX
};

/* The far end of some series; no two of a page's are equal. Names end with NULs to their size; too
 * long ones are cut at the end of a character. */
struct jb_mesh_far {
	union jb_ip target; /* target_ip, IPv4 mapped; all 0: not told, 0.0.0.0 or :: */
	__u16 target_port;  /* host order; 0: not told */
	__u8 side;          /* enum jb_mesh_side */
	__u8 tls;           /* enum jb_mesh_tls */
	__u8 zero[4];
	/* Outbound: dst_namespace; inbound: of client_id NAME.NAMESPACE.serviceaccount.… . */
	char namespace_[64];
	/*
	 * Outbound: dst_deployment, _statefulset, _daemonset, _job, _cronjob, _replicaset,
	 * _replicationcontroller, else dst_pod, else dst_service; inbound: client_id's NAME.
	 */
	char workload[256];
};

enum jb_mesh_figure {
	JB_MESH_SUCCESSES, /* response_total by classification */
	JB_MESH_FAILURES,
	JB_MESH_RESPONSES,   /* response_latency_ms_count */
	JB_MESH_RESPONSE_MS, /* response_latency_ms_sum */
	JB_MESH_OPENED,      /* tcp_open_total */
	JB_MESH_READ,        /* tcp_read_bytes_total: octets */
	JB_MESH_WRITTEN,     /* tcp_write_bytes_total */
	JB_MESH_FIGURE_MAX
};

/*
 * Of one far end: of those of which something has been added; and once, when they appear, of those
 * of OUTBOUND_DST whose target and workload are told, where series that appear count in full.
 */
struct jb_mesh_news {
	struct jb_mesh_far far;
	double by[JB_MESH_FIGURE_MAX];
};

/* What a page tells of the proxy itself. */
struct jb_mesh_facts {
	double start_s;                   /* process_start_time_seconds, Unix time; 0: not told */
	double certificate_expiry_s;      /* Unix time, by either name; 0: not told */
	__u64 certificate_refresh_errors; /* since the page before: of result != "ok" */
	char version[32];                 /* of proxy_build_info; "" */
	__u32 series;                     /* that are remembered */
	__u64 skipped;                    /* samples on this page without a place */
};

struct jb_mesh_page_options {
	__u32 max_series; /* beyond, new ones are skipped; at least 1 */
	__u64 seed;       /* random: the far side can't choose series that collide */
	double since_s;   /* Unix time since when is counted: the agent's start */
	/*
	 * How many series all pages that share it may still remember; atomic, for they may be of
	 * several threads. Each takes of it and gives back, at last when it is freed: it must live
	 * until then. NULL: no bound but max_series.
	 */
	__u32 *budget;
};

/* The families that are wanted, for jb_scrape_new(). */
extern const struct jb_scrape_family jb_mesh_families[];
extern const size_t jb_mesh_n_families;

struct jb_mesh_page;

int jb_mesh_page_new(struct jb_mesh_page **ret, const struct jb_mesh_page_options *options);
void jb_mesh_page_free(struct jb_mesh_page *page); /* NULL is fine */

/* Begins a page; what a page that was begun and not committed has told is forgotten. */
void jb_mesh_page_begin(struct jb_mesh_page *page);

/* A jb_scrape_fn; ctx is the struct jb_mesh_page. 0 or -ENOMEM. */
int jb_mesh_page_sample(void *ctx, const struct jb_scrape_sample *sample);

typedef int (*jb_mesh_news_fn)(void *ctx, const struct jb_mesh_news *news);

/*
 * The page was whole: hands on what is new. Returns 0, or what fn returned first, after which the
 * rest is counted as told all the same, and *ret_facts is as it was.
 */
int jb_mesh_page_commit(struct jb_mesh_page *page, jb_mesh_news_fn fn, void *ctx,
			struct jb_mesh_facts *ret_facts);

#endif
