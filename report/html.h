/* SPDX-License-Identifier: Apache-2.0 */
/*
 * html.h - writing a page. What comes from elsewhere goes through
 * html_text(); markup goes through html_raw() and html_printf().
 *
 * Failure sticks, so that only the end is asked. One thread.
 */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include <stdio.h>

#include "core/buf.h"

struct html {
	FILE *out;
	struct buf b;
	struct buf safe; /* of the text at hand */
	bool bad;
};

void html_init(struct html *h, FILE *out);
/* Writes what is left; false if anything failed. */
bool html_done(struct html *h) MUST_CHECK;

void html_raw(struct html *h, const char *markup);
void html_printf(struct html *h, const char *fmt, ...) PRINTF(2, 3);
/* Inert anywhere in text and in a quoted attribute. */
void html_text(struct html *h, const char *text);
void html_lines(struct html *h, const char *text); /* keeps line ends */
/* Digits in groups of three, for people. */
void html_number(struct html *h, uint64_t n);
/* <tag>text</tag> */
void html_element(struct html *h, const char *tag, const char *text);

/*
 * From the doctype to <main>: policy of contents, styles, title, a heading.
 * html_end() closes them, with a line of `foot`.
 */
void html_begin(struct html *h, const char *title);
void html_end(struct html *h, const char *foot);

#endif
