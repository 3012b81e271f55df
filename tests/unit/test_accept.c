/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "web/accept.h"

#define OPENMETRICS "application/openmetrics-text"
#define OM1         OPENMETRICS ";version=1.0.0"

#define PROMETHEUS_2_42                                                                            \
	"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"   \
	"q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
#define PROMETHEUS_3                                                                               \
	"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"                   \
	"application/openmetrics-text;version=0.0.1;q=0.5,"                                        \
	"text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,"      \
	"*/*;q=0.2"
#define PROMETHEUS_3_TEXT                                                                          \
	"text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.5,"      \
	"*/*;q=0.2"
#define PROMETHEUS_PROTOBUF                                                                        \
	"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"                 \
	"encoding=delimited;q=0.8," OM1 ";q=0.7,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
#define FIREFOX "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"

struct row {
	const char *header;
	int expected;
};

static const struct row media[] = {
	{NULL, 0},
	{"", 0},
	{"*/*", 0},
	{FIREFOX, 0},
	{PROMETHEUS_2_42, 1},
	{PROMETHEUS_3, 1},
	{PROMETHEUS_3_TEXT, 0},
	{PROMETHEUS_PROTOBUF, 1},
	{OPENMETRICS, 1},
	{"  " OPENMETRICS " ; version = 1.0.0 ; charset=utf-8 ", 1},
	{"APPLICATION/OpenMetrics-Text;VERSION=1.0.0", 1},
	{OPENMETRICS ";version=\"1.0.0\"", 1},
	/* versions that we don't write */
	{OPENMETRICS ";version=0.0.1", 0},
	{OPENMETRICS ";version=2.0.0,text/plain;q=0.1", 0},
	/* qualities */
	{OM1 ";q=0", 0},
	{OM1 ";q=0.000,*/*;q=0", 0},
	{OM1 ";q=0.4,text/plain;q=0.5", 0},
	{OM1 ";q=0.5,text/plain;q=0.4", 1},
	{OM1 ";Q=0.5,text/plain;q=0.499", 1},
	{OM1 ";q=0.5,*/*", 0},
	{OM1 ";q=0.5001,text/plain;q=0.5", 1},
	/* a tie goes to the more specific range, then to the text */
	{OM1 ",*/*", 1},
	{OPENMETRICS ",text/plain", 0},
	{"text/plain," OPENMETRICS, 0},
	{"application/*,text/*", 0},
	{"application/*", 1},
	/* the most specific range decides, wherever it stands */
	{"*/*," OM1 ";q=0.2,text/plain;q=0.1", 1},
	{OPENMETRICS ";q=0.9," OM1 ";q=0.1,text/plain;q=0.5", 0},
	/* malformed: the range is left out */
	{OM1 ";q=2", 0},
	{OM1 ";q=1.1", 0},
	{OM1 ";q=-1", 0},
	{OM1 ";q=", 0},
	{OM1 ";q=0.5x", 0},
	{OM1 ";q=1e9", 0},
	{OM1 ";q=0,5", 0},
	{";;;,,," OM1, 1},
	{OM1 ";", 1},
	{OM1 ";;q=0", 0},
	{"application/openmetrics-textual", 0},
	{"application/openmetrics", 0},
	/* unknown parameters, quoted strings that hold separators */
	{OM1 ";x=\"a,text/plain;q=1\";q=0.5,text/plain;q=0.4", 1},
	{OM1 ";x=\"a\\\";q=0\"", 1},
	{OM1 ";x=\"unterminated;q=0", 1},
	{OM1 ";x=\"\\", 1},
	{"text/plain;x=\"" OM1 "\"", 0},
};

static const struct row encodings[] = {
	{NULL, 0},
	{"", 0},
	{"gzip", 1},
	{"GZip", 1},
	{"x-gzip", 1},
	{"deflate, br", 0},
	{"deflate, gzip;q=1.0, *;q=0.5", 1},
	{"gzip;q=0", 0},
	{"gzip; q=0.0, *", 0},
	{"*", 1},
	{"*;q=0", 0},
	{"*;q=0, gzip", 1},
	{"identity", 0},
	{"identity;q=1, gzip;q=0.5", 0},
	{"identity;q=0.5, gzip;q=1", 1},
	{"identity;q=1, *;q=0.5", 0},
	{"identity, gzip", 1},
	{"gzip;q=x", 0},
	{"gzippo", 0},
};

static void test_media(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(media) / sizeof(*media); i++)
		if (jb_accept_openmetrics(media[i].header) != media[i].expected)
			fail_msg("%s: not %d", media[i].header, media[i].expected);
}

static void test_encodings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(encodings) / sizeof(*encodings); i++)
		if (jb_accept_gzip(encodings[i].header) != encodings[i].expected)
			fail_msg("%s: not %d", encodings[i].header, encodings[i].expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_media),
		cmocka_unit_test(test_encodings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
