/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writes JSON values by hand: ten thousand streams are a quarter of a million of them. */
#ifndef JB_LISTING_JSON_H
#define JB_LISTING_JSON_H

#include <stdint.h>

#include "base/buffer.h"

/* A string with its quotes (RFC 8259 7). What is not valid UTF-8 becomes U+FFFD. */
void jb_json_string(struct jb_buffer *out, const char *text);

/* value / 10^decimals (0..9), exact, without zeros at the end: 1500, 3 is 1.5. */
void jb_json_fixed(struct jb_buffer *out, uint64_t value, unsigned int decimals);

#endif
