/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "rtp_log.h"
#include "tool.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

FILE *jb_rtp_log_open(const char *path)
{
	FILE *log;

	if (!path)
		return NULL;
	log = fopen(path, "we");
	if (!log)
		jb_tool_fail(1, "%s: %s", path, strerror(errno));
	setvbuf(log, NULL, _IOFBF, 1 << 20);
	fputs("t_ns,seq,ts,pt,ssrc,size,marker,padding_only\n", log);
	return log;
}

void jb_rtp_log_write(FILE *log, uint64_t t_ns, const struct jb_wire_rtp *rtp, size_t size)
{
	if (log)
		fprintf(log, "%" PRIu64 ",%u,%u,%u,%u,%zu,%u,%u\n", t_ns, rtp->seq, rtp->ts,
			rtp->pt, rtp->ssrc, size, rtp->marker, rtp->padding_only);
}

void jb_rtp_log_close(FILE *log, const char *path)
{
	if (log && fclose(log))
		jb_tool_fail(1, "%s: %s", path, strerror(errno));
}
