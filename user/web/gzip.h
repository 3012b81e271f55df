/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Compression of pages; a compressor holds about 256 KiB and is used again for every page. */
#ifndef JITTERBUG_WEB_GZIP_H
#define JITTERBUG_WEB_GZIP_H

#include <stddef.h>

#include "base/buffer.h"

struct jb_gzip;

/* `level` is 1 (fast) to 9. 0, -EINVAL for another level, -ENOMEM. */
int jb_gzip_new(struct jb_gzip **ret_gzip, int level);

/* Appends `data` to `out` as one gzip member. 0, -EFBIG over 4 GiB - 1, or the buffer's error. */
int jb_gzip_compress(struct jb_gzip *gzip, const void *data, size_t len, struct jb_buffer *out);

void jb_gzip_free(struct jb_gzip *gzip);

#endif
