/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "policies/reader.h"

#include <errno.h>
#include <string.h>

#include "policies/fields.h"

static int read_namespace_name(struct jb_reading *reading, const json_t *value, void *ret)
{
	const char *name;
	int err = jb_read_text(reading, value, 1, JB_POLICY_NAMESPACE_MAX, &name);

	if (!err && !jb_policies_is_name(name, JB_POLICY_NAMESPACE_MAX))
		err = jb_reading_fail(reading, -EINVAL, value, "not a name");
	if (!err)
		*(const char **)ret = name;
	return err;
}

static int read_object_name(struct jb_reading *reading, const json_t *value, void *ret)
{
	const char *name;
	int err = jb_read_text(reading, value, 1, JB_POLICY_NAME_MAX, &name);

	if (!err && !jb_policies_is_name(name, JB_POLICY_NAME_MAX))
		err = jb_reading_fail(reading, -EINVAL, value, "not a name");
	if (!err)
		*(const char **)ret = name;
	return err;
}

static int read_policy_names(struct jb_reading *reading, const json_t *value, void *ret)
{
	struct jb_policy_name *name = ret;
	int err = jb_read_field(reading, value, "namespace", read_namespace_name,
				&name->namespace_);

	if (err)
		return err;
	return jb_read_field(reading, value, "name", read_object_name, &name->name);
}

/* --- policies */

static int read_type(struct jb_reading *reading, const json_t *value, void *ret)
{
	const char *text = json_string_value(value);
	enum jb_direction *direction = ret;

	if (!text || (strcmp(text, "Ingress") != 0 && strcmp(text, "Egress") != 0))
		return jb_reading_fail(reading, -EINVAL, value, "not Ingress or Egress");
	*direction = strcmp(text, "Egress") ? JB_INGRESS : JB_EGRESS;
	return 0;
}

/* Unless it is said: ingress always, egress if there are rules for it. */
static int read_types(struct jb_reading *reading, const json_t *spec)
{
	struct jb_policy_rules *of = reading->policy->of;
	enum jb_direction *types = NULL;
	__u32 count = 0;
	int err = jb_read_list(reading, spec, "policyTypes", sizeof(*types), read_type, &types,
			       &count);

	if (err)
		return err;
	for (__u32 i = 0; i < count; i++)
		of[types[i]].isolates = true;
	if (!count) {
		of[JB_INGRESS].isolates = true;
		of[JB_EGRESS].isolates = of[JB_EGRESS].count;
	}
	return 0;
}

static int read_rules(struct jb_reading *reading, const json_t *spec, const char *name,
		      jb_read read, struct jb_policy_rules *ret)
{
	return jb_read_list(reading, spec, name, sizeof(*ret->rules), read, &ret->rules,
			    &ret->count);
}

static int read_spec(struct jb_reading *reading, const json_t *spec, void *ret)
{
	struct jb_policy *policy = ret;
	int err;

	if (spec && !json_is_object(spec))
		return jb_reading_fail(reading, -EINVAL, spec, "not an object");
	err = jb_read_field(reading, spec, "podSelector", jb_read_selector, &policy->pods);
	if (!err)
		err = read_rules(reading, spec, "ingress", jb_read_ingress_rule,
				 &policy->of[JB_INGRESS]);
	if (!err)
		err = read_rules(reading, spec, "egress", jb_read_egress_rule,
				 &policy->of[JB_EGRESS]);
	return err ? err : read_types(reading, spec);
}

/* A policy of which the names are known. */
static int read_policy(struct jb_reading *reading, const json_t *object, struct jb_policy **ret)
{
	struct jb_policy *policy = jb_policy_new(reading->namespace_, reading->name);
	int err;

	if (!policy)
		return jb_reading_fail(reading, -ENOMEM, object, "out of memory");
	reading->policy = policy;
	err = jb_read_field(reading, object, "spec", read_spec, policy);
	if (err)
		jb_policy_free(policy);
	else
		*ret = policy;
	return err;
}

static int fail_to_keep(struct jb_reading *reading, int error, const json_t *object)
{
	return jb_reading_fail(reading, error, object,
			       error == -ENOSPC ? "no room for it" : "out of memory");
}

int jb_policies_read(struct jb_policies *policies, const json_t *object,
		     struct jb_policy_error *ret_error)
{
	struct jb_reading reading = {"NetworkPolicy", "", "", .error = ret_error};
	struct jb_policy_name names = {"", ""};
	struct jb_policy *policy = NULL;
	int err = jb_read_field(&reading, object, "metadata", read_policy_names, &names);

	if (err) {
		jb_policies_lose(policies);
		return err;
	}
	reading.namespace_ = names.namespace_;
	reading.name = names.name;
	err = read_policy(&reading, object, &policy);
	if (err) {
		jb_policies_set_opaque(policies, names.namespace_, names.name);
		return err;
	}
	err = jb_policies_set_policy(policies, policy);
	return err ? fail_to_keep(&reading, err, object) : 0;
}

/* --- labels */

struct label_list {
	struct jb_label *labels;
	size_t count;
};

static int read_label_list(struct jb_reading *reading, const json_t *value, void *ret)
{
	struct label_list *list = ret;
	int count = jb_read_label_map(reading, value, list->labels);

	if (count < 0)
		return count;
	list->count = (size_t)count;
	return 0;
}

static int read_metadata_labels(struct jb_reading *reading, const json_t *value, void *ret)
{
	return jb_read_field(reading, value, "labels", read_label_list, ret);
}

int jb_policies_read_labels(const json_t *object, struct jb_label ret[JB_POLICY_LABELS_MAX],
			    struct jb_policy_error *ret_error)
{
	struct jb_reading reading = {"object", "", "", .error = ret_error};
	struct label_list list = {.labels = ret};
	int err = jb_read_field(&reading, object, "metadata", read_metadata_labels, &list);

	return err ? err : (int)list.count;
}

static int read_name(struct jb_reading *reading, const json_t *value, void *ret)
{
	return jb_read_field(reading, value, "name", read_namespace_name, ret);
}

int jb_policies_read_namespace(struct jb_policies *policies, const json_t *object,
			       struct jb_policy_error *ret_error)
{
	struct jb_reading reading = {"Namespace", "", "", .error = ret_error};
	struct jb_label labels[JB_POLICY_LABELS_MAX];
	struct label_list list = {.labels = labels};
	int err = jb_read_field(&reading, object, "metadata", read_name, &reading.name);

	if (err)
		return err;
	jb_policies_remove_namespace(policies, reading.name);
	err = jb_read_field(&reading, object, "metadata", read_metadata_labels, &list);
	if (err)
		return err;
	err = jb_policies_set_namespace(policies, reading.name, labels, list.count);
	return err ? fail_to_keep(&reading, err, object) : 0;
}
