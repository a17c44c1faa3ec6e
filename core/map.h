/* SPDX-License-Identifier: Apache-2.0 */
/*
 * map.h - bytes to a 64-bit value; open addressing, keyed hash.
 *
 * One owner, one thread. Keys are copied. map_get() lends a pointer that holds
 * until the next put or clear. Order of iteration is the order of first put.
 */
#ifndef CORE_MAP_H
#define CORE_MAP_H

#include "core/slice.h"

struct map;

struct map *map_new(size_t most); /* at most so many keys; 0: no ceiling */
void map_free(struct map *m);
size_t map_count(const struct map *m);
uint64_t *map_get(const struct map *m, struct slice key); /* NULL: absent */
/* The value of key, 0 if it was not there. NULL at the ceiling or no memory. */
uint64_t *map_put(struct map *m, struct slice key) MUST_CHECK;
/* i from 0 to map_count()-1. */
bool map_at(const struct map *m, size_t i, struct slice *key, uint64_t *value);
void map_clear(struct map *m);

#endif
