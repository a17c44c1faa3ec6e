/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cert.c - certificates and chains once each, and whose names they hold.
 */
#include "audit/cert.h"

#include <stdlib.h>

#include "audit/cert_x509.h"
#include "core/cursor.h"
#include "core/map.h"
#include "core/room.h"
#include "core/text.h"

/* Where the octets of a chain lay when it was asked for: they are compared
 * anew, which is cheaper than any digest of them. */
enum { RECENT_CHAINS = 1024, ANSWERS = 256 };
struct recent {
	const uint8_t *at;
	const struct cert_chain *chain;
};

struct cert_store {
	struct recent recent[RECENT_CHAINS];
	struct arena arena;
	struct cert_anchors *anchors;
	struct map *map; /* SHA-256 to place in certs and one */
	struct cert_full **certs;
	size_t count, room;
	struct map *chain_map; /* octets of a chain, likewise */
	struct cert_chain **chains;
	size_t chain_count, chain_room;
	struct cert_chain scratch;            /* when there is no room */
	struct cert_answer *answers[ANSWERS]; /* in the arena, once needed */
	struct cert_answer spare;             /* when there is no room */
};

struct cert_store *
cert_store_new(void)
{
	struct cert_store *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	arena_init(&s->arena, LIMIT_CERT_MEMORY);
	s->anchors = cert_anchors_new();
	s->map = map_new(LIMIT_CERTS);
	s->chain_map = map_new(LIMIT_CERT_CHAINS);
	if (s->anchors == NULL || s->map == NULL || s->chain_map == NULL) {
		cert_store_free(s);
		return NULL;
	}
	return s;
}

struct cert_store *
cert_store_like(const struct cert_store *s)
{
	struct cert_store *other = cert_store_new();
	struct cert_anchors *shared = cert_anchors_share(s->anchors);

	if (other == NULL || shared == NULL) {
		cert_store_free(other);
		cert_anchors_free(shared);
		return NULL;
	}
	cert_anchors_free(other->anchors);
	other->anchors = shared;
	return other;
}

void
cert_store_free(struct cert_store *s)
{
	if (s == NULL)
		return;
	map_free(s->map);
	map_free(s->chain_map);
	cert_anchors_free(s->anchors);
	arena_done(&s->arena);
	free(s->certs);
	free(s->chains);
	free(s);
}

/* Chains are to be judged anew. */
static void
forget_chains(struct cert_store *s)
{
	map_clear(s->chain_map);
	memset(s->recent, 0, sizeof(s->recent));
	for (size_t i = 0; i < ANSWERS; i++) {
		if (s->answers[i] != NULL)
			s->answers[i]->given = false;
	}
}

bool
cert_trust_ca(struct cert_store *s, const char *path, struct fault *f)
{
	forget_chains(s);
	return cert_anchors_add_ca(s->anchors, path, f);
}

bool
cert_trust_crl(struct cert_store *s, const char *path, struct fault *f)
{
	forget_chains(s);
	return cert_anchors_add_crl(s->anchors, path, f);
}

bool
cert_has_trust(const struct cert_store *s)
{
	return cert_anchors_cas(s->anchors) > 0;
}

const struct cert_full *
cert_full_of(struct cert_store *s, struct slice der)
{
	uint8_t sha256[64] = { 0 };
	struct slice key = slice_of(sha256, SHA256_SIZE);

	if (digest_of(DIGEST_SHA256, der, sha256) != SHA256_SIZE)
		return NULL;
	const uint64_t *known = map_get(s->map, key);

	if (known != NULL)
		return s->certs[*known];
	struct cert_full *f = arena_take(&s->arena, sizeof(*f));

	if (f == NULL ||
	    !room_for_one((void **)&s->certs, s->count, &s->room,
		sizeof(void *)) ||
	    !cert_parse(der, &s->arena, f))
		return NULL;
	uint64_t *place = map_put(s->map, key);

	if (place == NULL)
		return NULL;
	*place = s->count;
	memcpy(f->c.sha256, sha256, SHA256_SIZE);
	f->c.order = s->count;
	s->certs[s->count++] = f;
	return f;
}

const struct cert *
cert_of(struct cert_store *s, struct slice der)
{
	const struct cert_full *f = cert_full_of(s, der);

	return f != NULL ? &f->c : NULL;
}

size_t
cert_count(const struct cert_store *s)
{
	return s->count;
}

const struct cert *
cert_at(const struct cert_store *s, size_t i)
{
	return i < s->count ? &s->certs[i]->c : NULL;
}

static struct slice
without_dot(struct slice name)
{
	if (name.n > 0 && name.p[name.n - 1] == '.')
		name.n--;
	return name;
}

static bool
same_text(struct slice a, struct slice b)
{
	for (size_t i = 0; i < a.n && i < b.n; i++) {
		uint8_t x = a.p[i], y = b.p[i];

		if (x != y &&
		    ((x | 0x20) != (y | 0x20) || (x | 0x20) < 'a' ||
			(x | 0x20) > 'z'))
			return false;
	}
	return a.n == b.n;
}

/*
 * RFC 6125 section 6.4.3. "*" is a whole label, the leftmost, and stands for
 * one; what follows it has two labels at least, so that nobody owns "*.com".
 */
static bool
name_matches(const char *pattern, struct slice name)
{
	struct slice p = without_dot(slice_text(pattern)), label;
	struct addr a, b;

	if (addr_parse(name, &a))
		return addr_parse(p, &b) && addr_eq(&a, &b);
	name = without_dot(name);
	if (name.n == 0)
		return false;
	if (!text_begins_exact(p, "*."))
		return same_text(p, name);
	p = slice_from(p, 2);
	return p.n > 0 && memchr(p.p, '.', p.n) != NULL &&
	    text_split(&name, '.', &label) && label.n > 0 && same_text(p, name);
}

static bool
any_matches(const char *const *names, size_t n, struct slice name)
{
	for (size_t i = 0; i < n; i++) {
		if (name_matches(names[i], name))
			return true;
	}
	return false;
}

bool
cert_matches(const struct cert *c, struct slice name)
{
	/* Every struct cert there is stands at the head of one of these. */
	const struct cert_full *f = (const struct cert_full *)(const void *)c;

	if (c->has_san)
		return any_matches(c->names, c->name_count, name) ||
		    any_matches(f->more_names, f->more_count, name);
	return c->common_name != NULL && name_matches(c->common_name, name);
}

static struct cert_chain *
room_for_chain(struct cert_store *s, struct slice octets)
{
	struct cert_chain *c = arena_take(&s->arena, sizeof(*c));
	uint64_t *place;

	if (c == NULL || !arena_copy(&s->arena, octets, &c->octets) ||
	    !room_for_one((void **)&s->chains, s->chain_count, &s->chain_room,
		sizeof(void *)) ||
	    (place = map_put(s->chain_map, octets)) == NULL) {
		s->scratch = (struct cert_chain){ .octets = { NULL, 0 } };
		return &s->scratch;
	}
	*place = s->chain_count;
	s->chains[s->chain_count++] = c;
	return c;
}

/* RFC 5246 section 7.4.2: 24-bit length and DER each. */
static bool
next_der(struct cursor *chain, struct slice *der)
{
	struct cursor block;

	if (!cur_vec24(chain, &block))
		return false;
	*der = cur_rest(&block);
	return true;
}

static void
read_chain(struct cert_store *s, struct slice octets, struct cert_chain *chain)
{
	struct cursor c = cur_of(octets);
	struct slice der;

	while (chain->sent_n < LIMIT_CHAIN && next_der(&c, &der)) {
		const struct cert_full *f = cert_full_of(s, der);

		if (f == NULL)
			break;
		chain->sent[chain->sent_n++] = f;
	}
	if (chain->sent_n > 0 && chain->sent[0]->c.parsed)
		cert_chain_check(s->anchors, chain);
}

const struct cert_chain *
cert_chain_of(struct cert_store *s, struct slice octets)
{
	struct recent *r =
	    &s->recent[((uintptr_t)octets.p >> 3) % RECENT_CHAINS];

	if (r->chain != NULL && r->at == octets.p &&
	    slice_eq(r->chain->octets, octets))
		return r->chain;
	const uint64_t *known = map_get(s->chain_map, octets);

	if (known == NULL) {
		struct cert_chain *chain = room_for_chain(s, octets);

		read_chain(s, octets, chain);
		return chain;
	}
	*r = (struct recent){ octets.p, s->chains[*known] };
	return r->chain;
}

const struct cert *
cert_in_chain(struct cert_store *s, struct slice chain, size_t n)
{
	const struct cert_chain *c = cert_chain_of(s, chain);

	return n < c->sent_n ? &c->sent[n]->c : NULL;
}

size_t
cert_list_chain(struct cert_store *s, struct slice chain,
    const struct cert *out[LIMIT_CHAIN])
{
	const struct cert_chain *c = cert_chain_of(s, chain);

	for (size_t i = 0; i < c->sent_n; i++)
		out[i] = &c->sent[i]->c;
	return c->sent_n;
}

struct cert_answer *
cert_answer_of(struct cert_store *s, uint64_t key)
{
	struct cert_answer **a = &s->answers[key % ANSWERS];

	if (*a == NULL)
		*a = arena_take(&s->arena, sizeof(**a));
	if (*a != NULL)
		return *a;
	s->spare.given = false;
	return &s->spare;
}
