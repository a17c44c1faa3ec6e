/* SPDX-License-Identifier: Apache-2.0 */
/*
 * header.h - the head of a message as SIP, HTTP and MIME know it: lines up to
 * an empty one, fields with a name, a colon and a value (RFC 5322 section 2.2).
 *
 * Nothing is copied; slices borrow from the bytes given.
 */
#ifndef DISSECT_HEADER_H
#define DISSECT_HEADER_H

#include "core/text.h"

struct header {
	struct slice name;  /* empty: the line has no colon or no name */
	struct slice value; /* trimmed; folded lines stay in it as they are */
};

/*
 * Length of the head with its empty line; 0 if that has not come yet. *seen is
 * 0 for a new message and remembers what need not be searched again.
 */
size_t header_end(struct slice bytes, size_t *seen) MUST_CHECK;

/* Takes a field off *rest; false at the empty line or the end. */
bool header_next(struct slice *rest, struct header *h) MUST_CHECK;

/* Like text_line(), but what stands after the last line end is a line too. */
bool header_line(struct slice *rest, struct slice *line) MUST_CHECK;

/* The value of a parameter after the first `;`; empty if it is not there. */
struct slice header_param(struct slice value, const char *name);

/* What stands before the first `;`, trimmed. */
struct slice header_bare(struct slice value);

/* Every character may stand in a token (RFC 3261 section 25.1). */
bool header_is_token(struct slice s);

#endif
