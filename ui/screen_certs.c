/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates: days left, findings, who shows them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "ui/page.h"

enum order { BY_DAYS, BY_FINDINGS, BY_FLOWS, BY_SUBJECT, ORDERS };
static const char *const order_names[ORDERS] = { "days left", "findings",
	"flows", "subject" };
enum { DETAIL_LINES = 9 };

#define DAY (86400 * NS_PER_S)

struct certs_page {
	struct page page;
	size_t seen; /* certificates when the list was made */
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
	const struct page *p = ctx;

	return store_cert_count(p->t->store);
}

static uint64_t
row_key(void *ctx, uint32_t row, unsigned word)
{
	const struct page *p = ctx;
	const struct view_cert *c = store_cert(p->t->store, row);

	(void)word;
	switch ((enum order)p->order) {
	case BY_DAYS:
		return shifted(days_left(p->t, c->cert));
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

static bool
certs_work(struct tui *t, void *state, int64_t until)
{
	struct certs_page *s = state;

	if (store_cert_count(t->store) != s->seen) {
		s->seen = store_cert_count(t->store);
		page_sort(&s->page);
	}
	return page_work(t, state, until);
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

static const struct page_column columns[] = {
	{ "Days", 1, 8, true, BY_DAYS, 0 },
	{ "Certificate", 10, 30, false, BY_SUBJECT, 0 },
	{ "Shown", 41, 6, false, -1, 0 },
	{ "Key", 48, 9, false, -1, 0 },
	{ "Flows", 57, 6, true, BY_FLOWS, 0 },
	{ "Hosts", 64, 5, true, -1, 0 },
	{ "Findings", 71, 0, false, BY_FINDINGS, 0 },
	{ NULL, 0, 0, false, -1, 0 },
};

static void
draw_cert(struct page *p, uint32_t row, const struct page_line *l)
{
	const struct view_cert *c = store_cert(p->t->store, row);
	char name[VIEW_NAME], n[24], text[64];
	int64_t days = c->cert->parsed ? days_left(p->t, c->cert) : 0;
	int found = __builtin_popcountll(c->findings);
	enum severity worst = worst_of(c->findings);
	int x = l->x, y = l->y;

	(void)snprintf(text, sizeof(text), days < 0 ? "expired" : "%" PRId64,
	    days);
	canvas_right(y, x + 1, 8,
	    page_paint(l,
		days < 0        ? PAINT_BAD
		    : days < 30 ? PAINT_DOUBT
				: PAINT_TEXT),
	    text);
	(void)canvas_put(y, x + 10, 30, page_paint(l, PAINT_TEXT),
	    name_of(p->t, c->cert, name));
	(void)canvas_put(y, x + 41, 6, page_paint(l, PAINT_FAINT), used_as(c));
	(void)canvas_put(y, x + 48, 9, page_paint(l, PAINT_FAINT),
	    c->cert->parsed ? c->cert->key_name : "");
	canvas_right(y, x + 57, 6, page_paint(l, PAINT_TEXT),
	    text_count(c->flows, n));
	canvas_right(y, x + 64, 5, page_paint(l, PAINT_FAINT),
	    text_count(c->host_count, n));
	if (found > 0)
		(void)canvas_printf(y, x + 71, l->columns - 72,
		    page_paint(l, theme_of_severity(worst)), "%d %s", found,
		    severity_words[worst]);
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
draw_detail(struct page *p, uint32_t row, const struct area *a)
{
	struct tui *t = p->t;
	const struct view_cert *c = store_cert(t->store, row);
	const struct cert *x = c->cert;
	int y = a->y;
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

static int
list_lines(const struct area *a)
{
	return a->lines - DETAIL_LINES;
}

/* ---- keys ---- */

static void
open_cert(struct page *p, uint32_t row)
{
	const uint8_t *h = store_cert(p->t->store, row)->cert->sha256;
	char filter[FILTER_LINE];

	(void)snprintf(filter, sizeof(filter), "cert:%02x%02x%02x%02x", h[0],
	    h[1], h[2], h[3]);
	tui_open_flows(p->t, filter);
}

static const struct page_kind kind = {
	.none = "no certificate so far",
	.noun = "certificates",
	.menu = "Sort certificates by",
	.orders = order_names,
	.order_count = ORDERS,
	.rising = 1u << BY_DAYS | 1u << BY_SUBJECT,
	.columns = columns,
	.state_size = sizeof(struct certs_page),
	.words = 1,
	.count = row_count,
	.key = row_key,
	.row = draw_cert,
	.below = draw_detail,
	.lines = list_lines,
	.enter = open_cert,
};

static void *
certs_begin(struct tui *t)
{
	return page_new(t, &kind);
}

static const struct key_about keys[] = {
	{ "Enter", "the flows in which it was the leaf" },
	{ "s F6  S", "sort; turn the order" },
	{ NULL, NULL },
};

const struct screen screen_certs = {
	.name = "Certs",
	.keys = keys,
	.begin = certs_begin,
	.end = page_end,
	.draw = page_draw,
	.key = page_key,
	.click = page_click,
	.scroll = page_scroll,
	.reset = page_reset,
	.work = certs_work,
	.status = page_status,
};
