/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal_json.h - the lines of a journal (report/journal.h): flow records as
 * in every NDJSON, called by their first packet, and what is needed to make a
 * report of them after a crash (report/events.h).
 *
 * Each answers a line to be freed, NULL without memory.
 */
#ifndef REPORT_JOURNAL_JSON_H
#define REPORT_JOURNAL_JSON_H

#include "report/record_json.h"

/* The first line of a file and of a run: tool, policy, inputs. */
char *journal_header(const struct audited *a, const char *run);
/* A flow; the last line that calls it so is valid. */
char *journal_flow(const struct audited *a, const struct record *r,
    const struct judgement *j, bool final);
/* What was captured since the run began. */
char *journal_stats(const struct source_stats *s);
/* A period is over: what stands before it is final. */
char *journal_period(const struct period *p);

#endif
