/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handshakes of OpenSSL's own library between two ends in memory, observed
 * from the side: every protected record must open.
 */
#include "tests/support.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "core/cursor.h"
#include "dissect/tls_decrypt.h"

static bool
open_whole(struct tls_decrypt *d, enum side side, struct slice record,
    struct slice *plain, uint8_t *type)
{
	return tls_decrypt_record(d, side, slice_head(record, 5),
	    slice_from(record, 5), plain, type);
}

enum { KEEP_MOST = 200 };

struct kept {
	enum side side;
	uint8_t *p;
	size_t n;
};

struct observer {
	struct keylog *log;
	struct tls_decrypt *d;
	bool dtls, has_hello, etm, keep;
	uint8_t client_random[32], server_random[32];
	uint16_t version, suite;
	bool ccs[2];
	uint8_t *bytes[2], *handshake[2];
	size_t bytes_n[2], handshake_n[2];
	size_t data[2]; /* application octets seen */
	unsigned records, failed, early, updates;
	struct kept kept[KEEP_MOST]; /* application records, undeciphered */
	size_t kept_n;
};

static void
observer_done(struct observer *o)
{
	tls_decrypt_free(o->d);
	for (int i = 0; i < 2; i++) {
		free(o->bytes[i]);
		free(o->handshake[i]);
	}
	for (size_t i = 0; i < o->kept_n; i++)
		free(o->kept[i].p);
	keylog_free(o->log);
}

static void
grow(uint8_t **p, size_t *n, struct slice more)
{
	*p = realloc(*p, *n + more.n + 1);
	if (more.n > 0)
		memcpy(*p + *n, more.p, more.n);
	*n += more.n;
}

static void
see_extensions(struct observer *o, struct cursor c)
{
	struct cursor list, body;
	uint16_t type;

	if (!cur_vec16(&c, &list))
		return;
	while (cur_u16(&list, &type) && cur_vec16(&list, &body)) {
		if (type == 22)
			o->etm = true;
		if (type == 43)
			assert_true(cur_u16(&body, &o->version));
	}
}

/* RFC 8446 section 4.1.3: the random of a HelloRetryRequest */
static bool
is_retry(const uint8_t random[32])
{
	return random[0] == 0xcf && random[1] == 0x21 && random[2] == 0xad;
}

static void
see_hello(struct observer *o, uint8_t type, struct cursor c)
{
	uint16_t version;
	uint8_t random[32], compression;
	struct cursor session;

	assert_true(cur_u16(&c, &version) && cur_copy(&c, random, 32));
	if (type == 1) {
		memcpy(o->client_random, random, 32);
		return;
	}
	if (is_retry(random)) {
		o->version = 0x0304; /* what is like a CCS is none */
		return;
	}
	memcpy(o->server_random, random, 32);
	o->version = version;
	o->has_hello = true;
	assert_true(cur_vec8(&c, &session) && cur_u16(&c, &o->suite) &&
	    cur_u8(&c, &compression));
	see_extensions(o, c);
	if (o->keep)
		return;
	struct tls_decrypt_setup how = {
		.version = o->version,
		.suite = o->suite,
		.encrypt_then_mac = o->etm,
		.client_random = o->client_random,
		.server_random = o->server_random,
	};

	o->d = tls_decrypt_new(o->log, &how);
	if (o->version == 0x0304)
		assert_non_null(o->d);
}

static void
see_message(struct observer *o, enum side side, uint8_t type)
{
	if (o->version != 0x0304 || o->d == NULL)
		return;
	if (type == 20)
		tls_decrypt_finished(o->d, side);
	if (type == 24) {
		tls_decrypt_key_update(o->d, side);
		o->updates++;
	}
	if (type == 5)
		tls_decrypt_end_of_early_data(o->d);
}

static void
see_handshake(struct observer *o, enum side side, struct slice more)
{
	grow(&o->handshake[side], &o->handshake_n[side], more);
	struct cursor c =
	    cur_of(slice_of(o->handshake[side], o->handshake_n[side]));

	for (;;) {
		struct cursor was = c, body;
		uint8_t type;
		uint32_t length;
		bool ok = cur_u8(&c, &type) && cur_u24(&c, &length) &&
		    (!o->dtls || cur_skip(&c, 8)) && cur_sub(&c, length, &body);

		if (!ok) {
			c = was;
			break;
		}
		if (type == 1 || type == 2)
			see_hello(o, type, body);
		else
			see_message(o, side, type);
	}
	size_t left = cur_left(&c);

	memmove(o->handshake[side],
	    o->handshake[side] + o->handshake_n[side] - left, left);
	o->handshake_n[side] = left;
}

static void
begin_older(struct observer *o)
{
	struct tls_decrypt_setup how = {
		.version = o->version,
		.suite = o->suite,
		.encrypt_then_mac = o->etm,
		.client_random = o->client_random,
		.server_random = o->server_random,
	};

	if (o->d == NULL && !o->keep)
		o->d = tls_decrypt_new(o->log, &how);
}

static void
see_sealed(struct observer *o, enum side side, struct slice header,
    struct slice body)
{
	struct slice plain;
	uint8_t type;

	if (o->keep) {
		struct kept *k = &o->kept[o->kept_n++];

		assert_true(o->kept_n <= KEEP_MOST);
		k->side = side;
		k->p = NULL;
		k->n = 0;
		grow(&k->p, &k->n, header);
		grow(&k->p, &k->n, body);
		return;
	}
	begin_older(o);
	o->records++;
	if (o->d == NULL ||
	    !tls_decrypt_record(o->d, side, header, body, &plain, &type)) {
		o->failed++;
		return;
	}
	if (type == 22 && o->version == 0x0304)
		see_handshake(o, side, plain);
	if (type == 23)
		o->data[side] += plain.n;
}

static void
see_record(struct observer *o, enum side side, struct slice header,
    struct slice body)
{
	uint8_t type = header.p[0];
	bool is_13 = o->version == 0x0304;

	if (type == 20) {
		/* TLS 1.3 clients send one before the ServerHello. */
		if (o->has_hello && !is_13)
			o->ccs[side] = true;
	} else if (is_13 ? type == 23 : o->ccs[side]) {
		see_sealed(o, side, header, body);
	} else if (type == 22) {
		see_handshake(o, side, body);
	} else if (type == 23) {
		o->early++; /* before the ServerHello */
	}
}

static void
observe(struct observer *o, enum side side, struct slice more)
{
	grow(&o->bytes[side], &o->bytes_n[side], more);
	struct cursor c = cur_of(slice_of(o->bytes[side], o->bytes_n[side]));

	for (;;) {
		struct cursor was = c;
		struct slice header, body;
		uint16_t length = 0;
		bool ok = cur_take(&c, o->dtls ? 13 : 5, &header);

		if (ok) {
			struct cursor end =
			    cur_of(slice_from(header, header.n - 2));

			ok = cur_u16(&end, &length) &&
			    cur_take(&c, length, &body);
		}
		if (!ok) {
			c = was;
			break;
		}
		see_record(o, side, header, body);
	}
	size_t left = cur_left(&c);

	memmove(o->bytes[side], o->bytes[side] + o->bytes_n[side] - left, left);
	o->bytes_n[side] = left;
}

struct ends {
	SSL_CTX *ctx[2];
	SSL *client, *server;
	struct observer o;
};

static EVP_PKEY *keys[2];
static X509 *certs[2];

static X509 *
make_cert(EVP_PKEY *key)
{
	X509 *x = X509_new();

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 1000);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
	    (const unsigned char *)"test", -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	X509_set_pubkey(x, key);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	return x;
}

static int
make_keys(void **state)
{
	(void)state;
	keys[0] = EVP_RSA_gen(2048);
	keys[1] = EVP_EC_gen("P-256");
	for (int i = 0; i < 2; i++)
		certs[i] = make_cert(keys[i]);
	return 0;
}

static int
free_keys(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		EVP_PKEY_free(keys[i]);
		X509_free(certs[i]);
	}
	return 0;
}

static void
log_line(const SSL *ssl, const char *line)
{
	keylog_add(SSL_get_app_data(ssl), slice_text(line));
}

static unsigned
psk_client(SSL *ssl, const char *hint, char *identity, unsigned identity_n,
    unsigned char *psk, unsigned psk_n)
{
	(void)ssl;
	(void)hint;
	(void)psk_n;
	snprintf(identity, identity_n, "me");
	memset(psk, 9, 16);
	return 16;
}

static unsigned
psk_server(SSL *ssl, const char *identity, unsigned char *psk, unsigned psk_n)
{
	(void)ssl;
	(void)identity;
	(void)psk_n;
	memset(psk, 9, 16);
	return 16;
}

static void
ends_init(struct ends *e, bool dtls)
{
	memset(e, 0, sizeof(*e));
	e->ctx[0] =
	    SSL_CTX_new(dtls ? DTLS_client_method() : TLS_client_method());
	e->ctx[1] =
	    SSL_CTX_new(dtls ? DTLS_server_method() : TLS_server_method());
	for (int i = 0; i < 2; i++) {
		SSL_CTX_set_security_level(e->ctx[i], 0);
		SSL_CTX_set_keylog_callback(e->ctx[i], log_line);
	}
	SSL_CTX_set_dh_auto(e->ctx[1], 1);
	for (int i = 0; i < 2; i++)
		assert_true(SSL_CTX_use_cert_and_key(e->ctx[1], certs[i],
		    keys[i], NULL, 1));
	e->o.dtls = dtls;
	e->o.log = keylog_new();
}

static void
both(struct ends *e, void (*set)(SSL_CTX *, uint64_t), uint64_t value)
{
	set(e->ctx[0], value);
	set(e->ctx[1], value);
}

static void
set_version(SSL_CTX *ctx, uint64_t version)
{
	assert_true(SSL_CTX_set_min_proto_version(ctx, (int)version));
	assert_true(SSL_CTX_set_max_proto_version(ctx, (int)version));
}

static void
set_options(SSL_CTX *ctx, uint64_t options)
{
	SSL_CTX_set_options(ctx, options);
}

static void
set_block_padding(SSL_CTX *ctx, uint64_t size)
{
	SSL_CTX_set_block_padding(ctx, (size_t)size);
}

static SSL *
end_of(struct ends *e, int i)
{
	SSL *ssl = SSL_new(e->ctx[i]);

	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_app_data(ssl, e->o.log);
	if (e->o.dtls) {
		SSL_set_options(ssl, SSL_OP_NO_QUERY_MTU);
		SSL_set_mtu(ssl, 32 * 1024);
	}
	return ssl;
}

static void
ends_start(struct ends *e)
{
	e->client = end_of(e, 0);
	e->server = end_of(e, 1);
	SSL_set_connect_state(e->client);
	SSL_set_accept_state(e->server);
}

static void
ends_stop(struct ends *e)
{
	SSL_free(e->client);
	SSL_free(e->server);
	e->client = e->server = NULL;
}

static void
ends_done(struct ends *e)
{
	ends_stop(e);
	SSL_CTX_free(e->ctx[0]);
	SSL_CTX_free(e->ctx[1]);
	observer_done(&e->o);
	ERR_clear_error();
}

/* What one end has sent goes past the observer to the other end. */
static bool
carry(struct ends *e, enum side side)
{
	SSL *from = side == TO_SERVER ? e->client : e->server;
	SSL *to = side == TO_SERVER ? e->server : e->client;
	char *p;
	long n = BIO_get_mem_data(SSL_get_wbio(from), &p);

	if (n <= 0)
		return false;
	observe(&e->o, side, slice_of(p, (size_t)n));
	assert_int_equal(BIO_write(SSL_get_rbio(to), p, (int)n), n);
	(void)BIO_reset(SSL_get_wbio(from));
	return true;
}

static bool
shake_hands(struct ends *e)
{
	for (int turn = 0; turn < 20; turn++) {
		int a = SSL_do_handshake(e->client);
		bool moved = carry(e, TO_SERVER);
		int b = SSL_do_handshake(e->server);

		moved |= carry(e, TO_CLIENT);
		if (a == 1 && b == 1 && !moved)
			return true;
		if (!moved)
			return false;
	}
	return false;
}

static size_t
drain(SSL *ssl)
{
	static uint8_t buffer[20000];
	size_t all = 0;
	int n;

	while ((n = SSL_read(ssl, buffer, sizeof(buffer))) > 0)
		all += (size_t)n;
	return all;
}

static void
say(struct ends *e, enum side side, size_t n)
{
	static uint8_t text[16384];
	SSL *from = side == TO_SERVER ? e->client : e->server;
	SSL *to = side == TO_SERVER ? e->server : e->client;

	memset(text, 0x61, sizeof(text));
	assert_int_equal(SSL_write(from, text, (int)n), n);
	carry(e, side);
	assert_int_equal(drain(to), n);
	carry(e, side == TO_SERVER ? TO_CLIENT : TO_SERVER);
}

static void
talk(struct ends *e)
{
	static const size_t sizes[] = { 1, 100, 16384, 15, 16 };

	for (size_t i = 0; i < COUNT(sizes); i++) {
		say(e, TO_SERVER, sizes[i]);
		say(e, TO_CLIENT, sizes[i]);
	}
	SSL_shutdown(e->client);
	carry(e, TO_SERVER);
}

static void
all_was_seen(const struct ends *e)
{
	assert_int_equal(e->o.failed, 0);
	assert_true(e->o.records >= 10);
	for (int i = 0; i < 2; i++)
		assert_int_equal(e->o.data[i], 1 + 100 + 16384 + 15 + 16);
}

struct tally {
	unsigned done, refused;
};

static void
run(struct tally *t, const SSL_CIPHER *c, int version, uint64_t options)
{
	struct ends e;
	bool dtls = version >> 8 == 0xfe;

	ends_init(&e, dtls);
	both(&e, set_version, (uint64_t)version);
	both(&e, set_options, options);
	if (version == TLS1_3_VERSION) {
		SSL_CTX_set_ciphersuites(e.ctx[0], SSL_CIPHER_get_name(c));
		SSL_CTX_set_ciphersuites(e.ctx[1], SSL_CIPHER_get_name(c));
	} else {
		for (int i = 0; i < 2; i++)
			assert_true(SSL_CTX_set_cipher_list(e.ctx[i],
			    SSL_CIPHER_get_name(c)));
		SSL_CTX_set_psk_client_callback(e.ctx[0], psk_client);
		SSL_CTX_set_psk_server_callback(e.ctx[1], psk_server);
	}
	ends_start(&e);
	if (shake_hands(&e)) {
		talk(&e);
		if (e.o.failed > 0)
			print_error("%s in %#x, options %#llx\n",
			    SSL_CIPHER_get_name(c), version,
			    (unsigned long long)options);
		all_was_seen(&e);
		t->done++;
	} else {
		t->refused++;
	}
	ends_done(&e);
}

static bool
can_run(const SSL_CIPHER *c)
{
	int kx = SSL_CIPHER_get_kx_nid(c), auth = SSL_CIPHER_get_auth_nid(c);

	return kx != NID_kx_srp && kx != NID_kx_gost && auth != NID_auth_dss &&
	    auth != NID_auth_gost01 && auth != NID_auth_gost12;
}

static void
run_versions(struct tally *t, const SSL_CIPHER *c)
{
	static const int old[] = { TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION,
		DTLS1_VERSION, DTLS1_2_VERSION };
	const char *least = SSL_CIPHER_get_version(c);
	bool cbc = SSL_CIPHER_is_aead(c) == 0;

	if (strcmp(least, "TLSv1.3") == 0) {
		run(t, c, TLS1_3_VERSION, 0);
		return;
	}
	for (size_t i = 0; i < COUNT(old); i++) {
		bool is_12 =
		    old[i] == TLS1_2_VERSION || old[i] == DTLS1_2_VERSION;

		if (strcmp(least, "TLSv1.2") == 0 && !is_12)
			continue;
		run(t, c, old[i], 0);
		if (cbc) {
			run(t, c, old[i], SSL_OP_NO_ENCRYPT_THEN_MAC);
			run(t, c, old[i],
			    SSL_OP_NO_ENCRYPT_THEN_MAC |
				SSL_OP_NO_EXTENDED_MASTER_SECRET |
				SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS);
		}
	}
}

/* All that this library can do, old versions too. */
static void
every_suite(void **state)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	struct tally t = { 0, 0 };

	(void)state;
	SSL_CTX_set_security_level(ctx, 0);
	assert_true(SSL_CTX_set_cipher_list(ctx, "ALL:COMPLEMENTOFALL"));
	SSL_CTX_set_ciphersuites(ctx,
	    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
	    "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_CCM_SHA256:"
	    "TLS_AES_128_CCM_8_SHA256");
	STACK_OF(SSL_CIPHER) *list = SSL_CTX_get_ciphers(ctx);

	for (int i = 0; i < sk_SSL_CIPHER_num(list); i++) {
		const SSL_CIPHER *c = sk_SSL_CIPHER_value(list, i);

		if (can_run(c))
			run_versions(&t, c);
	}
	SSL_CTX_free(ctx);
	print_message("%u connections, %u combinations refused\n", t.done,
	    t.refused);
	assert_true(t.done > 300);
}

static void
tls13_ends(struct ends *e, const char *suite)
{
	ends_init(e, false);
	both(e, set_version, TLS1_3_VERSION);
	for (int i = 0; i < 2; i++)
		assert_true(SSL_CTX_set_ciphersuites(e->ctx[i], suite));
}

static void
key_update(void **state)
{
	struct ends e;

	(void)state;
	tls13_ends(&e, "TLS_AES_256_GCM_SHA384");
	both(&e, set_block_padding, 512);
	ends_start(&e);
	assert_true(shake_hands(&e));
	for (int i = 0; i < 3; i++) {
		say(&e, TO_SERVER, 10);
		SSL_key_update(e.client, SSL_KEY_UPDATE_REQUESTED);
		say(&e, TO_SERVER, 10);
		say(&e, TO_CLIENT, 10);
		SSL_key_update(e.server, SSL_KEY_UPDATE_NOT_REQUESTED);
		say(&e, TO_CLIENT, 10);
	}
	assert_int_equal(e.o.failed, 0);
	assert_int_equal(e.o.updates, 9);
	assert_int_equal(e.o.data[TO_SERVER], 60);
	assert_int_equal(e.o.data[TO_CLIENT], 60);
	ends_done(&e);
}

static void
hello_retry(void **state)
{
	struct ends e;

	(void)state;
	tls13_ends(&e, "TLS_CHACHA20_POLY1305_SHA256");
	char offered[] = "X25519:P-256", wanted[] = "P-256";

	SSL_CTX_set1_groups_list(e.ctx[0], offered);
	SSL_CTX_set1_groups_list(e.ctx[1], wanted);
	ends_start(&e);
	assert_true(shake_hands(&e));
	talk(&e);
	all_was_seen(&e);
	ends_done(&e);
}

static void
client_certificate(void **state)
{
	struct ends e;

	(void)state;
	tls13_ends(&e, "TLS_AES_128_GCM_SHA256");
	SSL_CTX_use_cert_and_key(e.ctx[0], certs[0], keys[0], NULL, 1);
	SSL_CTX_set_verify(e.ctx[1], SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(e.ctx[1], NULL, NULL);
	ends_start(&e);
	SSL_set_verify(e.server, SSL_VERIFY_PEER, NULL);
	/* The server refuses it: its alert is deciphered all the same. */
	assert_false(shake_hands(&e));
	assert_true(e.o.records >= 6);
	assert_int_equal(e.o.failed, 0);
	ends_done(&e);
}

static SSL_SESSION *session;

static int
keep_session(SSL *ssl, SSL_SESSION *s)
{
	(void)ssl;
	SSL_SESSION_free(session);
	session = s;
	return 1;
}

static void
first_connection(struct ends *e)
{
	tls13_ends(e, "TLS_AES_128_GCM_SHA256");
	SSL_CTX_set_session_cache_mode(e->ctx[0], SSL_SESS_CACHE_CLIENT);
	SSL_CTX_sess_set_new_cb(e->ctx[0], keep_session);
	SSL_CTX_set_max_early_data(e->ctx[1], 16384);
	SSL_CTX_set_options(e->ctx[1], SSL_OP_NO_ANTI_REPLAY);
	ends_start(e);
	assert_true(shake_hands(e));
	drain(e->client);
	assert_non_null(session);
	SSL_set_shutdown(e->client, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_set_shutdown(e->server, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	ends_stop(e);
}

/* The second connection is another one for the observer, too. */
static void
forget(struct observer *o)
{
	struct keylog *log = o->log;

	o->log = NULL;
	observer_done(o);
	memset(o, 0, sizeof(*o));
	o->log = log;
}

static void
early_data(struct ends *e, bool accepted)
{
	uint8_t got[100];
	size_t n = 0;

	forget(&e->o);
	ends_start(e);
	SSL_set_session(e->client, session);
	assert_true(SSL_write_early_data(e->client, "early one", 9, &n));
	carry(e, TO_SERVER);
	int status = SSL_read_early_data(e->server, got, sizeof(got), &n);

	carry(e, TO_CLIENT);
	assert_int_equal(e->o.early, 1); /* came before the ServerHello */
	if (!accepted) {
		assert_int_equal(status, SSL_READ_EARLY_DATA_FINISH);
		/* The server's EncryptedExtensions have said so. */
		tls_decrypt_end_of_early_data(e->o.d);
		/* one under keys that nobody uses any more */
		assert_true(
		    SSL_write_early_data(e->client, "early two", 9, &n));
		carry(e, TO_SERVER);
		assert_int_equal(e->o.failed, 1);
		e->o.failed = 0;
	} else {
		assert_int_equal(status, SSL_READ_EARLY_DATA_SUCCESS);
		assert_true(
		    SSL_write_early_data(e->client, "early two", 9, &n));
		carry(e, TO_SERVER);
		assert_int_equal(e->o.data[TO_SERVER], 9);
		e->o.data[TO_SERVER] = 0;
		while (SSL_read_early_data(e->server, got, sizeof(got), &n) ==
		    SSL_READ_EARLY_DATA_SUCCESS)
			;
	}
	assert_true(shake_hands(e));
	assert_int_equal(SSL_get_early_data_status(e->client),
	    accepted ? SSL_EARLY_DATA_ACCEPTED : SSL_EARLY_DATA_REJECTED);
	talk(e);
	all_was_seen(e);
}

static void
early_data_accepted(void **state)
{
	struct ends e;

	(void)state;
	first_connection(&e);
	early_data(&e, true);
	ends_done(&e);
	SSL_SESSION_free(session);
	session = NULL;
}

static void
early_data_refused(void **state)
{
	struct ends e;

	(void)state;
	first_connection(&e);
	SSL_CTX_set_max_early_data(e.ctx[1], 0);
	early_data(&e, false);
	ends_done(&e);
	SSL_SESSION_free(session);
	session = NULL;
}

static const struct {
	const char *suite;
	int version;
	uint64_t options;
} several[] = {
	{ "TLS_AES_128_GCM_SHA256", TLS1_3_VERSION, 0 },
	{ "TLS_AES_128_CCM_8_SHA256", TLS1_3_VERSION, 0 },
	{ "ECDHE-RSA-AES128-GCM-SHA256", TLS1_2_VERSION, 0 },
	{ "ECDHE-RSA-CHACHA20-POLY1305", TLS1_2_VERSION, 0 },
	{ "AES256-CCM", TLS1_2_VERSION, 0 },
	{ "AES128-SHA256", TLS1_2_VERSION, 0 },
	{ "AES128-SHA256", TLS1_2_VERSION, SSL_OP_NO_ENCRYPT_THEN_MAC },
	{ "AES128-SHA", TLS1_VERSION, 0 },
	{ "AES128-SHA", TLS1_VERSION, SSL_OP_NO_ENCRYPT_THEN_MAC },
};

/* A connection whose sealed records are kept, to be played as we like. */
static void
record_connection(struct ends *e, size_t i, unsigned count)
{
	ends_init(e, false);
	both(e, set_version, (uint64_t)several[i].version);
	both(e, set_options, several[i].options);
	SSL_CTX_set_num_tickets(e->ctx[1], 0);
	for (int j = 0; j < 2; j++) {
		if (several[i].version == TLS1_3_VERSION)
			assert_true(SSL_CTX_set_ciphersuites(e->ctx[j],
			    several[i].suite));
		else
			assert_true(SSL_CTX_set_cipher_list(e->ctx[j],
			    several[i].suite));
	}
	e->o.keep = true;
	ends_start(e);
	assert_true(shake_hands(e));
	for (unsigned j = 0; j < count; j++)
		say(e, TO_CLIENT, 20 + j);
}

static struct tls_decrypt *
play(const struct ends *e)
{
	struct tls_decrypt_setup how = {
		.version = e->o.version,
		.suite = e->o.suite,
		.encrypt_then_mac = e->o.etm,
		.client_random = e->o.client_random,
		.server_random = e->o.server_random,
	};
	struct tls_decrypt *d = tls_decrypt_new(e->o.log, &how);

	assert_non_null(d);
	return d;
}

static bool
play_record(struct tls_decrypt *d, const struct kept *k)
{
	struct slice plain;
	uint8_t type;

	if (!open_whole(d, k->side, slice_of(k->p, k->n), &plain, &type))
		return false;
	if (type == 22 && plain.n > 0 && plain.p[0] == 20)
		tls_decrypt_finished(d, k->side);
	return true;
}

/* Of the server's records all before `from` and after `to` are captured. */
static unsigned
play_with_gap(const struct ends *e, unsigned from, unsigned to)
{
	struct tls_decrypt *d = play(e);
	unsigned at = 0, opened = 0;

	for (size_t i = 0; i < e->o.kept_n; i++) {
		const struct kept *k = &e->o.kept[i];

		if (k->side != TO_CLIENT)
			continue;
		if (at == from)
			tls_decrypt_gap(d, TO_CLIENT);
		if (at < from || at >= to)
			opened += play_record(d, k);
		at++;
	}
	tls_decrypt_free(d);
	return opened;
}

static unsigned
server_records(const struct ends *e)
{
	unsigned n = 0;

	for (size_t i = 0; i < e->o.kept_n; i++)
		n += e->o.kept[i].side == TO_CLIENT;
	return n;
}

static void
gaps(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(several); i++) {
		struct ends e;

		record_connection(&e, i, 40);
		unsigned all = server_records(&e);
		/* The vector of the first after the gap went with it. */
		unsigned cost = several[i].version == TLS1_VERSION ? 1 : 0;
		unsigned most = LIMIT_DECRYPT_RESYNC;

		/* Nothing was lost; but a MAC over ciphertext alone cannot
		 * tell TLS 1.0 that its vector is right. */
		assert_int_equal(play_with_gap(&e, 2, 2),
		    all - (cost && several[i].options == 0));
		for (unsigned lost = 1; lost <= most - cost; lost++)
			assert_int_equal(play_with_gap(&e, 6, 6 + lost),
			    all - lost - cost);
		/* Too far away to be found, however long one waits. */
		assert_int_equal(play_with_gap(&e, 6, 6 + most + 1), 6);
		ends_done(&e);
	}
}

/* The Finished and what follows it are lost. */
static void
gap_over_finished(void **state)
{
	struct ends e;

	(void)state;
	record_connection(&e, 0, 10);
	unsigned all = server_records(&e);

	/* EncryptedExtensions, Certificate, CertificateVerify, Finished */
	assert_int_equal(play_with_gap(&e, 3, 4), all - 1);
	assert_int_equal(play_with_gap(&e, 1, 7), all - 6);
	assert_int_equal(play_with_gap(&e, 0, 4), all - 4);
	ends_done(&e);
}

/* One bit anywhere, and nothing is given out; the record itself then opens. */
static void
damage(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(several); i++) {
		struct ends e;

		record_connection(&e, i, 3);
		struct tls_decrypt *d = play(&e);

		for (size_t j = 0; j < e.o.kept_n; j++) {
			const struct kept *k = &e.o.kept[j];

			/* version (but TLS 1.3's), then all of the body */
			for (size_t at = 5; at < k->n; at++) {
				k->p[at] ^= 0x10;
				assert_false(play_record(d, k));
				k->p[at] ^= 0x10;
			}
			k->p[1] ^= 1;
			assert_false(play_record(d, k));
			k->p[1] ^= 1;
			assert_true(play_record(d, k));
		}
		tls_decrypt_free(d);
		ends_done(&e);
	}
}

static void
other_keys(void **state)
{
	struct ends e, other;

	(void)state;
	record_connection(&e, 2, 3);
	record_connection(&other, 2, 3);
	/* Its key log does not know the first connection. */
	struct keylog *log = e.o.log;

	e.o.log = other.o.log;
	struct tls_decrypt_setup how = {
		.version = e.o.version,
		.suite = e.o.suite,
		.client_random = e.o.client_random,
		.server_random = e.o.server_random,
	};

	assert_null(tls_decrypt_new(e.o.log, &how));
	/* The right secret and a wrong server random are wrong keys. */
	how.client_random = other.o.client_random;
	struct tls_decrypt *d = tls_decrypt_new(other.o.log, &how);

	assert_non_null(d);
	for (size_t i = 0; i < other.o.kept_n; i++)
		assert_false(play_record(d, &other.o.kept[i]));
	tls_decrypt_free(d);
	e.o.log = log;
	ends_done(&e);
	ends_done(&other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_suite),
		cmocka_unit_test(key_update),
		cmocka_unit_test(hello_retry),
		cmocka_unit_test(client_certificate),
		cmocka_unit_test(early_data_accepted),
		cmocka_unit_test(early_data_refused),
		cmocka_unit_test(gaps),
		cmocka_unit_test(gap_over_finished),
		cmocka_unit_test(damage),
		cmocka_unit_test(other_keys),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
