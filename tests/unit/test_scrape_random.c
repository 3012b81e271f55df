/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Pages made at random, with what they mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "random.h"
#include "scrape_page.h"

static const struct jb_scrape_family families[] = {{"request", JB_SCRAPE_BIT(TOTAL)}};

static int setup(void **state)
{
	return jb_scrape_new(families, 1, (struct jb_scrape **)state);
}

static int teardown(void **state)
{
	jb_scrape_free(*state);
	return 0;
}

/* A value as it is written: what it is made of is what most needs an escape. */
static void put_random_value(struct jb_random *random, struct jb_buffer *written,
			     struct jb_buffer *expected)
{
	static const char *const meant[] = {"\\",
					    "\"",
					    "\n",
					    "n",
					    "{",
					    "}",
					    ",",
					    "=",
					    "#",
					    " ",
					    "\t",
					    "\xc3\xa9",
					    "\xf0\x9f\x98\x80",
					    "x",
					    "0"};
	static const char *const escaped[] = {"\\\\", "\\\"", "\\n"};

	for (uint32_t n = jb_random_below(random, 12); n; n--) {
		uint32_t i = jb_random_below(random, sizeof(meant) / sizeof(*meant));

		jb_buffer_puts(written, i < 3 ? escaped[i] : meant[i]);
		jb_buffer_puts(expected, meant[i]);
	}
}

static void put_random_blanks(struct jb_random *random, struct jb_buffer *written)
{
	if (!jb_random_below(random, 4))
		jb_buffer_puts(written, jb_random_below(random, 2) ? " " : "\t ");
}

static void put_random_line(struct jb_random *random, struct jb_buffer *written,
			    struct jb_buffer *expected)
{
	uint32_t n = jb_random_below(random, 8), value = jb_random_below(random, 1000000);

	put_random_blanks(random, written);
	jb_buffer_puts(written, "request_total");
	jb_buffer_puts(expected, "0_total");
	put_random_blanks(random, written);
	jb_buffer_puts(written, "{");
	for (uint32_t i = 0; i < n; i++) {
		put_random_blanks(random, written);
		jb_buffer_printf(written, "l%u", i);
		put_random_blanks(random, written);
		jb_buffer_puts(written, "=\"");
		jb_buffer_printf(expected, "%cl%u=", i ? ',' : '{', i);
		put_random_value(random, written, expected);
		jb_buffer_puts(written, i + 1 < n ? "\"," : "\"");
	}
	jb_buffer_printf(written, "} %u", value);
	jb_buffer_printf(expected, "%s %u u%u\n", n ? "}" : "", value, value);
	jb_buffer_puts(written, jb_random_below(random, 4) ? "\n" : " # {} 1\n");
	if (!jb_random_below(random, 4))
		jb_buffer_puts(written, "other{l0=\"\"} 1\n\n# HELP x\n");
}

static void test_random_pages(void **state)
{
	struct jb_random random = {7};

	for (int i = 0; i < 300; i++) {
		struct jb_buffer written = {0}, expected = {0};
		struct scrape_page page;

		for (int line = 0; line < 20; line++)
			put_random_line(&random, &written, &expected);
		scrape_read(&page, *state, JB_SCRAPE_DETECT, written.data, written.len,
			    1 + jb_random_below(&random, 200));
		assert_string_equal(page.result.error, "");
		assert_string_equal(page.samples.data, expected.data);
		scrape_page_free(&page);
		jb_buffer_free(&written);
		jb_buffer_free(&expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_pages),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
