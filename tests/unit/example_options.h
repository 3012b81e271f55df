/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A table with options of every kind, what they are parsed to, and what must come of arguments. For
 * the programs that test the options: each includes it, with cmocka before it.
 */
#ifndef JITTERBUG_TESTS_EXAMPLE_OPTIONS_H
#define JITTERBUG_TESTS_EXAMPLE_OPTIONS_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/options.h"

#define SECOND UINT64_C(1000000000)

enum mode { MODE_AUTO, MODE_OFF, MODE_API };

static const char *const mode_names[] = {"auto", "off", "api", NULL};

struct config {
	char *node;
	bool pin_links;
	uint32_t max_series;
	uint32_t any_number;
	uint64_t grace_ns;
	uint64_t any_duration_ns;
	uint32_t before; /* no row names it, nor `after`: they must stay as they are */
	uint32_t loss_ppm;
	uint32_t after;
	uint32_t any_ppm;
	uint32_t share_ppm;
	enum mode mode;
	struct jb_ports ports;
	struct jb_address listen;
	char *columns;
	uint32_t port;
	struct jb_list targets;
	struct jb_list words;
	char *file;
};

static const struct jb_option table[] = {
	{"node", JB_OPTION_STRING(struct config, node), .placeholder = "NAME",
	 .help = "name of the node"},
	{"pin-links", JB_OPTION_FLAG(struct config, pin_links), .help = "keep links"},
	{"max-series", JB_OPTION_U32(struct config, max_series), .value = "20000", .min = 1,
	 .max = 1000000, .help = "most series"},
	{"any-number", JB_OPTION_U32(struct config, any_number), .help = "any number"},
	{"grace", JB_OPTION_DURATION(struct config, grace_ns), .value = "5m", .min = SECOND,
	 .max = 3600 * SECOND, .help = "life after death"},
	{"any-duration", JB_OPTION_DURATION(struct config, any_duration_ns), .help = "any"},
	{"impaired-loss", JB_OPTION_PERCENT(struct config, loss_ppm), .value = "2%",
	 .help = "loss from which on a stream is impaired"},
	{"any-share", JB_OPTION_PERCENT(struct config, any_ppm), .help = "any share"},
	{"share", JB_OPTION_PERCENT(struct config, share_ppm), .value = "12.5%", .min = 5000,
	 .max = 500010, .placeholder = "SHARE", .help = "a bounded share"},
	{"mode", JB_OPTION_ENUM(struct config, mode, mode_names), .value = "auto",
	 .help = "where identity comes from"},
	{"media-ports", JB_OPTION_PORTS(struct config, ports), .help = "ports of media"},
	{"listen", JB_OPTION_ADDRESS(struct config, listen), .value = "0.0.0.0:9504",
	 .help = "address of /metrics"},
	{"o", JB_OPTION_STRING(struct config, columns), .placeholder = "COLUMNS",
	 .argument_only = true, .help = "columns to show"},
	{"port", JB_OPTION_U32(struct config, port), .min = 0, .max = 65535, .argument_only = true,
	 .help = "only this port"},
	{"target", JB_OPTION_LIST(struct config, targets), .placeholder = "NAME=URL",
	 .help = "whom to ask"},
	{"w", JB_OPTION_LIST(struct config, words), .placeholder = "WORD", .argument_only = true,
	 .help = "words to find"},
	{"config", JB_OPTION_CONFIG(struct config, file), .help = "read options from FILE"},
};

static const struct jb_options options = {
	.usage = "jitterbug test [OPTION]... [FILE [FILE]]",
	.about = "Tests the options.",
	.table = table,
	.count = sizeof(table) / sizeof(table[0]),
	.positionals = 2,
};

static struct config config;
static const char *positionals[2];
static char error[JB_OPTIONS_ERROR];

#define PARSE(...)      parse((char *[]){"", __VA_ARGS__, NULL})
#define PARSE_NOTHING() parse((char *[]){"", NULL})

/* The first entry of `arguments` stands for the subcommand. */
static inline int parse(char *const *arguments)
{
	int count = 0;

	while (arguments[count])
		count++;
	memset(&config, 0xa5, sizeof(config));
	strcpy(error, "untouched");
	return jb_options_parse(&options, count - 1, arguments + 1, &config, positionals, error,
				sizeof(error));
}

static inline void done(void)
{
	jb_options_free(&options, &config);
	assert_null(config.node);
	assert_null(config.file);
	assert_null(config.targets.item);
	assert_int_equal(config.targets.count, 0);
	assert_null(config.words.item);
}

#define ASSERT_GOOD(...) assert_int_equal(PARSE(__VA_ARGS__), 0)
#define ASSERT_BAD(expected, ...)                                                                  \
	do {                                                                                       \
		assert_int_equal(PARSE(__VA_ARGS__), -EINVAL);                                     \
		assert_string_equal(error, expected);                                              \
	} while (0)

/* Every text of the array is refused as the option's value, because it `is_not` that. */
#define ASSERT_ALL_BAD(option, texts, is_not)                                                      \
	assert_all_bad(option, texts, sizeof(texts) / sizeof((texts)[0]), is_not)

static inline void assert_all_bad(const char *option, const char *const *texts, size_t count,
				  const char *is_not)
{
	char argument[128], expected[JB_OPTIONS_ERROR];

	for (size_t i = 0; i < count; i++) {
		snprintf(argument, sizeof(argument), "--%s=%s", option, texts[i]);
		snprintf(expected, sizeof(expected), "argument --%s: '%s' is not %s", option,
			 texts[i], is_not);
		ASSERT_BAD(expected, argument);
	}
}

/* A table of this row alone has a default that can't be parsed. */
static inline void assert_bad_default(const struct jb_option *row, const char *expected)
{
	const struct jb_options alone = {.table = row, .count = 1};

	assert_int_equal(jb_options_parse(&alone, 0, NULL, &config, NULL, error, sizeof(error)),
			 -EINVAL);
	assert_string_equal(error, expected);
}

/* The items, with a line break behind each. */
static inline const char *lines_of(const struct jb_list *list)
{
	static char text[JB_LIST_ITEMS_MAX * 8];
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < list->count && len < sizeof(text); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s\n", list->item[i]);
	return text;
}

static inline unsigned int count_ports(void)
{
	unsigned int count = 0;

	for (unsigned int port = 0; port < 65536; port++)
		count += jb_ports_has(&config.ports, (uint16_t)port);
	return count;
}

/* Before each test. */
static inline int clear_environment(void **state)
{
	(void)state;
	return clearenv();
}

#define OPTIONS_TEST(name) cmocka_unit_test_setup(name, clear_environment)

#endif
