/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/pcap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

#define SECOND_NS 1000000000LL
/* 255 years: nanoseconds of more don't fit into 63 bits. */
#define SECONDS_MAX (255LL * 365 * 86400)

struct jb_pcap {
	pcap_t *pcap;
	enum jb_link link;
	char name[]; /* as told in errors */
};

static int map_link(int datalink, enum jb_link *ret_link)
{
	switch (datalink) {
	case DLT_EN10MB:
		*ret_link = JB_LINK_ETHERNET;
		return 0;
	case DLT_LINUX_SLL:
		*ret_link = JB_LINK_LINUX_SLL;
		return 0;
	case DLT_LINUX_SLL2:
		*ret_link = JB_LINK_LINUX_SLL2;
		return 0;
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
		*ret_link = JB_LINK_RAW;
		return 0;
	case DLT_NULL:
	case DLT_LOOP:
		*ret_link = JB_LINK_NULL;
		return 0;
	default:
		return -EINVAL;
	}
}

static int set_link(struct jb_pcap *capture, char *error, size_t error_size)
{
	int datalink = pcap_datalink(capture->pcap);
	const char *name = pcap_datalink_val_to_name(datalink);

	if (!map_link(datalink, &capture->link))
		return 0;
	snprintf(error, error_size,
		 "%s: link type %s (%d) is not supported: Ethernet, Linux cooked, raw IP and "
		 "loopback are",
		 capture->name, name ? name : "unknown", datalink);
	return -EINVAL;
}

int jb_pcap_open_file(FILE *file, const char *name, struct jb_pcap **ret_pcap, char *error,
		      size_t error_size)
{
	size_t len = strlen(name);
	struct jb_pcap *capture = calloc(1, sizeof(*capture) + len + 1);
	char reason[PCAP_ERRBUF_SIZE] = "";
	int err;

	if (!capture) {
		fclose(file);
		snprintf(error, error_size, "%s: out of memory", name);
		return -ENOMEM;
	}
	memcpy(capture->name, name, len + 1);
	capture->pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO,
								 reason);
	if (!capture->pcap) {
		fclose(file);
		free(capture);
		snprintf(error, error_size, "%s: not a capture that can be read: %s", name, reason);
		return -EINVAL;
	}
	err = set_link(capture, error, error_size);
	if (err) {
		jb_pcap_close(capture);
		return err;
	}
	*ret_pcap = capture;
	return 0;
}

int jb_pcap_open(const char *path, struct jb_pcap **ret_pcap, char *error, size_t error_size)
{
	FILE *file;
	int err;

	if (!strcmp(path, "-"))
		return jb_pcap_open_file(stdin, "standard input", ret_pcap, error, error_size);
	file = fopen(path, "rbe");
	if (!file) {
		err = -errno;
		snprintf(error, error_size, "%s: %s", path, strerror(-err));
		return err;
	}
	return jb_pcap_open_file(file, path, ret_pcap, error, error_size);
}

void jb_pcap_close(struct jb_pcap *capture)
{
	if (!capture)
		return;
	pcap_close(capture->pcap);
	free(capture);
}

enum jb_link jb_pcap_link(const struct jb_pcap *capture)
{
	return capture->link;
}

/* The precision asked for makes tv_usec nanoseconds. Captures can claim any time. */
static uint64_t to_ns(const struct timeval *time)
{
	long long seconds = time->tv_sec;
	long long ns = time->tv_usec;

	if (seconds < 0)
		return 0;
	if (seconds > SECONDS_MAX)
		seconds = SECONDS_MAX;
	if (ns < 0 || ns >= SECOND_NS)
		ns = 0;
	return seconds * SECOND_NS + ns;
}

int jb_pcap_next(struct jb_pcap *capture, struct jb_frame *ret_frame, char *error,
		 size_t error_size)
{
	struct pcap_pkthdr *header;
	const u_char *data;

	switch (pcap_next_ex(capture->pcap, &header, &data)) {
	case 1:
		break;
	case PCAP_ERROR_BREAK:
		return 0;
	default:
		snprintf(error, error_size, "%s: %s", capture->name, pcap_geterr(capture->pcap));
		return -EIO;
	}
	*ret_frame = (struct jb_frame){.data = data,
				       .captured = header->caplen < header->len ? header->caplen
										: header->len,
				       .original = header->len,
				       .time_ns = to_ns(&header->ts)};
	return 1;
}
