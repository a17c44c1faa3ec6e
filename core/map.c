/* SPDX-License-Identifier: Apache-2.0 */
#include "core/map.h"

#include <stdlib.h>

#include "core/hash.h"

enum { SLOTS_FIRST = 16, ENTRIES_FIRST = 8, KEYS_FIRST = 256 };

struct entry {
	uint64_t hash;
	uint64_t value;
	size_t key_at; /* in keys */
	size_t key_n;
};

struct map {
	struct entry *entries; /* in the order of first put */
	size_t count;
	size_t entries_room;
	uint8_t *keys;
	size_t keys_n;
	size_t keys_room;
	uint32_t *slots; /* index into entries and one, 0 where free */
	size_t slots_n;  /* a power of two; half of it at most is used */
	size_t most;
};

struct map *
map_new(size_t most)
{
	struct map *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	m->most = most > 0 && most < UINT32_MAX ? most : UINT32_MAX - 1;
	return m;
}

void
map_free(struct map *m)
{
	if (m == NULL)
		return;
	free(m->entries);
	free(m->keys);
	free(m->slots);
	free(m);
}

size_t
map_count(const struct map *m)
{
	return m->count;
}

static struct slice
key_of(const struct map *m, const struct entry *e)
{
	if (e->key_n == 0)
		return slice_of(NULL, 0);
	return slice_of(m->keys + e->key_at, e->key_n);
}

static struct entry *
find(const struct map *m, struct slice key, uint64_t hash)
{
	if (m->slots_n == 0)
		return NULL;
	for (size_t i = hash & (m->slots_n - 1); m->slots[i] != 0;
	     i = (i + 1) & (m->slots_n - 1)) {
		struct entry *e = &m->entries[m->slots[i] - 1];

		if (e->hash == hash && slice_eq(key_of(m, e), key))
			return e;
	}
	return NULL;
}

static void
fill_slot(uint32_t *slots, size_t n, uint64_t hash, size_t index)
{
	size_t i = hash & (n - 1);

	while (slots[i] != 0)
		i = (i + 1) & (n - 1);
	slots[i] = (uint32_t)index + 1;
}

static bool
grow_slots(struct map *m)
{
	if (m->count < m->slots_n / 2)
		return true;
	size_t n = m->slots_n > 0 ? m->slots_n * 2 : SLOTS_FIRST;
	uint32_t *slots = calloc(n, sizeof(*slots));

	if (slots == NULL)
		return false;
	for (size_t i = 0; i < m->count; i++)
		fill_slot(slots, n, m->entries[i].hash, i);
	free(m->slots);
	m->slots = slots;
	m->slots_n = n;
	return true;
}

static bool
grow_entries(struct map *m)
{
	if (m->count < m->entries_room)
		return true;
	size_t room = m->entries_room > 0 ? m->entries_room * 2 : ENTRIES_FIRST;
	struct entry *entries =
	    reallocarray(m->entries, room, sizeof(*entries));

	if (entries == NULL)
		return false;
	m->entries = entries;
	m->entries_room = room;
	return true;
}

static bool
grow_keys(struct map *m, size_t n)
{
	size_t room = m->keys_room > 0 ? m->keys_room : KEYS_FIRST;

	if (n <= m->keys_room - m->keys_n)
		return true;
	if (n > SIZE_MAX / 4 - m->keys_n)
		return false;
	while (room < m->keys_n + n)
		room *= 2;
	uint8_t *keys = realloc(m->keys, room);

	if (keys == NULL)
		return false;
	m->keys = keys;
	m->keys_room = room;
	return true;
}

uint64_t *
map_get(const struct map *m, struct slice key)
{
	if (m->count == 0)
		return NULL;
	struct entry *e = find(m, key, hash_bytes(key.p, key.n));

	return e != NULL ? &e->value : NULL;
}

uint64_t *
map_put(struct map *m, struct slice key)
{
	uint64_t hash = hash_bytes(key.p, key.n);
	struct entry *e = find(m, key, hash);

	if (e != NULL)
		return &e->value;
	if (m->count >= m->most || !grow_slots(m) || !grow_entries(m) ||
	    !grow_keys(m, key.n))
		return NULL;
	e = &m->entries[m->count];
	*e =
	    (struct entry){ .hash = hash, .key_at = m->keys_n, .key_n = key.n };
	if (key.n > 0)
		memcpy(m->keys + m->keys_n, key.p, key.n);
	m->keys_n += key.n;
	fill_slot(m->slots, m->slots_n, hash, m->count);
	m->count++;
	return &e->value;
}

bool
map_at(const struct map *m, size_t i, struct slice *key, uint64_t *value)
{
	if (i >= m->count)
		return false;
	*key = key_of(m, &m->entries[i]);
	*value = m->entries[i].value;
	return true;
}

void
map_clear(struct map *m)
{
	m->count = 0;
	m->keys_n = 0;
	if (m->slots_n > 0)
		memset(m->slots, 0, m->slots_n * sizeof(*m->slots));
}
