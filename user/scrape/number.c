/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <math.h>
#include <stdlib.h>

#include "scrape/private.h"

#define EXACT 0x1p53 /* below it a double without fraction is the integer that was meant */

static bool ends_at(const char *at)
{
	return !*at || jb_octet_is(*at, JB_OCTET_BLANK);
}

static const char *skip_digits(const char *at)
{
	while (jb_octet_is(*at, JB_OCTET_DIGIT))
		at++;
	return at;
}

static const char *skip_sign(const char *at)
{
	return at + (*at == '+' || *at == '-');
}

/* The end of `word`, which is in lower case; NULL if something else stands there. */
static const char *skip_word(const char *at, const char *word)
{
	for (; *word; at++, word++) {
		if ((*at | 0x20) != *word)
			return NULL;
	}
	return ends_at(at) ? at : NULL;
}

/* Most values of a page. */
static const char *read_integer(const char *text, uint64_t *ret)
{
	const char *at = text;
	uint64_t value = 0;

	for (; jb_octet_is(*at, JB_OCTET_DIGIT); at++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*at - '0'), &value))
			return NULL;
	}
	if (at == text || !ends_at(at))
		return NULL;
	*ret = value;
	return at;
}

/* strtod() takes more than the formats: hexadecimal, nan(...). */
static const char *read_real(const char *text, double *ret)
{
	const char *first = skip_sign(text), *at = skip_digits(first), *exponent;
	size_t digits = (size_t)(at - first);

	if (*at == '.') {
		first = at + 1;
		at = skip_digits(first);
		digits += (size_t)(at - first);
	}
	if (digits && (*at == 'e' || *at == 'E')) {
		exponent = skip_sign(at + 1);
		at = skip_digits(exponent);
		if (at == exponent)
			return NULL;
	}
	if (!digits || !ends_at(at))
		return NULL;
	*ret = strtod(text, NULL);
	return isfinite(*ret) ? at : NULL;
}

static const char *read_special(const char *text, double *ret)
{
	const char *first = skip_sign(text), *end = skip_word(text, "nan");

	if (end) {
		*ret = NAN;
		return end;
	}
	end = skip_word(first, "inf");
	end = end ? end : skip_word(first, "infinity");
	if (end)
		*ret = *text == '-' ? -INFINITY : INFINITY;
	return end;
}

bool jb_scrape_number(const char *text, struct jb_scrape_sample *ret, const char **ret_end)
{
	uint64_t integer = 0;
	double value = 0;
	const char *end = read_integer(text, &integer);
	bool is_integer = end;

	if (is_integer) {
		value = (double)integer;
	} else {
		end = read_real(text, &value);
		end = end ? end : read_special(text, &value);
		if (!end)
			return false;
		is_integer = value >= 0 && value < EXACT && value == (double)(uint64_t)value;
		integer = is_integer ? (uint64_t)value : 0;
	}
	ret->value = value;
	ret->is_integer = is_integer;
	ret->integer = integer;
	*ret_end = end;
	return true;
}
