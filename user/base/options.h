/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef JB_BASE_OPTIONS_H
#define JB_BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/values.h"

/*
 * One table of options per subcommand; a row serves the command line (`--max-series 5`,
 * `--max-series=5`), the environment (JITTERBUG_MAX_SERIES), the file of --config
 * (`max-series = 5`) and --help. The argument beats the environment beats the file beats the
 * default; only the value in force is checked. Given twice in one place, the last counts; of a list
 * all do, and those of the strongest place are the whole list.
 *
 *	struct example { struct jb_address listen; uint64_t grace_ns; char *config; };
 *	static const struct jb_option table[] = {
 *		{"listen", JB_OPTION_ADDRESS(struct example, listen), .value = "0.0.0.0:9504",
 *		 .help = "address and port of /metrics"},
 *		{"grace", JB_OPTION_DURATION(struct example, grace_ns), .value = "5m",
 *		 .help = "how long a pod's counters outlive it"},
 *		{"config", JB_OPTION_CONFIG(struct example, config), .help = "read options from
 *FILE"},
 *	};
 *
 * A name of one letter is written `-o VALUE`. A flag is `--name`, or has a value (`--name=false`).
 * An empty environment variable is as none; unknown ones are ignored, since Kubernetes injects
 * some (JITTERBUG_PORT=tcp://...) for a Service of that name. One item of a list is an argument, a
 * line of the file, or a word of the environment variable.
 */
enum jb_option_kind {
	JB_OPTION_KIND_FLAG,
	JB_OPTION_KIND_STRING,
	JB_OPTION_KIND_CONFIG,
	JB_OPTION_KIND_U32,
	JB_OPTION_KIND_PERCENT,
	JB_OPTION_KIND_DURATION,
	JB_OPTION_KIND_ENUM,
	JB_OPTION_KIND_PORTS,
	JB_OPTION_KIND_ADDRESS,
	JB_OPTION_KIND_LIST,
	JB_OPTION_KIND_MAX,
};

struct jb_option {
	const char *name;         /* lower case with dashes, at most 48 bytes */
	enum jb_option_kind kind; /* kind and offset: by a macro below */
	size_t offset;
	const char *value;       /* the default, as one would write it; NULL: zeros */
	const char *help;        /* one line, without the default */
	const char *placeholder; /* of the value in --help; NULL: the kind's own */
	/* Of a u32 (max 0: UINT32_MAX), a percent (in ppm; 0: 100%), a duration (in ns; 0: any). */
	uint64_t min, max;
	const char *const
		*names;     /* of an enum, in the order of its values from 0, NULL at the end */
	bool argument_only; /* neither in the environment nor in the file */
};

/* The offset of a field; a field of another type or size than its kind's doesn't compile. */
#define JB_OPTION_FIELD(config, field, ok)                                                         \
	(offsetof(config, field) + 0 * sizeof(char[(ok) ? 1 : -1]))
#define JB_OPTION_TYPED(config, field, type)                                                       \
	JB_OPTION_FIELD(config, field,                                                             \
			__builtin_types_compatible_p(__typeof__(((config *)0)->field), type))

#define JB_OPTION_FLAG(config, field)                                                              \
	.kind = JB_OPTION_KIND_FLAG, .offset = JB_OPTION_TYPED(config, field, bool)
/* Strings are allocated, and freed by jb_options_free(); NULL where none was given. */
#define JB_OPTION_STRING(config, field)                                                            \
	.kind = JB_OPTION_KIND_STRING, .offset = JB_OPTION_TYPED(config, field, char *)
/* The string that names the file of options; at most one row, without a default. */
#define JB_OPTION_CONFIG(config, field)                                                            \
	.kind = JB_OPTION_KIND_CONFIG, .offset = JB_OPTION_TYPED(config, field, char *)
#define JB_OPTION_U32(config, field)                                                               \
	.kind = JB_OPTION_KIND_U32, .offset = JB_OPTION_TYPED(config, field, uint32_t)
/* In parts per million: 2% is 20000. */
#define JB_OPTION_PERCENT(config, field)                                                           \
	.kind = JB_OPTION_KIND_PERCENT, .offset = JB_OPTION_TYPED(config, field, uint32_t)
#define JB_OPTION_DURATION(config, field)                                                          \
	.kind = JB_OPTION_KIND_DURATION, .offset = JB_OPTION_TYPED(config, field, uint64_t)
#define JB_OPTION_ENUM(config, field, enum_names)                                                  \
	.kind = JB_OPTION_KIND_ENUM, .names = (enum_names),                                        \
	.offset = JB_OPTION_FIELD(config, field,                                                   \
				  sizeof(((config *)0)->field) == sizeof(unsigned int))
#define JB_OPTION_PORTS(config, field)                                                             \
	.kind = JB_OPTION_KIND_PORTS, .offset = JB_OPTION_TYPED(config, field, struct jb_ports)
#define JB_OPTION_ADDRESS(config, field)                                                           \
	.kind = JB_OPTION_KIND_ADDRESS, .offset = JB_OPTION_TYPED(config, field, struct jb_address)
/* Texts, at most JB_LIST_ITEMS_MAX, freed by jb_options_free(). No default; has a placeholder. */
#define JB_OPTION_LIST(config, field)                                                              \
	.kind = JB_OPTION_KIND_LIST, .offset = JB_OPTION_TYPED(config, field, struct jb_list)

enum {
	JB_POSITIONALS_MAX = 8,
	JB_OPTIONS_HELP = 1,     /* --help was asked for */
	JB_OPTIONS_ERROR = 512,  /* a good size for the error's buffer */
	JB_CONFIG_LIMIT = 65536, /* bytes of a config file */
};

struct jb_options {
	const char *usage; /* "jitterbug replay [OPTION]... FILE" */
	const char *about; /* lines below it, or NULL */
	const struct jb_option *table;
	size_t count;
	size_t positionals; /* how many are allowed at most, up to JB_POSITIONALS_MAX */
};

/*
 * Sets every field that the table names; what they held before doesn't matter. The arguments start
 * after the subcommand's name and must outlive `ret_positionals`: an array of
 * `options->positionals` entries (NULL if that is 0), NULL behind the last one given.
 *
 * Returns 0, JB_OPTIONS_HELP, -EINVAL for a usage error (exit 2), or another -errno for a config
 * file that can't be read (exit 1). On an error one line without a newline, printable ASCII only,
 * is in `error`. Unless 0 is returned, nothing has to be freed, and what is in `config` is
 * undefined.
 */
int jb_options_parse(const struct jb_options *options, int argc, char *const argv[], void *config,
		     const char **ret_positionals, char *error, size_t error_size);

/* Frees the strings and lists of a config that was parsed; they are NULL and empty then. */
void jb_options_free(const struct jb_options *options, void *config);

/* Appends the text of --help. */
void jb_options_help(const struct jb_options *options, struct jb_buffer *out);

#endif
