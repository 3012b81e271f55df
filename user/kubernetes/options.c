/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kubernetes/private.h"

const char *const jb_pods_mode_names[] = {"auto", "off", "api", "kubelet", "files", NULL};

void jb_pods_options_default(struct jb_pods_options *ret_options)
{
	*ret_options = (struct jb_pods_options){
		.mode = JB_PODS_MODE_AUTO,
		.service_account = "/var/run/secrets/kubernetes.io/serviceaccount",
		.kubelet_url = JB_PODS_KUBELET_URL,
		.log_directory = "/var/log",
		.max_pods = 1024,
		.grace_ns = UINT64_C(300) * 1000000000,
		.connect_ms = 5000,
		.idle_s = 15,
		.silence_s = 130,
		.watch_s = 240,
		.backoff_min_ms = 1000,
		.backoff_max_ms = 30000,
		.patience_ms = 10000,
		.retry_ms = 60000,
		.kubelet_ms = 10000,
		.files_ms = 2000,
		.look_ms = 2000,
		.doubt_ms = 10000,
		.doubt_again_ms = 30000,
	};
}

bool jb_pods_url_is_valid(const char *url)
{
	return !strncmp(url, "https://", 8) || !strncmp(url, "http://", 7);
}

static bool are_valid(const struct jb_pods_options *options)
{
	return (unsigned int)options->mode <= JB_PODS_MODE_FILES &&
	       (!options->api_url || jb_pods_url_is_valid(options->api_url)) &&
	       jb_pods_url_is_valid(options->kubelet_url) && options->max_pods &&
	       options->connect_ms && options->idle_s && options->watch_s &&
	       options->backoff_min_ms && options->backoff_max_ms && options->retry_ms &&
	       options->kubelet_ms && options->files_ms;
}

/* With another source at hand, one that stalls isn't waited for any longer than one that fails. */
static uint32_t idle_s(const struct jb_pods_options *options)
{
	uint32_t patience_s = options->patience_ms > 1000 ? options->patience_ms / 1000 : 1;

	return options->mode == JB_PODS_MODE_AUTO && patience_s < options->idle_s ? patience_s
										  : options->idle_s;
}

int jb_pods_take_options(struct jb_pods *pods, const struct jb_pods_options *options)
{
	if (!are_valid(options))
		return -EINVAL;
	pods->options = *options;
	pods->options.idle_s = idle_s(options);
	pods->node = strdup(options->node ? options->node : "");
	pods->path = pods->node ? jb_api_join(JB_PODS_OF_NODE, pods->node) : NULL;
	pods->kubelet_ca = options->kubelet_ca ? strdup(options->kubelet_ca)
					       : jb_api_join(options->service_account, "/ca.crt");
	pods->kubelet_url = jb_api_join_url(options->kubelet_url, "/pods");
	pods->log_directory = strdup(options->log_directory);
	pods->api.connect_ms = options->connect_ms;
	pods->api.idle_s = pods->options.idle_s;
	pods->api.silence_s = options->silence_s;
	if (!pods->node || !pods->path || !pods->kubelet_ca || !pods->kubelet_url ||
	    !pods->log_directory)
		return -ENOMEM;
	return jb_api_init(&pods->api, options->api_url, options->service_account);
}

void jb_pods_free_options(struct jb_pods *pods)
{
	free(pods->node);
	free(pods->path);
	jb_api_free(&pods->api);
	free(pods->kubelet_url);
	free(pods->kubelet_ca);
	free(pods->log_directory);
}
