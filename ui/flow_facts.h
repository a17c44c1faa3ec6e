/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow_facts.h - all there is to say of one flow, as lines: made by the
 * thread that owns the ledger, shown by the screen. Nothing in it points into
 * the ledger.
 */
#ifndef UI_FLOW_FACTS_H
#define UI_FLOW_FACTS_H

#include "audit/view.h"
#include "core/arena.h"

enum fact_kind {
	LINE_HEADING,
	LINE_PAIR,    /* label and text */
	LINE_VERDICT, /* label is the sentence, n the verdict */
	LINE_REASON,  /* text, with a packet */
	LINE_FINDING, /* label is the id, n the severity; text; packet */
	LINE_LINK,    /* text; the flow that begins with `link` */
	LINE_NOTE,
};

struct fact_line {
	enum fact_kind kind;
	unsigned n;
	const char *label, *text; /* safe; never NULL */
	uint64_t packet, link;
	bool is_private; /* all of text is a name or an address */
};

enum { FACT_LINES = 200, FACT_ROOM = 256 * 1024 };

struct flow_facts {
	uint64_t first_packet;
	bool found;
	struct view_row row;
	struct fact_line lines[FACT_LINES];
	unsigned count;
	struct arena texts;
};

/* NULL without memory. */
struct flow_facts *flow_facts_of(const struct ledger *l, uint64_t first_packet);
void flow_facts_free(struct flow_facts *f);

#endif
