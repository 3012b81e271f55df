/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "base/values.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	uint64_t ns;
} duration_units[] = {
	{"h", 3600000000000},
	{"m", 60000000000},
	{"s", 1000000000},
	{"ms", 1000000},
};

enum { DURATION_UNITS = sizeof(duration_units) / sizeof(duration_units[0]) };

/* Reads the digits at `*cursor` and moves it behind them. */
static int read_number(const char **cursor, uint64_t max, uint64_t *ret_value)
{
	const char *text = *cursor;
	uint64_t value = 0;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	for (; *text >= '0' && *text <= '9'; text++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value) || value > max)
			return -ERANGE;
	}
	*cursor = text;
	*ret_value = value;
	return 0;
}

int jb_value_flag(const char *text, bool *ret_value)
{
	if (!strcmp(text, "true") || !strcmp(text, "1"))
		*ret_value = true;
	else if (!strcmp(text, "false") || !strcmp(text, "0"))
		*ret_value = false;
	else
		return -EINVAL;
	return 0;
}

int jb_value_u32(const char *text, uint32_t *ret_value)
{
	uint64_t value;
	int err = read_number(&text, UINT32_MAX, &value);

	if (err)
		return err;
	if (*text)
		return -EINVAL;
	*ret_value = (uint32_t)value;
	return 0;
}

/* Up to three decimals of a percentage; moves behind them. */
static int read_decimals(const char **cursor, uint32_t *ret_ppm)
{
	const char *text = *cursor;
	uint32_t ppm = 0;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	for (uint32_t unit = 1000; *text >= '0' && *text <= '9'; text++, unit /= 10) {
		if (unit < 10)
			return -EINVAL;
		ppm += (uint32_t)(*text - '0') * unit;
	}
	*cursor = text;
	*ret_ppm = ppm;
	return 0;
}

int jb_value_percent(const char *text, uint32_t *ret_ppm)
{
	uint32_t decimals = 0;
	uint64_t percent;
	int err = read_number(&text, 100, &percent);

	if (!err && *text == '.') {
		text++;
		err = read_decimals(&text, &decimals);
	}
	if (err)
		return err;
	if (strcmp(text, "%") != 0)
		return -EINVAL;
	if (percent * 10000 + decimals > JB_PERCENT_MAX)
		return -ERANGE;
	*ret_ppm = (uint32_t)percent * 10000 + decimals;
	return 0;
}

void jb_value_percent_text(uint32_t ppm, char *text, size_t size)
{
	uint32_t decimals = ppm % 10000 / 10;
	int digits = decimals ? 3 : 0;

	for (; digits && !(decimals % 10); digits--)
		decimals /= 10;
	if (digits)
		snprintf(text, size, "%" PRIu32 ".%0*" PRIu32 "%%", ppm / 10000, digits, decimals);
	else
		snprintf(text, size, "%" PRIu32 "%%", ppm / 10000);
}

int jb_value_duration(const char *text, uint64_t *ret_ns)
{
	uint64_t value;
	int err = read_number(&text, UINT64_MAX, &value);

	if (err)
		return err;
	for (size_t i = 0; i < DURATION_UNITS; i++) {
		if (strcmp(text, duration_units[i].name) != 0)
			continue;
		if (__builtin_mul_overflow(value, duration_units[i].ns, &value))
			return -ERANGE;
		*ret_ns = value;
		return 0;
	}
	return -EINVAL;
}

void jb_value_duration_text(uint64_t ns, char *text, size_t size)
{
	size_t i = 0;

	while (i < DURATION_UNITS - 1 && (!ns || ns % duration_units[i].ns))
		i++;
	snprintf(text, size, "%" PRIu64 "%s", ns / duration_units[i].ns, duration_units[i].name);
}

/* One port from 1 to 65535. */
static int read_port(const char **cursor, uint64_t *ret_port)
{
	const char *text = *cursor;
	uint64_t port;
	int err = read_number(&text, UINT16_MAX, &port);

	if (err)
		return err;
	if (!port)
		return -ERANGE;
	*cursor = text;
	*ret_port = port;
	return 0;
}

int jb_value_ports(const char *text, struct jb_ports *ret_ports)
{
	struct jb_ports ports = {0};
	uint64_t first = 0, last;
	int err;

	for (;; text++) {
		err = read_port(&text, &first);
		last = first;
		if (!err && *text == '-') {
			text++;
			err = read_port(&text, &last);
		}
		if (err)
			return err;
		if (last < first)
			return -EINVAL;
		for (uint64_t port = first; port <= last; port++)
			ports.bits[port / 64] |= UINT64_C(1) << (port % 64);
		if (*text != ',')
			break;
	}
	if (*text)
		return -EINVAL;
	*ret_ports = ports;
	return 0;
}

static bool is_name_or_ipv4(const char *host)
{
	static const char digits[] = "0123456789.";
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
	struct in_addr address;

	if (!host[strspn(host, digits)])
		return inet_pton(AF_INET, host, &address) == 1;
	for (; *host; host++) {
		if (!strchr(digits, *host) && !strchr(letters, *host))
			return false;
	}
	return true;
}

static bool is_ipv6(const char *host)
{
	struct in6_addr address;

	return inet_pton(AF_INET6, host, &address) == 1;
}

/* `text` is what stands before the colon and the port. */
static int read_host(const char *text, size_t len, char *host)
{
	bool bracketed = len >= 2 && text[0] == '[' && text[len - 1] == ']';

	if (bracketed) {
		text++;
		len -= 2;
	}
	if (len >= JB_HOST_SIZE)
		return -EINVAL;
	memcpy(host, text, len);
	host[len] = '\0';
	if (bracketed)
		return is_ipv6(host) ? 0 : -EINVAL;
	return !len || is_name_or_ipv4(host) ? 0 : -EINVAL;
}

int jb_value_address(const char *text, struct jb_address *ret)
{
	const char *colon = strrchr(text, ':');
	struct jb_address address = {0};
	uint64_t port;
	int err;

	if (!colon)
		return -EINVAL;
	err = read_host(text, (size_t)(colon - text), address.host);
	if (err)
		return err;
	colon++;
	err = read_port(&colon, &port);
	if (err)
		return err;
	if (*colon)
		return -EINVAL;
	address.port = (uint16_t)port;
	*ret = address;
	return 0;
}

int jb_value_enum(const char *text, const char *const *names, unsigned int *ret_index)
{
	for (unsigned int i = 0; names[i]; i++) {
		if (!strcmp(text, names[i])) {
			*ret_index = i;
			return 0;
		}
	}
	return -EINVAL;
}

int jb_list_add(struct jb_list *list, const char *text, size_t len)
{
	char **item;

	if (list->count == JB_LIST_ITEMS_MAX)
		return -E2BIG;
	item = reallocarray(list->item, list->count + 1, sizeof(*item));
	if (!item)
		return -ENOMEM;
	list->item = item;
	item[list->count] = strndup(text, len);
	if (!item[list->count])
		return -ENOMEM;
	list->count++;
	return 0;
}

void jb_list_free(struct jb_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->item[i]);
	free(list->item);
	*list = (struct jb_list){0};
}

int jb_value_list(const char *text, struct jb_list *list)
{
	int err = 0;

	text += strspn(text, JB_LIST_BLANKS);
	while (*text && !err) {
		size_t len = strcspn(text, JB_LIST_BLANKS);

		err = jb_list_add(list, text, len);
		text += len;
		text += strspn(text, JB_LIST_BLANKS);
	}
	return err;
}
