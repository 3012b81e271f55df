/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How a request for pods ended, in words and by kind. */
#ifndef JB_KUBERNETES_FAILURE_H
#define JB_KUBERNETES_FAILURE_H

#include <stdbool.h>

enum jb_pods_failure {
	JB_PODS_FINE,
	JB_PODS_CREDENTIALS,  /* no token, no CA file, no address: nothing to ask with */
	JB_PODS_UNREACHABLE,  /* no connection */
	JB_PODS_TLS,          /* the certificate isn't accepted, or no TLS is spoken */
	JB_PODS_TIMEOUT,      /* too slow */
	JB_PODS_BROKEN,       /* ended in the middle */
	JB_PODS_MALFORMED,    /* not what was asked for */
	JB_PODS_TOO_LARGE,    /* the answer, or one object of it */
	JB_PODS_UNAUTHORIZED, /* 401 */
	JB_PODS_FORBIDDEN,    /* 403 */
	JB_PODS_GONE,         /* 410: the resource version is too old */
	JB_PODS_BUSY,         /* 429 */
	JB_PODS_SERVER,       /* 5xx */
	JB_PODS_STATUS,       /* any other status but 200 */
	JB_PODS_FILES,        /* a directory can't be read */
	JB_PODS_FAILURE_MAX,
};

/* A line of that many octets at most, its NUL included. */
enum { JB_PODS_LINE = 512 };

struct jb_outcome {
	enum jb_pods_failure failure;
	long status;              /* of HTTP, 0 if there was none */
	long retry_after_s;       /* as the server asks; 0: it doesn't */
	char error[JB_PODS_LINE]; /* "" if there is nothing to say; printable ASCII */
};

/* "credentials", "unreachable", ...: values of a metric's label. */
const char *jb_pods_failure_name(enum jb_pods_failure failure);

/* Of an HTTP status other than 200. */
enum jb_pods_failure jb_pods_failure_of_status(long status);

/* Whether trying again soon is of no use: somebody has to change something first. */
bool jb_pods_failure_stays(enum jb_pods_failure failure);

void jb_outcome_set(struct jb_outcome *outcome, enum jb_pods_failure failure, const char *format,
		    ...) __attribute__((format(printf, 3, 4)));

/*
 * Sets the failure of an HTTP status. `body` (NUL-terminated or NULL) may be a Status of Kubernetes
 * whose message is then told.
 */
void jb_outcome_set_status(struct jb_outcome *outcome, const char *what, long status,
			   const char *body);

/* Makes `?` of what isn't printable ASCII, so that a line stays one. */
void jb_line_clean(char *text);

#endif
