/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "web/site.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "web/accept.h"
#include "web/guard.h"
#include "web/reply.h"

#define KEPT_PAGE ((size_t)8 << 20) /* a larger buffer is not kept for the next request */
/* Bodies that slow clients have not taken yet; below it one more page is served, however long. */
#define MAX_IN_FLIGHT ((size_t)16 << 20)
#define GZIP_LEVEL    1    /* higher ones cost more time than they save bytes */
#define GZIP_FROM     1024 /* smaller pages fit a packet anyway */

static int read_token(struct jb_site *site, struct jb_buffer *error)
{
	const char *path = site->token.path;
	int err;

	if (!path)
		return 0;
	err = jb_token_refresh(&site->token);
	if (err == -ENODATA)
		jb_buffer_printf(error, "token file %s is empty", path);
	else if (err == -EFBIG)
		jb_buffer_printf(error, "token file %s has more than %d bytes", path, JB_TOKEN_MAX);
	else if (err == -EINVAL)
		jb_buffer_printf(error, "token file %s is not one line of printable ASCII", path);
	else if (err < 0)
		jb_buffer_printf(error, "can't read token file %s: %s", path, strerror(-err));
	return err;
}

int jb_site_open(struct jb_site *site, struct jb_buffer *error)
{
	int err = read_token(site, error);

	if (err < 0)
		return err;
	err = jb_gzip_new(&site->gzip, GZIP_LEVEL);
	if (err < 0)
		jb_buffer_puts(error, "can't start the HTTP server: no memory for zlib");
	return err;
}

void jb_site_close(struct jb_site *site)
{
	jb_gzip_free(site->gzip);
	jb_buffer_free(&site->page);
	explicit_bzero(&site->token, sizeof(site->token));
}

static const char *request_header(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static const struct jb_route *find_route(const struct jb_site *site, const char *path)
{
	for (size_t i = 0; i < site->n_routes; i++)
		if (!strcmp(site->routes[i].path, path))
			return &site->routes[i];
	return NULL;
}

static bool may_read(struct jb_site *site, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct jb_token *token = site->token.path ? &site->token : NULL;

	/* A token that can't be read any more matches nothing: no error to handle here. */
	if (token)
		(void)jb_token_refresh(&site->token);
	return jb_guard_allows(info ? info->client_addr : NULL,
			       request_header(connection, MHD_HTTP_HEADER_HOST),
			       request_header(connection, MHD_HTTP_HEADER_AUTHORIZATION), token);
}

static enum MHD_Result refuse_reader(const struct jb_site *site, struct MHD_Connection *connection)
{
	if (!site->token.path)
		return jb_reply_text(connection, MHD_HTTP_FORBIDDEN,
				     "only for clients on localhost (kubectl port-forward)\n", NULL,
				     NULL);
	return jb_reply_text(connection, MHD_HTTP_UNAUTHORIZED,
			     "only for clients on localhost or with the bearer token\n",
			     MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer realm=\"jitterbug\"");
}

static const char *content_type(const struct jb_route *route, const struct jb_request *request)
{
	switch (route->content) {
	case JB_ROUTE_METRICS:
		return request->openmetrics ? JB_ACCEPT_OPENMETRICS_TYPE : JB_ACCEPT_TEXT_TYPE;
	case JB_ROUTE_JSON:
		return "application/json";
	case JB_ROUTE_HTML:
		return "text/html; charset=utf-8";
	default:
		return "text/plain; charset=utf-8";
	}
}

/* A growing buffer has up to twice the bytes it needs, which a slow client would hold. */
static void trim(struct jb_buffer *buffer)
{
	char *data = buffer->data ? realloc(buffer->data, buffer->len + 1) : NULL;

	if (!data)
		return;
	buffer->data = data;
	buffer->cap = buffer->len + 1;
}

/* Moves the rendered page into `body`, compressed if the client wants that. */
static int take_page(struct jb_site *site, struct MHD_Connection *connection,
		     struct jb_buffer *body, bool *ret_gzipped)
{
	struct jb_buffer *page = &site->page;
	int err;

	*ret_gzipped = page->len > GZIP_FROM &&
		       jb_accept_gzip(request_header(connection, MHD_HTTP_HEADER_ACCEPT_ENCODING));
	if (!*ret_gzipped) {
		*body = *page;
		*page = (struct jb_buffer){0};
		trim(body);
		return 0;
	}
	err = jb_gzip_compress(site->gzip, page->data, page->len, body);
	if (err < 0)
		jb_buffer_free(body);
	return err;
}

/*
 * Rendering is synchronous and bounded by the limits on series and page, far below any scrape
 * timeout, so that X-Prometheus-Scrape-Timeout-Seconds needs no action.
 */
static enum MHD_Result serve(struct jb_site *site, struct MHD_Connection *connection,
			     const struct jb_route *route)
{
	struct jb_reply_page reply = {.in_flight = &site->in_flight,
				      .html = route->content == JB_ROUTE_HTML};
	struct jb_request request = {.path = route->path};

	if (route->content == JB_ROUTE_METRICS)
		request.openmetrics =
			jb_accept_openmetrics(request_header(connection, MHD_HTTP_HEADER_ACCEPT));
	jb_buffer_reset(&site->page);
	site->page.limit = site->page_limit;
	reply.status = route->handler(site->ctx, &request, &site->page);
	reply.content_type = content_type(route, &request);
	if (site->page.error || take_page(site, connection, &reply.body, &reply.gzipped) < 0)
		return jb_reply_text(connection, MHD_HTTP_INTERNAL_SERVER_ERROR,
				     "the page could not be rendered\n", NULL, NULL);
	if (site->page.cap > KEPT_PAGE)
		jb_buffer_free(&site->page);
	return jb_reply_page(connection, &reply);
}

enum MHD_Result jb_site_respond(struct jb_site *site, struct MHD_Connection *connection,
				const char *path, const char *method, bool has_body)
{
	const struct jb_route *route = find_route(site, path);

	if (!route)
		return jb_reply_text(connection, MHD_HTTP_NOT_FOUND, "no such page\n", NULL, NULL);
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return jb_reply_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n",
				     MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	if (has_body)
		return jb_reply_text(connection, MHD_HTTP_CONTENT_TOO_LARGE,
				     "a request has no body here\n", NULL, NULL);
	if (route->access == JB_ROUTE_GUARDED && !may_read(site, connection))
		return refuse_reader(site, connection);
	/* Probes are a few octets, and must not fail for another client's slowness. */
	if (site->in_flight >= MAX_IN_FLIGHT && route->content != JB_ROUTE_TEXT)
		return jb_reply_text(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
				     "too many pages wait for slow clients\n",
				     MHD_HTTP_HEADER_RETRY_AFTER, "10");
	return serve(site, connection, route);
}
