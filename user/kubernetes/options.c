/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kubernetes/private.h"

const char *const jb_pods_mode_names[] = {"auto", "off", "api", "kubelet", "files", NULL};

void jb_pods_options_default(struct jb_pods_options *ret_options)
{
	*ret_options = (struct jb_pods_options){
		.mode = JB_PODS_MODE_AUTO,
		.service_account = "/var/run/secrets/kubernetes.io/serviceaccount",
		.kubelet_url = "https://127.0.0.1:10250",
		.log_directory = "/var/log",
		.max_pods = 1024,
		.grace_ns = UINT64_C(300) * 1000000000,
		.connect_ms = 5000,
		.idle_s = 15,
		.watch_s = 240,
		.backoff_min_ms = 1000,
		.backoff_max_ms = 30000,
		.patience_ms = 10000,
		.retry_ms = 60000,
		.kubelet_ms = 10000,
		.files_ms = 2000,
	};
}

/* NULL without memory. */
static char *join(const char *a, const char *b)
{
	char *joined;

	return asprintf(&joined, "%s%s", a, b) < 0 ? NULL : joined;
}

/* Without the slash at its end, for the path brings one. */
static char *join_url(const char *base, const char *path)
{
	size_t len = strlen(base);
	char *joined;

	while (len && base[len - 1] == '/')
		len--;
	return asprintf(&joined, "%.*s%s", (int)len, base, path) < 0 ? NULL : joined;
}

/* As Kubernetes tells each container; -ENOENT outside of one. */
static int url_of_environment(char **ret_url)
{
	const char *host = getenv("KUBERNETES_SERVICE_HOST");
	const char *port = getenv("KUBERNETES_SERVICE_PORT");
	bool v6 = host && strchr(host, ':');

	if (!host || !*host)
		return -ENOENT;
	if (asprintf(ret_url, "https://%s%s%s:%s", v6 ? "[" : "", host, v6 ? "]" : "",
		     port && *port ? port : "443") < 0)
		return -ENOMEM;
	return 0;
}

static bool is_url(const char *url)
{
	return !strncmp(url, "https://", 8) || !strncmp(url, "http://", 7);
}

static bool are_valid(const struct jb_pods_options *options)
{
	return (unsigned int)options->mode <= JB_PODS_MODE_FILES &&
	       (!options->api_url || is_url(options->api_url)) && is_url(options->kubelet_url) &&
	       options->max_pods && options->connect_ms && options->idle_s && options->watch_s &&
	       options->backoff_min_ms && options->backoff_max_ms && options->retry_ms &&
	       options->kubelet_ms && options->files_ms;
}

int jb_pods_take_options(struct jb_pods *pods, const struct jb_pods_options *options)
{
	int err = 0;

	if (!are_valid(options))
		return -EINVAL;
	pods->options = *options;
	pods->node = strdup(options->node ? options->node : "");
	pods->token_file = join(options->service_account, "/token");
	pods->ca_file = join(options->service_account, "/ca.crt");
	pods->kubelet_ca = options->kubelet_ca ? strdup(options->kubelet_ca)
					       : join(options->service_account, "/ca.crt");
	pods->kubelet_url = join_url(options->kubelet_url, "/pods");
	pods->log_directory = strdup(options->log_directory);
	if (options->api_url)
		pods->api_url = join_url(options->api_url, "");
	else
		err = url_of_environment(&pods->api_url);
	if (err == -ENOENT)
		pods->api_url = NULL;
	if (!pods->node || !pods->token_file || !pods->ca_file || !pods->kubelet_ca ||
	    !pods->kubelet_url || !pods->log_directory || (!pods->api_url && err != -ENOENT))
		return -ENOMEM;
	return 0;
}

void jb_pods_free_options(struct jb_pods *pods)
{
	free(pods->node);
	free(pods->api_url);
	free(pods->token_file);
	free(pods->ca_file);
	free(pods->kubelet_url);
	free(pods->kubelet_ca);
	free(pods->log_directory);
}
