/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where the objects of a resource go, as the API has them. */
#ifndef JB_KUBERNETES_OBJECTS_H
#define JB_KUBERNETES_OBJECTS_H

#include <stdbool.h>

#include <jansson.h>

/* Objects are borrowed, and any JSON that a server may send. */
struct jb_object_sink {
	void *ctx;
	/*
	 * Between these two all that there are: those that aren't among them have gone. A list that
	 * breaks off is begun again without an end.
	 */
	void (*list_begin)(void *ctx);
	void (*list_end)(void *ctx);
	/* New or changed. False: there was no room for it, so that another list is wanted. */
	bool (*put)(void *ctx, const json_t *object);
	void (*remove)(void *ctx, const json_t *object); /* deleted; this is how it was last */
};

#endif
