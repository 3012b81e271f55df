/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "drops/ledger.h"

#include <errno.h>
#include <stdlib.h>
/* An entry that could not be added has hh.tbl NULL; the default would end the process. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "listing/record.h"

struct entry {
	UT_hash_handle hh;
	struct jb_drop_key key;
	__u64 packets;
	__u64 rate;
	__u32 pass;
};

struct jb_drops_ledger {
	struct entry *entries;
	__u64 now_ns;
	__u64 interval_ns; /* 0: there is no pass before this one */
	__u32 pass;
};

int jb_drops_ledger_new(struct jb_drops_ledger **ret)
{
	struct jb_drops_ledger *ledger = calloc(1, sizeof(*ledger));

	if (!ledger)
		return -ENOMEM;
	*ret = ledger;
	return 0;
}

void jb_drops_ledger_free(struct jb_drops_ledger *ledger)
{
	struct entry *e, *next;

	if (!ledger)
		return;
	e = ledger->entries;
	HASH_CLEAR(hh, ledger->entries);
	for (; e; e = next) {
		next = e->hh.next;
		free(e);
	}
	free(ledger);
}

void jb_drops_ledger_begin(struct jb_drops_ledger *ledger, __u64 now_ns)
{
	ledger->interval_ns = ledger->pass ? now_ns - ledger->now_ns : 0;
	ledger->now_ns = now_ns;
	ledger->pass++;
}

static struct entry *entry_get(struct jb_drops_ledger *ledger, const struct jb_drop_key *key)
{
	struct entry *e;

	HASH_FIND(hh, ledger->entries, key, sizeof(*key), e);
	if (e)
		return e;
	e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	e->key = *key;
	HASH_ADD(hh, ledger->entries, key, sizeof(e->key), e);
	if (e->hh.tbl)
		return e;
	free(e);
	return NULL;
}

int jb_drops_ledger_note(struct jb_drops_ledger *ledger, const struct jb_drop_key *key,
			 __u64 packets)
{
	struct entry *e = entry_get(ledger, key);
	__u64 before;

	if (!e)
		return -ENOMEM;
	/* One that was not there before, or has been taken and is back, counts from 0. */
	before = e->packets <= packets ? e->packets : 0;
	e->rate = JB_RECORD_NONE;
	if (ledger->interval_ns)
		e->rate = (__u64)((double)(packets - before) * 1000 * JB_SECOND_NS /
					  (double)ledger->interval_ns +
				  0.5);
	e->packets = packets;
	e->pass = ledger->pass;
	return 0;
}

void jb_drops_ledger_end(struct jb_drops_ledger *ledger)
{
	struct entry *e, *tmp;

	HASH_ITER (hh, ledger->entries, e, tmp) {
		if (e->pass == ledger->pass)
			continue;
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it doesn't see that e is unlinked */
		HASH_DEL(ledger->entries, e);
		free(e);
	}
}

__u64 jb_drops_ledger_rate(const struct jb_drops_ledger *ledger, const struct jb_drop_key *key)
{
	struct entry *e;

	HASH_FIND(hh, ledger->entries, key, sizeof(*key), e);
	return e ? e->rate : JB_RECORD_NONE;
}
