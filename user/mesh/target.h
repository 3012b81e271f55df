/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A target as a person writes it. Pure. */
#ifndef JB_MESH_TARGET_H
#define JB_MESH_TARGET_H

#include <stdbool.h>

#include "mesh/fetch.h"

/*
 * Reads NAMESPACE/POD=URL. False, and *ret as it was, if a part is missing, too long for its field,
 * or has other octets than printable ASCII without blanks, or if the URL is not SCHEME://HOST and
 * maybe more. Whether Kubernetes knows such names, and which schemes are fine, is not looked at.
 */
bool jb_mesh_target_read(const char *text, struct jb_mesh_target *ret);

/* Whether a URL that was read above has USER@ or USER:PASSWORD@ before its host. */
bool jb_mesh_url_has_credentials(const char *url);

#endif
