/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "bridge.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <string.h>
#include <sys/uio.h>

enum { PORT_BUFFER = 64 << 20 };

static void set_packet_option(int fd, int option, const char *name)
{
	int on = 1;

	if (setsockopt(fd, SOL_PACKET, option, &on, sizeof(on)))
		jb_tool_fail(1, "%s: %s", name, strerror(errno));
}

int jb_bridge_port_open(const char *interface)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET,
				      .sll_protocol = htons(ETH_P_ALL),
				      .sll_ifindex = (int)if_nametoindex(interface)};
	int fd;

	if (!address.sll_ifindex)
		jb_tool_fail(1, "interface %s: %s", interface, strerror(errno));
	/* Protocol 0 until bind(): nothing of other interfaces may enter. */
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		jb_tool_fail(1, "packet socket: %s", strerror(errno));
	/* The header carries unfinished checksums and GSO sizes from port to port. */
	set_packet_option(fd, PACKET_VNET_HDR, "PACKET_VNET_HDR");
	set_packet_option(fd, PACKET_IGNORE_OUTGOING, "PACKET_IGNORE_OUTGOING");
	set_packet_option(fd, PACKET_QDISC_BYPASS, "PACKET_QDISC_BYPASS");
	jb_tool_socket_buffers(fd, PORT_BUFFER);
	jb_tool_stamp_socket(fd);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
		jb_tool_fail(1, "bind to %s: %s", interface, strerror(errno));
	return fd;
}

int jb_bridge_port_receive(int port, uint8_t *buffer, uint64_t *ret_in_ns)
{
	char control[256];
	struct iovec vector = {buffer, JB_BRIDGE_FRAME};
	struct msghdr message = {.msg_iov = &vector,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control)};
	ssize_t length = recvmsg(port, &message, 0);

	if (length < 0)
		return -errno;
	*ret_in_ns = jb_tool_arrival_ns(&message);
	return (int)length;
}

int jb_bridge_port_send(int port, const uint8_t *frame, size_t length)
{
	return send(port, frame, length, 0) < 0 ? -errno : 0;
}

uint32_t jb_bridge_port_drops(int port)
{
	struct tpacket_stats stats = {};
	socklen_t length = sizeof(stats);

	if (getsockopt(port, SOL_PACKET, PACKET_STATISTICS, &stats, &length))
		jb_tool_fail(1, "PACKET_STATISTICS: %s", strerror(errno));
	return stats.tp_drops;
}
