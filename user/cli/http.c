/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cli/http.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

/* The longest page that an agent serves. */
#define JB_HTTP_LIMIT     (1UL << 30)
#define JB_HTTP_TIMEOUT_S 10L
#define JB_TOKEN_MAX      4096

static size_t take(char *data, size_t size, size_t n, void *body)
{
	jb_buffer_append(body, data, size * n);
	return ((struct jb_buffer *)body)->error ? 0 : size * n;
}

static int read_token(const char *path, char token[JB_TOKEN_MAX + 1], char *error)
{
	FILE *file = fopen(path, "re");
	size_t len;

	if (!file) {
		snprintf(error, JB_HTTP_ERROR, "--token-file %s: %s", path, strerror(errno));
		return -errno;
	}
	len = fread(token, 1, JB_TOKEN_MAX, file);
	fclose(file);
	token[len] = '\0';
	token[strcspn(token, "\r\n")] = '\0';
	if (*token)
		return 0;
	snprintf(error, JB_HTTP_ERROR, "--token-file %s: empty", path);
	return -EINVAL;
}

static int result(CURL *curl, CURLcode code, const char *url, char *error)
{
	long status = 0;

	if (code == CURLE_COULDNT_CONNECT) {
		snprintf(error, JB_HTTP_ERROR, "%s: %s", url, curl_easy_strerror(code));
		return -ECONNREFUSED;
	}
	if (code) {
		snprintf(error, JB_HTTP_ERROR, "%s: %s", url, curl_easy_strerror(code));
		return -EIO;
	}
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	if (status == 200)
		return 0;
	snprintf(error, JB_HTTP_ERROR, "%s: HTTP status %ld%s", url, status,
		 status == 401 ? " (give --token-file)" : "");
	return -EACCES;
}

static int get(CURL *curl, const char *url, const char *token, struct jb_buffer *body, char *error)
{
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, JB_HTTP_TIMEOUT_S);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*"); /* an agent is near */
	curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip");
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
	if (*token) {
		curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
		curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, token);
	}
	return result(curl, curl_easy_perform(curl), url, error);
}

/* The path brings its own slash; those of "http://" stay. */
static size_t base_length(const char *base)
{
	size_t len = strlen(base);

	return len > 1 && base[len - 1] == '/' && base[len - 2] != '/' ? len - 1 : len;
}

int jb_http_get(const char *base, const char *path, const char *token_file, struct jb_buffer *body,
		char *error)
{
	char token[JB_TOKEN_MAX + 1] = "";
	struct jb_buffer url = {};
	CURL *curl;
	int err;

	if (token_file) {
		err = read_token(token_file, token, error);
		if (err)
			return err;
	}
	body->limit = JB_HTTP_LIMIT;
	jb_buffer_append(&url, base, base_length(base));
	jb_buffer_puts(&url, path);
	curl = curl_easy_init();
	err = curl && !url.error ? get(curl, url.data, token, body, error) : -ENOMEM;
	if (err == -ENOMEM)
		snprintf(error, JB_HTTP_ERROR, "%s", strerror(ENOMEM));
	curl_easy_cleanup(curl);
	jb_buffer_free(&url);
	return err;
}
