/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* libFuzzer: the request headers that we parse ourselves. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "web/accept.h"
#include "web/guard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct jb_token token = {.len = 6, .value = "s3cret"};
	char *text = malloc(size + 1); /* exactly as long as the text, for ASan */

	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	(void)jb_accept_openmetrics(text);
	(void)jb_accept_gzip(text);
	(void)jb_guard_host_is_loopback(text);
	(void)jb_token_matches(&token, text);
	free(text);
	return 0;
}
