/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was seen, in tables: certificates, TLS parameters, media, hosts, flows;
 * and what the audit rests on: policy and inputs.
 */
#include <stdlib.h>

#include "report/html_sections.h"

enum {
	CERTS_MOST = 1000,
	HOSTS_MOST = 2000,
	FLOWS_MOST = 2000,
	NAMES_SHOWN = 6,
	INPUTS_MOST = 5000,
};

static void
texts(const struct view *v, const json_t *list)
{
	size_t n = json_array_size(list);

	for (size_t i = 0; i < n && i < NAMES_SHOWN; i++) {
		const char *s = json_string_value(json_array_get(list, i));

		html_raw(v->h, i > 0 ? "<br>" : "");
		html_text(v->h, s != NULL ? s : "");
	}
	if (n > NAMES_SHOWN)
		html_printf(v->h, "<br>and %zu more", n - NAMES_SHOWN);
}

static void
cell_texts(const struct view *v, const json_t *list)
{
	html_raw(v->h, "<td class=\"any\">");
	texts(v, list);
	html_raw(v->h, "</td>");
}

/* ---- certificates ---- */

static int
by_last_day(const void *a, const void *b)
{
	const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
	int c = strcmp(doc_text(x, "notafter"), doc_text(y, "notafter"));

	return c != 0
	    ? c
	    : strcmp(doc_text(x, "fingerprint"), doc_text(y, "fingerprint"));
}

static void
read_certs(const struct view *v, struct cert_list *c)
{
	size_t n = v->d->count[DOC_CERTIFICATES];

	*c = (struct cert_list){ .list = calloc(n + 1, sizeof(void *)) };
	if (c->list == NULL) {
		v->h->bad = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		json_t *o = doc_item(v->d, DOC_CERTIFICATES, i);

		if (o != NULL)
			c->list[c->count++] = o;
	}
	qsort(c->list, c->count, sizeof(void *), by_last_day);
}

static void
findings_cell(const struct view *v, const json_t *list)
{
	html_raw(v->h, "<td class=\"any\">");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *f = json_array_get(list, i);
		enum finding_id id;

		html_raw(v->h, i > 0 ? "<br>" : "");
		severity_tag(v, doc_text(f, "severity"));
		html_raw(v->h, " ");
		/* A certificate may have one that no flow of the sum has. */
		if (doc_finding(f, &id))
			html_printf(v->h, "<span class=\"mono\">%s</span>: ",
			    finding_kinds[id].id);
		html_text(v->h, doc_text(f, "text"));
	}
	if (json_array_size(list) == 0)
		mark(v, VERDICT_COMPLIANT, "none");
	html_raw(v->h, "</td>");
}

static void
cert_row(const struct view *v, const json_t *c)
{
	char day[16];

	html_raw(v->h, "<tr><th scope=\"row\" class=\"any name\">");
	html_text(v->h,
	    doc_text(c, "subject")[0] != '\0' ? doc_text(c, "subject")
					      : "could not be read");
	html_raw(v->h, "<br><span class=\"soft\">by ");
	html_text(v->h, doc_text(c, "issuerdn"));
	html_raw(v->h, "</span><br><span class=\"mono hash soft\">");
	html_text(v->h, doc_text(c, "fingerprint"));
	html_raw(v->h, "</span></th><td class=\"nb\">");
	(void)snprintf(day, sizeof(day), "%.10s", doc_text(c, "notbefore"));
	html_text(v->h, day);
	html_raw(v->h, "</td><td class=\"nb\">");
	(void)snprintf(day, sizeof(day), "%.10s", doc_text(c, "notafter"));
	html_text(v->h, day);
	html_raw(v->h, "</td><td>");
	html_text(v->h, doc_text(c, "used_as"));
	html_raw(v->h, "</td><td>");
	html_text(v->h, doc_text(c, "key"));
	html_raw(v->h, "<br><span class=\"soft\">");
	html_text(v->h, doc_text(c, "signature"));
	html_raw(v->h, "</span></td>");
	cell_texts(v, json_object_get(c, "hosts"));
	findings_cell(v, json_object_get(c, "findings"));
	html_raw(v->h, "</tr>\n");
}

void
section_certs(const struct view *v)
{
	struct cert_list c;
	size_t n;

	section_open(v, "certificates", "Certificates",
	    "Every certificate that was shown, the first to end on top, "
	    "judged at the time of its handshakes.");
	read_certs(v, &c);
	if (c.count == 0)
		html_raw(v->h, "<p>No certificate was seen.</p>\n");
	picture_certs(v, &c);
	n = c.count < CERTS_MOST ? c.count : CERTS_MOST;
	if (n > 0) {
		table_open(v, TABLE_SORTED,
		    "Certificates, with SHA-256 fingerprints");
		table_head(v,
		    "Subject|Valid from|Last day|Used as|Key|Shown by|"
		    "Findings");
		for (size_t i = 0; i < n; i++)
			cert_row(v, c.list[i]);
		table_close(v);
		more_note(v, n, c.count, "certificates");
	}
	for (size_t i = 0; i < c.count; i++)
		json_decref(c.list[i]);
	free(c.list);
	section_close(v);
}

/* ---- TLS ---- */

static int
by_tls_words(const void *a, const void *b)
{
	const struct tally *x = a, *y = b;
	/* The newest version first. */
	int c = strcmp(y->words[0], x->words[0]);

	for (int i = 1; c == 0 && i < 3; i++)
		c = strcmp(x->words[i], y->words[i]);
	return c;
}

static void
fips(const struct view *v, bool approved)
{
	html_raw(v->h, "<td>");
	if (approved)
		mark(v, VERDICT_COMPLIANT, "approved");
	else
		html_raw(v->h,
		    "<span class=\"mark open\"><span aria-hidden=\"true\">"
		    "!</span> not approved</span>");
	html_raw(v->h, "</td>");
}

static void
versions(const struct view *v, const struct tally *list, size_t n)
{
	table_open(v, TABLE_NARROW, "Handshakes by protocol version");
	table_head(v, "Version|#Flows|#Approved parameters");
	for (size_t i = 0; i < n;) {
		uint64_t flows = 0, bad = 0;
		const char *version = list[i].words[0];

		for (; i < n && strcmp(list[i].words[0], version) == 0; i++) {
			flows += list[i].flows;
			bad += list[i].bad;
		}
		html_raw(v->h, "<tr><th scope=\"row\">");
		html_text(v->h, version);
		html_raw(v->h, "</th>");
		cell_number(v, flows);
		cell_number(v, flows - bad);
		html_raw(v->h, "</tr>\n");
	}
	table_close(v);
}

static void
suites(const struct view *v, const struct tally *list, size_t n)
{
	table_open(v, TABLE_SORTED, "Suites and groups that were negotiated");
	table_head(v, "Version|Suite|Group|#Flows|FIPS view|Strength");
	for (size_t i = 0; i < n; i++) {
		const struct tally *t = &list[i];

		html_raw(v->h, "<tr>");
		cell_text(v, t->words[0]);
		html_raw(v->h, "<th scope=\"row\" class=\"mono any\">");
		html_text(v->h, t->words[1]);
		html_raw(v->h, "</th>");
		cell_text(v, t->words[2][0] != '\0' ? t->words[2] : "-");
		cell_number(v, t->flows);
		fips(v, t->bad == 0);
		html_raw(v->h, "<td>");
		if (t->weak > 0)
			mark(v, VERDICT_VIOLATION, "weak");
		else
			mark(v, VERDICT_COMPLIANT, "fine");
		html_raw(v->h, "</td></tr>\n");
	}
	table_close(v);
}

void
section_tls(const struct view *v)
{
	const struct tallies *t = &v->g->tls;
	struct tally *list;

	section_open(v, "tls", "TLS versions and suites",
	    "What was negotiated. The FIPS view asks whether version, suite, "
	    "group and signatures are in the approved set of NIST SP 800-52 "
	    "r2; whether Windows runs in FIPS mode cannot be seen on the "
	    "wire.");
	if (t->count == 0) {
		html_raw(v->h, "<p>No TLS handshake was seen.</p>\n");
		section_close(v);
		return;
	}
	list = malloc(t->count * sizeof(*list));
	if (list == NULL) {
		v->h->bad = true;
		return;
	}
	memcpy(list, t->list, t->count * sizeof(*list));
	qsort(list, t->count, sizeof(*list), by_tls_words);
	html_raw(v->h, "<p>");
	html_number(v->h, v->g->approved);
	html_raw(v->h, " of ");
	html_number(v->h, v->g->handshakes);
	html_raw(v->h, " flows with TLS used approved parameters only.</p>\n");
	versions(v, list, t->count);
	suites(v, list, t->count);
	free(list);
	section_close(v);
}

/* ---- media ---- */

static void
media_row(const struct view *v, const struct tally *t)
{
	html_raw(v->h, "<tr><th scope=\"row\">");
	html_text(v->h, t->words[0][0] != '\0' ? t->words[0] : "unknown");
	html_raw(v->h, "</th>");
	for (int i = 1; i < 4; i++)
		cell_text(v, t->words[i]);
	cell_number(v, t->flows);
	html_raw(v->h, "<td>");
	for (int x = 0; x < VERDICTS; x++) {
		if (t->by_verdict[x] == 0)
			continue;
		mark(v, (enum verdict)x, verdict_words[x].word);
		html_printf(v->h, " %llu<br>",
		    (unsigned long long)t->by_verdict[x]);
	}
	html_raw(v->h, "</td></tr>\n");
}

void
section_media(const struct view *v)
{
	section_open(v, "media", "Media",
	    "Audio, video and shared screens by the protection that was "
	    "observed, how the keys came about, and what carried them.");
	if (v->g->media.count == 0) {
		html_raw(v->h, "<p>No media was seen.</p>\n");
	} else {
		table_open(v, TABLE_PLAIN, "Media flows by protection");
		table_head(v,
		    "Kind|Observed|Keys by|Carried by|#Flows|Verdicts");
		for (size_t i = 0; i < v->g->media.count; i++)
			media_row(v, &v->g->media.list[i]);
		table_close(v);
	}
	section_close(v);
}

/* ---- hosts and flows ---- */

static void
host_row(const struct view *v, const json_t *o)
{
	html_raw(v->h, "<tr><th scope=\"row\" class=\"mono any\">");
	html_text(v->h, doc_text(o, "ip"));
	html_raw(v->h, "</th>");
	cell_texts(v, json_object_get(o, "names"));
	cell_text(v, doc_text(o, "role"));
	html_raw(v->h, "<td class=\"any\">");
	html_text(v->h, doc_text(o, "role_source"));
	html_raw(v->h, "<br><span class=\"soft\">");
	html_text(v->h, doc_text(o, "how"));
	html_raw(v->h, "</span></td>");
	cell_number(v, doc_number(o, "flows"));
	cell_number(v, verdicts_at(o, VERDICT_VIOLATION));
	cell_number(v, verdicts_at(o, VERDICT_UNDETERMINED));
	html_raw(v->h, "</tr>\n");
}

void
section_hosts(const struct view *v)
{
	size_t all = v->d->count[DOC_HOSTS];
	size_t n = all < HOSTS_MOST ? all : HOSTS_MOST;

	section_open(v, "hosts", "Hosts",
	    "Who took part, in which role, and how that is known.");
	table_open(v, TABLE_SORTED, "Hosts by address");
	table_head(v,
	    "Address|Names|Role|Known from|#Flows|#Violations|#Undetermined");
	for (size_t i = 0; i < n; i++) {
		json_t *o = doc_item(v->d, DOC_HOSTS, i);

		host_row(v, o);
		json_decref(o);
	}
	table_close(v);
	more_note(v, n, all, "hosts");
	section_close(v);
}

static void
flow_row(const struct view *v, const json_t *o)
{
	const json_t *audit = json_object_get(o, "audit");
	const json_t *reason =
	    json_array_get(json_object_get(audit, "reasons"), 0);
	enum verdict x = VERDICT_OUT_OF_SCOPE;

	(void)doc_verdict(o, &x);
	html_raw(v->h, "<tr>");
	cell_number(v, doc_number(o, "flow_id"));
	html_raw(v->h, "<td class=\"nb mono\">");
	html_text(v->h, doc_text(o, "src_ip"));
	html_raw(v->h, "</td><td class=\"nb mono\">");
	html_text(v->h, doc_text(o, "dest_ip"));
	html_printf(v->h, "</td><td>%u</td>",
	    (unsigned)(doc_number(o, "dest_port") & 0xffff));
	cell_text(v,
	    doc_text(o, "app_proto")[0] != '\0' ? doc_text(o, "app_proto")
						: doc_text(o, "proto"));
	cell_text(v, doc_text(audit, "class"));
	cell_text(v, doc_text(audit, "required"));
	cell_text(v, doc_text(audit, "observed"));
	html_raw(v->h, "<td>");
	mark(v, x, doc_text(audit, "verdict"));
	html_raw(v->h, "</td>");
	cell_text(v, doc_text(reason, "text"));
	html_raw(v->h, "</tr>\n");
}

void
section_flows(const struct view *v)
{
	size_t all = v->d->count[DOC_FLOWS];
	size_t n = all < FLOWS_MOST ? all : FLOWS_MOST;

	html_raw(v->h, "<div class=\"screen\">\n");
	section_open(v, "flows", "Flows",
	    "The first flows of the audit as they are; not printed. The "
	    "JSON, NDJSON and CSV reports hold every flow with all its "
	    "reasons.");
	table_open(v, TABLE_SORTED, "Flows in the order of the capture");
	table_head(v,
	    "#No.|From|To|Port|Protocol|Class|Required|Observed|Verdict|"
	    "Why");
	for (size_t i = 0; i < n; i++) {
		json_t *o = doc_item(v->d, DOC_FLOWS, i);

		flow_row(v, o);
		json_decref(o);
	}
	table_close(v);
	more_note(v, n, all, "flows");
	section_close(v);
	html_raw(v->h, "</div>\n");
}

/* ---- what it rests on ---- */

static void
policy_text(const struct view *v, const char *name, const char *text)
{
	if (text[0] == '\0')
		return;
	html_element(v->h, "h3", name);
	html_raw(v->h,
	    "\n<pre tabindex=\"0\" role=\"region\" aria-label=\"Text of ");
	html_text(v->h, name);
	html_raw(v->h, "\">");
	html_lines(v->h, text);
	html_raw(v->h, "</pre>\n");
}

void
section_policy(const struct view *v)
{
	const json_t *p = v->d->policy;
	const json_t *bases = json_object_get(p, "bases");

	section_open(v, "policy", "The policy",
	    "What each kind of traffic must have, and what is allowed. The "
	    "SHA-256 is that of all texts, outermost first.");
	html_raw(v->h, "<dl class=\"facts\"><dt>Name</dt><dd>");
	html_text(v->h, doc_text(p, "name"));
	html_raw(v->h, "</dd><dt>SHA-256</dt><dd class=\"mono hash\">");
	html_text(v->h, doc_text(p, "sha256"));
	html_raw(v->h, "</dd></dl>\n");
	policy_text(v,
	    doc_text(p, "path")[0] != '\0' ? doc_text(p, "path")
					   : doc_text(p, "name"),
	    doc_text(p, "text"));
	for (size_t i = 0; i < json_array_size(bases); i++) {
		const json_t *b = json_array_get(bases, i);

		policy_text(v, doc_text(b, "name"), doc_text(b, "text"));
	}
	section_close(v);
}

static void
input_row(const struct view *v, const json_t *o)
{
	html_raw(v->h, "<tr><th scope=\"row\" class=\"any name\">");
	html_text(v->h, doc_text(o, "path"));
	html_raw(v->h, "<br><span class=\"mono hash soft\">");
	html_text(v->h, doc_text(o, "sha256"));
	html_raw(v->h, "</span></th>");
	cell_text(v, doc_text(o, "format"));
	cell_text(v, doc_text(o, "link_type"));
	cell_number(v, doc_number(o, "size"));
	cell_number(v, doc_number(o, "packets"));
	cell_text(v, doc_text(o, "first"));
	cell_text(v, doc_text(o, "last"));
	html_raw(v->h, "</tr>\n");
}

void
section_inputs(const struct view *v)
{
	size_t all = v->d->count[DOC_INPUTS];
	size_t n = all < INPUTS_MOST ? all : INPUTS_MOST;
	char tool[128];

	section_open(v, "inputs", "Inputs and tool",
	    "The same inputs, policy and version give the same report, byte "
	    "for byte.");
	table_open(v, TABLE_PLAIN, "Inputs, with SHA-256");
	table_head(v,
	    "Input|Format|Link type|#Bytes|#Packets|First packet|Last packet");
	for (size_t i = 0; i < n; i++) {
		json_t *o = doc_item(v->d, DOC_INPUTS, i);

		input_row(v, o);
		json_decref(o);
	}
	table_close(v);
	more_note(v, n, all, "inputs");
	(void)snprintf(tool, sizeof(tool), "Tool: %.40s %.60s",
	    doc_text(v->d->tool, "name"), doc_text(v->d->tool, "version"));
	html_element(v->h, "p", tool);
	html_raw(v->h, "\n");
	section_close(v);
}
