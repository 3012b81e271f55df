/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What one stream shows, and its columns: the one place that knows them. An info is filled from
 * the kernel's state (view.h) or from an agent's JSON; JSON objects and text tables come from it.
 */
#ifndef JB_STREAMS_INFO_H
#define JB_STREAMS_INFO_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <netinet/in.h>

#include <jansson.h>

#include "base/buffer.h"
#include "base/table.h"

#define JB_STREAM_NONE UINT64_MAX /* of a number: not known, or it doesn't apply; null in JSON */

struct jb_stream_info {
	/* Never NULL. Borrowed: from an identity or a JSON value, or constants. */
	const char *direction; /* ingress, egress */
	const char *media;     /* audio, video, rtx, unknown */
	const char *namespace_;
	const char *pod;
	const char *container;
	const char *unit;
	char source_address[INET6_ADDRSTRLEN];
	char destination_address[INET6_ADDRSTRLEN];
	uint64_t source_port;
	uint64_t destination_port;
	uint64_t ssrc;
	uint64_t payload_type;
	uint64_t clock_rate;       /* Hz; none until it is known */
	uint64_t base_sequence;    /* as in packets, 16 bits */
	uint64_t highest_sequence; /* likewise */
	uint64_t packets;          /* all of them, of the whole stream */
	uint64_t bytes;            /* UDP payload */
	uint64_t unique;           /* first arrivals within the window, since the latest restart */
	uint64_t unseen;           /* in the window, not arrived: lost unless they still come */
	uint64_t lost;             /* ingress, since the latest restart; none at egress */
	uint64_t source_gap;       /* egress, likewise; none at ingress */
	uint64_t gap;
	uint64_t recovered;
	uint64_t reordered;
	uint64_t late;
	uint64_t duplicates;
	uint64_t restarts;
	uint64_t frames;
	uint64_t jitter_ns;  /* none until the clock is known, and of RTX */
	uint64_t bitrate;    /* bit/s */
	uint64_t frame_rate; /* frames in 1000 s */
	uint64_t age_ns;
	uint64_t idle_ns;
};

enum jb_stream_kind {
	JB_STREAM_TEXT,    /* const char * */
	JB_STREAM_ADDRESS, /* char [INET6_ADDRSTRLEN] */
	JB_STREAM_NUMBER,  /* uint64_t; the others too */
	JB_STREAM_MILLI,   /* in JSON divided by 1000 */
	JB_STREAM_NANO,    /* in JSON divided by 10^9 */
	JB_STREAM_MADE     /* not in JSON: made of other fields */
};

struct jb_stream_column {
	const char *name;      /* JSON key, and what -o takes */
	struct jb_column head; /* in text tables */
	enum jb_stream_kind kind;
	size_t offset; /* in the info; 0 if made */
	/* Appends what tables show; NULL: the number or text as it is. Never called for none. */
	void (*text)(const struct jb_stream_info *info, struct jb_buffer *out);
};

enum { JB_STREAM_COLUMNS_MAX = 64 };

/* All columns, in the order of JSON; those made of others come last. */
extern const struct jb_stream_column jb_stream_columns[];
extern const size_t jb_stream_column_count;

/*
 * The columns of a list "source,destination,lost". Returns how many, or -EINVAL with *ret_bad and
 * *ret_length telling the name that is none, or the one behind JB_STREAM_COLUMNS_MAX.
 */
int jb_stream_columns_parse(const char *list,
			    const struct jb_stream_column *ret_columns[JB_STREAM_COLUMNS_MAX],
			    const char **ret_bad, int *ret_length);

/* What a table of live streams shows unless told otherwise; fits 160 columns. */
extern const char jb_stream_columns_default[];

/* The value of a number's column; JB_STREAM_NONE for columns that are no numbers. */
uint64_t jb_stream_number(const struct jb_stream_info *info, const struct jb_stream_column *column);

/* Appends what a table (or CSV) shows in a column: "-" for none. */
void jb_stream_text(const struct jb_stream_info *info, const struct jb_stream_column *column,
		    struct jb_buffer *out);

/* Appends one JSON object. */
void jb_stream_json(const struct jb_stream_info *info, struct jb_buffer *out);

/*
 * Fills *ret_info from an object as written by jb_stream_json(); it borrows the object's strings.
 * A key that isn't there is "" or none, one that isn't known is ignored. 0, or -EINVAL with the
 * name of the value that is not what it should be in *ret_key ("stream": not an object).
 */
int jb_stream_parse(const json_t *object, struct jb_stream_info *ret_info, const char **ret_key);

/* Prints a table; 0, -ENOMEM or -EIO. */
int jb_stream_print(const struct jb_stream_info *infos, size_t info_count,
		    const struct jb_stream_column *const *columns, size_t column_count, FILE *file);

#endif
