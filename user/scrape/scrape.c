/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "scrape/scrape.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "scrape/private.h"

/* Octets of a line that count: one more than it may have, which tells that it is too long. */
enum { COUNTED = JB_SCRAPE_LINE_MAX + 1 };

struct jb_scrape {
	struct jb_scrape_names names;
	enum jb_scrape_format format;
	uint64_t max_octets;
	jb_scrape_fn fn;
	void *ctx;
	int error; /* that ended the page */
	struct jb_scrape_result result;

	/* The name of the line before, which most lines share, and what it is. */
	char last[JB_SCRAPE_NAME_MAX];
	size_t last_len; /* 0: none */
	const struct jb_scrape_name *last_name;

	/* The line that isn't ended; or one that is, with a NUL, while it is read. */
	size_t len;
	char line[COUNTED + 1];
	struct jb_scrape_labels labels;
};

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

int jb_scrape_new(const struct jb_scrape_family *families, size_t n, struct jb_scrape **ret_scrape)
{
	struct jb_scrape *scrape = calloc(1, sizeof(*scrape));
	int err;

	if (!scrape)
		return -ENOMEM;
	err = jb_scrape_names_init(&scrape->names, families, n);
	if (err) {
		jb_scrape_free(scrape);
		return err;
	}
	*ret_scrape = scrape;
	return 0;
}

void jb_scrape_free(struct jb_scrape *scrape)
{
	if (!scrape)
		return;
	jb_scrape_names_free(&scrape->names);
	free(scrape);
}

void jb_scrape_begin(struct jb_scrape *scrape, enum jb_scrape_format format, uint64_t max_octets,
		     jb_scrape_fn fn, void *ctx)
{
	scrape->format = format;
	scrape->max_octets = max_octets;
	scrape->fn = fn;
	scrape->ctx = ctx;
	scrape->error = 0;
	scrape->len = 0;
	memset(&scrape->result, 0, sizeof(scrape->result));
}

const struct jb_scrape_result *jb_scrape_result(const struct jb_scrape *scrape)
{
	return &scrape->result;
}

/* What is wrong in the line that is being read. Only the first is kept. */
static void __attribute__((format(printf, 2, 3)))
tell(struct jb_scrape *scrape, const char *format, ...)
{
	char *error = scrape->result.error;
	va_list arguments;
	int len;

	if (*error)
		return;
	len = snprintf(error, JB_SCRAPE_ERROR_SIZE, "line %" PRIu64 ": ", scrape->result.lines + 1);
	va_start(arguments, format);
	vsnprintf(error + len, (size_t)(JB_SCRAPE_ERROR_SIZE - len), format, arguments);
	va_end(arguments);
}

static void refuse(struct jb_scrape *scrape, const struct jb_scrape_name *name, const char *wrong)
{
	tell(scrape, "%s: %s", name->text, wrong);
	scrape->result.malformed++;
}

/* What begins a line that is neither a comment nor of a wanted family. */
static void check_first(struct jb_scrape *scrape, unsigned char first)
{
	if (first == '{' || jb_octet_is((char)first, JB_OCTET_LABEL | JB_OCTET_COLON))
		return;
	if (first > ' ' && first <= '~')
		tell(scrape, "no line of metrics begins with '%c'", first);
	else
		tell(scrape, "no line of metrics begins with octet 0x%02x", first);
	scrape->result.malformed++;
}

static bool is_like_last(const struct jb_scrape *scrape, const char *line, size_t len)
{
	size_t last = scrape->last_len;

	return last && len > last && !memcmp(line, scrape->last, last) &&
	       !jb_octet_is(line[last], JB_OCTET_NAME);
}

/* Whose line it is; NULL: no wanted one's. Remembers the name in `last`. */
static const struct jb_scrape_name *find_name(struct jb_scrape *scrape, const char *line,
					      size_t len)
{
	size_t name_len = jb_octet_span(line, min(len, JB_SCRAPE_NAME_MAX), JB_OCTET_NAME);

	if (!name_len || jb_octet_is(*line, JB_OCTET_DIGIT)) {
		check_first(scrape, (unsigned char)*line);
		return NULL;
	}
	if (name_len < len && jb_octet_is(line[name_len], JB_OCTET_NAME))
		return NULL; /* longer than any that is wanted */
	memcpy(scrape->last, line, name_len);
	scrape->last_len = name_len;
	scrape->last_name = jb_scrape_names_find(&scrape->names, line, name_len);
	return scrape->last_name;
}

static bool is_ascii(const char *text, size_t len)
{
	uint64_t octets, all = 0;
	size_t at = 0;

	for (; at + sizeof(octets) <= len; at += sizeof(octets)) {
		memcpy(&octets, text + at, sizeof(octets));
		all |= octets;
	}
	for (; at < len; at++)
		all |= (unsigned char)text[at];
	return !(all & UINT64_C(0x8080808080808080));
}

/* Of text with a NUL at its end. */
static bool is_utf8(const char *text, size_t len)
{
	size_t octets;

	for (size_t at = 0; at < len; at += octets) {
		octets = jb_utf8_length(text + at);
		if (!octets)
			return false;
	}
	return true;
}

/* A whole line of a wanted family, from its name on. */
static int read_line(struct jb_scrape *scrape, const struct jb_scrape_name *name, const char *data,
		     size_t len)
{
	struct jb_scrape_sample sample = {.family = name->family, .suffix = name->suffix};
	const char *wrong;

	memmove(scrape->line, data, len); /* it may be there already */
	scrape->line[len] = '\0';
	if (memchr(scrape->line, '\0', len))
		wrong = "there is a NUL in it";
	else if (!is_ascii(scrape->line, len) && !is_utf8(scrape->line, len))
		wrong = "not UTF-8";
	else
		wrong = jb_scrape_read_sample(scrape->line + name->len, &scrape->labels, &sample);
	if (wrong) {
		refuse(scrape, name, wrong);
		return 0;
	}
	scrape->result.samples++;
	return scrape->fn(scrape->ctx, &sample);
}

static bool is_eof(const struct jb_scrape *scrape, const char *line, size_t len)
{
	return scrape->format != JB_SCRAPE_TEXT && len == strlen("# EOF") &&
	       !memcmp(line, "# EOF", len);
}

static void read_comment(struct jb_scrape *scrape, const char *line, size_t len)
{
	static const char unit[] = "# UNIT ";

	if (is_eof(scrape, line, len))
		scrape->result.eof = true;
	else if (scrape->format == JB_SCRAPE_DETECT && len >= sizeof(unit) - 1 &&
		 !memcmp(line, unit, sizeof(unit) - 1))
		scrape->format = JB_SCRAPE_OPENMETRICS;
}

/* A whole line without its line feed. */
static int take_line(struct jb_scrape *scrape, const char *line, size_t len)
{
	const struct jb_scrape_name *name;
	size_t blanks;

	if (scrape->result.eof) {
		tell(scrape, "it follows '# EOF'");
		scrape->result.malformed++;
		return 0;
	}
	blanks = jb_octet_span(line, len, JB_OCTET_BLANK);
	if (blanks == len)
		return 0;
	if (line[blanks] == '#') {
		read_comment(scrape, line + blanks, len - blanks);
		return 0;
	}
	line += blanks;
	name = is_like_last(scrape, line, len - blanks) ? scrape->last_name
							: find_name(scrape, line, len - blanks);
	if (!name)
		return 0;
	if (len > JB_SCRAPE_LINE_MAX) {
		refuse(scrape, name, "the line is too long");
		return 0;
	}
	return read_line(scrape, name, line, len - blanks);
}

/* Keeps the beginning or the next part of a line, as far as it counts. */
static void keep(struct jb_scrape *scrape, const char *data, size_t len)
{
	len = min(len, COUNTED - scrape->len);
	memcpy(scrape->line + scrape->len, data, len);
	scrape->len += len;
}

/* The part of a line up to its line feed. */
static int end_line(struct jb_scrape *scrape, const char *data, size_t len)
{
	int err;

	if (scrape->len) {
		keep(scrape, data, len);
		len = scrape->len;
		scrape->len = 0;
		data = scrape->line;
	}
	err = take_line(scrape, data, min(len, COUNTED));
	scrape->result.lines++;
	return err;
}

static int take(struct jb_scrape *scrape, const char *data, size_t len)
{
	const char *end = data + len, *line_feed;
	int err;

	while (data < end) {
		line_feed = memchr(data, '\n', (size_t)(end - data));
		if (!line_feed) {
			keep(scrape, data, (size_t)(end - data));
			break;
		}
		err = end_line(scrape, data, (size_t)(line_feed - data));
		if (err)
			return err;
		data = line_feed + 1;
	}
	return 0;
}

int jb_scrape_feed(struct jb_scrape *scrape, const char *data, size_t len)
{
	uint64_t room = scrape->max_octets - scrape->result.octets;
	bool is_beyond = len > room;

	if (scrape->error)
		return scrape->error;
	len = is_beyond ? room : len;
	scrape->result.octets += len;
	scrape->error = take(scrape, data, len);
	if (!scrape->error && is_beyond) {
		tell(scrape, "the page is longer than %" PRIu64 " octets", scrape->max_octets);
		scrape->error = -E2BIG;
	}
	return scrape->error;
}

/* `# EOF` needs no line feed. */
static void end_last_line(struct jb_scrape *scrape)
{
	if (!scrape->len)
		return;
	if (scrape->result.eof || is_eof(scrape, scrape->line, scrape->len)) {
		take_line(scrape, scrape->line, scrape->len);
		scrape->result.lines++;
		return;
	}
	tell(scrape, "the page ends in it");
	scrape->error = -ENODATA;
}

int jb_scrape_end(struct jb_scrape *scrape)
{
	if (scrape->error)
		return scrape->error;
	end_last_line(scrape);
	if (!scrape->error && scrape->format == JB_SCRAPE_OPENMETRICS && !scrape->result.eof) {
		tell(scrape, "the page ends without '# EOF'");
		scrape->error = -ENODATA;
	}
	return scrape->error;
}
