/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the directory keeps of a Pod or a Service (v1) as JSON. */
#ifndef JB_KUBERNETES_DIRECTORY_READER_H
#define JB_KUBERNETES_DIRECTORY_READER_H

#include <jansson.h>
#include <jitterbug/stream.h>

#include "kubernetes/pod_reader.h"

enum {
	JB_DIRECTORY_ADDRESSES_MAX = 16, /* of a Service; a pod has one of each family */
	JB_DIRECTORY_PORTS_MAX = 256,
	JB_DIRECTORY_HOSTS_MAX = 4,
};

/* Texts point into the JSON and into the view. Of more addresses or ports the first are kept. */
struct jb_directory_object {
	const char *namespace_;
	const char *name;
	const char *workload; /* of a Service its name */
	const char *node;     /* "": not yet, or none */
	__u32 created_s;      /* time of day; 0: not known */
	bool deleting;
	union jb_ip addresses[JB_DIRECTORY_ADDRESSES_MAX]; /* its own */
	size_t n_addresses;
	union jb_ip hosts[JB_DIRECTORY_HOSTS_MAX]; /* of its node */
	size_t n_hosts;
	__u16 ports[JB_DIRECTORY_PORTS_MAX]; /* at its node's addresses */
	size_t n_ports;
	struct jb_pod_view view;
};

/*
 * 0, or -EBADMSG with a line in `error` (of JB_PODS_LINE octets). A pod that has ended has neither
 * addresses nor ports. Addresses that are none, or loopback, are left out.
 */
int jb_directory_read_pod(const json_t *object, struct jb_directory_object *ret, char *error);
int jb_directory_read_service(const json_t *object, struct jb_directory_object *ret, char *error);

#endif
