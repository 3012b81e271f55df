/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How the audit stream fares. */
#include "audit/audit.h"
#include "metrics/families.h"
#include "metrics/private.h"

void jb_writer_audit(struct jb_writer *w)
{
	const struct jb_audit_status *audit = w->page->audit;

	if (!audit)
		return;
	jb_writer_single(w, &jb_family_audit_records, NULL, audit->written);
	jb_exposition_family(&w->e, &jb_family_audit_lost);
	for (int i = 0; i < JB_AUDIT_LOST_MAX; i++)
		jb_writer_one(w, &jb_family_audit_lost, jb_audit_loss_names[i], audit->lost[i]);
	jb_writer_end_family(w, &jb_family_audit_lost);
}
