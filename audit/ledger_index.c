/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which record is that of a flow: places in the list by first packet, four
 * bytes each, at most half of them used.
 */
#include <stdlib.h>

#include "audit/ledger_private.h"

enum { SLOTS_FIRST = 64 };

/* Packet numbers are ours: nobody chooses them to collide. */
static size_t
slot_of(const struct ledger *l, uint64_t first_packet)
{
	uint64_t h = first_packet * UINT64_C(0x9e3779b97f4a7c15);

	return (size_t)(h >> 20) & (l->index_slots - 1);
}

static void
fill(struct ledger *l, size_t i)
{
	size_t at = slot_of(l, l->records[i].first_packet);

	while (l->index[at] != 0)
		at = (at + 1) & (l->index_slots - 1);
	l->index[at] = (uint32_t)i + 1;
}

void
ledger_index_anew(struct ledger *l)
{
	if (l->index_slots > 0)
		memset(l->index, 0, l->index_slots * sizeof(*l->index));
	for (size_t i = 0; i < l->count; i++)
		fill(l, i);
}

bool
ledger_index_room(struct ledger *l)
{
	if (l->count < l->index_slots / 2)
		return true;
	if (l->count >= UINT32_MAX / 2)
		return false;
	size_t n = l->index_slots > 0 ? l->index_slots * 2 : SLOTS_FIRST;
	uint32_t *index = calloc(n, sizeof(*index));

	if (index == NULL)
		return false;
	free(l->index);
	l->index = index;
	l->index_slots = n;
	for (size_t i = 0; i < l->count; i++)
		fill(l, i);
	return true;
}

void
ledger_index_add(struct ledger *l, size_t i)
{
	fill(l, i);
}

struct record *
ledger_at(const struct ledger *l, uint64_t first_packet)
{
	if (l->index_slots == 0)
		return NULL;
	for (size_t at = slot_of(l, first_packet); l->index[at] != 0;
	     at = (at + 1) & (l->index_slots - 1)) {
		struct record *r = &l->records[l->index[at] - 1];

		if (r->first_packet == first_packet)
			return r;
	}
	return NULL;
}
