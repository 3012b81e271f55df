/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From the labels of a sample to the far end it tells of. */
#include <arpa/inet.h>
#include <jitterbug/traffic.h>
#include <string.h>
#include "base/values.h"
#include "mesh/page_private.h"

/* Who the destination is: the first that is told. */
static const char *const workload_labels[] = {
	"dst_deployment",
	"dst_statefulset",
	"dst_daemonset",
	"dst_job",
	"dst_cronjob",
	"dst_replicaset",
	"dst_replicationcontroller",
	"dst_pod",
	"dst_service",
};

const char *jb_mesh_label(const struct jb_scrape_sample *sample, const char *name)
{
	for (size_t i = 0; i < sample->n_labels; i++)
		if (!strcmp(sample->labels[i].name, name))
			return sample->labels[i].value;
	return "";
}

void jb_mesh_copy(char *to, size_t size, const char *text, size_t len)
{
	if (len >= size) {
		len = size - 1;
		while (len && (text[len] & 0xc0) == 0x80)
			len--;
	}
	memcpy(to, text, len);
	memset(to + len, 0, size - len);
}

static bool read_side(const struct jb_scrape_sample *sample, bool has_peer, __u8 *ret_side)
{
	const char *direction = jb_mesh_label(sample, "direction");
	bool is_outbound = !strcmp(direction, "outbound");
	const char *peer = is_outbound ? "dst" : "src";

	if (has_peer)
		peer = jb_mesh_label(sample, "peer");
	if (!is_outbound && strcmp(direction, "inbound") != 0)
		return false;
	if (!strcmp(peer, "src"))
		*ret_side = is_outbound ? JB_MESH_OUTBOUND_SRC : JB_MESH_INBOUND_SRC;
	else if (!strcmp(peer, "dst"))
		*ret_side = is_outbound ? JB_MESH_OUTBOUND_DST : JB_MESH_INBOUND_DST;
	else
		return false;
	return true;
}

static bool is_outbound(const struct jb_mesh_far *far)
{
	return far->side == JB_MESH_OUTBOUND_SRC || far->side == JB_MESH_OUTBOUND_DST;
}

static enum jb_mesh_tls tls_of(const char *word)
{
	if (!strcmp(word, "true"))
		return JB_MESH_MUTUAL;
	return !strcmp(word, "opaque") ? JB_MESH_OPAQUE : JB_MESH_PLAIN;
}

/* All 0: none. */
static union jb_ip ip_of(const char *text)
{
	union jb_ip ip = {};

	if (inet_pton(AF_INET, text, &ip.word[3]) == 1)
		ip.word[2] = htonl(0xffff);
	else if (inet_pton(AF_INET6, text, ip.octet) != 1)
		return (union jb_ip){};
	if (!ip.half[0] && ip.word[2] == htonl(0xffff) && !ip.word[3])
		return (union jb_ip){};
	return ip;
}

static __u16 port_of(const char *text)
{
	uint32_t port;

	return jb_value_u32(text, &port) || port > 65535 ? 0 : (__u16)port;
}

static void read_destination(const struct jb_scrape_sample *sample, struct jb_mesh_far *far)
{
	const char *namespace_ = jb_mesh_label(sample, "dst_namespace"), *name = "";
	size_t n = sizeof(workload_labels) / sizeof(*workload_labels);

	for (size_t i = 0; i < n && !*name; i++)
		name = jb_mesh_label(sample, workload_labels[i]);
	jb_mesh_copy(far->namespace_, sizeof(far->namespace_), namespace_, strlen(namespace_));
	jb_mesh_copy(far->workload, sizeof(far->workload), name, strlen(name));
}

/*
 * NAME.NAMESPACE.serviceaccount.identity...: a name may have dots, even ".serviceaccount." in it; a
 * namespace has none.
 */
static void read_client(const char *id, struct jb_mesh_far *far)
{
	static const char mark[] = ".serviceaccount.";
	const char *end = NULL, *dot;

	for (const char *at = strstr(id, mark); at; at = strstr(at + 1, mark))
		end = at;
	dot = end ? memrchr(id, '.', (size_t)(end - id)) : NULL;
	if (!dot || dot == id || dot + 1 == end)
		return;
	jb_mesh_copy(far->workload, sizeof(far->workload), id, (size_t)(dot - id));
	jb_mesh_copy(far->namespace_, sizeof(far->namespace_), dot + 1, (size_t)(end - dot - 1));
}

bool jb_mesh_far_read(const struct jb_scrape_sample *sample, bool has_peer,
		      struct jb_mesh_far *ret_far)
{
	struct jb_mesh_far far = {};

	if (!read_side(sample, has_peer, &far.side))
		return false;
	far.target_port = port_of(jb_mesh_label(sample, "target_port"));
	if (!is_outbound(&far) &&
	    (far.target_port == JB_PORT_CONTROL || far.target_port == JB_PORT_ADMIN))
		return false;
	far.target = ip_of(jb_mesh_label(sample, "target_ip"));
	far.tls = tls_of(jb_mesh_label(sample, "tls"));
	if (is_outbound(&far))
		read_destination(sample, &far);
	else
		read_client(jb_mesh_label(sample, "client_id"), &far);
	*ret_far = far;
	return true;
}
