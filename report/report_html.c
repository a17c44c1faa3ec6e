/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One self-contained page: no network, nothing that needs a script, prints on
 * A4. The first page says the verdict and how far it can be trusted.
 */
#include <limits.h>

#include "report/formats.h"
#include "report/html_sections.h"

/* ---- pieces every section uses ---- */

void
section_open(const struct view *v, const char *id, const char *title,
    const char *about)
{
	html_printf(v->h,
	    "<section id=\"%s\" aria-labelledby=\"h-%s\">\n<h2 id=\"h-%s\">",
	    id, id, id);
	html_text(v->h, title);
	html_raw(v->h, "</h2>\n<p class=\"soft\">");
	html_text(v->h, about);
	html_raw(v->h, "</p>\n");
}

void
section_close(const struct view *v)
{
	html_raw(v->h, "</section>\n");
}

void
table_open(const struct view *v, enum table_kind kind, const char *caption)
{
	html_raw(v->h,
	    "<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"");
	html_text(v->h, caption);
	html_printf(v->h, "\"><table%s>\n<caption>",
	    kind == TABLE_SORTED       ? " class=\"sort\""
		: kind == TABLE_NARROW ? " class=\"narrow\""
				       : "");
	html_text(v->h, caption);
	html_raw(v->h, "</caption>\n");
}

void
table_close(const struct view *v)
{
	html_raw(v->h, "</tbody></table></div>\n");
}

void
table_head(const struct view *v, const char *titles)
{
	html_raw(v->h, "<thead><tr>");
	while (*titles != '\0') {
		size_t n = strcspn(titles, "|");
		bool number = *titles == '#';

		html_printf(v->h, "<th scope=\"col\"%s>%.*s</th>",
		    number ? " class=\"n\"" : "", (int)(n - number),
		    titles + number);
		titles += n;
		titles += *titles == '|';
	}
	html_raw(v->h, "</tr></thead>\n<tbody>\n");
}

void
cell_text(const struct view *v, const char *text)
{
	html_raw(v->h, "<td class=\"any\">");
	html_text(v->h, text);
	html_raw(v->h, "</td>");
}

void
cell_number(const struct view *v, uint64_t n)
{
	html_raw(v->h, n == 0 ? "<td class=\"n zero\">" : "<td class=\"n\">");
	html_number(v->h, n);
	html_raw(v->h, "</td>");
}

static const struct {
	const char *style;
	const char *sign;
} verdict_signs[VERDICTS] = {
	[VERDICT_COMPLIANT] = { "good", "\xe2\x9c\x93" },
	[VERDICT_VIOLATION] = { "bad", "\xe2\x9c\x95" },
	[VERDICT_EXEMPT] = { "free", "\xe2\x97\x8b" },
	[VERDICT_UNDETERMINED] = { "open", "?" },
	[VERDICT_OUT_OF_SCOPE] = { "free", "\xe2\x80\x93" },
};

void
mark(const struct view *v, enum verdict x, const char *word)
{
	html_printf(v->h,
	    "<span class=\"mark %s\"><span aria-hidden=\"true\">%s</span> ",
	    verdict_signs[x].style, verdict_signs[x].sign);
	html_text(v->h, word);
	html_raw(v->h, "</span>");
}

void
severity_tag(const struct view *v, const char *severity)
{
	const char *style = "info";

	for (int i = 0; i < SEVERITIES; i++) {
		if (strcmp(severity, severity_words[i]) == 0)
			style = severity_words[i];
	}
	html_printf(v->h, "<span class=\"tag %s\">", style);
	html_text(v->h, severity);
	html_raw(v->h, "</span>");
}

void
proof_place(const struct view *v, const struct proof *p)
{
	const char *slash = strrchr(p->file, '/');

	if (p->packet == 0)
		return;
	html_raw(v->h, "packet ");
	html_number(v->h, p->packet);
	if (p->file[0] == '\0')
		return;
	html_raw(v->h, " of ");
	html_text(v->h, slash != NULL ? slash + 1 : p->file);
}

void
more_note(const struct view *v, uint64_t shown, uint64_t all, const char *what)
{
	if (shown >= all)
		return;
	html_raw(v->h, "<p class=\"soft\">");
	html_number(v->h, shown);
	html_raw(v->h, " of ");
	html_number(v->h, all);
	html_raw(v->h, " ");
	html_text(v->h, what);
	html_raw(v->h,
	    " are shown here; the JSON and CSV reports of this audit hold "
	    "all of them.</p>\n");
}

uint64_t
verdicts_at(const json_t *o, enum verdict x)
{
	return doc_number(json_object_get(o, "verdicts"),
	    verdict_words[x].word);
}

const char *
words_of_class(enum traffic_class c)
{
	return class_words[c].meaning;
}

/* ---- the first page ---- */

struct outcome {
	uint64_t flows, bad, open, good, exempt, scope;
};

static struct outcome
outcome_of(const struct audit_doc *d)
{
	const json_t *s = d->summary;

	return (struct outcome){
		.flows = doc_number(s, "flows"),
		.bad = verdicts_at(s, VERDICT_VIOLATION),
		.open = verdicts_at(s, VERDICT_UNDETERMINED),
		.good = verdicts_at(s, VERDICT_COMPLIANT),
		.exempt = verdicts_at(s, VERDICT_EXEMPT),
		.scope = verdicts_at(s, VERDICT_OUT_OF_SCOPE),
	};
}

static const char *
outcome_word(const struct outcome *o)
{
	return o->bad > 0  ? "Failed"
	    : o->open > 0  ? "Not proven"
	    : o->good > 0  ? "Passed"
	    : o->flows > 0 ? "Nothing that must be protected was seen"
			   : "Nothing was seen";
}

static void
outcome_sentence(const struct view *v, const struct outcome *o)
{
	uint64_t judged = o->bad + o->open + o->good;

	if (o->bad > 0) {
		html_number(v->h, o->bad);
		html_raw(v->h, " of ");
		html_number(v->h, judged);
		html_raw(v->h,
		    o->bad == 1
			? " judged flows did not have the protection it must "
			  "have"
			: " judged flows did not have the protection they "
			  "must have");
		if (o->open > 0) {
			html_raw(v->h, ", and of ");
			html_number(v->h, o->open);
			html_raw(v->h, " the packets cannot tell");
		}
		html_raw(v->h, ".");
	} else if (o->open > 0) {
		html_raw(v->h, "No violation was seen, but of ");
		html_number(v->h, o->open);
		html_raw(v->h, " of ");
		html_number(v->h, judged);
		html_raw(v->h, " judged flows the packets cannot tell.");
	} else if (o->good > 0) {
		html_raw(v->h, "All ");
		html_number(v->h, judged);
		html_raw(v->h,
		    " judged flows had the protection they must have.");
	} else {
		html_raw(v->h,
		    "The capture holds no flow whose protection could be "
		    "judged; this is no proof of anything.");
	}
}

static void
fact_text(const struct view *v, const char *name, const char *text)
{
	if (text[0] == '\0')
		return;
	html_element(v->h, "dt", name);
	html_element(v->h, "dd", text);
	html_raw(v->h, "\n");
}

/* 2026-11-22T04:27:00.123456Z -> 2026-11-22 04:27:00 */
void
moment(const struct view *v, const char *rfc3339)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%.19s", rfc3339);
	if (strlen(text) == 19 && text[10] == 'T')
		text[10] = ' ';
	html_raw(v->h, "<time datetime=\"");
	html_text(v->h, rfc3339);
	html_raw(v->h, "\">");
	html_text(v->h, text);
	html_raw(v->h, "</time>");
}

static void
audited(const struct view *v)
{
	const json_t *c = v->d->capture;
	size_t n = v->d->count[DOC_INPUTS];

	html_raw(v->h, "<dt>Audited</dt><dd>");
	html_number(v->h, doc_number(c, "packets"));
	html_raw(v->h, " packets in ");
	if (n == 1) {
		json_t *in = doc_item(v->d, DOC_INPUTS, 0);

		html_text(v->h, doc_text(in, "path"));
		json_decref(in);
	} else {
		html_number(v->h, n);
		html_raw(v->h, " <a href=\"#inputs\">inputs</a>");
	}
	html_raw(v->h, "; ");
	html_number(v->h, doc_number(v->d->summary, "flows"));
	html_raw(v->h, " flows between ");
	html_number(v->h, v->d->count[DOC_HOSTS]);
	html_raw(v->h, " hosts</dd>\n");
}

static void
facts(const struct view *v)
{
	const json_t *s = v->d->summary;
	const json_t *p = v->d->policy;
	char tool[96];

	html_raw(v->h, "<dl class=\"facts\">\n");
	if (doc_text(s, "start")[0] != '\0') {
		html_raw(v->h, "<dt>Period</dt><dd>");
		moment(v, doc_text(s, "start"));
		html_raw(v->h, " to ");
		moment(v, doc_text(s, "end"));
		html_raw(v->h, " UTC</dd>\n");
	}
	audited(v);
	html_raw(v->h, "<dt>Policy</dt><dd><a href=\"#policy\">");
	html_text(v->h, doc_text(p, "name"));
	html_raw(v->h, "</a>");
	if (doc_text(p, "base")[0] != '\0' &&
	    strcmp(doc_text(p, "base"), doc_text(p, "name")) != 0) {
		html_raw(v->h, ", based on ");
		html_text(v->h, doc_text(p, "base"));
	}
	html_raw(v->h, "</dd>\n");
	(void)snprintf(tool, sizeof(tool), "%.40s %.50s",
	    doc_text(v->d->tool, "name"), doc_text(v->d->tool, "version"));
	fact_text(v, "Made by", tool);
	html_raw(v->h, "</dl>\n");
}

/* Shares of a row as a bar; the numbers beside it say the same. */
static void
bar(const struct view *v, const uint64_t parts[4], uint64_t all)
{
	static const char *const styles[] = { "f-bad", "f-open", "f-good",
		"f-free" };
	unsigned at = 0;

	html_raw(v->h,
	    "<svg width=\"120\" height=\"12\" viewBox=\"0 0 120 12\" "
	    "aria-hidden=\"true\" focusable=\"false\">");
	for (int i = 0; i < 4 && all > 0; i++) {
		unsigned w = (unsigned)(parts[i] * 120 / all);

		if (parts[i] > 0 && w < 3)
			w = 3;
		if (at + w > 120)
			w = 120 - at;
		if (w > 0)
			html_printf(v->h,
			    "<rect class=\"%s\" x=\"%u\" y=\"0\" width=\"%u\" "
			    "height=\"12\"/>",
			    styles[i], at, w);
		at += w;
	}
	html_raw(v->h, "</svg>");
}

static void
class_row(const struct view *v, const json_t *row)
{
	const uint64_t parts[4] = { verdicts_at(row, VERDICT_VIOLATION),
		verdicts_at(row, VERDICT_UNDETERMINED),
		verdicts_at(row, VERDICT_COMPLIANT),
		verdicts_at(row, VERDICT_EXEMPT) };
	const char *class = doc_text(row, "class");
	unsigned at;
	bool known = word_find(class_words, CLASSES, slice_text(class), &at);

	if (known && (at == CLASS_OTHER || at == CLASS_INFRASTRUCTURE))
		return;
	html_raw(v->h, "<tr><th scope=\"row\">");
	html_text(v->h, known ? class_words[at].meaning : class);
	html_raw(v->h, "</th>");
	cell_text(v, doc_text(row, "required"));
	for (int i = 0; i < 4; i++)
		cell_number(v, parts[i]);
	html_raw(v->h, "<td class=\"bar\">");
	bar(v, parts, parts[0] + parts[1] + parts[2] + parts[3]);
	html_raw(v->h, "</td></tr>\n");
}

static void
classes(const struct view *v, const struct outcome *o)
{
	const json_t *rows = json_object_get(v->d->summary, "classes");

	html_raw(v->h, "<h2>What was seen, by kind of traffic</h2>\n");
	table_open(v, TABLE_PLAIN,
	    "Flows by class and verdict, in the order of the Lync Server "
	    "table");
	table_head(v,
	    "Class|Required|#\xe2\x9c\x95 Violation|#? Undetermined|"
	    "#\xe2\x9c\x93 Compliant|#\xe2\x97\x8b Exempt|Shares");
	for (size_t i = 0; i < json_array_size(rows); i++)
		class_row(v, json_array_get(rows, i));
	table_close(v);
	if (o->scope == 0)
		return;
	html_raw(v->h, "<p class=\"soft\">");
	html_number(v->h, o->scope);
	html_raw(v->h,
	    " other flows are out of scope: not unified communication, or "
	    "infrastructure between servers, which is reported and not "
	    "judged.</p>\n");
}

/* ---- how far it can be trusted ---- */

static const struct {
	const char *key;
	const char *what;
	const char *means;
} doubts[] = {
	{ "lost_tcp_bytes", "bytes of TCP connections not captured",
	    "what was lost cannot be judged; nothing is concluded from it" },
	{ "kernel_drops", "packets dropped by the kernel",
	    "capture with a filter (-f), a larger buffer (-B), more workers "
	    "(-t)" },
	{ "interface_drops", "packets dropped by the interface",
	    "the span port or the interface was overloaded" },
	{ "one_way_flows", "flows seen in one direction only",
	    "half of the handshake is missing; mirror both directions" },
	{ "mid_stream_flows", "connections that began before the capture",
	    "their handshake was not seen; capture for longer" },
	{ "cut_packets", "packets cut by the snap length",
	    "capture whole packets" },
	{ "undecodable_packets", "packets that could not be decoded",
	    "malformed, cut, or of an unknown link type" },
	{ "fragments_lost", "IP fragments without the rest",
	    "their payload was not judged" },
	{ "evicted_flows", "flows judged early",
	    "the flow table was full; capture with a filter" },
	{ "judged_early", "flows that left memory and were judged then",
	    "what came later may have changed a verdict; see --memory" },
	{ "left_out", "flows that are in the sums alone",
	    "there was no room on the disk for temporary files" },
	{ "starved", "facts dropped for want of room",
	    "some records know less than the packets showed" },
	{ "conflicting_overlaps", "overlapping TCP bytes that differ",
	    "a fault of the path, or somebody hides something" },
	{ "clock_steps", "steps back in time",
	    "files overlap, or a clock was set" },
	{ "duplicates", "packets seen twice",
	    "usual on span ports; counted once" },
};

static void
share(const struct view *v, const char *name, uint64_t part, uint64_t all,
    const char *means)
{
	html_raw(v->h, "<tr><th scope=\"row\">");
	html_text(v->h, name);
	html_raw(v->h, "</th>");
	cell_number(v, part);
	html_raw(v->h, "<td>");
	if (all > 0)
		html_printf(v->h, "%u.%u %% of %llu; ",
		    (unsigned)(part * 1000 / all / 10),
		    (unsigned)(part * 1000 / all % 10),
		    (unsigned long long)all);
	html_text(v->h, means);
	html_raw(v->h, "</td></tr>\n");
}

static void
troubles(const struct view *v)
{
	for (size_t i = 0; i < v->d->count[DOC_INPUTS]; i++) {
		json_t *in = doc_item(v->d, DOC_INPUTS, i);

		if (doc_text(in, "trouble")[0] != '\0') {
			html_raw(v->h, "<p>");
			mark(v, VERDICT_UNDETERMINED, "incomplete input:");
			html_raw(v->h, " ");
			html_text(v->h, doc_text(in, "trouble"));
			html_raw(v->h, "</p>\n");
		}
		json_decref(in);
	}
	if (json_is_true(json_object_get(v->d->capture, "holds_keys")))
		html_raw(v->h,
		    "<p>An input holds TLS secrets: keep it as safe as the "
		    "keys themselves.</p>\n");
}

static void
trust(const struct view *v, const struct outcome *o)
{
	const json_t *c = v->d->capture;
	uint64_t judged = o->bad + o->open + o->good + o->exempt;
	unsigned none = 0;

	html_raw(v->h, "<h2>How far this can be trusted</h2>\n");
	table_open(v, TABLE_PLAIN, "What the packets could not tell, and why");
	table_head(v, "What|#Count|What it means");
	share(v, "undetermined flows", o->open, judged,
	    "listed below with what would settle them");
	if (json_object_get(c, "whole_flows") != NULL)
		share(v, "flows seen whole", doc_number(c, "whole_flows"),
		    doc_number(v->d->summary, "flows"),
		    "no gap, no cut packet, no loss that could be theirs");
	share(v, "verdicts inferred, not proven",
	    doc_number(v->d->summary, "inferred"), judged,
	    "sizes, statistics or an earlier session say so, not bytes on "
	    "the wire");
	for (size_t i = 0; i < COUNT(doubts); i++) {
		uint64_t n = doc_number(c, doubts[i].key);

		none += n == 0;
		if (n > 0)
			share(v, doubts[i].what, n, 0, doubts[i].means);
	}
	table_close(v);
	if (none == COUNT(doubts))
		html_raw(v->h,
		    "<p>Nothing is missing from the capture: no packet was "
		    "dropped, cut or undecodable, and no connection began "
		    "before it.</p>\n");
	troubles(v);
	if (doc_number(v->d->policy, "hosts") == 0 && o->flows > 0)
		html_raw(v->h,
		    "<p>The policy lists no hosts, so roles were inferred "
		    "from behaviour. List servers and gateways in a policy "
		    "file for a stricter audit.</p>\n");
}

static void
contents(const struct view *v)
{
	static const struct {
		const char *id;
		const char *title;
	} entries[] = {
		{ "fix", "What to fix first" },
		{ "talk", "Who talks to whom without protection" },
		{ "findings", "Weaknesses" },
		{ "open", "What could not be told" },
		{ "certificates", "Certificates" },
		{ "tls", "TLS versions and suites" },
		{ "media", "Media" },
		{ "exempt", "Exemptions" },
		{ "hosts", "Hosts" },
		{ "flows", "Flows" },
		{ "policy", "The policy" },
		{ "inputs", "Inputs and tool" },
	};

	html_raw(v->h, "<nav aria-label=\"Contents\"><p>Contents</p><ol>\n");
	for (size_t i = 0; i < COUNT(entries); i++)
		html_printf(v->h, "<li><a href=\"#%s\">%s</a></li>\n",
		    entries[i].id, entries[i].title);
	html_raw(v->h, "</ol></nav>\n");
}

static void
first_page(const struct view *v)
{
	struct outcome o = outcome_of(v->d);

	html_raw(v->h,
	    "<div class=\"first\">\n<header>\n<p class=\"kind\">"
	    "Protection of unified communication: audit report"
	    "</p>\n");
	html_printf(v->h, "<div class=\"verdict %s\"><h1>",
	    o.bad > 0                  ? "bad"
		: o.open + o.good == 0 ? "open"
		: o.open > 0           ? "open"
				       : "good");
	html_text(v->h, outcome_word(&o));
	html_raw(v->h, "</h1>\n<p class=\"lead\">");
	outcome_sentence(v, &o);
	html_raw(v->h, "</p></div>\n");
	facts(v);
	html_raw(v->h, "</header>\n");
	classes(v, &o);
	trust(v, &o);
	html_raw(v->h, "</div>\n");
}

bool
report_html(const struct report *r, FILE *out)
{
	struct gathered *g = gather(r->doc, UINT_MAX);
	struct html h;
	struct view v = { &h, r->doc, g };
	char foot[160];

	if (g == NULL)
		return false;
	html_init(&h, out);
	html_begin(&h, "Audit of unified communication protection");
	html_raw(&h, "<main id=\"top\">\n");
	first_page(&v);
	contents(&v);
	section_fix(&v);
	section_talk(&v);
	section_findings(&v);
	section_open_questions(&v);
	section_certs(&v);
	section_tls(&v);
	section_media(&v);
	section_exempt(&v);
	section_hosts(&v);
	section_flows(&v);
	section_policy(&v);
	section_inputs(&v);
	html_raw(&h, "</main>\n");
	(void)snprintf(foot, sizeof(foot),
	    "%.40s %.50s. All times are UTC, from the packets.",
	    doc_text(r->doc->tool, "name"), doc_text(r->doc->tool, "version"));
	html_end(&h, foot);
	gathered_free(g);
	return html_done(&h);
}
