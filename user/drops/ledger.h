/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How fast packets are dropped: what each counter of drops was at the last pass, and before. */
#ifndef JB_DROPS_LEDGER_H
#define JB_DROPS_LEDGER_H

#include <jitterbug/drop.h>

struct jb_drops_ledger;

int jb_drops_ledger_new(struct jb_drops_ledger **ret);     /* 0 or -errno */
void jb_drops_ledger_free(struct jb_drops_ledger *ledger); /* NULL is fine */

/* A pass: begin, each counter as it is now, end, which forgets those that were not noted. */
void jb_drops_ledger_begin(struct jb_drops_ledger *ledger, __u64 now_ns);
int jb_drops_ledger_note(struct jb_drops_ledger *ledger, const struct jb_drop_key *key,
			 __u64 packets); /* 0 or -errno */
void jb_drops_ledger_end(struct jb_drops_ledger *ledger);

/* Packets in 1000 s between the last two passes; JB_RECORD_NONE before there are two. */
__u64 jb_drops_ledger_rate(const struct jb_drops_ledger *ledger, const struct jb_drop_key *key);

#endif
