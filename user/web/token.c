/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "web/token.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/types.h>
#include <unistd.h>

#define SCHEME "Bearer"

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       same_time(&a->st_mtim, &b->st_mtim) && same_time(&a->st_ctim, &b->st_ctim);
}

/* Up to `size` bytes; more than a read() may give at once. */
static ssize_t read_all(int fd, char *out, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(fd, out + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

/* The length of a token that can be sent in a header, or -errno. */
static ssize_t token_length(const char *text, size_t len)
{
	if (len > JB_TOKEN_MAX)
		return -EFBIG;
	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	if (len == 0)
		return -ENODATA;
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return -EINVAL;
	return (ssize_t)len;
}

/* The stat comes first: a change while reading makes the file another one at the next refresh. */
static int read_token(struct jb_token *token, int fd)
{
	char text[JB_TOKEN_MAX + 1];
	struct stat st;
	ssize_t len;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	len = read_all(fd, text, sizeof(text));
	if (len >= 0)
		len = token_length(text, (size_t)len);
	if (len < 0)
		return (int)len;
	memcpy(token->value, text, (size_t)len);
	token->len = (size_t)len;
	token->seen = st;
	return 0;
}

int jb_token_refresh(struct jb_token *token)
{
	struct stat st;
	int fd;
	int err;

	if (token->len > 0 && stat(token->path, &st) == 0 && same_file(&st, &token->seen))
		return 0;
	token->len = 0;
	memset(token->value, 0, sizeof(token->value));
	/* Non-blocking: the path may lead to a FIFO, which must not hold up the agent. */
	fd = open(token->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	err = read_token(token, fd);
	close(fd);
	return err;
}

bool jb_token_matches(const struct jb_token *token, const char *authorization)
{
	size_t scheme_len = strlen(SCHEME);
	unsigned int difference;
	size_t len;

	if (token->len == 0 || !authorization ||
	    strncasecmp(authorization, SCHEME, scheme_len) != 0)
		return false;
	authorization += scheme_len;
	if (*authorization != ' ')
		return false;
	authorization += strspn(authorization, " ");
	len = strlen(authorization);
	if (len > JB_TOKEN_MAX)
		return false;
	/* `value` is padded with zeros: the time depends on what was sent, never on the secret. */
	difference = len != token->len;
	for (size_t i = 0; i < len; i++)
		difference |= (unsigned char)(authorization[i] ^ token->value[i]);
	return difference == 0;
}
