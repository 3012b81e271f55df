/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Objects of the API server into the model. Fields that aren't known are passed over; one that is
 * known and isn't as published (type, value, or beyond a bound) is an error, and nothing of the
 * object is believed.
 */
#ifndef JB_POLICIES_READER_H
#define JB_POLICIES_READER_H

#include <jansson.h>

#include "policies/model.h"

/* Of one list in a policy: rules, peers, ports, except, matchLabels, matchExpressions, values. */
enum { JB_POLICY_ITEMS_MAX = 1024 };

/* One printable line: "NetworkPolicy ns/name: spec.ingress[0].ports[0].port: 0: not 1 to 65535". */
struct jb_policy_error {
	char text[512];
};

/*
 * Puts a NetworkPolicy (networking.k8s.io/v1) into the model. 0, or with ret_error: -EINVAL or
 * -E2BIG (the object is not as it should be: an opaque policy is put in its place, for it may
 * select and allow anything; where not even its name can be read, all isolation is unknown),
 * -ENOSPC (the model is full) or -ENOMEM.
 */
int jb_policies_read(struct jb_policies *policies, const json_t *object,
		     struct jb_policy_error *ret_error);

/* Likewise a Namespace (v1); after an error its labels are not known. */
int jb_policies_read_namespace(struct jb_policies *policies, const json_t *object,
			       struct jb_policy_error *ret_error);

/*
 * The labels of an object's metadata, for jb_policies_set_pod(); the texts are the object's.
 * How many, or -EINVAL or -E2BIG with ret_error.
 */
int jb_policies_read_labels(const json_t *object, struct jb_label ret[JB_POLICY_LABELS_MAX],
			    struct jb_policy_error *ret_error);

#endif
