/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One flow: verdict, reasons with their packets, findings, certificates, and
 * links to other flows that can be followed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "ui/flow_facts.h"
#include "ui/keys.h"
#include "ui/page.h"

enum { LINKS = 64, LABEL = 14, BACK_LINKS = 24 };

/* Where a link was drawn. */
struct link {
	unsigned line;
	uint64_t flow;
};

struct flow_page {
	struct flow_facts *facts;
	uint64_t shown, asked; /* first packets */
	bool waiting, stale, gone;
	struct scroll scroll;
	struct link links[LINKS];
	unsigned link_count, at;
	bool to_link; /* bring the link at hand onto the screen */
	/* Flows that point at this one. */
	uint64_t back[BACK_LINKS];
	bool back_is_media[BACK_LINKS];
	unsigned back_count;
};

struct flow_job {
	struct view_job job;
	uint64_t first_packet;
	struct flow_facts *facts;
};

/* ---- asking ---- */

static void
job_run(struct view_job *j, const struct ledger *l, bool finished)
{
	struct flow_job *x = (struct flow_job *)j;

	(void)finished;
	x->facts = flow_facts_of(l, x->first_packet);
}

static void
job_drop(struct view_job *j)
{
	struct flow_job *x = (struct flow_job *)j;

	flow_facts_free(x->facts);
	free(x);
}

static void
job_done(struct view_job *j, void *ctx)
{
	struct flow_job *x = (struct flow_job *)j;
	struct tui *t = ctx;

	flow_arrived(t, x->first_packet, x->facts);
	free(x);
}

static void
ask(struct tui *t, struct flow_page *s)
{
	struct flow_job *x;

	if (s->waiting)
		return;
	x = calloc(1, sizeof(*x));
	if (x == NULL)
		return;
	x->job = (struct view_job){ job_run, job_done, job_drop, NULL };
	x->first_packet = s->shown;
	s->asked = s->shown;
	s->waiting = true;
	s->stale = false;
	view_post(t->o.view, &x->job);
}

void
flow_arrived(struct tui *t, uint64_t first_packet, void *facts)
{
	struct flow_page *s = t->state[SCREEN_FLOW];

	s->waiting = false;
	struct flow_facts *now = facts;

	t->redraw = true;
	if (first_packet != s->shown || now == NULL) {
		flow_facts_free(now);
		if (first_packet != s->shown)
			ask(t, s);
		return;
	}
	/* Of a flow that was let go, what was known before stays. */
	s->gone = !now->found;
	if (s->gone && s->facts != NULL && s->facts->found) {
		flow_facts_free(now);
		return;
	}
	flow_facts_free(s->facts);
	s->facts = now;
}

static void
find_back(struct tui *t, struct flow_page *s)
{
	s->back_count = 0;
	for (uint32_t i = 0;
	     i < store_count(t->store) && s->back_count < BACK_LINKS; i++) {
		if (!store_brief(t->store, i)->linked)
			continue;
		const struct view_row *r = store_row(t->store, i);
		bool media = r->signalled_by == s->shown;

		if (s->shown == 0 || (!media && r->resumed_from != s->shown))
			continue;
		s->back_is_media[s->back_count] = media;
		s->back[s->back_count++] = r->first_packet;
	}
}

void
flow_show(struct tui *t, uint64_t first_packet)
{
	struct flow_page *s = t->state[SCREEN_FLOW];

	if (s->facts != NULL && s->facts->first_packet != first_packet) {
		flow_facts_free(s->facts);
		s->facts = NULL;
	}
	s->gone = false;
	s->shown = first_packet;
	s->scroll.top = s->at = 0;
	find_back(t, s);
	ask(t, s);
}

/* ---- drawing ---- */

struct pen {
	struct tui *t;
	struct flow_page *s;
	const struct area *a;
	unsigned line; /* of all, from 0 */
};

static int
y_of(const struct pen *p)
{
	return scroll_y(&p->s->scroll, p->a, p->line);
}

/* Wrapped; every line begins at `x`. */
static void
write_text(struct pen *p, int x, enum paint paint, const char *text)
{
	int width = p->a->columns - x - 1;
	char piece[TUI_TEXT];

	do {
		size_t n = canvas_wrap(text, width);

		if (n >= sizeof(piece))
			n = sizeof(piece) - 1;
		memcpy(piece, text, n);
		piece[n] = '\0';
		if (y_of(p) >= 0)
			(void)canvas_put(y_of(p), x, width + 1, paint, piece);
		p->line++;
		text += n;
	} while (*text != '\0');
}

static bool
note_link(struct pen *p, uint64_t flow)
{
	struct flow_page *s = p->s;

	if (s->link_count == LINKS)
		return false;
	s->links[s->link_count] = (struct link){ p->line, flow };
	return s->link_count++ == s->at;
}

static void
draw_link(struct pen *p, const char *text, uint64_t flow)
{
	char line[TUI_TEXT], src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX];
	char number[24];
	uint32_t slot;
	bool here = note_link(p, flow);

	if (store_find(p->t->store, flow, &slot)) {
		const struct view_row *r = store_row(p->t->store, slot);

		(void)snprintf(line, sizeof(line), "%s #%s  %s %s %s  %s", text,
		    tui_number(r->number, number, sizeof(number)),
		    tui_endpoint(p->t, &r->src, src), theme_glyph(GLYPH_ARROW),
		    tui_endpoint(p->t, &r->dst, dst),
		    verdict_words[r->verdict].word);
	} else {
		(void)snprintf(line, sizeof(line),
		    "%s a flow that begins "
		    "with packet %" PRIu64,
		    text, PACKET_FRAME(flow));
	}
	if (y_of(p) >= 0)
		(void)canvas_put(y_of(p), p->a->x + 1, 1, PAINT_LINK,
		    theme_glyph(GLYPH_CRUMB));
	write_text(p, p->a->x + 3, here ? PAINT_SELECT : PAINT_LINK, line);
}

static void
draw_pair(struct pen *p, const struct fact_line *l)
{
	char hidden[VIEW_NAME], sentence[TUI_TEXT];
	const char *text = l->is_private
	    ? tui_name(p->t, l->text, hidden)
	    : tui_sentence(p->t, l->text, sentence);

	if (y_of(p) >= 0)
		(void)canvas_put(y_of(p), p->a->x + 2, LABEL - 1, PAINT_FAINT,
		    l->label);
	write_text(p, p->a->x + 2 + LABEL, PAINT_TEXT, text);
}

/* "packet 12 of a.pcap: text" */
static void
draw_reason(struct pen *p, const struct fact_line *l, enum paint paint)
{
	char text[2 * TUI_TEXT], packet[96], sentence[TUI_TEXT];

	(void)tui_packet(p->t, l->packet, true, packet);
	(void)snprintf(text, sizeof(text), "%s%s%s%s%s", packet,
	    packet[0] != '\0' ? ": " : "", l->label,
	    l->label[0] != '\0' ? ": " : "",
	    tui_sentence(p->t, l->text, sentence));
	write_text(p, p->a->x + 4, paint, text);
}

static void
draw_finding(struct pen *p, const struct fact_line *l)
{
	char head[96];
	enum paint paint = theme_of_severity((enum severity)l->n);

	if (y_of(p) >= 0) {
		(void)snprintf(head, sizeof(head), "%s %s",
		    severity_words[l->n], l->label);
		(void)canvas_put(y_of(p), p->a->x + 2, p->a->columns - 3, paint,
		    head);
	}
	p->line++;
	struct fact_line text = *l;

	text.label = "";
	draw_reason(p, &text, PAINT_TEXT);
}

static void
heading(struct pen *p, const char *text)
{
	p->line++;
	if (y_of(p) >= 0)
		(void)canvas_put(y_of(p), p->a->x + 1, p->a->columns - 2,
		    PAINT_STRONG, text);
	p->line++;
}

static void
draw_line(struct pen *p, const struct fact_line *l)
{
	char text[TUI_TEXT + 8];

	switch (l->kind) {
	case LINE_HEADING:
		heading(p, l->label);
		return;
	case LINE_PAIR:
		draw_pair(p, l);
		return;
	case LINE_VERDICT:
		(void)snprintf(text, sizeof(text), "%s %s",
		    theme_glyph(theme_sign((enum verdict)l->n)), l->label);
		write_text(p, p->a->x + 1, theme_of_verdict((enum verdict)l->n),
		    text);
		return;
	case LINE_REASON:
		if (y_of(p) >= 0)
			(void)canvas_put(y_of(p), p->a->x + 2, 1, PAINT_FAINT,
			    theme_glyph(GLYPH_DOT));
		draw_reason(p, l, PAINT_TEXT);
		return;
	case LINE_FINDING:
		draw_finding(p, l);
		return;
	case LINE_LINK:
		draw_link(p, l->text, l->link);
		return;
	case LINE_NOTE:
		write_text(p, p->a->x + 2, PAINT_FAINT, l->text);
		return;
	}
}

/* Who is talking: known from the row before the details come. */
static void
draw_ends(struct pen *p, const struct view_row *r)
{
	char text[TUI_TEXT], src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX];

	(void)snprintf(text, sizeof(text), "%s (%s) %s %s (%s)  %s %s",
	    tui_endpoint(p->t, &r->src, src), role_words[r->src_role].word,
	    theme_glyph(GLYPH_ARROW), tui_endpoint(p->t, &r->dst, dst),
	    role_words[r->dest_role].word,
	    r->proto == IPPROTO_NUM_TCP ? "TCP" : "UDP", r->app);
	write_text(p, p->a->x + 1, PAINT_STRONG, text);
}

/* What the row alone tells. */
static void
draw_row(struct pen *p, const struct view_row *r)
{
	char text[TUI_TEXT];

	(void)snprintf(text, sizeof(text), "%s (%s): %s required, %s observed",
	    verdict_words[r->verdict].word, certainty_words[r->certainty],
	    requirement_words[r->required].word,
	    protection_words[r->observed].word);
	draw_line(p,
	    &(struct fact_line){ LINE_VERDICT, r->verdict, text, "", 0, 0,
		false });
	draw_line(p,
	    &(struct fact_line){ LINE_PAIR, 0, "class",
		class_words[r->class].word, 0, 0, false });
	draw_line(p,
	    &(struct fact_line){ LINE_REASON, 0, "", r->why, r->proof, 0,
		false });
	for (uint64_t f = r->findings; f != 0; f &= f - 1) {
		const struct finding_kind *k =
		    &finding_kinds[__builtin_ctzll(f)];

		draw_line(p,
		    &(struct fact_line){ LINE_PAIR, 0, "finding", k->id, 0, 0,
			false });
	}
}

static void
draw_gone(struct pen *p, const struct view_row *r)
{
	struct flow_page *s = p->s;
	bool known = s->facts != NULL && s->facts->found;

	write_text(p, p->a->x + 1, PAINT_DOUBT,
	    known ? "This flow was let go to save memory. What was known "
		    "before:"
		: r != NULL
		? "This flow was let go to save memory. What is left of it:"
		: "This flow is not held any more.");
	if (!known && r != NULL)
		draw_row(p, r);
}

static void
draw_all(struct pen *p)
{
	struct flow_page *s = p->s;
	const struct view_row *r = NULL;
	uint32_t slot;

	s->link_count = 0;
	if (store_find(p->t->store, s->shown, &slot))
		r = store_row(p->t->store, slot);
	if (r != NULL)
		draw_ends(p, r);
	else if (s->facts != NULL && s->facts->found)
		draw_ends(p, &s->facts->row);
	if (s->gone)
		draw_gone(p, r);
	else if (s->facts == NULL)
		write_text(p, p->a->x + 1, PAINT_FAINT,
		    "asking the auditor ...");
	if (s->facts == NULL || !s->facts->found)
		return;
	for (unsigned i = 0; i < s->facts->count; i++)
		draw_line(p, &s->facts->lines[i]);
	if (s->back_count > 0)
		heading(p, "Flows that point here");
	for (unsigned i = 0; i < s->back_count; i++)
		draw_link(p,
		    s->back_is_media[i] ? "media that was promised here:"
					: "resumes this session:",
		    s->back[i]);
}

static void
flow_draw(struct tui *t, void *state, const struct area *a)
{
	struct flow_page *s = state;
	struct pen p = { .t = t, .s = s, .a = a };

	struct scroll *scroll = &s->scroll;

	scroll->page = (unsigned)a->lines;
	/* Once to know how many lines there are, so that the end fits. */
	unsigned top = scroll->top;

	scroll->top = UINT32_MAX / 2;
	draw_all(&p);
	scroll->lines = p.line;
	if (s->at >= s->link_count)
		s->at = s->link_count > 0 ? s->link_count - 1 : 0;
	if (s->to_link && s->link_count > 0) {
		unsigned line = s->links[s->at].line;

		if (line < top || line >= top + scroll->page)
			top = line > scroll->page / 2 ? line - scroll->page / 2
						      : 0;
	}
	s->to_link = false;
	scroll->top = top;
	scroll_fit(scroll);
	p.line = 0;
	draw_all(&p);
}

static void
flow_status(struct tui *t, void *state, char *text, size_t room)
{
	const struct flow_page *s = state;
	uint32_t slot;

	scroll_status(&s->scroll, text, room);
	if (text[0] == '\0' && store_find(t->store, s->shown, &slot))
		(void)tui_packet(t, store_row(t->store, slot)->proof, false,
		    text);
}

/* ---- keys ---- */

static bool
flow_key(struct tui *t, void *state, int key)
{
	struct flow_page *s = state;

	if (scroll_key(&s->scroll, key))
		return true;
	switch (key) {
	case 'l':
	case 'n':
		s->at = s->link_count > 0 ? (s->at + 1) % s->link_count : 0;
		s->to_link = true;
		return true;
	case KEY_RETURN:
		if (s->link_count > 0)
			tui_open_flow(t, s->links[s->at].flow);
		return true;
	case KEY_ARROW_LEFT:
		return tui_back(t);
	default:
		return false;
	}
}

static void
flow_click(struct tui *t, void *state, int y, int x, bool twice)
{
	struct flow_page *s = state;

	(void)x;
	(void)twice;
	for (unsigned i = 0; i < s->link_count; i++) {
		if (s->links[i].line == s->scroll.top + (unsigned)y)
			tui_open_flow(t, s->links[i].flow);
	}
}

static void
flow_scroll(struct tui *t, void *state, int by)
{
	struct flow_page *s = state;

	(void)t;
	scroll_by(&s->scroll, by);
}

/* ---- news ---- */

static void
flow_row(struct tui *t, void *state, uint32_t slot)
{
	struct flow_page *s = state;
	const struct view_row *r = store_row(t->store, slot);

	if (r->first_packet == s->shown)
		s->stale = true;
}

static void
flow_reset(struct tui *t, void *state)
{
	struct flow_page *s = state;

	find_back(t, s);
	s->stale = true;
}

static bool
flow_work(struct tui *t, void *state, int64_t until)
{
	struct flow_page *s = state;

	(void)until;
	if (s->stale && s->shown != 0 && tui_here(t) == SCREEN_FLOW)
		ask(t, s);
	return true;
}

static void *
flow_begin(struct tui *t)
{
	(void)t;
	return calloc(1, sizeof(struct flow_page));
}

static void
flow_end(void *state)
{
	struct flow_page *s = state;

	flow_facts_free(s->facts);
	free(s);
}

static const struct key_about keys[] = {
	{ "arrows, PgDn", "scroll" },
	{ "l", "the next link to another flow" },
	{ "Enter",
	    "follow the link: the handshake a session resumes, the "
	    "call that promised the media" },
	{ "Esc Left", "back" },
	{ NULL, NULL },
};

const struct screen screen_flow = {
	.name = "Flow",
	.keys = keys,
	.begin = flow_begin,
	.end = flow_end,
	.draw = flow_draw,
	.key = flow_key,
	.click = flow_click,
	.scroll = flow_scroll,
	.row = flow_row,
	.reset = flow_reset,
	.work = flow_work,
	.status = flow_status,
};
