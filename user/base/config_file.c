/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "base/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int check_kind(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	return S_ISREG(st.st_mode) ? 0 : -EINVAL;
}

static int read_all(int fd, struct jb_buffer *text)
{
	char chunk[4096];
	ssize_t len;

	do {
		len = read(fd, chunk, sizeof(chunk));
		if (len < 0)
			return -errno;
		jb_buffer_append(text, chunk, (size_t)len);
	} while (len && !text->error);
	return text->error == -E2BIG ? -EFBIG : text->error;
}

int jb_config_file_read(const char *path, size_t limit, struct jb_config_file *ret_file)
{
	struct jb_config_file file = {.text.limit = limit};
	/* Non-blocking: the path may lead to a FIFO that nobody writes to. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int err;

	if (fd < 0)
		return -errno;
	err = check_kind(fd);
	if (!err)
		err = read_all(fd, &file.text);
	close(fd);
	if (err) {
		jb_config_file_free(&file);
		return err;
	}
	*ret_file = file;
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Cuts the blanks off both ends of [text, end) and ends it with a NUL, which `end` has room for. */
static char *trim(char *text, char *end)
{
	while (text < end && is_blank(*text))
		text++;
	while (end > text && is_blank(end[-1]))
		end--;
	*end = '\0';
	return text;
}

/* The next line, or NULL at the end of the file. */
static char *take_line(struct jb_config_file *file, char **ret_end)
{
	char *text = file->text.data + file->offset;
	size_t left = file->text.len - file->offset;
	char *end = memchr(text, '\n', left);

	if (!left)
		return NULL;
	file->offset += end ? (size_t)(end - text) + 1 : left;
	file->line++;
	if (!end)
		end = text + left;
	if (end > text && end[-1] == '\r')
		end--;
	*ret_end = end;
	return text;
}

static bool has_control(const char *text, const char *end)
{
	for (; text < end; text++) {
		if (((unsigned char)*text < ' ' && *text != '\t') || *text == 0x7f)
			return true;
	}
	return false;
}

static char *before_comment(char *text, char *end)
{
	for (char *c = text; c < end; c++) {
		if (*c == '#' && (c == text || is_blank(c[-1])))
			return c;
	}
	return end;
}

int jb_config_file_next(struct jb_config_file *file, char **ret_name, char **ret_value)
{
	char *line, *end, *equals;

	do {
		line = take_line(file, &end);
		if (!line)
			return 0;
		if (has_control(line, end))
			return -EILSEQ;
		end = before_comment(line, end);
		line = trim(line, end);
	} while (!*line);

	*ret_name = line;
	equals = strchr(line, '=');
	if (!equals || equals == line)
		return -EINVAL;
	*ret_value = trim(equals + 1, line + strlen(line));
	trim(line, equals);
	return 1;
}

void jb_config_file_free(struct jb_config_file *file)
{
	jb_buffer_free(&file->text);
}
