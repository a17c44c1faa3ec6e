/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/mutual_private.h"

#include "core/cursor.h"
#include "dissect/tls_names.h"

static uint64_t
number(const struct scene *s, enum fact f)
{
	const struct learnt *l = fact_of(s, f, -1);

	return l != NULL ? l->number : 0;
}

/* ---- readable messages: SSL 3.0 to TLS 1.2, DTLS, or decrypted 1.3 ---- */

/*
 * A handshake may be followed by others in the same connection
 * (renegotiation, RFC 8446 4.6.2): once proven stays proven. A
 * CertificateVerify is sent only behind a certificate (RFC 5246 7.4.8, RFC
 * 8446 4.4.3), so it proves one that the capture lost.
 */
static bool
readable_certificates(const struct scene *s)
{
	struct tls_state *t = s->out;
	const struct learnt *verify =
	    fact_of(s, FACT_TLS_CLIENT_VERIFY, s->client);
	const struct learnt *none =
	    fact_of(s, FACT_TLS_NO_CERTIFICATE, s->client);
	const struct learnt *l = NULL, *chain = NULL;

	while ((l = evidence_next(s->e, FACT_TLS_CLIENT_CHAIN, l)) != NULL) {
		if (l->scope != s->scope || l->side != s->client)
			continue;
		if (l->bytes.n == 0)
			none = l;
		else if (chain == NULL)
			chain = l;
	}
	if (verify != NULL) {
		decide(t, CLIENT_CERT_PRESENTED, CERTAINTY_PROVEN,
		    verify->packet);
		SAY(s, "%s",
		    chain != NULL
			? "client certificate presented and its key proven "
			  "by CertificateVerify"
			: "the client proved the key of its certificate by "
			  "CertificateVerify; the certificate itself was not "
			  "readable");
		return true;
	}
	if (chain != NULL) {
		decide(t, CLIENT_CERT_HIDDEN, CERTAINTY_PROVEN, chain->packet);
		SAY(s,
		    "client certificate sent, but no CertificateVerify was "
		    "captured that proves its key");
		MISSING(s, "the client's CertificateVerify");
		return true;
	}
	if (none != NULL) {
		decide(t, CLIENT_CERT_DECLINED, CERTAINTY_PROVEN, none->packet);
		SAY(s,
		    "the server asked for a client certificate, the client "
		    "sent none");
		return true;
	}
	return false;
}

/*
 * RFC 5246 7.4: the server asks before ServerHelloDone; a client that was
 * asked sends a Certificate, be it empty, before its ClientKeyExchange. Either
 * proves that there was none, if nothing before it was lost.
 */
static const struct learnt *
proof_of_none(const struct scene *s)
{
	const struct learnt *done =
	    fact_of(s, FACT_TLS_SERVER_HELLO_DONE, s->server);
	const struct learnt *key =
	    fact_of(s, FACT_TLS_CLIENT_KEY_EXCHANGE, s->client);

	if (key != NULL && !lost(s, s->client) &&
	    fact_of(s, FACT_TLS_CLIENT_HELLO, s->client) != NULL)
		return key;
	if (done != NULL && !lost(s, s->server) && !s->out->requested &&
	    fact_of(s, FACT_TLS_SERVER_HELLO, s->server) != NULL)
		return done;
	return NULL;
}

/* Up to TLS 1.2, when no client certificate was seen, nor an empty one. */
static void
old_without_chain(const struct scene *s)
{
	struct tls_state *t = s->out;
	const struct learnt *proof = proof_of_none(s);

	if (t->resumed) {
		decide(t, CLIENT_CERT_HIDDEN, CERTAINTY_INFERRED,
		    t->hello_packet);
		SAY(s,
		    "the session was resumed: certificates belong to an "
		    "earlier handshake");
		MISSING(s, "the first handshake of this session");
		return;
	}
	if (proof == NULL) {
		decide(t, CLIENT_CERT_HIDDEN, CERTAINTY_INFERRED, 0);
		SAY(s, "%s",
		    t->requested
			? "the server asked for a client certificate, the "
			  "answer was not captured"
			: "part of the handshake was not captured");
		MISSING(s, "the client's side of the handshake");
		return;
	}
	decide(t,
	    t->requested ? CLIENT_CERT_DECLINED : CLIENT_CERT_NOT_REQUESTED,
	    CERTAINTY_PROVEN, proof->packet);
	SAY(s, "%s",
	    t->requested ? "the server asked for a client certificate, the "
			   "client went on without one"
			 : "the server did not ask for a client certificate");
}

/* ---- TLS 1.3 and DTLS 1.3 ---- */

/* Its records are not measured: no lengths that tell. */
static void
new_datagrams(const struct scene *s)
{
	if (fact_of(s, FACT_TLS_FINISHED, s->client) != NULL &&
	    fact_of(s, FACT_TLS_FINISHED, s->server) != NULL)
		s->out->progress = TLS_PROGRESS_COMPLETE;
	decide(s->out, CLIENT_CERT_HIDDEN, CERTAINTY_INFERRED, 0);
	SAY(s,
	    "DTLS 1.3 encrypts the certificates, and its lengths do not tell");
	MISSING(s, "nothing that a capture holds");
}

static const struct learnt *
fatal_alert(const struct scene *s)
{
	const struct learnt *l = NULL;

	while ((l = evidence_next(s->e, FACT_TLS_ALERT, l)) != NULL) {
		if (l->scope == s->scope && l->number >> 8 == 2)
			return l;
	}
	return NULL;
}

/* Alerts, one of them fatal, are all that the server's records behind the
 * client's Finished consist of: it turned the client away. */
static bool
turned_away(const struct scene *s, const struct learnt *finished)
{
	const struct learnt *alert = fatal_alert(s);

	return alert != NULL && alert->side == s->server &&
	    !mutual_server_went_on(s, finished->packet, true);
}

/* What lengths could not tell, the decrypted records do: an alert that is not
 * fatal, an answer of the size of an alert. */
static void
progress_with_keys(const struct scene *s, const struct learnt *finished)
{
	struct tls_state *t = s->out;
	const struct learnt *alert = fatal_alert(s);

	if (turned_away(s, finished)) {
		t->progress = TLS_PROGRESS_FAILED;
		t->alert = (uint8_t)(alert->number & 0xff);
		t->fail_packet = alert->packet;
		return;
	}
	if (t->progress == TLS_PROGRESS_INCOMPLETE && t->requested &&
	    !mutual_server_went_on(s, finished->packet, false))
		return;
	/* It may have said why it hangs up in what was lost. */
	if (t->requested && s->f->lost[s->server] > 0 &&
	    !mutual_server_went_on(s, finished->packet, true)) {
		t->progress = TLS_PROGRESS_INCOMPLETE;
		return;
	}
	t->progress = TLS_PROGRESS_COMPLETE;
}

static void
new_with_keys(const struct scene *s)
{
	struct tls_state *t = s->out;
	const struct learnt *finished =
	    fact_of(s, FACT_TLS_FINISHED, s->client);

	mutual_by_lengths(s);
	if (finished != NULL)
		progress_with_keys(s, finished);
	if (readable_certificates(s))
		return;
	if (t->resumed) {
		t->certainty = CERTAINTY_PROVEN;
		return;
	}
	bool asked_none = !t->requested && !lost(s, s->server) &&
	    fact_of(s, FACT_TLS_FINISHED, s->server) != NULL;

	if (finished == NULL || (lost(s, s->client) && !asked_none))
		return;
	if (has(s, FACT_TLS_POST_AUTH_REQUEST)) {
		decide(t, CLIENT_CERT_HIDDEN, CERTAINTY_PROVEN, 0);
		SAY(s,
		    "decrypted: the server asked for a client certificate "
		    "after the handshake, the answer was not captured");
		MISSING(s, "the client's answer");
		return;
	}
	/* What was asked later may lie in a hole. */
	bool open = t->post_auth && s->f->lost[0] + s->f->lost[1] > 0;

	decide(t, CLIENT_CERT_NOT_REQUESTED,
	    open ? CERTAINTY_INFERRED : CERTAINTY_PROVEN, finished->packet);
	SAY(s, "decrypted: the server did not ask for a client certificate");
}

/* ---- progress ---- */

static bool
old_complete(const struct scene *s)
{
	bool client = fact_of(s, FACT_TLS_CCS, s->client) != NULL;
	bool server = fact_of(s, FACT_TLS_CCS, s->server) != NULL;
	const enum fact data = FACT_TLS_APPLICATION_DATA;

	if (client && server)
		return fact_of(s, FACT_TLS_FINISHED, s->client) != NULL &&
		    fact_of(s, FACT_TLS_FINISHED, s->server) != NULL;
	/* One direction was not captured, or lost a piece: its peer would not
	 * send application data before the end of the handshake. */
	return (client && fact_of(s, data, s->client) != NULL) ||
	    (server && fact_of(s, data, s->server) != NULL);
}

static bool
was_reset(const struct scene *s)
{
	return ((s->f->tcp_flags[0] | s->f->tcp_flags[1]) & TCP_RST) != 0;
}

/* RFC 5246 7.3: in a full handshake the server's Finished answers the
 * client's and is the last. */
static bool
server_was_last(const struct scene *s, const struct learnt *client,
    const struct learnt *alert)
{
	const struct learnt *server = fact_of(s, FACT_TLS_FINISHED, s->server);

	return client != NULL && server != NULL &&
	    server->packet > client->packet && alert->packet > server->packet;
}

/* Was the handshake over when this alert came? */
static bool
came_after(const struct scene *s, const struct learnt *alert, bool new_version)
{
	const struct learnt *finished =
	    fact_of(s, FACT_TLS_FINISHED, s->client);

	if (new_version)
		return finished != NULL && alert->packet > finished->packet;
	if (alert->side == s->client)
		return old_complete(s);
	return has(s, FACT_TLS_APPLICATION_DATA) ||
	    server_was_last(s, finished, alert);
}

static void
judge_progress(const struct scene *s, bool new_version)
{
	struct tls_state *t = s->out;
	const struct learnt *alert = fatal_alert(s);

	if (alert != NULL && !came_after(s, alert, new_version)) {
		t->progress = TLS_PROGRESS_FAILED;
		t->alert = (uint8_t)(alert->number & 0xff);
		t->fail_packet = alert->packet;
		return;
	}
	if (t->progress == TLS_PROGRESS_COMPLETE ||
	    t->progress == TLS_PROGRESS_FAILED)
		return;
	if (!new_version && old_complete(s)) {
		t->progress = TLS_PROGRESS_COMPLETE;
		return;
	}
	if (was_reset(s)) {
		t->progress = TLS_PROGRESS_FAILED;
		t->reset = true;
		t->fail_packet = s->f->last_packet;
	}
}

/* RFC 5246 7.3, figure 2: ChangeCipherSpec without a key exchange before it,
 * of either side. Version 0: only the client was captured. */
static bool
old_resumed(const struct scene *s)
{
	int side = s->out->version != 0 ? s->server : s->client;

	return s->out->server_chain == NULL &&
	    !has(s, FACT_TLS_SERVER_HELLO_DONE) &&
	    !has(s, FACT_TLS_CLIENT_KEY_EXCHANGE) && !lost(s, side) &&
	    (side == s->server ||
		fact_of(s, FACT_TLS_CLIENT_HELLO, side) != NULL) &&
	    fact_of(s, FACT_TLS_CCS, side) != NULL;
}

static void
judge_version(const struct scene *s)
{
	struct tls_state *t = s->out;
	/* Suite 0 is a suite: NULL, if the server really chose it. */
	const struct tls_suite *suite =
	    has(s, FACT_TLS_SUITE) ? tls_suite_of(t->suite) : NULL;

	t->null_cipher = suite != NULL && (suite->flags & SUITE_NULL) != 0;
	t->anonymous = suite != NULL && (suite->flags & SUITE_ANON) != 0;
	t->resumed = t->version == 0x0304 || t->version == 0xfefc
	    ? has(s, FACT_TLS_PSK_CHOSEN)
	    : old_resumed(s);
}

/* The server was not captured: could it have chosen to protect nothing? Who
 * shows a certificate was not asked for it anonymously (RFC 5246 7.4.4). */
static bool
offers_null(const struct scene *s)
{
	const struct learnt *l = fact_of(s, FACT_TLS_OFFERED_SUITES, s->client);
	struct cursor c = cur_of(l != NULL ? l->bytes : slice_of(NULL, 0));
	unsigned bad = SUITE_NULL;
	uint16_t number;

	if (has(s, FACT_TLS_SUITE))
		return false;
	if (s->out->client != CLIENT_CERT_PRESENTED)
		bad |= SUITE_ANON;
	while (cur_u16(&c, &number)) {
		const struct tls_suite *suite = tls_suite_of(number);

		if (suite != NULL && (suite->flags & bad) != 0)
			return true;
	}
	return false;
}

static bool
looks_like_13(const struct scene *s)
{
	const struct tls_state *t = s->out;

	if (t->version != 0)
		return t->version == 0x0304;
	/* Client's direction only: encrypted records straight after a hello
	 * that offers TLS 1.3. */
	return number(s, FACT_TLS_CLIENT_VERSION) == 0x0304 &&
	    !has(s, FACT_TLS_CLIENT_KEY_EXCHANGE) && !has(s, FACT_TLS_CCS) &&
	    has(s, FACT_TLS_RECORDS);
}

static int
find_scope(const struct evidence *e)
{
	static const enum fact signs[] = { FACT_TLS_CLIENT_HELLO,
		FACT_TLS_SERVER_HELLO, FACT_TLS_MID_STREAM,
		FACT_TLS_SERVER_CHAIN };
	int best = -1;

	for (size_t i = 0; i < COUNT(signs); i++) {
		const struct learnt *l = evidence_first(e, signs[i]);

		if (l != NULL && (best < 0 || l->scope < best))
			best = l->scope;
	}
	return best;
}

static void
fill(struct scene *s)
{
	struct tls_state *t = s->out;
	const struct learnt *client = fact_of(s, FACT_TLS_CLIENT_HELLO, -1);
	const struct learnt *server = fact_of(s, FACT_TLS_SERVER_HELLO, -1);

	if (client != NULL)
		s->client = client->side;
	else if (server != NULL)
		s->client = !server->side;
	else
		s->client = TO_SERVER;
	s->server = !s->client;
	t->client_side = s->client;
	if (server != NULL)
		client = server;
	if (client != NULL) {
		t->hello_packet = client->packet;
		t->time = client->time;
	} else {
		t->time = s->f->start;
	}
	t->version = (uint16_t)number(s, FACT_TLS_VERSION);
	t->suite = (uint16_t)number(s, FACT_TLS_SUITE);
	t->dtls = t->version >> 8 == 0xfe ||
	    number(s, FACT_TLS_CLIENT_VERSION) >> 8 == 0xfe;
	t->decrypted = has(s, FACT_TLS_DECRYPTED);
	t->requested = has(s, FACT_TLS_CERTIFICATE_REQUEST);
	t->post_auth = has(s, FACT_TLS_OFFERED_POST_AUTH);
	t->server_chain = fact_of(s, FACT_TLS_SERVER_CHAIN, -1);
	t->client_chain = fact_of(s, FACT_TLS_CLIENT_CHAIN, -1);
}

bool
mutual_judge(const struct evidence *e, const struct flow_view *f, int scope,
    struct tls_state *out, struct tls_words *words)
{
	struct scene s = { .e = e,
		.f = f,
		.scope = scope,
		.out = out,
		.words = words };

	if (words != NULL)
		words->why[0] = words->missing[0] = '\0';
	*out = (struct tls_state){ .progress = TLS_PROGRESS_NONE };
	if (scope < 0)
		s.scope = find_scope(e);
	if (s.scope < 0)
		return false;
	out->scope = s.scope;
	fill(&s);
	if (!has(&s, FACT_TLS_CLIENT_HELLO) &&
	    !has(&s, FACT_TLS_SERVER_HELLO)) {
		if (!has(&s, FACT_TLS_MID_STREAM))
			return false;
		out->progress = TLS_PROGRESS_MID_STREAM;
		decide(out, CLIENT_CERT_HIDDEN, CERTAINTY_INFERRED, 0);
		SAY(&s,
		    "the capture does not hold the start of this TLS "
		    "connection");
		MISSING(&s, "the handshake");
		return true;
	}
	out->progress = TLS_PROGRESS_INCOMPLETE;
	judge_version(&s);
	bool new_version = looks_like_13(&s);

	if (out->version == 0xfefc)
		new_datagrams(&s);
	else if (new_version && out->decrypted)
		new_with_keys(&s);
	else if (new_version)
		mutual_by_lengths(&s);
	else if (!readable_certificates(&s))
		old_without_chain(&s);
	out->maybe_null = !new_version && offers_null(&s);
	judge_progress(&s, new_version);
	if (!new_version && out->progress == TLS_PROGRESS_COMPLETE &&
	    out->client != CLIENT_CERT_PRESENTED)
		mutual_renegotiation(&s);
	return true;
}
