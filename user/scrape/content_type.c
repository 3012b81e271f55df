/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "scrape/scrape.h"

static bool is_type(const char *text, size_t len, const char *type)
{
	return len == strlen(type) && !strncasecmp(text, type, len);
}

static bool has_version(const char *parameters)
{
	while (*parameters) {
		parameters += strspn(parameters, "; \t");
		if (!strncasecmp(parameters, "version=", strlen("version=")))
			return true;
		parameters += strcspn(parameters, ";");
	}
	return false;
}

int jb_scrape_content_type(const char *content_type, enum jb_scrape_format *ret_format)
{
	const char *type = content_type ? content_type + strspn(content_type, " \t") : "";
	size_t len = strcspn(type, "; \t");

	if (!len)
		*ret_format = JB_SCRAPE_DETECT;
	else if (is_type(type, len, "application/openmetrics-text"))
		*ret_format = JB_SCRAPE_OPENMETRICS;
	else if (is_type(type, len, "text/plain"))
		*ret_format = has_version(type + len) ? JB_SCRAPE_TEXT : JB_SCRAPE_DETECT;
	else
		return -EINVAL;
	return 0;
}
