/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "web/guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

static bool is_loopback4(uint32_t address_be)
{
	return ntohl(address_be) >> 24 == IN_LOOPBACKNET;
}

static bool is_loopback6(const struct in6_addr *address)
{
	uint32_t mapped;

	if (!IN6_IS_ADDR_V4MAPPED(address))
		return IN6_IS_ADDR_LOOPBACK(address);
	memcpy(&mapped, &address->s6_addr[12], sizeof(mapped));
	return is_loopback4(mapped);
}

bool jb_guard_peer_is_loopback(const struct sockaddr *peer)
{
	if (!peer)
		return false;
	if (peer->sa_family == AF_INET)
		return is_loopback4(((const struct sockaddr_in *)peer)->sin_addr.s_addr);
	if (peer->sa_family == AF_INET6)
		return is_loopback6(&((const struct sockaddr_in6 *)peer)->sin6_addr);
	return false;
}

/* Nothing, or a colon and up to five digits, none included. */
static bool is_port_suffix(const char *text)
{
	size_t digits;

	if (!*text)
		return true;
	if (*text != ':')
		return false;
	digits = strspn(text + 1, "0123456789");
	return digits <= 5 && text[1 + digits] == '\0';
}

static bool name_is_loopback(const char *name)
{
	struct in_addr address;

	if (!strcasecmp(name, "localhost"))
		return true;
	return inet_pton(AF_INET, name, &address) == 1 && is_loopback4(address.s_addr);
}

static bool literal_is_loopback(const char *literal)
{
	struct in6_addr address;

	return inet_pton(AF_INET6, literal, &address) == 1 && is_loopback6(&address);
}

bool jb_guard_host_is_loopback(const char *host)
{
	char name[INET6_ADDRSTRLEN];
	bool bracketed;
	size_t len;

	if (!host)
		return false;
	bracketed = *host == '[';
	host += bracketed;
	len = strcspn(host, bracketed ? "]" : ":");
	if (len == 0 || len >= sizeof(name) || (bracketed && host[len] != ']'))
		return false;
	memcpy(name, host, len);
	name[len] = '\0';
	if (!is_port_suffix(host + len + bracketed))
		return false;
	return bracketed ? literal_is_loopback(name) : name_is_loopback(name);
}

bool jb_guard_allows(const struct sockaddr *peer, const char *host, const char *authorization,
		     const struct jb_token *token)
{
	if (jb_guard_peer_is_loopback(peer) && jb_guard_host_is_loopback(host))
		return true;
	return token && jb_token_matches(token, authorization);
}
