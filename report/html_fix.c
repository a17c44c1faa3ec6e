/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What somebody has to act on: violations by cause and host pair, weaknesses
 * with their remedies, open questions with what would settle them, exemptions
 * with their reasons.
 */
#include "report/html_sections.h"

enum {
	PAIRS_SHOWN = 200, /* of one cause */
	HOSTS_SHOWN = 4,   /* pairs named in one cell */
};

static void
ends(const struct view *v, const struct group *g)
{
	html_raw(v->h, "<th scope=\"row\"><span class=\"mono\">");
	html_text(v->h, g->src);
	html_raw(v->h, "</span><br><span class=\"soft\">");
	html_text(v->h, g->src_role);
	html_raw(v->h, "</span></th><td><span class=\"mono\">");
	html_text(v->h, g->dest);
	html_raw(v->h, "</span><br><span class=\"soft\">");
	html_text(v->h, g->dest_role);
	html_raw(v->h, "</span></td><td>");
	html_text(v->h, g->service);
	if (g->app[0] != '\0') {
		html_raw(v->h, "<br><span class=\"soft\">");
		html_text(v->h, g->app);
		html_raw(v->h, "</span>");
	}
	html_raw(v->h, "</td>");
}

static void
evidence(const struct view *v, const struct group *g)
{
	html_raw(v->h, "<td class=\"any\"><ul class=\"plain\">");
	for (unsigned i = 0; i < g->proof_count; i++) {
		const struct proof *p = &g->proofs[i];

		html_raw(v->h, "<li>");
		html_text(v->h, p->text);
		html_raw(v->h, "<br><span class=\"soft\">");
		proof_place(v, p);
		html_printf(v->h, "%sflow %llu, ", p->packet != 0 ? ", " : "",
		    (unsigned long long)p->flow);
		moment(v, p->time);
		html_raw(v->h, "</span></li>");
	}
	html_raw(v->h, "</ul>");
	for (int i = 0; i < FINDINGS; i++) {
		if ((g->findings >> i & 1) == 0)
			continue;
		html_printf(v->h, "<a class=\"mono\" href=\"#f-%s\">%s</a> ",
		    finding_kinds[i].id, finding_kinds[i].id);
	}
	html_raw(v->h, "</td>");
}

/* Parts between semicolons as items. */
static void
settings(const struct view *v, const char *text)
{
	char item[256];

	while (*text != '\0') {
		const char *end = strstr(text, "; ");
		size_t n = end != NULL ? (size_t)(end - text) : strlen(text);

		(void)snprintf(item, sizeof(item), "%.*s", (int)n, text);
		html_raw(v->h, "<li>");
		html_element(v->h, "code", item);
		html_raw(v->h, "</li>");
		text += n;
		text += strspn(text, "; ");
	}
}

static void
remedy_box(const struct view *v, const struct remedy *r)
{
	html_raw(v->h, "<div class=\"fix\"><p><strong>To fix it:</strong> ");
	html_text(v->h, r->remedy);
	html_raw(v->h, ".</p>\n<ul>");
	settings(v, r->setting);
	html_raw(v->h, "</ul>\n<p class=\"soft\">Source: ");
	html_text(v->h, r->source);
	html_raw(v->h, "</p></div>\n");
}

/* ---- violations ---- */

struct weight {
	uint64_t flows, pairs;
	bool credentials; /* secrets were read: first of all */
};

static void
weigh(const struct gathered *g, struct weight w[CLASSES][HOWS])
{
	const uint64_t secrets = UINT64_C(1) << FINDING_SIP_CREDENTIALS |
	    UINT64_C(1) << FINDING_HTTP_CREDENTIALS;

	for (size_t i = 0; i < g->group_count; i++) {
		const struct group *x = &g->groups[i];

		if (x->verdict != VERDICT_VIOLATION)
			continue;
		w[x->class][x->how].flows += x->flows;
		w[x->class][x->how].pairs++;
		w[x->class][x->how].credentials |= (x->findings & secrets) != 0;
	}
}

static void
one_cause(const struct view *v, struct cause c, const struct weight *w)
{
	const struct remedy *r = remedy_of_cause(c);
	uint64_t shown = 0;
	char caption[160];

	html_raw(v->h, "<article>\n<h3><span>");
	html_text(v->h, r->title);
	html_raw(v->h, "</span> <span class=\"count\">");
	html_number(v->h, w->flows);
	html_raw(v->h, w->flows == 1 ? " flow" : " flows");
	html_raw(v->h, "</span></h3>\n<p class=\"soft\">Class: ");
	html_text(v->h, words_of_class(c.class));
	html_raw(v->h,
	    w->credentials
		? ". <strong>Credentials were readable.</strong></p>\n"
		: ".</p>\n");
	remedy_box(v, r);
	(void)snprintf(caption, sizeof(caption),
	    "Between whom, with the packets that show it: %s (%s)",
	    class_words[c.class].word, how_words[c.how]);
	table_open(v, TABLE_PLAIN, caption);
	table_head(v,
	    "From|To|Service|Required|Observed|#Flows|Evidence and findings");
	for (size_t i = 0; i < v->g->group_count; i++) {
		const struct group *g = &v->g->groups[i];

		if (g->verdict != VERDICT_VIOLATION || g->class != c.class ||
		    g->how != c.how || shown == PAIRS_SHOWN)
			continue;
		shown++;
		html_raw(v->h, "<tr>");
		ends(v, g);
		cell_text(v, g->required);
		html_raw(v->h, "<td>");
		html_text(v->h, g->observed);
		html_raw(v->h, "<br><span class=\"soft\">");
		html_text(v->h, g->certainty);
		html_raw(v->h, "</span></td>");
		cell_number(v, g->flows);
		evidence(v, g);
		html_raw(v->h, "</tr>\n");
	}
	table_close(v);
	more_note(v, shown, w->pairs, "host pairs");
	html_raw(v->h, "</article>\n");
}

void
section_fix(const struct view *v)
{
	struct weight w[CLASSES][HOWS] = { { { 0 } } };
	bool any = false;

	section_open(v, "fix", "What to fix first",
	    "Violations, by what is wrong and between whom. Where credentials "
	    "were readable comes first, then the order of the Lync table.");
	weigh(v->g, w);
	for (int secrets = 1; secrets >= 0; secrets--) {
		for (int i = 0; i < CLASSES * HOWS; i++) {
			const struct weight *x = &w[i / HOWS][i % HOWS];
			struct cause c = { (enum traffic_class)(i / HOWS),
				(enum how)(i % HOWS) };

			if (x->flows == 0 || x->credentials != (secrets == 1))
				continue;
			one_cause(v, c, x);
			any = true;
		}
	}
	if (!any)
		html_raw(v->h, "<p>No violation was seen.</p>\n");
	section_close(v);
}

/* ---- weaknesses ---- */

static void
one_finding(const struct view *v, enum finding_id id, uint64_t flows)
{
	const struct finding_kind *k = &finding_kinds[id];
	const struct remedy *r = remedy_of_finding(id);
	const char *severity = severity_words[k->severity];

	/* Some are worse than usual: SSL 3, MD5, very short keys. */
	if (v->g->severity_high[id] > 0)
		severity = severity_words[SEVERITY_HIGH];
	html_printf(v->h, "<tr id=\"f-%s\"><th scope=\"row\">", k->id);
	html_printf(v->h, "<span class=\"mono\">%s</span><br>", k->id);
	severity_tag(v, severity);
	html_raw(v->h, "</th>");
	cell_number(v, flows);
	html_raw(v->h, "<td class=\"any\">");
	html_text(v->h, k->meaning);
	html_raw(v->h, ".");
	if (v->g->example_ends[id] != NULL) {
		html_raw(v->h, "<br><span class=\"soft\">For instance ");
		html_text(v->h, v->g->example_ends[id]);
		if (v->g->example[id].packet != 0) {
			html_raw(v->h, ", ");
			proof_place(v, &v->g->example[id]);
		}
		html_raw(v->h, ": ");
		html_text(v->h, v->g->example[id].text);
		html_raw(v->h, "</span>");
	}
	html_raw(v->h, "</td><td class=\"any\">");
	html_text(v->h, r->remedy);
	html_raw(v->h, ".");
	if (strcmp(r->setting, "none") != 0) {
		html_raw(v->h, "<br><code>");
		html_text(v->h, r->setting);
		html_raw(v->h, "</code>");
	}
	html_raw(v->h, "<br><span class=\"soft\">Source: ");
	html_text(v->h, r->source);
	html_raw(v->h, "</span></td></tr>\n");
}

static unsigned
findings_of_severity(const struct view *v, enum severity s, unsigned rows)
{
	const json_t *found = json_object_get(v->d->summary, "findings");

	for (int i = 0; i < FINDINGS; i++) {
		uint64_t n = doc_number(found, finding_kinds[i].id);

		if (n == 0 || finding_kinds[i].severity != s)
			continue;
		if (rows++ == 0) {
			table_open(v, TABLE_PLAIN,
			    "Findings by severity, with a remedy each");
			table_head(v,
			    "Finding|#Flows|What was seen|What to do");
		}
		one_finding(v, (enum finding_id)i, n);
	}
	return rows;
}

void
section_findings(const struct view *v)
{
	unsigned rows = 0;

	section_open(v, "findings", "Weaknesses",
	    "Findings do not by themselves change a verdict: the protection "
	    "was there, but weaker than it should be, or something else is "
	    "wrong beside it.");
	for (int s = 0; s < SEVERITIES; s++)
		rows = findings_of_severity(v, (enum severity)s, rows);
	if (rows > 0)
		table_close(v);
	else
		html_raw(v->h, "<p>There is no finding.</p>\n");
	section_close(v);
}

/* ---- what could not be told, what is exempt ---- */

typedef bool same_row(const struct group *a, const struct group *b);

static bool
same_question(const struct group *a, const struct group *b)
{
	return a->verdict == b->verdict && a->class == b->class &&
	    strcmp(a->wanting, b->wanting) == 0 &&
	    strcmp(a->proofs[0].text, b->proofs[0].text) == 0;
}

static bool
same_rule(const struct group *a, const struct group *b)
{
	return a->verdict == b->verdict && a->class == b->class &&
	    strcmp(a->rule, b->rule) == 0;
}

static bool
is_first(const struct gathered *g, size_t i, same_row *same)
{
	for (size_t k = 0; k < i; k++) {
		if (same(&g->groups[k], &g->groups[i]))
			return false;
	}
	return true;
}

/* Number of flows and the first few pairs of all groups that share a row. */
static void
row_of_groups(const struct view *v, size_t first, same_row *same)
{
	const struct gathered *g = v->g;
	uint64_t flows = 0, pairs = 0;

	for (size_t i = first; i < g->group_count; i++) {
		if (same(&g->groups[first], &g->groups[i])) {
			flows += g->groups[i].flows;
			pairs++;
		}
	}
	cell_number(v, flows);
	html_raw(v->h, "<td class=\"any\"><ul class=\"plain\">");
	uint64_t shown = 0;

	for (size_t i = first; i < g->group_count && shown < HOSTS_SHOWN; i++) {
		const struct group *x = &g->groups[i];

		if (!same(&g->groups[first], x))
			continue;
		shown++;
		html_raw(v->h, "<li><span class=\"mono\">");
		html_text(v->h, x->src);
		html_raw(v->h, "</span> (");
		html_text(v->h, x->src_role);
		html_raw(v->h, ") to <span class=\"mono\">");
		html_text(v->h, x->dest);
		html_raw(v->h, "</span> (");
		html_text(v->h, x->dest_role);
		html_raw(v->h, "), ");
		html_text(v->h, x->service);
		html_printf(v->h, ", flow %llu",
		    (unsigned long long)x->proofs[0].flow);
		html_raw(v->h, "</li>");
	}
	if (pairs > shown)
		html_printf(v->h, "<li>and %llu more host pairs</li>",
		    (unsigned long long)(pairs - shown));
	html_raw(v->h, "</ul></td></tr>\n");
}

enum { ROWS_MOST = 200 };

static void
cut_note(const struct view *v, unsigned rows)
{
	if (rows == ROWS_MOST)
		html_raw(v->h,
		    "<p class=\"soft\">There may be more rows than these; the "
		    "JSON and CSV reports hold every flow.</p>\n");
}

void
section_open_questions(const struct view *v)
{
	unsigned rows = 0;

	section_open(v, "open", "What could not be told",
	    "The packets neither prove nor disprove the protection of these "
	    "flows. Nothing is concluded from silence; what would settle it "
	    "is named.");
	for (size_t i = 0; i < v->g->group_count && rows < ROWS_MOST; i++) {
		const struct group *x = &v->g->groups[i];

		if (x->verdict != VERDICT_UNDETERMINED ||
		    !is_first(v->g, i, same_question))
			continue;
		if (rows++ == 0) {
			table_open(v, TABLE_PLAIN,
			    "Undetermined flows, by what is missing");
			table_head(v,
			    "Class|What was seen|What would settle it|#Flows|"
			    "Between");
		}
		html_raw(v->h, "<tr><th scope=\"row\">");
		html_text(v->h, words_of_class(x->class));
		html_raw(v->h, "</th>");
		cell_text(v, x->proofs[0].text);
		cell_text(v, x->wanting[0] != '\0' ? x->wanting : "-");
		row_of_groups(v, i, same_question);
	}
	if (rows > 0)
		table_close(v);
	else
		html_raw(v->h,
		    "<p>Every flow that must be protected could be "
		    "judged.</p>\n");
	cut_note(v, rows);
	section_close(v);
}

static const json_t *
exception_named(const json_t *policy, const char *rule)
{
	const json_t *list = json_object_get(policy, "exceptions");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *x = json_array_get(list, i);

		if (strcmp(doc_text(x, "rule"), rule) == 0)
			return x;
	}
	return NULL;
}

static void
exempt_row(const struct view *v, size_t i)
{
	const struct group *x = &v->g->groups[i];
	const json_t *e = exception_named(v->d->policy, x->rule);
	const char *because = doc_text(e, "because");
	const char *expires = doc_text(e, "expires");

	html_raw(v->h, "<tr><th scope=\"row\" class=\"any\">");
	html_text(v->h, x->rule);
	html_raw(v->h, "</th>");
	cell_text(v, words_of_class(x->class));
	html_raw(v->h, "<td class=\"any\">");
	html_text(v->h,
	    because[0] != '\0' ? because
		: e != NULL    ? "the rule gives no reason"
			       : "this class needs no protection by the "
				 "policy");
	if (doc_text(e, "source")[0] != '\0') {
		html_raw(v->h, "<br><span class=\"soft\">Source: ");
		html_text(v->h, doc_text(e, "source"));
		html_raw(v->h, "</span>");
	}
	html_raw(v->h, "</td>");
	cell_text(v, expires[0] != '\0' ? expires : "never");
	row_of_groups(v, i, same_rule);
}

void
section_exempt(const struct view *v)
{
	unsigned rows = 0;

	section_open(v, "exempt", "Exemptions",
	    "Traffic that the policy allows without the protection that "
	    "would otherwise apply, by the rule that says so.");
	for (size_t i = 0; i < v->g->group_count && rows < ROWS_MOST; i++) {
		if (v->g->groups[i].verdict != VERDICT_EXEMPT ||
		    !is_first(v->g, i, same_rule))
			continue;
		if (rows++ == 0) {
			table_open(v, TABLE_PLAIN,
			    "Exempt flows, by rule, reason and last day");
			table_head(v,
			    "Rule|Class|Because|Last day|#Flows|Between");
		}
		exempt_row(v, i);
	}
	if (rows > 0)
		table_close(v);
	else
		html_raw(v->h, "<p>Nothing was exempt.</p>\n");
	cut_note(v, rows);
	section_close(v);
}
