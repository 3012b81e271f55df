/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Pseudo-random numbers of a fixed seed (xorshift64*): the same on every machine. */
#ifndef JITTERBUG_TESTS_RANDOM_H
#define JITTERBUG_TESTS_RANDOM_H

#include <stdint.h>

struct jb_random {
	uint64_t state; /* never 0 */
};

static inline uint64_t jb_random_next(struct jb_random *random)
{
	random->state ^= random->state >> 12;
	random->state ^= random->state << 25;
	random->state ^= random->state >> 27;
	return random->state * 0x2545f4914f6cdd1dULL;
}

/* 0..limit-1 */
static inline uint32_t jb_random_below(struct jb_random *random, uint32_t limit)
{
	return (uint32_t)((jb_random_next(random) >> 32) % limit);
}

#endif
