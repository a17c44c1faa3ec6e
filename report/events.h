/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events.h - a stored audit that is a stream of lines, as a document: the
 * ndjson report, or the journal of a run that may not have come to its end.
 *
 * Of a journal the last line of each flow counts; sums, hosts and certificates
 * are put together from the flows. One thread.
 */
#ifndef REPORT_EVENTS_H
#define REPORT_EVENTS_H

#include "core/fault.h"
#include "report/audit_doc.h"

/* Whether such text begins a stream of events and no document. */
bool events_begin(struct slice text);
/* NULL with a sentence that names file and line. The text of the file is lent
 * for as long as the document lives. */
struct audit_doc *doc_of_events(const char *path, struct slice text,
    struct fault *f);

#endif
