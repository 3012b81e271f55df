/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who may read callers' addresses: a client on the loopback (kubectl port-forward is one) that asks
 * for a loopback host, or whoever knows the token.
 *
 * The host matters because of DNS rebinding: a page of evil.example whose name suddenly resolves to
 * 127.0.0.1 reaches us from a browser on this machine, but asks for evil.example. The same goes for
 * a proxy beside us that hands requests on from 127.0.0.1.
 */
#ifndef JITTERBUG_WEB_GUARD_H
#define JITTERBUG_WEB_GUARD_H

#include <stdbool.h>
#include <sys/socket.h>

#include "web/token.h"

/* 127.0.0.0/8, ::1, ::ffff:127.0.0.0/104. NULL and other families are not. */
bool jb_guard_peer_is_loopback(const struct sockaddr *peer);

/*
 * Whether a Host header is `localhost`, 127.x.x.x or a loopback address in brackets, with any port
 * or none. NULL (no header) is not.
 */
bool jb_guard_host_is_loopback(const char *host);

/* `host` and `authorization` are header values or NULL; `token` is NULL if none is configured. */
bool jb_guard_allows(const struct sockaddr *peer, const char *host, const char *authorization,
		     const struct jb_token *token);

#endif
