/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two pictures, drawn in place: who talks to whom without protection, by role,
 * and the validity of certificates on a time line. The tables beside them say
 * the same in words.
 */
#include "core/clock.h"
#include "report/html_sections.h"

/* ---- who talks to whom ---- */

enum {
	EDGES_MOST = 40,
	ROW = 44,      /* height of an edge's place */
	GAP = 18,      /* between two boxes */
	BOX = 150,     /* width */
	LEFT = 10,     /* of the callers' boxes */
	RIGHT = 730,   /* of the called boxes */
	PICTURE = 900, /* width of all */
	LABEL = 270,   /* a line is straight under its words */
	HALF_ROW = ROW / 2
};

struct edge {
	const struct tally *t;
	unsigned from, to; /* boxes */
	unsigned y1, y2;   /* ends */
};

struct box {
	const char *role;
	unsigned y, height;
	unsigned used; /* ends placed so far */
};

struct graph {
	struct edge edges[EDGES_MOST];
	unsigned edge_count;
	struct box callers[ROLES], called[ROLES];
	unsigned caller_count, called_count;
	uint64_t most; /* flows of an edge */
	unsigned height;
};

static unsigned
box_of(struct box *list, unsigned *n, const char *role)
{
	for (unsigned i = 0; i < *n; i++) {
		if (strcmp(list[i].role, role) == 0)
			return i;
	}
	if (*n == ROLES)
		return 0;
	list[*n] = (struct box){ .role = role };
	return (*n)++;
}

/* Edges of one caller to one called lie side by side: fewer cross. */
static void
sort_edges(struct graph *g)
{
	for (unsigned i = 1; i < g->edge_count; i++) {
		struct edge e = g->edges[i];
		unsigned at = i;

		while (at > 0 &&
		    (g->edges[at - 1].from > e.from ||
			(g->edges[at - 1].from == e.from &&
			    g->edges[at - 1].to > e.to))) {
			g->edges[at] = g->edges[at - 1];
			at--;
		}
		g->edges[at] = e;
	}
}

/* By class, then by role, so that the picture does not hang on chance. */
static void
take_edges(struct graph *g, const struct tallies *all)
{
	for (int c = 0; c < CLASSES; c++) {
		for (size_t i = 0; i < all->count; i++) {
			const struct tally *t = &all->list[i];

			if (strcmp(t->words[2], class_words[c].word) != 0 ||
			    g->edge_count == EDGES_MOST)
				continue;
			g->edges[g->edge_count++] = (struct edge){
				.t = t,
				.from = box_of(g->callers, &g->caller_count,
				    t->words[0]),
				.to = box_of(g->called, &g->called_count,
				    t->words[1]),
			};
			if (t->flows > g->most)
				g->most = t->flows;
		}
	}
}

static unsigned
stack(struct box *list, unsigned n)
{
	unsigned y = 8;

	for (unsigned i = 0; i < n; i++) {
		list[i].y = y;
		y += list[i].height + GAP;
	}
	return y;
}

/* Edges of one caller side by side, and likewise at the called. */
static void
place(struct graph *g)
{
	for (unsigned i = 0; i < g->edge_count; i++) {
		g->callers[g->edges[i].from].height += ROW;
		g->called[g->edges[i].to].height += ROW;
	}
	unsigned a = stack(g->callers, g->caller_count);
	unsigned b = stack(g->called, g->called_count);

	g->height = a > b ? a : b;
	for (unsigned i = 0; i < g->edge_count; i++) {
		struct edge *e = &g->edges[i];
		struct box *from = &g->callers[e->from];
		struct box *to = &g->called[e->to];

		e->y1 = from->y + from->used++ * ROW + HALF_ROW;
		e->y2 = to->y + to->used++ * ROW + HALF_ROW;
	}
}

static void
draw_box(const struct view *v, const struct box *b, unsigned x)
{
	html_printf(v->h,
	    "<rect class=\"box\" x=\"%u\" y=\"%u\" width=\"%d\" "
	    "height=\"%u\" rx=\"5\"/><text x=\"%u\" y=\"%u\" "
	    "text-anchor=\"middle\" font-weight=\"600\">",
	    x, b->y, BOX, b->height, x + BOX / 2, b->y + b->height / 2 + 4);
	html_text(v->h, b->role);
	html_raw(v->h, "</text>\n");
}

static const char *
what_was_seen(const char *observed)
{
	if (strcmp(observed, "none") == 0)
		return "in clear";
	if (strcmp(observed, "null") == 0)
		return "not encrypted";
	if (strcmp(observed, "srtp") == 0)
		return "SRTP, keys readable";
	return "TLS, one-sided";
}

static void
draw_edge(const struct view *v, const struct graph *g, const struct edge *e)
{
	unsigned x1 = LEFT + BOX, x2 = RIGHT - 9;
	unsigned wide = 2 + (unsigned)(e->t->flows * 8 / g->most);
	bool hidden = strcmp(e->t->words[3], "none") != 0;

	html_printf(v->h,
	    "<path class=\"s-bad\" stroke-width=\"%u\"%s "
	    "d=\"M%u %uH%uC%u %u %u %u %u %u\"/>",
	    wide, hidden ? " stroke-dasharray=\"10 5\"" : "", x1, e->y1,
	    x1 + LABEL, x1 + LABEL + 120, e->y1, x2 - 120, e->y2, x2, e->y2);
	html_printf(v->h, "<path class=\"f-bad\" d=\"M%u %ul-11 -7v14z\"/>",
	    x2 + 9, e->y2);
	html_printf(v->h, "<text class=\"halo\" x=\"%u\" y=\"%u\">", x1 + 12,
	    e->y1 - 5 - wide / 2);
	html_number(v->h, e->t->flows);
	html_raw(v->h, e->t->flows == 1 ? " flow, " : " flows, ");
	html_text(v->h, e->t->words[2]);
	html_raw(v->h, ", ");
	html_text(v->h, what_was_seen(e->t->words[3]));
	html_raw(v->h, "</text>\n");
}

static void
talk_table(const struct view *v, const struct graph *g)
{
	table_open(v, TABLE_PLAIN, "The same in words: violations by role");
	table_head(v, "Caller|Called|Class|Observed|#Flows");
	for (unsigned i = 0; i < g->edge_count; i++) {
		const struct tally *t = g->edges[i].t;

		html_raw(v->h, "<tr><th scope=\"row\">");
		html_text(v->h, t->words[0]);
		html_raw(v->h, "</th>");
		for (int k = 1; k < 4; k++)
			cell_text(v, t->words[k]);
		cell_number(v, t->flows);
		html_raw(v->h, "</tr>\n");
	}
	table_close(v);
}

void
section_talk(const struct view *v)
{
	struct graph g = { .edge_count = 0 };

	section_open(v, "talk", "Who talks to whom without protection",
	    "Callers on the left, the called on the right, by role. The "
	    "thicker the line, the more flows; a broken line is protection "
	    "in name only.");
	take_edges(&g, &v->g->talk);
	if (g.edge_count == 0) {
		html_raw(v->h, "<p>Nobody: no violation was seen.</p>\n");
		section_close(v);
		return;
	}
	sort_edges(&g);
	place(&g);
	html_printf(v->h,
	    "<figure><svg viewBox=\"0 0 %d %u\" width=\"%d\" height=\"%u\" "
	    "role=\"img\" aria-labelledby=\"talk-title\">"
	    "<title id=\"talk-title\">Violations by role of caller and "
	    "called; the table below says the same</title>\n",
	    PICTURE, g.height, PICTURE, g.height);
	for (unsigned i = 0; i < g.edge_count; i++)
		draw_edge(v, &g, &g.edges[i]);
	for (unsigned i = 0; i < g.caller_count; i++)
		draw_box(v, &g.callers[i], LEFT);
	for (unsigned i = 0; i < g.called_count; i++)
		draw_box(v, &g.called[i], RIGHT);
	html_raw(v->h, "</svg></figure>\n");
	talk_table(v, &g);
	section_close(v);
}

/* ---- certificates on a time line ---- */

enum {
	BARS_MOST = 40,
	BAR_ROW = 24,
	NAME_WIDTH = 250,
	AXIS_WIDTH = 560,
	AXIS_TOP = 26,
	TIMELINE = 960,
};

#define DAY_NS (INT64_C(86400) * NS_PER_S)

struct axis {
	int64_t from, to, now; /* days since 1970 */
	unsigned year;         /* of from */
};

static bool
day_of(const json_t *c, const char *key, int64_t *day)
{
	int64_t ns;

	if (!clock_parse_date(slice_head(slice_text(doc_text(c, key)), 10),
		&ns))
		return false;
	*day = ns / DAY_NS;
	return true;
}

static unsigned
x_of(const struct axis *a, int64_t day)
{
	if (day <= a->from)
		return NAME_WIDTH;
	if (day >= a->to)
		return NAME_WIDTH + AXIS_WIDTH;
	return NAME_WIDTH +
	    (unsigned)((day - a->from) * AXIS_WIDTH / (a->to - a->from));
}

/* A year back, and as far ahead as the last certificate, at most six years. */
static bool
make_axis(const struct view *v, const struct cert_list *c, struct axis *a)
{
	const char *end = doc_text(v->d->summary, "end");
	int64_t last = 0;

	/* What has a day begins with the four digits of its year. */
	if (!day_of(v->d->summary, "end", &a->now))
		return false;
	a->year = 0;
	for (int i = 0; i < 4; i++)
		a->year = a->year * 10 + (unsigned)(end[i] - '0');
	for (size_t i = 0; i < c->count; i++) {
		int64_t day;

		if (day_of(c->list[i], "notafter", &day) && day > last)
			last = day;
	}
	a->from = a->now - 365;
	a->to = last + 60;
	if (a->to < a->now + 365)
		a->to = a->now + 365;
	if (a->to > a->now + 6 * 365)
		a->to = a->now + 6 * 365;
	return true;
}

static void
draw_axis(const struct view *v, const struct axis *a, unsigned height)
{
	char first[16];
	int64_t ns;

	for (unsigned i = 0; i < 9; i++) {
		(void)snprintf(first, sizeof(first), "%04u-01-01",
		    a->year - 1 + i);
		if (!clock_parse_date(slice_text(first), &ns) ||
		    ns / DAY_NS < a->from || ns / DAY_NS > a->to)
			continue;
		unsigned x = x_of(a, ns / DAY_NS);

		html_printf(v->h,
		    "<line class=\"axis\" x1=\"%u\" y1=\"%d\" x2=\"%u\" "
		    "y2=\"%u\"/><text class=\"s\" x=\"%u\" "
		    "y=\"16\">%.4s</text>\n",
		    x, AXIS_TOP, x, height, x + 3, first);
	}
}

static void
common_name(const struct view *v, const char *subject)
{
	const char *cn = strstr(subject, "CN=");
	size_t n;
	char text[40];

	if (cn == NULL)
		cn = subject;
	else
		cn += 3;
	n = strcspn(cn, ",+");
	/* Cut between characters of UTF-8. */
	if (n > 30) {
		n = 29;
		while (n > 0 && ((unsigned char)cn[n] & 0xc0) == 0x80)
			n--;
		(void)snprintf(text, sizeof(text), "%.*s\xe2\x80\xa6", (int)n,
		    cn);
	} else {
		(void)snprintf(text, sizeof(text), "%.*s", (int)n, cn);
	}
	html_text(v->h, text[0] != '\0' ? text : "without a name");
}

static void
draw_bar(const struct view *v, const struct axis *a, const json_t *c,
    unsigned y)
{
	int64_t from = a->from, to = a->to;
	bool found = json_array_size(json_object_get(c, "findings")) > 0;
	const char *style;
	const char *sign;
	char text[48];

	(void)day_of(c, "notbefore", &from);
	(void)day_of(c, "notafter", &to);
	int64_t left = to - a->now;
	bool over = left < 0 || found;

	style = over ? "f-bad" : left < 90 ? "f-open" : "f-good";
	sign = over ? "\xe2\x9c\x95" : left < 90 ? "!" : "\xe2\x9c\x93";
	unsigned x1 = x_of(a, from), x2 = x_of(a, to);

	html_printf(v->h, "<text x=\"0\" y=\"%u\">%s ", y + 14, sign);
	common_name(v, doc_text(c, "subject"));
	html_printf(v->h,
	    "</text><rect class=\"%s\" x=\"%u\" y=\"%u\" width=\"%u\" "
	    "height=\"12\" rx=\"2\"/>",
	    style, x1, y + 4, x2 > x1 + 3 ? x2 - x1 : 3);
	if (left < 0)
		(void)snprintf(text, sizeof(text), "ended");
	else
		(void)snprintf(text, sizeof(text), "%lld d", (long long)left);
	html_printf(v->h, "<text class=\"s\" x=\"%u\" y=\"%u\">%s%s</text>\n",
	    NAME_WIDTH + AXIS_WIDTH + 10, y + 14, text,
	    found ? ", findings" : "");
}

void
picture_certs(const struct view *v, const struct cert_list *c)
{
	struct axis a;
	size_t n = c->count < BARS_MOST ? c->count : BARS_MOST;
	unsigned height = AXIS_TOP + (unsigned)n * BAR_ROW + 6;

	if (n == 0 || !make_axis(v, c, &a))
		return;
	html_printf(v->h,
	    "<figure><svg viewBox=\"0 0 %d %u\" width=\"%d\" height=\"%u\" "
	    "role=\"img\" aria-labelledby=\"cert-title\">"
	    "<title id=\"cert-title\">Validity of certificates, the first to "
	    "end on top; the table below says the same</title>\n",
	    TIMELINE, height, TIMELINE, height);
	draw_axis(v, &a, height);
	for (size_t i = 0; i < n; i++)
		draw_bar(v, &a, c->list[i], AXIS_TOP + (unsigned)i * BAR_ROW);
	unsigned x = x_of(&a, a.now);

	html_printf(v->h,
	    "<line class=\"now\" x1=\"%u\" y1=\"0\" x2=\"%u\" y2=\"%u\"/>"
	    "<text class=\"s halo\" x=\"%u\" y=\"16\" text-anchor=\"end\">"
	    "audit</text>\n</svg>",
	    x, x, height, x - 4);
	html_raw(v->h, "<figcaption class=\"key\">");
	static const struct {
		const char *style, *text;
	} keys[] = {
		{ "f-good", "in order for 90 days or more" },
		{ "f-open", "ends within 90 days" },
		{ "f-bad", "ended, or with findings" },
	};

	for (size_t i = 0; i < COUNT(keys); i++)
		html_printf(v->h,
		    "<span><svg width=\"14\" height=\"10\" "
		    "aria-hidden=\"true\"><rect class=\"%s\" width=\"14\" "
		    "height=\"10\" rx=\"2\"/></svg>%s</span>",
		    keys[i].style, keys[i].text);
	html_raw(v->h, "</figcaption></figure>\n");
	more_note(v, n, c->count, "certificates");
}
