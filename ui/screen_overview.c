/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One look: the seven rows of the Lync table and the rest by verdict, the
 * state of the capture, the newest violations.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "ui/keys.h"
#include "ui/page.h"

enum {
	BUCKETS = 24,
	TREND_MS = 900,
	ROOMY = 26, /* lines from which empty rows are shown */
};

#define BIT(c) (1u << CLASS_##c)

/* clang-format off */
static const struct group {
	const char *name;
	unsigned classes;
	const char *filter;
	bool always;
} groups[] = {
	{ "server to server", BIT(SERVER_TO_SERVER), "class:server-to-server", true },
	{ "client to server", BIT(CLIENT_TO_SERVER), "class:client-to-server", true },
	{ "IM and presence", BIT(IM_PRESENCE), "class:im-presence", true },
	{ "audio, video, desktop", BIT(AV_MEDIA) | BIT(DESKTOP_MEDIA), "class:av-media,desktop-media", true },
	{ "desktop signalling", BIT(DESKTOP_SIGNALLING), "class:desktop-signalling", true },
	{ "web conferencing", BIT(WEB_CONFERENCING), "class:web-conferencing", true },
	{ "content, books, groups", BIT(CONTENT_DOWNLOAD) | BIT(ADDRESS_BOOK_DOWNLOAD) | BIT(GROUP_EXPANSION),
	    "class:content-download,address-book-download,group-expansion", true },
	{ "other web services", BIT(WEB_SERVICES), "class:web-services", false },
	{ "gateway signalling", BIT(GATEWAY_SIGNALLING), "class:gateway-signalling", false },
	{ "gateway media", BIT(GATEWAY_MEDIA), "class:gateway-media", false },
	{ "relay and bootstrap", BIT(RELAY_CONTROL) | BIT(BOOTSTRAP), "class:relay-control,bootstrap", false },
	{ "other, infrastructure", BIT(OTHER) | BIT(INFRASTRUCTURE), "class:other,infrastructure", false },
};
/* clang-format on */

struct overview {
	struct page page; /* violations, the newest first */
	struct tui *t;    /* of the page */
	struct list *bad;
	uint32_t flows[COUNT(groups)][BUCKETS];
	uint32_t violations[COUNT(groups)][BUCKETS];
	uint32_t highest[COUNT(groups)];
	int64_t counted;
	bool stale;
	unsigned at;                  /* of what can be selected */
	uint8_t shown[COUNT(groups)]; /* groups, as drawn */
	unsigned shown_count, bad_shown;
	int groups_y, bad_y; /* lines of the area, for the mouse */
};

/* ---- the list of violations ---- */

static size_t
bad_count(void *ctx)
{
	const struct page *p = ctx;

	return store_count(p->t->store);
}

static bool
bad_wanted(void *ctx, uint32_t row)
{
	const struct page *p = ctx;
	const struct store_brief *b = store_brief(p->t->store, row);

	return b->there && b->verdict == VERDICT_VIOLATION;
}

static uint64_t
bad_key(void *ctx, uint32_t row, unsigned word)
{
	const struct page *p = ctx;

	(void)word;
	return (uint64_t)store_brief(p->t->store, row)->start;
}

static void
overview_reset(struct tui *t, void *state)
{
	struct overview *s = state;

	page_reset(t, state);
	s->stale = true;
}

static void
overview_row(struct tui *t, void *state, uint32_t slot)
{
	struct overview *s = state;

	(void)t;
	list_changed(s->bad, slot);
	s->stale = true;
}

/* ---- trend ---- */

static unsigned
group_of(unsigned class)
{
	for (unsigned g = 0; g < COUNT(groups); g++) {
		if ((groups[g].classes >> class & 1) != 0)
			return g;
	}
	return COUNT(groups) - 1;
}

/* Flows by the time they began. */
static void
count_trend(struct tui *t, struct overview *s)
{
	const struct store_sums *sums = store_sums(t->store);
	int64_t span = sums->last - sums->first, now = clock_monotonic();
	unsigned group[CLASSES];

	if (!s->stale)
		return;
	if (now - s->counted < TREND_MS * NS_PER_MS) {
		tui_again(t, s->counted + TREND_MS * NS_PER_MS);
		return;
	}
	s->counted = now;
	s->stale = false;
	memset(s->flows, 0, sizeof(s->flows));
	memset(s->violations, 0, sizeof(s->violations));
	memset(s->highest, 0, sizeof(s->highest));
	for (unsigned c = 0; c < CLASSES; c++)
		group[c] = group_of(c);
	for (size_t i = 0; i < store_count(t->store); i++) {
		const struct store_brief *r = store_brief(t->store, i);
		unsigned g = group[r->class];

		if (!r->there)
			continue;
		double part = span > 0
		    ? (double)(r->start - sums->first) / (double)span
		    : 0;
		unsigned b = (unsigned)(part * (BUCKETS - 1));

		if (b >= BUCKETS)
			b = BUCKETS - 1;
		s->violations[g][b] += r->verdict == VERDICT_VIOLATION;
		if (++s->flows[g][b] > s->highest[g])
			s->highest[g] = s->flows[g][b];
	}
}

static void
draw_trend(const struct overview *s, unsigned g, int y, int x, int width,
    bool here)
{
	int per = width >= BUCKETS ? 1 : (BUCKETS + width - 1) / width;

	for (int i = 0; i * per < BUCKETS; i++) {
		uint32_t most = 0, bad = 0;

		for (int k = i * per; k < (i + 1) * per && k < BUCKETS; k++) {
			most = s->flows[g][k] > most ? s->flows[g][k] : most;
			bad += s->violations[g][k];
		}
		if (most == 0)
			continue;
		enum paint p = here ? PAINT_SELECT
		    : bad > 0       ? PAINT_BAD
				    : PAINT_GOOD;

		(void)canvas_put(y, x + i, 1, p,
		    theme_glyph((enum glyph)(GLYPH_SPARK +
			(most * 7 + s->highest[g] - 1) / s->highest[g])));
	}
}

/* ---- the table ---- */

static const enum verdict columns[] = { VERDICT_COMPLIANT, VERDICT_VIOLATION,
	VERDICT_UNDETERMINED, VERDICT_EXEMPT };
static const char *const titles[] = { "compliant", "violation", "undetermined",
	"exempt" };
static const char *const short_titles[] = { "compl", "viol", "undet",
	"exempt" };
enum { NAME = 23, NEED = 6, BYTES = 8, ROOM_FOR_WORDS = 100 };

/* Columns of a number. */
static int
number_width(const struct area *a)
{
	return a->columns >= ROOM_FOR_WORDS ? 15 : 8;
}

static uint64_t
flows_of(const struct store_sums *sums, const struct group *g)
{
	uint64_t n = 0;

	for (unsigned c = 0; c < CLASSES; c++) {
		for (unsigned v = 0; v < VERDICTS; v++)
			n += (g->classes >> c & 1) != 0 ? sums->by_class[c][v]
							: 0;
	}
	return n;
}

static void
choose_groups(struct overview *s, const struct area *a)
{
	const struct store_sums *sums = store_sums(s->t->store);

	s->shown_count = 0;
	for (unsigned g = 0; g < COUNT(groups); g++) {
		if (groups[g].always || a->lines >= ROOMY ||
		    flows_of(sums, &groups[g]) > 0)
			s->shown[s->shown_count++] = (uint8_t)g;
	}
}

static void
draw_table_head(const struct area *a, int y, int width)
{
	int x = a->x + 1 + NAME + 1 + NEED + 1, number = number_width(a);
	const char *const *words =
	    a->columns >= ROOM_FOR_WORDS ? titles : short_titles;
	char text[32];

	canvas_fill(y, a->x, width, PAINT_HEAD);
	(void)canvas_put(y, a->x + 1, NAME, PAINT_HEAD, "Traffic");
	(void)canvas_put(y, a->x + 2 + NAME, NEED, PAINT_HEAD, "Needs");
	for (size_t i = 0; i < COUNT(columns); i++) {
		(void)snprintf(text, sizeof(text), "%s%s",
		    theme_glyph(theme_sign(columns[i])), words[i]);
		canvas_right(y, x, number, PAINT_HEAD, text);
		x += number;
	}
	canvas_right(y, x, BYTES, PAINT_HEAD, "Bytes");
	if (width - (x + BYTES + 1 - a->x) >= 5)
		(void)canvas_put(y, x + BYTES + 1,
		    width - (x + BYTES + 1 - a->x), PAINT_HEAD, "Trend");
}

static const char *
need_text(const struct overview *s, const struct group *g)
{
	const struct policy *p = ledger_policy(engine_ledger(s->t->o.engine));
	enum requirement r = p->require[__builtin_ctz(g->classes)];

	if (r == REQUIRE_GATEWAY)
		return "(mtls)";
	return r == REQUIRE_NONE ? "-" : requirement_words[r].word;
}

static void
draw_group(const struct overview *s, unsigned g, int y, const struct area *a,
    bool here)
{
	const struct store_sums *sums = store_sums(s->t->store);
	uint64_t bytes = 0;
	char text[24];
	int x = a->x + 1 + NAME + 1 + NEED + 1, number = number_width(a);

	if (here)
		canvas_fill(y, a->x, a->columns, PAINT_SELECT);
	(void)canvas_put(y, a->x + 1, NAME, here ? PAINT_SELECT : PAINT_TEXT,
	    groups[g].name);
	(void)canvas_put(y, a->x + 2 + NAME, NEED,
	    here ? PAINT_SELECT : PAINT_FAINT, need_text(s, &groups[g]));
	for (unsigned c = 0; c < CLASSES; c++)
		bytes += (groups[g].classes >> c & 1) != 0
		    ? sums->class_bytes[c]
		    : 0;
	for (size_t i = 0; i < COUNT(columns); i++) {
		uint64_t n = 0;

		for (unsigned c = 0; c < CLASSES; c++)
			n += (groups[g].classes >> c & 1) != 0
			    ? sums->by_class[c][columns[i]]
			    : 0;
		enum paint p = here ? PAINT_SELECT
		    : n == 0        ? PAINT_FAINT
				    : theme_of_verdict(columns[i]);

		canvas_right(y, x, number, p,
		    n > 0 ? text_count(n, text) : ".");
		x += number;
	}
	canvas_right(y, x, BYTES, here ? PAINT_SELECT : PAINT_FAINT,
	    bytes > 0 ? text_size((double)bytes, text) : ".");
	int left = a->columns - (x + BYTES + 1 - a->x);

	if (left > 0 && s->highest[g] > 0)
		draw_trend(s, g, y, x + BYTES + 1, left, here);
}

/* ---- the capture ---- */

static void
source_name(const struct tui *t, char text[96])
{
	struct source *src = engine_source(t->o.engine);
	const struct source_input *in = source_input(src, 0);
	size_t n = source_inputs(src);
	const char *slash = in != NULL ? strrchr(in->path, '/') : NULL;
	char sentence[TUI_TEXT];

	if (n != 1 || in == NULL)
		(void)snprintf(text, 96, "%zu %s", n,
		    t->o.live ? "interfaces" : "files");
	else if (t->settings.privacy)
		(void)snprintf(text, 96, "1 input");
	else
		(void)snprintf(text, 96, "%.90s",
		    tui_sentence(t, slash != NULL ? slash + 1 : in->path,
			sentence));
}

static void
draw_progress(const struct tui *t, int y, int x, int width)
{
	const struct source_stats *s = &t->status.source;
	double part = s->total_bytes > 0 && s->read_bytes < s->total_bytes
	    ? (double)s->read_bytes / (double)s->total_bytes
	    : 1;

	for (int i = 0; i < width; i++)
		(void)canvas_put(y, x + i, 1, PAINT_GOOD,
		    theme_glyph(
			i < part * width ? GLYPH_BAR : GLYPH_BAR_EMPTY));
}

/* Loss of any kind is said in words, not only in colour. */
static int
put_count(int y, int x, int width, const char *what, uint64_t n, bool bad)
{
	char text[24];

	return canvas_printf(y, x, width,
	    n > 0 && bad ? PAINT_DOUBT : PAINT_FAINT, "%s %s  ", what,
	    text_count(n, text));
}

/* The share of the flows nothing is missing of; never rounded up to all. */
static int
put_whole(int y, int x, int width, const struct store_sums *sums)
{
	uint64_t whole = sums->flows - sums->doubtful;
	uint64_t percent = sums->flows > 0 ? whole * 100 / sums->flows : 100;

	return canvas_printf(y, x, width,
	    sums->doubtful > 0 ? PAINT_DOUBT : PAINT_FAINT,
	    "whole %" PRIu64 "%%  ", percent);
}

static void
draw_capture(const struct tui *t, int y, const struct area *a)
{
	const struct source_stats *s = &t->status.source;
	const struct store_sums *sums = store_sums(t->store);
	char name[96], size[24], n[24], rate[24], speed[24];
	int x = a->x + 1, end = a->x + a->columns;

	source_name(t, name);
	x += canvas_printf(y, x, end - x, PAINT_TEXT, "%s  ", name);
	x += canvas_printf(y, x, end - x, PAINT_FAINT, "%s packets  %s  ",
	    text_count(s->packets, n), text_size((double)s->bytes, size));
	if (t->status.phase == VIEW_READING)
		x += canvas_printf(y, x, end - x, PAINT_FAINT,
		    "%s packets/s  %s/s  ",
		    text_count((uint64_t)(t->rate + 0.5), rate),
		    text_size(t->byte_rate, speed));
	if (!t->o.live && t->status.phase == VIEW_READING && end - x > 12)
		draw_progress(t, y, x, end - x - 1);
	y++;
	x = a->x + 1;
	x += put_whole(y, x, end - x, sums);
	x += put_count(y, x, end - x, "drops",
	    s->kernel_drops + s->interface_drops, true);
	x +=
	    put_count(y, x, end - x, "duplicates", t->status.duplicates, false);
	x += canvas_printf(y, x, end - x,
	    sums->lost > 0 ? PAINT_DOUBT : PAINT_FAINT, "lost %s  ",
	    text_size((double)sums->lost, size));
	x += put_count(y, x, end - x, "one-way", sums->one_way, true);
	if (t->status.phase == VIEW_READING)
		x += put_count(y, x, end - x, "flows held", t->status.held,
		    false);
	if (t->status.evicted > 0)
		x += put_count(y, x, end - x, "let go early", t->status.evicted,
		    true);
	if (store_gone(t->store) > 0)
		x += put_count(y, x, end - x, "no longer shown",
		    store_gone(t->store), true);
	if (t->status.waiting > 0)
		x += put_count(y, x, end - x, "to judge", t->status.waiting,
		    false);
	if (t->status.starving)
		(void)canvas_put(y, x, end - x, PAINT_BAD,
		    "memory is short: not all flows are shown");
}

static void
draw_headline(const struct tui *t, int y, const struct area *a)
{
	const struct store_sums *s = store_sums(t->store);
	char n[24], text[64], hidden[VIEW_NAME];
	int x = a->x + 1, end = a->x + a->columns;
	static const enum verdict order[] = { VERDICT_VIOLATION,
		VERDICT_UNDETERMINED, VERDICT_COMPLIANT, VERDICT_EXEMPT,
		VERDICT_OUT_OF_SCOPE };

	for (size_t i = 0; i < COUNT(order); i++) {
		uint64_t count = s->by_verdict[order[i]];

		/* The last two only where there are some. */
		if (count == 0 && i > 2)
			continue;
		(void)snprintf(text, sizeof(text), "%s %s %s   ",
		    theme_glyph(theme_sign(order[i])), text_count(count, n),
		    verdict_words[order[i]].word);
		x += canvas_put(y, x, end - x,
		    count > 0 ? theme_of_verdict(order[i]) : PAINT_FAINT, text);
	}
	(void)snprintf(text, sizeof(text), "policy %.40s",
	    tui_name(t, ledger_policy(engine_ledger(t->o.engine))->name,
		hidden));
	int width = canvas_columns(text);

	if (end - x > width)
		(void)canvas_put(y, end - width - 1, width, PAINT_FAINT, text);
}

/* ---- violations ---- */

static void
draw_violation(const struct tui *t, const struct view_row *r, int y,
    const struct area *a, bool here)
{
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX], packet[96];
	char why[TUI_TEXT], ends[2 * ADDR_TEXT_MAX + 8], number[24];
	int x = a->x + 1, end = a->x + a->columns;

	if (here)
		canvas_fill(y, a->x, a->columns, PAINT_SELECT);
	x += canvas_printf(y, x, 10, here ? PAINT_SELECT : PAINT_BAD,
	    "%s #%-5s ", theme_glyph(GLYPH_BAD),
	    tui_number(r->number, number, sizeof(number)));
	/* Of which file, where there is room. */
	bool file = a->columns >= ROOM_FOR_WORDS &&
	    source_inputs(engine_source(t->o.engine)) > 1;
	int width = file ? 34 : 12;

	(void)tui_packet(t, r->proof != 0 ? r->proof : r->first_packet, file,
	    packet);
	canvas_cell(y, x, width, here ? PAINT_SELECT : PAINT_STRONG, packet);
	x += width;
	x += canvas_put(y, x, 1, here ? PAINT_SELECT : PAINT_TEXT, " ");
	(void)snprintf(ends, sizeof(ends), "%s %s %s",
	    tui_endpoint(t, &r->src, src), theme_glyph(GLYPH_ARROW),
	    tui_endpoint(t, &r->dst, dst));
	x += canvas_put(y, x, end - x, here ? PAINT_SELECT : PAINT_TEXT, ends);
	if (end - x > 90)
		x += canvas_printf(y, x, end - x,
		    here ? PAINT_SELECT : PAINT_FAINT, "  %s",
		    class_words[r->class].word);
	(void)canvas_printf(y, x, end - x - 1,
	    here ? PAINT_SELECT : PAINT_FAINT, "  %s",
	    tui_sentence(t, r->why, why));
}

static void
draw_violations(struct overview *s, int y, const struct area *a)
{
	const struct tui *t = s->t;
	size_t n = list_count(s->bad);
	int lines = a->y + a->lines - y - 1;

	list_fit(s->bad, (size_t)(lines > 0 ? lines : 1));

	s->bad_y = y + 1 - a->y;
	s->bad_shown =
	    n < (size_t)(lines > 0 ? lines : 0) ? (unsigned)n : (unsigned)lines;
	if (lines <= 0) {
		s->bad_shown = 0;
		return;
	}
	canvas_fill(y, a->x, a->columns, PAINT_HEAD);
	(void)canvas_put(y, a->x + 1, a->columns - 2, PAINT_HEAD,
	    "Newest violations");
	if (n == 0)
		(void)canvas_put(y + 1, a->x + 1, a->columns - 2, PAINT_FAINT,
		    t->status.phase == VIEW_DONE ? "none" : "none so far");
	for (unsigned i = 0; i < s->bad_shown; i++)
		draw_violation(t, store_row(t->store, list_at(s->bad, i)),
		    y + 1 + (int)i, a, s->at == s->shown_count + i);
}

static void
overview_hint(struct tui *t, void *state, char *text, size_t room)
{
	const struct overview *s = state;
	char packet[96], why[TUI_TEXT];

	if (s->at < s->shown_count ||
	    s->at - s->shown_count >= list_count(s->bad))
		return;
	const struct view_row *r =
	    store_row(t->store, list_at(s->bad, s->at - s->shown_count));

	(void)snprintf(text, room, "%s%s%s",
	    tui_packet(t, r->proof, true, packet), r->proof != 0 ? ": " : "",
	    tui_sentence(t, r->why, why));
}

static void
overview_draw(struct tui *t, void *state, const struct area *a)
{
	struct overview *s = state;
	char let_go[104];
	int y = a->y;

	count_trend(t, s);
	choose_groups(s, a);
	draw_headline(t, y++, a);
	draw_capture(t, y, a);
	y += 2;
	if (t->status.let_go > 0)
		(void)canvas_put(y++, a->x + 1, a->columns - 2, PAINT_DOUBT,
		    tui_let_go(t, let_go));
	if (a->lines >= ROOMY)
		y++;
	draw_table_head(a, y++, a->columns);
	s->groups_y = y - a->y;
	for (unsigned i = 0; i < s->shown_count; i++)
		draw_group(s, s->shown[i], y++, a, s->at == i);
	if (a->lines >= ROOMY)
		y++;
	draw_violations(s, y, a);
	unsigned all = s->shown_count + s->bad_shown;

	if (s->at >= all && all > 0)
		s->at = all - 1;
}

/* ---- keys ---- */

static void
open_selected(struct tui *t, struct overview *s)
{
	if (s->at < s->shown_count) {
		tui_open_flows(t, groups[s->shown[s->at]].filter);
		return;
	}
	size_t i = s->at - s->shown_count;

	if (i < list_count(s->bad))
		tui_open_flow(t,
		    store_row(t->store, list_at(s->bad, i))->first_packet);
}

static bool
overview_key(struct tui *t, void *state, int key)
{
	struct overview *s = state;
	unsigned all = s->shown_count + s->bad_shown;

	switch (key) {
	case KEY_ARROW_DOWN:
	case 'j':
		s->at += s->at + 1 < all;
		return true;
	case KEY_ARROW_UP:
	case 'k':
		s->at -= s->at > 0;
		return true;
	case KEY_FIRST:
	case 'g':
		s->at = 0;
		return true;
	case KEY_LAST:
	case 'G':
		s->at = all > 0 ? all - 1 : 0;
		return true;
	case KEY_PAGE_DOWN:
		s->at = s->at < s->shown_count && s->bad_shown > 0
		    ? s->shown_count
		    : all - 1;
		return true;
	case KEY_PAGE_UP:
		s->at = s->at > s->shown_count ? s->shown_count : 0;
		return true;
	case KEY_RETURN:
	case KEY_ARROW_RIGHT:
		open_selected(t, s);
		return true;
	case 'v':
		if (s->bad_shown > 0)
			s->at = s->shown_count;
		return true;
	default:
		return false;
	}
}

static void
overview_click(struct tui *t, void *state, int y, int x, bool twice)
{
	struct overview *s = state;
	unsigned at;

	(void)x;
	if (y >= s->bad_y)
		at = s->shown_count + (unsigned)(y - s->bad_y);
	else if (y >= s->groups_y)
		at = (unsigned)(y - s->groups_y);
	else
		return;
	if ((y < s->bad_y && at >= s->shown_count) ||
	    at >= s->shown_count + s->bad_shown)
		return;
	s->at = at;
	if (twice)
		open_selected(t, s);
}

static void
overview_scroll(struct tui *t, void *state, int by)
{
	(void)overview_key(t, state, by > 0 ? KEY_ARROW_DOWN : KEY_ARROW_UP);
}

static const struct page_kind kind = {
	.state_size = sizeof(struct overview),
	.words = 1,
	.count = bad_count,
	.wanted = bad_wanted,
	.key = bad_key,
};

static void *
overview_begin(struct tui *t)
{
	struct overview *s = page_new(t, &kind);

	if (s == NULL)
		return NULL;
	s->t = t;
	s->bad = s->page.list;
	s->page.turned = true;
	page_sort(&s->page);
	s->stale = true;
	return s;
}

static const struct key_about keys[] = {
	{ "Enter", "the flows of this row, or the violation itself" },
	{ "v", "to the newest violation" },
	{ NULL, NULL },
};

const struct screen screen_overview = {
	.name = "Overview",
	.keys = keys,
	.begin = overview_begin,
	.end = page_end,
	.draw = overview_draw,
	.key = overview_key,
	.click = overview_click,
	.scroll = overview_scroll,
	.reset = overview_reset,
	.row = overview_row,
	.work = page_work,
	.hint = overview_hint,
};
