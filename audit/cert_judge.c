/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cert_judge.c - what is wrong with a certificate.
 *
 * Rules: "Certificate infrastructure requirements for Lync Server 2013"
 * (serverAuth, CRL distribution points, key lengths, algorithms), "Public key
 * infrastructure for Skype for Business", "Skype for Business Server 2019
 * system requirements" (RSASSA-PSS), "TLS and MTLS for Lync Server 2013"
 * (trust); RFC 6125 for names, RFC 5280 for the rest.
 *
 * A root that was sent along is nobody's fault: the peer relies on its own.
 */
#include <stdio.h>

#include "audit/cert_x509.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/cursor.h"
#include "core/hash.h"

enum { RSA_SHORT = 2048, RSA_BROKEN = 1024, EC_SHORT = 224 };

/* One question on its way through the rules. */
struct judge {
	const struct cert_question *q;
	const struct cert_full *leaf;
	const struct cert_chain *chain;
	bool host; /* the certificate speaks for a host, not for a user */
	struct findings *out;
};

static struct finding *
say(const struct judge *j, enum finding_id id, const char *text)
{
	struct finding *f = findings_add(j->out, id, j->q->side, text);

	if (f != NULL)
		f->packet = j->q->packet;
	return f;
}

/* "" for the leaf, else "the issuing certificate X: " */
static void
begin_text(const struct judge *j, const struct cert_full *f, char *to, size_t n)
{
	char label[CERT_LABEL];

	to[0] = '\0';
	if (f != j->leaf)
		snprintf(to, n,
		    "the issuing certificate %s: ", cert_label(&f->c, label));
}

static const struct cert_full *
on_path(const struct judge *j, size_t i)
{
	const struct cert_chain *c = j->chain;

	return i < c->path_n ? c->sent[c->path[i]] : NULL;
}

static void
judge_time(const struct judge *j)
{
	const struct cert_full *f;
	char begin[120], text[200], day[CLOCK_TEXT_MAX];

	for (size_t i = 0; (f = on_path(j, i)) != NULL; i++) {
		if (f != j->leaf && f->c.self_signed)
			continue; /* a root: the peer has its own */
		begin_text(j, f, begin, sizeof(begin));
		if (j->q->time > f->c.not_after) {
			snprintf(text, sizeof(text), "%sexpired on %s", begin,
			    clock_date(f->c.not_after, day));
			say(j, FINDING_CERT_EXPIRED, text);
		}
		if (j->q->time < f->c.not_before) {
			snprintf(text, sizeof(text), "%svalid only from %s",
			    begin, clock_date(f->c.not_before, day));
			say(j, FINDING_CERT_NOT_YET_VALID, text);
		}
	}
}

static void
judge_trust(const struct judge *j)
{
	if (j->leaf->c.self_signed)
		say(j, FINDING_CERT_SELF_SIGNED, NULL);
	switch (j->chain->trust) {
	case CERT_UNTRUSTED:
		say(j, FINDING_CERT_UNTRUSTED, j->chain->why);
		break;
	case CERT_INCOMPLETE:
		say(j, FINDING_CERT_INCOMPLETE_CHAIN, j->chain->why);
		break;
	case CERT_TRUSTED:
	case CERT_TRUST_UNKNOWN:
		break;
	}
	if (j->chain->revoked)
		say(j, FINDING_CERT_REVOKED, j->chain->when);
}

/*
 * A usage counts if it is named: anyExtendedKeyUsage, or no list at all, is
 * not what the product asks for. A server's certificate of mutual TLS serves
 * as a client's when the server calls; if it does not even name serverAuth,
 * that says enough.
 */
static void
judge_usage(const struct judge *j)
{
	const struct cert *c = &j->leaf->c;
	bool server = j->q->side != SIDE_CLIENT;

	if (server && !c->server_auth)
		say(j, FINDING_CERT_NO_SERVER_AUTH,
		    c->has_eku ? "the extended key usage does not list "
				 "serverAuth"
			       : "there is no extended key usage");
	if (!c->client_auth && (!server || (j->q->mutual && c->server_auth)))
		say(j, FINDING_CERT_NO_CLIENT_AUTH,
		    server ? "a server's certificate without clientAuth (the "
			     "product does not ask for it)"
			   : NULL);
	if (j->host && !c->has_cdp)
		say(j, FINDING_CERT_NO_CDP, NULL);
}

static bool
matches_one(const struct judge *j)
{
	for (size_t i = 0; i < j->q->name_count; i++) {
		if (cert_matches(&j->leaf->c, j->q->names[i]))
			return true;
	}
	return j->q->name_count == 0;
}

static void
judge_names(const struct judge *j)
{
	const struct cert *c = &j->leaf->c;
	char text[200], label[CERT_LABEL];
	struct buf asked;

	if (!j->host)
		return;
	if (!c->has_san)
		say(j, FINDING_CERT_NO_SAN, NULL);
	if (matches_one(j))
		return;
	buf_init(&asked);
	buf_safe(&asked, slice_head(j->q->names[0], 80));
	snprintf(text, sizeof(text),
	    "%s%s is not a name of the certificate of "
	    "%s",
	    asked.p != NULL ? asked.p : "",
	    j->q->name_count > 1 ? " or another name of the host" : "",
	    cert_label(c, label));
	buf_done(&asked);
	say(j, FINDING_CERT_NAME_MISMATCH, text);
}

static bool
is_short(const struct cert *c)
{
	if (c->key == CERT_KEY_EC)
		return c->key_bits < EC_SHORT;
	return (c->key == CERT_KEY_RSA || c->key == CERT_KEY_RSA_PSS ||
		   c->key == CERT_KEY_DSA) &&
	    c->key_bits < RSA_SHORT;
}

static bool
is_broken(const struct cert *c)
{
	return c->key != CERT_KEY_EC && c->key_bits < RSA_BROKEN;
}

/* The worst of the path is told. */
static void
judge_keys(const struct judge *j)
{
	const struct cert_full *f, *worst = NULL;
	char begin[120], text[200];

	for (size_t i = 0; (f = on_path(j, i)) != NULL; i++) {
		if (is_short(&f->c) &&
		    (worst == NULL ||
			(is_broken(&f->c) && !is_broken(&worst->c))))
			worst = f;
	}
	if (worst == NULL)
		return;
	begin_text(j, worst, begin, sizeof(begin));
	snprintf(text, sizeof(text), "%s%s key of %u bits", begin,
	    worst->c.key == CERT_KEY_EC        ? "elliptic curve"
		: worst->c.key == CERT_KEY_DSA ? "DSA"
					       : "RSA",
	    worst->c.key_bits);
	struct finding *told = say(j, FINDING_CERT_KEY_TOO_SHORT, text);

	if (told != NULL && is_broken(&worst->c))
		told->severity = SEVERITY_HIGH;
}

static void
judge_signatures(const struct judge *j)
{
	const struct cert_full *f, *worst = NULL;
	char begin[120], text[200];

	for (size_t i = 0; (f = on_path(j, i)) != NULL; i++) {
		/* Nobody relies on the signature of a root. */
		if (f != j->leaf && f->c.self_signed)
			continue;
		if (f->hash != CERT_HASH_GOOD &&
		    (worst == NULL || f->hash > worst->hash))
			worst = f;
	}
	if (worst == NULL)
		return;
	begin_text(j, worst, begin, sizeof(begin));
	snprintf(text, sizeof(text), "%ssigned with %.60s", begin,
	    worst->c.signature);
	struct finding *told = say(j, FINDING_CERT_WEAK_SIGNATURE, text);

	if (told != NULL && worst->hash == CERT_HASH_BROKEN)
		told->severity = SEVERITY_HIGH;
}

static bool
key_listed(const struct cert *c)
{
	static const char *const curves[] = { "P-256", "P-384", "P-521" };

	/* An RSA key that cannot be read is still an RSA key. */
	if (c->key != CERT_KEY_EC)
		return c->key == CERT_KEY_RSA ||
		    strcmp(c->key_name, "rsaEncryption") == 0;
	for (size_t i = 0; i < COUNT(curves); i++) {
		if (strcmp(c->key_name, curves[i]) == 0)
			return true;
	}
	return false;
}

static void
judge_algorithms(const struct judge *j)
{
	const struct cert_full *f;
	char begin[120], text[240];

	for (size_t i = 0; (f = on_path(j, i)) != NULL; i++) {
		begin_text(j, f, begin, sizeof(begin));
		if (!key_listed(&f->c)) {
			snprintf(text, sizeof(text),
			    "%sthe product does not list keys of type %.60s",
			    begin, f->c.key_name);
			say(j, FINDING_CERT_UNSUPPORTED_ALGORITHM, text);
		} else if (f->odd_signature &&
		    (f == j->leaf || !f->c.self_signed)) {
			snprintf(text, sizeof(text),
			    "%sthe product does not list signatures by %.60s",
			    begin, f->c.signature);
			say(j, FINDING_CERT_UNSUPPORTED_ALGORITHM, text);
		}
	}
}

static void
judge(const struct judge *j)
{
	judge_time(j);
	judge_trust(j);
	judge_usage(j);
	judge_names(j);
	judge_keys(j);
	judge_signatures(j);
	judge_algorithms(j);
}

/* ---- questions that come again ---- */

static void
key_of(const struct judge *j, uint64_t key[2])
{
	const struct cert_question *q = j->q;
	const uint64_t about[] = { (uintptr_t)j->chain, (uint64_t)q->side,
		j->host, q->mutual };

	key[0] = hash_bytes(about, sizeof(about));
	key[1] = q->name_count;
	for (size_t i = 0; i < q->name_count; i++) {
		const uint64_t both[] = { key[1],
			hash_bytes(q->names[i].p, q->names[i].n) };

		key[1] = hash_bytes(both, sizeof(both));
	}
}

/* When the same question would be answered alike. */
static void
span_of(const struct judge *j, struct cert_answer *a)
{
	a->from = INT64_MIN;
	a->until = INT64_MAX;
	for (size_t i = 0; i < j->chain->sent_n; i++) {
		const struct cert *c = &j->chain->sent[i]->c;
		const int64_t steps[] = { c->not_before,
			c->not_after < INT64_MAX ? c->not_after + 1
						 : INT64_MAX };

		for (size_t k = 0; k < COUNT(steps); k++) {
			if (steps[k] <= j->q->time && steps[k] > a->from)
				a->from = steps[k];
			if (steps[k] > j->q->time && steps[k] < a->until)
				a->until = steps[k];
		}
	}
}

static void
hand_out(const struct judge *j, const struct findings *from,
    struct findings *to)
{
	for (unsigned i = 0; i < from->count; i++) {
		const struct finding *said = &from->f[i];
		struct finding *f =
		    findings_add(to, said->id, said->side, said->text);

		if (f == NULL)
			continue;
		f->severity = said->severity;
		f->packet = j->q->packet;
	}
}

void
cert_judge(struct cert_store *s, const struct cert_question *q,
    struct findings *out)
{
	struct judge j = {
		.q = q,
		.host = q->side != SIDE_CLIENT || role_is_server(q->role) ||
		    q->role == ROLE_GATEWAY,
		.chain = cert_chain_of(s, q->chain),
	};
	uint64_t key[2];

	if (j.chain->sent_n == 0 || !j.chain->sent[0]->c.parsed)
		return;
	j.leaf = j.chain->sent[0];
	key_of(&j, key);
	struct cert_answer *a = cert_answer_of(s, key[0] ^ key[1]);

	/* A chain there was no room for lies where the next will. */
	if (!a->given || j.chain->octets.p == NULL || a->key[0] != key[0] ||
	    a->key[1] != key[1] || q->time < a->from || q->time >= a->until) {
		a->findings.count = 0;
		j.out = &a->findings;
		judge(&j);
		memcpy(a->key, key, sizeof(key));
		span_of(&j, a);
		a->given = true;
	}
	hand_out(&j, &a->findings, out);
}
