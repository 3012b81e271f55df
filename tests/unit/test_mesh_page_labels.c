/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Labels of a proxy's page, and the far end they tell of. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mesh/page_private.h"

enum { LABELS = 8 };

struct example {
	const char *labels[2 * LABELS]; /* name, value, ... NULL */
	const char *far;                /* as below; NULL: not of the data plane */
};

/* `outbound_dst ::ffff:10.0.0.1 80 mutual namespace/workload` */
static void text_of(const struct jb_mesh_far *far, char *text, size_t size)
{
	static const char *const sides[] = {"outbound_src", "outbound_dst", "inbound_src",
					    "inbound_dst"};
	static const char *const tls[] = {"mutual", "plain", "opaque"};
	char ip[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, far->target.octet, ip, sizeof(ip));
	snprintf(text, size, "%s %s %u %s %s/%s", sides[far->side], ip, far->target_port,
		 tls[far->tls], far->namespace_, far->workload);
}

static bool read_far(const char *const *labels, bool has_peer, struct jb_mesh_far *ret_far)
{
	struct jb_scrape_label all[LABELS];
	struct jb_scrape_sample sample = {.labels = all};

	for (; labels[0]; labels += 2)
		all[sample.n_labels++] = (struct jb_scrape_label){labels[0], labels[1],
								  (uint32_t)strlen(labels[0]),
								  (uint32_t)strlen(labels[1])};
	return jb_mesh_far_read(&sample, has_peer, ret_far);
}

static void assert_examples(const struct example *examples, size_t n, bool has_peer)
{
	for (size_t i = 0; i < n; i++) {
		struct jb_mesh_far far;
		char text[512];

		if (!read_far(examples[i].labels, has_peer, &far)) {
			assert_null(examples[i].far);
			continue;
		}
		text_of(&far, text, sizeof(text));
		assert_non_null(examples[i].far);
		assert_string_equal(text, examples[i].far);
	}
}

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void test_sides(void **state)
{
	static const struct example tcp[] = {
		{{"direction", "outbound", "peer", "src"}, "outbound_src :: 0 plain /"},
		{{"direction", "outbound", "peer", "dst"}, "outbound_dst :: 0 plain /"},
		{{"peer", "src", "direction", "inbound"}, "inbound_src :: 0 plain /"},
		{{"direction", "inbound", "peer", "dst"}, "inbound_dst :: 0 plain /"},
		{{"direction", "inbound"}, NULL},
		{{"direction", "inbound", "peer", "srcs"}, NULL},
		{{"direction", "inboun", "peer", "src"}, NULL},
		{{"peer", "src"}, NULL},
		{{NULL}, NULL},
	};
	static const struct example http[] = {
		{{"direction", "outbound"}, "outbound_dst :: 0 plain /"},
		{{"direction", "inbound"}, "inbound_src :: 0 plain /"},
		{{"direction", ""}, NULL},
		{{NULL}, NULL},
	};

	(void)state;
	assert_examples(tcp, COUNT(tcp), true);
	assert_examples(http, COUNT(http), false);
}

#define OUT "direction", "outbound"
#define IN  "direction", "inbound"

static void test_targets(void **state)
{
	static const struct example examples[] = {
		{{OUT, "target_ip", "10.1.2.3", "target_port", "65535"},
		 "outbound_dst ::ffff:10.1.2.3 65535 plain /"},
		{{OUT, "target_ip", "fd00::1"}, "outbound_dst fd00::1 0 plain /"},
		{{OUT, "target_ip", "::ffff:10.1.2.3"}, "outbound_dst ::ffff:10.1.2.3 0 plain /"},
		{{OUT, "target_ip", "127.0.0.1"}, "outbound_dst ::ffff:127.0.0.1 0 plain /"},
		{{OUT, "target_ip", "0.0.0.0"}, "outbound_dst :: 0 plain /"},
		{{OUT, "target_ip", "::"}, "outbound_dst :: 0 plain /"},
		{{OUT, "target_ip", "::ffff:0.0.0.0"}, "outbound_dst :: 0 plain /"},
		{{OUT, "target_ip", ""}, "outbound_dst :: 0 plain /"},
		{{OUT, "target_ip", "10.1.2.3.4"}, "outbound_dst :: 0 plain /"},
		{{OUT, "target_ip", "10.1.2.3:80"}, "outbound_dst :: 0 plain /"},
		{{OUT, "target_port", "65616"}, "outbound_dst :: 0 plain /"},
		{{OUT, "target_port", "99999999999999999999"}, "outbound_dst :: 0 plain /"},
		{{OUT, "target_port", "-1"}, "outbound_dst :: 0 plain /"},
		{{OUT, "target_port", "80x"}, "outbound_dst :: 0 plain /"},
		{{IN, "target_port", "4190"}, NULL}, /* the proxy's own */
		{{IN, "target_port", "4191"}, NULL},
		{{IN, "target_port", "4192"}, "inbound_src :: 4192 plain /"},
		{{OUT, "target_port", "4191"}, "outbound_dst :: 4191 plain /"}, /* another's */
	};

	(void)state;
	assert_examples(examples, COUNT(examples), false);
}

static void test_tls(void **state)
{
	static const struct example examples[] = {
		{{IN, "tls", "true"}, "inbound_src :: 0 mutual /"},
		{{IN, "tls", "opaque"}, "inbound_src :: 0 opaque /"},
		{{IN, "tls", "no_identity"}, "inbound_src :: 0 plain /"},
		{{IN, "tls", "disabled"}, "inbound_src :: 0 plain /"},
		{{IN, "tls", "True"}, "inbound_src :: 0 plain /"},
		{{IN, "tls", ""}, "inbound_src :: 0 plain /"},
	};

	(void)state;
	assert_examples(examples, COUNT(examples), false);
}

#define NS "dst_namespace", "n"

static void test_destinations(void **state)
{
	static const struct example examples[] = {
		{{OUT, NS, "dst_service", "s", "dst_pod", "p", "dst_deployment", "d"},
		 "outbound_dst :: 0 plain n/d"},
		{{OUT, NS, "dst_statefulset", "s", "dst_pod", "p"}, "outbound_dst :: 0 plain n/s"},
		{{OUT, NS, "dst_daemonset", "d", "dst_pod", "p"}, "outbound_dst :: 0 plain n/d"},
		{{OUT, NS, "dst_cronjob", "c", "dst_job", "j"}, "outbound_dst :: 0 plain n/j"},
		{{OUT, NS, "dst_cronjob", "c", "dst_pod", "p"}, "outbound_dst :: 0 plain n/c"},
		{{OUT, NS, "dst_replicaset", "r", "dst_pod", "p"}, "outbound_dst :: 0 plain n/r"},
		{{OUT, NS, "dst_replicationcontroller", "r", "dst_pod", "p"},
		 "outbound_dst :: 0 plain n/r"},
		{{OUT, NS, "dst_service", "s", "dst_pod", "p"}, "outbound_dst :: 0 plain n/p"},
		{{OUT, NS, "dst_service", "s", "dst_pod", ""}, "outbound_dst :: 0 plain n/s"},
		{{OUT, NS}, "outbound_dst :: 0 plain n/"},
		{{OUT, "dst_pod", "p"}, "outbound_dst :: 0 plain /p"},
		{{IN, NS, "dst_pod", "p"}, "inbound_src :: 0 plain /"},
	};

	(void)state;
	assert_examples(examples, COUNT(examples), false);
}

#define SUFFIX ".serviceaccount.identity.linkerd.cluster.local"

static void test_clients(void **state)
{
	static const struct example examples[] = {
		{{IN, "client_id", "web.emojivoto" SUFFIX}, "inbound_src :: 0 plain emojivoto/web"},
		{{IN, "client_id", "a.b.n" SUFFIX}, "inbound_src :: 0 plain n/a.b"},
		{{IN, "client_id", "a.b.serviceaccount.n" SUFFIX},
		 "inbound_src :: 0 plain n/a.b.serviceaccount"},
		{{IN, "client_id", "a.n.serviceaccount."}, "inbound_src :: 0 plain n/a"},
		{{IN, "client_id", "a.n.serviceaccount"}, "inbound_src :: 0 plain /"},
		{{IN, "client_id", "n" SUFFIX}, "inbound_src :: 0 plain /"},
		{{IN, "client_id", ".n" SUFFIX}, "inbound_src :: 0 plain /"},
		{{IN, "client_id", "a." SUFFIX}, "inbound_src :: 0 plain /"},
		{{IN, "client_id", SUFFIX}, "inbound_src :: 0 plain /"},
		{{IN, "client_id", "spiffe://root.linkerd.cluster.local/vm"},
		 "inbound_src :: 0 plain /"},
		{{IN, "client_id", ""}, "inbound_src :: 0 plain /"},
		{{OUT, "client_id", "web.emojivoto" SUFFIX}, "outbound_dst :: 0 plain /"},
	};

	(void)state;
	assert_examples(examples, COUNT(examples), false);
}

/* Cut at the end of a character, and nothing behind it. */
static void test_too_long(void **state)
{
	char name[400], namespace_[100];
	const char *const labels[] = {OUT, "dst_namespace", namespace_, "dst_pod", name, NULL};
	struct jb_mesh_far far;

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	memcpy(name + 254, "\xc3\xa4", 2); /* its second octet would be the NUL */
	memset(namespace_, 'n', sizeof(namespace_) - 1);
	namespace_[sizeof(namespace_) - 1] = '\0';
	memset(&far, 0xff, sizeof(far));
	assert_true(read_far(labels, false, &far));
	assert_int_equal(strlen(far.workload), 254);
	assert_memory_equal(far.workload, name, 254);
	assert_int_equal(far.workload[255], 0);
	assert_int_equal(strlen(far.namespace_), 63);
	assert_memory_equal(far.zero, "\0\0\0\0", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sides),   cmocka_unit_test(test_targets),
		cmocka_unit_test(test_tls),     cmocka_unit_test(test_destinations),
		cmocka_unit_test(test_clients), cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
