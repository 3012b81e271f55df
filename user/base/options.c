/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "base/options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config_file.h"
#include "base/option_kinds.h"
#include "base/options_given.h"

enum { QUOTE_MAX = 60 };

struct parse {
	const struct jb_options *options;
	void *config;
	struct jb_option_given *given; /* of each option */
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

static struct jb_option_given *given_of(const struct parse *parse, const struct jb_option *option)
{
	return &parse->given[option - parse->options->table];
}

static void where(const struct parse *parse, const struct jb_option *option, char *place)
{
	jb_option_place(option, given_of(parse, option), parse->file_path, place);
}

static int bad_value(struct parse *parse, const struct jb_option *option, const char *text)
{
	struct jb_buffer wanted = {0};
	char place[JB_OPTION_PLACE_SIZE];

	where(parse, option, place);
	jb_option_kinds[option->kind].expect(option, &wanted);
	explain(parse, "%s: '%.*s%s' is not %s", place, QUOTE_MAX, text, dots(text),
		wanted.error ? "valid" : wanted.data);
	jb_buffer_free(&wanted);
	return -EINVAL;
}

static int missing_value(struct parse *parse, const struct jb_option *option)
{
	char place[JB_OPTION_PLACE_SIZE];

	where(parse, option, place);
	explain(parse, "%s: a value is missing", place);
	return -EINVAL;
}

static int no_memory(struct parse *parse)
{
	explain(parse, "out of memory");
	return -ENOMEM;
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

static void *field_of(const struct jb_option *option, void *config)
{
	return (char *)config + option->offset;
}

/* Adds to the list what was given last. */
static int add_to_list(struct parse *parse, const struct jb_option *option)
{
	const struct jb_option_given *given = given_of(parse, option);
	struct jb_list *list = field_of(option, parse->config);
	char place[JB_OPTION_PLACE_SIZE];
	int err;

	if (given->source == JB_OPTION_SOURCE_ENVIRONMENT)
		err = jb_value_list(given->text, list);
	else
		err = jb_list_add(list, given->text, strlen(given->text));
	if (err == -ENOMEM)
		return no_memory(parse);
	if (!err)
		return 0;
	where(parse, option, place);
	explain(parse, "%s: more than %d values", place, JB_LIST_ITEMS_MAX);
	return -EINVAL;
}

/* Keeps a value, unless the option has one that beats it: the strongest source is read first. */
static int take(struct parse *parse, const struct jb_option *option, struct jb_option_given value)
{
	struct jb_option_given *given = given_of(parse, option);

	if (given->source > value.source)
		return 0;
	*given = value;
	if (!value.text || !*value.text)
		return missing_value(parse, option);
	return option->kind == JB_OPTION_KIND_LIST ? add_to_list(parse, option) : 0;
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
	struct jb_option_given given = {.source = JB_OPTION_SOURCE_ARGUMENT};

	if (!option || name - argument != (ptrdiff_t)strlen(jb_option_dashes(option))) {
		explain(parse, "argument '%.*s%s' is no known option", QUOTE_MAX, argument,
			dots(argument));
		return -EINVAL;
	}
	if (name[len])
		given.text = name + len + 1;
	else if (option->kind == JB_OPTION_KIND_FLAG)
		given.text = "true";
	else if (*index + 1 < argc && strncmp(argv[*index + 1], "--", 2) != 0)
		given.text = argv[++*index];
	return take(parse, option, given);
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

/* The value of its variable; NULL if there is none, or nothing in it. */
static const char *environment_of(const struct jb_option *option)
{
	const char *blanks = option->kind == JB_OPTION_KIND_LIST ? JB_LIST_BLANKS : "";
	char name[JB_OPTION_ENVIRONMENT_SIZE];
	const char *text;

	jb_option_environment_name(option, name);
	text = getenv(name);
	return text && text[strspn(text, blanks)] ? text : NULL;
}

static int read_environment(struct parse *parse)
{
	int err = 0;

	for (size_t i = 0; i < parse->options->count && !err; i++) {
		const struct jb_option *option = &parse->options->table[i];
		const char *text = option->argument_only ? NULL : environment_of(option);

		if (text)
			err = take(parse, option,
				   (struct jb_option_given){JB_OPTION_SOURCE_ENVIRONMENT, 0, text});
	}
	return err;
}

static int read_entry(struct parse *parse, const char *name, const char *value)
{
	const struct jb_option *option = find_option(parse->options, name, strlen(name));

	if (!option || option->argument_only || option->kind == JB_OPTION_KIND_CONFIG) {
		explain(parse, "%.256s:%u: '%.*s%s' is no known key", parse->file_path,
			parse->file.line, QUOTE_MAX, name, dots(name));
		return -EINVAL;
	}
	return take(parse, option,
		    (struct jb_option_given){JB_OPTION_SOURCE_FILE, parse->file.line, value});
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
	char place[JB_OPTION_PLACE_SIZE];
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

/* All but lists, which have taken their values already. */
static int store_all(struct parse *parse)
{
	for (size_t i = 0; i < parse->options->count; i++) {
		const struct jb_option *option = &parse->options->table[i];
		const char *text = parse->given[i].text ? parse->given[i].text : option->value;
		int err = 0;

		if (text && option->kind != JB_OPTION_KIND_LIST)
			err = jb_option_kinds[option->kind].store(option, text,
								  field_of(option, parse->config));
		if (err == -ENOMEM)
			return no_memory(parse);
		if (err)
			return bad_value(parse, option, text);
	}
	return 0;
}

static void clear(const struct jb_options *options, void *config)
{
	for (size_t i = 0; i < options->count; i++) {
		const struct jb_option *option = &options->table[i];

		memset(field_of(option, config), 0, jb_option_kinds[option->kind].size);
	}
}

static int run(struct parse *parse, int argc, char *const argv[])
{
	int result = read_arguments(parse, argc, argv);

	if (!result)
		result = read_environment(parse);
	if (!result)
		result = read_file(parse);
	return result ? result : store_all(parse);
}

int jb_options_parse(const struct jb_options *options, int argc, char *const argv[], void *config,
		     const char **ret_positionals, char *error, size_t error_size)
{
	struct parse parse = {
		.options = options, .config = config, .error = error, .error_size = error_size};
	int result;

	parse.given = calloc(options->count + 1, sizeof(*parse.given));
	if (!parse.given)
		return no_memory(&parse);
	clear(options, config);
	result = run(&parse, argc, argv);
	if (result)
		jb_options_free(options, config);
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
		void *field = field_of(option, config);

		if (option->kind == JB_OPTION_KIND_LIST) {
			jb_list_free(field);
		} else if (option->kind == JB_OPTION_KIND_STRING ||
			   option->kind == JB_OPTION_KIND_CONFIG) {
			free(*(char **)field);
			*(char **)field = NULL;
		}
	}
}
