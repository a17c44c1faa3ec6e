/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_talk.h - records and handshake messages for tests, written as the RFC
 * has them: a struct buf grows, lengths are put in afterwards.
 */
#ifndef TESTS_TLS_TALK_H
#define TESTS_TLS_TALK_H

#include "tests/talk.h"

static inline void
put(struct buf *b, unsigned size, uint32_t v)
{
	while (size-- > 0)
		buf_char(b, (char)(v >> 8 * size));
}

static inline void
put_fill(struct buf *b, uint8_t byte, size_t n)
{
	while (n-- > 0)
		put(b, 1, byte);
}

/* A length of `size` octets stands at `at`; everything behind it counts. */
static inline void
put_length(struct buf *b, size_t at, unsigned size)
{
	size_t n = b->n - at - size;

	for (unsigned i = 0; i < size; i++)
		b->p[at + i] = (char)(n >> 8 * (size - 1 - i));
}

static inline size_t
open_block(struct buf *b, unsigned size)
{
	size_t at = b->n;

	put(b, size, 0);
	return at;
}

static inline size_t
open_message(struct buf *b, uint8_t type)
{
	put(b, 1, type);
	return open_block(b, 3);
}

static inline void
put_record(struct buf *b, uint8_t type, uint16_t version, struct slice body)
{
	put(b, 1, type);
	put(b, 2, version);
	put(b, 2, (uint32_t)body.n);
	buf_add(b, body.p, body.n);
}

static inline void
put_opaque_record(struct buf *b, uint8_t type, size_t n)
{
	put(b, 1, type);
	put(b, 2, 0x0303);
	put(b, 2, (uint32_t)n);
	put_fill(b, 0xa5, n);
}

struct hello_of {
	bool server, datagram;
	uint16_t version, suite;
	uint16_t chosen; /* supported_versions; 0: none */
	uint8_t random;  /* 32 times */
	bool psk, early, ticket;
	uint16_t group; /* key_share of a server */
	uint16_t srtp;
};

static inline void
put_extension(struct buf *b, uint16_t type, const char *body, size_t n)
{
	put(b, 2, type);
	put(b, 2, (uint32_t)n);
	buf_add(b, body, n);
}

static inline void
put_extensions(struct buf *b, const struct hello_of *h)
{
	size_t at = open_block(b, 2);

	if (!h->server)
		put_extension(b, 0, "\0\7\0\0\4a.ex", 9);
	if (h->chosen != 0 && h->server) {
		put(b, 4, 43 << 16 | 2);
		put(b, 2, h->chosen);
	} else if (h->chosen != 0) {
		put(b, 4, 43 << 16 | 5);
		put(b, 1, 4);
		put(b, 2, 0x1a1a);
		put(b, 2, h->chosen);
	}
	if (h->group != 0) {
		put(b, 4, 51 << 16 | 2);
		put(b, 2, h->group);
	}
	if (h->psk && h->server)
		put_extension(b, 41, "\0\0", 2);
	else if (h->psk)
		put_extension(b, 41, "\0\11\0\3abc\0\0\0\0", 11);
	if (h->early)
		put_extension(b, 42, "", 0);
	if (h->ticket)
		put_extension(b, 35, "ticket", 6);
	if (h->srtp != 0) {
		put(b, 4, 14 << 16 | 5);
		put(b, 2, 2);
		put(b, 2, h->srtp);
		put(b, 1, 0);
	}
	put_length(b, at, 2);
}

/* The body of a hello. */
static inline void
put_hello(struct buf *b, const struct hello_of *h)
{
	put(b, 2, h->version);
	put_fill(b, h->random, 32);
	put(b, 1, 0);
	if (h->datagram && !h->server)
		put(b, 1, 0);
	if (!h->server)
		put(b, 2, 4);
	put(b, 2, h->suite);
	if (!h->server)
		put(b, 2, 0x00ff);
	put(b, h->server ? 1 : 2, h->server ? 0 : 0x0100);
	put_extensions(b, h);
}

static inline void
put_hello_message(struct buf *b, const struct hello_of *h)
{
	size_t at = open_message(b, h->server ? 2 : 1);

	put_hello(b, h);
	put_length(b, at, 3);
}

/* Certificate of TLS 1.2: `count` times `size` octets. */
static inline void
put_certificates(struct buf *b, unsigned count, size_t size)
{
	size_t at = open_message(b, 11);
	size_t list = open_block(b, 3);

	while (count-- > 0) {
		put(b, 3, (uint32_t)size);
		put_fill(b, 0x30, size);
	}
	put_length(b, list, 3);
	put_length(b, at, 3);
}

static inline void
put_message(struct buf *b, uint8_t type, const char *body, size_t n)
{
	size_t at = open_message(b, type);

	buf_add(b, body, n);
	put_length(b, at, 3);
}

/* Like talk_write(), but lists of records without packet numbers: those are
 * of the packet that completed a header. */
static inline void
tls_write(const struct talk *t, struct buf *b)
{
	const struct evidence *e = session_evidence(t->session);

	buf_clear(b);
	for (size_t i = 0; i < e->count; i++) {
		const struct learnt *l = &e->facts[i];
		struct tls_records r;

		buf_printf(b, "%s %u %u %llu ", fact_name(l->fact), l->side,
		    l->scope, (unsigned long long)l->number);
		if (fact_type(l->fact) == FACT_TYPE_TLS_RECORDS) {
			memcpy(&r, l->bytes.p, sizeof(r));
			for (uint32_t k = 0; k < r.count; k++)
				buf_printf(b, "%u/%u/%u ", r.r[k].side,
				    r.r[k].type, r.r[k].length);
		} else {
			buf_hex(b, l->bytes);
		}
		buf_char(b, '\n');
	}
	buf_char(b, '.');
}

/* Says the lines, the one at `at` in two parts, or all byte by byte. */
static inline void
tls_say_cut(const struct said *lines, size_t n, size_t at, size_t first,
    struct buf *out)
{
	struct talk t;

	talk_open(&t, IPPROTO_NUM_TCP, 443);
	for (size_t i = 0; i < n && at < n; i++)
		if (i == at)
			talk_cut(&t, lines + i, 1, 0, first);
		else
			talk_say(&t, lines[i].side, said_bytes(&lines[i]));
	for (size_t i = 0; i < n && at >= n; i++)
		for (struct slice s = said_bytes(&lines[i]); s.n > 0;
		     s = slice_from(s, 1))
			talk_say(&t, lines[i].side, slice_head(s, 1));
	session_end(t.session);
	tls_write(&t, out);
	talk_close(&t);
}

/* The same facts whether a line comes whole, byte by byte or in two parts,
 * whatever the place; and no prefix breaks anything. */
static inline void
tls_every_way(const struct said *lines, size_t n)
{
	struct buf want, have;
	struct talk t;

	buf_init(&want);
	buf_init(&have);
	tls_say_cut(lines, n, 0, said_bytes(&lines[0]).n, &want);
	tls_say_cut(lines, n, n, 0, &have);
	assert_string_equal(have.p, want.p);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 1; k < said_bytes(&lines[i]).n; k++) {
			tls_say_cut(lines, n, i, k, &have);
			assert_string_equal(have.p, want.p);
			talk_open(&t, IPPROTO_NUM_TCP, 443);
			talk_lines(&t, lines, i);
			talk_say(&t, lines[i].side,
			    slice_head(said_bytes(&lines[i]), k));
			session_end(t.session);
			talk_close(&t);
		}
	}
	buf_done(&want);
	buf_done(&have);
}

#endif
