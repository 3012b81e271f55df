/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * NetworkPolicies, Namespaces and the labels of pods as JSON, one a line, and what is then said of
 * connections among a few ends. A model without room knows less, and never says otherwise for that.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "checked.h"
#include "policies/evaluate.h"
#include "policies/reader.h"

enum { ROOMY = 16 << 20, NARROW = 4096, ENDS = 5 };

static void take_policy(struct jb_policies *policies, const json_t *object)
{
	struct jb_policy_error error = {"unchanged"};
	int err = jb_policies_read(policies, object, &error);

	jb_assert(err <= 0 && strlen(error.text) < sizeof(error.text));
	jb_assert(!err == !strcmp(error.text, "unchanged"));
	for (const char *c = error.text; *c; c++)
		jb_assert(*c >= ' ' && *c <= '~');
}

static void take_pod(struct jb_policies *policies, const json_t *object)
{
	struct jb_label labels[JB_POLICY_LABELS_MAX];
	struct jb_policy_error error;
	int count = jb_policies_read_labels(object, labels, &error);
	struct jb_port_name port = {"web", 80, IPPROTO_TCP};
	const struct jb_policy_pod pod = {
		.namespace_ = "calls",
		.name = "a",
		.node = "n1",
		.labels = count < 0 ? NULL : labels,
		.n_labels = count < 0 ? 0 : (size_t)count,
		.ports = &port,
		.n_ports = 1,
	};

	jb_assert(count <= JB_POLICY_LABELS_MAX);
	jb_policies_set_pod(policies, &pod);
}

static void take(struct jb_policies *policies, const json_t *object)
{
	const char *kind = json_string_value(json_object_get(object, "kind"));
	struct jb_policy_error error;

	if (kind && !strcmp(kind, "Namespace"))
		jb_policies_read_namespace(policies, object, &error);
	else if (kind && !strcmp(kind, "Pod"))
		take_pod(policies, object);
	else
		take_policy(policies, object);
}

/* Puts each line's object into the model, as lists that end. */
static struct jb_policies *model_of(const char *data, size_t size, size_t room)
{
	const char *end = data + size, *line = data, *next;
	struct jb_policies *policies;
	json_t *object;

	jb_assert(!jb_policies_new(room, &policies));
	jb_policies_begin(policies, JB_LIST_POLICIES);
	for (; line < end; line = next + 1) {
		next = memchr(line, '\n', (size_t)(end - line));
		next = next ? next : end;
		object = json_loadb(line, (size_t)(next - line), JSON_DECODE_ANY, NULL);
		if (object)
			take(policies, object);
		json_decref(object);
	}
	jb_policies_end(policies, JB_LIST_POLICIES);
	jb_assert(jb_policies_bytes(policies) <= room);
	return policies;
}

static union jb_ip ipv4(__u32 address)
{
	return (union jb_ip){.word = {0, 0, htonl(0xffff), htonl(address)}};
}

static struct jb_policy_endpoint end_of(const struct jb_policies *policies, int which)
{
	struct jb_policy_endpoint end = {};

	switch (which) {
	case 0:
		jb_policies_endpoint(policies, "calls", "a", &end);
		end.address = ipv4(0x0a010001);
		break;
	case 1:
		end = (struct jb_policy_endpoint){JB_POLICY_POD, .namespace_ = "calls"};
		break;
	case 2:
		end = (struct jb_policy_endpoint){JB_POLICY_NODE, .node = "n1",
						  .address = ipv4(0xc0a80001)};
		break;
	case 3:
		end = (struct jb_policy_endpoint){JB_POLICY_ADDRESS, .address = ipv4(0xc6336401)};
		break;
	}
	return end;
}

static enum jb_policy_verdict judge(const struct jb_policies *policies, int from, int to)
{
	const struct jb_policy_connection connection = {end_of(policies, from),
							end_of(policies, to), IPPROTO_TCP, 80};
	struct jb_policy_result result;

	jb_policies_evaluate(policies, &connection, &result);
	jb_assert(result.verdict < JB_POLICY_VERDICT_MAX);
	jb_assert(result.verdict >= result.egress.verdict &&
		  result.verdict >= result.ingress.verdict);
	for (int i = 0; i < JB_POLICY_ISOLATING_MAX; i++)
		jb_assert(!result.ingress.names[i] || *result.ingress.names[i]->name);
	return result.verdict;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct jb_policies *roomy = model_of((const char *)data, size, ROOMY);
	struct jb_policies *narrow = model_of((const char *)data, size, NARROW);

	for (int i = 0; i < ENDS * ENDS; i++) {
		enum jb_policy_verdict all = judge(roomy, i / ENDS, i % ENDS);
		enum jb_policy_verdict some = judge(narrow, i / ENDS, i % ENDS);

		jb_assert(some == all || some == JB_POLICY_UNDECIDED || all == JB_POLICY_UNDECIDED);
	}
	jb_policies_free(roomy);
	jb_policies_free(narrow);
	return 0;
}
