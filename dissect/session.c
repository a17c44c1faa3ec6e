/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A flow's session: its life, its facts, and what dissectors may ask of it.
 */
#include <stdlib.h>

#include "dissect/session_private.h"

struct session *
session_new(const struct flow *f, const struct keylog *keylog,
    struct arena_pool *pool)
{
	struct arena arena;
	bool tcp = f->tuple.proto == IPPROTO_NUM_TCP;

	arena_init_from(&arena, LIMIT_FLOW_ARENA, pool);
	struct root *root = arena_take(&arena, sizeof(*root));
	struct session *s = arena_take(&arena, sizeof(*s));

	if (root == NULL || s == NULL) {
		arena_done(&arena);
		return NULL;
	}
	root->arena = arena; /* which holds it */
	arena_init_from(&root->facts, LIMIT_FLOW_FACTS, pool);
	evidence_init(&root->evidence, tcp ? CARRIER_TCP : CARRIER_UDP);
	root->keylog = keylog;
	root->mid_stream = f->mid_stream;
	s->root = root;
	s->tuple = f->tuple;
	s->datagram = !tcp;
	s->packet = f->first_packet;
	s->time = f->start;
	root->all = s;
	return s;
}

void **
session_extra(struct session *s)
{
	return &s->root->extra;
}

void
session_free(struct session *s)
{
	if (s == NULL)
		return;
	struct root *root = s->root;

	for (struct session *at = root->all; at != NULL; at = at->next) {
		if (at->bound != NULL && at->bound->drop != NULL)
			at->bound->drop(at->state);
		for (unsigned i = 0; i < at->active_count; i++) {
			if (at->active[i].d->drop != NULL)
				at->active[i].d->drop(at->active[i].state);
		}
		free(at->in[0].p);
		free(at->in[1].p);
	}
	arena_done(&root->facts);
	struct arena arena = root->arena;

	arena_done(&arena);
}

void *
session_state(struct session *s, const struct dissector *d)
{
	static const char nothing[1];

	if (d->state_size == 0)
		return (void *)(uintptr_t)nothing;
	return arena_take(&s->root->arena, d->state_size);
}

void
session_end(struct session *s)
{
	struct session *order[LIMIT_SCOPES];
	size_t n = 0;

	/* Outermost first: the order in which sessions were made. */
	for (struct session *at = s->root->all; at != NULL && n < COUNT(order);
	     at = at->next)
		order[n++] = at;
	while (n > 0) {
		struct session *at = order[--n];

		if (at->bound != NULL && at->bound->end != NULL)
			at->bound->end(at, at->state);
		for (unsigned i = 0; i < at->active_count; i++) {
			if (at->active[i].d->end != NULL)
				at->active[i].d->end(at, at->active[i].state);
		}
	}
}

struct evidence *
session_evidence(struct session *s)
{
	return &s->root->evidence;
}

bool
session_unknown(const struct session *s)
{
	return !evidence_has(&s->root->evidence, FACT_PROTOCOL);
}

size_t
session_news(const struct session *s)
{
	return s->root->evidence.count - s->root->collected;
}

/* Facts of single calls: nobody down here asks for them again. */
static bool
is_of_a_call(const struct learnt *l)
{
	return l->fact == FACT_SDP_MEDIA || l->fact == FACT_SDP_CANDIDATE ||
	    l->fact == FACT_SDP_KEY || l->fact == FACT_SIP_BYE;
}

/* A trunk carries thousands of calls in one connection: what was told of
 * them is let go. */
static void
shed(struct root *root)
{
	struct evidence old = root->evidence;
	struct arena behind = root->facts;

	arena_init_from(&root->facts, LIMIT_FLOW_FACTS, behind.pool);
	root->evidence.facts = NULL;
	root->evidence.ids = NULL;
	root->evidence.count = root->evidence.room = 0;
	memset(root->evidence.kinds, 0, sizeof(root->evidence.kinds));
	for (size_t i = 0; i < old.count; i++) {
		if (!is_of_a_call(&old.facts[i]))
			evidence_learn(&root->evidence, &root->facts,
			    &old.facts[i]);
	}
	arena_done(&behind);
}

void
session_collected(struct session *s)
{
	if (s->root->evidence.count >= LIMIT_FACTS_UNTOLD)
		shed(s->root);
	s->root->collected = s->root->evidence.count;
}

size_t
session_told(const struct session *s)
{
	return s->root->collected;
}

/* ---- what dissectors call ---- */

static void
learn(struct session *s, enum side side, enum fact f, uint64_t n,
    struct slice bytes)
{
	struct learnt *l =
	    evidence_add(&s->root->evidence, &s->root->facts, f, bytes);

	if (l == NULL)
		return;
	l->side = (uint8_t)side;
	l->scope = s->scope;
	l->packet = s->packet;
	l->time = s->time;
	l->number = n;
}

void
learn_number(struct session *s, enum fact f, uint64_t n)
{
	learn(s, s->side, f, n, (struct slice){ NULL, 0 });
}

void
learn_number_of(struct session *s, enum side side, enum fact f, uint64_t n)
{
	learn(s, side, f, n, (struct slice){ NULL, 0 });
}

void
learn_text(struct session *s, enum fact f, struct slice text)
{
	learn(s, s->side, f, 0, slice_head(text, LIMIT_TEXT));
}

void
learn_bytes(struct session *s, enum fact f, const void *p, size_t n)
{
	learn(s, s->side, f, 0, slice_of(p, n));
}

void
learn_bytes_of(struct session *s, enum side side, enum fact f, const void *p,
    size_t n)
{
	learn(s, side, f, 0, slice_of(p, n));
}

void
learn_text_once(struct session *s, enum fact f, struct slice text)
{
	const struct evidence *e = &s->root->evidence;
	const struct learnt *l = NULL;

	text = slice_head(text, LIMIT_TEXT);
	while ((l = evidence_next(e, f, l)) != NULL) {
		if (l->scope == s->scope && slice_eq(l->bytes, text))
			return;
	}
	learn_text(s, f, text);
}

void
learn_number_once(struct session *s, enum fact f, uint64_t n)
{
	const struct evidence *e = &s->root->evidence;
	const struct learnt *l = NULL;

	while ((l = evidence_next(e, f, l)) != NULL) {
		if (l->scope == s->scope && l->number == n)
			return;
	}
	learn_number(s, f, n);
}

bool
session_knows(const struct session *s, enum fact f)
{
	return evidence_find(&s->root->evidence, f, -1, s->scope) != NULL;
}

uint64_t
session_number(const struct session *s, enum fact f, uint64_t otherwise)
{
	const struct evidence *e = &s->root->evidence;
	const struct learnt *l = NULL;

	while ((l = evidence_next(e, f, l)) != NULL) {
		if (l->scope == s->scope)
			otherwise = l->number;
	}
	return otherwise;
}

enum carrier
session_carrier(const struct session *s)
{
	return (enum carrier)s->root->evidence.scopes[s->scope].carrier;
}

struct arena *
session_arena(struct session *s)
{
	return &s->root->arena;
}

const struct five_tuple *
session_tuple(const struct session *s)
{
	return &s->tuple;
}

enum cover
session_cover(const struct session *s)
{
	return (enum cover)s->cover;
}

bool
session_is_datagram(const struct session *s)
{
	return s->datagram;
}

bool
session_mid_stream(const struct session *s)
{
	return s->root->mid_stream;
}

const struct keylog *
session_keylog(const struct session *s)
{
	return s->root->keylog;
}

uint64_t
session_acked(const struct session *s, enum side sender)
{
	return s->root->acked[sender];
}

uint64_t
session_offset(const struct session *s, enum side side)
{
	return s->in[side].taken;
}

struct session *
session_inner(struct session *s, const struct inner *how)
{
	struct root *root = s->root;
	struct evidence *e = &root->evidence;

	if (s->depth >= LIMIT_INNER_DEPTH || e->scope_count == LIMIT_SCOPES)
		return NULL;
	struct session *child = arena_take(&root->arena, sizeof(*child));

	if (child == NULL)
		return NULL;
	child->root = root;
	child->tuple = how->tuple;
	if (how->tuple.src.addr.family == 0)
		child->tuple = s->tuple;
	child->depth = (uint8_t)(s->depth + 1);
	child->datagram = how->datagram;
	child->cover =
	    (uint8_t)how->cover > s->cover ? (uint8_t)how->cover : s->cover;
	child->packet = s->packet;
	child->time = s->time;
	child->side = s->side;
	child->scope = (uint8_t)e->scope_count;
	e->scopes[e->scope_count++] = (struct scope){
		.parent = s->scope,
		.carrier = (uint8_t)how->carrier,
		.cover = child->cover,
		.peer = how->peer,
	};
	child->next = root->all;
	root->all = child;
	return child;
}

bool
session_recognised(const struct session *s)
{
	return s->recognised;
}
