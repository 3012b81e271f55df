/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A page of metrics as a proxy with many destinations has it. */
#ifndef JB_BENCH_PROXY_PAGE_H
#define JB_BENCH_PROXY_PAGE_H

#include "base/buffer.h"

/* Lines that a destination has on the page: 26 of them buckets, JB_PROXY_PAGE_WANTED are read. */
#define JB_PROXY_PAGE_LINES  35
#define JB_PROXY_PAGE_WANTED 6
/* Lines of HELP and TYPE. */
#define JB_PROXY_PAGE_COMMENTS 16

/* Appends the families of these destinations, without `# EOF`. Errors are the buffer's. */
void jb_proxy_page_put(struct jb_buffer *page, unsigned int destinations);

#endif
