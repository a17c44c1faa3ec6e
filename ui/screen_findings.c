/* SPDX-License-Identifier: Apache-2.0 */
/* Findings by id, and below them the hosts behind the one at hand. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "ui/page.h"

enum { HOSTS = 64, HOSTS_MS = 1000 };

struct behind {
	uint32_t host; /* of the store */
	uint64_t flows;
};

enum order { BY_SEVERITY, BY_FLOWS, BY_ID, ORDERS };
static const char *const order_names[ORDERS] = { "severity", "flows", "id" };

struct findings_page {
	struct page page;
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
	const struct page *p = ctx;

	return store_sums(p->t->store)->findings[row] > 0;
}

/* The worst first, then those of most flows; the table is in order of id. */
static uint64_t
row_key(void *ctx, uint32_t row, unsigned word)
{
	const struct page *p = ctx;
	uint64_t few = UINT64_MAX - store_sums(p->t->store)->findings[row];

	switch ((enum order)p->order) {
	case BY_SEVERITY:
		return word == 0 ? finding_kinds[row].severity : few;
	case BY_FLOWS:
		return word == 0 ? few : finding_kinds[row].severity;
	case BY_ID:
	case ORDERS:
		break;
	}
	return row;
}

static void
findings_reset(struct tui *t, void *state)
{
	struct findings_page *s = state;

	page_reset(t, state);
	s->stale = true;
}

/* There are few kinds: those of the row are looked at again. */
static void
findings_row(struct tui *t, void *state, uint32_t slot)
{
	struct findings_page *s = state;
	uint64_t bits = store_row(t->store, slot)->findings;

	for (; bits != 0; bits &= bits - 1)
		list_changed(s->page.list, (uint32_t)__builtin_ctzll(bits));
	s->stale = true;
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
	bool caller = finding == FINDING_CERT_NO_CLIENT_AUTH;
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
	for (size_t i = 0; i < store_count(t->store); i++) {
		const struct store_brief *b = store_brief(t->store, i);

		uint32_t h = caller ? b->src : b->dst;

		if (b->there && h != NO_HOST &&
		    (b->findings >> finding & 1) != 0)
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
draw_hosts(struct page *page, uint32_t finding, const struct area *a)
{
	struct findings_page *s = (struct findings_page *)page;
	struct tui *t = page->t;
	const struct finding_kind *k = &finding_kinds[finding];
	char text[ADDR_TEXT_MAX], name[VIEW_NAME], n[24];
	int y = a->y;

	count_hosts(t, s, finding);
	canvas_fill(y, a->x, a->columns, PAINT_HEAD);
	(void)canvas_printf(y++, a->x + 1, a->columns - 2, PAINT_HEAD,
	    "%s: %s%s%s%s", k->id, k->meaning, k->source[0] != '\0' ? " (" : "",
	    k->source, k->source[0] != '\0' ? ")" : "");
	(void)canvas_printf(y++, a->x + 1, a->columns - 2, PAINT_FAINT,
	    "on the %s side: %zu host%s%s",
	    finding == FINDING_CERT_NO_CLIENT_AUTH ? "calling" : "called",
	    s->all_hosts, s->all_hosts == 1 ? "" : "s",
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

static const struct page_column columns[] = {
	{ "Severity", 1, 9, false, BY_SEVERITY, 0 },
	{ "Finding", 10, 32, false, BY_ID, 0 },
	{ "Flows", 42, 8, true, BY_FLOWS, 0 },
	{ "Meaning", 52, 0, false, -1, 0 },
	{ NULL, 0, 0, false, -1, 0 },
};

static void
draw_finding(struct page *p, uint32_t row, const struct page_line *l)
{
	const struct finding_kind *k = &finding_kinds[row];
	char n[24];

	(void)canvas_put(l->y, l->x + 1, 8,
	    page_paint(l, theme_of_severity(k->severity)),
	    severity_words[k->severity]);
	(void)canvas_put(l->y, l->x + 10, 32, page_paint(l, PAINT_TEXT), k->id);
	canvas_right(l->y, l->x + 42, 8, page_paint(l, PAINT_STRONG),
	    text_count(store_sums(p->t->store)->findings[row], n));
	(void)canvas_put(l->y, l->x + 52, l->columns - 53,
	    page_paint(l, PAINT_FAINT), k->meaning);
}

static int
list_lines(const struct area *a)
{
	return a->lines * 3 / 5;
}

static void
open_finding(struct page *p, uint32_t row)
{
	char filter[FILTER_LINE];

	(void)snprintf(filter, sizeof(filter), "finding:%s",
	    finding_kinds[row].id);
	tui_open_flows(p->t, filter);
}

static const struct page_kind kind = {
	.none = "no finding so far",
	.noun = "kinds",
	.menu = "Sort findings by",
	.orders = order_names,
	.order_count = ORDERS,
	.rising = 1u << BY_ID,
	.columns = columns,
	.state_size = sizeof(struct findings_page),
	.words = 2,
	.count = row_count,
	.wanted = row_wanted,
	.key = row_key,
	.row = draw_finding,
	.below = draw_hosts,
	.lines = list_lines,
	.enter = open_finding,
};

static void *
findings_begin(struct tui *t)
{
	return page_new(t, &kind);
}

static const struct key_about keys[] = {
	{ "Enter", "the flows that have it" },
	{ "s F6  S", "sort; turn the order" },
	{ NULL, NULL },
};

const struct screen screen_findings = {
	.name = "Findings",
	.keys = keys,
	.begin = findings_begin,
	.end = page_end,
	.draw = page_draw,
	.key = page_key,
	.click = page_click,
	.scroll = page_scroll,
	.reset = findings_reset,
	.row = findings_row,
	.work = page_work,
	.status = page_status,
};
