/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What `jitterbug replay` prints. */
#ifndef JB_CLI_REPLAY_REPORT_H
#define JB_CLI_REPLAY_REPORT_H

#include <stdio.h>

#include "capture/engine.h"
#include "streams/info.h"

struct jb_replay {
	const struct jb_engine *engine;
	const char *file;
	const char *error; /* why the capture ends early, or NULL */
	uint32_t mtu;
};

/* Both return 0, -ENOMEM or -EIO. */
int jb_replay_print_text(const struct jb_replay *replay, FILE *file);
int jb_replay_print_json(const struct jb_replay *replay, FILE *file);

/* What one stream shows at the end of the capture; its rates are those of its whole life. */
void jb_replay_info(const struct jb_replay *replay, const struct jb_engine_stream *stream,
		    struct jb_stream_info *ret_info);

/* Keys of the counters in JSON, as in the metrics' names. */
extern const char *const jb_replay_counters[JB_RTP_COUNTER_MAX];
extern const char *const jb_replay_kinds[JB_PACKET_KIND_MAX];

/* What is not counted, or not as it came; names from fault.h where it has one. */
#define JB_REPLAY_FAULTS(X)                                                                        \
	X("rtp_unreadable", unreadable)                                                            \
	X("rtp_truncated", truncated)                                                              \
	X("rtp_bounds", bounds)                                                                    \
	X("rtp_padding", padding)                                                                  \
	X("not_rtp", not_rtp)                                                                      \
	X("probation_failed", probation_failed)                                                    \
	X("streams_full", streams_full)                                                            \
	X("ended_dropped", ended_dropped)                                                          \
	X("time_backwards", backwards)

#endif
