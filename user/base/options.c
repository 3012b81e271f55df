/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "base/options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config_file.h"
#include "base/option_kinds.h"

enum { QUOTE_MAX = 60, WHERE_SIZE = 384 };

/* Where a value comes from; the higher beats the lower. */
enum source {
	SOURCE_DEFAULT,
	SOURCE_FILE,
	SOURCE_ENVIRONMENT,
	SOURCE_ARGUMENT,
};

struct given {
	enum source source;
	unsigned int line; /* in the file */
	const char *text;  /* NULL: no value */
};

struct parse {
	const struct jb_options *options;
	struct given *given; /* of each option */
	struct jb_config_file file;
	const char *file_path;
	const char *positionals[JB_POSITIONALS_MAX];
	size_t positional_count;
	char *error;
	size_t error_size;
};

/* Writes the error's line, in which no byte of a name or value can steer a terminal or a log. */
__attribute__((format(printf, 2, 3))) static void explain(struct parse *parse, const char *format,
							  ...)
{
	va_list arguments;

	if (!parse->error_size)
		return;
	va_start(arguments, format);
	vsnprintf(parse->error, parse->error_size, format, arguments);
	va_end(arguments);
	for (char *c = parse->error; *c; c++) {
		if (*c < ' ' || *c > '~')
			*c = '?';
	}
}

static const char *dots(const char *text)
{
	return strlen(text) > QUOTE_MAX ? "..." : "";
}

static void environment_name(const struct jb_option *option, char *name, size_t size)
{
	int prefix = snprintf(name, size, "JITTERBUG_%s", option->name);

	for (char *c = name; prefix > 0 && *c; c++) {
		if (*c == '-')
			*c = '_';
		else if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
	}
}

static void where(const struct parse *parse, const struct jb_option *option, char *text)
{
	const struct given *given = &parse->given[option - parse->options->table];
	char name[64];

	switch (given->source) {
	case SOURCE_ARGUMENT:
		snprintf(text, WHERE_SIZE, "argument %s%s", jb_option_dashes(option), option->name);
		break;
	case SOURCE_ENVIRONMENT:
		environment_name(option, name, sizeof(name));
		snprintf(text, WHERE_SIZE, "environment %s", name);
		break;
	case SOURCE_FILE:
		snprintf(text, WHERE_SIZE, "%.256s:%u: %s", parse->file_path, given->line,
			 option->name);
		break;
	case SOURCE_DEFAULT:
		snprintf(text, WHERE_SIZE, "default of %s%s", jb_option_dashes(option),
			 option->name);
		break;
	}
}

static int bad_value(struct parse *parse, const struct jb_option *option, const char *text)
{
	struct jb_buffer wanted = {0};
	char place[WHERE_SIZE];

	where(parse, option, place);
	jb_option_kinds[option->kind].expect(option, &wanted);
	explain(parse, "%s: '%.*s%s' is not %s", place, QUOTE_MAX, text, dots(text),
		wanted.error ? "valid" : wanted.data);
	jb_buffer_free(&wanted);
	return -EINVAL;
}

static int missing_value(struct parse *parse, const struct jb_option *option)
{
	char place[WHERE_SIZE];

	where(parse, option, place);
	explain(parse, "%s: a value is missing", place);
	return -EINVAL;
}

static const struct jb_option *find_option(const struct jb_options *options, const char *name,
					   size_t len)
{
	for (size_t i = 0; i < options->count; i++) {
		const char *candidate = options->table[i].name;

		if (strlen(candidate) == len && !memcmp(candidate, name, len))
			return &options->table[i];
	}
	return NULL;
}

static struct given *given_of(struct parse *parse, const struct jb_option *option)
{
	return &parse->given[option - parse->options->table];
}

static int read_positional(struct parse *parse, const char *text)
{
	if (parse->positional_count >= parse->options->positionals) {
		explain(parse, "argument '%.*s%s' was not expected", QUOTE_MAX, text, dots(text));
		return -EINVAL;
	}
	parse->positionals[parse->positional_count++] = text;
	return 0;
}

/* Reads the option at argv[*index], and moves to its value if that is an argument of its own. */
static int read_option(struct parse *parse, int argc, char *const argv[], int *index)
{
	const char *argument = argv[*index];
	const char *name = argument + (argument[1] == '-' ? 2 : 1);
	size_t len = strcspn(name, "=");
	const struct jb_option *option = find_option(parse->options, name, len);
	struct given *given;

	if (!option || name - argument != (ptrdiff_t)strlen(jb_option_dashes(option))) {
		explain(parse, "argument '%.*s%s' is no known option", QUOTE_MAX, argument,
			dots(argument));
		return -EINVAL;
	}
	given = given_of(parse, option);
	given->source = SOURCE_ARGUMENT;
	given->text = NULL;
	if (name[len])
		given->text = name + len + 1;
	else if (option->kind == JB_OPTION_KIND_FLAG)
		given->text = "true";
	else if (*index + 1 < argc && strncmp(argv[*index + 1], "--", 2) != 0)
		given->text = argv[++*index];
	return given->text && *given->text ? 0 : missing_value(parse, option);
}

static int read_arguments(struct parse *parse, int argc, char *const argv[])
{
	bool only_positionals = false;
	int err = 0;

	for (int i = 0; i < argc && !err; i++) {
		if (only_positionals || argv[i][0] != '-' || !argv[i][1])
			err = read_positional(parse, argv[i]);
		else if (!strcmp(argv[i], "--"))
			only_positionals = true;
		else if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return JB_OPTIONS_HELP;
		else
			err = read_option(parse, argc, argv, &i);
	}
	return err;
}

static void read_environment(struct parse *parse)
{
	for (size_t i = 0; i < parse->options->count; i++) {
		const struct jb_option *option = &parse->options->table[i];
		const char *text;
		char name[64];

		if (option->argument_only || parse->given[i].source > SOURCE_ENVIRONMENT)
			continue;
		environment_name(option, name, sizeof(name));
		text = getenv(name);
		if (text && *text)
			parse->given[i] = (struct given){SOURCE_ENVIRONMENT, 0, text};
	}
}

static int read_entry(struct parse *parse, const char *name, const char *value)
{
	const struct jb_option *option = find_option(parse->options, name, strlen(name));
	struct given *given;

	if (!option || option->argument_only || option->kind == JB_OPTION_KIND_CONFIG) {
		explain(parse, "%.256s:%u: '%.*s%s' is no known key", parse->file_path,
			parse->file.line, QUOTE_MAX, name, dots(name));
		return -EINVAL;
	}
	given = given_of(parse, option);
	if (given->source > SOURCE_FILE)
		return 0;
	*given = (struct given){SOURCE_FILE, parse->file.line, value};
	return *value ? 0 : missing_value(parse, option);
}

static int read_entries(struct parse *parse)
{
	char *name, *value;
	int result, err;

	while ((result = jb_config_file_next(&parse->file, &name, &value)) > 0) {
		err = read_entry(parse, name, value);
		if (err)
			return err;
	}
	if (result == -EILSEQ)
		explain(parse, "%.256s:%u: the line has a control character", parse->file_path,
			parse->file.line);
	else if (result)
		explain(parse, "%.256s:%u: '%.*s%s' is not of the form name = value",
			parse->file_path, parse->file.line, QUOTE_MAX, name, dots(name));
	return result ? -EINVAL : 0;
}

/* Reads the file that an option of the kind CONFIG names, if any. */
static int read_file(struct parse *parse)
{
	char place[WHERE_SIZE];
	size_t i = 0;
	int err;

	while (i < parse->options->count && parse->options->table[i].kind != JB_OPTION_KIND_CONFIG)
		i++;
	if (i == parse->options->count || !parse->given[i].text)
		return 0;
	parse->file_path = parse->given[i].text;
	err = jb_config_file_read(parse->file_path, JB_CONFIG_LIMIT, &parse->file);
	if (err) {
		where(parse, &parse->options->table[i], place);
		explain(parse, "%s: '%.256s' can't be read: %s", place, parse->file_path,
			err == -EINVAL ? "not a regular file" : strerror(-err));
		return err == -EINVAL ? -EIO : err;
	}
	return read_entries(parse);
}

static int store_all(struct parse *parse, void *config)
{
	for (size_t i = 0; i < parse->options->count; i++) {
		const struct jb_option *option = &parse->options->table[i];
		const char *text = parse->given[i].text ? parse->given[i].text : option->value;
		int err = 0;

		if (text)
			err = jb_option_kinds[option->kind].store(option, text,
								  (char *)config + option->offset);
		if (err == -ENOMEM) {
			explain(parse, "out of memory");
			return err;
		}
		if (err)
			return bad_value(parse, option, text);
	}
	return 0;
}

static void clear(const struct jb_options *options, void *config)
{
	for (size_t i = 0; i < options->count; i++)
		memset((char *)config + options->table[i].offset, 0,
		       jb_option_kinds[options->table[i].kind].size);
}

static int run(struct parse *parse, int argc, char *const argv[], void *config)
{
	int result = read_arguments(parse, argc, argv);

	if (result)
		return result;
	read_environment(parse);
	result = read_file(parse);
	if (result)
		return result;
	clear(parse->options, config);
	result = store_all(parse, config);
	if (result)
		jb_options_free(parse->options, config);
	return result;
}

int jb_options_parse(const struct jb_options *options, int argc, char *const argv[], void *config,
		     const char **ret_positionals, char *error, size_t error_size)
{
	struct parse parse = {.options = options, .error = error, .error_size = error_size};
	int result;

	parse.given = calloc(options->count + 1, sizeof(*parse.given));
	if (!parse.given) {
		explain(&parse, "out of memory");
		return -ENOMEM;
	}
	result = run(&parse, argc, argv, config);
	for (size_t i = 0; !result && i < options->positionals; i++)
		ret_positionals[i] = parse.positionals[i];
	jb_config_file_free(&parse.file);
	free(parse.given);
	return result;
}

void jb_options_free(const struct jb_options *options, void *config)
{
	for (size_t i = 0; i < options->count; i++) {
		const struct jb_option *option = &options->table[i];
		char **field = (char **)(void *)((char *)config + option->offset);

		if (option->kind == JB_OPTION_KIND_STRING ||
		    option->kind == JB_OPTION_KIND_CONFIG) {
			free(*field);
			*field = NULL;
		}
	}
}
