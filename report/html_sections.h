/* SPDX-License-Identifier: Apache-2.0 */
/*
 * html_sections.h - shared by report_html.c and the html_*.c files only: the
 * sections of the page, each with its heading.
 */
#ifndef REPORT_HTML_SECTIONS_H
#define REPORT_HTML_SECTIONS_H

#include "report/gather.h"
#include "report/html.h"

struct view {
	struct html *h;
	const struct audit_doc *d;
	const struct gathered *g;
};

/* The certificates of a document in the order of their last day. */
struct cert_list {
	json_t **list;
	size_t count;
};

/* <section> with a heading and a sentence that explains it. */
void section_open(const struct view *v, const char *id, const char *title,
    const char *about);
void section_close(const struct view *v);
enum table_kind { TABLE_PLAIN, TABLE_SORTED, TABLE_NARROW };
/* Scrolls on a small screen; the caption names it. */
void table_open(const struct view *v, enum table_kind kind,
    const char *caption);
void table_close(const struct view *v);
/* Header cells: titles separated by '|', a leading '#' for numbers. */
void table_head(const struct view *v, const char *titles);
void cell_text(const struct view *v, const char *text);
void cell_number(const struct view *v, uint64_t n);
/* A verdict by word and sign. */
void mark(const struct view *v, enum verdict x, const char *word);
void severity_tag(const struct view *v, const char *severity);
/* "packet 29 of a.pcap", or nothing. */
void proof_place(const struct view *v, const struct proof *p);
/* Time for people; the exact one is in the markup. */
void moment(const struct view *v, const char *rfc3339);
void more_note(const struct view *v, uint64_t shown, uint64_t all,
    const char *what);
uint64_t verdicts_at(const json_t *o, enum verdict x);
const char *words_of_class(enum traffic_class c); /* "server to server" */

/* html_fix.c */
void section_fix(const struct view *v);
void section_findings(const struct view *v);
void section_open_questions(const struct view *v);
void section_exempt(const struct view *v);

/* html_pictures.c */
void section_talk(const struct view *v);
void picture_certs(const struct view *v, const struct cert_list *c);

/* html_tables.c */
void section_certs(const struct view *v);
void section_tls(const struct view *v);
void section_media(const struct view *v);
void section_hosts(const struct view *v);
void section_flows(const struct view *v);
void section_policy(const struct view *v);
void section_inputs(const struct view *v);

#endif
