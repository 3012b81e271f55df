/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The CSV of RTP packets that sender and receiver write; CLOCK_MONOTONIC, size of UDP payload. */
#ifndef JB_TESTS_NET_RTP_LOG_H
#define JB_TESTS_NET_RTP_LOG_H

#include "rtp_wire.h"

#include <stdio.h>

/* NULL for a NULL path, which stands for no log; exits when the file can't be opened. */
FILE *jb_rtp_log_open(const char *path);
void jb_rtp_log_write(FILE *log, uint64_t t_ns, const struct jb_wire_rtp *rtp, size_t size);
/* Exits when not everything could be written. */
void jb_rtp_log_close(FILE *log, const char *path);

#endif
