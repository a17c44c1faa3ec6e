/* SPDX-License-Identifier: Apache-2.0 */
/*
 * places.h - where media was promised: addresses, and of each the lines of
 * descriptions that named it, by time.
 *
 * Filled, sorted once, then asked. Belongs to the signals. A port that
 * thousands of calls promise costs no more than one of a few.
 */
#ifndef AUDIT_PLACES_H
#define AUDIT_PLACES_H

#include "core/slice.h"

struct places;

struct place {
	int64_t time;
	uint32_t owner; /* used inside */
	uint32_t line;  /* index of the caller's */
	bool is_rtcp;
};

struct places *places_new(void);
void places_free(struct places *p); /* NULL is allowed */

/* `key` is the address. False: no memory. */
bool places_add(struct places *p, struct slice key,
    const struct place *x) MUST_CHECK;
/* After the last places_add(), before the first places_at(). */
void places_sort(struct places *p);

/* Those of an address that are not newer than `until`, oldest first. */
size_t places_at(const struct places *p, struct slice key, int64_t until,
    const struct place **out);

#endif
