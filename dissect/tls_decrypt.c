/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_decrypt.c - which keys and which record number a record was sealed with.
 *
 * Spec: RFC 8446 sections 5.3, 7.2, 4.2.10; RFC 5246 section 6.1; RFC 6347
 * section 4.1.
 *
 * Of TLS 1.3 a direction has up to three stages of keys. A record is tried
 * with the present one and then with those that may follow, because the
 * Finished between them can be lost; what opens decides.
 */
#include "dissect/tls_decrypt.h"

#include <stdlib.h>

#include <openssl/crypto.h>

#include "core/cursor.h"
#include "dissect/tls_decrypt_open.h"

enum stage { STAGE_EARLY, STAGE_HANDSHAKE, STAGE_TRAFFIC, STAGES };
enum { TLS13 = 0x0304, DTLS_MAJOR = 0xfe };

struct epoch {
	struct tls_opener *opener; /* NULL: no secret (yet) */
	uint64_t next;             /* record number */
	unsigned window;           /* numbers beyond it that may come */
	uint8_t secret[TLS_MAC_MOST];
};

struct half {
	struct epoch epoch[STAGES];
	enum stage stage; /* the earliest that is still possible */
};

struct tls_decrypt {
	const struct keylog *log;
	struct tls_params how;
	uint16_t version;
	bool etm;
	uint8_t random[KEYLOG_RANDOM];
	struct half half[2]; /* by enum side */
	uint8_t *out;
	size_t out_room;
};

static const enum keylog_label labels[2][STAGES] = {
	[TO_SERVER] = { KEYLOG_CLIENT_EARLY, KEYLOG_CLIENT_HANDSHAKE,
	    KEYLOG_CLIENT_TRAFFIC },
	/* a server has no early stage and begins after it */
	[TO_CLIENT] = { KEYLOG_LABELS, KEYLOG_SERVER_HANDSHAKE,
	    KEYLOG_SERVER_TRAFFIC },
};

static bool
begin_epoch(struct tls_decrypt *d, struct epoch *e)
{
	struct tls_keys keys;

	if (tls13_keys(&d->how, e->secret, &keys))
		e->opener = tls_opener_new(d->version, false, &d->how, &keys);
	OPENSSL_cleanse(&keys, sizeof(keys));
	return e->opener != NULL;
}

/* Asked again for each record: a live key log may be behind the packets. */
static bool
have_epoch(struct tls_decrypt *d, enum side side, enum stage stage)
{
	struct epoch *e = &d->half[side].epoch[stage];

	if (e->opener != NULL)
		return true;
	return d->version == TLS13 &&
	    keylog_find(d->log, d->random, labels[side][stage], e->secret) ==
	    d->how.hash_n &&
	    begin_epoch(d, e);
}

static bool
begin_tls13(struct tls_decrypt *d)
{
	bool any = false;

	for (int side = TO_SERVER; side <= TO_CLIENT; side++) {
		d->half[side].stage =
		    side == TO_SERVER ? STAGE_EARLY : STAGE_HANDSHAKE;
		for (int i = (int)d->half[side].stage; i < STAGES; i++)
			any |= have_epoch(d, (enum side)side, (enum stage)i);
	}
	/* Early data came before the ServerHello: how much is not known. */
	d->half[TO_SERVER].epoch[STAGE_EARLY].window = LIMIT_DECRYPT_RESYNC;
	return any;
}

static bool
begin_older(struct tls_decrypt *d, const struct tls_decrypt_setup *how)
{
	uint8_t master[KEYLOG_SECRET_MOST];
	struct tls_keys keys[2];
	bool ok = keylog_find(d->log, d->random, KEYLOG_MASTER, master) ==
		TLS_MASTER_SIZE &&
	    tls_key_block(&d->how, master, d->random, how->server_random, keys);

	for (int side = TO_SERVER; ok && side <= TO_CLIENT; side++) {
		struct half *h = &d->half[side];

		h->stage = STAGE_TRAFFIC;
		h->epoch[STAGE_TRAFFIC].opener =
		    tls_opener_new(d->version, d->etm, &d->how, &keys[side]);
		ok = h->epoch[STAGE_TRAFFIC].opener != NULL;
	}
	OPENSSL_cleanse(master, sizeof(master));
	OPENSSL_cleanse(keys, sizeof(keys));
	return ok;
}

struct tls_decrypt *
tls_decrypt_new(const struct keylog *k, const struct tls_decrypt_setup *how)
{
	struct tls_params p;

	if (!tls_params_of(how->version, how->suite, &p))
		return NULL;
	struct tls_decrypt *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->log = k;
	d->how = p;
	d->version = how->version;
	d->etm = how->encrypt_then_mac;
	memcpy(d->random, how->client_random, sizeof(d->random));
	if (!(d->version == TLS13 ? begin_tls13(d) : begin_older(d, how))) {
		tls_decrypt_free(d);
		return NULL;
	}
	return d;
}

void
tls_decrypt_free(struct tls_decrypt *d)
{
	if (d == NULL)
		return;
	for (int side = TO_SERVER; side <= TO_CLIENT; side++) {
		for (int i = 0; i < STAGES; i++)
			tls_opener_free(d->half[side].epoch[i].opener);
	}
	if (d->out != NULL)
		OPENSSL_cleanse(d->out, d->out_room);
	free(d->out);
	OPENSSL_cleanse(d, sizeof(*d));
	free(d);
}

static bool
make_room(struct tls_decrypt *d, size_t n)
{
	if (n <= d->out_room && d->out != NULL)
		return true;
	uint8_t *p = malloc(n > 0 ? n : 1);

	if (p == NULL)
		return false;
	if (d->out != NULL)
		OPENSSL_cleanse(d->out, d->out_room);
	free(d->out);
	d->out = p;
	d->out_room = n;
	return true;
}

/* RFC 5246 section 6.2.1, RFC 6347 section 4.1. */
static bool
parse_header(const struct tls_decrypt *d, struct tls_sealed *s)
{
	struct cursor c = cur_of(s->header);

	return cur_u8(&c, &s->type) && cur_u16(&c, &s->version) &&
	    (d->version >> 8 != DTLS_MAJOR || cur_u64(&c, &s->number)) &&
	    cur_skip(&c, 2) && cur_left(&c) == 0;
}

/* Tries the numbers that can be meant. */
static bool
open_in(struct tls_decrypt *d, struct epoch *e, struct tls_sealed *s, size_t *n)
{
	for (unsigned i = 0; i <= e->window; i++) {
		s->number = e->next + i;
		if (tls_open(e->opener, s, d->out, n)) {
			e->next = s->number + 1;
			e->window = 0;
			return true;
		}
	}
	if (e->window > 0) {
		/* This one had a number, too. After so many the place is lost
		 * for good, and trying on would only cost. */
		if (++e->window > 2 * LIMIT_DECRYPT_RESYNC)
			e->window = 0;
		tls_opener_pass(e->opener, s->body);
	}
	return false;
}

static bool
open_record(struct tls_decrypt *d, enum side side, struct tls_sealed *s,
    size_t *n)
{
	struct half *h = &d->half[side];

	if (d->version >> 8 == DTLS_MAJOR)
		return tls_open(h->epoch[STAGE_TRAFFIC].opener, s, d->out, n);
	for (int i = (int)h->stage; i < STAGES; i++) {
		if (have_epoch(d, side, (enum stage)i) &&
		    open_in(d, &h->epoch[i], s, n)) {
			h->stage = (enum stage)i;
			return true;
		}
	}
	return false;
}

/* RFC 8446 section 5.4: zeros, before them the type, before it the contents. */
static uint8_t
strip_inner(const uint8_t *p, size_t *n)
{
	while (*n > 0) {
		uint8_t last = p[--*n];

		if (last != 0)
			return last;
	}
	return 0;
}

bool
tls_decrypt_record(struct tls_decrypt *d, enum side side, struct slice header,
    struct slice body, struct slice *plain, uint8_t *type)
{
	struct tls_sealed s = { .header = header, .body = body };
	size_t n = 0;

	if (!parse_header(d, &s) || body.n > UINT16_MAX ||
	    !make_room(d, body.n) || !open_record(d, side, &s, &n))
		return false;
	*type = s.type;
	if (d->version == TLS13)
		*type = strip_inner(d->out, &n);
	*plain = slice_of(d->out, n);
	return true;
}

static void
reach(struct tls_decrypt *d, enum side side, enum stage stage)
{
	if (d->version == TLS13 && d->half[side].stage < stage)
		d->half[side].stage = stage;
}

void
tls_decrypt_finished(struct tls_decrypt *d, enum side side)
{
	reach(d, side, STAGE_TRAFFIC);
}

void
tls_decrypt_end_of_early_data(struct tls_decrypt *d)
{
	reach(d, TO_SERVER, STAGE_HANDSHAKE);
}

void
tls_decrypt_key_update(struct tls_decrypt *d, enum side side)
{
	struct epoch *e = &d->half[side].epoch[STAGE_TRAFFIC];

	if (d->version != TLS13 || e->opener == NULL)
		return;
	tls_opener_free(e->opener);
	e->opener = NULL;
	e->next = 0;
	e->window = 0;
	if (tls13_update(&d->how, e->secret))
		(void)begin_epoch(d, e);
}

void
tls_decrypt_gap(struct tls_decrypt *d, enum side side)
{
	struct half *h = &d->half[side];

	for (int i = (int)h->stage; i < STAGES; i++) {
		h->epoch[i].window = LIMIT_DECRYPT_RESYNC;
		if (h->epoch[i].opener != NULL)
			tls_opener_gap(h->epoch[i].opener);
	}
}
