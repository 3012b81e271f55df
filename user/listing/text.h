/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How tables show what several records have. */
#ifndef JB_LISTING_TEXT_H
#define JB_LISTING_TEXT_H

#include <stdint.h>

#include "base/buffer.h"

/* For a column's `number`: nanoseconds as 9.5s, 12m03s, 2h05m; as milliseconds, 0.25. */
void jb_text_duration(uint64_t ns, struct jb_buffer *out);
void jb_text_milliseconds(uint64_t ns, struct jb_buffer *out);

/* Likewise: divided by 1000, without decimals or with one: 1500 is 2, or 1.5. */
void jb_text_thousandth(uint64_t value, struct jb_buffer *out);
void jb_text_thousandth_1(uint64_t value, struct jb_buffer *out);

/* For made columns: 10.0.0.1:5060, [2001:db8::1]:5060; "-" if the port is none. */
void jb_text_endpoint(const char *address, uint64_t port, struct jb_buffer *out);

/* Likewise: a pod's namespace/pod, or the unit; "-" of neither. */
void jb_text_workload(const char *namespace_, const char *pod, const char *unit,
		      struct jb_buffer *out);

#endif
