/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "audit/sink.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

int jb_sink_open(struct jb_sink *sink, const char *file)
{
	struct jb_sink made = {.buffer.limit = JB_SINK_LIMIT};
	int err;

	if (!strcmp(file, "-")) {
		err = jb_output_open_stdout(&made.output);
	} else {
		made.file = strdup(file);
		err = made.file ? jb_output_open_file(&made.output, file) : -ENOMEM;
	}
	if (err) {
		free(made.file);
		return err;
	}
	*sink = made;
	return 0;
}

static __u64 count_lines(const char *data, size_t len)
{
	__u64 count = 0;

	for (const char *c = data; (c = memchr(c, '\n', len - (size_t)(c - data))); c++)
		count++;
	return count;
}

/* So many octets at the front are done with. */
static void advance(struct jb_sink *sink, size_t len)
{
	sink->done += len;
	sink->in_line = sink->buffer.data[sink->done - 1] != '\n';
	if (sink->done < sink->buffer.len)
		return;
	jb_buffer_reset(&sink->buffer);
	sink->done = 0;
}

/* So many are written. */
static void pass(struct jb_sink *sink, size_t len)
{
	sink->written += count_lines(sink->buffer.data + sink->done, len);
	advance(sink, len);
}

/* The rest of the line that is written in part, with its newline; 0: there is none such. */
static size_t rest_of_line(const struct jb_sink *sink)
{
	const char *rest, *end;

	if (!sink->in_line)
		return 0;
	rest = sink->buffer.data + sink->done;
	end = memchr(rest, '\n', jb_sink_buffered(sink));
	return end ? (size_t)(end - rest) + 1 : 0;
}

/* Whoever has the front of a line doesn't get its end. */
static void drop_broken_line(struct jb_sink *sink)
{
	size_t len = rest_of_line(sink);

	if (!len)
		return;
	sink->dropped++;
	advance(sink, len);
}

void jb_sink_flush(struct jb_sink *sink)
{
	while (jb_sink_buffered(sink) && sink->output.fd >= 0) {
		ssize_t len = jb_output_write(&sink->output, sink->buffer.data + sink->done,
					      jb_sink_buffered(sink));

		if (len < 0) {
			if (len != -EAGAIN)
				sink->write_error = (int)len;
			if (len == -EPIPE)
				drop_broken_line(sink);
			return;
		}
		sink->write_error = 0;
		pass(sink, (size_t)len);
	}
}

static bool has_room(const struct jb_sink *sink, size_t len)
{
	return len <= sink->buffer.limit - sink->buffer.len;
}

/* Writes, then moves what is left to the front; seldom, for that can be a megabyte. */
static void make_room(struct jb_sink *sink)
{
	struct jb_buffer *buffer = &sink->buffer;

	jb_sink_flush(sink);
	if (sink->done < buffer->limit / 4)
		return;
	buffer->len -= sink->done;
	memmove(buffer->data, buffer->data + sink->done, buffer->len + 1);
	sink->done = 0;
}

int jb_sink_put(struct jb_sink *sink, const char *line, size_t len)
{
	int err;

	if (!has_room(sink, len))
		make_room(sink);
	if (!has_room(sink, len))
		return -ENOBUFS;
	jb_buffer_append(&sink->buffer, line, len);
	err = sink->buffer.error;
	sink->buffer.error = 0;
	return err;
}

/* A new file isn't to begin with the end of a line. */
static void finish_line(struct jb_sink *sink)
{
	size_t rest = rest_of_line(sink);
	ssize_t len;

	if (!rest)
		return;
	if (!jb_output_is_removed(&sink->output)) {
		len = jb_output_write(&sink->output, sink->buffer.data + sink->done, rest);
		if (len > 0)
			pass(sink, (size_t)len);
	}
	drop_broken_line(sink);
}

void jb_sink_follow(struct jb_sink *sink)
{
	struct jb_output fresh;

	if (!sink->file || !jb_output_has_moved(&sink->output, sink->file))
		return;
	sink->open_error = jb_output_open_file(&fresh, sink->file);
	if (sink->open_error && (sink->output.fd < 0 || !jb_output_is_removed(&sink->output)))
		return;
	finish_line(sink);
	jb_output_close(&sink->output);
	if (sink->open_error)
		return;
	sink->output = fresh;
	sink->write_error = 0;
}

void jb_sink_drain(struct jb_sink *sink, unsigned int milliseconds)
{
	__u64 end_ns = jb_now_ns() + milliseconds * 1000000ULL;
	struct pollfd ready = {.fd = sink->output.fd, .events = POLLOUT};
	__u64 now_ns;

	jb_sink_flush(sink);
	while (jb_sink_buffered(sink) && sink->output.fd >= 0 && !sink->write_error) {
		now_ns = jb_now_ns();
		if (now_ns >= end_ns)
			return;
		poll(&ready, 1, (int)((end_ns - now_ns) / 1000000) + 1);
		jb_sink_flush(sink);
	}
}

void jb_sink_close(struct jb_sink *sink)
{
	if (jb_sink_buffered(sink))
		sink->dropped += count_lines(sink->buffer.data + sink->done,
					     jb_sink_buffered(sink));
	jb_output_close(&sink->output);
	jb_buffer_free(&sink->buffer);
	free(sink->file);
	sink->file = NULL;
	sink->done = 0;
}
