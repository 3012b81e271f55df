/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "mesh/transfer_page.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* What follows an error's status is read to its end, for the connection's sake, if it is short. */
enum { IGNORED_MAX = 64 << 10 };

/* As the Helm chart calls it. */
#define AUTHORIZATION_POLICY "jitterbug-proxies"

int jb_transfer_page_init(struct jb_transfer_page *page, uint64_t max_octets)
{
	page->max_octets = max_octets;
	return jb_scrape_new(jb_mesh_families, jb_mesh_n_families, &page->scrape);
}

void jb_transfer_page_free(struct jb_transfer_page *page)
{
	jb_attempt_clear(&page->attempt);
	jb_scrape_free(page->scrape);
}

void jb_transfer_page_begin(struct jb_transfer_page *page, struct jb_transfer_source *source)
{
	jb_attempt_clear(&page->attempt);
	page->source = source;
	page->has_head = false;
	page->ignored = 0;
	jb_mesh_page_begin(source->page);
	jb_scrape_begin(page->scrape, JB_SCRAPE_DETECT, page->max_octets, jb_mesh_page_sample,
			source->page);
}

static void refuse_status(struct jb_attempt *attempt, long status)
{
	if (status == 403)
		jb_attempt_fail(attempt, JB_MESH_FORBIDDEN,
				"403: denied by a policy of the mesh; the chart's "
				"AuthorizationPolicy '" AUTHORIZATION_POLICY "' would allow it");
	else
		jb_attempt_fail(attempt, JB_MESH_STATUS, "HTTP status %ld", status);
}

void jb_transfer_page_head(struct jb_transfer_page *page, long status, const char *content_type)
{
	enum jb_scrape_format format;

	if (page->has_head)
		return;
	page->has_head = true;
	if (status != 200)
		refuse_status(&page->attempt, status);
	else if (jb_scrape_content_type(content_type, &format))
		jb_attempt_fail(&page->attempt, JB_MESH_NOT_METRICS,
				"Content-Type '%.100s' is not of metrics", content_type);
	else
		jb_scrape_begin(page->scrape, format, page->max_octets, jb_mesh_page_sample,
				page->source->page);
}

int jb_transfer_page_take(struct jb_transfer_page *page, const char *data, size_t len)
{
	int err;

	if (page->attempt.failure) {
		page->ignored += len;
		return page->ignored > IGNORED_MAX ? -E2BIG : 0;
	}
	err = jb_scrape_feed(page->scrape, data, len);
	if (err == -E2BIG)
		jb_attempt_fail(&page->attempt, JB_MESH_TOO_LARGE, "more than %" PRIu64 " octets",
				page->max_octets);
	else if (err)
		jb_attempt_fail(&page->attempt, JB_MESH_NO_MEMORY, "%s", strerror(-err));
	return err;
}

/*
 * Neither a transfer's end nor gzip's tells for sure that a page is whole, `# EOF` does. A proxy
 * that has sent it sends it again; one that is missing twice isn't waited for any longer.
 */
static bool is_whole(struct jb_transfer_page *page)
{
	bool had_eof = page->source->eof;

	if (jb_scrape_end(page->scrape))
		return false;
	page->source->eof = jb_scrape_result(page->scrape)->eof;
	return page->source->eof || !had_eof;
}

static void commit(struct jb_transfer_page *page)
{
	struct jb_attempt *attempt = &page->attempt;
	struct jb_mesh_facts facts;

	if (jb_mesh_page_commit(page->source->page, jb_attempt_add_news, attempt, &facts)) {
		jb_attempt_clear(attempt);
		jb_attempt_fail(attempt, JB_MESH_NO_MEMORY, "%s", strerror(ENOMEM));
		return;
	}
	attempt->facts = facts;
	attempt->has_facts = true;
}

static void count(struct jb_transfer_page *page)
{
	const struct jb_scrape_result *result = jb_scrape_result(page->scrape);

	page->attempt.bytes = result->octets;
	page->attempt.lines = result->lines;
	page->attempt.malformed = result->malformed;
}

/*
 * Every proxy's page has something that is wanted. One without, as of an error that comes with
 * status 200, would make all of its series new ones on the next page.
 */
void jb_transfer_page_end(struct jb_transfer_page *page)
{
	struct jb_attempt *attempt = &page->attempt;

	if (!attempt->failure) {
		if (!jb_scrape_result(page->scrape)->samples)
			jb_attempt_fail(attempt, JB_MESH_NOT_METRICS,
					"nothing on the page reads as a metric of a proxy");
		else if (!is_whole(page))
			jb_attempt_fail(attempt, JB_MESH_BROKEN, "the page is cut off");
		else
			commit(page);
	}
	count(page);
}
