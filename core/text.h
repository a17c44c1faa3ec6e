/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.h - lines, tokens and parameters of text protocols, over slices.
 *
 * Nothing here allocates or changes the bytes. ASCII only; bytes above 0x7f
 * are ordinary characters. "Space" is SP and HTAB.
 */
#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include "core/slice.h"

/* ASCII case does not matter. */
bool text_same(struct slice a, const char *b);
bool text_begins(struct slice a, const char *prefix);       /* any case */
bool text_begins_exact(struct slice a, const char *prefix); /* this case */
bool text_has(struct slice a, const char *part);            /* any case */
struct slice text_trim(struct slice a); /* without space, CR, LF at the ends */

/*
 * Takes a line off *rest, without its CRLF or LF. False, and *rest untouched,
 * if no line end is there.
 */
bool text_line(struct slice *rest, struct slice *line) MUST_CHECK;

/*
 * Splits *rest at the first `at`: head is what stands before it, *rest what
 * follows. Without `at` the head is everything and *rest becomes empty; false
 * only if *rest was empty.
 */
bool text_split(struct slice *rest, char at, struct slice *head) MUST_CHECK;

/* Next run of non-space characters. False at the end. */
bool text_word(struct slice *rest, struct slice *word) MUST_CHECK;

/*
 * Next `name=value` or `name` of a list separated by `sep`, quotes honoured
 * and stripped. The value is empty where there is none. False at the end.
 * A backslash in quotes hides what follows from us and stays in the value.
 */
bool text_param(struct slice *rest, char sep, struct slice *name,
    struct slice *value) MUST_CHECK;

/* All of `a` is a decimal number that fits. */
bool text_u64(struct slice a, uint64_t *v) MUST_CHECK;
bool text_hex64(struct slice a, uint64_t *v) MUST_CHECK;

/*
 * Bytes of base64 text; at most `most`, the rest is left out. Padding may be
 * missing. False on a foreign character.
 */
bool text_base64(struct slice a, uint8_t *to, size_t most,
    size_t *n) MUST_CHECK;

/*
 * The length of the UTF-8 sequence at the start of a, 0 if it is not one.
 * codepoint may be NULL.
 */
size_t text_utf8(struct slice a, uint32_t *codepoint);

/* What fits of `from`, and a NUL behind it. */
void text_put(char *to, size_t room, const char *from);

#endif
