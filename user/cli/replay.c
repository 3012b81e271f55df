/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cli/replay.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "capture/engine.h"
#include "capture/pcap.h"
#include "cli/common.h"
#include "cli/replay_report.h"

#define NAME "jitterbug replay"

enum {
	MTU_MAX = 65535,
	MTU_MIN = 68, /* RFC 791 */
	STREAMS_MAX = 65536,
};

struct config {
	bool json;
	uint32_t mtu;
	struct jb_ports media_ports;
};

static const struct jb_option table[] = {
	{"json", JB_OPTION_FLAG(struct config, json), .help = "print JSON", .argument_only = true},
	{"mtu", JB_OPTION_U32(struct config, mtu), .value = "1500", .min = MTU_MIN, .max = MTU_MAX,
	 .help = "larger packets are merged ones, and not measured", .argument_only = true},
	{"media-ports", JB_OPTION_PORTS(struct config, media_ports),
	 .help = "ports of media: two packets in a row make a stream there, four elsewhere"},
};

static const struct jb_options options = {
	.usage = NAME " [OPTION]... FILE",
	.about = "Measures the RTP streams of a pcap or pcapng file (-: standard input) as the "
		 "agent would.",
	.table = table,
	.count = sizeof(table) / sizeof(*table),
	.positionals = 1,
};

/* 0, or -errno with the reason in `error`. */
static int run_engine(struct jb_engine *engine, struct jb_pcap *pcap, char *error, size_t size)
{
	struct jb_frame frame;
	int got, err;

	while ((got = jb_pcap_next(pcap, &frame, error, size)) > 0) {
		err = jb_engine_frame(engine, jb_pcap_link(pcap), &frame);
		if (err) {
			snprintf(error, size, "%s", strerror(-err));
			return err;
		}
	}
	return got;
}

static int report(const struct config *config, const struct jb_replay *replay)
{
	int err = config->json ? jb_replay_print_json(replay, stdout)
			       : jb_replay_print_text(replay, stdout);

	if (err)
		return jb_cli_fail(NAME, JB_EXIT_FAILED, "%s",
				   err == -ENOMEM ? strerror(ENOMEM) : "can't write the report");
	return replay->error ? jb_cli_fail(NAME, JB_EXIT_FAILED, "%s", replay->error) : JB_EXIT_OK;
}

static int replay_pcap(const struct config *config, const char *path, struct jb_pcap *pcap)
{
	struct jb_engine_config engine_config = {.mtu = config->mtu,
						 .max_streams = STREAMS_MAX,
						 .media_ports = config->media_ports.bits};
	struct jb_replay replay = {.file = path, .mtu = config->mtu};
	char error[JB_PCAP_ERROR];
	struct jb_engine *engine;
	int status;

	if (getrandom(&engine_config.seed, sizeof(engine_config.seed), 0) < 0)
		return jb_cli_fail(NAME, JB_EXIT_FAILED, "%s", strerror(errno));
	if (jb_engine_new(&engine_config, &engine))
		return jb_cli_fail(NAME, JB_EXIT_FAILED, "%s", strerror(ENOMEM));
	replay.engine = engine;
	if (run_engine(engine, pcap, error, sizeof(error)))
		replay.error = error;
	status = report(config, &replay);
	jb_engine_free(engine);
	return status;
}

static int replay(const struct config *config, const char *path)
{
	char error[JB_PCAP_ERROR];
	struct jb_pcap *pcap;
	int status;

	if (jb_pcap_open(path, &pcap, error, sizeof(error)))
		return jb_cli_fail(NAME, JB_EXIT_FAILED, "%s", error);
	status = replay_pcap(config, path, pcap);
	jb_pcap_close(pcap);
	return status;
}

int jb_cli_replay(int argc, char **argv)
{
	const char *positionals[1];
	struct config config;
	int status = jb_cli_options(NAME, &options, argc, argv, &config, positionals);

	if (status >= 0)
		return status;
	if (positionals[0])
		status = replay(&config, positionals[0]);
	else
		status = jb_cli_fail(NAME, JB_EXIT_USAGE, "no FILE given (see --help)");
	jb_options_free(&options, &config);
	return status;
}
