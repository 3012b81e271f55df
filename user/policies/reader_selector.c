/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Labels and label selectors (meta/v1). */
#include <errno.h>
#include <string.h>

#include "policies/fields.h"

static int read_label_value(struct jb_reading *reading, const json_t *value, void *ret)
{
	return jb_read_text(reading, value, 0, JB_POLICY_VALUE_MAX, ret);
}

int jb_read_label_map(struct jb_reading *reading, const json_t *value,
		      struct jb_label ret[JB_POLICY_LABELS_MAX])
{
	json_t *labels = (json_t *)value; /* iterators take no const */
	int count = 0;

	if (!value)
		return 0;
	if (!json_is_object(value))
		return jb_reading_fail(reading, -EINVAL, value, "not an object");
	if (json_object_size(value) > JB_POLICY_LABELS_MAX)
		return jb_reading_fail(reading, -E2BIG, value, "too many labels");
	for (void *i = json_object_iter(labels); i; i = json_object_iter_next(labels, i)) {
		struct jb_label *label = &ret[count++];
		int err;

		label->key = json_object_iter_key(i);
		if (strlen(label->key) > JB_POLICY_KEY_MAX)
			return jb_reading_fail(reading, -E2BIG, value,
					       "has a key that is too long");
		err = jb_read_field(reading, value, label->key, read_label_value, &label->value);
		if (err)
			return err;
	}
	return count;
}

static int read_value(struct jb_reading *reading, const json_t *value, void *ret)
{
	return jb_copy_text(reading, value, 0, JB_POLICY_VALUE_MAX, ret);
}

static int read_key(struct jb_reading *reading, const json_t *value, void *ret)
{
	return jb_copy_text(reading, value, 1, JB_POLICY_KEY_MAX, ret);
}

static int read_operator(struct jb_reading *reading, const json_t *value, void *ret)
{
	static const char *const names[] = {
		[JB_IN] = "In",
		[JB_NOT_IN] = "NotIn",
		[JB_EXISTS] = "Exists",
		[JB_DOES_NOT_EXIST] = "DoesNotExist",
	};
	const char *text = json_string_value(value);

	for (int i = JB_IN; text && i <= JB_DOES_NOT_EXIST; i++) {
		if (!strcmp(text, names[i])) {
			*(enum jb_operator *)ret = i;
			return 0;
		}
	}
	return jb_reading_fail(reading, -EINVAL, value, "not an operator");
}

static int read_expression(struct jb_reading *reading, const json_t *value, void *ret)
{
	struct jb_requirement *requirement = ret;
	bool listed;
	int err;

	if (!json_is_object(value))
		return jb_reading_fail(reading, -EINVAL, value, "not an object");
	err = jb_read_field(reading, value, "key", read_key, &requirement->key);
	if (!err)
		err = jb_read_field(reading, value, "operator", read_operator,
				    &requirement->operation);
	if (!err)
		err = jb_read_list(reading, value, "values", sizeof(*requirement->values),
				   read_value, &requirement->values, &requirement->n_values);
	if (err)
		return err;
	listed = requirement->operation == JB_IN || requirement->operation == JB_NOT_IN;
	if (listed && !requirement->n_values)
		return jb_reading_fail(reading, -EINVAL, value, "has no values");
	if (!listed && requirement->n_values)
		return jb_reading_fail(reading, -EINVAL, value, "may not have values");
	return 0;
}

static int copy_label(struct jb_reading *reading, const struct jb_label *label,
		      struct jb_label *ret)
{
	size_t key = strlen(label->key) + 1, value = strlen(label->value) + 1;
	char *text;
	int err = jb_reading_alloc(reading, key + value, &text);

	if (err)
		return err;
	memcpy(text, label->key, key);
	memcpy(text + key, label->value, value);
	*ret = (struct jb_label){text, text + key};
	return 0;
}

static int read_match_labels(struct jb_reading *reading, const json_t *value, void *ret)
{
	struct jb_selector *selector = ret;
	struct jb_label labels[JB_POLICY_LABELS_MAX];
	int count = jb_read_label_map(reading, value, labels), err;

	if (count <= 0)
		return count;
	err = jb_reading_alloc(reading, (size_t)count * sizeof(*labels), &selector->labels);
	for (int i = 0; i < count && !err; i++)
		err = copy_label(reading, &labels[i], &selector->labels[i]);
	selector->n_labels = (__u32)count;
	return err;
}

int jb_read_selector(struct jb_reading *reading, const json_t *value, void *ret)
{
	struct jb_selector *selector = ret;
	int err;

	if (!value)
		return 0;
	if (!json_is_object(value))
		return jb_reading_fail(reading, -EINVAL, value, "not an object");
	err = jb_read_field(reading, value, "matchLabels", read_match_labels, selector);
	if (err)
		return err;
	return jb_read_list(reading, value, "matchExpressions", sizeof(*selector->requirements),
			    read_expression, &selector->requirements, &selector->n_requirements);
}
