/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "base/option_kinds.h"

enum { HELP_COLUMN = 30 };

static void append_left(const struct jb_option *option, struct jb_buffer *out)
{
	const char *placeholder = option->placeholder;

	if (!placeholder)
		placeholder = jb_option_kinds[option->kind].placeholder;
	jb_buffer_printf(out, "  %s%s", jb_option_dashes(option), option->name);
	if (!placeholder)
		return;
	jb_buffer_puts(out, " ");
	if (*placeholder)
		jb_buffer_puts(out, placeholder);
	else
		jb_option_names(option, "|", out);
}

/* What is too long for the left column gets a line of its own. */
static void append_blanks(struct jb_buffer *out, size_t start)
{
	size_t used = out->len - start;

	if (used + 2 > HELP_COLUMN) {
		jb_buffer_puts(out, "\n");
		used = 0;
	}
	jb_buffer_printf(out, "%*s", (int)(HELP_COLUMN - used), "");
}

static void append_option(const struct jb_option *option, struct jb_buffer *out)
{
	size_t start = out->len;

	append_left(option, out);
	append_blanks(out, start);
	jb_buffer_puts(out, option->help);
	if (option->value)
		jb_buffer_printf(out, " (default %s)", option->value);
	jb_buffer_puts(out, "\n");
}

static bool has_config(const struct jb_options *options)
{
	for (size_t i = 0; i < options->count; i++) {
		if (options->table[i].kind == JB_OPTION_KIND_CONFIG)
			return true;
	}
	return false;
}

static bool has_environment(const struct jb_options *options)
{
	for (size_t i = 0; i < options->count; i++) {
		if (!options->table[i].argument_only)
			return true;
	}
	return false;
}

void jb_options_help(const struct jb_options *options, struct jb_buffer *out)
{
	static const struct jb_option help = {
		.name = "help", .kind = JB_OPTION_KIND_FLAG, .help = "show this text"};

	jb_buffer_printf(out, "Usage: %s\n", options->usage);
	if (options->about)
		jb_buffer_printf(out, "%s\n", options->about);
	jb_buffer_puts(out, "\nOptions:\n");
	for (size_t i = 0; i < options->count; i++)
		append_option(&options->table[i], out);
	append_option(&help, out);
	if (has_config(options))
		jb_buffer_puts(out, "\nAn option can also be set as JITTERBUG_NAME in the "
				    "environment, or as a line\n`name = value` in the file of "
				    "--config. The argument beats the environment beats the\n"
				    "file.\n");
	else if (has_environment(options))
		jb_buffer_puts(out, "\nAn option can also be set as JITTERBUG_NAME in the "
				    "environment; the argument beats it.\n");
}
