/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A seeded hash of octets, for tables whose keys somebody else chooses. */
#ifndef JB_BASE_HASH_H
#define JB_BASE_HASH_H

#include <stddef.h>
#include <string.h>
#include <jitterbug/stream.h>

/* Of 7 octets at most. */
static inline __u64 jb_hash_short(const char *text, size_t len)
{
	__u64 word = 0;
	__u32 first, last;

	if (len >= sizeof(first)) {
		memcpy(&first, text, sizeof(first));
		memcpy(&last, text + len - sizeof(last), sizeof(last));
		word = (__u64)first << 32 | last;
	} else if (len) {
		word = (__u64)(unsigned char)text[0] << 16 |
		       (__u64)(unsigned char)text[len / 2] << 8 | (unsigned char)text[len - 1];
	}
	return word;
}

/* In words of 8 octets, of which the last may begin within the one before: `h` has to tell `len`.
 */
static inline __u64 jb_hash_octets(__u64 h, const char *text, size_t len)
{
	__u64 word;

	if (len < sizeof(word))
		return jb_mix(h, jb_hash_short(text, len));
	for (size_t at = 0; at + sizeof(word) < len; at += sizeof(word)) {
		memcpy(&word, text + at, sizeof(word));
		h = jb_mix(h, word);
	}
	memcpy(&word, text + len - sizeof(word), sizeof(word));
	return jb_mix(h, word);
}

#endif
