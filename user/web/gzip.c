/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "web/gzip.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>

#define ZLIB_CONST /* before zlib.h: next_in points to const */
#include <zlib.h>

#define GZIP_WINDOW  (15 + 16) /* the largest window; 16 asks for gzip's frame */
#define MEMORY_LEVEL 8         /* zlib's default */
#define CHUNK        16384

struct jb_gzip {
	z_stream stream;
	unsigned char chunk[CHUNK];
};

int jb_gzip_new(struct jb_gzip **ret_gzip, int level)
{
	struct jb_gzip *gzip;

	if (level < Z_BEST_SPEED || level > Z_BEST_COMPRESSION)
		return -EINVAL;
	gzip = calloc(1, sizeof(*gzip));
	if (!gzip)
		return -ENOMEM;
	if (deflateInit2(&gzip->stream, level, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL,
			 Z_DEFAULT_STRATEGY) != Z_OK) {
		free(gzip);
		return -ENOMEM;
	}
	*ret_gzip = gzip;
	return 0;
}

int jb_gzip_compress(struct jb_gzip *gzip, const void *data, size_t len, struct jb_buffer *out)
{
	z_stream *stream = &gzip->stream;
	int state = Z_OK;

	if (len > UINT_MAX)
		return -EFBIG;
	deflateReset(stream);
	stream->next_in = data;
	stream->avail_in = (uInt)len;
	while (state == Z_OK && !out->error) {
		stream->next_out = gzip->chunk;
		stream->avail_out = CHUNK;
		state = deflate(stream, Z_FINISH);
		jb_buffer_append(out, gzip->chunk, CHUNK - stream->avail_out);
	}
	if (out->error)
		return out->error;
	return state == Z_STREAM_END ? 0 : -EIO;
}

void jb_gzip_free(struct jb_gzip *gzip)
{
	if (!gzip)
		return;
	deflateEnd(&gzip->stream);
	free(gzip);
}
