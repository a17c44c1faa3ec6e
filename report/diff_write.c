/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A comparison as text, JSON and a page.
 */
#include "report/diff.h"
#include "report/formats.h"
#include "report/html_sections.h"

enum { SHOWN_MOST = 200, ROWS_MOST = 1000 };

static const char *const proof_sentences[DIFF_PROOFS] = {
	[PROOF_NOT_SEEN] = "no such traffic was seen again: not proven",
	[PROOF_OPEN] = "seen again, but it could not be told",
	[PROOF_SEEN] = "seen again, and in order",
};

static const char *
id_of(const struct diff_item *i)
{
	return i->kind == DIFF_FINDING ? finding_kinds[i->finding].id
				       : class_words[i->class].word;
}

/* ---- JSON ---- */

static void
put_text(json_t *o, const char *key, const char *text)
{
	if (text[0] != '\0')
		(void)json_object_set_new(o, key, json_string(text));
}

static void
put_number(json_t *o, const char *key, uint64_t n)
{
	(void)json_object_set_new(o, key, json_integer((json_int_t)n));
}

static json_t *
evidence_json(const struct proof *p)
{
	json_t *o = json_object();

	put_number(o, "flow_id", p->flow);
	if (p->packet != 0)
		put_number(o, "packet", p->packet);
	put_text(o, "pcap_filename", p->file);
	put_text(o, "timestamp", p->time);
	put_text(o, "text", p->text);
	return o;
}

static json_t *
item_json(const struct diff_item *i)
{
	json_t *o = json_object();

	if (i->kind == DIFF_FINDING) {
		put_text(o, "id", id_of(i));
	} else {
		put_text(o, "class", id_of(i));
		put_text(o, "cause", how_words[i->how]);
	}
	put_text(o, "severity", i->severity);
	put_text(o, "text", diff_title(i));
	put_text(o, "src_ip", i->src);
	put_text(o, "src_role", i->src_role);
	put_text(o, "dest_ip", i->dest);
	put_text(o, "dest_role", i->dest_role);
	put_text(o, "role_before", i->role_before);
	put_text(o, "service", i->service);
	put_number(o, "flows_before", i->flows[AUDIT_OLD]);
	put_number(o, "flows_now", i->flows[AUDIT_NEW]);
	if (i->change == DIFF_NEW)
		(void)json_object_set_new(o, "worse", json_boolean(i->worse));
	if (i->change == DIFF_FIXED)
		put_text(o, "proof", diff_proof_words[i->proof]);
	(void)json_object_set_new(o, "evidence", evidence_json(&i->evidence));
	return o;
}

static json_t *
items_json(const struct diff *d, enum diff_kind kind)
{
	json_t *o = json_object();

	for (int c = 0; c < DIFF_CHANGES; c++) {
		json_t *a = json_array();

		for (size_t n = 0; n < d->count; n++) {
			const struct diff_item *i = &d->items[n];

			if (i->kind == kind && (int)i->change == c)
				(void)json_array_append_new(a, item_json(i));
		}
		(void)json_object_set_new(o, diff_change_words[c], a);
	}
	return o;
}

static json_t *
certs_json(const struct diff *d)
{
	static const char *const words[DIFF_CHANGES] = { "new", "gone",
		"unchanged" };
	json_t *o = json_object();

	for (int c = 0; c < DIFF_CHANGES; c++) {
		json_t *a = json_array();

		for (size_t n = 0; n < d->cert_count; n++) {
			if ((int)d->certs[n].change == c)
				(void)json_array_append(a, d->certs[n].cert);
		}
		(void)json_object_set_new(o, words[c], a);
	}
	return o;
}

static json_t *
audit_json(const struct audit_doc *d)
{
	json_t *o = json_object();

	put_text(o, "policy", doc_text(d->policy, "name"));
	put_text(o, "policy_sha256", doc_text(d->policy, "sha256"));
	put_text(o, "version", doc_text(d->tool, "version"));
	put_text(o, "start", doc_text(d->summary, "start"));
	put_text(o, "end", doc_text(d->summary, "end"));
	put_number(o, "flows", doc_number(d->summary, "flows"));
	(void)json_object_set(o, "verdicts",
	    json_object_get(d->summary, "verdicts"));
	return o;
}

bool
diff_json(const struct report *r, FILE *out)
{
	const struct diff *d = r->diff;
	json_t *o = json_object();
	json_t *tool = json_object();

	put_text(tool, "name", "spanward");
	put_text(tool, "version", d->version);
	put_text(o, "format", "spanward-diff");
	put_number(o, "version", 1);
	(void)json_object_set_new(o, "tool", tool);
	(void)json_object_set_new(o, "old", audit_json(d->audits[AUDIT_OLD]));
	(void)json_object_set_new(o, "new", audit_json(d->audits[AUDIT_NEW]));
	(void)json_object_set_new(o, "same_policy",
	    json_boolean(d->same_policy));
	(void)json_object_set_new(o, "worse", json_boolean(d->worse));
	(void)json_object_set_new(o, "violations",
	    items_json(d, DIFF_VIOLATION));
	(void)json_object_set_new(o, "findings", items_json(d, DIFF_FINDING));
	(void)json_object_set_new(o, "certificates", certs_json(d));
	bool good =
	    json_dumpf(o, out, JSON_INDENT(1)) == 0 && fputc('\n', out) != EOF;

	json_decref(o);
	return good;
}

/* ---- text ---- */

struct lines {
	FILE *out;
	struct buf safe;
	bool colour;
};

static const char *
safe(struct lines *l, const char *text)
{
	buf_clear(&l->safe);
	buf_safe(&l->safe, slice_text(text));
	return buf_ok(&l->safe) && l->safe.n > 0 ? l->safe.p : "";
}

static void
text_item(struct lines *l, const struct diff_item *i)
{
	static const char *const signs[] = { "+", "-", "=" };
	static const char *const colours[] = { "\033[1;31m", "\033[32m", "" };

	(void)fprintf(l->out, "  %s%s%s %s (%s%s%s)\n",
	    l->colour ? colours[i->change] : "", signs[i->change],
	    l->colour ? "\033[0m" : "", diff_title(i), id_of(i),
	    i->kind == DIFF_FINDING ? ", " : "",
	    i->kind == DIFF_FINDING ? safe(l, i->severity) : "");
	(void)fprintf(l->out, "      %s", safe(l, i->src));
	(void)fprintf(l->out, " (%s)", safe(l, i->src_role));
	if (i->dest[0] != '\0') {
		(void)fprintf(l->out, " -> %s", safe(l, i->dest));
		(void)fprintf(l->out, " (%s)", safe(l, i->dest_role));
	}
	(void)fprintf(l->out, "  %s, flows %llu -> %llu\n", safe(l, i->service),
	    (unsigned long long)i->flows[AUDIT_OLD],
	    (unsigned long long)i->flows[AUDIT_NEW]);
	if (i->role_before[0] != '\0')
		(void)fprintf(l->out, "      its role was %s before\n",
		    safe(l, i->role_before));
	if (i->change == DIFF_FIXED) {
		(void)fprintf(l->out, "      %s\n", proof_sentences[i->proof]);
		return;
	}
	if (i->change == DIFF_UNCHANGED || i->evidence.packet == 0)
		return;
	(void)fprintf(l->out, "      packet %llu of ",
	    (unsigned long long)i->evidence.packet);
	(void)fprintf(l->out, "%s: ", safe(l, i->evidence.file));
	(void)fprintf(l->out, "%s\n", safe(l, i->evidence.text));
}

static void
text_items(struct lines *l, const struct diff *d, enum diff_kind kind,
    enum diff_change change)
{
	static const char *const titles[DIFF_KINDS][DIFF_CHANGES] = {
		{ "New violations", "Violations that are gone",
		    "Violations as before" },
		{ "New findings", "Findings that are gone",
		    "Findings as before" },
	};
	uint64_t shown = 0;

	if (d->sums[kind][change] == 0)
		return;
	(void)fprintf(l->out, "\n%s%s%s\n", l->colour ? "\033[1m" : "",
	    titles[kind][change], l->colour ? "\033[0m" : "");
	for (size_t n = 0; n < d->count && shown < SHOWN_MOST; n++) {
		const struct diff_item *i = &d->items[n];

		if (i->kind != kind || i->change != change)
			continue;
		text_item(l, i);
		shown++;
	}
	if (shown < d->sums[kind][change])
		(void)fprintf(l->out, "  and %llu more; -o json:PATH has all\n",
		    (unsigned long long)(d->sums[kind][change] - shown));
}

static void
text_certs(struct lines *l, const struct diff *d)
{
	static const char *const signs[] = { "+", "-", "=" };

	if (d->cert_sums[DIFF_NEW] + d->cert_sums[DIFF_FIXED] == 0)
		return;
	(void)fprintf(l->out, "\nCertificates\n");
	for (size_t n = 0; n < d->cert_count; n++) {
		const struct diff_cert *x = &d->certs[n];
		const json_t *hosts = json_object_get(x->cert, "hosts");
		const char *host = json_string_value(json_array_get(hosts, 0));

		if (x->change == DIFF_UNCHANGED)
			continue;
		(void)fprintf(l->out, "  %s %s", signs[x->change],
		    safe(l, doc_text(x->cert, "subject")));
		(void)fprintf(l->out, ", until %.10s",
		    safe(l, doc_text(x->cert, "notafter")));
		(void)fprintf(l->out, ", shown by %s%s\n",
		    host != NULL ? safe(l, host) : "-",
		    json_array_size(hosts) > 1 ? " and others" : "");
	}
}

static void
text_audit(struct lines *l, const char *name, const struct audit_doc *d)
{
	const json_t *s = d->summary;

	(void)fprintf(l->out, "  %s  %.19s", name,
	    safe(l, doc_text(s, "start")));
	(void)fprintf(l->out, " to %.19s  %6llu flows, ",
	    safe(l, doc_text(s, "end")),
	    (unsigned long long)doc_number(s, "flows"));
	(void)fprintf(l->out,
	    "%llu violations, %llu undetermined, %llu compliant\n",
	    (unsigned long long)verdicts_at(s, VERDICT_VIOLATION),
	    (unsigned long long)verdicts_at(s, VERDICT_UNDETERMINED),
	    (unsigned long long)verdicts_at(s, VERDICT_COMPLIANT));
}

static const char *
outcome(const struct diff *d)
{
	if (d->worse)
		return "WORSE";
	return d->sums[DIFF_VIOLATION][DIFF_FIXED] +
		    d->sums[DIFF_FINDING][DIFF_FIXED] >
		0
	    ? "BETTER"
	    : "AS BEFORE";
}

bool
diff_text(const struct report *r, FILE *out)
{
	const struct diff *d = r->diff;
	struct lines l = { .out = out, .colour = r->colour };

	buf_init(&l.safe);
	(void)fprintf(out,
	    "%s%s%s: ", l.colour ? (d->worse ? "\033[1;31m" : "\033[32m") : "",
	    outcome(d), l.colour ? "\033[0m" : "");
	for (int k = 0; k < DIFF_KINDS; k++)
		(void)fprintf(out,
		    "%s%llu new, %llu gone and %llu unchanged %ss",
		    k > 0 ? "; " : "", (unsigned long long)d->sums[k][DIFF_NEW],
		    (unsigned long long)d->sums[k][DIFF_FIXED],
		    (unsigned long long)d->sums[k][DIFF_UNCHANGED],
		    diff_kind_words[k]);
	(void)fputc('\n', out);
	text_audit(&l, "old", d->audits[AUDIT_OLD]);
	text_audit(&l, "new", d->audits[AUDIT_NEW]);
	if (!d->same_policy)
		(void)fprintf(out,
		    "  The policies differ, so a change may come from the "
		    "policy and not from the network.\n");
	for (int c = 0; c < DIFF_CHANGES; c++) {
		for (int k = 0; k < DIFF_KINDS; k++)
			text_items(&l, d, (enum diff_kind)k,
			    (enum diff_change)c);
	}
	text_certs(&l, d);
	buf_done(&l.safe);
	return ferror(out) == 0;
}

/* ---- the page ---- */

static void
html_item(const struct view *v, const struct diff_item *i)
{
	html_raw(v->h, "<tr><th scope=\"row\" class=\"any\">");
	html_text(v->h, diff_title(i));
	html_raw(v->h, "<br><span class=\"soft mono\">");
	html_text(v->h, id_of(i));
	html_raw(v->h, "</span></th><td><span class=\"mono\">");
	html_text(v->h, i->src);
	html_raw(v->h, "</span><br><span class=\"soft\">");
	html_text(v->h, i->src_role);
	html_raw(v->h, "</span></td><td><span class=\"mono\">");
	html_text(v->h, i->dest);
	html_raw(v->h, "</span><br><span class=\"soft\">");
	html_text(v->h, i->dest_role);
	html_raw(v->h, "</span></td>");
	cell_text(v, i->service);
	cell_number(v, i->flows[AUDIT_OLD]);
	cell_number(v, i->flows[AUDIT_NEW]);
	html_raw(v->h, "<td class=\"any\">");
	if (i->change == DIFF_FIXED) {
		html_text(v->h, proof_sentences[i->proof]);
	} else {
		html_text(v->h, i->evidence.text);
		html_raw(v->h, "<br><span class=\"soft\">");
		proof_place(v, &i->evidence);
		html_raw(v->h, "</span>");
	}
	if (i->role_before[0] != '\0') {
		html_raw(v->h, "<br><span class=\"soft\">role before: ");
		html_text(v->h, i->role_before);
		html_raw(v->h, "</span>");
	}
	html_raw(v->h, "</td></tr>\n");
}

static void
html_items(const struct view *v, const struct diff *d, enum diff_kind kind,
    enum diff_change change)
{
	static const char *const captions[DIFF_KINDS][DIFF_CHANGES] = {
		{ "New violations", "Violations that are gone",
		    "Violations as before" },
		{ "New findings", "Findings that are gone",
		    "Findings as before" },
	};
	uint64_t shown = 0;

	if (d->sums[kind][change] == 0) {
		html_printf(v->h, "<p class=\"soft\">%s: none.</p>\n",
		    captions[kind][change]);
		return;
	}
	table_open(v, TABLE_SORTED, captions[kind][change]);
	table_head(v,
	    change == DIFF_FIXED
		? "What|From|To|Service|#Flows before|#Now|How it is known"
		: "What|From|To|Service|#Flows before|#Now|Evidence");
	for (size_t n = 0; n < d->count && shown < ROWS_MOST; n++) {
		const struct diff_item *i = &d->items[n];

		if (i->kind != kind || i->change != change)
			continue;
		html_item(v, i);
		shown++;
	}
	table_close(v);
	more_note(v, shown, d->sums[kind][change], "cases");
}

static void
html_numbers(const struct view *v, const struct diff *d)
{
	static const char *const names[] = { "old", "new" };

	table_open(v, TABLE_NARROW, "The two audits");
	table_head(v,
	    "Audit|Begins|Ends|Policy|#Flows|#Violations|#Undetermined|"
	    "#Compliant");
	for (int i = 0; i < 2; i++) {
		const struct audit_doc *a = d->audits[i];

		html_raw(v->h, "<tr>");
		html_element(v->h, "th scope=\"row\"", names[i]);
		html_raw(v->h, "<td>");
		moment(v, doc_text(a->summary, "start"));
		html_raw(v->h, "</td><td>");
		moment(v, doc_text(a->summary, "end"));
		html_raw(v->h, "</td>");
		cell_text(v, doc_text(a->policy, "name"));
		cell_number(v, doc_number(a->summary, "flows"));
		cell_number(v, verdicts_at(a->summary, VERDICT_VIOLATION));
		cell_number(v, verdicts_at(a->summary, VERDICT_UNDETERMINED));
		cell_number(v, verdicts_at(a->summary, VERDICT_COMPLIANT));
		html_raw(v->h, "</tr>\n");
	}
	table_close(v);
	if (!d->same_policy)
		html_raw(v->h,
		    "<p><strong>The policies differ</strong>, so a change may "
		    "come from the policy and not from the network.</p>\n");
}

static void
html_cert(const struct view *v, const struct diff_cert *x)
{
	static const char *const words[DIFF_CHANGES] = { "new", "gone",
		"unchanged" };
	const json_t *hosts = json_object_get(x->cert, "hosts");
	const char *host = json_string_value(json_array_get(hosts, 0));
	char day[16];

	html_raw(v->h, "<tr><th scope=\"row\" class=\"any name\">");
	html_text(v->h, doc_text(x->cert, "subject"));
	html_raw(v->h, "<br><span class=\"mono hash soft\">");
	html_text(v->h, doc_text(x->cert, "fingerprint"));
	html_raw(v->h, "</span></th>");
	cell_text(v, words[x->change]);
	(void)snprintf(day, sizeof(day), "%.10s",
	    doc_text(x->cert, "notafter"));
	cell_text(v, day);
	cell_text(v, host != NULL ? host : "");
	html_raw(v->h, "</tr>\n");
}

static void
html_certs(const struct view *v, const struct diff *d)
{
	size_t shown = 0;

	section_open(v, "certificates", "Certificates",
	    "Certificates that are new or not shown any more, by their "
	    "fingerprint.");
	if (d->cert_sums[DIFF_NEW] + d->cert_sums[DIFF_FIXED] == 0) {
		html_raw(v->h, "<p>The same certificates as before.</p>\n");
		section_close(v);
		return;
	}
	table_open(v, TABLE_SORTED, "Certificates that changed");
	table_head(v, "Subject|Change|Last day|Shown by");
	for (size_t n = 0; n < d->cert_count && shown < ROWS_MOST; n++) {
		if (d->certs[n].change == DIFF_UNCHANGED)
			continue;
		html_cert(v, &d->certs[n]);
		shown++;
	}
	table_close(v);
	more_note(v, shown, d->cert_sums[DIFF_NEW] + d->cert_sums[DIFF_FIXED],
	    "certificates");
	section_close(v);
}

static void
html_head(const struct view *v, const struct diff *d)
{
	html_raw(v->h,
	    "<header>\n<p class=\"kind\">Protection of unified communication: "
	    "two audits compared</p>\n");
	html_printf(v->h,
	    "<div class=\"verdict %s\"><h1>%s</h1>\n<p class=\"lead\">",
	    d->worse ? "bad" : "good",
	    d->worse                   ? "Worse than before"
		: outcome(d)[0] == 'B' ? "Better than before"
				       : "As before");
	html_number(v->h, d->sums[DIFF_VIOLATION][DIFF_NEW]);
	html_raw(v->h, " new violations, ");
	html_number(v->h, d->sums[DIFF_VIOLATION][DIFF_FIXED]);
	html_raw(v->h, " gone, ");
	html_number(v->h, d->sums[DIFF_VIOLATION][DIFF_UNCHANGED]);
	html_raw(v->h, " as before; ");
	html_number(v->h, d->sums[DIFF_FINDING][DIFF_NEW]);
	html_raw(v->h, " new findings, ");
	html_number(v->h, d->sums[DIFF_FINDING][DIFF_FIXED]);
	html_raw(v->h, " gone, ");
	html_number(v->h, d->sums[DIFF_FINDING][DIFF_UNCHANGED]);
	html_raw(v->h, " as before.</p></div>\n");
	html_numbers(v, d);
	html_raw(v->h, "</header>\n");
}

bool
diff_html(const struct report *r, FILE *out)
{
	const struct diff *d = r->diff;
	struct html h;
	struct view v = { &h, d->audits[AUDIT_NEW], NULL };
	char foot[160];

	html_init(&h, out);
	html_begin(&h, "Two audits compared");
	html_raw(&h, "<main id=\"top\">\n");
	html_head(&v, d);
	section_open(&v, "new", "New",
	    "What the old audit did not have: a case is the same where "
	    "hosts, service and cause are the same.");
	html_items(&v, d, DIFF_VIOLATION, DIFF_NEW);
	html_items(&v, d, DIFF_FINDING, DIFF_NEW);
	section_close(&v);
	section_open(&v, "gone", "Gone",
	    "What the new audit does not have any more. It is proven to be "
	    "fixed only where the same traffic was seen again, in order.");
	html_items(&v, d, DIFF_VIOLATION, DIFF_FIXED);
	html_items(&v, d, DIFF_FINDING, DIFF_FIXED);
	section_close(&v);
	section_open(&v, "same", "As before", "What both audits have.");
	html_items(&v, d, DIFF_VIOLATION, DIFF_UNCHANGED);
	html_items(&v, d, DIFF_FINDING, DIFF_UNCHANGED);
	section_close(&v);
	html_certs(&v, d);
	html_raw(&h, "</main>\n");
	(void)snprintf(foot, sizeof(foot), "spanward %.60s", d->version);
	html_end(&h, foot);
	return html_done(&h);
}
