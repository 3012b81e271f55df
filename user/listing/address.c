/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "listing/address.h"

#include <arpa/inet.h>

void jb_ip_text(const union jb_ip *address, char ret_text[INET6_ADDRSTRLEN])
{
	if (!address->half[0] && address->word[2] == htonl(0xffff))
		inet_ntop(AF_INET, &address->word[3], ret_text, INET6_ADDRSTRLEN);
	else
		inet_ntop(AF_INET6, address, ret_text, INET6_ADDRSTRLEN);
}
