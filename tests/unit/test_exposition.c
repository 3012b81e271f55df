/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "metrics/escape.h"
#include "metrics/exposition.h"
#include "metrics/number.h"

static const struct jb_family packets = {
	.name = "rtp_packets",
	.help = "Packets \\ \"seen\"\non the wire.",
	.type = JB_FAMILY_COUNTER,
	.labels = JB_LABELS("namespace", "pod", "unit", "direction"),
};
static const struct jb_family stream_time = {
	.name = "rtp_stream_seconds",
	.help = "Time.",
	.type = JB_FAMILY_COUNTER,
	.unit = JB_FAMILY_NANOSECONDS,
};
static const struct jb_family streams = {
	.name = "rtp_streams",
	.help = "Streams.",
	.type = JB_FAMILY_GAUGE,
	.labels = JB_LABELS("media"),
};
static const struct jb_family jitter = {
	.name = "rtp_jitter_seconds",
	.help = "Jitter.",
	.type = JB_FAMILY_HISTOGRAM,
	.labels = JB_LABELS("media"),
};

static void assert_page(struct jb_exposition *e, const char *expected)
{
	assert_int_equal(jb_exposition_end(e), 0);
	assert_string_equal(e->out->data, expected);
	jb_buffer_free(e->out);
}

static void test_text_counter(void **state)
{
	const char *const pod[] = {"calls", "sfu-0", NULL, "ingress"};
	const char *const unit[] = {"", "", "asterisk.service", "egress"};
	struct jb_buffer out = {0};
	struct jb_exposition e;

	(void)state;
	jb_exposition_begin(&e, &out, JB_EXPOSITION_TEXT);
	jb_exposition_family(&e, &packets);
	jb_exposition_sample_u64(&e, pod, 4, UINT64_MAX);
	jb_exposition_sample_u64(&e, unit, 4, 0);
	assert_int_equal(e.family_series, 2);
	assert_page(&e,
		    "# HELP jitterbug_rtp_packets_total Packets \\\\ \"seen\"\\non the wire.\n"
		    "# TYPE jitterbug_rtp_packets_total counter\n"
		    "jitterbug_rtp_packets_total{namespace=\"calls\",pod=\"sfu-0\","
		    "direction=\"ingress\"} 18446744073709551615\n"
		    "jitterbug_rtp_packets_total{namespace=\"\",pod=\"\",unit=\"asterisk.service\","
		    "direction=\"egress\"} 0\n");
}

static void test_openmetrics_counter(void **state)
{
	const char *const values[] = {"a"};
	struct jb_buffer out = {0};
	struct jb_exposition e;

	(void)state;
	jb_exposition_begin(&e, &out, JB_EXPOSITION_OPENMETRICS);
	jb_exposition_family(&e, &packets);
	jb_exposition_sample_u64(&e, values, 1, 7);
	assert_page(&e, "# HELP jitterbug_rtp_packets Packets \\\\ \\\"seen\\\"\\non the wire.\n"
			"# TYPE jitterbug_rtp_packets counter\n"
			"jitterbug_rtp_packets_total{namespace=\"a\"} 7\n"
			"# EOF\n");
}

static void test_nanoseconds_without_labels(void **state)
{
	struct jb_buffer out = {0};
	struct jb_exposition e;

	(void)state;
	jb_exposition_begin(&e, &out, JB_EXPOSITION_TEXT);
	jb_exposition_family(&e, &stream_time);
	jb_exposition_sample_u64(&e, NULL, 0, 9007199254740993); /* no double holds this */
	assert_page(&e, "# HELP jitterbug_rtp_stream_seconds_total Time.\n"
			"# TYPE jitterbug_rtp_stream_seconds_total counter\n"
			"jitterbug_rtp_stream_seconds_total 9007199.254740993\n");
}

static void test_gauge_and_counts(void **state)
{
	const char *const audio[] = {"audio"};
	const char *const none[] = {NULL};
	struct jb_buffer out = {0};
	struct jb_exposition e;

	(void)state;
	jb_exposition_begin(&e, &out, JB_EXPOSITION_TEXT);
	jb_exposition_family(&e, &streams);
	jb_exposition_sample_double(&e, audio, 1, 0.25);
	jb_exposition_sample_u64(&e, none, 1, 3);
	assert_int_equal(e.family_series, 2);
	jb_exposition_family(&e, &packets);
	assert_int_equal(e.family_series, 0);
	assert_int_equal(e.series, 2);
	assert_page(&e, "# HELP jitterbug_rtp_streams Streams.\n"
			"# TYPE jitterbug_rtp_streams gauge\n"
			"jitterbug_rtp_streams{media=\"audio\"} 0.25\n"
			"jitterbug_rtp_streams 3\n");
}

static void test_histogram(void **state)
{
	const double bounds[] = {0.001, 1, 1000};
	const uint64_t counts[] = {2, 0, 3, 4};
	const char *const audio[] = {"audio"};
	struct jb_buffer out = {0};
	struct jb_exposition e;

	(void)state;
	jb_exposition_begin(&e, &out, JB_EXPOSITION_OPENMETRICS);
	jb_exposition_family(&e, &jitter);
	jb_exposition_histogram(&e, audio, 1, bounds, 3, counts, 12.5);
	assert_int_equal(e.family_series, 6);
	assert_page(&e, "# HELP jitterbug_rtp_jitter_seconds Jitter.\n"
			"# TYPE jitterbug_rtp_jitter_seconds histogram\n"
			"jitterbug_rtp_jitter_seconds_bucket{media=\"audio\",le=\"0.001\"} 2\n"
			"jitterbug_rtp_jitter_seconds_bucket{media=\"audio\",le=\"1.0\"} 2\n"
			"jitterbug_rtp_jitter_seconds_bucket{media=\"audio\",le=\"1000.0\"} 5\n"
			"jitterbug_rtp_jitter_seconds_bucket{media=\"audio\",le=\"+Inf\"} 9\n"
			"jitterbug_rtp_jitter_seconds_sum{media=\"audio\"} 12.5\n"
			"jitterbug_rtp_jitter_seconds_count{media=\"audio\"} 9\n"
			"# EOF\n");
}

/* The strings of the bounds are kept between samples: other bounds must not get them. */
static void test_histogram_bounds_change(void **state)
{
	const double first[] = {0.5};
	const double second[] = {0.25};
	const uint64_t counts[] = {1, 0};
	struct jb_buffer out = {0};
	struct jb_exposition e;

	(void)state;
	jb_exposition_begin(&e, &out, JB_EXPOSITION_TEXT);
	jb_exposition_family(&e, &jitter);
	jb_exposition_histogram(&e, NULL, 0, first, 1, counts, 0);
	jb_exposition_histogram(&e, NULL, 0, NULL, 0, counts, 0);
	jb_exposition_histogram(&e, NULL, 0, second, 1, counts, 0);
	assert_page(&e, "# HELP jitterbug_rtp_jitter_seconds Jitter.\n"
			"# TYPE jitterbug_rtp_jitter_seconds histogram\n"
			"jitterbug_rtp_jitter_seconds_bucket{le=\"0.5\"} 1\n"
			"jitterbug_rtp_jitter_seconds_bucket{le=\"+Inf\"} 1\n"
			"jitterbug_rtp_jitter_seconds_sum 0.0\n"
			"jitterbug_rtp_jitter_seconds_count 1\n"
			"jitterbug_rtp_jitter_seconds_bucket{le=\"+Inf\"} 1\n"
			"jitterbug_rtp_jitter_seconds_sum 0.0\n"
			"jitterbug_rtp_jitter_seconds_count 1\n"
			"jitterbug_rtp_jitter_seconds_bucket{le=\"0.25\"} 1\n"
			"jitterbug_rtp_jitter_seconds_bucket{le=\"+Inf\"} 1\n"
			"jitterbug_rtp_jitter_seconds_sum 0.0\n"
			"jitterbug_rtp_jitter_seconds_count 1\n");
}

static void test_empty_page(void **state)
{
	struct jb_buffer out = {0};
	struct jb_exposition e;

	(void)state;
	jb_exposition_begin(&e, &out, JB_EXPOSITION_OPENMETRICS);
	jb_exposition_family(&e, &packets);
	jb_exposition_family(&e, &jitter);
	assert_page(&e, "# EOF\n");
}

static void misuse_nothing_begun(struct jb_exposition *e)
{
	jb_exposition_sample_u64(e, NULL, 0, 1);
}

static void misuse_histogram_of_counter(struct jb_exposition *e)
{
	const uint64_t count = 1;

	jb_exposition_family(e, &packets);
	jb_exposition_histogram(e, NULL, 0, NULL, 0, &count, 0);
}

static void misuse_sample_of_histogram(struct jb_exposition *e)
{
	jb_exposition_family(e, &jitter);
	jb_exposition_sample_u64(e, NULL, 0, 1);
}

static void misuse_too_many_values(struct jb_exposition *e)
{
	const char *const values[] = {"audio", "more"};

	jb_exposition_family(e, &streams);
	jb_exposition_sample_u64(e, values, 2, 1);
}

static void misuse_values_without_labels(struct jb_exposition *e)
{
	const char *const values[] = {"audio"};

	jb_exposition_family(e, &stream_time);
	jb_exposition_sample_double(e, values, 1, 1);
}

static void misuse_too_many_bounds(struct jb_exposition *e)
{
	const double bounds[JB_EXPOSITION_BOUNDS + 1] = {0};
	const uint64_t counts[JB_EXPOSITION_BOUNDS + 2] = {0};

	jb_exposition_family(e, &jitter);
	jb_exposition_histogram(e, NULL, 0, bounds, JB_EXPOSITION_BOUNDS + 1, counts, 0);
}

static void test_misuse(void **state)
{
	void (*const misuses[])(struct jb_exposition *) = {
		misuse_nothing_begun,   misuse_histogram_of_counter,  misuse_sample_of_histogram,
		misuse_too_many_values, misuse_values_without_labels, misuse_too_many_bounds,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(misuses) / sizeof(*misuses); i++) {
		struct jb_buffer out = {0};
		struct jb_exposition e;

		jb_exposition_begin(&e, &out, JB_EXPOSITION_TEXT);
		misuses[i](&e);
		assert_int_equal(e.series, 0);
		assert_int_equal(jb_exposition_end(&e), -EINVAL);
		assert_int_equal(out.len, 0);
		jb_buffer_free(&out);
	}
}

static void test_full_buffer(void **state)
{
	struct jb_buffer out = {.limit = 50};
	struct jb_exposition e;

	(void)state;
	jb_exposition_begin(&e, &out, JB_EXPOSITION_TEXT);
	jb_exposition_family(&e, &stream_time);
	jb_exposition_sample_u64(&e, NULL, 0, 1);
	assert_int_equal(jb_exposition_end(&e), -E2BIG);
	jb_buffer_free(&out);
}

static void assert_escaped(const char *text, const char *expected)
{
	struct jb_buffer out = {0};

	jb_escape(&out, text, true);
	assert_string_equal(out.data ? out.data : "", expected);
	jb_buffer_free(&out);
}

#define BAD "\xef\xbf\xbd"

static void test_escape(void **state)
{
	(void)state;
	assert_escaped("", "");
	assert_escaped("C:\\x \"y\"\nz", "C:\\\\x \\\"y\\\"\\nz");
	assert_escaped("\x01\x7f", "\x01\x7f");
	assert_escaped("\xc2\x80 \xe2\x82\xac \xf4\x8f\xbf\xbf",
		       "\xc2\x80 \xe2\x82\xac \xf4\x8f\xbf\xbf");
	assert_escaped("a\xff"
		       "b\x80",
		       "a" BAD "b" BAD);
	assert_escaped("\xc0\xaf", BAD BAD);         /* overlong */
	assert_escaped("\xe0\x80\xaf", BAD BAD BAD); /* overlong */
	assert_escaped("\xf0\x80\x80\xaf", BAD BAD BAD BAD);
	assert_escaped("\xed\xa0\x80", BAD BAD BAD);         /* a surrogate */
	assert_escaped("\xf4\x90\x80\x80", BAD BAD BAD BAD); /* past U+10FFFF */
	assert_escaped("\xe2\x82", BAD BAD);                 /* cut off */
	assert_escaped("\xe2\"", BAD "\\\"");                /* hides no quote */
}

static void assert_double(double value, const char *expected)
{
	char out[JB_NUMBER_SIZE];

	assert_int_equal(jb_number_double(out, value), strlen(expected));
	assert_string_equal(out, expected);
}

static void test_doubles(void **state)
{
	(void)state;
	assert_double(0, "0.0");
	assert_double(0.0001, "0.0001");
	assert_double(0.00025, "0.00025");
	assert_double(1, "1.0");
	assert_double(4.25, "4.25");
	assert_double(0.1 + 0.2, "0.30000000000000004");
	assert_double(-1.5, "-1.5");
	assert_double(1e-9, "1e-09");
	assert_double(1e300, "1e+300");
	assert_double(-2.2250738585072014e-308, "-2.2250738585072014e-308");
	assert_double(INFINITY, "+Inf");
	assert_double(-INFINITY, "-Inf");
	assert_double(NAN, "NaN");
}

static void assert_seconds(uint64_t ns, const char *expected)
{
	char out[JB_NUMBER_SIZE];

	assert_int_equal(jb_number_seconds(out, ns), strlen(expected));
	assert_string_equal(out, expected);
}

static void test_seconds(void **state)
{
	(void)state;
	assert_seconds(0, "0.0");
	assert_seconds(1, "0.000000001");
	assert_seconds(1500000000, "1.5");
	assert_seconds(60000000000, "60.0");
	assert_seconds(1000000100, "1.0000001");
	assert_seconds(UINT64_MAX, "18446744073.709551615");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_counter),
		cmocka_unit_test(test_openmetrics_counter),
		cmocka_unit_test(test_nanoseconds_without_labels),
		cmocka_unit_test(test_gauge_and_counts),
		cmocka_unit_test(test_histogram),
		cmocka_unit_test(test_histogram_bounds_change),
		cmocka_unit_test(test_empty_page),
		cmocka_unit_test(test_misuse),
		cmocka_unit_test(test_full_buffer),
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_doubles),
		cmocka_unit_test(test_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
