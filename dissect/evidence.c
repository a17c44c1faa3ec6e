/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/evidence.h"

struct fact_info {
	const char *name;
	const char *meaning;
	enum fact_type type;
};

static const struct fact_info infos[FACT_COUNT] = {
#define FACT(symbol, name, type, meaning) { name, meaning, FACT_TYPE_##type },
#include "dissect/facts.def"
#undef FACT
};

const char *const carrier_names[CARRIER_COUNT] = {
	[CARRIER_UDP] = "udp",
	[CARRIER_TCP] = "tcp",
	[CARRIER_TURN] = "turn",
	[CARRIER_MS_TURN] = "ms-turn",
	[CARRIER_PSEUDO_TLS] = "pseudo-tls",
	[CARRIER_TLS] = "tls",
	[CARRIER_WEBSOCKET] = "websocket",
	[CARRIER_PROXY] = "proxy",
};

const char *const media_kind_names[MEDIA_KINDS] = {
	[MEDIA_UNKNOWN] = "unknown",
	[MEDIA_AUDIO] = "audio",
	[MEDIA_VIDEO] = "video",
	[MEDIA_APPSHARING] = "applicationsharing",
	[MEDIA_DATA] = "data",
	[MEDIA_MESSAGE] = "message",
	[MEDIA_FAX] = "fax",
	[MEDIA_OTHER] = "other",
};

void
evidence_init(struct evidence *e, enum carrier carrier)
{
	*e = (struct evidence){ .scope_count = 1 };
	e->scopes[0].carrier = (uint8_t)carrier;
}

static bool
make_room(struct evidence *e, struct arena *a)
{
	if (e->count < e->room)
		return true;
	size_t room = e->room == 0 ? 16 : e->room * 2;

	if (e->room >= LIMIT_FACTS)
		return false;
	struct learnt *facts = arena_room(a, room * (sizeof(*facts) + 1));

	if (facts == NULL)
		return false;
	uint8_t *ids = (uint8_t *)(facts + room);

	if (e->count > 0) {
		memcpy(facts, e->facts, e->count * sizeof(*facts));
		memcpy(ids, e->ids, e->count);
	}
	e->facts = facts;
	e->ids = ids;
	e->room = room;
	return true;
}

struct learnt *
evidence_add(struct evidence *e, struct arena *a, enum fact f,
    struct slice bytes)
{
	uint8_t *copy = NULL;

	if (evidence_count(e, f) >= LIMIT_FACTS_OF_KIND ||
	    (bytes.n > 0 && (copy = arena_room(a, bytes.n)) == NULL) ||
	    !make_room(e, a)) {
		e->starved++;
		return NULL;
	}
	struct learnt *l = &e->facts[e->count];

	if (bytes.n > 0)
		memcpy(copy, bytes.p, bytes.n);
	l->fact = (uint16_t)f;
	l->bytes = slice_of(copy, bytes.n);
	e->ids[e->count++] = (uint8_t)f;
	e->kinds[f / 64] |= UINT64_C(1) << f % 64;
	return l;
}

void
evidence_learn(struct evidence *e, struct arena *a, const struct learnt *l)
{
	struct learnt *to = evidence_add(e, a, (enum fact)l->fact, l->bytes);

	if (to == NULL)
		return;
	struct slice copy = to->bytes;

	*to = *l;
	to->bytes = copy;
}

const struct learnt *
evidence_next(const struct evidence *e, enum fact f, const struct learnt *after)
{
	size_t i = after == NULL ? 0 : (size_t)(after - e->facts) + 1;

	if ((e->kinds[f / 64] >> f % 64 & 1) == 0 || i >= e->count)
		return NULL;
	const uint8_t *at = memchr(e->ids + i, (int)f, e->count - i);

	return at != NULL ? &e->facts[at - e->ids] : NULL;
}

const struct learnt *
evidence_first(const struct evidence *e, enum fact f)
{
	return evidence_next(e, f, NULL);
}

const struct learnt *
evidence_last(const struct evidence *e, enum fact f)
{
	const uint8_t *at =
	    e->count > 0 ? memrchr(e->ids, (int)f, e->count) : NULL;

	return at != NULL ? &e->facts[at - e->ids] : NULL;
}

const struct learnt *
evidence_find(const struct evidence *e, enum fact f, int side, int scope)
{
	const struct learnt *l = NULL;

	while ((l = evidence_next(e, f, l)) != NULL) {
		if ((side < 0 || l->side == side) &&
		    (scope < 0 || l->scope == scope))
			return l;
	}
	return NULL;
}

uint64_t
evidence_number(const struct evidence *e, enum fact f, uint64_t otherwise)
{
	const struct learnt *l = evidence_first(e, f);

	return l != NULL ? l->number : otherwise;
}

size_t
evidence_count(const struct evidence *e, enum fact f)
{
	size_t n = 0;
	const struct learnt *l = NULL;

	while ((l = evidence_next(e, f, l)) != NULL)
		n++;
	return n;
}

bool
evidence_has_text(const struct evidence *e, enum fact f, const char *text)
{
	const struct learnt *l = NULL;

	while ((l = evidence_next(e, f, l)) != NULL) {
		if (slice_is(l->bytes, text))
			return true;
	}
	return false;
}

enum cover
evidence_cover(const struct evidence *e, const struct learnt *l)
{
	return l->scope < e->scope_count ? (enum cover)e->scopes[l->scope].cover
					 : COVER_NONE;
}

const char *
fact_name(enum fact f)
{
	return infos[f].name;
}

const char *
fact_meaning(enum fact f)
{
	return infos[f].meaning;
}

enum fact_type
fact_type(enum fact f)
{
	return infos[f].type;
}
