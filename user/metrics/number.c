/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "metrics/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_SECOND 1000000000ULL
#define NS_DIGITS     9

static size_t put_word(char *out, const char *word)
{
	size_t len = strlen(word);

	memcpy(out, word, len + 1);
	return len;
}

size_t jb_number_double(char out[JB_NUMBER_SIZE], double value)
{
	int len = 0;

	if (isnan(value))
		return put_word(out, "NaN");
	if (isinf(value))
		return put_word(out, value > 0 ? "+Inf" : "-Inf");
	/* 15 digits are right for every decimal that was typed, 17 for every double there is. */
	for (int digits = 15; digits <= 17; digits++) {
		len = snprintf(out, JB_NUMBER_SIZE, "%.*g", digits, value);
		if (strtod(out, NULL) == value)
			break;
	}
	if (!strpbrk(out, ".e"))
		len += (int)put_word(out + len, ".0");
	return (size_t)len;
}

static size_t put_digits(char *out, uint64_t value)
{
	char reversed[20];
	size_t len = 0;

	do {
		reversed[len++] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	for (size_t i = 0; i < len; i++)
		out[i] = reversed[len - 1 - i];
	return len;
}

size_t jb_number_u64(char out[JB_NUMBER_SIZE], uint64_t value)
{
	size_t len = put_digits(out, value);

	out[len] = '\0';
	return len;
}

size_t jb_number_seconds(char out[JB_NUMBER_SIZE], uint64_t ns)
{
	size_t len = put_digits(out, ns / NS_PER_SECOND);
	uint64_t rest = ns % NS_PER_SECOND;
	size_t decimals = NS_DIGITS;

	while (decimals > 1 && rest % 10 == 0) {
		rest /= 10;
		decimals--;
	}
	out[len++] = '.';
	for (size_t i = decimals; i > 0; i--) {
		out[len + i - 1] = (char)('0' + rest % 10);
		rest /= 10;
	}
	len += decimals;
	out[len] = '\0';
	return len;
}
