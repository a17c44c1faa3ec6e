/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/store.h"

#include <stdlib.h>

#include "core/map.h"

struct store {
	struct view_row **chunks;
	size_t count, chunk_room;
	uint8_t *tags; /* by slot */
	size_t tag_room, tagged;
	struct map *by_packet; /* first packet -> slot + 1 */
	struct map *by_addr;   /* address -> host + 1 */
	struct store_host *hosts;
	size_t host_count, host_room;
	struct view_cert *certs;
	size_t cert_count;
	struct store_sums sums;
	uint32_t touched[4];
	unsigned touched_count;
};

struct store *
store_new(void)
{
	struct store *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->by_packet = map_new(0);
	s->by_addr = map_new(0);
	if (s->by_packet == NULL || s->by_addr == NULL) {
		store_free(s);
		return NULL;
	}
	return s;
}

void
store_free(struct store *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->chunk_room; i++)
		free(s->chunks[i]);
	free(s->chunks);
	free(s->tags);
	map_free(s->by_packet);
	map_free(s->by_addr);
	free(s->hosts);
	free(s->certs);
	free(s);
}

static bool
grow(void **p, size_t want, size_t *room, size_t size)
{
	size_t more = *room == 0 ? 64 : *room;

	if (want <= *room)
		return true;
	while (more < want)
		more *= 2;
	void *q = realloc(*p, more * size);

	if (q == NULL)
		return false;
	memset((char *)q + *room * size, 0, (more - *room) * size);
	*p = q;
	*room = more;
	return true;
}

/* The place of a row; those below it that were never put are empty. */
static struct view_row *
place(struct store *s, uint32_t slot)
{
	size_t at = slot / VIEW_CHUNK;

	if (!grow((void **)&s->chunks, at + 1, &s->chunk_room,
		sizeof(struct view_row *)))
		return NULL;
	if (s->chunks[at] == NULL)
		s->chunks[at] = calloc(VIEW_CHUNK, sizeof(struct view_row));
	return s->chunks[at] != NULL ? &s->chunks[at][slot % VIEW_CHUNK] : NULL;
}

static bool
is_empty(const struct view_row *r)
{
	return r->src.addr.family == 0;
}

/* ---- sums ---- */

static void
add_sums(struct store_sums *t, const struct view_row *r, uint64_t by)
{
	t->flows += by;
	t->bytes += by * r->bytes;
	t->packets += by * r->packets;
	t->lost += by * r->lost;
	t->by_class[r->class][r->verdict] += by;
	t->class_bytes[r->class] += by * r->bytes;
	t->by_verdict[r->verdict] += by;
	if (r->certainty == CERTAINTY_INFERRED &&
	    (r->verdict == VERDICT_COMPLIANT ||
		r->verdict == VERDICT_VIOLATION))
		t->inferred += by;
	if ((r->flags & VIEW_ONE_WAY) != 0)
		t->one_way += by;
	if ((r->flags & VIEW_MID_STREAM) != 0)
		t->mid_stream += by;
	for (uint64_t f = r->findings; f != 0; f &= f - 1)
		t->findings[__builtin_ctzll(f)] += by;
}

static void
stretch(struct store_sums *t, const struct view_row *r)
{
	if (t->first == 0 || r->start < t->first)
		t->first = r->start;
	if (r->end > t->last)
		t->last = r->end;
}

static struct store_host *
host_of(struct store *s, const struct addr *a)
{
	uint64_t *at = map_put(s->by_addr, slice_of(a, sizeof(*a)));

	if (at == NULL)
		return NULL;
	if (*at == 0) {
		if (!grow((void **)&s->hosts, s->host_count + 1, &s->host_room,
			sizeof(*s->hosts)))
			return NULL;
		s->hosts[s->host_count].addr = *a;
		*at = ++s->host_count;
	}
	uint32_t i = (uint32_t)(*at - 1);
	unsigned k = 0;

	while (k < s->touched_count && s->touched[k] != i)
		k++;
	if (k == s->touched_count && k < COUNT(s->touched))
		s->touched[s->touched_count++] = i;
	return &s->hosts[i];
}

static void
add_host(struct store *s, const struct view_row *r, bool called, uint64_t by)
{
	struct store_host *h = host_of(s, called ? &r->dst.addr : &r->src.addr);

	if (h == NULL)
		return;
	h->flows += by;
	h->bytes += by * r->bytes;
	h->by_verdict[r->verdict] += by;
	if (by != 1)
		return;
	h->findings |= r->findings;
	h->role = called ? r->dest_role : r->src_role;
	h->listed =
	    (r->flags & (called ? VIEW_DST_LISTED : VIEW_SRC_LISTED)) != 0;
	if (called && h->name[0] == '\0' && (r->flags & VIEW_NAME_IS_HOST) != 0)
		memcpy(h->name, r->name, sizeof(h->name));
}

bool
store_put(struct store *s, const struct view_row *r)
{
	struct view_row *to = place(s, r->slot);
	uint64_t *at = map_put(s->by_packet,
	    slice_of(&r->first_packet, sizeof(r->first_packet)));

	s->touched_count = 0;
	if (to == NULL || at == NULL ||
	    !grow((void **)&s->tags, (size_t)r->slot + 1, &s->tag_room, 1))
		return false;
	if (!is_empty(to)) {
		add_sums(&s->sums, to, (uint64_t)-1);
		add_host(s, to, false, (uint64_t)-1);
		add_host(s, to, true, (uint64_t)-1);
	}
	*to = *r;
	*at = (uint64_t)r->slot + 1;
	if (r->slot >= s->count)
		s->count = (size_t)r->slot + 1;
	add_sums(&s->sums, to, 1);
	stretch(&s->sums, to);
	add_host(s, to, false, 1);
	add_host(s, to, true, 1);
	return true;
}

unsigned
store_touched(const struct store *s, uint32_t out[4])
{
	memcpy(out, s->touched, sizeof(s->touched));
	return s->touched_count;
}

void
store_certs(struct store *s, const struct view_cert *c, size_t n)
{
	struct view_cert *p;

	if (n == 0)
		return;
	p = realloc(s->certs, n * sizeof(*p));
	if (p == NULL)
		return;
	memcpy(p, c, n * sizeof(*p));
	s->certs = p;
	s->cert_count = n;
}

void
store_keep_tags(struct store *s, const struct store *from)
{
	uint32_t to;

	for (size_t i = 0; from->tagged > 0 && i < from->count; i++) {
		if (store_is_tagged(from, (uint32_t)i) &&
		    store_find(s, store_row(from, (uint32_t)i)->first_packet,
			&to))
			store_tag(s, to, true);
	}
}

/* ---- questions ---- */

size_t
store_count(const struct store *s)
{
	return s->count;
}

const struct view_row *
store_row(const struct store *s, uint32_t slot)
{
	static const struct view_row none;
	const struct view_row *c =
	    slot < s->count ? s->chunks[slot / VIEW_CHUNK] : NULL;

	return c != NULL ? &c[slot % VIEW_CHUNK] : &none;
}

bool
store_find(const struct store *s, uint64_t first_packet, uint32_t *slot)
{
	const uint64_t *at = map_get(s->by_packet,
	    slice_of(&first_packet, sizeof(first_packet)));

	if (at == NULL || *at == 0)
		return false;
	*slot = (uint32_t)(*at - 1);
	return true;
}

const struct store_sums *
store_sums(const struct store *s)
{
	return &s->sums;
}

size_t
store_host_count(const struct store *s)
{
	return s->host_count;
}

const struct store_host *
store_host(const struct store *s, uint32_t i)
{
	return &s->hosts[i];
}

bool
store_host_of(const struct store *s, const struct addr *a, uint32_t *i)
{
	const uint64_t *at = map_get(s->by_addr, slice_of(a, sizeof(*a)));

	if (at == NULL || *at == 0)
		return false;
	*i = (uint32_t)(*at - 1);
	return true;
}

size_t
store_cert_count(const struct store *s)
{
	return s->cert_count;
}

const struct view_cert *
store_cert(const struct store *s, uint32_t i)
{
	return &s->certs[i];
}

void
store_tag(struct store *s, uint32_t slot, bool on)
{
	if (slot >= s->count || (s->tags[slot] != 0) == on)
		return;
	s->tags[slot] = on;
	s->tagged += on ? 1 : (size_t)-1;
}

bool
store_is_tagged(const struct store *s, uint32_t slot)
{
	return slot < s->count && s->tags[slot] != 0;
}

size_t
store_tags(const struct store *s)
{
	return s->tagged;
}

enum verdict
store_worst(const uint64_t by_verdict[VERDICTS])
{
	static const enum verdict order[] = { VERDICT_VIOLATION,
		VERDICT_UNDETERMINED, VERDICT_EXEMPT, VERDICT_COMPLIANT };

	for (size_t i = 0; i < COUNT(order); i++) {
		if (by_verdict[order[i]] > 0)
			return order[i];
	}
	return VERDICT_OUT_OF_SCOPE;
}
