/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "base/option_kinds.h"

#include <errno.h>
#include <string.h>

static int store_flag(const struct jb_option *option, const char *text, void *field)
{
	(void)option;
	return jb_value_flag(text, field);
}

static void expect_flag(const struct jb_option *option, struct jb_buffer *out)
{
	(void)option;
	jb_buffer_puts(out, "true or false");
}

static int store_string(const struct jb_option *option, const char *text, void *field)
{
	char *copy = strdup(text);

	(void)option;
	if (!copy)
		return -ENOMEM;
	*(char **)field = copy;
	return 0;
}

static void expect_string(const struct jb_option *option, struct jb_buffer *out)
{
	(void)option;
	jb_buffer_puts(out, "a text");
}

static uint64_t u32_max(const struct jb_option *option)
{
	return option->max ? option->max : UINT32_MAX;
}

static int store_u32(const struct jb_option *option, const char *text, void *field)
{
	uint32_t *value = field;
	int err = jb_value_u32(text, value);

	return !err && (*value < option->min || *value > u32_max(option)) ? -ERANGE : err;
}

static void expect_u32(const struct jb_option *option, struct jb_buffer *out)
{
	jb_buffer_puts(out, "a number from ");
	jb_buffer_u64(out, option->min);
	jb_buffer_puts(out, " to ");
	jb_buffer_u64(out, u32_max(option));
}

static uint64_t percent_max(const struct jb_option *option)
{
	return option->max ? option->max : JB_PERCENT_MAX;
}

static int store_percent(const struct jb_option *option, const char *text, void *field)
{
	uint32_t *ppm = field;
	int err = jb_value_percent(text, ppm);

	return !err && (*ppm < option->min || *ppm > percent_max(option)) ? -ERANGE : err;
}

static void expect_percent(const struct jb_option *option, struct jb_buffer *out)
{
	char min[16], max[16];

	jb_value_percent_text((uint32_t)option->min, min, sizeof(min));
	jb_value_percent_text((uint32_t)percent_max(option), max, sizeof(max));
	jb_buffer_printf(out, "a percentage with a %% sign like 2%% or 0.125%%, from %s to %s", min,
			 max);
}

static int store_duration(const struct jb_option *option, const char *text, void *field)
{
	uint64_t *ns = field;
	int err = jb_value_duration(text, ns);

	return !err && (*ns < option->min || (option->max && *ns > option->max)) ? -ERANGE : err;
}

static void expect_duration(const struct jb_option *option, struct jb_buffer *out)
{
	char min[32], max[32];

	jb_value_duration_text(option->min, min, sizeof(min));
	jb_value_duration_text(option->max, max, sizeof(max));
	jb_buffer_puts(out, "a duration like 500ms, 10s or 5m");
	if (option->max)
		jb_buffer_printf(out, " from %s to %s", min, max);
	else if (option->min)
		jb_buffer_printf(out, " of at least %s", min);
}

static int store_enum(const struct jb_option *option, const char *text, void *field)
{
	return jb_value_enum(text, option->names, field);
}

void jb_option_names(const struct jb_option *option, const char *separator, struct jb_buffer *out)
{
	for (size_t i = 0; option->names[i]; i++) {
		jb_buffer_puts(out, i ? separator : "");
		jb_buffer_puts(out, option->names[i]);
	}
}

static void expect_enum(const struct jb_option *option, struct jb_buffer *out)
{
	jb_buffer_puts(out, "one of ");
	jb_option_names(option, ", ", out);
}

static int store_ports(const struct jb_option *option, const char *text, void *field)
{
	(void)option;
	return jb_value_ports(text, field);
}

static void expect_ports(const struct jb_option *option, struct jb_buffer *out)
{
	(void)option;
	jb_buffer_puts(out, "a list of ports from 1 to 65535 like 50000-60000,7882");
}

static int store_address(const struct jb_option *option, const char *text, void *field)
{
	(void)option;
	return jb_value_address(text, field);
}

static void expect_address(const struct jb_option *option, struct jb_buffer *out)
{
	(void)option;
	jb_buffer_puts(out, "an address like 127.0.0.1:9504, [::]:9504 or :9504");
}

const struct jb_option_kind_ops jb_option_kinds[JB_OPTION_KIND_MAX] = {
	[JB_OPTION_KIND_FLAG] = {sizeof(bool), NULL, store_flag, expect_flag},
	[JB_OPTION_KIND_STRING] = {sizeof(char *), "TEXT", store_string, expect_string},
	[JB_OPTION_KIND_CONFIG] = {sizeof(char *), "FILE", store_string, expect_string},
	[JB_OPTION_KIND_U32] = {sizeof(uint32_t), "NUMBER", store_u32, expect_u32},
	[JB_OPTION_KIND_PERCENT] = {sizeof(uint32_t), "PERCENT", store_percent, expect_percent},
	[JB_OPTION_KIND_DURATION] = {sizeof(uint64_t), "DURATION", store_duration, expect_duration},
	[JB_OPTION_KIND_ENUM] = {sizeof(unsigned int), "", store_enum, expect_enum},
	[JB_OPTION_KIND_PORTS] = {sizeof(struct jb_ports), "PORTS", store_ports, expect_ports},
	[JB_OPTION_KIND_ADDRESS] = {sizeof(struct jb_address), "ADDRESS", store_address,
				    expect_address},
	/* Gathers values where others store one: options.c. */
	[JB_OPTION_KIND_LIST] = {sizeof(struct jb_list), "TEXT", NULL, NULL},
};
