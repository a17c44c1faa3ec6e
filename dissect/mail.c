/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mail.c - SMTP, POP3, IMAP and FTP up to the point where TLS takes over or
 * work begins without it.
 *
 * Spec: RFC 5321 and 3207 (SMTP), RFC 1939 and 2595 (POP3), RFC 9051 section
 * 6.2.1 (IMAP), RFC 959 and 4217 (FTP). Exchange servers say X-ANONYMOUSTLS to
 * each other where others say STARTTLS.
 * Learns: STARTTLS.
 */
#include "core/text.h"
#include "dissect/protocols.h"

enum kind { KIND_NONE, KIND_SMTP, KIND_POP3, KIND_IMAP, KIND_FTP, KINDS };
enum { LINE_MOST = 2048, WORD_MOST = 32 };

struct mail {
	enum kind kind;
	bool asked; /* the client waits for the answer to STARTTLS */
	bool spoke[2];
};

/* What may be said before one decides for or against TLS. */
struct speech {
	const char *name;
	uint16_t port;
	const char *starttls[4]; /* the words that ask for TLS */
	const char *early[12];
	const char *yes; /* an answer that begins so agrees */
};

/* clang-format off */
static const struct speech speeches[KINDS] = {
	[KIND_SMTP] = { "smtp", 25,
		{ "STARTTLS", "X-ANONYMOUSTLS" },
		{ "EHLO", "HELO", "LHLO", "NOOP", "RSET", "HELP" }, "220" },
	[KIND_POP3] = { "pop3", 110,
		{ "STLS" },
		{ "CAPA", "NOOP" }, "+OK" },
	[KIND_IMAP] = { "imap", 143,
		{ "STARTTLS" },
		{ "CAPABILITY", "NOOP", "ID" }, "OK" },
	[KIND_FTP] = { "ftp", 21,
		{ "AUTH TLS", "AUTH SSL", "AUTH TLS-C", "AUTH TLS-P" },
		{ "FEAT", "HOST", "CLNT", "SYST", "OPTS", "NOOP", "PBSZ",
		    "PROT", "HELP", "LANG" }, "234" },
};
/* clang-format on */

static bool
is_word_of(struct slice line, const char *word)
{
	struct slice w = slice_text(word);

	return text_begins(line, word) &&
	    (line.n == w.n || text_begins_exact(slice_from(line, w.n), " "));
}

/* By the first line of a server. PROBE_MORE: only the client can tell. */
static enum probe
kind_of_greeting(struct slice line, const struct sniff *sniff, enum kind *k)
{
	uint16_t port = sniff->tuple != NULL ? sniff->tuple->dst.port : 0;

	if (is_word_of(line, "+OK")) {
		*k = KIND_POP3;
		return PROBE_YES;
	}
	if (is_word_of(line, "* OK") || is_word_of(line, "* PREAUTH")) {
		*k = KIND_IMAP;
		return PROBE_YES;
	}
	if (!text_begins_exact(line, "220 ") &&
	    !text_begins_exact(line, "220-"))
		return PROBE_NO;
	if (text_has(line, "SMTP") || port == speeches[KIND_SMTP].port ||
	    port == 587)
		*k = KIND_SMTP;
	else if (text_has(line, "FTP") || port == speeches[KIND_FTP].port)
		*k = KIND_FTP;
	else
		return PROBE_MORE;
	return PROBE_YES;
}

/* By the first line of a client, where the capture has no greeting. */
static bool
kind_of_command(struct slice line, enum kind *k)
{
	struct slice rest = line;
	struct slice tag;

	if (is_word_of(line, "EHLO") || is_word_of(line, "HELO"))
		*k = line.n > 5 ? KIND_SMTP : KIND_NONE;
	else if (text_same(line, "STLS") || text_same(line, "CAPA"))
		*k = KIND_POP3;
	else if (text_same(line, "FEAT") || text_begins(line, "AUTH TLS") ||
	    text_begins(line, "AUTH SSL"))
		*k = KIND_FTP;
	else if (text_word(&rest, &tag) && tag.n <= 8 &&
	    (text_same(text_trim(rest), "CAPABILITY") ||
		text_same(text_trim(rest), "STARTTLS")))
		*k = KIND_IMAP;
	return *k != KIND_NONE;
}

static bool
may_greet(struct slice s)
{
	static const char *const starts[] = { "220 ", "220-", "+OK", "* OK",
		"* PREAUTH" };

	for (size_t i = 0; i < COUNT(starts); i++) {
		struct slice want = slice_text(starts[i]);
		size_t n = want.n < s.n ? want.n : s.n;

		if (slice_eq(slice_head(s, n), slice_head(want, n)))
			return true;
	}
	return false;
}

static bool
may_command(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' && s.p[i] != '\r')
			return false;
	return s.n <= WORD_MOST;
}

static enum probe
mail_probe_kind(const struct sniff *sniff, enum kind *k)
{
	struct slice rest = sniff->bytes;
	struct slice line;
	bool complete = text_line(&rest, &line);

	*k = KIND_NONE;
	if (!sniff->start)
		return PROBE_NO;
	if (sniff->side == TO_SERVER) {
		if (!complete)
			return may_command(sniff->bytes) ? PROBE_MORE
							 : PROBE_NO;
		return kind_of_command(line, k) ? PROBE_YES : PROBE_NO;
	}
	if (!complete)
		return may_greet(sniff->bytes) ? PROBE_MORE : PROBE_NO;
	return kind_of_greeting(line, sniff, k);
}

static enum probe
mail_probe(const struct sniff *sniff)
{
	enum kind k;

	return mail_probe_kind(sniff, &k);
}

static bool
is_any(struct slice line, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n && words[i] != NULL; i++)
		if (is_word_of(line, words[i]))
			return true;
	return false;
}

/* IMAP puts a tag before commands and before the answers to them. */
static struct slice
without_tag(const struct mail *m, struct slice line)
{
	struct slice tag;

	if (m->kind != KIND_IMAP)
		return line;
	if (text_begins_exact(line, "* ") || !text_word(&line, &tag))
		return slice_of(NULL, 0);
	return text_trim(line);
}

/* Anything but preparations in clear: there will be no TLS any more. */
static enum feed
take_command(struct mail *m, struct slice line)
{
	const struct speech *sp = &speeches[m->kind];

	line = text_trim(without_tag(m, line));
	if (is_any(line, sp->starttls, COUNT(sp->starttls)))
		m->asked = true;
	else if (!is_any(line, sp->early, COUNT(sp->early)))
		return FEED_DONE;
	return FEED_ON;
}

static bool
is_refusal(struct slice line)
{
	return text_begins_exact(line, "4") || text_begins_exact(line, "5") ||
	    text_begins(line, "-ERR") || is_word_of(line, "NO") ||
	    is_word_of(line, "BAD");
}

static enum feed
take_answer(struct session *s, struct mail *m, struct slice line)
{
	const struct speech *sp = &speeches[m->kind];

	if (!m->asked)
		return FEED_ON;
	line = without_tag(m, line);
	if (is_word_of(line, sp->yes)) {
		learn_text_once(s, FACT_STARTTLS, slice_text(sp->name));
		return FEED_NEXT;
	}
	if (is_refusal(line))
		m->asked = false;
	return FEED_ON;
}

static bool
settle_kind(struct session *s, struct mail *m, const struct chunk *c)
{
	struct sniff sniff = {
		.bytes = c->bytes,
		.side = c->side,
		.start = true,
		.tuple = session_tuple(s),
	};

	if (m->kind != KIND_NONE)
		return true;
	if (mail_probe_kind(&sniff, &m->kind) != PROBE_YES)
		return false;
	learn_text_once(s, FACT_PROTOCOL, slice_text(speeches[m->kind].name));
	return true;
}

static enum feed
mail_feed(struct session *s, void *state, struct chunk *c)
{
	struct mail *m = state;

	if (!settle_kind(s, m, c))
		return FEED_LOST;
	/* Of one direction the question or the answer is not there. */
	enum probe tls = m->spoke[!c->side] ? PROBE_NO : tls_takes_over(c);

	if (tls == PROBE_YES)
		learn_text_once(s, FACT_STARTTLS,
		    slice_text(speeches[m->kind].name));
	if (tls != PROBE_NO)
		return tls == PROBE_YES ? FEED_NEXT : FEED_ON;
	m->spoke[c->side] = true;
	for (;;) {
		struct slice rest = slice_from(c->bytes, c->used);
		struct slice line;

		/* What follows STARTTLS belongs to whoever speaks next. */
		if (c->side == TO_SERVER && m->asked)
			return FEED_ON;
		if (!text_line(&rest, &line))
			return rest.n > LINE_MOST ? FEED_DONE : FEED_ON;
		c->used = c->bytes.n - rest.n;
		enum feed r = c->side == TO_SERVER ? take_command(m, line)
						   : take_answer(s, m, line);

		if (r != FEED_ON)
			return r;
	}
}

const struct dissector dissect_mail = {
	.name = "mail",
	.over = OVER_STREAM,
	.state_size = sizeof(struct mail),
	.probe = mail_probe,
	.feed = mail_feed,
};
