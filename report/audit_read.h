/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit_read.h - stored audits as documents: one file, or several as one.
 *
 * The file stays mapped and flows are read from it one by one, so that memory
 * does not grow with their number.
 */
#ifndef REPORT_AUDIT_READ_H
#define REPORT_AUDIT_READ_H

#include "core/fault.h"
#include "report/audit_doc.h"

/* NULL with a sentence that names file and line. */
struct audit_doc *doc_read(const char *path, struct fault *f);

/*
 * One document of several, in their order: flows numbered anew, certificates
 * by fingerprint and hosts by address put together, sums added. Takes the
 * parts over, whether or not it succeeds. Refuses parts made by different
 * policies and parts that hold the same input. `version` is of this program.
 */
struct audit_doc *doc_merge(struct audit_doc **parts, size_t n,
    const char *version, struct fault *f);

#endif
