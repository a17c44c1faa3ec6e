/* SPDX-License-Identifier: Apache-2.0 */
#include "report/audit_doc.h"

#include <stdlib.h>

const char *const doc_list_names[DOC_LISTS] = { "inputs", "flows",
	"certificates", "hosts" };

static json_t *
ledger_item(const struct audit_doc *d, enum doc_list list, size_t i)
{
	const struct audited *a = d->inside;

	switch (list) {
	case DOC_INPUTS:
		return json_of_input(source_input(a->source, i));
	case DOC_FLOWS:
		return json_of_flow(a, ledger_record(a->ledger, i));
	case DOC_CERTIFICATES:
		return json_of_cert(a, ledger_cert(a->ledger, i));
	case DOC_HOSTS:
		return json_of_host(ledger_host(a->ledger, i));
	case DOC_LISTS:
		break;
	}
	return NULL;
}

static enum verdict
ledger_verdict(const struct audit_doc *d, size_t i)
{
	const struct audited *a = d->inside;

	return (enum verdict)ledger_record(a->ledger, i)->verdict;
}

static void
ledger_release(struct audit_doc *d)
{
	free(d->inside);
}

struct audit_doc *
doc_of_ledger(const struct audited *a)
{
	struct audit_doc *d = calloc(1, sizeof(*d));
	struct audited *own = malloc(sizeof(*own));

	if (d == NULL || own == NULL) {
		free(d);
		free(own);
		return NULL;
	}
	*own = *a;
	*d = (struct audit_doc){
		.tool = json_of_tool(a),
		.policy = json_of_policy(ledger_policy(a->ledger)),
		.capture = json_of_capture(ledger_totals(a->ledger)),
		.summary = json_of_summary(a),
		.count = {
			[DOC_INPUTS] =
			    a->source != NULL ? source_inputs(a->source) : 0,
			[DOC_FLOWS] = ledger_count(a->ledger),
			[DOC_CERTIFICATES] = ledger_certs(a->ledger),
			[DOC_HOSTS] = ledger_hosts(a->ledger),
		},
		.item = ledger_item,
		.verdict = ledger_verdict,
		.release = ledger_release,
		.inside = own,
	};
	return d;
}

void
doc_free(struct audit_doc *d)
{
	if (d == NULL)
		return;
	json_decref(d->tool);
	json_decref(d->policy);
	json_decref(d->capture);
	json_decref(d->summary);
	if (d->release != NULL)
		d->release(d);
	free(d);
}

bool
doc_may_be(const struct audit_doc *d, size_t i, unsigned verdicts)
{
	return d->verdict == NULL || (verdicts >> d->verdict(d, i) & 1) != 0;
}

json_t *
doc_item(const struct audit_doc *d, enum doc_list list, size_t i)
{
	return i < d->count[list] ? d->item(d, list, i) : NULL;
}

const char *
doc_text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

uint64_t
doc_number(const json_t *o, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(o, key));

	return n > 0 ? (uint64_t)n : 0;
}

const char *
doc_text2(const json_t *o, const char *outer, const char *key)
{
	return doc_text(json_object_get(o, outer), key);
}

bool
doc_is_media(const json_t *flow)
{
	const char *class = doc_text2(flow, "audit", "class");

	return json_is_object(json_object_get(flow, "media")) ||
	    strcmp(class, class_words[CLASS_AV_MEDIA].word) == 0 ||
	    strcmp(class, class_words[CLASS_DESKTOP_MEDIA].word) == 0 ||
	    strcmp(class, class_words[CLASS_GATEWAY_MEDIA].word) == 0;
}

const char *
doc_service(const json_t *flow, char buf[DOC_SERVICE])
{
	if (doc_is_media(flow))
		(void)snprintf(buf, DOC_SERVICE, "%.8s media",
		    doc_text(flow, "proto"));
	else
		(void)snprintf(buf, DOC_SERVICE, "%.8s %u",
		    doc_text(flow, "proto"),
		    (unsigned)(doc_number(flow, "dest_port") & 0xffff));
	return buf;
}

bool
doc_verdict(const json_t *flow, enum verdict *v)
{
	unsigned at;

	if (!word_find(verdict_words, VERDICTS,
		slice_text(doc_text2(flow, "audit", "verdict")), &at))
		return false;
	*v = (enum verdict)at;
	return true;
}

bool
doc_class(const json_t *flow, enum traffic_class *c)
{
	unsigned at;

	if (!word_find(class_words, CLASSES,
		slice_text(doc_text2(flow, "audit", "class")), &at))
		return false;
	*c = (enum traffic_class)at;
	return true;
}

bool
doc_finding(const json_t *finding, enum finding_id *id)
{
	const char *word = doc_text(finding, "id");

	for (int i = 0; i < FINDINGS; i++) {
		if (strcmp(finding_kinds[i].id, word) == 0) {
			*id = (enum finding_id)i;
			return true;
		}
	}
	return false;
}
