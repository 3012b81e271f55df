/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Selectors against labels, blocks against addresses. */
#include <string.h>

#include <arpa/inet.h>

#include "policies/private.h"

static bool has_value(const struct jb_requirement *requirement, const char *value)
{
	for (__u32 i = 0; i < requirement->n_values; i++)
		if (!strcmp(requirement->values[i], value))
			return true;
	return false;
}

static bool holds(const struct jb_requirement *requirement, const struct jb_labels *labels)
{
	const char *value = jb_labels_value(labels, requirement->key);

	switch (requirement->operation) {
	case JB_IN:
		return value && has_value(requirement, value);
	case JB_NOT_IN:
		return !value || !has_value(requirement, value);
	case JB_EXISTS:
		return value;
	case JB_DOES_NOT_EXIST:
		break;
	}
	return !value;
}

static bool has_label(const struct jb_labels *labels, const struct jb_label *label)
{
	const char *value = jb_labels_value(labels, label->key);

	return value && !strcmp(value, label->value);
}

enum jb_truth jb_selector_matches(const struct jb_selector *selector,
				  const struct jb_labels *labels)
{
	if (!selector->n_labels && !selector->n_requirements)
		return JB_YES;
	if (!labels)
		return JB_MAYBE;
	for (__u32 i = 0; i < selector->n_labels; i++)
		if (!has_label(labels, &selector->labels[i]))
			return JB_NO;
	for (__u32 i = 0; i < selector->n_requirements; i++)
		if (!holds(&selector->requirements[i], labels))
			return JB_NO;
	return JB_YES;
}

bool jb_ip_is_known(const union jb_ip *address)
{
	return address->half[0] || address->half[1];
}

static bool is_mapped(const union jb_ip *address)
{
	return !address->half[0] && address->word[2] == htonl(0xffff);
}

bool jb_cidr_contains(const struct jb_cidr *cidr, const union jb_ip *address)
{
	__u32 octets = cidr->bits / 8, rest = cidr->bits % 8;

	/* ::/0 has no IPv4 address in it, although they are kept as IPv6. */
	if (is_mapped(&cidr->address) != is_mapped(address) ||
	    memcmp(cidr->address.octet, address->octet, octets) != 0)
		return false;
	return !rest || !((cidr->address.octet[octets] ^ address->octet[octets]) >> (8 - rest));
}
