/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates: days left, findings, who shows them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "ui/keys.h"
#include "ui/list.h"
#include "ui/tui.h"

enum order { BY_DAYS, BY_FINDINGS, BY_FLOWS, BY_SUBJECT, ORDERS };
static const char *const order_names[ORDERS] = { "days left", "findings",
	"flows", "subject" };
enum { DETAIL_LINES = 9 };

#define DAY (86400 * NS_PER_S)

struct certs_page {
	struct tui *t;
	struct list *list;
	size_t seen; /* certificates when the list was made */
	enum order order;
	bool turned;
};

/* At the end of the capture, which may be years ago. */
static int64_t
days_left(const struct tui *t, const struct cert *c)
{
	int64_t now = store_sums(t->store)->last;

	if (t->o.live || now == 0)
		now = clock_now();
	int64_t left = c->not_after - now;

	return left >= 0 ? left / DAY : -1 - (-left - 1) / DAY;
}

/* Lets the lists compare what may be negative. */
static uint64_t
shifted(int64_t n)
{
	return (uint64_t)n + (UINT64_C(1) << 63);
}

static uint64_t
subject_key(const struct cert *c)
{
	const char *s = c->common_name != NULL ? c->common_name : c->subject;
	uint64_t k = 0;

	for (unsigned i = 0; i < 8; i++) {
		k = k << 8 | (unsigned char)*s;
		s += *s != '\0';
	}
	return k;
}

static size_t
row_count(void *ctx)
{
	const struct certs_page *s = ctx;

	return store_cert_count(s->t->store);
}

static bool
row_wanted(void *ctx, uint32_t row)
{
	(void)ctx;
	(void)row;
	return true;
}

static uint64_t
row_key(void *ctx, uint32_t row, unsigned word)
{
	const struct certs_page *s = ctx;
	const struct view_cert *c = store_cert(s->t->store, row);

	(void)word;
	switch (s->order) {
	case BY_DAYS:
		return shifted(days_left(s->t, c->cert));
	case BY_FINDINGS:
		return UINT64_MAX - (uint64_t)__builtin_popcountll(c->findings);
	case BY_FLOWS:
		return UINT64_MAX - c->flows;
	case BY_SUBJECT:
	case ORDERS:
		break;
	}
	return c->cert->parsed ? subject_key(c->cert) : 0;
}

static void
page_reset(struct tui *t, void *state)
{
	struct certs_page *s = state;

	s->seen = store_cert_count(t->store);
	list_reset(s->list,
	    &(struct list_rows){ .ctx = s,
		.count = row_count,
		.wanted = row_wanted,
		.key = row_key,
		.words = 1,
		.falling = s->turned });
}

static bool
page_work(struct tui *t, void *state, int64_t until)
{
	struct certs_page *s = state;

	if (store_cert_count(t->store) != s->seen)
		page_reset(t, s);
	return list_step(s->list, until);
}

/* ---- drawing ---- */

static const char *
used_as(const struct view_cert *c)
{
	if (c->as_server)
		return c->as_client ? "both" : "server";
	return c->as_client ? "client" : "issuer";
}

static const char *
name_of(const struct tui *t, const struct cert *c, char buf[VIEW_NAME])
{
	if (!c->parsed)
		return "(cannot be read)";
	return tui_name(t, c->common_name != NULL ? c->common_name : c->subject,
	    buf);
}

static enum severity
worst_of(uint64_t findings)
{
	enum severity worst = SEVERITIES;

	for (; findings != 0; findings &= findings - 1) {
		enum severity s =
		    finding_kinds[__builtin_ctzll(findings)].severity;

		worst = s < worst ? s : worst;
	}
	return worst;
}

static void
draw_cert(struct tui *t, uint32_t i, int y, const struct area *a, bool here)
{
	const struct view_cert *c = store_cert(t->store, i);
	char name[VIEW_NAME], n[24], text[64];
	enum paint p = here ? PAINT_SELECT : PAINT_TEXT;
	enum paint faint = here ? PAINT_SELECT : PAINT_FAINT;
	int64_t days = c->cert->parsed ? days_left(t, c->cert) : 0;
	int found = __builtin_popcountll(c->findings);
	enum severity worst = worst_of(c->findings);
	int x = a->x;

	if (here)
		canvas_fill(y, x, a->columns, PAINT_SELECT);
	(void)snprintf(text, sizeof(text), days < 0 ? "expired" : "%" PRId64,
	    days);
	canvas_right(y, x + 1, 8,
	    here            ? PAINT_SELECT
		: days < 0  ? PAINT_BAD
		: days < 30 ? PAINT_DOUBT
			    : PAINT_TEXT,
	    text);
	(void)canvas_put(y, x + 10, 30, p, name_of(t, c->cert, name));
	(void)canvas_put(y, x + 41, 6, faint, used_as(c));
	(void)canvas_put(y, x + 48, 9, faint,
	    c->cert->parsed ? c->cert->key_name : "");
	canvas_right(y, x + 57, 6, p, text_count(c->flows, n));
	canvas_right(y, x + 64, 5, faint, text_count(c->host_count, n));
	if (found > 0)
		(void)canvas_printf(y, x + 71, a->columns - 72,
		    here ? PAINT_SELECT : theme_of_severity(worst), "%d %s",
		    found, severity_words[worst]);
}

static void
detail(int *y, const struct area *a, const char *label, const char *text)
{
	if (*y >= a->y + a->lines)
		return;
	(void)canvas_put(*y, a->x + 1, 9, PAINT_FAINT, label);
	(void)canvas_put(*y, a->x + 11, a->columns - 12, PAINT_TEXT, text);
	(*y)++;
}

static void
draw_findings(const struct view_cert *c, int *y, const struct area *a)
{
	for (uint64_t f = c->findings; f != 0 && *y < a->y + a->lines;
	     f &= f - 1) {
		const struct finding_kind *k =
		    &finding_kinds[__builtin_ctzll(f)];

		(void)canvas_printf(*y, a->x + 1, a->columns - 2,
		    theme_of_severity(k->severity), "%s %s: %s",
		    severity_words[k->severity], k->id, k->meaning);
		(*y)++;
	}
}

static void
draw_detail(struct tui *t, uint32_t i, int y, const struct area *a)
{
	const struct view_cert *c = store_cert(t->store, i);
	const struct cert *x = c->cert;
	char text[TUI_TEXT], one[ADDR_TEXT_MAX], hidden[VIEW_NAME];
	char from[CLOCK_TEXT_MAX], to[CLOCK_TEXT_MAX], hash[SHA256_TEXT];
	size_t used = 0;

	canvas_fill(y, a->x, a->columns, PAINT_HEAD);
	(void)canvas_printf(y++, a->x + 1, a->columns - 2, PAINT_HEAD,
	    "SHA-256 %s", sha256_text(x->sha256, hash));
	draw_findings(c, &y, a);
	if (!x->parsed)
		return;
	detail(&y, a, "subject", tui_name(t, x->subject, hidden));
	detail(&y, a, "issuer", tui_name(t, x->issuer, hidden));
	(void)snprintf(text, sizeof(text), "%s to %s, %s, signed %s",
	    clock_date(x->not_before, from), clock_date(x->not_after, to),
	    x->key_name, x->signature);
	detail(&y, a, "valid", text);
	text[0] = '\0';
	for (unsigned k = 0; k < c->host_count && k < VIEW_CERT_HOSTS; k++) {
		int n = snprintf(text + used, sizeof(text) - used, "%s%s",
		    k > 0 ? ", " : "", tui_addr(t, &c->hosts[k], one));

		if (n < 0 || used + (size_t)n >= sizeof(text))
			break;
		used += (size_t)n;
	}
	detail(&y, a, "shown by", text);
	used = 0;
	text[0] = '\0';
	for (unsigned k = 0; k < x->name_count; k++) {
		int n = snprintf(text + used, sizeof(text) - used, "%s%s",
		    k > 0 ? ", " : "", tui_name(t, x->names[k], hidden));

		if (n < 0 || used + (size_t)n >= sizeof(text))
			break;
		used += (size_t)n;
	}
	detail(&y, a, "names", text);
	detail(&y, a, "first in", tui_packet(t, c->first_packet, true, text));
}

static void
draw_head(const struct area *a)
{
	canvas_fill(a->y, a->x, a->columns, PAINT_HEAD);
	canvas_right(a->y, a->x + 1, 8, PAINT_HEAD, "Days");
	(void)canvas_put(a->y, a->x + 10, 30, PAINT_HEAD, "Certificate");
	(void)canvas_put(a->y, a->x + 41, 6, PAINT_HEAD, "Shown");
	(void)canvas_put(a->y, a->x + 48, 9, PAINT_HEAD, "Key");
	canvas_right(a->y, a->x + 57, 6, PAINT_HEAD, "Flows");
	canvas_right(a->y, a->x + 64, 5, PAINT_HEAD, "Hosts");
	(void)canvas_put(a->y, a->x + 71, a->columns - 72, PAINT_HEAD,
	    "Findings");
}

static void
page_draw(struct tui *t, void *state, const struct area *a)
{
	struct certs_page *s = state;
	int upper = a->lines - DETAIL_LINES;
	size_t n = list_count(s->list);
	uint32_t at;

	draw_head(a);
	if (upper > (int)n + 2)
		upper = (int)n + 2;
	list_fit(s->list, (size_t)(upper > 2 ? upper - 1 : 1));
	if (n == 0)
		(void)canvas_put(a->y + 2, a->x + 2, a->columns - 4,
		    PAINT_FAINT, "no certificate so far");
	for (int i = 0; i < upper - 1; i++) {
		size_t position = list_top(s->list) + (size_t)i;

		if (position >= n)
			break;
		draw_cert(t, list_at(s->list, position), a->y + 1 + i, a,
		    position == list_position(s->list));
	}
	if (list_selected(s->list, &at) && at < store_cert_count(t->store))
		draw_detail(t, at, a->y + upper, a);
}

static void
page_status(struct tui *t, void *state, char *text, size_t room)
{
	const struct certs_page *s = state;

	(void)t;
	(void)snprintf(text, room, "%zu certificates by %s",
	    list_count(s->list), order_names[s->order]);
}

/* ---- keys ---- */

static void
pick_order(struct tui *t, unsigned item)
{
	struct certs_page *s = t->state[SCREEN_CERTS];

	s->order = (enum order)item;
	list_select(s->list, 0);
	page_reset(t, s);
}

static void
open_cert(struct tui *t, uint32_t at)
{
	const uint8_t *h = store_cert(t->store, at)->cert->sha256;
	char filter[FILTER_LINE];

	(void)snprintf(filter, sizeof(filter), "cert:%02x%02x%02x%02x", h[0],
	    h[1], h[2], h[3]);
	tui_open_flows(t, filter);
}

static bool
page_key(struct tui *t, void *state, int key)
{
	struct certs_page *s = state;
	uint32_t at;

	if (list_key(s->list, key))
		return true;
	switch (key) {
	case 's':
	case KEY_FN(6): {
		struct menu *m =
		    tui_menu(t, "Sort certificates by", pick_order);

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
		if (list_selected(s->list, &at) &&
		    at < store_cert_count(t->store))
			open_cert(t, at);
		return true;
	default:
		return false;
	}
}

static void
page_click(struct tui *t, void *state, int y, int x, bool twice)
{
	struct certs_page *s = state;
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
	struct certs_page *s = state;

	(void)t;
	list_scroll(s->list, by);
}

static void *
page_begin(struct tui *t)
{
	struct certs_page *s = calloc(1, sizeof(*s));

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
	struct certs_page *s = state;

	list_free(s->list);
	free(s);
}

static const struct key_about keys[] = {
	{ "Enter", "the flows in which it was the leaf" },
	{ "s F6  S", "sort; turn the order" },
	{ NULL, NULL },
};

const struct screen screen_certs = {
	.name = "Certs",
	.keys = keys,
	.begin = page_begin,
	.end = page_end,
	.draw = page_draw,
	.key = page_key,
	.click = page_click,
	.scroll = page_scroll,
	.reset = page_reset,
	.work = page_work,
	.status = page_status,
};
