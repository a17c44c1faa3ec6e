/* SPDX-License-Identifier: Apache-2.0 */
/* Findings by id, and below them the hosts behind the one at hand. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "ui/keys.h"
#include "ui/list.h"
#include "ui/tui.h"

enum { HOSTS = 64, HOSTS_MS = 1000 };

struct behind {
	uint32_t host; /* of the store */
	uint64_t flows;
};

struct findings_page {
	struct tui *t;
	struct list *list;
	/* hosts of the finding at hand, the busiest first */
	struct behind hosts[HOSTS];
	unsigned host_count;
	size_t all_hosts;
	uint32_t counted_for;
	int64_t counted;
	bool stale;
};

static size_t
row_count(void *ctx)
{
	(void)ctx;
	return FINDINGS;
}

static bool
row_wanted(void *ctx, uint32_t row)
{
	const struct findings_page *s = ctx;

	return store_sums(s->t->store)->findings[row] > 0;
}

/* The worst first, then those of most flows. */
static uint64_t
row_key(void *ctx, uint32_t row, unsigned word)
{
	const struct findings_page *s = ctx;

	return word == 0 ? finding_kinds[row].severity
			 : UINT64_MAX - store_sums(s->t->store)->findings[row];
}

static void
page_reset(struct tui *t, void *state)
{
	struct findings_page *s = state;

	(void)t;
	list_reset(s->list,
	    &(struct list_rows){ .ctx = s,
		.count = row_count,
		.wanted = row_wanted,
		.key = row_key,
		.words = 2 });
	s->stale = true;
}

/* There are few kinds: those of the row are looked at again. */
static void
page_row(struct tui *t, void *state, uint32_t slot)
{
	struct findings_page *s = state;
	uint64_t bits = store_row(t->store, slot)->findings;

	for (; bits != 0; bits &= bits - 1)
		list_changed(s->list, (uint32_t)__builtin_ctzll(bits));
	s->stale = true;
}

static bool
page_work(struct tui *t, void *state, int64_t until)
{
	struct findings_page *s = state;

	(void)t;
	return list_step(s->list, until);
}

/* ---- the hosts behind ---- */

static void
keep_busiest(struct findings_page *s, uint32_t host, uint64_t flows)
{
	unsigned at = s->host_count < HOSTS ? s->host_count : HOSTS - 1;

	if (s->host_count == HOSTS && flows <= s->hosts[at].flows)
		return;
	while (at > 0 && s->hosts[at - 1].flows < flows) {
		s->hosts[at] = s->hosts[at - 1];
		at--;
	}
	s->hosts[at] = (struct behind){ host, flows };
	if (s->host_count < HOSTS)
		s->host_count++;
}

/* The called side is whose configuration has to change; for a finding of the
 * client's certificate it is the caller's. */
static void
count_hosts(struct tui *t, struct findings_page *s, uint32_t finding)
{
	size_t n = store_host_count(t->store);
	uint64_t *flows;
	int64_t now = clock_monotonic();

	if (finding == s->counted_for && !s->stale)
		return;
	if (finding == s->counted_for &&
	    now - s->counted < HOSTS_MS * NS_PER_MS) {
		tui_again(t, s->counted + HOSTS_MS * NS_PER_MS);
		return;
	}
	flows = calloc(n > 0 ? n : 1, sizeof(*flows));
	if (flows == NULL)
		return;
	s->counted = now;
	s->counted_for = finding;
	s->stale = false;
	s->host_count = 0;
	s->all_hosts = 0;
	for (uint32_t i = 0; i < store_count(t->store); i++) {
		const struct view_row *r = store_row(t->store, i);
		uint32_t h;

		if ((r->findings >> finding & 1) == 0)
			continue;
		if (store_host_of(t->store,
			finding == FINDING_CERT_NO_CLIENT_AUTH ? &r->src.addr
							       : &r->dst.addr,
			&h))
			flows[h]++;
	}
	for (size_t h = 0; h < n; h++) {
		s->all_hosts += flows[h] > 0;
		if (flows[h] > 0)
			keep_busiest(s, (uint32_t)h, flows[h]);
	}
	free(flows);
}

static void
draw_hosts(struct tui *t, struct findings_page *s, uint32_t finding, int y,
    const struct area *a)
{
	const struct finding_kind *k = &finding_kinds[finding];
	char text[ADDR_TEXT_MAX], name[VIEW_NAME], n[24];

	count_hosts(t, s, finding);
	canvas_fill(y, a->x, a->columns, PAINT_HEAD);
	(void)canvas_printf(y++, a->x + 1, a->columns - 2, PAINT_HEAD,
	    "%s: %s%s%s%s", k->id, k->meaning, k->source[0] != '\0' ? " (" : "",
	    k->source, k->source[0] != '\0' ? ")" : "");
	(void)canvas_printf(y++, a->x + 1, a->columns - 2, PAINT_FAINT,
	    "%zu host%s called with it%s", s->all_hosts,
	    s->all_hosts == 1 ? "" : "s",
	    s->all_hosts > HOSTS ? ", the busiest" : "");
	for (unsigned i = 0; i < s->host_count && y < a->y + a->lines; i++) {
		const struct store_host *h =
		    store_host(t->store, s->hosts[i].host);

		(void)canvas_put(y, a->x + 2, 40, PAINT_TEXT,
		    tui_addr(t, &h->addr, text));
		(void)canvas_put(y, a->x + 28, 16, PAINT_FAINT,
		    role_words[h->role].word);
		canvas_right(y, a->x + 44, 8, PAINT_TEXT,
		    text_count(s->hosts[i].flows, n));
		(void)canvas_printf(y, a->x + 53, a->columns - 54, PAINT_FAINT,
		    "flow%s  %s", s->hosts[i].flows == 1 ? "" : "s",
		    tui_name(t, h->name, name));
		y++;
	}
}

static void
draw_finding(struct tui *t, uint32_t finding, int y, const struct area *a,
    bool here)
{
	const struct finding_kind *k = &finding_kinds[finding];
	enum paint p = theme_of_severity(k->severity);
	char n[24];

	if (here)
		canvas_fill(y, a->x, a->columns, PAINT_SELECT);
	(void)canvas_put(y, a->x + 1, 8, here ? PAINT_SELECT : p,
	    severity_words[k->severity]);
	(void)canvas_put(y, a->x + 10, 32, here ? PAINT_SELECT : PAINT_TEXT,
	    k->id);
	canvas_right(y, a->x + 42, 8, here ? PAINT_SELECT : PAINT_STRONG,
	    text_count(store_sums(t->store)->findings[finding], n));
	(void)canvas_put(y, a->x + 52, a->columns - 53,
	    here ? PAINT_SELECT : PAINT_FAINT, k->meaning);
}

static void
page_draw(struct tui *t, void *state, const struct area *a)
{
	struct findings_page *s = state;
	int upper = a->lines * 3 / 5;
	size_t n = list_count(s->list);
	uint32_t at;

	canvas_fill(a->y, a->x, a->columns, PAINT_HEAD);
	(void)canvas_put(a->y, a->x + 1, 8, PAINT_HEAD, "Severity");
	(void)canvas_put(a->y, a->x + 10, 32, PAINT_HEAD, "Finding");
	canvas_right(a->y, a->x + 42, 8, PAINT_HEAD, "Flows");
	(void)canvas_put(a->y, a->x + 52, a->columns - 53, PAINT_HEAD,
	    "Meaning");
	if ((int)n + 1 < upper)
		upper = (int)n + 2;
	list_fit(s->list, (size_t)upper - 1);
	if (n == 0)
		(void)canvas_put(a->y + 2, a->x + 2, a->columns - 4,
		    PAINT_FAINT, "no finding so far");
	for (int i = 0; i < upper - 1; i++) {
		size_t position = list_top(s->list) + (size_t)i;

		if (position >= n)
			break;
		draw_finding(t, list_at(s->list, position), a->y + 1 + i, a,
		    position == list_position(s->list));
	}
	if (list_selected(s->list, &at))
		draw_hosts(t, s, at, a->y + upper, a);
}

static void
page_status(struct tui *t, void *state, char *text, size_t room)
{
	const struct findings_page *s = state;

	(void)t;
	(void)snprintf(text, room, "%zu kinds", list_count(s->list));
}

static bool
page_key(struct tui *t, void *state, int key)
{
	struct findings_page *s = state;
	char filter[FILTER_LINE];
	uint32_t at;

	if (list_key(s->list, key))
		return true;
	if ((key != KEY_RETURN && key != KEY_ARROW_RIGHT) ||
	    !list_selected(s->list, &at))
		return false;
	(void)snprintf(filter, sizeof(filter), "finding:%s",
	    finding_kinds[at].id);
	tui_open_flows(t, filter);
	return true;
}

static void
page_click(struct tui *t, void *state, int y, int x, bool twice)
{
	struct findings_page *s = state;
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
	struct findings_page *s = state;

	(void)t;
	list_move(s->list, by > 0 ? 1 : -1);
}

static void *
page_begin(struct tui *t)
{
	struct findings_page *s = calloc(1, sizeof(*s));

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
	struct findings_page *s = state;

	list_free(s->list);
	free(s);
}

static const struct key_about keys[] = {
	{ "Enter", "the flows that have it" },
	{ NULL, NULL },
};

const struct screen screen_findings = {
	.name = "Findings",
	.keys = keys,
	.begin = page_begin,
	.end = page_end,
	.draw = page_draw,
	.key = page_key,
	.click = page_click,
	.scroll = page_scroll,
	.reset = page_reset,
	.row = page_row,
	.work = page_work,
	.status = page_status,
};
