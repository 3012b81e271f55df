/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads pcap and pcapng files. pcap.c is the only file that includes libpcap. */
#ifndef JB_CAPTURE_PCAP_H
#define JB_CAPTURE_PCAP_H

#include <stdio.h>

#include "capture/frame.h"

struct jb_pcap;

enum { JB_PCAP_ERROR = 512 }; /* a good size for the error's buffer */

/*
 * Opens a capture; "-" is the standard input. 0, -EINVAL for what is not a capture of a known link
 * type, or another -errno. On an error one line "NAME: reason" without a newline is in `error`.
 */
int jb_pcap_open(const char *path, struct jb_pcap **ret_pcap, char *error, size_t error_size);

/* The same of an open file, which is the capture's from now on, error or not. */
int jb_pcap_open_file(FILE *file, const char *name, struct jb_pcap **ret_pcap, char *error,
		      size_t error_size);

void jb_pcap_close(struct jb_pcap *capture); /* NULL is allowed */

enum jb_link jb_pcap_link(const struct jb_pcap *capture);

/*
 * 1 and the next frame, whose data is valid until the next call; 0 at the end; -EIO, with `error`
 * as above, if the file is cut off or broken here.
 */
int jb_pcap_next(struct jb_pcap *capture, struct jb_frame *ret_frame, char *error,
		 size_t error_size);

#endif
