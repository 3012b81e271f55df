/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Escaping of label values and help texts. Names come from cgroups and the API server: any bytes.
 */
#ifndef JITTERBUG_METRICS_ESCAPE_H
#define JITTERBUG_METRICS_ESCAPE_H

#include <stdbool.h>

#include "base/buffer.h"

/*
 * Appends `text` with \ and newline escaped, with `quotes` also ", and every byte that is not part
 * of valid UTF-8 replaced by U+FFFD.
 */
void jb_escape(struct jb_buffer *out, const char *text, bool quotes);

#endif
