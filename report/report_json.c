/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The json document and the ndjson stream. Flows are written one by one, so
 * that memory does not grow with their number.
 */
#include <stdlib.h>

#include "report/formats.h"

static const size_t style = JSON_COMPACT;

/* A place to print to, used again and again. */
struct page {
	char *p;
	size_t room;
	FILE *out;
};

/* Writes the object and lets it go. */
static bool
write_value(json_t *j, struct page *page)
{
	size_t n = j != NULL ? json_dumpb(j, page->p, page->room, style) : 0;
	bool good = n > 0;

	if (n > page->room) {
		char *more = realloc(page->p, n * 2);

		good = more != NULL;
		if (good) {
			page->p = more;
			page->room = n * 2;
			n = json_dumpb(j, page->p, page->room, style);
		}
	}
	json_decref(j);
	return good && fwrite(page->p, 1, n, page->out) == n;
}

static bool
write_key(const char *key, json_t *j, struct page *page)
{
	return fprintf(page->out, ",\n\"%s\": ", key) > 0 &&
	    write_value(json_incref(j), page);
}

/* A list, one object a line. */
static bool
write_list(const struct audit_doc *d, enum doc_list list, struct page *page)
{
	if (fprintf(page->out, ",\n\"%s\": [", doc_list_names[list]) < 0)
		return false;
	for (size_t i = 0; i < d->count[list]; i++) {
		if (fputs(i > 0 ? ",\n" : "\n", page->out) < 0 ||
		    !write_value(doc_item(d, list, i), page))
			return false;
	}
	return fputs("]", page->out) >= 0;
}

bool
report_json(const struct report *r, FILE *out)
{
	const struct audit_doc *d = r->doc;
	struct page page = { .out = out };
	bool good;

	good = fputs("{\"format\": \"spanward-audit\", \"version\": 1", out) >=
		0 &&
	    write_key("tool", d->tool, &page) &&
	    write_key("policy", d->policy, &page) &&
	    write_list(d, DOC_INPUTS, &page) &&
	    write_key("capture", d->capture, &page) &&
	    write_key("summary", d->summary, &page) &&
	    write_list(d, DOC_FLOWS, &page) &&
	    write_list(d, DOC_CERTIFICATES, &page) &&
	    write_list(d, DOC_HOSTS, &page) && fputs("}\n", out) >= 0;
	free(page.p);
	return good;
}

/* Takes `j` over. */
static json_t *
event(const char *type, json_t *j)
{
	json_t *o = json_object();

	(void)json_object_set_new(o, "event_type", json_string(type));
	(void)json_object_update(o, j);
	json_decref(j);
	return o;
}

static bool
write_events(const struct audit_doc *d, enum doc_list list, const char *type,
    struct page *page)
{
	for (size_t i = 0; i < d->count[list]; i++) {
		json_t *j = doc_item(d, list, i);

		/* A flow record says itself what it is. */
		if (type != NULL)
			j = event(type, j);
		if (!write_value(j, page) || fputc('\n', page->out) == EOF)
			return false;
	}
	return true;
}

static json_t *
summary_event(const struct audit_doc *d)
{
	json_t *sum = event("summary", json_incref(d->summary));
	json_t *policy = json_copy(d->policy);

	/* Its text is in the document; a pipeline wants lines of a size. */
	(void)json_object_del(policy, "text");
	(void)json_object_del(policy, "bases");
	(void)json_object_set(sum, "capture", d->capture);
	(void)json_object_set_new(sum, "policy", policy);
	(void)json_object_set(sum, "tool", d->tool);
	return sum;
}

bool
report_ndjson(const struct report *r, FILE *out)
{
	const struct audit_doc *d = r->doc;
	struct page page = { .out = out };
	bool good;

	good = write_events(d, DOC_FLOWS, NULL, &page) &&
	    write_events(d, DOC_CERTIFICATES, "certificate", &page) &&
	    write_events(d, DOC_HOSTS, "host", &page) &&
	    write_events(d, DOC_INPUTS, "input", &page) &&
	    write_value(summary_event(d), &page) && fputc('\n', out) != EOF;
	free(page.p);
	return good;
}
