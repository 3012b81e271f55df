/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "sender.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT_MAX = 100000000, PPS_MAX = 10000000, EXTENSION_MAX = 300, EVENT_BASE = 1000 };

/* Values of `val`; those from EVENT_BASE on are jb_sender_event_kind. */
enum {
	TO = 1,
	PORT,
	FROM,
	FROM_PORT,
	MODE,
	PPS,
	COUNT,
	SECONDS,
	SEED,
	SIZE,
	SSRC,
	PT,
	SEQ,
	TS,
	TS_STEP,
	FRAME,
	MARKER,
	CSRC,
	EXTENSION,
	PADDING,
	SKIP,
	REPEAT,
	SWAP,
	GSO,
	GSO_SHORT,
	THREADS,
	SHARE,
	LOG,
};

#define WITH_VALUE(name, val)                                                                      \
	{                                                                                          \
		name, required_argument, NULL, val                                                 \
	}

static const struct option long_options[] = {
	WITH_VALUE("to", TO),
	WITH_VALUE("port", PORT),
	WITH_VALUE("from", FROM),
	WITH_VALUE("from-port", FROM_PORT),
	WITH_VALUE("mode", MODE),
	WITH_VALUE("pps", PPS),
	WITH_VALUE("count", COUNT),
	WITH_VALUE("seconds", SECONDS),
	WITH_VALUE("seed", SEED),
	WITH_VALUE("size", SIZE),
	WITH_VALUE("ssrc", SSRC),
	WITH_VALUE("pt", PT),
	WITH_VALUE("seq", SEQ),
	WITH_VALUE("ts", TS),
	WITH_VALUE("ts-step", TS_STEP),
	WITH_VALUE("frame", FRAME),
	WITH_VALUE("marker", MARKER),
	WITH_VALUE("csrc", CSRC),
	WITH_VALUE("extension", EXTENSION),
	WITH_VALUE("padding-every", PADDING),
	WITH_VALUE("skip", SKIP),
	WITH_VALUE("repeat", REPEAT),
	WITH_VALUE("swap", SWAP),
	WITH_VALUE("gso", GSO),
	WITH_VALUE("gso-short", GSO_SHORT),
	WITH_VALUE("threads", THREADS),
	WITH_VALUE("share", SHARE),
	WITH_VALUE("log", LOG),
	WITH_VALUE("skip-at", EVENT_BASE + JB_SENDER_SKIP),
	WITH_VALUE("restart-at", EVENT_BASE + JB_SENDER_RESTART),
	WITH_VALUE("ssrc-at", EVENT_BASE + JB_SENDER_SSRC),
	WITH_VALUE("pt-at", EVENT_BASE + JB_SENDER_PT),
	WITH_VALUE("pause-at", EVENT_BASE + JB_SENDER_PAUSE),
	{},
};

struct raw {
	const char *to, *from;
	uint16_t port;
	uint64_t seconds;
};

/* Index of the text among the choices. */
static int choice(const char *name, const char *text, const char *const *choices)
{
	for (int i = 0; choices[i]; i++)
		if (!strcmp(text, choices[i]))
			return i;
	jb_tool_fail(2, "--%s: unknown '%s'", name, text);
}

static void add_event(struct jb_sender_options *o, enum jb_sender_event_kind kind, const char *name)
{
	struct jb_sender_event *event = &o->events[o->event_count];
	uint64_t max = kind == JB_SENDER_PT ? 127 : UINT32_MAX;

	if (o->event_count == JB_SENDER_EVENTS)
		jb_tool_fail(2, "--%s: more than %d events", name, JB_SENDER_EVENTS);
	event->kind = kind;
	if (kind == JB_SENDER_RESTART)
		event->index = jb_tool_number(name, optarg, 0, COUNT_MAX);
	else
		jb_tool_pair(name, optarg, max, &event->index, &event->value);
	o->event_count++;
}

/* "N" or "MIN:MAX". */
static void parse_size(struct jb_sender_options *o, const char *name)
{
	uint64_t min, max;

	if (strchr(optarg, ':'))
		jb_tool_pair(name, optarg, JB_SENDER_DATAGRAM, &min, &max);
	else
		min = max = jb_tool_number(name, optarg, 0, JB_SENDER_DATAGRAM);
	if (min > max || max > JB_SENDER_DATAGRAM)
		jb_tool_fail(2, "--%s: '%s' is no range of sizes", name, optarg);
	o->size_min = (uint32_t)min;
	o->size_max = (uint32_t)max;
}

static void parse_rate(struct jb_sender_options *o, const char *name)
{
	char *end;

	o->pps = strtod(optarg, &end);
	if (end == optarg || *end || !(o->pps >= 0 && o->pps <= PPS_MAX))
		jb_tool_fail(2, "--%s: '%s' is no packet rate of 0..%d", name, optarg, PPS_MAX);
}

static bool parse_rtp(struct jb_sender_options *o, int option, const char *name)
{
	static const char *const markers[] = {"none", "frame", "talk", NULL};

	if (option == SSRC)
		o->first.ssrc = (uint32_t)jb_tool_number(name, optarg, 0, UINT32_MAX);
	else if (option == PT)
		o->first.pt = (uint8_t)jb_tool_number(name, optarg, 0, 127);
	else if (option == SEQ)
		o->first.seq = (uint16_t)jb_tool_number(name, optarg, 0, UINT16_MAX);
	else if (option == TS)
		o->first.ts = (uint32_t)jb_tool_number(name, optarg, 0, UINT32_MAX);
	else if (option == TS_STEP)
		o->ts_step = (uint32_t)jb_tool_number(name, optarg, 0, UINT32_MAX);
	else if (option == FRAME)
		o->frame = (uint32_t)jb_tool_number(name, optarg, 1, COUNT_MAX);
	else if (option == MARKER)
		o->marker = (enum jb_sender_marker)choice(name, optarg, markers);
	else if (option == CSRC)
		o->csrcs = (uint32_t)jb_tool_number(name, optarg, 0, 15);
	else if (option == EXTENSION)
		o->extension_words = (int)jb_tool_number(name, optarg, 0, EXTENSION_MAX);
	else if (option == PADDING)
		o->padding_every = (uint32_t)jb_tool_number(name, optarg, 1, COUNT_MAX);
	else if (option == SIZE)
		parse_size(o, name);
	else
		return false;
	return true;
}

static bool parse_sending(struct jb_sender_options *o, int option, const char *name)
{
	static const char *const modes[] = {"stream", "flood", "noise", NULL};
	static const char *const shares[] = {"port", "socket", NULL};

	if (option == MODE)
		o->mode = (enum jb_sender_mode)choice(name, optarg, modes);
	else if (option == PPS)
		parse_rate(o, name);
	else if (option == COUNT)
		o->count = jb_tool_number(name, optarg, 0, COUNT_MAX);
	else if (option == SEED)
		o->seed = jb_tool_number(name, optarg, 0, UINT64_MAX);
	else if (option == SKIP)
		o->skip = jb_tool_share(name, optarg);
	else if (option == REPEAT)
		o->repeat = jb_tool_share(name, optarg);
	else if (option == SWAP)
		o->swap = jb_tool_share(name, optarg);
	else if (option == GSO)
		o->gso = (uint32_t)jb_tool_number(name, optarg, 2, JB_SENDER_GSO_MAX);
	else if (option == GSO_SHORT)
		o->gso_short = (uint32_t)jb_tool_number(name, optarg, 0, JB_SENDER_DATAGRAM);
	else if (option == THREADS)
		o->threads = (uint32_t)jb_tool_number(name, optarg, 1, JB_SENDER_THREADS_MAX);
	else if (option == SHARE)
		o->shared_socket = choice(name, optarg, shares) == 1;
	else if (option == LOG)
		o->log = optarg;
	else
		return false;
	return true;
}

static void parse_end(struct jb_sender_options *o, struct raw *raw, int option, const char *name)
{
	if (option == TO)
		raw->to = optarg;
	else if (option == FROM)
		raw->from = optarg;
	else if (option == PORT)
		raw->port = (uint16_t)jb_tool_number(name, optarg, 1, UINT16_MAX);
	else if (option == FROM_PORT)
		o->from_port = (uint16_t)jb_tool_number(name, optarg, 1, UINT16_MAX);
	else if (option == SECONDS)
		raw->seconds = jb_tool_number(name, optarg, 1, 86400);
	else
		add_event(o, (enum jb_sender_event_kind)(option - EVENT_BASE), name);
}

static bool is_plain(const struct jb_sender_options *o)
{
	return !o->event_count && !o->padding_every && !o->gso &&
	       o->skip + o->repeat + o->swap <= 0;
}

static void check(const struct jb_sender_options *o)
{
	size_t header = jb_wire_rtp_header_length(o->csrcs, o->extension_words);

	if (o->gso && (o->size_min != o->size_max || o->padding_every))
		jb_tool_fail(2, "--gso needs segments of one size");
	if (o->gso_short > o->size_min)
		jb_tool_fail(2, "--gso-short %u is more than the payload of %u", o->gso_short,
			     o->size_min);
	if ((header + o->size_max) * (o->gso ? o->gso : 1) > JB_SENDER_DATAGRAM)
		jb_tool_fail(2, "--size %u: the datagram is longer than %d", o->size_max,
			     JB_SENDER_DATAGRAM);
	if (o->threads > 1 && (!is_plain(o) || o->mode != JB_SENDER_STREAM || !o->from_port ||
			       o->size_min != o->size_max))
		jb_tool_fail(2, "--threads needs --from-port and a plain stream of one size");
	if (o->mode != JB_SENDER_STREAM && !is_plain(o))
		jb_tool_fail(2, "--mode flood|noise has no events, padding or GSO");
}

void jb_sender_options_parse(int argc, char **argv, struct jb_sender_options *ret)
{
	struct raw raw = {.to = "127.0.0.1"};
	int option, at = 0;

	while ((option = getopt_long(argc, argv, "", long_options, &at)) != -1) {
		const char *name = long_options[at].name;

		if (option == '?')
			exit(2);
		if (!parse_rtp(ret, option, name) && !parse_sending(ret, option, name))
			parse_end(ret, &raw, option, name);
	}
	if (optind != argc || !raw.port)
		jb_tool_fail(2, "usage: sender --port PORT [--to ADDRESS] [--OPTION VALUE]...");
	ret->to_length = jb_tool_address(raw.to, raw.port, &ret->to);
	if (raw.from)
		ret->from_length = jb_tool_address(raw.from, ret->from_port, &ret->from);
	if (raw.seconds)
		ret->count = (uint64_t)(ret->pps * (double)raw.seconds + 0.5);
	if (ret->marker == JB_SENDER_MARKER_AUTO)
		ret->marker = ret->frame > 1 ? JB_SENDER_MARKER_FRAME : JB_SENDER_MARKER_NONE;
	check(ret);
}
