/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "mesh/transfer.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/clock.h"

enum { HEADERS_MAX = 64 << 10 };

/* One at a time; then it is free for another one. */
struct transfer {
	struct jb_transfers *transfers;
	CURL *easy;
	bool busy;
	uint64_t begin_ns;
	size_t header_octets;
	struct jb_transfer_page page;
};

struct jb_transfers {
	CURLM *multi;
	atomic_bool stopped;
	uint32_t n;
	struct transfer all[];
};

static long status_of(const struct transfer *transfer)
{
	long status = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

static void take_head(struct transfer *transfer)
{
	const char *content_type = NULL;

	curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_TYPE, &content_type);
	jb_transfer_page_head(&transfer->page, status_of(transfer), content_type);
}

static size_t take_body(char *data, size_t size, size_t n, void *ctx)
{
	struct transfer *transfer = ctx;

	if (jb_transfers_are_stopped(transfer->transfers))
		return 0;
	take_head(transfer);
	return jb_transfer_page_take(&transfer->page, data, size * n) ? 0 : size * n;
}

/* libcurl would keep them all. */
static size_t take_header(char *data, size_t size, size_t n, void *ctx)
{
	struct transfer *transfer = ctx;

	(void)data;
	transfer->header_octets += size * n;
	return transfer->header_octets > HEADERS_MAX ? 0 : size * n;
}

static void set_limits(CURL *easy, const struct jb_transfer_options *options)
{
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)options->connect_ms);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)options->total_ms);
	curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, 2L * options->interval_ms / 1000 + 1);
}

static void set_options(struct transfer *transfer)
{
	CURL *easy = transfer->easy;

	curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* waits for no resolver */
	curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "jitterbug/" JB_VERSION);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
}

static int init(struct transfer *transfer, struct jb_transfers *transfers,
		const struct jb_transfer_options *options)
{
	transfer->transfers = transfers;
	transfer->easy = curl_easy_init();
	if (!transfer->easy)
		return -ENOMEM;
	set_options(transfer);
	set_limits(transfer->easy, options);
	return jb_transfer_page_init(&transfer->page, options->max_bytes);
}

int jb_transfers_new(struct jb_transfers **ret, const struct jb_transfer_options *options)
{
	struct jb_transfers *transfers;
	int err = 0;

	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		return -EIO;
	transfers = calloc(1, sizeof(*transfers) + options->parallel * sizeof(*transfers->all));
	if (transfers)
		transfers->multi = curl_multi_init();
	if (!transfers || !transfers->multi) {
		free(transfers);
		curl_global_cleanup();
		return -ENOMEM;
	}
	while (!err && transfers->n < options->parallel) {
		err = init(&transfers->all[transfers->n], transfers, options);
		transfers->n++;
	}
	if (err)
		jb_transfers_free(transfers);
	else
		*ret = transfers;
	return err;
}

static void release(struct transfer *transfer)
{
	curl_multi_remove_handle(transfer->transfers->multi, transfer->easy);
	transfer->busy = false;
}

void jb_transfers_free(struct jb_transfers *transfers)
{
	if (!transfers)
		return;
	for (uint32_t i = 0; i < transfers->n; i++) {
		if (transfers->all[i].busy)
			release(&transfers->all[i]);
		curl_easy_cleanup(transfers->all[i].easy);
		jb_transfer_page_free(&transfers->all[i].page);
	}
	curl_multi_cleanup(transfers->multi);
	free(transfers);
	curl_global_cleanup();
}

/* 0 would be a number of libcurl's own. */
void jb_transfers_keep(struct jb_transfers *transfers, size_t n)
{
	curl_multi_setopt(transfers->multi, CURLMOPT_MAXCONNECTS, n ? (long)n : 1L);
}

static struct transfer *find_room(struct jb_transfers *transfers)
{
	for (uint32_t i = 0; i < transfers->n; i++) {
		if (!transfers->all[i].busy)
			return &transfers->all[i];
	}
	return NULL;
}

bool jb_transfers_have_room(struct jb_transfers *transfers)
{
	return find_room(transfers);
}

int jb_transfers_begin(struct jb_transfers *transfers, struct jb_transfer_source *source)
{
	struct transfer *transfer = find_room(transfers);

	transfer->begin_ns = jb_now_ns();
	transfer->header_octets = 0;
	if (curl_easy_setopt(transfer->easy, CURLOPT_URL, source->url) ||
	    curl_multi_add_handle(transfers->multi, transfer->easy))
		return -ENOMEM;
	jb_transfer_page_begin(&transfer->page, source);
	transfer->busy = true;
	return 0;
}

void jb_transfers_cancel(struct jb_transfers *transfers, const struct jb_transfer_source *source)
{
	for (uint32_t i = 0; i < transfers->n; i++) {
		if (transfers->all[i].busy && transfers->all[i].page.source == source)
			release(&transfers->all[i]);
	}
}

static bool was_connected(const struct transfer *transfer)
{
	curl_off_t us = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T, &us);
	return us > 0;
}

/* The texts must not have figures that differ each time: libcurl's own of a failed connect do. */
static void fail_transport(struct transfer *transfer, CURLcode code)
{
	struct jb_attempt *attempt = &transfer->page.attempt;
	const char *text = curl_easy_strerror(code);
	long number = 0;

	if (code == CURLE_OUT_OF_MEMORY) {
		jb_attempt_fail(attempt, JB_MESH_NO_MEMORY, "%s", text);
	} else if (code == CURLE_OPERATION_TIMEDOUT) {
		if (was_connected(transfer))
			jb_attempt_fail(attempt, JB_MESH_TIMEOUT, "too slow, given up");
		else
			jb_attempt_fail(attempt, JB_MESH_UNREACHABLE, "no connection in time");
	} else if (was_connected(transfer)) {
		if (transfer->header_octets > HEADERS_MAX)
			text = "too many headers";
		jb_attempt_fail(attempt, JB_MESH_BROKEN, "%s", text);
	} else {
		if (code == CURLE_COULDNT_CONNECT)
			curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &number);
		jb_attempt_fail(attempt, JB_MESH_UNREACHABLE, "%s",
				number ? strerror((int)number) : text);
	}
}

/* What the status says, or what was wrong with the page, is told rather than how it ended. */
static void judge(struct transfer *transfer, CURLcode code)
{
	struct jb_attempt *attempt = &transfer->page.attempt;

	if (code == CURLE_OK || status_of(transfer) > 200)
		take_head(transfer);
	if (code != CURLE_OK && !attempt->failure)
		fail_transport(transfer, code);
	jb_transfer_page_end(&transfer->page);
	attempt->duration_ns = jb_now_ns() - transfer->begin_ns;
}

static void end(const CURLMsg *message, jb_transfer_fn fn, void *ctx)
{
	CURLcode code = message->data.result;
	struct transfer *transfer = NULL;

	curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
	judge(transfer, code);
	release(transfer);
	fn(ctx, transfer->page.source, &transfer->page.attempt);
	jb_attempt_clear(&transfer->page.attempt);
}

void jb_transfers_turn(struct jb_transfers *transfers, int wait_ms, jb_transfer_fn fn, void *ctx)
{
	const CURLMsg *message;
	bool have_ended = false;
	int left;

	curl_multi_perform(transfers->multi, &left);
	while (!jb_transfers_are_stopped(transfers)) {
		message = curl_multi_info_read(transfers->multi, &left);
		if (!message)
			break;
		end(message, fn, ctx);
		have_ended = true;
	}
	if (!have_ended && !jb_transfers_are_stopped(transfers))
		curl_multi_poll(transfers->multi, NULL, 0, wait_ms, NULL);
}

void jb_transfers_wake(struct jb_transfers *transfers)
{
	curl_multi_wakeup(transfers->multi);
}

void jb_transfers_stop(struct jb_transfers *transfers)
{
	atomic_store(&transfers->stopped, true);
	curl_multi_wakeup(transfers->multi);
}

bool jb_transfers_are_stopped(const struct jb_transfers *transfers)
{
	return atomic_load(&transfers->stopped);
}
