/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "kubernetes/failure.h"

#include <stdarg.h>
#include <stdio.h>

#include <jansson.h>

const char *jb_pods_failure_name(enum jb_pods_failure failure)
{
	static const char *const names[JB_PODS_FAILURE_MAX] = {
		[JB_PODS_FINE] = "fine",
		[JB_PODS_CREDENTIALS] = "credentials",
		[JB_PODS_UNREACHABLE] = "unreachable",
		[JB_PODS_TLS] = "tls",
		[JB_PODS_TIMEOUT] = "timeout",
		[JB_PODS_BROKEN] = "broken",
		[JB_PODS_MALFORMED] = "malformed",
		[JB_PODS_TOO_LARGE] = "too_large",
		[JB_PODS_UNAUTHORIZED] = "unauthorized",
		[JB_PODS_FORBIDDEN] = "forbidden",
		[JB_PODS_GONE] = "gone",
		[JB_PODS_BUSY] = "busy",
		[JB_PODS_SERVER] = "server",
		[JB_PODS_STATUS] = "status",
		[JB_PODS_FILES] = "files",
	};

	return names[failure];
}

enum jb_pods_failure jb_pods_failure_of_status(long status)
{
	switch (status) {
	case 401:
		return JB_PODS_UNAUTHORIZED;
	case 403:
		return JB_PODS_FORBIDDEN;
	case 410:
		return JB_PODS_GONE;
	case 429:
		return JB_PODS_BUSY;
	}
	return status >= 500 && status <= 599 ? JB_PODS_SERVER : JB_PODS_STATUS;
}

bool jb_pods_failure_stays(enum jb_pods_failure failure)
{
	return failure == JB_PODS_CREDENTIALS || failure == JB_PODS_TLS ||
	       failure == JB_PODS_FORBIDDEN;
}

void jb_line_clean(char *text)
{
	for (; *text; text++) {
		if (*text < ' ' || *text > '~')
			*text = '?';
	}
}

void jb_outcome_set(struct jb_outcome *outcome, enum jb_pods_failure failure, const char *format,
		    ...)
{
	va_list arguments;

	outcome->failure = failure;
	va_start(arguments, format);
	vsnprintf(outcome->error, sizeof(outcome->error), format, arguments);
	va_end(arguments);
	jb_line_clean(outcome->error);
}

void jb_outcome_set_status(struct jb_outcome *outcome, const char *what, long status,
			   const char *body)
{
	json_t *reply = body ? json_loads(body, 0, NULL) : NULL;
	const char *message = json_string_value(json_object_get(reply, "message"));

	outcome->status = status;
	jb_outcome_set(outcome, jb_pods_failure_of_status(status), "%s: HTTP status %ld%s%.300s",
		       what, status, message ? ": " : "", message ? message : "");
	json_decref(reply);
}
