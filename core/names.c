/* SPDX-License-Identifier: Apache-2.0 */
#include "core/names.h"

#include "core/text.h"

/* Longer words are no typing errors of ours. */
enum { WORD_MAX = 64 };

const char *
name_of(const struct name *table, size_t n, uint32_t value)
{
	size_t from = 0;

	while (from < n) {
		size_t middle = from + (n - from) / 2;

		if (table[middle].value == value)
			return table[middle].text;
		if (table[middle].value < value)
			from = middle + 1;
		else
			n = middle;
	}
	return NULL;
}

bool
name_value(const struct name *table, size_t n, struct slice text,
    uint32_t *value)
{
	for (size_t i = 0; i < n; i++) {
		if (text_same(text, table[i].text)) {
			*value = table[i].value;
			return true;
		}
	}
	return false;
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Levenshtein's distance with one row; neither is longer than WORD_MAX. */
static size_t
distance(struct slice a, struct slice b)
{
	size_t row[WORD_MAX + 1];

	for (size_t j = 0; j <= b.n; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			struct slice one = slice_of(a.p + i - 1, 1);
			char other[2] = { (char)b.p[j - 1], '\0' };
			size_t swap = corner + !text_same(one, other);

			corner = row[j];
			row[j] = least(swap, 1 + least(row[j], row[j - 1]));
		}
	}
	return row[b.n];
}

const char *
name_nearest(const char *const *words, size_t n, struct slice text)
{
	const char *nearest = NULL;
	/* A third may be wrong, but something must be right. */
	size_t best = least((text.n + 2) / 3 + 1, text.n);

	if (text.n > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		struct slice word = slice_text(words[i]);

		if (word.n > WORD_MAX)
			continue;
		size_t d = distance(text, word);

		if (d < best) {
			best = d;
			nearest = words[i];
		}
	}
	return nearest;
}
