/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "web/reply.h"

#include <stdlib.h>
#include <string.h>

#define CONTENT_SECURITY_POLICY                                                                    \
	"default-src 'none'; connect-src 'self'; img-src 'self' data:; "                           \
	"script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "                    \
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/* What a response of libmicrohttpd holds while it is being sent. */
struct body {
	struct jb_buffer buffer;
	size_t *in_flight;
};

/* There are no CORS headers, on purpose: no other site's page may read ours. */
static bool add_common_headers(struct MHD_Response *response, const char *content_type)
{
	return MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type) &&
	       MHD_add_response_header(response, "X-Content-Type-Options", "nosniff") &&
	       MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
}

/* Gives the response to the connection if it is `complete`; our reference to it ends here. */
static enum MHD_Result queue(struct MHD_Connection *connection, unsigned int status,
			     struct MHD_Response *response, bool complete)
{
	enum MHD_Result result = MHD_NO;

	if (complete)
		result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

enum MHD_Result jb_reply_text(struct MHD_Connection *connection, unsigned int status,
			      const char *text, const char *header, const char *value)
{
	struct MHD_Response *response;
	bool complete;

	response = MHD_create_response_from_buffer(strlen(text), (void *)text,
						   MHD_RESPMEM_PERSISTENT);
	if (!response)
		return MHD_NO;
	complete = add_common_headers(response, "text/plain; charset=utf-8");
	if (complete && header)
		complete = MHD_add_response_header(response, header, value) == MHD_YES;
	return queue(connection, status, response, complete);
}

static void free_body(void *ctx)
{
	struct body *body = ctx;

	*body->in_flight -= body->buffer.cap;
	jb_buffer_free(&body->buffer);
	free(body);
}

static struct MHD_Response *new_response(struct jb_reply_page *page)
{
	struct body *body = malloc(sizeof(*body));
	struct MHD_Response *response;

	if (!body) {
		jb_buffer_free(&page->body);
		return NULL;
	}
	*body = (struct body){page->body, page->in_flight};
	*body->in_flight += body->buffer.cap;
	response = MHD_create_response_from_buffer_with_free_callback_cls(
		body->buffer.len, body->buffer.data, free_body, body);
	if (!response)
		free_body(body);
	return response;
}

enum MHD_Result jb_reply_page(struct MHD_Connection *connection, struct jb_reply_page *page)
{
	struct MHD_Response *response = new_response(page);
	bool complete;

	if (!response)
		return MHD_NO;
	complete = add_common_headers(response, page->content_type);
	if (complete && page->gzipped)
		complete = MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING,
						   "gzip") == MHD_YES;
	if (complete && page->html)
		complete = MHD_add_response_header(response, "Content-Security-Policy",
						   CONTENT_SECURITY_POLICY) == MHD_YES;
	return queue(connection, page->status, response, complete);
}
