/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lists of ports and ranges as Linkerd has them: "25,587,4000-4100". Pure. */
#ifndef JB_KUBERNETES_PORT_LIST_H
#define JB_KUBERNETES_PORT_LIST_H

#include <stdbool.h>

/* Octets of a list, without its NUL. */
enum { JB_PORT_LIST_MAX = 256 };

/*
 * Adds to `list`, of JB_PORT_LIST_MAX + 1 octets, the ports and ranges of `text` that it doesn't
 * have yet. As with Linkerd, blanks around them don't count, and what is no port (0 to 65535) or
 * range of them is left out. From the first on that has no room nothing is added.
 */
void jb_ports_add(char *list, const char *text);

/* Whether a list, or any other text, has the port; 0 is nobody's. */
bool jb_ports_have(const char *list, unsigned short port);

#endif
