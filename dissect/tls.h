/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls.h - what the tls_*.c, tls.c, dtls.c and pseudo_tls.c share, and nobody
 * else.
 *
 * A handshake (struct tls_shake) is fed whole messages, wherever they came
 * from: clear records, decrypted ones, or fragments of datagrams.
 */
#ifndef DISSECT_TLS_H
#define DISSECT_TLS_H

#include "core/cursor.h"
#include "dissect/dissect.h"
#include "dissect/tls_decrypt.h"
#include "dissect/tls_ja.h"
#include "dissect/tls_names.h"

/* Content types: RFC 8446 5.1, RFC 6520, RFC 9146, RFC 9147 4. */
enum tls_content {
	CONTENT_CCS = 20,
	CONTENT_ALERT = 21,
	CONTENT_HANDSHAKE = 22,
	CONTENT_DATA = 23,
	CONTENT_HEARTBEAT = 24,
	CONTENT_CID = 25,
	CONTENT_ACK = 26
};

enum tls_message_type {
	MESSAGE_HELLO_REQUEST = 0,
	MESSAGE_CLIENT_HELLO = 1,
	MESSAGE_SERVER_HELLO = 2,
	MESSAGE_VERIFY_REQUEST = 3,
	MESSAGE_TICKET = 4,
	MESSAGE_END_OF_EARLY_DATA = 5,
	MESSAGE_EXTENSIONS = 8,
	MESSAGE_CERTIFICATE = 11,
	MESSAGE_SERVER_KEY = 12,
	MESSAGE_CERTIFICATE_REQUEST = 13,
	MESSAGE_SERVER_DONE = 14,
	MESSAGE_CERTIFICATE_VERIFY = 15,
	MESSAGE_CLIENT_KEY = 16,
	MESSAGE_FINISHED = 20,
	MESSAGE_KEY_UPDATE = 24,
	MESSAGE_COMPRESSED_CERTIFICATE = 25
};

enum {
	TLS_1_2 = 0x0303,
	TLS_1_3 = 0x0304,
	DTLS_1_2 = 0xfefd,
	DTLS_1_3 = 0xfefc,
	TLS_RECORD_HEADER = 5,
	DTLS_RECORD_HEADER = 13,
	TLS_RECORD_MOST = 16384 + 2048, /* RFC 5246 6.2.3 */
	TLS_EXTENSIONS_MOST = 96,
	TLS_RANDOM = 32
};

enum tls_hello_kind { HELLO_CLIENT, HELLO_SERVER, HELLO_ENCRYPTED };

/* A hello taken apart; everything is lent by the message. */
struct tls_hello {
	uint16_t version; /* legacy_version */
	bool datagram;
	bool retry;
	struct slice random, session_id, suites, compression;
	uint16_t suite; /* server */
	uint8_t compressed;
	uint16_t extensions[TLS_EXTENSIONS_MOST];
	unsigned extension_count;
	/* from extensions; p == NULL: not there */
	struct slice sni, groups, points, schemes, versions, alpn, srtp;
	struct slice ticket, identities;
	uint16_t chosen_version; /* supported_versions of a server */
	uint16_t key_group;      /* key_share of a server */
	bool has_sni, early_data, post_auth, alps, psk;
	bool extended_master, encrypt_then_mac;
};

/* What the record layer must do after the record at hand. */
enum tls_rekey {
	REKEY_FINISHED = 1 << 0,
	REKEY_UPDATE = 1 << 1,
	REKEY_END_EARLY = 1 << 2
};

struct tls_shake {
	enum side client; /* who plays the client */
	uint16_t version; /* chosen; 0: not known */
	uint16_t suite;
	bool null_suite; /* it does not encrypt */
	bool datagram;
	bool has_client, has_server; /* hellos seen; a retry is no hello */
	bool retried;
	bool offers_13;
	bool encrypt_then_mac;
	bool has_server_key; /* ServerKeyExchange or ClientKeyExchange seen */
	bool finished[2];    /* decrypted Finished, by side */
	bool renewed;        /* decrypted hello: other keys are coming */
	unsigned rekey;      /* enum tls_rekey */
	uint8_t client_random[TLS_RANDOM], server_random[TLS_RANDOM];
	uint16_t record_version;
};

struct tls_message {
	uint8_t type;
	enum side side;
	bool decrypted;
	struct slice body;
};

static inline bool
tls_is_13(const struct tls_shake *h)
{
	return h->version == TLS_1_3 || h->version == DTLS_1_3;
}

/* tls_ext.c: the extensions block of a hello; false if it contradicts RFC 8446
 * 4.2 (what was read before stays). */
bool tls_extensions(struct cursor c, enum tls_hello_kind kind,
    struct tls_hello *h) MUST_CHECK;

/* tls_hello.c */
bool tls_parse_client_hello(struct slice body, bool datagram,
    struct tls_hello *h) MUST_CHECK;
bool tls_parse_server_hello(struct slice body, bool datagram,
    struct tls_hello *h) MUST_CHECK;
void tls_client_hello(struct session *s, struct tls_shake *h,
    const struct tls_message *m);
void tls_server_hello(struct session *s, struct tls_shake *h,
    const struct tls_message *m);
void tls_encrypted_extensions(struct session *s, struct tls_shake *h,
    const struct tls_message *m);
/* SSL 2.0 form, RFC 5246 E.2: what follows the two length octets. */
bool tls_parse_ssl2_hello(struct slice body, struct tls_hello *h,
    uint8_t suites[LIMIT_TEXT]) MUST_CHECK;
void tls_learn_hello(struct session *s, struct tls_shake *h,
    const struct tls_hello *hello);

/* tls_cert.c */
void tls_certificate(struct session *s, struct tls_shake *h,
    const struct tls_message *m);
void tls_certificate_request(struct session *s, struct tls_shake *h,
    const struct tls_message *m);
void tls_certificate_verify(struct session *s, struct tls_shake *h,
    const struct tls_message *m);

/* tls_steps.c */
void tls_message(struct session *s, struct tls_shake *h,
    const struct tls_message *m);
void tls_alerts(struct session *s, const struct tls_shake *h, enum side side,
    struct slice body);
/* The size of a message above which it is passed over. */
size_t tls_message_most(uint8_t type);
/* NULL without key log, hellos or secrets. */
struct tls_decrypt *tls_shake_decrypt(const struct session *s,
    const struct tls_shake *h);
/* Suite that authenticates but does not encrypt: the contents of a record
 * after encryption began. False if it is not one. */
bool tls_null_contents(const struct tls_shake *h, struct slice body,
    struct slice *plain, uint8_t *type);

/* Messages out of a stream of handshake records. */
struct tls_gather {
	uint8_t *p; /* heap */
	size_t n, room;
	uint64_t skip; /* of a message that is too large */
};
struct tls_flight {
	struct session *session;
	struct tls_shake *shake;
	enum side side;
	bool decrypted;
};
void tls_gather(struct tls_gather *g, const struct tls_flight *f,
    struct slice in);
void tls_gather_drop(struct tls_gather *g);

/* tls_probe.c: RFC 8446 5.1, with what older versions allow. */
struct tls_record {
	uint8_t type;
	uint16_t version;
	uint16_t length;
};
bool tls_record_header(struct cursor *c, struct tls_record *r) MUST_CHECK;
/* Whole messages of known types and nothing else: the start of a record that
 * is not encrypted and not in the middle of a message. */
bool tls_messages_fit(struct slice body);
/* SSL 2.0 form; the length of the record without its header, 0 if it is not. */
size_t tls_ssl2_record(struct slice bytes);
/* The body of a handshake record: does a hello begin here? */
enum probe tls_probe_hello(struct cursor c);
/* The same of a stream's first records, however small they are. */
enum probe tls_probe_first(struct slice bytes);
enum probe tls_probe(const struct sniff *s);

/* tls_ja.c: the hello as FACT_TLS_OFFERED_FORM wants it, beside the facts
 * of its lists. */
enum { TLS_FORM_MOST = 4 + 3 * 256 };
size_t tls_form_write(const struct tls_hello *h, uint8_t to[TLS_FORM_MOST]);
void tls_ja3(const struct tls_hello *h, char out[JA3_TEXT]);
void tls_ja4(const struct tls_hello *h, char out[JA4_TEXT]);

/* pseudo_tls.c: MORE while the bytes may still become a pseudo hello. */
enum probe tls_pseudo_hello(struct slice bytes);

#endif
