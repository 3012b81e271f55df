/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "kubernetes/http.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/clock.h"

enum {
	TOKEN_MAX = 16 << 10,
	POLL_MS = 1000,
	SLOW_BPS = 1024,
	KEEPALIVE_S = 30,
	RETRY_AFTER_MAX_S = 3600
};

struct jb_pods_http {
	CURLM *multi;
	atomic_bool stopped;
	atomic_bool woken;
};

/* One request on its way. */
struct transfer {
	const struct jb_pods_request *request;
	CURL *easy;
	uint64_t received;
	bool begun;     /* the headers were handed on */
	bool too_large; /* beyond the limit */
	char error[CURL_ERROR_SIZE];
	char token[TOKEN_MAX + 2];
};

int jb_pods_http_new(struct jb_pods_http **ret_http)
{
	struct jb_pods_http *http;

	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		return -EIO;
	http = calloc(1, sizeof(*http));
	if (http)
		http->multi = curl_multi_init();
	if (!http || !http->multi) {
		free(http);
		curl_global_cleanup();
		return -ENOMEM;
	}
	*ret_http = http;
	return 0;
}

void jb_pods_http_free(struct jb_pods_http *http)
{
	if (!http)
		return;
	curl_multi_cleanup(http->multi);
	free(http);
	curl_global_cleanup();
}

void jb_pods_http_stop(struct jb_pods_http *http)
{
	atomic_store(&http->stopped, true);
	curl_multi_wakeup(http->multi);
}

bool jb_pods_http_stopped(const struct jb_pods_http *http)
{
	return atomic_load(&http->stopped);
}

void jb_pods_http_wake(struct jb_pods_http *http)
{
	if (!atomic_exchange(&http->woken, true))
		curl_multi_wakeup(http->multi);
}

void jb_pods_http_wait(struct jb_pods_http *http, uint64_t ns)
{
	uint64_t end = jb_now_ns() + ns;
	int64_t left;

	while (!jb_pods_http_stopped(http) && !atomic_exchange(&http->woken, false)) {
		left = (int64_t)(end - jb_now_ns());
		if (left <= 0)
			return;
		left = left / 1000000 + 1;
		curl_multi_poll(http->multi, NULL, 0, left < POLL_MS ? (int)left : POLL_MS, NULL);
	}
}

static long status_of(struct transfer *transfer)
{
	long status = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

static long retry_after_of(struct transfer *transfer)
{
	curl_off_t seconds = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &seconds);
	return seconds > 0 && seconds < RETRY_AFTER_MAX_S ? (long)seconds : 0;
}

static int hand_on(struct transfer *transfer, const char *data, size_t len)
{
	const struct jb_pods_request *request = transfer->request;
	long status = status_of(transfer);

	if (!transfer->begun) {
		transfer->begun = true;
		if (request->data(request->ctx, status, "", 0))
			return -EIO;
	}
	return len ? request->data(request->ctx, status, data, len) : 0;
}

static size_t take_body(char *data, size_t size, size_t n, void *ctx)
{
	struct transfer *transfer = ctx;

	transfer->received += size * n;
	if (transfer->request->limit && transfer->received > transfer->request->limit) {
		transfer->too_large = true;
		return 0;
	}
	return hand_on(transfer, data, size * n) ? 0 : size * n;
}

/* The empty line ends the headers; 1xx has some of its own. */
static size_t take_header(char *data, size_t size, size_t n, void *ctx)
{
	struct transfer *transfer = ctx;

	if (size * n > 2 || (*data != '\r' && *data != '\n') || status_of(transfer) < 200)
		return size * n;
	return hand_on(transfer, NULL, 0) ? 0 : size * n;
}

/* Without the line break at its end; an octet that would break the header is no token's. */
static int read_token(struct transfer *transfer, struct jb_outcome *outcome)
{
	const char *path = transfer->request->token_file;
	FILE *file = fopen(path, "re");
	size_t len;

	if (!file) {
		jb_outcome_set(outcome, JB_PODS_CREDENTIALS, "token %.256s: %s", path,
			       strerror(errno));
		return -EACCES;
	}
	len = fread(transfer->token, 1, TOKEN_MAX + 1, file);
	fclose(file);
	while (len && strchr(" \r\n", transfer->token[len - 1]))
		len--;
	transfer->token[len] = '\0';
	if (!len || len > TOKEN_MAX) {
		jb_outcome_set(outcome, JB_PODS_CREDENTIALS, "token %.256s: %s", path,
			       len ? "longer than 16 KiB" : "empty");
		return -EINVAL;
	}
	for (size_t i = 0; i < len; i++) {
		if (transfer->token[i] <= ' ' || transfer->token[i] > '~') {
			jb_outcome_set(outcome, JB_PODS_CREDENTIALS,
				       "token %.256s: octet %zu isn't printable", path, i);
			return -EINVAL;
		}
	}
	return 0;
}

static int set_credentials(struct transfer *transfer, struct jb_outcome *outcome)
{
	const struct jb_pods_request *request = transfer->request;

	if (strncmp(request->url, "https:", 6) != 0)
		return 0;
	if (!request->insecure && request->ca_file && access(request->ca_file, R_OK)) {
		jb_outcome_set(outcome, JB_PODS_CREDENTIALS, "CA %.256s: %s", request->ca_file,
			       strerror(errno));
		return -EACCES;
	}
	curl_easy_setopt(transfer->easy, CURLOPT_CAINFO, request->ca_file);
	curl_easy_setopt(transfer->easy, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(transfer->easy, CURLOPT_CA_CACHE_TIMEOUT, 0L); /* the file may change */
	curl_easy_setopt(transfer->easy, CURLOPT_SSL_VERIFYPEER, request->insecure ? 0L : 1L);
	curl_easy_setopt(transfer->easy, CURLOPT_SSL_VERIFYHOST, request->insecure ? 0L : 2L);
	if (!request->token_file)
		return 0;
	if (read_token(transfer, outcome))
		return -EACCES;
	curl_easy_setopt(transfer->easy, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
	curl_easy_setopt(transfer->easy, CURLOPT_XOAUTH2_BEARER, transfer->token);
	return 0;
}

static void set_slowness(CURL *easy, const struct jb_pods_request *request)
{
	uint32_t seconds = request->idle_s ? request->idle_s : request->silence_s;

	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, request->idle_s ? (long)SLOW_BPS : 1L);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)seconds);
}

static void set_options(struct transfer *transfer)
{
	const struct jb_pods_request *request = transfer->request;
	CURL *easy = transfer->easy;

	curl_easy_setopt(easy, CURLOPT_URL, request->url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);          /* waits for no resolver */
	curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip"); /* a long list is a tenth of it */
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "jitterbug/" JB_VERSION);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_ms);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)request->total_s);
	set_slowness(easy, request);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_S);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_S / 3);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
}

/* The texts must not have figures that differ each time: libcurl's own of a failed connect do. */
static void set_failure(struct transfer *transfer, CURLcode code, struct jb_outcome *outcome)
{
	const char *text = curl_easy_strerror(code);
	long number = 0;

	switch (code) {
	case CURLE_OK:
		return;
	case CURLE_COULDNT_CONNECT:
	case CURLE_COULDNT_RESOLVE_HOST:
		curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &number);
		jb_outcome_set(outcome, JB_PODS_UNREACHABLE, "%s",
			       number ? strerror((int)number) : text);
		return;
	case CURLE_OPERATION_TIMEDOUT:
		if (status_of(transfer))
			jb_outcome_set(outcome, JB_PODS_TIMEOUT, "too slow, given up");
		else
			jb_outcome_set(outcome, JB_PODS_UNREACHABLE, "no answer in time");
		return;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
		jb_outcome_set(outcome, JB_PODS_TLS, "certificate not accepted with CA %.200s: %s",
			       transfer->request->ca_file ? transfer->request->ca_file : "(none)",
			       *transfer->error ? transfer->error : text);
		return;
	case CURLE_SSL_CONNECT_ERROR:
		jb_outcome_set(outcome, JB_PODS_TLS, "%s", text);
		return;
	case CURLE_WRITE_ERROR:
		if (transfer->too_large) {
			jb_outcome_set(outcome, JB_PODS_TOO_LARGE, "more than %llu octets",
				       (unsigned long long)transfer->request->limit);
			return;
		}
		/* fallthrough */
	default:
		jb_outcome_set(outcome, JB_PODS_BROKEN, "%s", text);
	}
}

/* What has not even begun by then isn't fine. */
static bool is_enough(struct transfer *transfer, CURLcode *ret_code)
{
	const struct jb_pods_request *request = transfer->request;

	if (!request->enough || !request->enough(request->ctx))
		return false;
	*ret_code = transfer->begun ? CURLE_OK : CURLE_OPERATION_TIMEDOUT;
	return true;
}

/* Until the transfer has ended, or is stopped, or enough. */
static CURLcode perform(struct jb_pods_http *http, struct transfer *transfer)
{
	CURLcode code;
	CURLMsg *message;
	int running = 1, left;

	while (!jb_pods_http_stopped(http)) {
		if (curl_multi_perform(http->multi, &running))
			return CURLE_FAILED_INIT;
		message = curl_multi_info_read(http->multi, &left);
		if (message && message->msg == CURLMSG_DONE)
			return message->data.result;
		if (is_enough(transfer, &code))
			return code;
		curl_multi_poll(http->multi, NULL, 0, POLL_MS, NULL);
	}
	return CURLE_ABORTED_BY_CALLBACK;
}

static void run(struct jb_pods_http *http, struct transfer *transfer, struct jb_outcome *outcome)
{
	CURLcode code;

	set_options(transfer);
	if (set_credentials(transfer, outcome))
		return;
	if (curl_multi_add_handle(http->multi, transfer->easy)) {
		jb_outcome_set(outcome, JB_PODS_BROKEN, "%s", strerror(ENOMEM));
		return;
	}
	code = perform(http, transfer);
	outcome->status = status_of(transfer);
	outcome->retry_after_s = retry_after_of(transfer);
	set_failure(transfer, code, outcome);
	curl_multi_remove_handle(http->multi, transfer->easy);
}

void jb_pods_http_get(struct jb_pods_http *http, const struct jb_pods_request *request,
		      struct jb_outcome *ret_outcome)
{
	struct transfer *transfer = calloc(1, sizeof(*transfer));

	*ret_outcome = (struct jb_outcome){};
	if (transfer)
		transfer->easy = curl_easy_init();
	if (transfer && transfer->easy) {
		transfer->request = request;
		run(http, transfer, ret_outcome);
		curl_easy_cleanup(transfer->easy);
	} else {
		jb_outcome_set(ret_outcome, JB_PODS_BROKEN, "%s", strerror(ENOMEM));
	}
	free(transfer);
}
