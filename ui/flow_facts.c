/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/flow_facts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/buf.h"
#include "core/clock.h"
#include "dissect/tls_ja.h"
#include "dissect/tls_names.h"

enum { EXCHANGES_SHOWN = 12, NAMES_SHOWN = 12, STREAMS_SHOWN = 8 };

/* ---- lines ---- */

static const char *
keep(struct flow_facts *f, const char *text)
{
	struct slice kept;

	if (text == NULL || text[0] == '\0')
		return "";
	if (!arena_copy(&f->texts, slice_of(text, strlen(text) + 1), &kept))
		return "";
	return (const char *)kept.p;
}

static struct fact_line *
add(struct flow_facts *f, enum fact_kind kind, const char *label,
    const char *text)
{
	/* The last line takes what is too much. */
	struct fact_line *l =
	    &f->lines[f->count < FACT_LINES ? f->count++ : FACT_LINES - 1];

	*l = (struct fact_line){
		.kind = kind,
		.label = keep(f, label),
		.text = keep(f, text),
	};
	return l;
}

static struct fact_line *pair(struct flow_facts *f, const char *label,
    const char *fmt, ...) PRINTF(3, 4);

static struct fact_line *
pair(struct flow_facts *f, const char *label, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return add(f, LINE_PAIR, label, text);
}

/* Text from the wire; nothing if there is none. */
static void
wire(struct flow_facts *f, const char *label, const struct learnt *l)
{
	struct buf b;

	if (l == NULL || l->bytes.n == 0)
		return;
	buf_init(&b);
	buf_safe(&b, l->bytes);
	if (buf_ok(&b))
		add(f, LINE_PAIR, label, b.p)->is_private = true;
	buf_done(&b);
}

/* ---- parts ---- */

static void
say_verdict(struct flow_facts *f, const struct judgement *j)
{
	char text[256];

	(void)snprintf(text, sizeof(text), "%s (%s): %s required, %s observed",
	    verdict_words[j->verdict].word, certainty_words[j->certainty],
	    requirement_words[j->required].word,
	    protection_words[j->observed].word);
	add(f, LINE_VERDICT, text, "")->n = j->verdict;
	pair(f, "class", "%s (%s)", class_words[j->class].word,
	    class_words[j->class].meaning);
	for (unsigned i = 0; i < j->also_count; i++)
		pair(f, "also", "%s", class_words[j->also[i]].word);
	pair(f, "rule", "%s", j->rule);
	pair(f, "roles", "%s, %s (%s)", role_words[j->src_role].word,
	    role_words[j->dest_role].word,
	    j->roles_from_policy ? "from the policy" : "inferred");
	if (j->wanting[0] != '\0')
		pair(f, "wanting", "%s", j->wanting);
}

static void
say_reasons(struct flow_facts *f, const struct judgement *j)
{
	if (j->reason_count > 0)
		(void)add(f, LINE_HEADING, "Reasons", "");
	for (unsigned i = 0; i < j->reason_count; i++)
		add(f, LINE_REASON, "", j->reasons[i].text)->packet =
		    j->reasons[i].packet;
}

static void
say_findings(struct flow_facts *f, const struct judgement *j)
{
	if (j->findings.count > 0)
		(void)add(f, LINE_HEADING, "Findings", "");
	for (unsigned i = 0; i < j->findings.count; i++) {
		const struct finding *x = &j->findings.f[i];
		char text[512];
		const char *source = finding_kinds[x->id].source;

		(void)snprintf(text, sizeof(text), "%s%s%s%s%s%s",
		    finding_sides[x->side], x->side != SIDE_NEITHER ? ": " : "",
		    x->text, source[0] != '\0' ? " (" : "", source,
		    source[0] != '\0' ? ")" : "");
		struct fact_line *l =
		    add(f, LINE_FINDING, finding_kinds[x->id].id, text);

		l->n = x->severity;
		l->packet = x->packet;
	}
}

static void
say_links(struct flow_facts *f, const struct judgement *j)
{
	if (j->resumed_from == 0 && j->signalled_by == 0)
		return;
	if (j->resumed_from != 0)
		add(f, LINE_LINK, "",
		    "resumes the session whose first handshake is in")
		    ->link = j->resumed_from;
	if (j->signalled_by != 0)
		add(f, LINE_LINK, "", "was promised by the signalling in")
		    ->link = j->signalled_by;
}

static void
say_tls(struct flow_facts *f, const struct judgement *j,
    const struct evidence *e)
{
	const char *name;

	if (!j->has_tls)
		return;
	(void)add(f, LINE_HEADING, "TLS", "");
	name = j->tls_version != 0 ? tls_version_name(j->tls_version) : NULL;
	pair(f, "version", "%s%s",
	    name != NULL ? name : "server hello not seen",
	    j->tls_resumed ? ", resumed" : "");
	name = j->tls_suite != 0 ? tls_suite_name(j->tls_suite) : NULL;
	if (j->tls_suite != 0)
		pair(f, "cipher suite", "%s (0x%04x)",
		    name != NULL ? name : "unknown", j->tls_suite);
	if (j->client_certificate != CLIENT_CERT_UNKNOWN)
		pair(f, "client cert.", "%s",
		    client_certificate_words[j->client_certificate]);
	wire(f, "server name", evidence_first(e, FACT_TLS_SNI));
	wire(f, "ALPN", evidence_first(e, FACT_TLS_ALPN));
	struct tls_fingerprints ja;

	if (tls_fingerprints_of(e, &ja)) {
		pair(f, "JA4", "%s", ja.ja4);
		pair(f, "JA3", "%s", ja.ja3);
	}
}

static void
say_cert(struct flow_facts *f, const struct cert *c, size_t i)
{
	char from[CLOCK_TEXT_MAX], to[CLOCK_TEXT_MAX], hash[SHA256_TEXT];
	char label[24];

	(void)snprintf(label, sizeof(label), "%zu subject", i + 1);
	if (!c->parsed) {
		pair(f, label, "cannot be read (%zu octets)", c->der.n);
		return;
	}
	pair(f, label, "%s", c->subject)->is_private = true;
	pair(f, "  issuer", "%s%s", c->issuer,
	    c->self_signed ? " (itself)" : "")
	    ->is_private = true;
	pair(f, "  valid", "%s to %s", clock_date(c->not_before, from),
	    clock_date(c->not_after, to));
	pair(f, "  key", "%s, signed %s", c->key_name, c->signature);
	for (unsigned k = 0; i == 0 && k < c->name_count && k < NAMES_SHOWN;
	     k++)
		pair(f, k == 0 ? "  names" : "", "%s", c->names[k])
		    ->is_private = true;
	if (i == 0)
		pair(f, "  usage", "%s%s%s%s%s",
		    c->server_auth ? "serverAuth " : "",
		    c->client_auth ? "clientAuth " : "",
		    c->has_eku ? "" : "no extended key usage ",
		    c->is_ca ? "CA " : "",
		    c->has_cdp ? "" : "no CRL distribution point");
	pair(f, "  SHA-256", "%.40s...", sha256_text(c->sha256, hash));
}

static void
say_chain(struct flow_facts *f, const struct ledger *l,
    const struct evidence *e, enum fact fact, const char *title)
{
	const struct learnt *chain = evidence_last(e, fact);
	const struct cert *c;

	if (chain == NULL)
		return;
	(void)add(f, LINE_HEADING, title, "");
	if (chain->bytes.n == 0) {
		add(f, LINE_REASON, "", "asked for, none was sent")->packet =
		    chain->packet;
		return;
	}
	add(f, LINE_REASON, "", "shown")->packet = chain->packet;
	for (size_t i = 0;
	     (c = cert_in_chain(ledger_store(l), chain->bytes, i)) != NULL; i++)
		say_cert(f, c, i);
}

static void
say_media(struct flow_facts *f, const struct judgement *j,
    const struct evidence *e)
{
	const struct learnt *l = NULL;
	struct media_stream m;

	if (!j->has_media)
		return;
	(void)add(f, LINE_HEADING, "Media", "");
	pair(f, "kind", "%s over %s, keys by %s",
	    media_kind_names[j->media_kind], j->media_carrier, j->media_keying);
	for (unsigned n = 0; n < STREAMS_SHOWN &&
	     (l = evidence_next(e, FACT_MEDIA_STREAM, l)) != NULL;
	     n++) {
		if (l->bytes.n != sizeof(m))
			continue;
		memcpy(&m, l->bytes.p, sizeof(m));
		pair(f, "stream",
		    "SSRC 0x%08x payload type %u, %u packets, %u octets "
		    "tested: %s",
		    m.ssrc, m.pt, m.packets, m.tested,
		    m.result == RESULT_CLEAR        ? "readable"
			: m.result == RESULT_RANDOM ? "random"
						    : "too few to tell");
	}
}

static void
say_sip(struct flow_facts *f, const struct evidence *e)
{
	const struct learnt *l = NULL;
	struct buf all;

	if (evidence_first(e, FACT_SIP_METHOD) == NULL)
		return;
	(void)add(f, LINE_HEADING, "SIP", "");
	buf_init(&all);
	while ((l = evidence_next(e, FACT_SIP_METHOD, l)) != NULL) {
		if (all.n > 0)
			buf_char(&all, ' ');
		buf_safe(&all, l->bytes);
	}
	if (buf_ok(&all) && all.n > 0)
		pair(f, "methods", "%s", all.p);
	buf_done(&all);
	wire(f, "user agent", evidence_first(e, FACT_SIP_USER_AGENT));
	wire(f, "server", evidence_first(e, FACT_SIP_SERVER));
	wire(f, "credentials", evidence_first(e, FACT_SIP_CREDENTIALS));
}

static void
say_http(struct flow_facts *f, const struct evidence *e)
{
	const struct learnt *l = NULL;
	struct http_exchange x;
	char status[24];

	if (evidence_first(e, FACT_HTTP_EXCHANGE) == NULL)
		return;
	(void)add(f, LINE_HEADING, "HTTP", "");
	for (unsigned n = 0; n < EXCHANGES_SHOWN &&
	     (l = evidence_next(e, FACT_HTTP_EXCHANGE, l)) != NULL;
	     n++) {
		struct buf b;

		if (l->bytes.n != sizeof(x))
			continue;
		memcpy(&x, l->bytes.p, sizeof(x));
		x.text[sizeof(x.text) - 1] = '\0';
		(void)snprintf(status, sizeof(status), "%u", x.status);
		buf_init(&b);
		buf_safe(&b, slice_text(x.text));
		struct fact_line *line = add(f, LINE_PAIR,
		    x.status != 0 ? status : "no answer", b.n > 0 ? b.p : "");

		line->packet = l->packet;
		buf_done(&b);
	}
	wire(f, "user agent", evidence_first(e, FACT_HTTP_USER_AGENT));
}

static void
say_numbers(struct flow_facts *f, const struct flow_view *v, const char *guess)
{
	static const char *const ways[] = { "to server", "to client" };
	char from[CLOCK_TEXT_MAX], to[CLOCK_TEXT_MAX], id[COMMUNITY_TEXT];

	(void)add(f, LINE_HEADING, "Flow", "");
	pair(f, "time", "%s to %s", clock_text(v->start, from),
	    clock_text(v->end, to));
	for (int i = 0; i < 2; i++)
		pair(f, ways[i], "%" PRIu64 " packets, %" PRIu64 " octets%s",
		    v->packets[i], v->bytes[i],
		    v->lost[i] > 0 ? ", some not captured" : "");
	if (v->lost[0] + v->lost[1] > 0)
		pair(f, "lost", "%" PRIu64 " octets of the stream",
		    v->lost[0] + v->lost[1]);
	if (v->duplicates > 0)
		pair(f, "duplicates", "%" PRIu64 " packets", v->duplicates);
	if (v->vlans > 0)
		pair(f, "VLAN", "%u", v->vlan[0]);
	if (v->mid_stream)
		pair(f, "begin", "before the capture");
	if (v->evicted)
		pair(f, "let go", "early, the table of flows was full");
	if (guess[0] != '\0')
		pair(f, "nDPI says", "%s", guess);
	pair(f, "community id", "%s", community_id(&v->tuple, id));
}

static void
fill(struct flow_facts *f, const struct ledger *l, const struct record *r)
{
	struct unpacked room;
	const struct notice *n = record_facts(r, &room);
	const struct evidence *e = &n->news;
	struct judgement j;

	ledger_judge(l, r, &j);
	view_row_of(l, r, &j, &f->row);
	say_verdict(f, &j);
	say_reasons(f, &j);
	say_findings(f, &j);
	say_links(f, &j);
	say_tls(f, &j, e);
	say_chain(f, l, e, FACT_TLS_SERVER_CHAIN, "Certificates of the server");
	say_chain(f, l, e, FACT_TLS_CLIENT_CHAIN, "Certificates of the client");
	say_media(f, &j, e);
	say_sip(f, e);
	say_http(f, e);
	say_numbers(f, &n->flow, n->guess);
	f->found = true;
}

struct flow_facts *
flow_facts_of(const struct ledger *l, uint64_t first_packet)
{
	struct flow_facts *f = calloc(1, sizeof(*f));
	const struct record *r = ledger_find(l, first_packet);

	if (f == NULL)
		return NULL;
	arena_init(&f->texts, FACT_ROOM);
	f->first_packet = first_packet;
	if (r != NULL)
		fill(f, l, r);
	return f;
}

void
flow_facts_free(struct flow_facts *f)
{
	if (f == NULL)
		return;
	arena_done(&f->texts);
	free(f);
}
