/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kubelet's directories of logs: their names are the names of the pods and, by links that some
 * runtimes make beside them, of the containers' ids.
 */
#ifndef JB_KUBERNETES_FILES_H
#define JB_KUBERNETES_FILES_H

#include "kubernetes/failure.h"
#include "kubernetes/sink.h"

/*
 * Hands on, as one list, whom `directory`/pods (NAMESPACE_NAME_UID) and `directory`/containers
 * (links POD_NAMESPACE_CONTAINER-ID.log to the former) name; what has other names is left out.
 * `directory` is /var/log, wherever it is mounted. Fails if pods can't be read.
 */
void jb_files_scan(const char *directory, const struct jb_pod_sink *sink,
		   struct jb_outcome *ret_outcome);

/* A pod's names from NAMESPACE_NAME_UID. */
struct jb_files_pod {
	char namespace_[JB_NAMESPACE_MAX + 1];
	char name[JB_POD_NAME_MAX + 1];
	char uid[JB_POD_UID_MAX + 1];
};

/* Whether they are names that pods have. `len` octets of text. */
bool jb_files_pod_name(const char *text, size_t len, struct jb_files_pod *ret_pod);

/*
 * A link's own name and what it links to, .../NAMESPACE_NAME_UID/CONTAINER/N.log: whose it is, the
 * container's name (JB_CONTAINER_NAME_MAX + 1) and id (JB_CONTAINER_ID_LEN + 1).
 */
bool jb_files_link(const char *link, const char *target, struct jb_files_pod *ret_pod,
		   char *ret_container, char *ret_id);

#endif
