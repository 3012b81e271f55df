/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers as the exposition formats want them. LC_NUMERIC has to be "C". */
#ifndef JITTERBUG_METRICS_NUMBER_H
#define JITTERBUG_METRICS_NUMBER_H

#include <stddef.h>
#include <stdint.h>

#define JB_NUMBER_SIZE 32 /* holds any number and its NUL */

/* All return the length without the NUL. */

size_t jb_number_u64(char out[JB_NUMBER_SIZE], uint64_t value);

/* The shortest decimal that reads back as `value`, always a float: 0.001, 1.0, 1e-09, +Inf. */
size_t jb_number_double(char out[JB_NUMBER_SIZE], double value);

/* Nanoseconds as seconds, exact, 1 to 9 decimals: 0.0, 1.5, 0.000000001. */
size_t jb_number_seconds(char out[JB_NUMBER_SIZE], uint64_t ns);

#endif
