/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names, order and labels are those of real pages: tests/unit/linkerd_proxy.prom. */
#include "proxy_page.h"

static const char *const bounds[] = {
	"1",    "2",    "3",     "4",     "5",     "10",    "20",    "30",   "40",
	"50",   "100",  "200",   "300",   "400",   "500",   "1000",  "2000", "3000",
	"4000", "5000", "10000", "20000", "30000", "40000", "50000", "+Inf",
};

/* What the series of a destination have in common, as HTTP's (`peer` is "") or as TCP's. */
static void put_labels(struct jb_buffer *page, unsigned int n, const char *peer)
{
	unsigned int third = n >> 8 & 255, fourth = n & 255;

	jb_buffer_printf(page,
			 "{direction=\"outbound\",%sauthority=\"server-%u.playground.svc.cluster."
			 "local:8080\",target_addr=\"10.42.%u.%u:8080\",target_ip=\"10.42.%u.%u\","
			 "target_port=\"8080\",tls=\"true\",server_id=\"server-%u.playground."
			 "serviceaccount.identity.linkerd.cluster.local\",",
			 peer, n, third, fourth, third, fourth, n);
	jb_buffer_printf(page,
			 "dst_control_plane_ns=\"linkerd\",dst_deployment=\"server-%u\","
			 "dst_namespace=\"playground\",dst_pod=\"server-%u-8469756977-bc2p7\","
			 "dst_pod_template_hash=\"8469756977\",dst_service=\"server-%u\","
			 "dst_serviceaccount=\"server-%u\",dst_zone=\"\","
			 "dst_zone_locality=\"unknown\"",
			 n, n, n, n);
}

static void put_family(struct jb_buffer *page, const char *name, const char *kind)
{
	jb_buffer_printf(page, "# HELP %s What the proxy has counted.\n# TYPE %s %s\n", name, name,
			 kind);
}

static void put_counters(struct jb_buffer *page, unsigned int destinations, const char *name,
			 const char *peer, const char *more)
{
	put_family(page, name, "counter");
	for (unsigned int n = 0; n < destinations; n++) {
		jb_buffer_puts(page, name);
		put_labels(page, n, peer);
		jb_buffer_printf(page, "%s} %u\n", more, 1000003 * (n + 1));
	}
}

static void put_latency(struct jb_buffer *page, unsigned int n)
{
	static const char name[] = "response_latency_ms", *const ends[] = {"_count", "_sum"};
	size_t n_bounds = sizeof(bounds) / sizeof(*bounds);

	for (size_t i = 0; i < n_bounds; i++) {
		jb_buffer_printf(page, "%s_bucket", name);
		put_labels(page, n, "");
		jb_buffer_printf(page, ",status_code=\"200\",le=\"%s\"} %zu\n", bounds[i],
				 1000 + i * n);
	}
	for (size_t i = 0; i < 2; i++) {
		jb_buffer_printf(page, "%s%s", name, ends[i]);
		put_labels(page, n, "");
		jb_buffer_printf(page, ",status_code=\"200\"} %zu\n", 1000 + 25 * n + i);
	}
}

void jb_proxy_page_put(struct jb_buffer *page, unsigned int destinations)
{
	static const char peer[] = "peer=\"dst\",";

	put_counters(page, destinations, "request_total", "", "");
	put_family(page, "response_latency_ms", "histogram");
	for (unsigned int n = 0; n < destinations; n++)
		put_latency(page, n);
	put_counters(page, destinations, "response_total", "",
		     ",status_code=\"200\",classification=\"success\",grpc_status=\"\",error=\"\"");
	put_counters(page, destinations, "tcp_open_total", peer, "");
	put_counters(page, destinations, "tcp_open_connections", peer, "");
	put_counters(page, destinations, "tcp_read_bytes_total", peer, "");
	put_counters(page, destinations, "tcp_write_bytes_total", peer, "");
	put_counters(page, destinations, "tcp_close_total", peer, ",errno=\"\"");
}
