/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The json document and the ndjson stream. Flows are written one by one, so
 * that memory does not grow with their number.
 */
#include "core/buf.h"
#include "report/formats.h"

static const size_t style = JSON_COMPACT;

static int
take_text(const char *p, size_t n, void *ctx)
{
	buf_add(ctx, p, n);
	return buf_ok(ctx) ? 0 : -1;
}

/* Writes the object and lets it go; `b` is only there to be used again. */
static bool
write_value(json_t *j, struct buf *b, FILE *out)
{
	bool good;

	buf_clear(b);
	good = j != NULL && json_dump_callback(j, take_text, b, style) == 0 &&
	    fwrite(b->p, 1, b->n, out) == b->n;
	json_decref(j);
	return good;
}

static bool
write_key(const char *key, json_t *j, struct buf *b, FILE *out)
{
	return fprintf(out, ",\n\"%s\": ", key) > 0 &&
	    write_value(json_incref(j), b, out);
}

/* A list, one object a line. */
static bool
write_list(const struct audit_doc *d, enum doc_list list, struct buf *b,
    FILE *out)
{
	if (fprintf(out, ",\n\"%s\": [", doc_list_names[list]) < 0)
		return false;
	for (size_t i = 0; i < d->count[list]; i++) {
		if (fputs(i > 0 ? ",\n" : "\n", out) < 0 ||
		    !write_value(doc_item(d, list, i), b, out))
			return false;
	}
	return fputs("]", out) >= 0;
}

bool
report_json(const struct report *r, FILE *out)
{
	const struct audit_doc *d = r->doc;
	struct buf b;
	bool good;

	buf_init(&b);
	good = fputs("{\"format\": \"spanward-audit\", \"version\": 1", out) >=
		0 &&
	    write_key("tool", d->tool, &b, out) &&
	    write_key("policy", d->policy, &b, out) &&
	    write_list(d, DOC_INPUTS, &b, out) &&
	    write_key("capture", d->capture, &b, out) &&
	    write_key("summary", d->summary, &b, out) &&
	    write_list(d, DOC_FLOWS, &b, out) &&
	    write_list(d, DOC_CERTIFICATES, &b, out) &&
	    write_list(d, DOC_HOSTS, &b, out) && fputs("}\n", out) >= 0;
	buf_done(&b);
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
    struct buf *b, FILE *out)
{
	for (size_t i = 0; i < d->count[list]; i++) {
		json_t *j = doc_item(d, list, i);

		/* A flow record says itself what it is. */
		if (type != NULL)
			j = event(type, j);
		if (!write_value(j, b, out) || fputc('\n', out) == EOF)
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
	struct buf b;
	bool good;

	buf_init(&b);
	good = write_events(d, DOC_FLOWS, NULL, &b, out) &&
	    write_events(d, DOC_CERTIFICATES, "certificate", &b, out) &&
	    write_events(d, DOC_HOSTS, "host", &b, out) &&
	    write_events(d, DOC_INPUTS, "input", &b, out) &&
	    write_value(summary_event(d), &b, out) && fputc('\n', out) != EOF;
	buf_done(&b);
	return good;
}
