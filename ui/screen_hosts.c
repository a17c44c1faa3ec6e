/* SPDX-License-Identifier: Apache-2.0 */
/* Hosts: role and how it is known, worst verdict, whom they talk to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "ui/keys.h"
#include "ui/list.h"
#include "ui/tui.h"

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
	struct tui *t;
	struct list *list;
	enum order order;
	bool turned;
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
};

/* ---- rows ---- */

static size_t
row_count(void *ctx)
{
	const struct hosts_page *s = ctx;

	return store_host_count(s->t->store);
}

static bool
row_wanted(void *ctx, uint32_t row)
{
	const struct hosts_page *s = ctx;

	return store_host(s->t->store, row)->flows > 0;
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
	const struct hosts_page *s = ctx;
	const struct store_host *h = store_host(s->t->store, row);

	if (word > 0)
		return word == 1 ? h->addr.family
				 : address_key(&h->addr, word - 2);
	switch (s->order) {
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
page_reset(struct tui *t, void *state)
{
	struct hosts_page *s = state;

	(void)t;
	list_reset(s->list,
	    &(struct list_rows){ .ctx = s,
		.count = row_count,
		.wanted = row_wanted,
		.key = row_key,
		.words = 4,
		.falling = s->turned });
	s->stale = true;
	s->counted_for = UINT32_MAX;
	s->how_for = (struct addr){ .family = 0 };
}

static void
page_host(struct tui *t, void *state, uint32_t host)
{
	struct hosts_page *s = state;

	(void)t;
	list_changed(s->list, host);
	s->stale = true;
}

static bool
page_work(struct tui *t, void *state, int64_t until)
{
	struct hosts_page *s = state;
	bool ready = list_is_ready(s->list), over = list_step(s->list, until);

	if (over && !ready && tui_here(t) == SCREEN_HOSTS)
		t->redraw = true;
	return over;
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
	const struct addr *me = &store_host(t->store, host)->addr;
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
	for (uint32_t i = 0; i < store_count(t->store); i++) {
		const struct view_row *r = store_row(t->store, i);
		bool src = addr_eq(&r->src.addr, me);
		uint32_t h;

		if ((!src && !addr_eq(&r->dst.addr, me)) ||
		    !store_host_of(t->store, src ? &r->dst.addr : &r->src.addr,
			&h))
			continue;
		all[h].host = h;
		all[h].flows++;
		all[h].violations += r->verdict == VERDICT_VIOLATION;
		all[h].classes |= 1u << r->class;
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
draw_peers(struct tui *t, struct hosts_page *s, uint32_t host, int y,
    const struct area *a)
{
	const struct store_host *me = store_host(t->store, host);
	char text[ADDR_TEXT_MAX], n[24], classes[160];

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

static void
draw_head(const struct hosts_page *s, const struct area *a)
{
	int y = a->y, x = a->x;

	canvas_fill(y, x, a->columns, PAINT_HEAD);
	(void)canvas_put(y, x + 1, 24, PAINT_HEAD, "Host");
	(void)canvas_put(y, x + 26, 16, PAINT_HEAD, "Role");
	(void)canvas_put(y, x + 43, 8, PAINT_HEAD, "Known by");
	(void)canvas_put(y, x + 52, 14, PAINT_HEAD, "Worst");
	canvas_right(y, x + 66, 6, PAINT_HEAD, "Flows");
	canvas_right(y, x + 73, 6, PAINT_HEAD, "Viol.");
	if (a->columns > 96) {
		canvas_right(y, x + 81, 9, PAINT_HEAD, "Bytes");
		(void)canvas_put(y, x + 92, a->columns - 93, PAINT_HEAD,
		    "Name asked for");
	}
	(void)s;
}

static void
draw_host(struct tui *t, uint32_t host, int y, const struct area *a, bool here)
{
	const struct store_host *h = store_host(t->store, host);
	enum verdict worst = store_worst(h->by_verdict);
	char text[ADDR_TEXT_MAX], n[24], name[VIEW_NAME];
	enum paint p = here ? PAINT_SELECT : PAINT_TEXT;
	enum paint faint = here ? PAINT_SELECT : PAINT_FAINT;
	int x = a->x;

	if (here)
		canvas_fill(y, x, a->columns, PAINT_SELECT);
	(void)canvas_put(y, x + 1, 24, p, tui_addr(t, &h->addr, text));
	(void)canvas_put(y, x + 26, 16, p, role_words[h->role].word);
	(void)canvas_put(y, x + 43, 8, faint,
	    h->listed                     ? "policy"
		: h->role != ROLE_UNKNOWN ? "inferred"
					  : "-");
	(void)canvas_printf(y, x + 52, 14,
	    here ? PAINT_SELECT : theme_of_verdict(worst), "%s %s",
	    theme_glyph(theme_sign(worst)), verdict_words[worst].word);
	canvas_right(y, x + 66, 6, p, text_count(h->flows, n));
	canvas_right(y, x + 73, 6,
	    here                                       ? PAINT_SELECT
		: h->by_verdict[VERDICT_VIOLATION] > 0 ? PAINT_BAD
						       : PAINT_FAINT,
	    h->by_verdict[VERDICT_VIOLATION] > 0
		? text_count(h->by_verdict[VERDICT_VIOLATION], n)
		: ".");
	if (a->columns > 96) {
		canvas_right(y, x + 81, 9, faint,
		    text_size((double)h->bytes, n));
		(void)canvas_put(y, x + 92, a->columns - 93, faint,
		    tui_name(t, h->name, name));
	}
}

static void
page_draw(struct tui *t, void *state, const struct area *a)
{
	struct hosts_page *s = state;
	int upper = a->lines -
	    (a->lines / 3 > MARGIN_LINES ? a->lines / 3 : MARGIN_LINES);
	size_t n = list_count(s->list);
	uint32_t at;

	draw_head(s, a);
	if ((int)n + 1 < upper)
		upper = (int)n + 2;
	list_fit(s->list, (size_t)(upper > 2 ? upper - 1 : 1));
	if (n == 0)
		(void)canvas_put(a->y + 2, a->x + 2, a->columns - 4,
		    PAINT_FAINT, "no host so far");
	for (int i = 0; i < upper - 1; i++) {
		size_t position = list_top(s->list) + (size_t)i;

		if (position >= n)
			break;
		draw_host(t, list_at(s->list, position), a->y + 1 + i, a,
		    position == list_position(s->list));
	}
	if (list_selected(s->list, &at))
		draw_peers(t, s, at, a->y + upper, a);
}

static void
page_status(struct tui *t, void *state, char *text, size_t room)
{
	const struct hosts_page *s = state;

	(void)t;
	(void)snprintf(text, room, "%zu hosts by %s%s", list_count(s->list),
	    order_names[s->order],
	    theme_glyph(s->turned ? GLYPH_RISING : GLYPH_FALLING));
}

/* ---- keys ---- */

static void
pick_order(struct tui *t, unsigned item)
{
	struct hosts_page *s = t->state[SCREEN_HOSTS];

	s->order = (enum order)item;
	list_select(s->list, 0);
	page_reset(t, s);
}

static bool
page_key(struct tui *t, void *state, int key)
{
	struct hosts_page *s = state;
	char filter[FILTER_LINE], text[ADDR_TEXT_MAX];
	uint32_t at;

	if (list_key(s->list, key))
		return true;
	switch (key) {
	case 's':
	case KEY_FN(6): {
		struct menu *m = tui_menu(t, "Sort hosts by", pick_order);

		for (int i = 0; i < ORDERS; i++)
			menu_add(m, (int)s->order == i, "%s", order_names[i]);
		m->at = s->order;
		return true;
	}
	case 'S':
		s->turned = !s->turned;
		page_reset(t, s);
		return true;
	case KEY_RETURN:
	case KEY_ARROW_RIGHT:
		if (!list_selected(s->list, &at))
			return true;
		(void)snprintf(filter, sizeof(filter), "host:%s",
		    addr_text(&store_host(t->store, at)->addr, text));
		tui_open_flows(t, filter);
		return true;
	default:
		return false;
	}
}

static void
page_click(struct tui *t, void *state, int y, int x, bool twice)
{
	struct hosts_page *s = state;
	size_t at = list_top(s->list) + (size_t)y - 1;

	(void)x;
	if (y < 1 || at >= list_count(s->list))
		return;
	list_select(s->list, at);
	if (twice)
		(void)page_key(t, s, KEY_RETURN);
}

static void
page_scroll(struct tui *t, void *state, int by)
{
	struct hosts_page *s = state;

	(void)t;
	list_scroll(s->list, by);
}

static void *
page_begin(struct tui *t)
{
	struct hosts_page *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->t = t;
	s->list = list_new();
	if (s->list == NULL) {
		free(s);
		return NULL;
	}
	page_reset(t, s);
	return s;
}

static void
page_end(void *state)
{
	struct hosts_page *s = state;

	list_free(s->list);
	free(s);
}

static const struct key_about keys[] = {
	{ "Enter", "the flows of this host" },
	{ "s F6  S", "sort; turn the order" },
	{ NULL, NULL },
};

const struct screen screen_hosts = {
	.name = "Hosts",
	.keys = keys,
	.begin = page_begin,
	.end = page_end,
	.draw = page_draw,
	.key = page_key,
	.click = page_click,
	.scroll = page_scroll,
	.reset = page_reset,
	.host = page_host,
	.work = page_work,
	.status = page_status,
};
