/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rules of a policy: peers and ports. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#include "base/values.h"
#include "policies/fields.h"

/* --- blocks */

/* An IPv4 or IPv6 address; IPv4-mapped IPv6 is refused, since plugins differ over what it means. */
static int parse_address(const char *text, union jb_ip *ret, __u32 *ret_bits)
{
	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, text, &ret->word[3]) == 1) {
		ret->word[2] = htonl(0xffff);
		*ret_bits = 32;
		return 0;
	}
	*ret_bits = 128;
	if (inet_pton(AF_INET6, text, ret) != 1 || (!ret->half[0] && ret->word[2] == htonl(0xffff)))
		return -EINVAL;
	return 0;
}

static int parse_cidr(const char *text, struct jb_cidr *ret)
{
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	__u32 length, bits;

	if (!slash || (size_t)(slash - text) >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	if (parse_address(address, &ret->address, &bits) || jb_value_u32(slash + 1, &length) ||
	    length > bits)
		return -EINVAL;
	ret->bits = 128 - bits + length;
	return 0;
}

static int read_cidr(struct jb_reading *reading, const json_t *value, void *ret)
{
	const char *text;
	int err = jb_read_text(reading, value, 1, INET6_ADDRSTRLEN + 4, &text);

	if (!err && parse_cidr(text, ret))
		err = jb_reading_fail(reading, -EINVAL, value, "not a block ADDRESS/LENGTH");
	return err;
}

static int read_block(struct jb_reading *reading, const json_t *value, void *ret)
{
	struct jb_policy_peer *peer = ret;
	struct jb_cidr *block;
	int err;

	if (!value)
		return 0;
	if (!json_is_object(value))
		return jb_reading_fail(reading, -EINVAL, value, "not an object");
	err = jb_reading_alloc(reading, sizeof(*block), &block);
	if (!err)
		err = jb_read_field(reading, value, "cidr", read_cidr, block);
	if (err)
		return err;
	peer->block = block;
	return jb_read_list(reading, value, "except", sizeof(*peer->except), read_cidr,
			    &peer->except, &peer->n_except);
}

/* --- peers */

/* A selector that may be absent: into a pointer. */
static int read_optional_selector(struct jb_reading *reading, const json_t *value, void *ret)
{
	struct jb_selector *selector;
	int err;

	if (!value)
		return 0;
	err = jb_reading_alloc(reading, sizeof(*selector), &selector);
	if (!err)
		err = jb_read_selector(reading, value, selector);
	if (!err)
		*(const struct jb_selector **)ret = selector;
	return err;
}

static int read_peer(struct jb_reading *reading, const json_t *value, void *ret)
{
	struct jb_policy_peer *peer = ret;
	int err = jb_read_field(reading, value, "podSelector", read_optional_selector, &peer->pods);

	if (!err)
		err = jb_read_field(reading, value, "namespaceSelector", read_optional_selector,
				    &peer->namespaces);
	if (!err)
		err = jb_read_field(reading, value, "ipBlock", read_block, peer);
	if (err)
		return err;
	if (!peer->pods && !peer->namespaces && !peer->block)
		return jb_reading_fail(reading, -EINVAL, value, "no peer that is known");
	if (peer->block && (peer->pods || peer->namespaces))
		return jb_reading_fail(reading, -EINVAL, value, "ipBlock beside a selector");
	return 0;
}

/* --- ports */

static int read_number(struct jb_reading *reading, const json_t *value, __u16 *ret)
{
	json_int_t port = json_integer_value(value);

	if (!json_is_integer(value) || port < 1 || port > 65535)
		return jb_reading_fail(reading, -EINVAL, value, "not 1 to 65535");
	*ret = (__u16)port;
	return 0;
}

static int read_protocol(struct jb_reading *reading, const json_t *value, void *ret)
{
	static const struct {
		const char *name;
		__u8 protocol;
	} protocols[] = {{"TCP", IPPROTO_TCP}, {"UDP", IPPROTO_UDP}, {"SCTP", IPPROTO_SCTP}};
	const char *text = value ? json_string_value(value) : "TCP";

	for (size_t i = 0; text && i < sizeof(protocols) / sizeof(*protocols); i++) {
		if (!strcmp(text, protocols[i].name)) {
			*(__u8 *)ret = protocols[i].protocol;
			return 0;
		}
	}
	return jb_reading_fail(reading, -EINVAL, value, "not TCP, UDP or SCTP");
}

/* Absent: all. */
static int read_first(struct jb_reading *reading, const json_t *value, void *ret)
{
	struct jb_policy_port *port = ret;
	int err;

	port->last = UINT16_MAX;
	if (!value)
		return 0;
	if (json_is_string(value))
		return jb_copy_text(reading, value, 1, JB_POLICY_PORT_NAME_MAX, &port->name);
	err = read_number(reading, value, &port->first);
	port->last = port->first;
	return err;
}

static int read_last(struct jb_reading *reading, const json_t *value, void *ret)
{
	struct jb_policy_port *port = ret;

	if (!value)
		return 0;
	if (!port->first)
		return jb_reading_fail(reading, -EINVAL, value, "port is no number");
	if (read_number(reading, value, &port->last))
		return -EINVAL;
	if (port->last < port->first)
		return jb_reading_fail(reading, -EINVAL, value, "lower than port");
	return 0;
}

static int read_port(struct jb_reading *reading, const json_t *value, void *ret)
{
	struct jb_policy_port *port = ret;
	int err;

	if (!json_is_object(value))
		return jb_reading_fail(reading, -EINVAL, value, "not an object");
	err = jb_read_field(reading, value, "protocol", read_protocol, &port->protocol);
	if (!err)
		err = jb_read_field(reading, value, "port", read_first, port);
	if (!err)
		err = jb_read_field(reading, value, "endPort", read_last, port);
	return err;
}

/* --- rules */

static int read_rule(struct jb_reading *reading, const json_t *value, const char *peers,
		     struct jb_policy_rule *rule)
{
	int err;

	if (!json_is_object(value))
		return jb_reading_fail(reading, -EINVAL, value, "not an object");
	err = jb_read_list(reading, value, "ports", sizeof(*rule->ports), read_port, &rule->ports,
			   &rule->n_ports);
	if (err)
		return err;
	return jb_read_list(reading, value, peers, sizeof(*rule->peers), read_peer, &rule->peers,
			    &rule->n_peers);
}

int jb_read_ingress_rule(struct jb_reading *reading, const json_t *value, void *ret)
{
	return read_rule(reading, value, "from", ret);
}

int jb_read_egress_rule(struct jb_reading *reading, const json_t *value, void *ret)
{
	return read_rule(reading, value, "to", ret);
}
