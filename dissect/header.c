/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/header.h"

size_t
header_end(struct slice bytes, size_t *seen)
{
	struct slice rest = slice_from(bytes, *seen);
	struct slice line;

	while (text_line(&rest, &line)) {
		if (line.n == 0)
			return bytes.n - rest.n;
		*seen = bytes.n - rest.n;
	}
	return 0;
}

bool
header_line(struct slice *rest, struct slice *line)
{
	if (rest->n == 0)
		return false;
	if (text_line(rest, line))
		return true;
	*line = *rest;
	*rest = slice_from(*rest, rest->n);
	return true;
}

static bool
is_folded(struct slice rest)
{
	return text_begins_exact(rest, " ") || text_begins_exact(rest, "\t");
}

bool
header_next(struct slice *rest, struct header *h)
{
	struct slice whole = *rest;
	struct slice line;

	if (!header_line(rest, &line) || line.n == 0)
		return false;
	while (is_folded(*rest) && header_line(rest, &line))
		continue;
	struct slice value = slice_head(whole, whole.n - rest->n);
	struct slice name;

	if (memchr(value.p, ':', value.n) == NULL ||
	    !text_split(&value, ':', &name)) {
		*h = (struct header){ slice_of(NULL, 0), text_trim(value) };
		return true;
	}
	*h = (struct header){ text_trim(name), text_trim(value) };
	return true;
}

struct slice
header_param(struct slice value, const char *name)
{
	struct slice found;
	struct slice text;
	struct slice first;

	if (!text_param(&value, ';', &first, &text))
		return slice_of(NULL, 0);
	while (text_param(&value, ';', &found, &text))
		if (text_same(found, name))
			return text;
	return slice_of(NULL, 0);
}

struct slice
header_bare(struct slice value)
{
	struct slice head;

	if (!text_split(&value, ';', &head))
		return slice_of(NULL, 0);
	return text_trim(head);
}

static bool
is_token_char(uint8_t c)
{
	static const char others[] = "-.!%*_+`'~";

	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') ||
	    memchr(others, c, sizeof(others) - 1) != NULL;
}

bool
header_is_token(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_token_char(s.p[i]))
			return false;
	return s.n > 0;
}
