/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "traffic.h"

#define SPIN_NS       20000
#define UDP_SIZE      64
#define RTP_SIZE      172
#define SIZE_MAX_SENT 1500
#define SMALL_BUFFER  4096

int jb_traffic_open_old(struct jb_traffic *t, const struct jb_lab *lab)
{
	return jb_lab_connect(lab, t->old);
}

int jb_traffic_open(struct jb_traffic *t, const struct jb_lab *lab)
{
	int small = SMALL_BUFFER;
	int err = jb_lab_connect(lab, t->tcp) ?: jb_lab_udp(lab, t->udp)
			?: jb_lab_udp(lab, t->rtp) ?: jb_lab_udp(lab, t->full)
			?: jb_lab_udp(lab, t->closed);

	t->lab = lab;
	if (err)
		return err;
	close(t->closed[1]);
	t->closed[1] = -1;
	return setsockopt(t->full[1], SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)) ? -errno : 0;
}

static void close_both(const int a[2])
{
	for (int i = 0; i < 2; i++)
		if (a[i] >= 0)
			close(a[i]);
}

void jb_traffic_close(struct jb_traffic *t)
{
	close_both(t->tcp);
	close_both(t->old);
	close_both(t->udp);
	close_both(t->rtp);
	close_both(t->full);
	close_both(t->closed);
}

static int pass(int from, int to, const void *data, size_t size)
{
	char buffer[SIZE_MAX_SENT];

	if (send(from, data, size, 0) < 0 || recv(to, buffer, sizeof(buffer), 0) < 0)
		return -errno;
	return 0;
}

int jb_traffic_exchange(const int a[2], size_t size, int count)
{
	static const char data[SIZE_MAX_SENT];
	int err = 0;

	for (int i = 0; i < count && !err; i++)
		err = pass(a[0], a[1], data, size) ?: pass(a[1], a[0], data, size);
	return err;
}

static void spin(double ns)
{
	struct timespec begin, now;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while ((now.tv_sec - begin.tv_sec) * 1e9 + now.tv_nsec - begin.tv_nsec < ns);
}

/* Round trips that differ, so that the smoothed one does not stay the same. */
static int run_old(struct jb_traffic *t)
{
	int err = 0;

	for (int i = 0; i < JB_TRAFFIC_REPEAT && !err; i++) {
		if (send(t->old[0], "", 1, 0) < 0)
			return -errno;
		spin(i % 4 * SPIN_NS);
		err = pass(t->old[1], t->old[0], "", 1);
	}
	return err;
}

/* Connections that end by a reset, lest their ports be taken for a minute. */
static int run_short(struct jb_traffic *t)
{
	const struct linger reset = {.l_onoff = 1};

	for (int i = 0; i < JB_TRAFFIC_SHORT; i++) {
		int a[2];
		int err = jb_lab_connect(t->lab, a);

		if (err)
			return err;
		setsockopt(a[0], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close_both(a);
	}
	return 0;
}

static int run_rtp(struct jb_traffic *t)
{
	struct {
		__u8 version, payload_type;
		__u16 sequence;
		__u32 timestamp, ssrc;
		__u8 payload[RTP_SIZE - 12];
	} packet = {.version = 0x80, .ssrc = htonl(1)};
	int err = 0;

	for (int i = 0; i < JB_TRAFFIC_REPEAT && !err; i++) {
		packet.sequence = htons(t->sequence);
		packet.timestamp = htonl(t->sequence++ * 160);
		err = pass(t->rtp[0], t->rtp[1], &packet, sizeof(packet));
	}
	return err;
}

/* Nobody reads them. An ICMP error may come back, which the next send() tells and then does not. */
static int run_unread(int fd)
{
	static const char data[UDP_SIZE];

	for (int i = 0; i < JB_TRAFFIC_REPEAT; i++)
		if (send(fd, data, sizeof(data), 0) < 0 && errno != ECONNREFUSED)
			return -errno;
	return 0;
}

int jb_traffic_run(struct jb_traffic *t, enum jb_traffic_load load)
{
	switch (load) {
	case JB_TRAFFIC_TCP:
		return jb_traffic_exchange(t->tcp, 1, JB_TRAFFIC_REPEAT);
	case JB_TRAFFIC_TCP_OLD:
		return run_old(t);
	case JB_TRAFFIC_TCP_SHORT:
		return run_short(t);
	case JB_TRAFFIC_UDP:
		return jb_traffic_exchange(t->udp, UDP_SIZE, JB_TRAFFIC_REPEAT);
	case JB_TRAFFIC_RTP:
		return run_rtp(t);
	case JB_TRAFFIC_UDP_FULL:
		return run_unread(t->full[0]);
	case JB_TRAFFIC_UDP_CLOSED:
		return run_unread(t->closed[0]);
	default:
		return -EINVAL;
	}
}
