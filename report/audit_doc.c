/* SPDX-License-Identifier: Apache-2.0 */
#include "report/audit_doc.h"

#include <stdlib.h>

#include "report/flow_spool.h"

const char *const doc_list_names[DOC_LISTS] = { "inputs", "flows",
	"certificates", "hosts" };

/* Flows in memory that have a number below this one. */
static size_t
records_before(const struct ledger *l, uint64_t id)
{
	size_t low = 0, high = ledger_count(l);

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (ledger_record(l, mid)->id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The record of the flow; NULL: it is in the spool, as *rank. */
static const struct record *
record_of(const struct ledger *l, size_t i, size_t *rank)
{
	/* While the audit runs those in the spool are in no list. */
	if (ledger_spool_of(l) == NULL || ledger_spooled(l) == 0)
		return ledger_record(l, i);
	size_t before = records_before(l, i + 1);
	const struct record *r = ledger_record(l, before);

	*rank = i - before;
	return before < ledger_count(l) && r->id == i + 1 ? r : NULL;
}

static json_t *
flow_of(const struct audited *a, size_t i)
{
	size_t rank = 0;
	const struct record *r = record_of(a->ledger, i, &rank);

	return r != NULL
	    ? json_of_flow(a, r)
	    : flow_spool_item(ledger_spool_of(a->ledger), a, rank, i + 1);
}

static json_t *
ledger_item(const struct audit_doc *d, enum doc_list list, size_t i)
{
	const struct audited *a = d->inside;

	switch (list) {
	case DOC_INPUTS:
		return json_of_input(a->period != NULL
			? &a->period->inputs[i]
			: source_input(a->source, i));
	case DOC_FLOWS:
		return flow_of(a, i);
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

	size_t rank = 0;
	const struct record *r = record_of(a->ledger, i, &rank);

	return r != NULL ? (enum verdict)r->verdict
			 : flow_spool_verdict(ledger_spool_of(a->ledger), rank);
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
			[DOC_INPUTS] = a->period != NULL
			    ? a->period->input_count
			    : a->source != NULL ? source_inputs(a->source) : 0,
			[DOC_FLOWS] =
			    ledger_count(a->ledger) + ledger_spooled(a->ledger),
			[DOC_CERTIFICATES] = ledger_certs(a->ledger),
			[DOC_HOSTS] = ledger_hosts(a->ledger),
		},
		.item = ledger_item,
		.verdict = ledger_verdict,
		.release = ledger_release,
		.inside = own,
	};
	json_t *losses = json_of_losses(a->ledger);

	if (losses != NULL)
		(void)json_object_set_new(d->capture, "losses", losses);
	if (a->period != NULL)
		(void)json_object_set_new(d->capture, "period",
		    json_of_period(a->period));
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
