/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow_spool.h - flow records that left memory, in unnamed temporary files,
 * and back in the order of their first packets (audit/ledger.h: ledger_spool).
 *
 * The files are opened at once, for so many ledgers as may be alive together:
 * later nothing is opened. A spool belongs to the thread that has the ledger.
 */
#ifndef REPORT_FLOW_SPOOL_H
#define REPORT_FLOW_SPOOL_H

#include "report/record_json.h"

struct flow_spools;

/* In $TMPDIR, else /var/tmp, else /tmp. NULL with a sentence. */
struct flow_spools *flow_spools_new(unsigned ledgers, struct fault *f);
/* All ledgers are gone. NULL is allowed. */
void flow_spools_free(struct flow_spools *p);
void flow_spools_hook(struct flow_spools *p, struct ledger_spool *out);
/* Where the packets come from, for the names of files. */
void flow_spools_source(struct flow_spools *p, const struct source *s);

/* Of a sealed spool: the record of this rank with the numbers that flows have
 * in the finished ledger. NULL without memory. */
json_t *flow_spool_item(void *spool, const struct audited *a, size_t rank,
    uint64_t id);
enum verdict flow_spool_verdict(void *spool, size_t rank);

#endif
