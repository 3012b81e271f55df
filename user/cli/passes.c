/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cli/passes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "audit/audit.h"
#include "base/log.h"

static void tell_result(struct jb_passes *passes, int err)
{
	static const char what[] = "pass over the BPF maps";

	if (err && !passes->failing)
		jb_log(JB_LOG_ERROR, "%s: %s", what, strerror(-err));
	if (!err && passes->failing)
		jb_log(JB_LOG_INFO, "%s: works again", what);
	passes->failing = err;
}

static void tell_cgroup(struct jb_passes *passes, const struct jb_node *node)
{
	if (passes->cgroup_gone || jb_node_is_measuring(node))
		return;
	jb_log(JB_LOG_ERROR, JB_PASSES_CGROUP_GONE, jb_node_cgroup(node));
	passes->cgroup_gone = true;
}

/* An optional part: the agent is Ready without it. */
static void tell_uplink(struct jb_passes *passes, const struct jb_node *node)
{
	int err = jb_node_uplink_error(node);

	if (err == passes->uplink_error)
		return;
	if (!err)
		jb_log(JB_LOG_INFO, "the uplink %s is measured again", passes->uplink);
	else if (err == -ENODEV)
		jb_log(JB_LOG_WARNING, "the uplink %s is gone: no stream is measured there",
		       passes->uplink);
	else
		jb_log(JB_LOG_WARNING, "the uplink %s is there, but not measured: %s",
		       passes->uplink, strerror(-err));
	passes->uplink_error = err;
}

static void tell_folding(struct jb_passes *passes, const struct jb_node *node)
{
	if (passes->folding || !jb_node_folded(node))
		return;
	jb_log(JB_LOG_WARNING,
	       "--max-series %" PRIu32 " is reached: what is new is folded into ~other",
	       passes->max_series);
	passes->folding = true;
}

static void tell_audit(struct jb_passes *passes, const struct jb_node *node)
{
	struct jb_audit_status status;

	if (!jb_node_audit(node, &status) || status.error == passes->audit_error)
		return;
	if (status.error)
		jb_log(JB_LOG_ERROR, "--audit %s: %s", passes->audit, strerror(-status.error));
	else
		jb_log(JB_LOG_INFO, "--audit %s: works again", passes->audit);
	passes->audit_error = status.error;
}

void jb_passes_tell_second(struct jb_passes *passes, const struct jb_node *node, int err)
{
	if (err && err != passes->second_error)
		jb_log(JB_LOG_WARNING, "read what was told of connections: %s", strerror(-err));
	passes->second_error = err;
	tell_audit(passes, node);
}

/* Tells `now` if it is another line than the one before, which it replaces. */
static bool is_news(char before[JB_PODS_LINE], const char *now)
{
	if (!strncmp(before, now, JB_PODS_LINE - 1))
		return false;
	snprintf(before, JB_PODS_LINE, "%s", now);
	return *now;
}

void jb_passes_tell(struct jb_passes *passes, const struct jb_node *node, int err)
{
	tell_result(passes, err);
	tell_cgroup(passes, node);
	tell_uplink(passes, node);
	tell_folding(passes, node);
	if (is_news(passes->linkerd_error, jb_node_linkerd_error(node)))
		jb_log(JB_LOG_WARNING, "linkerd: %s", passes->linkerd_error);
}

void jb_passes_tell_cluster(struct jb_passes *passes, const struct jb_node_cluster_status *status)
{
	for (size_t i = 0; i < status->n_followed; i++)
		if (is_news(passes->cluster_error[i], status->followed[i].error))
			jb_log(JB_LOG_WARNING, "cluster: %s", status->followed[i].error);
	if (is_news(passes->cluster_refused, status->refused_why))
		jb_log(JB_LOG_WARNING, "cluster: %s", status->refused_why);
}

void jb_passes_tell_pods(struct jb_passes *passes, const struct jb_pods_status *status)
{
	if (strcmp(passes->pods_error, status->error) != 0) {
		if (*status->error)
			jb_log(JB_LOG_WARNING, "pods: %s", status->error);
		memcpy(passes->pods_error, status->error, sizeof(passes->pods_error));
	}
	if (is_news(passes->pods_refused, status->refused_why))
		jb_log(JB_LOG_WARNING, "pods: %s", status->refused_why);
	if (status->source != JB_PODS_NONE && passes->source != (int)status->source + 1) {
		jb_log(JB_LOG_INFO, "pods: names come from %s",
		       jb_pods_source_name(status->source));
		passes->source = (int)status->source + 1;
	}
}
