/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_hello.c - ClientHello, ServerHello, HelloRetryRequest and
 * EncryptedExtensions.
 *
 * Spec: RFC 8446 4.1.2, 4.1.3, 4.1.4, 4.3.1; RFC 5246 7.4.1, E.2; RFC 6347
 * 4.2.1.
 * Learns: TLS_CLIENT_*, TLS_OFFERED_*, TLS_SNI, TLS_RETRY, TLS_SERVER_*,
 * TLS_VERSION, TLS_SUITE, TLS_COMPRESSION, TLS_GROUP, TLS_ALPN,
 * TLS_PSK_CHOSEN, TLS_SRTP_*.
 */
#include "core/digest.h"
#include "dissect/tls.h"

enum { IDENTITIES_MOST = 4, ALPN_MOST = 16 };

/* RFC 8446 4.1.3: the random of a HelloRetryRequest is SHA-256 of its name. */
static const uint8_t retry_random[TLS_RANDOM] = {
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, /* */
	0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, /* */
	0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, /* */
	0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c, /* */
};

static bool
version_is_sane(uint16_t v, bool datagram)
{
	if (datagram)
		return v >> 8 == 0xfe || v == 0x0100;
	return v >> 8 == 3 || v >> 8 == 0x7f;
}

static bool
take_extensions(struct cursor *c, enum tls_hello_kind kind, struct tls_hello *h)
{
	struct cursor block;

	if (cur_left(c) == 0) /* SSL 3.0 and old TLS: none at all */
		return true;
	return cur_vec16(c, &block) && tls_extensions(block, kind, h);
}

/* RFC 8446 4.1.2; RFC 6347 4.2.1 puts a cookie behind the session id. */
bool
tls_parse_client_hello(struct slice body, bool datagram, struct tls_hello *h)
{
	struct cursor c = cur_of(body), id, cookie, suites, compression;

	*h = (struct tls_hello){ .datagram = datagram };
	if (!cur_u16(&c, &h->version) || !version_is_sane(h->version, datagram))
		return false;
	if (!cur_take(&c, TLS_RANDOM, &h->random) || !cur_vec8(&c, &id))
		return false;
	if (datagram && !cur_vec8(&c, &cookie))
		return false;
	if (!cur_vec16(&c, &suites) || !cur_vec8(&c, &compression))
		return false;
	h->session_id = cur_rest(&id);
	h->suites = cur_rest(&suites);
	h->compression = cur_rest(&compression);
	return h->session_id.n <= 32 && h->suites.n % 2 == 0 &&
	    take_extensions(&c, HELLO_CLIENT, h);
}

/* RFC 8446 4.1.3; drafts of TLS 1.3 below 22 have no session id. */
bool
tls_parse_server_hello(struct slice body, bool datagram, struct tls_hello *h)
{
	struct cursor c = cur_of(body), id;

	*h = (struct tls_hello){ .datagram = datagram };
	if (!cur_u16(&c, &h->version) || !version_is_sane(h->version, datagram))
		return false;
	if (!cur_take(&c, TLS_RANDOM, &h->random))
		return false;
	if (h->version >> 8 == 0x7f)
		return cur_u16(&c, &h->suite) &&
		    take_extensions(&c, HELLO_SERVER, h);
	if (!cur_vec8(&c, &id) || !cur_u16(&c, &h->suite) ||
	    !cur_u8(&c, &h->compressed))
		return false;
	h->session_id = cur_rest(&id);
	h->retry = memcmp(h->random.p, retry_random, TLS_RANDOM) == 0;
	return h->session_id.n <= 32 && take_extensions(&c, HELLO_SERVER, h);
}

/* RFC 5246 E.2. Suites above 0xffff are those of SSL 2.0 itself. */
bool
tls_parse_ssl2_hello(struct slice body, struct tls_hello *h,
    uint8_t suites[LIMIT_TEXT])
{
	struct cursor c = cur_of(body), list;
	uint16_t suite_size, id_size, challenge_size;
	uint8_t type, top;
	size_t n = 0;

	*h = (struct tls_hello){ .datagram = false };
	if (!cur_u8(&c, &type) || type != MESSAGE_CLIENT_HELLO ||
	    !cur_u16(&c, &h->version) || !cur_u16(&c, &suite_size) ||
	    !cur_u16(&c, &id_size) || !cur_u16(&c, &challenge_size))
		return false;
	if (h->version != 0x0002 && h->version >> 8 != 3)
		return false;
	if (suite_size % 3 != 0 || suite_size == 0 ||
	    (id_size != 0 && id_size != 16) || challenge_size < 16 ||
	    challenge_size > 32)
		return false;
	if (!cur_sub(&c, suite_size, &list) ||
	    !cur_take(&c, id_size, &h->session_id) ||
	    !cur_take(&c, challenge_size, &h->random) || cur_left(&c) != 0)
		return false;
	while (cur_left(&list) > 0) {
		struct slice two;

		if (!cur_u8(&list, &top) || !cur_take(&list, 2, &two))
			return false;
		if (top != 0 || n + 2 > LIMIT_TEXT)
			continue;
		memcpy(suites + n, two.p, 2);
		n += 2;
	}
	h->suites = slice_of(suites, n);
	return true;
}

/* Highest version offered: of the extension where there is one. DTLS counts
 * downwards. */
static uint16_t
highest_version(const struct tls_hello *h)
{
	struct cursor c = cur_of(h->versions);
	uint16_t best = 0, v;

	if (h->versions.p == NULL)
		return h->version;
	while (cur_left(&c) > 0) {
		if (!cur_u16(&c, &v))
			break;
		if (tls_is_grease(v))
			continue;
		v = tls_version_final(v);
		if (best == 0 || (h->datagram ? v < best : v > best))
			best = v;
	}
	return best ? best : h->version;
}

static void
learn_list(struct session *s, enum fact f, struct slice list)
{
	if (list.n > 0)
		learn_bytes(s, f, list.p, list.n);
}

static void
learn_digest(struct session *s, enum fact digest, enum fact size,
    struct slice what)
{
	uint8_t sum[64];

	if (digest_of(DIGEST_SHA256, what, sum) != SHA256_SIZE)
		return;
	learn_bytes(s, digest, sum, SHA256_SIZE);
	learn_number(s, size, what.n);
}

static void
learn_extension_types(struct session *s, const struct tls_hello *h)
{
	uint8_t types[2 * TLS_EXTENSIONS_MOST];
	size_t n = 0;

	for (unsigned i = 0; i < h->extension_count; i++) {
		types[n++] = (uint8_t)(h->extensions[i] >> 8);
		types[n++] = (uint8_t)h->extensions[i];
	}
	if (n > 0)
		learn_bytes(s, FACT_TLS_OFFERED_EXTENSIONS, types, n);
}

static void
learn_alpn(struct session *s, enum fact f, struct slice list)
{
	struct cursor c = cur_of(list), name;

	for (unsigned i = 0; i < ALPN_MOST && cur_left(&c) > 0; i++) {
		if (!cur_vec8(&c, &name))
			return;
		learn_text_once(s, f, cur_rest(&name));
	}
}

/* RFC 8446 4.2.11 */
static void
learn_identities(struct session *s, struct slice list)
{
	struct cursor c = cur_of(list), identity;
	uint32_t age;

	for (unsigned i = 0; i < IDENTITIES_MOST && cur_left(&c) > 0; i++) {
		if (!cur_vec16(&c, &identity) || !cur_u32(&c, &age))
			return;
		learn_digest(s, FACT_TLS_OFFERED_TICKET,
		    FACT_TLS_OFFERED_TICKET_SIZE, cur_rest(&identity));
	}
}

static void
learn_flags(struct session *s, const struct tls_hello *h)
{
	const struct {
		bool is;
		enum fact fact;
	} flags[] = {
		{ h->early_data, FACT_TLS_OFFERED_EARLY_DATA },
		{ h->post_auth, FACT_TLS_OFFERED_POST_AUTH },
		{ h->alps, FACT_TLS_OFFERED_ALPS },
		{ h->psk, FACT_TLS_OFFERED_PSK },
	};

	for (size_t i = 0; i < COUNT(flags); i++) {
		if (flags[i].is)
			learn_number(s, flags[i].fact, 1);
	}
}

/* Once per connection: a second hello (after a retry or a cookie) is the same
 * client. */
static void
learn_form(struct session *s, const struct tls_hello *hello)
{
	uint8_t form[TLS_FORM_MOST];

	if (hello->compression.n > 0) /* SSL 2.0 form has no fingerprint */
		learn_bytes(s, FACT_TLS_OFFERED_FORM, form,
		    tls_form_write(hello, form));
}

static void
keep_random(uint8_t to[TLS_RANDOM], struct slice random)
{
	/* A challenge of SSL 2.0 form stands at the end, zeroes before it. */
	memset(to, 0, TLS_RANDOM);
	memcpy(to + TLS_RANDOM - random.n, random.p, random.n);
}

void
tls_learn_hello(struct session *s, struct tls_shake *h,
    const struct tls_hello *hello)
{
	uint16_t version = highest_version(hello);

	h->offers_13 = version == TLS_1_3 || version == DTLS_1_3;
	if (!h->has_client) {
		if (h->record_version != 0)
			learn_number_once(s, FACT_TLS_RECORD_VERSION,
			    h->record_version);
		learn_form(s, hello);
		keep_random(h->client_random, hello->random);
		learn_bytes(s, FACT_TLS_CLIENT_RANDOM, h->client_random,
		    TLS_RANDOM);
	}
	h->has_client = true;
	learn_number(s, FACT_TLS_CLIENT_HELLO, hello->suites.n / 2);
	learn_number(s, FACT_TLS_CLIENT_VERSION, version);
	learn_list(s, FACT_TLS_OFFERED_SUITES, hello->suites);
	learn_list(s, FACT_TLS_OFFERED_GROUPS, hello->groups);
	learn_list(s, FACT_TLS_OFFERED_SCHEMES, hello->schemes);
	learn_list(s, FACT_TLS_SRTP_OFFERED, hello->srtp);
	learn_extension_types(s, hello);
	if (hello->sni.n > 0)
		learn_text_once(s, FACT_TLS_SNI, hello->sni);
	learn_alpn(s, FACT_TLS_OFFERED_ALPN, hello->alpn);
	learn_list(s, FACT_TLS_CLIENT_SESSION_ID, hello->session_id);
	if (hello->ticket.n > 0)
		learn_digest(s, FACT_TLS_OFFERED_TICKET,
		    FACT_TLS_OFFERED_TICKET_SIZE, hello->ticket);
	learn_identities(s, hello->identities);
	learn_flags(s, hello);
}

void
tls_client_hello(struct session *s, struct tls_shake *h,
    const struct tls_message *m)
{
	struct tls_hello hello;

	if (!tls_parse_client_hello(m->body, h->datagram, &hello))
		return;
	h->client = m->side;
	tls_learn_hello(s, h, &hello);
	/* Renegotiation has its own randoms (RFC 5246 7.4.1.2). */
	if (m->decrypted) {
		keep_random(h->client_random, hello.random);
		h->has_server = false;
		h->renewed = true;
	}
}

static void
learn_chosen(struct session *s, struct tls_shake *h,
    const struct tls_hello *hello)
{
	learn_number(s, FACT_TLS_SERVER_HELLO, 1);
	learn_number(s, FACT_TLS_VERSION, h->version);
	learn_number(s, FACT_TLS_SUITE, h->suite);
	learn_number(s, FACT_TLS_COMPRESSION, hello->compressed);
	learn_list(s, FACT_TLS_SERVER_SESSION_ID, hello->session_id);
	if (hello->key_group != 0)
		learn_number(s, FACT_TLS_GROUP, hello->key_group);
	if (hello->psk)
		learn_number(s, FACT_TLS_PSK_CHOSEN, 1);
	if (hello->extended_master)
		learn_number(s, FACT_TLS_EXTENDED_MASTER_SECRET, 1);
	if (hello->encrypt_then_mac)
		learn_number(s, FACT_TLS_ENCRYPT_THEN_MAC, 1);
	learn_alpn(s, FACT_TLS_ALPN, hello->alpn);
}

static void
learn_srtp_profile(struct session *s, struct slice list)
{
	struct cursor c = cur_of(list);
	uint16_t profile;

	if (cur_u16(&c, &profile))
		learn_number(s, FACT_TLS_SRTP_PROFILE, profile);
}

void
tls_server_hello(struct session *s, struct tls_shake *h,
    const struct tls_message *m)
{
	struct tls_hello hello;

	if (!tls_parse_server_hello(m->body, h->datagram, &hello))
		return;
	const struct tls_suite *suite = tls_suite_of(hello.suite);

	if (!h->has_client)
		h->client = (enum side) !m->side;
	h->version = tls_version_final(
	    hello.chosen_version ? hello.chosen_version : hello.version);
	h->suite = hello.suite;
	h->null_suite = suite != NULL && (suite->flags & SUITE_NULL) != 0;
	if (h->record_version != 0)
		learn_number_once(s, FACT_TLS_RECORD_VERSION,
		    h->record_version);
	if (hello.retry) {
		h->retried = true;
		learn_number(s, FACT_TLS_RETRY, hello.key_group);
		return;
	}
	h->has_server = true;
	h->encrypt_then_mac = hello.encrypt_then_mac;
	keep_random(h->server_random, hello.random);
	learn_chosen(s, h, &hello);
	learn_srtp_profile(s, hello.srtp);
}

void
tls_encrypted_extensions(struct session *s, struct tls_shake *h,
    const struct tls_message *m)
{
	struct tls_hello hello = { .datagram = h->datagram };
	struct cursor c = cur_of(m->body), block;

	if (!m->decrypted || !cur_vec16(&c, &block) ||
	    !tls_extensions(block, HELLO_ENCRYPTED, &hello))
		return;
	learn_alpn(s, FACT_TLS_ALPN, hello.alpn);
	learn_srtp_profile(s, hello.srtp);
}
