/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "listing/text.h"

#include <inttypes.h>
#include <string.h>

#include "listing/record.h"

/* What is read at a glance. */
void jb_text_duration(uint64_t ns, struct jb_buffer *out)
{
	uint64_t seconds = ns / 1000000000;

	if (seconds < 60)
		jb_buffer_printf(out, "%" PRIu64 ".%" PRIu64 "s", seconds, ns / 100000000 % 10);
	else if (seconds < 3600)
		jb_buffer_printf(out, "%" PRIu64 "m%02" PRIu64 "s", seconds / 60, seconds % 60);
	else
		jb_buffer_printf(out, "%" PRIu64 "h%02" PRIu64 "m", seconds / 3600,
				 seconds / 60 % 60);
}

void jb_text_milliseconds(uint64_t ns, struct jb_buffer *out)
{
	jb_buffer_printf(out, "%.2f", (double)ns / 1e6);
}

void jb_text_thousandth(uint64_t value, struct jb_buffer *out)
{
	jb_buffer_printf(out, "%.0f", (double)value / 1e3);
}

void jb_text_thousandth_1(uint64_t value, struct jb_buffer *out)
{
	jb_buffer_printf(out, "%.1f", (double)value / 1e3);
}

void jb_text_endpoint(const char *address, uint64_t port, struct jb_buffer *out)
{
	const char *format = strchr(address, ':') ? "[%s]:%" PRIu64 : "%s:%" PRIu64;

	if (port == JB_RECORD_NONE)
		jb_buffer_puts(out, "-");
	else
		jb_buffer_printf(out, format, address, port);
}

void jb_text_workload(const char *namespace_, const char *pod, const char *unit,
		      struct jb_buffer *out)
{
	if (*pod)
		jb_buffer_printf(out, "%s/%s", namespace_, pod);
	else
		jb_buffer_puts(out, *unit ? unit : "-");
}
