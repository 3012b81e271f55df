/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Writes GSO UDP super-packets that carry RTP into the stack through a tun device, as a VM's
 * network card would: the kernel receives them with gso_segs 0 and a short last segment. Runs in a
 * network namespace of its own, makes the device there, gives it DESTINATION/24 and sends from
 * SOURCE to it. Whoever is to get them listens there on the wildcard address before; hooks see
 * super-packets whole only if that socket has UDP_GRO, else the kernel cuts them first.
 */
#include "rtp_wire.h"
#include "tool.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

enum {
	HEADERS = sizeof(struct iphdr) + sizeof(struct udphdr),
	SUPER_MAX = 65000,
	SEGMENTS_MAX = 64
};

struct options {
	const char *device;
	struct sockaddr_storage source, destination;
	uint16_t port;
	uint32_t count, segments, size, short_size, ts_step;
	uint64_t interval_ns;
	struct jb_wire_rtp rtp;
};

/* What goes through write(): virtio header, IPv4, UDP, segments. */
struct super {
	struct virtio_net_hdr virtio;
	struct iphdr ip;
	struct udphdr udp;
	uint8_t payload[SUPER_MAX];
} __attribute__((packed));

static struct super the_super;

static const struct option long_options[] = {
	{"device", required_argument, NULL, 'd'},
	{"source", required_argument, NULL, 's'},
	{"destination", required_argument, NULL, 't'},
	{"port", required_argument, NULL, 'p'},
	{"count", required_argument, NULL, 'n'},
	{"segments", required_argument, NULL, 'g'},
	{"size", required_argument, NULL, 'z'},
	{"short", required_argument, NULL, 'l'},
	{"ssrc", required_argument, NULL, 'S'},
	{"pt", required_argument, NULL, 'P'},
	{"seq", required_argument, NULL, 'q'},
	{"ts", required_argument, NULL, 'T'},
	{"ts-step", required_argument, NULL, 'i'},
	{"interval-us", required_argument, NULL, 'u'},
	{},
};

static void parse_rtp(struct options *o, int option, const char *name)
{
	if (option == 'S')
		o->rtp.ssrc = (uint32_t)jb_tool_number(name, optarg, 0, UINT32_MAX);
	else if (option == 'P')
		o->rtp.pt = (uint8_t)jb_tool_number(name, optarg, 0, 127);
	else if (option == 'q')
		o->rtp.seq = (uint16_t)jb_tool_number(name, optarg, 0, UINT16_MAX);
	else if (option == 'T')
		o->rtp.ts = (uint32_t)jb_tool_number(name, optarg, 0, UINT32_MAX);
	else if (option == 'i')
		o->ts_step = (uint32_t)jb_tool_number(name, optarg, 0, UINT32_MAX);
	else
		exit(2);
}

static void parse_address(const char *name, struct sockaddr_storage *ret)
{
	jb_tool_address(optarg, 0, ret);
	if (ret->ss_family != AF_INET)
		jb_tool_fail(2, "--%s: '%s' is not IPv4", name, optarg);
}

static void parse_options(int argc, char **argv, struct options *o)
{
	int option, at = 0;

	while ((option = getopt_long(argc, argv, "", long_options, &at)) != -1) {
		const char *name = long_options[at].name;

		if (option == 'd')
			o->device = optarg;
		else if (option == 's')
			parse_address(name, &o->source);
		else if (option == 't')
			parse_address(name, &o->destination);
		else if (option == 'p')
			o->port = (uint16_t)jb_tool_number(name, optarg, 1, UINT16_MAX);
		else if (option == 'n')
			o->count = (uint32_t)jb_tool_number(name, optarg, 1, 1000000);
		else if (option == 'g')
			o->segments = (uint32_t)jb_tool_number(name, optarg, 2, SEGMENTS_MAX);
		else if (option == 'z')
			o->size = (uint32_t)jb_tool_number(name, optarg, JB_WIRE_RTP_HEADER, 1400);
		else if (option == 'l')
			o->short_size = (uint32_t)jb_tool_number(name, optarg, JB_WIRE_RTP_HEADER,
								 1400);
		else if (option == 'u')
			o->interval_ns = JB_TOOL_USEC_NS *
					 jb_tool_number(name, optarg, 0, 10000000);
		else
			parse_rtp(o, option, name);
	}
	if (optind != argc || !o->port)
		jb_tool_fail(2, "usage: tun_uso --port PORT [--OPTION VALUE]...");
	if (o->short_size > o->size || o->segments * o->size > SUPER_MAX)
		jb_tool_fail(2, "--short %u is above --size %u, or the packet above %d",
			     o->short_size, o->size, SUPER_MAX);
	if (strlen(o->device) >= IFNAMSIZ)
		jb_tool_fail(2, "--device: '%s' is too long", o->device);
}

/*
 * The tool gives addresses to a device, and the machine's own network is no place for that: it
 * works only in a namespace that has a name.
 */
static void require_named_namespace(void)
{
	DIR *directory = opendir("/run/netns");
	struct stat self, named;
	struct dirent *entry;
	bool found = false;

	if (stat("/proc/self/ns/net", &self))
		jb_tool_fail(1, "/proc/self/ns/net: %s", strerror(errno));
	while (directory && !found && (entry = readdir(directory)))
		found = !fstatat(dirfd(directory), entry->d_name, &named, 0) &&
			named.st_ino == self.st_ino && named.st_dev == self.st_dev;
	if (directory)
		closedir(directory);
	if (!found)
		jb_tool_fail(1, "run me in a network namespace of my own (ip netns exec)");
}

static int open_tun(const char *device)
{
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC), length = sizeof(struct virtio_net_hdr);
	struct ifreq request = {};

	if (fd < 0)
		jb_tool_fail(1, "/dev/net/tun: %s", strerror(errno));
	strncpy(request.ifr_name, device, IFNAMSIZ - 1);
	request.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
	if (ioctl(fd, TUNSETIFF, &request))
		jb_tool_fail(1, "tun device %s: %s", device, strerror(errno));
	if (ioctl(fd, TUNSETVNETHDRSZ, &length))
		jb_tool_fail(1, "TUNSETVNETHDRSZ: %s", strerror(errno));
	if (ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_USO4 | TUN_F_USO6))
		jb_tool_fail(1, "this kernel has no UDP segmentation on tun: %s", strerror(errno));
	return fd;
}

static void configure(int fd, struct ifreq *request, unsigned long command, const char *what)
{
	if (ioctl(fd, command, request))
		jb_tool_fail(1, "%s of %s: %s", what, request->ifr_name, strerror(errno));
}

static void bring_up(const struct options *o)
{
	struct sockaddr_in mask = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xffffff00)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {};

	if (fd < 0)
		jb_tool_fail(1, "socket: %s", strerror(errno));
	strncpy(request.ifr_name, o->device, IFNAMSIZ - 1);
	memcpy(&request.ifr_addr, &o->destination, sizeof(struct sockaddr_in));
	configure(fd, &request, SIOCSIFADDR, "address");
	memcpy(&request.ifr_netmask, &mask, sizeof(mask));
	configure(fd, &request, SIOCSIFNETMASK, "netmask");
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	configure(fd, &request, SIOCSIFFLAGS, "state");
	close(fd);
}

static uint32_t add_words(const void *data, size_t length, uint32_t sum)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i + 1 < length; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* The UDP checksum holds the pseudo header's sum; whoever segments finishes it. */
static void fill_headers(const struct options *o, struct super *super, uint16_t payload)
{
	uint16_t udp_length = (uint16_t)(sizeof(struct udphdr) + payload);

	super->virtio = (struct virtio_net_hdr){.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
						.gso_type = VIRTIO_NET_HDR_GSO_UDP_L4,
						.hdr_len = HEADERS,
						.gso_size = (uint16_t)o->size,
						.csum_start = sizeof(struct iphdr),
						.csum_offset = 6};
	super->ip = (struct iphdr){.version = 4,
				   .ihl = 5,
				   .ttl = 64,
				   .protocol = IPPROTO_UDP,
				   .tot_len = htons((uint16_t)(HEADERS + payload))};
	super->ip.saddr = ((const struct sockaddr_in *)&o->source)->sin_addr.s_addr;
	super->ip.daddr = ((const struct sockaddr_in *)&o->destination)->sin_addr.s_addr;
	super->ip.check = htons((uint16_t)~fold(add_words(&super->ip, sizeof(super->ip), 0)));
	super->udp = (struct udphdr){
		.source = htons(o->port), .dest = htons(o->port), .len = htons(udp_length)};
	super->udp.check =
		htons(fold(add_words(&super->ip.saddr, 8, (uint32_t)IPPROTO_UDP + udp_length)));
}

/* Fills the segments and advances the stream; returns the payload's length. */
static uint16_t fill_segments(struct options *o, struct super *super)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < o->segments; i++) {
		jb_wire_rtp_write(&o->rtp, 0, -1, super->payload + at);
		at += i + 1 < o->segments ? o->size : o->short_size;
		o->rtp.seq++;
		o->rtp.ts += o->ts_step;
	}
	return (uint16_t)at;
}

/* Returns how many super-packets went in. */
static uint32_t inject(struct options *o, int tun)
{
	uint64_t due = jb_tool_now_ns();
	uint32_t i;
	size_t length;

	for (i = 0; i < o->count && !jb_tool_stopped(); i++) {
		uint16_t payload = fill_segments(o, &the_super);

		fill_headers(o, &the_super, payload);
		length = offsetof(struct super, payload) + payload;
		jb_tool_sleep_until(due + i * o->interval_ns);
		if (write(tun, &the_super, length) != (ssize_t)length)
			jb_tool_fail(1, "super-packet %u: %s", i, strerror(errno));
	}
	return i;
}

int main(int argc, char **argv)
{
	struct options options = {.device = "jbuso",
				  .count = 1,
				  .segments = 7,
				  .size = 172,
				  .short_size = 122,
				  .ts_step = 960,
				  .interval_ns = 20 * JB_TOOL_MSEC_NS,
				  .rtp = {.ssrc = 0x7157, .pt = 111}};
	uint32_t supers;
	int tun;

	jb_tool_address("10.99.0.2", 0, &options.source);
	jb_tool_address("10.99.0.1", 0, &options.destination);
	parse_options(argc, argv, &options);
	require_named_namespace();
	tun = open_tun(options.device);
	bring_up(&options);
	jb_tool_catch_stop();
	jb_tool_ready();
	supers = inject(&options, tun);
	printf("{\"supers\": %u, \"segments\": %u}\n", supers, supers * options.segments);
	close(tun);
	return 0;
}
