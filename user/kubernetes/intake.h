/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Pods that come in as JSON, on their way to a sink of pods. */
#ifndef JB_KUBERNETES_INTAKE_H
#define JB_KUBERNETES_INTAKE_H

#include <stdint.h>

#include "kubernetes/failure.h"
#include "kubernetes/objects.h"
#include "kubernetes/sink.h"

struct jb_pod_intake {
	const struct jb_pod_sink *sink;
	const char *node;       /* pods of another one are refused; "" takes all */
	uint64_t refused;       /* so far */
	char why[JB_PODS_LINE]; /* the last one was refused */
};

/* What takes objects for the intake, which is borrowed. */
struct jb_object_sink jb_pod_intake_objects(struct jb_pod_intake *intake);

#endif
