/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit_doc.h - a finished audit as JSON objects, wherever it comes from: the
 * ledger, a stored file, several stored files. Whatever is rendered is
 * rendered from these objects, so that a stored audit gives the same bytes.
 *
 * Flows are made one by one; memory does not grow with their number. One
 * thread.
 */
#ifndef REPORT_AUDIT_DOC_H
#define REPORT_AUDIT_DOC_H

#include <jansson.h>

#include "report/record_json.h"

enum doc_list { DOC_INPUTS, DOC_FLOWS, DOC_CERTIFICATES, DOC_HOSTS, DOC_LISTS };
extern const char *const doc_list_names[DOC_LISTS];

struct audit_doc {
	/* One object each; borrowed by whoever asks. */
	json_t *tool, *policy, *capture, *summary;
	size_t count[DOC_LISTS];
	/* A new reference, or NULL without memory. */
	json_t *(
	    *item)(const struct audit_doc *d, enum doc_list list, size_t i);
	/* Verdict of a flow without making its object; NULL: not known. */
	enum verdict (*verdict)(const struct audit_doc *d, size_t i);
	void (*release)(struct audit_doc *d); /* what `inside` holds */
	void *inside;
};

/* The ledger is finished and outlives the document. NULL without memory. */
struct audit_doc *doc_of_ledger(const struct audited *a);
void doc_free(struct audit_doc *d); /* NULL is allowed */

/* False: this flow's verdict is surely none of these (bits). */
bool doc_may_be(const struct audit_doc *d, size_t i, unsigned verdicts);
json_t *doc_item(const struct audit_doc *d, enum doc_list list, size_t i);

/* Members of an object; "" , 0, NULL where absent or of another type. */
const char *doc_text(const json_t *o, const char *key);
uint64_t doc_number(const json_t *o, const char *key);
/* Text of a member of a member. */
const char *doc_text2(const json_t *o, const char *outer, const char *key);

bool doc_is_media(const json_t *flow);
/* What was called: "TCP 5061", or "UDP media", whose ports mean nothing. */
enum { DOC_SERVICE = 24 };
const char *doc_service(const json_t *flow, char buf[DOC_SERVICE]);

/* Words of the contract; false where the text is none of them. */
bool doc_verdict(const json_t *flow, enum verdict *v);
bool doc_class(const json_t *flow, enum traffic_class *c);
bool doc_finding(const json_t *finding, enum finding_id *id);

#endif
