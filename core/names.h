/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names.h - value to text for sparse wire numbers. Tables are sorted by value
 * and end nowhere: the count travels with them. Nothing returns a static
 * buffer; an unknown value has no name (NULL) and the caller prints a number.
 */
#ifndef CORE_NAMES_H
#define CORE_NAMES_H

#include "core/slice.h"

struct name {
	uint32_t value;
	const char *text;
};

const char *name_of(const struct name *table, size_t n, uint32_t value);
bool name_value(const struct name *table, size_t n, struct slice text,
    uint32_t *value) MUST_CHECK; /* any case */

/*
 * The word of `words` nearest to `text` by edit distance, for "did you mean";
 * NULL if none is near. Case does not matter; the first of equals wins.
 */
const char *name_nearest(const char *const *words, size_t n, struct slice text);

#endif
