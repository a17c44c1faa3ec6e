/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/places.h"

#include <stdlib.h>

#include "core/map.h"
#include "core/room.h"

struct places {
	struct map *owners; /* address -> number, from 1 */
	struct place *p;
	size_t count, room;
};

struct places *
places_new(void)
{
	struct places *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->owners = map_new(0);
	if (p->owners == NULL) {
		free(p);
		return NULL;
	}
	return p;
}

void
places_free(struct places *p)
{
	if (p == NULL)
		return;
	map_free(p->owners);
	free(p->p);
	free(p);
}

bool
places_add(struct places *p, struct slice key, const struct place *x)
{
	uint64_t *owner = map_put(p->owners, key);

	if (owner == NULL ||
	    !room_for_one((void **)&p->p, p->count, &p->room, sizeof(*p->p)))
		return false;
	if (*owner == 0)
		*owner = map_count(p->owners);
	p->p[p->count] = *x;
	p->p[p->count++].owner = (uint32_t)*owner;
	return true;
}

/* Where a line names an address twice, that of media comes last. */
static int
by_owner_and_time(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->owner != y->owner)
		return x->owner < y->owner ? -1 : 1;
	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return y->is_rtcp - x->is_rtcp;
}

void
places_sort(struct places *p)
{
	if (p->count > 0)
		qsort(p->p, p->count, sizeof(*p->p), by_owner_and_time);
}

/* The first that belongs to a later owner, or to this one and is newer. */
static size_t
behind(const struct places *p, uint32_t owner, int64_t time)
{
	size_t low = 0, high = p->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct place *x = &p->p[mid];

		if (x->owner < owner || (x->owner == owner && x->time <= time))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

size_t
places_at(const struct places *p, struct slice key, int64_t until,
    const struct place **out)
{
	const uint64_t *owner = map_get(p->owners, key);

	if (owner == NULL)
		return 0;
	size_t first = behind(p, (uint32_t)*owner - 1, INT64_MAX);

	*out = p->p + first;
	return behind(p, (uint32_t)*owner, until) - first;
}
