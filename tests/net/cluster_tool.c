/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Runs user/node/cluster by itself: prints how it stands as a line of JSON whenever that has
 * changed. Options are NAME=VALUE: peers, policies, node, those of struct jb_follow_options, and
 * any number of who=ADDRESS/PORT and of
 * judge=REPORTER,SELF,LOCAL,PEER,REMOTE,PORT with ends as NAMESPACE/POD or "" for nobody who is
 * known. SIGTERM and SIGINT end it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#include <jansson.h>

#include "base/values.h"
#include "node/cluster.h"

enum { PAUSE_MS = 50, QUESTIONS_MAX = 16 };

#define FIELD(name) offsetof(struct jb_follow_options, name)

static const struct {
	const char *name;
	size_t offset;
	bool is_text;
} fields[] = {
	{"api_url", FIELD(api_url), true},
	{"service_account", FIELD(service_account), true},
	{"connect_ms", FIELD(connect_ms), false},
	{"idle_s", FIELD(idle_s), false},
	{"watch_s", FIELD(watch_s), false},
	{"backoff_min_ms", FIELD(backoff_min_ms), false},
	{"backoff_max_ms", FIELD(backoff_max_ms), false},
};

static const char *who[QUESTIONS_MAX], *cases[QUESTIONS_MAX];
static size_t n_who, n_cases;

__attribute__((noreturn)) static void fail(int status, const char *what, const char *why)
{
	fprintf(stderr, "cluster_tool: %s: %s\n", what, why);
	exit(status);
}

static bool ask(const char **questions, size_t *count, const char *question)
{
	if (*count == QUESTIONS_MAX)
		return false;
	questions[(*count)++] = question;
	return true;
}

static bool set_field(struct jb_follow_options *options, const char *name, const char *value)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		void *field = (char *)options + fields[i].offset;

		if (strcmp(fields[i].name, name) != 0)
			continue;
		if (!fields[i].is_text)
			return !jb_value_u32(value, field);
		*(const char **)field = value;
		return true;
	}
	return false;
}

static void set_option(struct jb_node_cluster_options *options, char *argument)
{
	char *value = strchr(argument, '=');
	bool ok = true;

	if (!value)
		fail(2, argument, "not NAME=VALUE");
	*value++ = '\0';
	if (!strcmp(argument, "peers"))
		ok = !jb_value_flag(value, &options->peers_cluster);
	else if (!strcmp(argument, "policies"))
		ok = !jb_value_flag(value, &options->policies);
	else if (!strcmp(argument, "node"))
		options->node = value;
	else if (!strcmp(argument, "who"))
		ok = ask(who, &n_who, value);
	else if (!strcmp(argument, "judge"))
		ok = ask(cases, &n_cases, value);
	else
		ok = set_field(&options->api, argument, value);
	if (!ok)
		fail(2, argument, value);
}

static union jb_ip address_of(const char *text)
{
	union jb_ip ip = {};

	if (inet_pton(AF_INET, text, &ip.word[3]) == 1)
		ip.word[2] = htonl(0xffff);
	else if (inet_pton(AF_INET6, text, &ip) != 1)
		fail(2, text, "not an address");
	return ip;
}

static __u16 port_of(const char *text)
{
	uint32_t port = 0;

	if (!text || jb_value_u32(text, &port) || port > UINT16_MAX)
		fail(2, text ? text : "", "not a port");
	return (__u16)port;
}

static json_t *tell_who(struct jb_node_cluster *cluster)
{
	json_t *told = json_object();

	for (size_t i = 0; i < n_who; i++) {
		char text[64], *rest = text;
		struct jb_who found = {};
		union jb_ip ip;

		snprintf(text, sizeof(text), "%s", who[i]);
		ip = address_of(strsep(&rest, "/"));
		if (!jb_node_cluster_who(cluster, &ip, port_of(rest), &found))
			json_object_set_new(told, who[i], json_null());
		else
			json_object_set_new(
				told, who[i],
				json_pack("[sss]", found.namespace_, found.pod, found.workload));
	}
	return told;
}

static struct jb_who end_of(const char *text)
{
	const char *slash = strchr(text, '/');
	struct jb_who end = {};

	if (slash) {
		snprintf(end.namespace_, sizeof(end.namespace_), "%.*s", (int)(slash - text), text);
		snprintf(end.pod, sizeof(end.pod), "%s", slash + 1);
	}
	return end;
}

/* [VERDICT, POLICIES] */
static json_t *judge(struct jb_node_cluster *cluster, const char *question)
{
	char text[512], *rest = text, *part[6] = {}, policies[JB_EDGE_POLICIES] = "";
	struct jb_who self, peer;
	struct jb_ends ends;
	struct jb_edge_case edge = {.ends = &ends, .self = &self, .peer = &peer};
	enum jb_edge_verdict verdict;

	snprintf(text, sizeof(text), "%s", question);
	for (size_t i = 0; i < sizeof(part) / sizeof(*part); i++) {
		part[i] = strsep(&rest, ",");
		if (!part[i])
			fail(2, question, "not six parts");
	}
	self = end_of(part[1]);
	peer = end_of(part[3]);
	ends = (struct jb_ends){.local = address_of(part[2]), .remote = address_of(part[4])};
	edge.reporter = strcmp(part[0], "source") ? JB_REPORTER_DESTINATION : JB_REPORTER_SOURCE;
	edge.port = port_of(part[5]);
	verdict = jb_node_cluster_judge(cluster, &edge, policies);
	return json_pack("[ss]", jb_verdict_names[verdict], policies);
}

static json_t *tell_cases(struct jb_node_cluster *cluster)
{
	json_t *told = json_object();

	for (size_t i = 0; i < n_cases; i++)
		json_object_set_new(told, cases[i], judge(cluster, cases[i]));
	return told;
}

static json_t *tell_followed(const struct jb_node_cluster_status *status)
{
	json_t *told = json_object();

	for (size_t i = 0; i < status->n_followed; i++) {
		const struct jb_follow_status *one = &status->followed[i];
		json_t *failures = json_object();

		for (int kind = JB_PODS_FINE + 1; kind < JB_PODS_FAILURE_MAX; kind++)
			if (one->failures[kind])
				json_object_set_new(failures, jb_pods_failure_name(kind),
						    json_integer((json_int_t)one->failures[kind]));
		json_object_set_new(told, one->name,
				    json_pack("{sb ss so sI sI sI sI sI}", "works",
					      one->since_ns != 0, "error", one->error, "failures",
					      failures, "requests", (json_int_t)one->requests,
					      "watch_restarts", (json_int_t)one->watch_restarts,
					      "lists", (json_int_t)one->lists, "objects",
					      (json_int_t)one->objects, "bytes",
					      (json_int_t)one->bytes));
	}
	return told;
}

static json_t *tell(struct jb_node_cluster *cluster)
{
	struct jb_node_cluster_status status;

	jb_node_cluster_take_news(cluster);
	jb_node_cluster_status(cluster, &status);
	return json_pack("{so so so sI sI sI sI sI sI ss}", "followed", tell_followed(&status),
			 "who", tell_who(cluster), "judged", tell_cases(cluster), "pods",
			 (json_int_t)status.directory.pods, "services",
			 (json_int_t)status.directory.services, "nodes",
			 (json_int_t)status.directory.nodes, "directory_bytes",
			 (json_int_t)status.directory.bytes, "policies_bytes",
			 (json_int_t)status.policies_bytes, "refused", (json_int_t)status.refused,
			 "refused_why", status.refused_why);
}

static long memory_kb(const char *name)
{
	FILE *file = fopen("/proc/self/status", "re");
	size_t len = strlen(name);
	char line[256];
	long kb = 0;

	while (file && !kb && fgets(line, sizeof(line), file))
		if (!strncmp(line, name, len))
			kb = strtol(line + len, NULL, 10);
	if (file)
		fclose(file);
	return kb;
}

static double cpu_s(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* What memory and time it has taken is told beside what has changed. */
static void print(struct jb_node_cluster *cluster, json_t **told)
{
	json_t *now = tell(cluster), *line;

	if (json_equal(now, *told)) {
		json_decref(now);
		return;
	}
	json_decref(*told);
	*told = now;
	line = json_copy(now);
	json_object_set_new(line, "rss_kb", json_integer(memory_kb("VmRSS:")));
	json_object_set_new(line, "peak_kb", json_integer(memory_kb("VmHWM:")));
	json_object_set_new(line, "cpu_s", json_real(cpu_s()));
	if (!now || !line || json_dumpf(line, stdout, JSON_COMPACT))
		fail(1, "json", "no memory");
	json_decref(line);
	putchar('\n');
	fflush(stdout);
}

static int stop_fd(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

int main(int argc, char **argv)
{
	struct jb_node_cluster_options options;
	struct jb_node_cluster *cluster;
	struct pollfd stop = {.events = POLLIN};
	json_t *told = NULL;
	int err;

	jb_node_cluster_options_default(&options);
	for (int i = 1; i < argc; i++)
		set_option(&options, argv[i]);
	stop.fd = stop_fd();
	err = jb_node_cluster_start(&cluster, &options);
	if (err || !cluster)
		fail(1, "start", err ? strerror(-err) : "nothing is asked for");
	do {
		print(cluster, &told);
	} while (!poll(&stop, 1, PAUSE_MS));
	json_decref(told);
	jb_node_cluster_stop(cluster);
	return 0;
}
