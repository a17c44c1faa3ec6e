/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a network engineer wants on the screen: the verdict in one line, the
 * classes by verdict in the order of the Lync table, the violations with
 * their packets, what could not be told and why, the quality of the capture.
 */
#include <limits.h>

#include "core/buf.h"
#include "report/formats.h"
#include "report/gather.h"

enum {
	SHOWN_MOST = 100, /* cases of one kind before the rest is counted */
};

struct page {
	const struct report *r;
	const struct audit_doc *d;
	const struct gathered *g;
	FILE *out;
	struct buf safe; /* of the text at hand */
	bool many_inputs;
};

enum paint {
	PAINT_NONE,
	PAINT_GOOD,
	PAINT_BAD,
	PAINT_DOUBT,
	PAINT_HEAD,
	PAINT_FAINT
};

static const char *
paint(const struct page *p, enum paint c)
{
	static const char *const codes[] = { "\033[0m", "\033[32m",
		"\033[1;31m", "\033[33m", "\033[1m", "\033[2m" };

	return p->r->colour ? codes[c] : "";
}

/* A document may have been made by somebody else; holds until the next call. */
static const char *
safe(struct page *p, const char *text)
{
	buf_clear(&p->safe);
	buf_safe(&p->safe, slice_text(text));
	return buf_ok(&p->safe) && p->safe.n > 0 ? p->safe.p : "";
}

static void
say(struct page *p, const char *text)
{
	(void)fputs(safe(p, text), p->out);
}

static void
heading(const struct page *p, const char *text)
{
	(void)fprintf(p->out, "\n%s%s%s\n", paint(p, PAINT_HEAD), text,
	    paint(p, PAINT_NONE));
}

static const char *
plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* 1234567 -> 1.2 MB */
static const char *
bytes_text(uint64_t n, char buf[24])
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
	uint64_t whole = n, tenth = 0;
	size_t u = 0;

	while (whole >= 1000 && u + 1 < COUNT(units)) {
		tenth = whole % 1000 / 100;
		whole /= 1000;
		u++;
	}
	if (u == 0)
		(void)snprintf(buf, 24, "%llu B", (unsigned long long)n);
	else
		(void)snprintf(buf, 24, "%llu.%llu %s",
		    (unsigned long long)whole, (unsigned long long)tenth,
		    units[u]);
	return buf;
}

static uint64_t
verdict_count(const json_t *o, enum verdict v)
{
	return doc_number(json_object_get(o, "verdicts"),
	    verdict_words[v].word);
}

/* ---- the first lines ---- */

static void
verdict_line(struct page *p)
{
	const json_t *s = p->d->summary;
	uint64_t bad = verdict_count(s, VERDICT_VIOLATION);
	uint64_t doubt = verdict_count(s, VERDICT_UNDETERMINED);
	uint64_t good = verdict_count(s, VERDICT_COMPLIANT);
	uint64_t flows = doc_number(s, "flows");
	const char *word = bad > 0 ? "FAILED"
	    : doubt > 0            ? "NOT PROVEN"
	    : good > 0             ? "PASSED"
				   : "NOTHING TO JUDGE";

	(void)fprintf(p->out, "%s%s%s: ",
	    paint(p,
		bad > 0         ? PAINT_BAD
		    : doubt > 0 ? PAINT_DOUBT
				: PAINT_GOOD),
	    word, paint(p, PAINT_NONE));
	if (bad > 0)
		(void)fprintf(p->out, "%llu violation%s, ",
		    (unsigned long long)bad, plural(bad));
	if (doubt > 0)
		(void)fprintf(p->out, "%llu undetermined, ",
		    (unsigned long long)doubt);
	(void)fprintf(p->out, "%llu compliant, of %llu flow%s (policy ",
	    (unsigned long long)good, (unsigned long long)flows, plural(flows));
	say(p, doc_text(p->d->policy, "name"));
	(void)fputs(")\n", p->out);
}

static void
period(struct page *p)
{
	const json_t *s = p->d->summary;
	const json_t *c = p->d->capture;
	char size[24];

	(void)fprintf(p->out, "%llu packets, %s, ",
	    (unsigned long long)doc_number(c, "packets"),
	    bytes_text(doc_number(c, "bytes"), size));
	if (p->d->count[DOC_INPUTS] == 1) {
		json_t *in = doc_item(p->d, DOC_INPUTS, 0);

		say(p, doc_text(in, "path"));
		json_decref(in);
	} else {
		(void)fprintf(p->out, "%zu inputs", p->d->count[DOC_INPUTS]);
	}
	if (doc_text(s, "start")[0] != '\0') {
		(void)fputc('\n', p->out);
		say(p, doc_text(s, "start"));
		(void)fputs(" to ", p->out);
		say(p, doc_text(s, "end"));
	}
	(void)fputc('\n', p->out);
}

static void
cell(const struct page *p, uint64_t n, enum paint c)
{
	if (n == 0)
		(void)fprintf(p->out, "  %s%12s%s", paint(p, PAINT_FAINT), ".",
		    paint(p, PAINT_NONE));
	else
		(void)fprintf(p->out, "  %s%12llu%s", paint(p, c),
		    (unsigned long long)n, paint(p, PAINT_NONE));
}

static void
table(struct page *p)
{
	const json_t *rows = json_object_get(p->d->summary, "classes");
	uint64_t rest = verdict_count(p->d->summary, VERDICT_OUT_OF_SCOPE);

	heading(p, "Traffic classes");
	(void)fprintf(p->out, "  %-22s %-11s  %12s  %12s  %12s  %12s\n",
	    "class", "required", "compliant", "violation", "undetermined",
	    "exempt");
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);
		const char *class = doc_text(row, "class");

		if (strcmp(class, class_words[CLASS_OTHER].word) == 0 ||
		    strcmp(class, class_words[CLASS_INFRASTRUCTURE].word) == 0)
			continue;
		(void)fprintf(p->out, "  %-22s ", safe(p, class));
		(void)fprintf(p->out, "%-11s",
		    safe(p, doc_text(row, "required")));
		cell(p, verdict_count(row, VERDICT_COMPLIANT), PAINT_GOOD);
		cell(p, verdict_count(row, VERDICT_VIOLATION), PAINT_BAD);
		cell(p, verdict_count(row, VERDICT_UNDETERMINED), PAINT_DOUBT);
		cell(p, verdict_count(row, VERDICT_EXEMPT), PAINT_NONE);
		(void)fputc('\n', p->out);
	}
	if (rest > 0)
		(void)fprintf(p->out,
		    "  %llu other flow%s out of scope: not unified "
		    "communication, or not judged\n",
		    (unsigned long long)rest, plural(rest));
}

/* ---- flows ---- */

static void
file_name(struct page *p, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!p->many_inputs || path[0] == '\0')
		return;
	(void)fprintf(p->out, " of %.58s",
	    safe(p, slash != NULL ? slash + 1 : path));
}

static void
end_of(struct page *p, const json_t *flow, const char *ip, const char *port)
{
	const char *addr = safe(p, doc_text(flow, ip));
	bool v6 = strchr(addr, ':') != NULL;

	(void)fprintf(p->out, "%s%s%s:%u", v6 ? "[" : "", addr, v6 ? "]" : "",
	    (unsigned)(doc_number(flow, port) & 0xffff));
}

static void
ends(struct page *p, const json_t *flow)
{
	const char *app = doc_text(flow, "app_proto");

	(void)fprintf(p->out, "  #%-5llu ",
	    (unsigned long long)doc_number(flow, "flow_id"));
	end_of(p, flow, "src_ip", "src_port");
	(void)fprintf(p->out, " (%s) -> ",
	    safe(p, doc_text2(flow, "audit", "src_role")));
	end_of(p, flow, "dest_ip", "dest_port");
	(void)fprintf(p->out, " (%s)  ",
	    safe(p, doc_text2(flow, "audit", "dest_role")));
	say(p, doc_text(flow, "proto"));
	if (app[0] != '\0')
		(void)fprintf(p->out, " %s", safe(p, app));
	(void)fputc('\n', p->out);
}

static void
findings_of_flow(struct page *p, const json_t *audit)
{
	const json_t *list = json_object_get(audit, "findings");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *f = json_array_get(list, i);
		const char *side = doc_text(f, "side");

		(void)fprintf(p->out, "         - %s (",
		    safe(p, doc_text(f, "id")));
		say(p, doc_text(f, "severity"));
		if (side[0] != '\0')
			(void)fprintf(p->out, ", %s", safe(p, side));
		(void)fprintf(p->out, "): %s\n", safe(p, doc_text(f, "text")));
	}
}

static void
reasons_of_flow(struct page *p, const json_t *flow)
{
	const json_t *list =
	    json_object_get(json_object_get(flow, "audit"), "reasons");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *r = json_array_get(list, i);
		const char *file = doc_text(r, "pcap_filename");

		(void)fputs("         ", p->out);
		if (doc_number(r, "packet") != 0) {
			(void)fprintf(p->out, "packet %llu",
			    (unsigned long long)doc_number(r, "packet"));
			file_name(p,
			    file[0] != '\0' ? file
					    : doc_text(flow, "pcap_filename"));
			(void)fputs(": ", p->out);
		}
		say(p, doc_text(r, "text"));
		(void)fputc('\n', p->out);
	}
}

static void
show_flow(struct page *p, const json_t *flow)
{
	const json_t *audit = json_object_get(flow, "audit");

	ends(p, flow);
	(void)fprintf(p->out,
	    "         %s: ", safe(p, doc_text(audit, "class")));
	(void)fprintf(p->out, "%s required, ",
	    safe(p, doc_text(audit, "required")));
	(void)fprintf(p->out, "%s observed, ",
	    safe(p, doc_text(audit, "observed")));
	(void)fprintf(p->out, "%s\n", safe(p, doc_text(audit, "certainty")));
	reasons_of_flow(p, flow);
	if (doc_text(audit, "wanting")[0] != '\0')
		(void)fprintf(p->out, "         to settle it: %s\n",
		    safe(p, doc_text(audit, "wanting")));
	findings_of_flow(p, audit);
}

static void
show_proof(struct page *p, const struct proof *x)
{
	(void)fprintf(p->out, "         #%llu ", (unsigned long long)x->flow);
	if (x->packet != 0) {
		(void)fprintf(p->out, "packet %llu",
		    (unsigned long long)x->packet);
		file_name(p, x->file);
		(void)fputs(": ", p->out);
	}
	say(p, x->text);
	(void)fputc('\n', p->out);
}

/* The first flow of the case whole, the others counted. */
static void
show_group(struct page *p, const struct group *g)
{
	json_t *flow = doc_item(p->d, DOC_FLOWS, g->first);

	if (flow != NULL)
		show_flow(p, flow);
	json_decref(flow);
	if (g->flows < 2)
		return;
	(void)fprintf(p->out, "         and %llu more like it between them\n",
	    (unsigned long long)(g->flows - 1));
	for (unsigned i = 1; i < g->proof_count; i++)
		show_proof(p, &g->proofs[i]);
	if (g->flows > g->proof_count)
		(void)fputs("         ...\n", p->out);
}

static void
groups_with(struct page *p, enum verdict v, const char *title)
{
	uint64_t total = verdict_count(p->d->summary, v);
	uint64_t told = 0;
	unsigned shown = 0;

	if (total == 0)
		return;
	heading(p, title);
	for (size_t i = 0; i < p->g->group_count && shown < SHOWN_MOST; i++) {
		const struct group *g = &p->g->groups[i];

		if (g->verdict != v)
			continue;
		show_group(p, g);
		told += g->flows;
		shown++;
	}
	if (told < total)
		(void)fprintf(p->out,
		    "  and %llu more; -v or -o json:PATH shows all\n",
		    (unsigned long long)(total - told));
}

static void
flows_with(struct page *p, enum verdict v, const char *title)
{
	if (verdict_count(p->d->summary, v) == 0)
		return;
	heading(p, title);
	for (size_t i = 0; i < p->d->count[DOC_FLOWS]; i++) {
		json_t *flow = doc_item(p->d, DOC_FLOWS, i);
		enum verdict is;

		if (doc_verdict(flow, &is) && is == v)
			show_flow(p, flow);
		json_decref(flow);
	}
}

static void
flows(struct page *p)
{
	static const struct {
		enum verdict v;
		const char *title;
	} kinds[] = {
		{ VERDICT_VIOLATION, "Violations" },
		{ VERDICT_UNDETERMINED, "What could not be told" },
		{ VERDICT_COMPLIANT, "Compliant flows" },
		{ VERDICT_EXEMPT, "Exempt flows" },
		{ VERDICT_OUT_OF_SCOPE, "Out of scope" },
	};

	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (p->r->verbose)
			flows_with(p, kinds[i].v, kinds[i].title);
		else if (i < 2)
			groups_with(p, kinds[i].v, kinds[i].title);
	}
}

/* ---- what to do ---- */

/* Lines of words, indented by six. */
static void
wrapped(const struct page *p, const char *text)
{
	unsigned width = p->r->width >= 60 ? p->r->width : 100;
	unsigned at = 0;

	while (*text != '\0') {
		size_t word = strcspn(text, " ");

		if (at > 0 && 6 + at + 1 + word > width) {
			(void)fputc('\n', p->out);
			at = 0;
		}
		(void)fprintf(p->out, "%s%.*s", at == 0 ? "      " : " ",
		    (int)word, text);
		at += (unsigned)word + (at > 0);
		text += word;
		text += strspn(text, " ");
	}
	(void)fputc('\n', p->out);
}

static void
remedies(struct page *p)
{
	bool told[CLASSES][HOWS] = { { false } };
	bool any = false;

	for (size_t i = 0; i < p->g->group_count; i++) {
		const struct group *g = &p->g->groups[i];
		struct cause c = { g->class, g->how };
		const struct remedy *r;

		if (g->verdict != VERDICT_VIOLATION || told[c.class][c.how])
			continue;
		told[c.class][c.how] = true;
		r = remedy_of_cause(c);
		if (!any)
			heading(p, "What to do");
		any = true;
		(void)fprintf(p->out, "  %s (%s)\n", r->title,
		    class_words[c.class].word);
		wrapped(p, r->remedy);
		wrapped(p, r->setting);
	}
}

/* ---- weaknesses of flows that are otherwise in order ---- */

static void
findings(struct page *p)
{
	const json_t *found = json_object_get(p->d->summary, "findings");
	bool any = false;

	for (int v = 0; v < SEVERITIES; v++) {
		for (int f = 0; f < FINDINGS; f++) {
			uint64_t n = doc_number(found, finding_kinds[f].id);

			if (n == 0 || (int)finding_kinds[f].severity != v)
				continue;
			if (!any)
				heading(p, "Findings");
			any = true;
			(void)fprintf(p->out,
			    "  %-34s %-7s %6llu flow%-2s %s\n",
			    finding_kinds[f].id, severity_words[v],
			    (unsigned long long)n, plural(n),
			    finding_kinds[f].meaning);
		}
	}
}

static void
certificate(struct page *p, const json_t *c)
{
	const json_t *hosts = json_object_get(c, "hosts");
	const json_t *found = json_object_get(c, "findings");
	const char *subject = doc_text(c, "subject");
	const char *host = json_string_value(json_array_get(hosts, 0));

	if (json_array_size(found) == 0 && !p->r->verbose)
		return;
	(void)fprintf(p->out, "  %s, ",
	    subject[0] != '\0' ? safe(p, subject) : "unreadable");
	(void)fprintf(p->out, "until %.10s, ",
	    safe(p, doc_text(c, "notafter")));
	(void)fprintf(p->out,
	    "shown by %s%s:", host != NULL ? safe(p, host) : "-",
	    json_array_size(hosts) > 1 ? " and others" : "");
	for (size_t i = 0; i < json_array_size(found); i++)
		(void)fprintf(p->out, " %s",
		    safe(p, doc_text(json_array_get(found, i), "id")));
	(void)fputc('\n', p->out);
}

static void
certificates(struct page *p)
{
	size_t n = p->d->count[DOC_CERTIFICATES];
	size_t bad = 0;

	if (n == 0)
		return;
	for (size_t i = 0; i < n; i++) {
		json_t *c = doc_item(p->d, DOC_CERTIFICATES, i);

		bad += json_array_size(json_object_get(c, "findings")) > 0;
		json_decref(c);
	}
	heading(p, "Certificates");
	(void)fprintf(p->out, "  %zu seen, %zu with findings\n", n, bad);
	for (size_t i = 0; i < n; i++) {
		json_t *c = doc_item(p->d, DOC_CERTIFICATES, i);

		certificate(p, c);
		json_decref(c);
	}
}

/* ---- how far this can be trusted ---- */

static const struct {
	const char *key;
	const char *what;
} losses[] = {
	{ "kernel_drops", "packets dropped by the kernel: use -f, -B or -t" },
	{ "interface_drops", "packets dropped by the interface" },
	{ "cut_packets",
	    "packets cut by the snap length: capture whole packets (-s 0)" },
	{ "undecodable_packets", "packets that could not be decoded" },
	{ "lost_tcp_bytes", "bytes of TCP connections not captured" },
	{ "fragments_lost", "IP fragments without the rest" },
	{ "duplicates",
	    "packets seen twice (usual on span ports), counted once" },
	{ "one_way_flows", "flows with one direction only" },
	{ "mid_stream_flows", "connections that began before the capture" },
	{ "evicted_flows",
	    "flows judged early because the flow table was full" },
	{ "judged_early",
	    "flows left memory and were judged by what was known then" },
	{ "left_out", "of them were kept nowhere: only counted" },
	{ "starved", "facts that were dropped for want of room" },
	{ "conflicting_overlaps", "overlapping TCP bytes that differ" },
};

/* "99.9 %"; never rounded up to all or down to nothing. */
static void
percent(struct page *p, uint64_t part, uint64_t all)
{
	uint64_t tenths = part * 1000 / all;

	if (tenths >= 1000 && part < all)
		tenths = 999;
	if (tenths == 0 && part > 0)
		tenths = 1;
	(void)fprintf(p->out, "%llu.%llu %%", (unsigned long long)tenths / 10,
	    (unsigned long long)tenths % 10);
}

/* What share of the traffic was seen whole; false: all of it. */
static bool
shares(struct page *p)
{
	const json_t *c = p->d->capture;
	uint64_t flows = doc_number(p->d->summary, "flows");
	uint64_t whole = json_object_get(c, "whole_flows") != NULL
	    ? doc_number(c, "whole_flows")
	    : flows; /* older audits do not tell */
	uint64_t packets = doc_number(c, "packets");
	uint64_t drops =
	    doc_number(c, "kernel_drops") + doc_number(c, "interface_drops");

	if (whole < flows) {
		(void)fprintf(p->out, "  ");
		percent(p, whole, flows);
		(void)fprintf(p->out,
		    " of the flows were seen whole: %llu of %llu\n",
		    (unsigned long long)whole, (unsigned long long)flows);
	}
	if (drops == 0)
		return whole < flows;
	(void)fprintf(p->out, "  ");
	percent(p, packets, packets + drops);
	(void)fprintf(p->out,
	    " of the packets were seen: %llu of %llu were dropped, in %zu "
	    "seconds\n",
	    (unsigned long long)drops, (unsigned long long)(packets + drops),
	    json_array_size(json_object_get(c, "losses")));
	return true;
}

static void
quality(struct page *p)
{
	const json_t *c = p->d->capture;
	bool any;

	heading(p, "Quality of the capture");
	any = shares(p);
	for (size_t i = 0; i < COUNT(losses); i++) {
		uint64_t n = doc_number(c, losses[i].key);

		if (n == 0)
			continue;
		any = true;
		(void)fprintf(p->out, "  %-10llu %s\n", (unsigned long long)n,
		    losses[i].what);
	}
	if (!any)
		(void)fprintf(p->out, "  nothing is missing from it\n");
	if (json_is_true(json_object_get(c, "holds_keys")))
		(void)fprintf(p->out,
		    "  a capture file holds TLS secrets: "
		    "keep it as safe as its keys\n");
	for (size_t i = 0; i < p->d->count[DOC_INPUTS]; i++) {
		json_t *in = doc_item(p->d, DOC_INPUTS, i);
		bool unread = json_is_true(json_object_get(in, "unread"));

		if (doc_text(in, "trouble")[0] != '\0')
			(void)fprintf(p->out, "  %s%s\n",
			    unread ? "not audited: " : "",
			    safe(p, doc_text(in, "trouble")));
		json_decref(in);
	}
}

/* As sha256sum(1) prints and checks them. */
static void
inputs(struct page *p)
{
	bool any = false;

	for (size_t i = 0; i < p->d->count[DOC_INPUTS]; i++) {
		json_t *in = doc_item(p->d, DOC_INPUTS, i);

		if (doc_text(in, "sha256")[0] != '\0') {
			if (!any)
				heading(p, "SHA-256 of what was read");
			any = true;
			(void)fprintf(p->out, "  %s  ",
			    safe(p, doc_text(in, "sha256")));
			say(p, doc_text(in, "path"));
			(void)fputc('\n', p->out);
		}
		json_decref(in);
	}
}

static void
next_step(const struct page *p)
{
	if (doc_number(p->d->summary, "flows") > 0 &&
	    doc_number(p->d->policy, "hosts") == 0)
		(void)fprintf(p->out,
		    "\nThe policy lists no hosts, so roles were inferred. List "
		    "your servers and gateways\nin a policy file (spanward "
		    "policy show lync-2013) and audit again with -p FILE.\n");
}

bool
report_text(const struct report *r, FILE *out)
{
	struct gathered *g = gather(r->doc,
	    r->verbose ? UINT_MAX
		       : 1u << VERDICT_VIOLATION | 1u << VERDICT_UNDETERMINED);
	struct page p = {
		.r = r,
		.d = r->doc,
		.g = g,
		.out = out,
		.many_inputs = r->doc->count[DOC_INPUTS] > 1,
	};

	if (g == NULL)
		return false;
	buf_init(&p.safe);
	verdict_line(&p);
	period(&p);
	table(&p);
	flows(&p);
	remedies(&p);
	findings(&p);
	certificates(&p);
	quality(&p);
	inputs(&p);
	next_step(&p);
	buf_done(&p.safe);
	gathered_free(g);
	return ferror(out) == 0;
}
