/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/weakness.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/buf.h"
#include "dissect/tls_names.h"

/* With the meaning of the table. */
static struct finding *
add(struct judgement *j, enum finding_id id, uint64_t packet)
{
	struct finding *f =
	    findings_add(&j->findings, id, SIDE_NEITHER, j->brief ? "" : NULL);

	if (f != NULL)
		f->packet = packet;
	return f;
}

static struct finding *say(struct judgement *j, enum finding_id id,
    uint64_t packet, const char *fmt, ...) PRINTF(4, 5);

static struct finding *
say(struct judgement *j, enum finding_id id, uint64_t packet, const char *fmt,
    ...)
{
	struct finding *f = findings_add(&j->findings, id, SIDE_NEITHER, "");
	va_list ap;

	if (f == NULL)
		return NULL;
	f->packet = packet;
	if (j->brief)
		return f;
	va_start(ap, fmt);
	(void)vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	return f;
}

/* ---- TLS parameters ---- */

static void
version(const struct tls_state *t, struct judgement *j)
{
	const char *name = tls_version_name(t->version);

	/* DTLS 1.0 is TLS 1.1 over datagrams. */
	if (t->version == 0 || t->version == 0x0303 || t->version == 0x0304 ||
	    t->version == 0xfefd || t->version == 0xfefc)
		return;
	struct finding *f = say(j, FINDING_TLS_OLD_VERSION, t->hello_packet,
	    "%s was negotiated", name != NULL ? name : "an unknown version");

	if (f != NULL && t->version <= 0x0300)
		f->severity = SEVERITY_HIGH;
}

/* The group of the key exchange: 0 if it was not seen or is good enough. */
static void
group(const struct scene_of_flow *s, struct judgement *j)
{
	const struct learnt *g =
	    evidence_find(s->e, FACT_TLS_GROUP, -1, s->tls.scope);
	const struct learnt *dh =
	    evidence_find(s->e, FACT_TLS_DH_BITS, -1, s->tls.scope);
	const struct tls_group *named =
	    g != NULL ? tls_group_of((uint16_t)g->number) : NULL;

	if (dh != NULL && dh->number < 2048)
		say(j, FINDING_TLS_WEAK_GROUP, dh->packet,
		    "Diffie-Hellman group of %u bits", (unsigned)dh->number);
	if (named != NULL && (named->flags & GROUP_WEAK) != 0)
		say(j, FINDING_TLS_WEAK_GROUP, g->packet, "group %s",
		    named->name);
}

static bool
scheme_approved(const struct learnt *l)
{
	const struct tls_scheme *x =
	    l != NULL ? tls_scheme_of((uint16_t)l->number) : NULL;

	return x == NULL || (x->flags & SCHEME_APPROVED) != 0;
}

/*
 * What a suite of TLS 1.2 leaves open, and all of 1.3 does: SP 800-56A r3
 * appendix D for groups, of 2048 bits at least where they have no name; FIPS
 * 186-5 and SP 800-131A r2 section 9 for signatures, which SHA-1 may not make.
 * Tells whether all that is seen is approved, and, where asked, what it is.
 */
static bool
exchange_approved(const struct scene_of_flow *s, struct buf *text)
{
	unsigned scope = s->tls.scope;
	const struct learnt *g = evidence_find(s->e, FACT_TLS_GROUP, -1, scope);
	const struct learnt *dh =
	    evidence_find(s->e, FACT_TLS_DH_BITS, -1, scope);
	const struct learnt *signs[] = {
		evidence_find(s->e, FACT_TLS_KEX_SCHEME, -1, scope),
		evidence_find(s->e, FACT_TLS_CLIENT_VERIFY, -1, scope),
	};
	const struct tls_group *named =
	    g != NULL ? tls_group_of((uint16_t)g->number) : NULL;
	bool good = named == NULL || (named->flags & GROUP_APPROVED) != 0;

	if (named != NULL && text != NULL)
		buf_printf(text, ", group %s", named->name);
	if (dh != NULL && dh->number < 2048) {
		good = false;
		if (text != NULL)
			buf_printf(text, ", Diffie-Hellman of %u bits",
			    (unsigned)dh->number);
	}
	for (size_t i = 0; i < COUNT(signs); i++) {
		if (scheme_approved(signs[i]))
			continue;
		good = false;
		if (text != NULL)
			buf_printf(text, ", signature %s of the %s",
			    tls_scheme_name((uint16_t)signs[i]->number),
			    i == 0 ? "server" : "client");
	}
	return good;
}

static void
approval(const struct scene_of_flow *s, const struct tls_suite *x,
    struct judgement *j)
{
	const struct tls_state *t = &s->tls;
	const char *name = tls_version_name(t->version);
	bool new = t->version == 0x0303 || t->version == 0x0304 ||
	    t->version == 0xfefd || t->version == 0xfefc;
	struct buf text;

	if (new && (x->flags & SUITE_APPROVED) != 0 &&
	    exchange_approved(s, NULL))
		return;
	if (j->brief) {
		add(j, FINDING_TLS_NOT_FIPS, t->hello_packet);
		return;
	}
	buf_init(&text);
	buf_printf(&text, "%s, %s", name != NULL ? name : "unknown version",
	    x->name);
	(void)exchange_approved(s, &text);
	say(j, FINDING_TLS_NOT_FIPS, t->hello_packet, "%s",
	    buf_ok(&text) ? text.p : x->name);
	buf_done(&text);
}

static void
suite(const struct scene_of_flow *s, struct judgement *j)
{
	const struct tls_state *t = &s->tls;
	const struct tls_suite *x = tls_suite_of(t->suite);

	if (evidence_find(s->e, FACT_TLS_SUITE, -1, t->scope) == NULL ||
	    x == NULL)
		return;
	if ((x->flags & SUITE_NULL) != 0)
		say(j, FINDING_TLS_NULL_CIPHER, t->hello_packet, "%s", x->name);
	if ((x->flags & SUITE_ANON) != 0)
		say(j, FINDING_TLS_ANONYMOUS, t->hello_packet, "%s", x->name);
	if ((x->flags & SUITE_WEAK) != 0)
		say(j, FINDING_TLS_WEAK_CIPHER, t->hello_packet, "%s", x->name);
	if ((x->flags & (SUITE_FS | SUITE_TLS13)) == 0)
		say(j, FINDING_TLS_NO_FORWARD_SECRECY, t->hello_packet, "%s",
		    x->name);
	approval(s, x, j);
}

static void
failure(const struct tls_state *t, struct judgement *j)
{
	const enum finding_id failed = FINDING_TLS_HANDSHAKE_FAILED;
	const char *name = tls_alert_name(t->alert);

	if (t->progress != TLS_PROGRESS_FAILED)
		return;
	if (t->reset)
		say(j, failed, t->fail_packet,
		    "the connection was reset during the handshake");
	else if (t->alert == 0)
		say(j, failed, t->fail_packet,
		    "an encrypted alert ended the handshake");
	else
		say(j, failed, t->fail_packet,
		    "fatal alert %s (%u) ended the handshake",
		    name != NULL ? name : "unknown", t->alert);
}

/* ---- certificates ---- */

enum { NAMES_MOST = 16 };

static void
judge_chain(const struct bench *b, const struct scene_of_flow *s,
    enum finding_side side, struct judgement *j)
{
	const struct tls_state *t = &s->tls;
	const struct learnt *chain =
	    side == SIDE_SERVER ? t->server_chain : t->client_chain;
	bool server_is_dest = t->client_side == TO_SERVER;
	bool of_dest = (side == SIDE_SERVER) == server_is_dest;
	const struct five_tuple *tuple = &s->flow->tuple;
	const struct addr *host = of_dest ? &tuple->dst.addr : &tuple->src.addr;
	const struct learnt *sni =
	    evidence_find(s->e, FACT_TLS_SNI, -1, t->scope);
	struct slice names[NAMES_MOST];
	size_t n = 0;

	if (chain == NULL || chain->bytes.n == 0)
		return;
	/* An address is no name (RFC 6066 section 3), whoever sends it. */
	struct addr literal;

	if (side == SIDE_SERVER && sni != NULL &&
	    !addr_parse(sni->bytes, &literal)) {
		names[n++] = sni->bytes;
	} else {
		const char *const *own;
		size_t count = policy_names(b->policy, host, &own);

		for (size_t i = 0; i < count && n < NAMES_MOST; i++)
			names[n++] = slice_text(own[i]);
	}
	cert_judge(b->certs,
	    &(struct cert_question){
		.chain = chain->bytes,
		.side = side,
		.time = t->time,
		.role = of_dest ? s->dest : s->src,
		.names = names,
		.name_count = n,
		.packet = chain->packet,
		.mutual = t->server_chain != NULL && t->client_chain != NULL &&
		    t->client_chain->bytes.n > 0,
	    },
	    &j->findings);
}

/* ---- everything else ---- */

static void
credentials(const struct scene_of_flow *s, struct judgement *j)
{
	const struct learnt *l = NULL;

	while ((l = evidence_next(s->e, FACT_SIP_CREDENTIALS, l)) != NULL) {
		if (evidence_cover(s->e, l) != COVER_NONE)
			continue;
		say(j, FINDING_SIP_CREDENTIALS, l->packet,
		    "%.*s credentials in a SIP header are readable",
		    (int)(l->bytes.n < 20 ? l->bytes.n : 20),
		    (const char *)l->bytes.p);
	}
	l = NULL;
	while ((l = evidence_next(s->e, FACT_HTTP_EXCHANGE, l)) != NULL) {
		struct http_exchange h;
		const char *what;

		if (evidence_cover(s->e, l) != COVER_NONE ||
		    l->bytes.n != sizeof(h))
			continue;
		memcpy(&h, l->bytes.p, sizeof(h));
		what = (h.flags & HTTP_WEBTICKET) != 0    ? "web ticket"
		    : (h.flags & HTTP_AUTHORIZATION) != 0 ? "authorization"
		    : (h.flags & HTTP_COOKIE) != 0        ? "cookie"
							  : NULL;
		if (what == NULL || j->class == CLASS_OTHER)
			continue;
		say(j, FINDING_HTTP_CREDENTIALS, l->packet,
		    "an HTTP %s header is readable", what);
	}
}

static void
others(const struct scene_of_flow *s, struct judgement *j)
{
	const struct learnt *l;

	l = evidence_first(s->e, FACT_SIP_METHOD);
	if (l == NULL)
		l = evidence_first(s->e, FACT_SIP_STATUS);
	if (l != NULL && s->flow->tuple.proto == IPPROTO_NUM_UDP)
		add(j, FINDING_SIP_UDP, l->packet);
	l = evidence_first(s->e, FACT_TLS_PSEUDO);
	if (l != NULL)
		add(j, FINDING_TLS_PSEUDO, l->packet);
	l = evidence_first(s->e, FACT_FTP_MSN);
	if (l != NULL)
		add(j, FINDING_FILE_TRANSFER_RC4, l->packet);
}

void
weaknesses(const struct bench *b, const struct scene_of_flow *s,
    struct judgement *j)
{
	others(s, j);
	credentials(s, j);
	if (!s->has_tls)
		return;
	failure(&s->tls, j);
	if (s->tls.progress != TLS_PROGRESS_MID_STREAM) {
		version(&s->tls, j);
		suite(s, j);
		group(s, j);
	}
	/* Certificates of DTLS-SRTP vouch for nobody: SDP names their
	 * fingerprints (RFC 5763). */
	if (s->tls.dtls)
		return;
	judge_chain(b, s, SIDE_SERVER, j);
	judge_chain(b, s, SIDE_CLIENT, j);
}
