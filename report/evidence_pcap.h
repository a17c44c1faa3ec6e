/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evidence_pcap.h - the packets of violating flows as pcapng, with a comment
 * on the first packet of each flow and on every packet that decided.
 *
 * Files are read a second time after the audit; what cannot be read again is
 * taken from a spool. Of each flow the first LIMIT_EVIDENCE_PACKETS are
 * written, the decisive ones always.
 */
#ifndef REPORT_EVIDENCE_PCAP_H
#define REPORT_EVIDENCE_PCAP_H

#include <stdio.h>

#include "audit/ledger.h"
#include "report/spool.h"

struct evidence_job {
	const struct ledger *ledger;  /* finished */
	const struct source *audited; /* what was read the first time */
	struct source_options again;  /* how to read it again */
	struct spool *spool;          /* instead of reading again; or NULL */
	const char *version;
};

struct evidence_count {
	uint64_t flows, packets;
	uint64_t left_out; /* flows beyond LIMIT_EVIDENCE_FLOWS */
	uint64_t missing;  /* decisive packets that were not found again */
};

/* False with a sentence, or with an empty one where writing failed. */
bool evidence_write(const struct evidence_job *j, FILE *out,
    struct evidence_count *count, struct fault *f);

#endif
