/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Fields of JSON into a policy's memory, with errors that name the field and its value. */
#ifndef JB_POLICIES_FIELDS_H
#define JB_POLICIES_FIELDS_H

#include <jansson.h>

#include "policies/private.h"
#include "policies/reader.h"

/* What is being read, and where in it. */
struct jb_reading {
	const char *kind;         /* "NetworkPolicy" */
	const char *namespace_;   /* "" while it isn't known, or has none */
	const char *name;         /* likewise */
	struct jb_policy *policy; /* whose memory is used; NULL where nothing is copied */
	struct jb_policy_error *error;
	char path[160]; /* "spec.ingress[0].from"; what is longer is cut */
	size_t length;
};

/*
 * Reads the value at which the reading is, NULL where there is none or it is null, into zeroed
 * *ret. 0, or -errno after jb_reading_fail().
 */
typedef int (*jb_read)(struct jb_reading *reading, const json_t *value, void *ret);

/* Writes the error: where the reading is, the value, and what is wrong. */
void jb_reading_explain(struct jb_reading *reading, const json_t *value, const char *wrong);

static inline int jb_reading_fail(struct jb_reading *reading, int error, const json_t *value,
				  const char *wrong)
{
	jb_reading_explain(reading, value, wrong);
	return error;
}

/* A field of an object; NULL if it isn't there, or null. */
const json_t *jb_field(const json_t *object, const char *name);

/* Reads a field of an object. 0 or -errno, as everything below. */
int jb_read_field(struct jb_reading *reading, const json_t *object, const char *name, jb_read read,
		  void *ret);

/* Likewise the items of a list into an array in the policy; no list is none. */
int jb_read_list(struct jb_reading *reading, const json_t *object, const char *name,
		 size_t item_size, jb_read read, void *ret_items, __u32 *ret_count);

/* A text of `min` to `max` octets: itself, borrowed, or a copy in the policy. */
int jb_read_text(struct jb_reading *reading, const json_t *value, size_t min, size_t max,
		 const char **ret);
int jb_copy_text(struct jb_reading *reading, const json_t *value, size_t min, size_t max,
		 const char **ret);

/* Zeroed memory of the policy. */
int jb_reading_alloc(struct jb_reading *reading, size_t size, void *ret);

/* Labels, borrowed. Their number or -errno. */
int jb_read_label_map(struct jb_reading *reading, const json_t *value,
		      struct jb_label ret[JB_POLICY_LABELS_MAX]);

/* Into a struct jb_selector; {} and nothing select all. */
int jb_read_selector(struct jb_reading *reading, const json_t *value, void *ret);

/* Into a struct jb_policy_rule. */
int jb_read_ingress_rule(struct jb_reading *reading, const json_t *value, void *ret);
int jb_read_egress_rule(struct jb_reading *reading, const json_t *value, void *ret);

#endif
