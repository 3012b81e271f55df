/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The trust anchors of a mesh: whom its proxies believe, and until when. Pure: a PEM bundle, as
 * Linkerd keeps it in a ConfigMap, goes in.
 */
#ifndef JB_MESH_TRUST_H
#define JB_MESH_TRUST_H

#include <stddef.h>
#include <stdint.h>

enum {
	JB_TRUST_ANCHORS_MAX = 16,
	JB_TRUST_PEM_MAX = 256 << 10, /* octets of a bundle */
	JB_TRUST_LINE = 256,          /* of an error, its NUL included */
};

struct jb_trust_anchor {
	char subject[256]; /* RFC 2253, printable ASCII; a longer one is cut */
	char serial[64];   /* hexadecimal, in capitals, as `openssl x509 -serial` has it */
	int64_t expiry_s;  /* Unix time; may be over */
};

struct jb_trust_bundle {
	struct jb_trust_anchor anchor[JB_TRUST_ANCHORS_MAX]; /* `count` of them, as they came */
	size_t count;
	size_t refused;          /* blocks of PEM that are no certificate that can be read */
	size_t no_room;          /* certificates beyond the first JB_TRUST_ANCHORS_MAX */
	char why[JB_TRUST_LINE]; /* the first was refused; "": none was. Printable ASCII */
};

/*
 * Reads `len` octets. What is between the blocks is ignored. Of several certificates with the same
 * subject and serial one is kept, the one that ends first. 0; or with a line in `error` (of
 * JB_TRUST_LINE octets) -E2BIG beyond JB_TRUST_PEM_MAX, or -EBADMSG if there is no certificate
 * that can be read.
 */
int jb_trust_read(const char *pem, size_t len, struct jb_trust_bundle *ret_bundle, char *error);

#endif
