/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Runs user/kubernetes by itself: prints status and pods as a line of JSON at each change. Options
 * are NAME=VALUE of struct jb_pods_options, list=false (no pods in the lines), and lookup=UID/ID or
 * lookup=UID, which is told as NAMESPACE/POD/CONTAINER, or "unknown" and looked for. SIGTERM and
 * SIGINT end it.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>

#include <jansson.h>

#include "base/values.h"
#include "kubernetes/pods.h"

/* Between two lines, for a list comes in many pieces; and between two lookups of who is unknown. */
enum { PAUSE_MS = 20, LOOK_MS = 100 };

#define FIELD(name) offsetof(struct jb_pods_options, name)

static const struct {
	const char *name;
	size_t offset;
	bool is_text;
} fields[] = {
	{"node", FIELD(node), true},
	{"api_url", FIELD(api_url), true},
	{"service_account", FIELD(service_account), true},
	{"kubelet_url", FIELD(kubelet_url), true},
	{"kubelet_ca", FIELD(kubelet_ca), true},
	{"log_directory", FIELD(log_directory), true},
	{"connect_ms", FIELD(connect_ms), false},
	{"idle_s", FIELD(idle_s), false},
	{"watch_s", FIELD(watch_s), false},
	{"backoff_min_ms", FIELD(backoff_min_ms), false},
	{"backoff_max_ms", FIELD(backoff_max_ms), false},
	{"patience_ms", FIELD(patience_ms), false},
	{"retry_ms", FIELD(retry_ms), false},
	{"kubelet_ms", FIELD(kubelet_ms), false},
	{"files_ms", FIELD(files_ms), false},
	{"silence_s", FIELD(silence_s), false},
	{"look_ms", FIELD(look_ms), false},
	{"doubt_ms", FIELD(doubt_ms), false},
	{"doubt_again_ms", FIELD(doubt_again_ms), false},
};

static char *lookup; /* NULL: nothing is to be looked up */
static bool with_list = true;

static void fail(int status, const char *what, const char *why)
{
	fprintf(stderr, "pods_tool: %s: %s\n", what, why);
	exit(status);
}

static bool set_field(struct jb_pods_options *options, const char *name, const char *value)
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

static void set_option(struct jb_pods_options *options, char *argument)
{
	char *value = strchr(argument, '=');
	unsigned int mode;
	bool ok;

	if (!value)
		fail(2, argument, "not NAME=VALUE");
	*value++ = '\0';
	if (!strcmp(argument, "mode")) {
		ok = !jb_value_enum(value, jb_pods_mode_names, &mode);
		if (ok)
			options->mode = mode;
	} else if (!strcmp(argument, "kubelet_insecure")) {
		ok = !jb_value_flag(value, &options->kubelet_insecure);
	} else if (!strcmp(argument, "list")) {
		ok = !jb_value_flag(value, &with_list);
	} else if (!strcmp(argument, "lookup")) {
		lookup = value;
		ok = true;
	} else if (!strcmp(argument, "grace")) {
		ok = !jb_value_duration(value, &options->grace_ns);
	} else {
		ok = set_field(options, argument, value);
	}
	if (!ok)
		fail(2, argument, value);
}

static json_t *labels_of(const struct jb_pod *pod)
{
	json_t *labels = json_object();

	for (size_t i = 0; i < pod->n_labels; i++)
		json_object_set_new(labels, pod->labels[i].key, json_string(pod->labels[i].value));
	return labels;
}

static json_t *containers_of(const struct jb_pod *pod)
{
	json_t *containers = json_array();

	for (size_t i = 0; i < pod->n_containers; i++)
		json_array_append_new(containers, json_pack("[ss]", pod->containers[i].name,
							    pod->containers[i].id));
	return containers;
}

static void add_pod(void *pods, const struct jb_pod *pod)
{
	json_array_append_new(
		pods, json_pack("{ss ss ss ss ss ss ss ss ss ss ss sb sb sb so so}", "namespace",
				pod->namespace_, "name", pod->name, "uid", pod->uid, "static_hash",
				pod->static_hash, "node", pod->node, "ip", pod->ip, "ip2", pod->ip2,
				"kind", pod->created_by_kind, "owner", pod->created_by_name,
				"workload", pod->workload, "phase", pod->phase, "host_network",
				pod->host_network, "meshed", pod->meshed, "deleting", pod->deleting,
				"labels", labels_of(pod), "containers", containers_of(pod)));
}

static json_t *failures_of(const struct jb_pods_status *status)
{
	json_t *failures = json_object();

	for (int i = JB_PODS_FINE + 1; i < JB_PODS_FAILURE_MAX; i++) {
		if (status->failures[i])
			json_object_set_new(failures, jb_pods_failure_name(i),
					    json_integer((json_int_t)status->failures[i]));
	}
	return failures;
}

/* The most since the program began. */
static long memory_kb(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	long kb = 0;

	while (file && !kb && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "VmHWM: %ld", &kb) != 1)
			kb = 0;
	}
	if (file)
		fclose(file);
	return kb;
}

static enum jb_pod_lookup ask(struct jb_pods *pods, struct jb_pod_names *ret)
{
	size_t len = strcspn(lookup, "/");
	char uid[256];

	snprintf(uid, sizeof(uid), "%.*s", (int)len, lookup);
	return jb_pods_lookup(pods, uid, lookup[len] ? lookup + len + 1 : NULL, ret);
}

static json_t *look_up(struct jb_pods *pods)
{
	struct jb_pod_names names;

	if (!lookup)
		return json_null();
	switch (ask(pods, &names)) {
	case JB_POD_FOUND:
		return json_sprintf("%s/%s/%s", names.namespace_, names.pod, names.container);
	case JB_POD_CONTAINER_NOT_YET:
		return json_sprintf("%s/%s: not yet", names.namespace_, names.pod);
	case JB_POD_UNKNOWN:
		break;
	}
	return json_string("unknown");
}

static void print(struct jb_pods *pods)
{
	struct jb_pods_status status;
	json_t *list = json_array(), *line;

	jb_pods_take_news(pods);
	jb_pods_status(pods, &status);
	if (with_list)
		jb_pods_each(pods, add_pod, list);
	line = json_pack("{ss sb ss ss so s[III] sI sI sI sI sI sI so so}", "source",
			 jb_pods_source_name(status.source), "works", status.since_ns != 0, "error",
			 status.error, "refused_why", status.refused_why, "failures",
			 failures_of(&status), "requests", (json_int_t)status.requests[JB_PODS_API],
			 (json_int_t)status.requests[JB_PODS_KUBELET],
			 (json_int_t)status.requests[JB_PODS_FROM_FILES], "watch_restarts",
			 (json_int_t)status.watch_restarts, "refused", (json_int_t)status.refused,
			 "bytes", (json_int_t)status.bytes, "present",
			 (json_int_t)status.pods.present, "gone", (json_int_t)status.pods.gone,
			 "memory_kb", (json_int_t)memory_kb(), "lookup", look_up(pods), "pods",
			 list);
	if (!line || json_dumpf(line, stdout, JSON_COMPACT))
		fail(1, "json", "no memory");
	json_decref(line);
	putchar('\n');
	fflush(stdout);
}

/* Until there is news, or the end. */
static bool wait_for_news(struct jb_pods *pods, struct pollfd *fds)
{
	struct jb_pod_names names;

	while (!poll(fds, 2, lookup ? LOOK_MS : -1)) {
		if (ask(pods, &names) == JB_POD_UNKNOWN)
			jb_pods_look(pods);
	}
	return !fds[0].revents;
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
	struct jb_pods_options options;
	struct pollfd fds[2];
	struct jb_pods *pods;
	int err;

	jb_pods_options_default(&options);
	for (int i = 1; i < argc; i++)
		set_option(&options, argv[i]);
	fds[0] = (struct pollfd){.fd = stop_fd(), .events = POLLIN};
	err = jb_pods_start(&pods, &options);
	if (err)
		fail(1, "start", strerror(-err));
	fds[1] = (struct pollfd){.fd = jb_pods_fd(pods), .events = POLLIN};
	while (wait_for_news(pods, fds)) {
		print(pods);
		poll(fds, 1, PAUSE_MS);
	}
	jb_pods_stop(pods);
	return 0;
}
