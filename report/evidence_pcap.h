/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evidence_pcap.h - the packets of violating or chosen flows as pcapng, with a
 * comment on the first packet of each flow and on every packet that decided.
 *
 * Files are read a second time; what cannot be read again is taken from a
 * spool. The decisive packets are written whatever the ceiling of a flow.
 */
#ifndef REPORT_EVIDENCE_PCAP_H
#define REPORT_EVIDENCE_PCAP_H

#include <stdio.h>

#include "audit/ledger.h"
#include "report/spool.h"

struct evidence_job {
	const struct ledger *ledger;  /* lent to exhibit_new() */
	const struct source *audited; /* what was read the first time */
	struct source_options again;  /* how to read it again */
	struct spool *spool;          /* instead of reading again; or NULL */
	const char *version;
	/* First packets of the flows to write; NULL: all that violate. */
	const uint64_t *chosen;
	size_t chosen_count;
	uint64_t most_packets; /* of a flow */
	bool whole; /* `audited` was read to its end: it must be the same */
};

struct evidence_count {
	uint64_t flows, packets;
	uint64_t left_out; /* flows beyond LIMIT_EVIDENCE_FLOWS */
	uint64_t missing;  /* decisive packets that were not found again */
	uint64_t gone;     /* flows of which no packet was found */
	uint64_t spool_lost;
};

struct exhibit;

/* Asks the ledger what to look for: on the thread that owns it. NULL with a
 * sentence. */
struct exhibit *exhibit_new(const struct evidence_job *j, struct fault *f);
void exhibit_free(struct exhibit *e); /* NULL is allowed */
/*
 * Looks for the packets and writes them; any one thread, and no ledger needed.
 * False with a sentence, or with an empty one where writing failed.
 */
bool exhibit_write(struct exhibit *e, FILE *out, struct evidence_count *count,
    struct fault *f);
void exhibit_stop(struct exhibit *e); /* any thread; it then fails */

#endif
