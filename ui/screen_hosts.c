/* SPDX-License-Identifier: Apache-2.0 */
/* Hosts: role and how it is known, worst verdict, whom they talk to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "ui/page.h"

enum { PEERS = 64, PEERS_MS = 1000, HOW = 120, MARGIN_LINES = 8 };

/* What the host at hand does with one other. */
struct peer {
	uint32_t host;
	uint64_t flows, violations;
	unsigned classes;
};

enum order { BY_VERDICT, BY_FLOWS, BY_BYTES, BY_ROLE, BY_ADDRESS, ORDERS };
static const char *const order_names[ORDERS] = { "verdict", "flows", "bytes",
	"role", "address" };

struct hosts_page {
	struct page page;
	struct peer peers[PEERS];
	unsigned peer_count;
	size_t all_peers;
	uint32_t counted_for;
	int64_t counted;
	bool stale;
	/* how the role is known: asked for */
	bool waiting;
	struct addr how_for;
	char how[HOW];
	struct addr kept; /* of the selected host */
};

/* ---- rows ---- */

static size_t
row_count(void *ctx)
{
	const struct page *p = ctx;

	return store_host_count(p->t->store);
}

static bool
row_wanted(void *ctx, uint32_t row)
{
	const struct page *p = ctx;

	return store_host(p->t->store, row)->flows > 0;
}

static uint64_t
address_key(const struct addr *a, unsigned word)
{
	uint64_t k = 0;

	for (unsigned i = 0; i < 8; i++)
		k = k << 8 | a->b[word * 8 + i];
	return k;
}

static uint64_t
row_key(void *ctx, uint32_t row, unsigned word)
{
	static const uint8_t rank[VERDICTS] = { 3, 0, 2, 1, 4 };
	const struct page *p = ctx;
	const struct store_host *h = store_host(p->t->store, row);

	if (word > 0)
		return word == 1 ? h->addr.family
				 : address_key(&h->addr, word - 2);
	switch ((enum order)p->order) {
	case BY_VERDICT: {
		enum verdict v = store_worst(h->by_verdict);

		return (uint64_t)rank[v] << 56 |
		    (UINT64_C(0xffffffffffff) - h->by_verdict[v]);
	}
	case BY_FLOWS:
		return UINT64_MAX - h->flows;
	case BY_BYTES:
		return UINT64_MAX - h->bytes;
	case BY_ROLE:
		return h->role;
	case BY_ADDRESS:
	case ORDERS:
		break;
	}
	return 0;
}

static void
hosts_leave(struct tui *t, void *state)
{
	struct hosts_page *s = state;
	uint32_t row;

	s->kept = (struct addr){ .family = 0 };
	if (list_selected(s->page.list, &row))
		s->kept = store_host(t->store, row)->addr;
}

static void
hosts_reset(struct tui *t, void *state)
{
	struct hosts_page *s = state;
	uint32_t row;

	page_reset(t, state);
	if (store_host_of(t->store, &s->kept, &row))
		list_follow(s->page.list, row);
	s->stale = true;
	s->counted_for = UINT32_MAX;
	s->how_for = (struct addr){ .family = 0 };
}

static void
hosts_host(struct tui *t, void *state, uint32_t host)
{
	struct hosts_page *s = state;

	(void)t;
	list_changed(s->page.list, host);
	s->stale = true;
}

/* ---- how the role is known ---- */

struct how_job {
	struct view_job job;
	struct addr addr;
	char how[HOW];
};

static void
how_run(struct view_job *j, const struct ledger *l, bool finished)
{
	struct how_job *x = (struct how_job *)j;

	(void)finished;
	(void)snprintf(x->how, sizeof(x->how), "%s", ledger_how(l, &x->addr));
}

static void
how_done(struct view_job *j, void *ctx)
{
	struct how_job *x = (struct how_job *)j;
	struct tui *t = ctx;
	struct hosts_page *s = t->state[SCREEN_HOSTS];

	s->waiting = false;
	s->how_for = x->addr;
	memcpy(s->how, x->how, sizeof(s->how));
	t->redraw = true;
	free(x);
}

static void
how_drop(struct view_job *j)
{
	free(j);
}

static void
ask_how(struct tui *t, struct hosts_page *s, const struct addr *a)
{
	struct how_job *x;

	if (s->waiting || addr_eq(a, &s->how_for))
		return;
	x = calloc(1, sizeof(*x));
	if (x == NULL)
		return;
	x->job = (struct view_job){ how_run, how_done, how_drop, NULL };
	x->addr = *a;
	s->waiting = true;
	view_post(t->o.view, &x->job);
}

/* ---- peers ---- */

static void
keep_peer(struct hosts_page *s, const struct peer *p)
{
	unsigned at = s->peer_count < PEERS ? s->peer_count : PEERS - 1;

	if (s->peer_count == PEERS && p->flows <= s->peers[at].flows)
		return;
	while (at > 0 &&
	    (s->peers[at - 1].violations < p->violations ||
		(s->peers[at - 1].violations == p->violations &&
		    s->peers[at - 1].flows < p->flows))) {
		s->peers[at] = s->peers[at - 1];
		at--;
	}
	s->peers[at] = *p;
	if (s->peer_count < PEERS)
		s->peer_count++;
}

static void
count_peers(struct tui *t, struct hosts_page *s, uint32_t host)
{
	size_t n = store_host_count(t->store);
	int64_t now = clock_monotonic();
	struct peer *all;

	if (host == s->counted_for && !s->stale)
		return;
	if (host == s->counted_for && now - s->counted < PEERS_MS * NS_PER_MS) {
		tui_again(t, s->counted + PEERS_MS * NS_PER_MS);
		return;
	}
	all = calloc(n, sizeof(*all));
	if (all == NULL)
		return;
	s->counted = now;
	s->counted_for = host;
	s->stale = false;
	s->peer_count = 0;
	s->all_peers = 0;
	for (size_t i = 0; i < store_count(t->store); i++) {
		const struct store_brief *b = store_brief(t->store, i);
		uint32_t h = b->src == host ? b->dst : b->src;

		if (!b->there || h == NO_HOST ||
		    (b->src != host && b->dst != host))
			continue;
		all[h].host = h;
		all[h].flows++;
		all[h].violations += b->verdict == VERDICT_VIOLATION;
		all[h].classes |= 1u << b->class;
	}
	for (size_t h = 0; h < n; h++) {
		s->all_peers += all[h].flows > 0;
		if (all[h].flows > 0)
			keep_peer(s, &all[h]);
	}
	free(all);
}

static void
class_list(unsigned classes, char *text, size_t room)
{
	size_t used = 0;

	text[0] = '\0';
	for (unsigned c = 0; c < CLASSES; c++) {
		if ((classes >> c & 1) == 0)
			continue;
		int n = snprintf(text + used, room - used, "%s%s",
		    used > 0 ? ", " : "", class_words[c].word);

		if (n < 0 || used + (size_t)n >= room)
			return;
		used += (size_t)n;
	}
}

static void
draw_peers(struct page *page, uint32_t host, const struct area *a)
{
	struct hosts_page *s = (struct hosts_page *)page;
	struct tui *t = page->t;
	const struct store_host *me = store_host(t->store, host);
	char text[ADDR_TEXT_MAX], n[24], classes[160];
	int y = a->y;

	count_peers(t, s, host);
	ask_how(t, s, &me->addr);
	canvas_fill(y, a->x, a->columns, PAINT_HEAD);
	(void)canvas_printf(y++, a->x + 1, a->columns - 2, PAINT_HEAD,
	    "%s talks to %zu other%s", tui_addr(t, &me->addr, text),
	    s->all_peers, s->all_peers == 1 ? "" : "s");
	(void)canvas_printf(y++, a->x + 1, a->columns - 2, PAINT_FAINT,
	    "%s: %s", role_words[me->role].word,
	    addr_eq(&s->how_for, &me->addr) ? s->how : "...");
	for (unsigned i = 0; i < s->peer_count && y < a->y + a->lines; i++) {
		const struct peer *p = &s->peers[i];
		const struct store_host *h = store_host(t->store, p->host);

		(void)canvas_put(y, a->x + 1, 1,
		    p->violations > 0 ? PAINT_BAD : PAINT_FAINT,
		    p->violations > 0 ? theme_glyph(GLYPH_BAD) : " ");
		(void)canvas_put(y, a->x + 3, 24, PAINT_TEXT,
		    tui_addr(t, &h->addr, text));
		(void)canvas_put(y, a->x + 28, 15, PAINT_FAINT,
		    role_words[h->role].word);
		canvas_right(y, a->x + 43, 7, PAINT_TEXT,
		    text_count(p->flows, n));
		class_list(p->classes, classes, sizeof(classes));
		(void)canvas_printf(y, a->x + 51, a->columns - 52, PAINT_FAINT,
		    "flow%s  %s", p->flows == 1 ? "" : "s", classes);
		y++;
	}
}

/* ---- drawing ---- */

enum { WIDE = 97 };
static const struct page_column columns[] = {
	{ "Host", 1, 24, false, BY_ADDRESS, 0 },
	{ "Role", 26, 16, false, BY_ROLE, 0 },
	{ "Known by", 43, 8, false, -1, 0 },
	{ "Worst", 52, 14, false, BY_VERDICT, 0 },
	{ "Flows", 66, 6, true, BY_FLOWS, 0 },
	{ "Viol.", 73, 6, true, -1, 0 },
	{ "Bytes", 81, 9, true, BY_BYTES, WIDE },
	{ "Name asked for", 92, 0, false, -1, WIDE },
	{ NULL, 0, 0, false, -1, 0 },
};

static void
draw_host(struct page *p, uint32_t row, const struct page_line *l)
{
	const struct store_host *h = store_host(p->t->store, row);
	uint64_t bad = h->by_verdict[VERDICT_VIOLATION];
	enum verdict worst = store_worst(h->by_verdict);
	char text[ADDR_TEXT_MAX], n[24], name[VIEW_NAME];
	enum paint text_paint = page_paint(l, PAINT_TEXT);
	enum paint faint = page_paint(l, PAINT_FAINT);
	int x = l->x, y = l->y;

	(void)canvas_put(y, x + 1, 24, text_paint,
	    tui_addr(p->t, &h->addr, text));
	(void)canvas_put(y, x + 26, 16, text_paint, role_words[h->role].word);
	(void)canvas_put(y, x + 43, 8, faint,
	    h->listed                     ? "policy"
		: h->role != ROLE_UNKNOWN ? "inferred"
					  : "-");
	(void)canvas_printf(y, x + 52, 14,
	    page_paint(l, theme_of_verdict(worst)), "%s %s",
	    theme_glyph(theme_sign(worst)), verdict_words[worst].word);
	canvas_right(y, x + 66, 6, text_paint, text_count(h->flows, n));
	canvas_right(y, x + 73, 6,
	    page_paint(l, bad > 0 ? PAINT_BAD : PAINT_FAINT),
	    bad > 0 ? text_count(bad, n) : ".");
	if (l->columns >= WIDE) {
		canvas_right(y, x + 81, 9, faint,
		    text_size((double)h->bytes, n));
		(void)canvas_put(y, x + 92, l->columns - 93, faint,
		    tui_name(p->t, h->name, name));
	}
}

static int
list_lines(const struct area *a)
{
	int below = a->lines / 3;

	return a->lines - (below > MARGIN_LINES ? below : MARGIN_LINES);
}

/* ---- keys ---- */

static void
open_host(struct page *p, uint32_t row)
{
	char filter[FILTER_LINE], text[ADDR_TEXT_MAX];

	(void)snprintf(filter, sizeof(filter), "host:%s",
	    addr_text(&store_host(p->t->store, row)->addr, text));
	tui_open_flows(p->t, filter);
}

static const struct page_kind kind = {
	.none = "no host so far",
	.noun = "hosts",
	.menu = "Sort hosts by",
	.orders = order_names,
	.order_count = ORDERS,
	.rising = 1u << BY_ROLE | 1u << BY_ADDRESS,
	.columns = columns,
	.state_size = sizeof(struct hosts_page),
	.words = 4,
	.count = row_count,
	.wanted = row_wanted,
	.key = row_key,
	.row = draw_host,
	.below = draw_peers,
	.lines = list_lines,
	.enter = open_host,
};

static void *
hosts_begin(struct tui *t)
{
	struct hosts_page *s = page_new(t, &kind);

	if (s != NULL)
		s->counted_for = UINT32_MAX;
	return s;
}

static const struct key_about keys[] = {
	{ "Enter", "the flows of this host" },
	{ "s F6  S", "sort; turn the order" },
	{ NULL, NULL },
};

const struct screen screen_hosts = {
	.name = "Hosts",
	.keys = keys,
	.begin = hosts_begin,
	.end = page_end,
	.draw = page_draw,
	.key = page_key,
	.click = page_click,
	.scroll = page_scroll,
	.leave = hosts_leave,
	.reset = hosts_reset,
	.host = hosts_host,
	.work = page_work,
	.status = page_status,
};
