/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Pods as the policies' model has them. */
#ifndef JB_NODE_POLICY_POD_H
#define JB_NODE_POLICY_POD_H

#include <jansson.h>
#include "policies/model.h"

/*
 * Puts a Pod (v1) in the place of what had its name. Labels or ports that can't be kept are not
 * known. 0, -EBADMSG (it is no pod), -ENOSPC or -ENOMEM, with a line in `error` of JB_PODS_LINE
 * octets; then nothing is known of it.
 */
int jb_policy_pod_put(struct jb_policies *policies, const json_t *object, char *error);
void jb_policy_pod_remove(struct jb_policies *policies, const json_t *object);

#endif
