/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A page of three owners and what its text has; for the programs that test the page. */
#ifndef JITTERBUG_TESTS_PAGE_TEXT_H
#define JITTERBUG_TESTS_PAGE_TEXT_H

#include <stdio.h>
#include <string.h>

#include <jitterbug/fault.h>
#include "metrics/page.h"

#define UNIT(name) "namespace=\"\",pod=\"\",container=\"\",unit=\"" name "\""
#define SFU        UNIT("sfu.service")

enum { OWNERS = 3 };

static const __u64 faults[JB_FAULT_MAX] = {[JB_FAULT_FRAGMENT] = 7};
static const struct jb_drop_reasons no_reasons;

static struct jb_owner_totals owners[OWNERS]; /* sfu.service, pod media/sfu-0, ~other */
static struct jb_page page;
static struct jb_buffer out;

/* A node that lets us measure everything, and has measured nothing. */
static inline int setup(void **state)
{
	static const struct jb_identity sfu = {"", "", "", "sfu.service"};
	static const struct jb_identity pod = {"media", "sfu-0", "", ""};
	static const struct jb_identity other = {"", "~other", "", ""};

	(void)state;
	memset(owners, 0, sizeof(owners));
	owners[0].identity = &sfu;
	owners[1].identity = &pod;
	owners[2].identity = &other;
	page = (struct jb_page){.owners = owners,
				.n_owners = OWNERS,
				.version = "1.2.3",
				.reasons = &no_reasons,
				.faults = faults};
	memset(page.has, true, sizeof(page.has));
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	jb_buffer_free(&out);
	return 0;
}

static inline void render(enum jb_exposition_format format)
{
	jb_buffer_reset(&out);
	assert_int_equal(jb_page_render(&page, format, &out), 0);
}

static inline void assert_line(const char *line)
{
	char wanted[512];

	snprintf(wanted, sizeof(wanted), "\n%s\n", line);
	if (!strstr(out.data, wanted))
		fail_msg("no line \"%s\"", line);
}

/* Lines of the page that begin with `prefix`. */
static inline unsigned int count(const char *prefix)
{
	unsigned int n = 0;

	for (const char *line = out.data; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		n += !strncmp(line, prefix, strlen(prefix));
	}
	return n;
}

/* Series of the page that are not the agent's own. */
static inline unsigned int series(void)
{
	return count("jitterbug_") - count("jitterbug_agent_");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
