/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef JB_BASE_UTF8_H
#define JB_BASE_UTF8_H

#include <stddef.h>

/*
 * Octets of the well-formed UTF-8 character at `text` (RFC 3629: no overlong forms, surrogates or
 * values over U+10FFFF), 1 for ASCII, 0 if there is none. The NUL that ends the text stops it.
 */
size_t jb_utf8_length(const void *text);

#endif
