/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "base/log.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"
#include "base/values.h"

enum { MESSAGE_SIZE = 4096 };

const char *const jb_log_level_names[] = {
	[JB_LOG_ERROR] = "error", [JB_LOG_WARNING] = "warning", [JB_LOG_INFO] = "info",
	[JB_LOG_DEBUG] = "debug", [JB_LOG_LEVEL_MAX] = NULL,
};

const char *const jb_log_format_names[] = {
	[JB_LOG_TEXT] = "text",
	[JB_LOG_JSON] = "json",
	[JB_LOG_FORMAT_MAX] = NULL,
};

static enum jb_log_level enabled_level = JB_LOG_INFO;
static enum jb_log_format enabled_format = JB_LOG_TEXT;

int jb_log_level_parse(const char *name, enum jb_log_level *ret_level)
{
	unsigned int index;
	int err = jb_value_enum(name, jb_log_level_names, &index);

	if (!err)
		*ret_level = (enum jb_log_level)index;
	return err;
}

int jb_log_format_parse(const char *name, enum jb_log_format *ret_format)
{
	unsigned int index;
	int err = jb_value_enum(name, jb_log_format_names, &index);

	if (!err)
		*ret_format = (enum jb_log_format)index;
	return err;
}

void jb_log_init(enum jb_log_level level, enum jb_log_format format)
{
	enabled_level = level;
	enabled_format = format;
}

/* C0, DEL, and C1 in its UTF-8 form: a terminal obeys all three. */
static bool is_control(const char *text, size_t len)
{
	unsigned char first = (unsigned char)text[0];

	return first < 0x20 || first == 0x7f ||
	       (len == 2 && first == 0xc2 && (unsigned char)text[1] < 0xa0);
}

static void append_json(struct jb_buffer *out, const char *text)
{
	size_t len;

	for (; *text; text += len ? len : 1) {
		len = jb_utf8_length(text);
		if (!len)
			jb_buffer_puts(out, "\\ufffd");
		else if (*text == '"' || *text == '\\')
			jb_buffer_printf(out, "\\%c", *text);
		else if (is_control(text, len))
			jb_buffer_printf(out, "\\u%04x", (unsigned char)text[len - 1]);
		else
			jb_buffer_append(out, text, len);
	}
}

static void append_text(struct jb_buffer *out, const char *text)
{
	size_t len;

	for (; *text; text += len ? len : 1) {
		len = jb_utf8_length(text);
		if (!len || is_control(text, len))
			jb_buffer_printf(out, "\\x%02x", (unsigned char)text[len ? len - 1 : 0]);
		else
			jb_buffer_append(out, text, len);
	}
}

static void append_time(struct jb_buffer *out, const struct timespec *time)
{
	char text[32] = "";
	struct tm utc;

	if (gmtime_r(&time->tv_sec, &utc))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
	jb_buffer_printf(out, "%s.%03ldZ", text, time->tv_nsec / 1000000);
}

void jb_log_line(struct jb_buffer *out, enum jb_log_format format, enum jb_log_level level,
		 const struct timespec *time, const char *message)
{
	if (format == JB_LOG_JSON) {
		jb_buffer_puts(out, "{\"time\":\"");
		append_time(out, time);
		jb_buffer_printf(out, "\",\"level\":\"%s\",\"msg\":\"", jb_log_level_names[level]);
		append_json(out, message);
		jb_buffer_puts(out, "\"}\n");
		return;
	}
	append_time(out, time);
	jb_buffer_printf(out, " %s: ", jb_log_level_names[level]);
	append_text(out, message);
	jb_buffer_puts(out, "\n");
}

static void write_all(const char *data, size_t len)
{
	while (len) {
		ssize_t written = write(STDERR_FILENO, data, len);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return;
		data += written;
		len -= (size_t)written;
	}
}

void jb_log(enum jb_log_level level, const char *format, ...)
{
	static const char lost[] = "error: a log line was lost: out of memory\n";
	struct jb_buffer line = {0};
	char message[MESSAGE_SIZE] = "";
	int saved_errno = errno;
	struct timespec now;
	va_list arguments;

	if (level > enabled_level)
		return;
	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	clock_gettime(CLOCK_REALTIME, &now);
	jb_log_line(&line, enabled_format, level, &now, message);
	if (line.error)
		write_all(lost, sizeof(lost) - 1);
	else
		write_all(line.data, line.len);
	jb_buffer_free(&line);
	errno = saved_errno;
}
