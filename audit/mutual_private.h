/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mutual_private.h - what the mutual*.c share, and nobody else: the facts of
 * one TLS scope by the role of their sender, and how a finding is written.
 */
#ifndef AUDIT_MUTUAL_PRIVATE_H
#define AUDIT_MUTUAL_PRIVATE_H

#include <stdio.h>

#include "audit/mutual.h"

/* The facts of one scope, by the TLS role of their sender. */
struct scene {
	const struct evidence *e;
	const struct flow_view *f;
	int scope;
	int client, server; /* enum side of their bytes */
	struct tls_state *out;
	struct tls_words *words; /* or NULL */
};

static inline const struct learnt *
fact_of(const struct scene *s, enum fact f, int side)
{
	return evidence_find(s->e, f, side, s->scope);
}

static inline bool
has(const struct scene *s, enum fact f)
{
	return fact_of(s, f, -1) != NULL;
}

static inline bool
lost(const struct scene *s, int side)
{
	return fact_of(s, FACT_TLS_LOST, side) != NULL;
}

static inline bool
silent(const struct scene *s, int side)
{
	return s->f->bytes[side] == 0;
}

static inline void
decide(struct tls_state *t, enum client_certificate client,
    enum certainty certainty, uint64_t packet)
{
	t->client = client;
	t->certainty = certainty;
	if (packet != 0)
		t->packet = packet;
}

#define PUT(s, what, ...)                                                  \
	do {                                                               \
		struct tls_words *words_ = (s)->words;                     \
		if (words_ != NULL)                                        \
			(void)snprintf(words_->what, sizeof(words_->what), \
			    __VA_ARGS__);                                  \
	} while (0)
#define SAY(s, ...)     PUT(s, why, __VA_ARGS__)
#define MISSING(s, ...) PUT(s, missing, __VA_ARGS__)

/* The whole number of a packet of which the list has the low half. */
static inline uint64_t
packet_of(const struct learnt *l, uint32_t low)
{
	return (l->packet & ~(uint64_t)UINT32_MAX) | low;
}

/* The newest list of this kind; false if there is none. */
bool mutual_records(const struct scene *s, enum fact f,
    const struct learnt **from, struct tls_records *r) MUST_CHECK;

/* Sets client, certainty, progress: TLS 1.3 without keys. */
void mutual_by_lengths(const struct scene *s);
/* Has the server gone on after the client's flight, by records alone?
 * but_alerts: by others than alerts and what is as long. */
bool mutual_server_went_on(const struct scene *s, uint64_t after,
    bool but_alerts) MUST_CHECK;
/* Renegotiation up to TLS 1.2: may change client and certainty. */
void mutual_renegotiation(const struct scene *s);

/* Is this the length of a record with a CertificateVerify? `over`: content
 * type and tag. */
bool mutual_is_verify(unsigned length, unsigned over) MUST_CHECK;

#endif
