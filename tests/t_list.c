/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support.h"

#include "core/clock.h"
#include "ui/keys.h"
#include "ui/list.h"
#include "ui/prompt.h"
#include "ui/store.h"

enum { ROWS = 9000 };

struct table {
	uint64_t keys[ROWS][2];
	bool hidden[ROWS];
	size_t count;
};

static size_t
row_count(void *ctx)
{
	return ((struct table *)ctx)->count;
}

static bool
row_wanted(void *ctx, uint32_t row)
{
	return !((struct table *)ctx)->hidden[row];
}

static uint64_t
row_key(void *ctx, uint32_t row, unsigned word)
{
	return ((struct table *)ctx)->keys[row][word];
}

static void
work(struct list *l)
{
	while (!list_step(l, clock_monotonic() + NS_PER_S))
		;
}

static uint64_t
dice(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return *seed >> 33;
}

/* Sorted by both words, every wanted row once. */
static void
verify(struct list *l, const struct table *t, bool falling)
{
	size_t wanted = 0;

	for (size_t i = 0; i < t->count; i++)
		wanted += !t->hidden[i];
	assert_int_equal(list_count(l), wanted);
	for (size_t i = 1; i < list_count(l); i++) {
		uint32_t a = list_at(l, i - 1), b = list_at(l, i);
		const uint64_t *x = t->keys[falling ? b : a];
		const uint64_t *y = t->keys[falling ? a : b];
		bool same = x[0] == y[0] && x[1] == y[1];

		assert_false(t->hidden[a]);
		assert_true(x[0] < y[0] || (x[0] == y[0] && x[1] <= y[1]));
		assert_true(!same || a < b);
	}
}

static struct table *
random_table(size_t count, uint64_t *seed)
{
	struct table *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	t->count = count;
	for (size_t i = 0; i < count; i++) {
		t->keys[i][0] = dice(seed) % 50 << 40;
		t->keys[i][1] = dice(seed);
		t->hidden[i] = dice(seed) % 4 == 0;
	}
	return t;
}

static struct list_rows
rows_of(struct table *t, bool falling)
{
	return (struct list_rows){ t, row_count, row_wanted, row_key, 2,
		falling, false };
}

static void
sorts(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (size_t n = 0; n < ROWS; n = n * 3 + 1) {
		for (int falling = 0; falling < 2; falling++) {
			struct table *t = random_table(n, &seed);
			struct list_rows rows = rows_of(t, falling);
			struct list *l = list_new();

			list_reset(l, &rows);
			work(l);
			assert_true(list_is_ready(l));
			verify(l, t, falling);
			list_free(l);
			free(t);
		}
	}
}

/* Rows come, change and go, also while the list is being made. */
static void
merges(void **state)
{
	uint64_t seed = 7;
	struct table *t = random_table(ROWS, &seed);
	struct list_rows rows = rows_of(t, true);
	struct list *l = list_new();

	(void)state;
	t->count = 10;
	list_reset(l, &rows);
	work(l);
	for (int turn = 0; turn < 300; turn++) {
		size_t n = dice(&seed) % 60;

		for (size_t i = 0; i < n; i++) {
			uint32_t row = (uint32_t)(dice(&seed) % t->count);

			t->keys[row][0] = dice(&seed) % 50 << 40;
			t->hidden[row] = dice(&seed) % 3 == 0;
			list_changed(l, row);
		}
		for (size_t i = 0; i < n && t->count < ROWS; i++)
			list_changed(l, (uint32_t)t->count++);
		if (turn % 50 == 0)
			list_reset(l, &rows);
		work(l);
		verify(l, t, true);
	}
	list_free(l);
	free(t);
}

static void
keeps_the_selection(void **state)
{
	uint64_t seed = 3;
	struct table *t = random_table(100, &seed);
	struct list_rows rows = rows_of(t, false);
	struct list *l = list_new();
	uint32_t row = 0, first = 0;

	(void)state;
	memset(t->hidden, 0, sizeof(t->hidden));
	list_reset(l, &rows);
	work(l);
	list_fit(l, 10);
	/* On the first line one stays there. */
	assert_true(list_selected(l, &first));
	t->keys[99][0] = 0;
	t->keys[99][1] = 0;
	list_changed(l, 99);
	work(l);
	assert_int_equal(list_position(l), 0);
	assert_true(list_selected(l, &row));
	assert_int_equal(row, 99);
	/* Further down the row is kept, wherever it goes. */
	list_move(l, 20);
	assert_true(list_selected(l, &row));
	t->keys[98][0] = 0;
	list_changed(l, 98);
	t->keys[row][0] = UINT64_MAX;
	list_changed(l, row);
	work(l);
	assert_true(list_selected(l, &first));
	assert_int_equal(first, row);
	assert_int_equal(list_position(l), 99);
	/* It goes: its neighbour takes over. */
	t->hidden[row] = true;
	list_changed(l, row);
	work(l);
	assert_int_equal(list_position(l), 98);
	list_free(l);
	free(t);
}

static void
moves(void **state)
{
	uint64_t seed = 3;
	struct table *t = random_table(100, &seed);
	struct list_rows rows = rows_of(t, false);
	struct list *l = list_new();

	(void)state;
	memset(t->hidden, 0, sizeof(t->hidden));
	assert_true(list_key(l, 'j'));
	list_reset(l, &rows);
	work(l);
	list_fit(l, 10);
	assert_true(list_key(l, 'k'));
	assert_int_equal(list_position(l), 0);
	assert_true(list_key(l, KEY_PAGE_DOWN));
	assert_int_equal(list_position(l), 9);
	assert_true(list_key(l, 'j'));
	list_fit(l, 10);
	assert_int_equal(list_top(l), 1);
	assert_true(list_key(l, 'G'));
	list_fit(l, 10);
	assert_int_equal(list_position(l), 99);
	assert_int_equal(list_top(l), 90);
	list_scroll(l, -30);
	assert_int_equal(list_top(l), 60);
	assert_int_equal(list_position(l), 69);
	list_scroll(l, 100);
	assert_int_equal(list_top(l), 90);
	assert_true(list_key(l, 'g'));
	list_fit(l, 200);
	assert_int_equal(list_top(l), 0);
	assert_false(list_key(l, 'z'));
	list_free(l);
	free(t);
}

/* ---- the store ---- */

static struct view_row
flow(uint32_t slot, uint8_t host, enum verdict v)
{
	uint8_t a[4] = { 10, 0, 0, host }, b[4] = { 10, 0, 1, 1 };

	return (struct view_row){
		.number = (uint64_t)slot + 1,
		.fresh = true,
		.first_packet = 100 + slot,
		.src = { addr_v4(a), 1000 },
		.dst = { addr_v4(b), 5061 },
		.verdict = (uint8_t)v,
		.class = CLASS_OTHER,
		.bytes = 10,
		.start = slot + 1,
		.end = slot + 2,
		.findings = 2,
		.severity = SEVERITY_LOW,
	};
}

static uint32_t
put(struct store *s, const struct view_row *r)
{
	uint32_t slot;

	assert_true(store_put(s, r, &slot));
	return slot;
}

static void
adds_up(void **state)
{
	struct store *s = store_new(SIZE_MAX);
	struct view_row r;
	uint32_t host, slot, touched[4];

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		r = flow(i, (uint8_t)(i % 10), VERDICT_VIOLATION);
		put(s, &r);
	}
	assert_int_equal(store_sums(s)->flows, 1000);
	assert_int_equal(store_sums(s)->bytes, 10000);
	assert_int_equal(store_sums(s)->findings[1], 1000);
	assert_int_equal(store_host_count(s), 11);
	/* A changed row is counted once, with what it says now. */
	r = flow(5, 5, VERDICT_COMPLIANT);
	r.bytes = 110;
	r.findings = 0;
	put(s, &r);
	assert_int_equal(store_touched(s, touched), 2);
	assert_int_equal(store_sums(s)->flows, 1000);
	assert_int_equal(store_sums(s)->bytes, 10100);
	assert_int_equal(store_sums(s)->findings[1], 999);
	assert_int_equal(store_sums(s)->by_verdict[VERDICT_VIOLATION], 999);
	assert_int_equal(store_sums(s)->by_verdict[VERDICT_COMPLIANT], 1);
	assert_true(store_host_of(s, &r.src.addr, &host));
	assert_int_equal(store_host(s, host)->flows, 100);
	assert_int_equal(store_host(s, host)->by_verdict[VERDICT_COMPLIANT], 1);
	assert_true(store_find(s, 105, &slot));
	assert_int_equal(slot, 5);
	assert_false(store_find(s, 99, &slot));
	assert_int_equal(store_worst(store_sums(s)->by_verdict),
	    VERDICT_VIOLATION);
	store_free(s);
}

/* Tags follow their flow when the flows are numbered anew. */
static void
keeps_tags(void **state)
{
	struct store *s = store_new(SIZE_MAX), *later = store_new(SIZE_MAX);
	struct view_row r;

	(void)state;
	for (uint32_t i = 0; i < 10; i++) {
		r = flow(i, 1, VERDICT_VIOLATION);
		put(s, &r);
	}
	for (uint32_t i = 10; i-- > 0;) {
		r = flow(i, 1, VERDICT_VIOLATION);
		assert_int_equal(put(later, &r), 9 - i);
	}
	store_tag(s, 2, true);
	store_tag(s, 2, true);
	assert_int_equal(store_tags(s), 1);
	store_keep_tags(later, s);
	assert_true(store_is_tagged(later, 7));
	assert_int_equal(store_tags(later), 1);
	store_tag(later, 7, false);
	assert_int_equal(store_tags(later), 0);
	store_free(s);
	store_free(later);
}

/* Above the ceiling the oldest that ended go; the sums stay. */
static void
lets_go(void **state)
{
	struct store *s = store_new(1000);
	struct view_row r;
	uint32_t slot, last = 0;
	size_t gone = 0;

	(void)state;
	for (uint32_t i = 0; i < 5000; i++) {
		r = flow(i, (uint8_t)(i % 10), VERDICT_VIOLATION);
		r.flags = i % 100 == 7 ? 0 : VIEW_ENDED;
		put(s, &r);
		if (i == 3)
			store_tag(s, i, true);
		while (store_let_go(s, &slot)) {
			assert_true(slot >= last && slot % 100 != 7);
			last = slot;
			gone++;
		}
	}
	assert_int_equal(gone, 4000);
	assert_int_equal(store_gone(s), 4000);
	assert_int_equal(store_tags(s), 0);
	assert_int_equal(store_sums(s)->flows, 5000);
	assert_int_equal(store_sums(s)->bytes, 50000);
	assert_int_equal(store_sums(s)->findings[1], 5000);
	assert_false(store_find(s, 100, &slot));
	assert_true(store_find(s, 107, &slot));
	assert_true(store_find(s, 5099, &slot));
	assert_false(store_brief(s, 0)->there);
	assert_int_equal(store_row(s, 0)->src.addr.family, 0);
	/* News of what was let go changes nothing. */
	r = flow(0, 0, VERDICT_COMPLIANT);
	r.fresh = false;
	assert_int_equal(put(s, &r), NO_SLOT);
	assert_int_equal(store_sums(s)->flows, 5000);
	assert_int_equal(store_sums(s)->by_verdict[VERDICT_COMPLIANT], 0);
	assert_false(store_find(s, 100, &slot));
	store_free(s);
	/* Violations go last. */
	s = store_new(100);
	for (uint32_t i = 0; i < 500; i++) {
		r = flow(i, 1, i < 40 ? VERDICT_VIOLATION : VERDICT_COMPLIANT);
		r.flags = VIEW_ENDED;
		put(s, &r);
		while (store_let_go(s, &slot))
			assert_true(slot >= 40);
	}
	assert_int_equal(store_gone(s), 400);
	store_free(s);
}

/* Slots are used again, and every flow is found where it is. */
static void
uses_slots_again(void **state)
{
	enum { MOST = 500, FLOWS = 60000 };
	static bool here[FLOWS];
	struct store *s = store_new(MOST);
	struct view_row r;
	uint32_t slot;
	uint64_t seed = 5;

	(void)state;
	memset(here, 0, sizeof(here));
	for (uint32_t i = 0; i < FLOWS; i++) {
		r = flow(i, (uint8_t)(i % 200), VERDICT_COMPLIANT);
		r.flags = VIEW_ENDED;
		put(s, &r);
		here[i] = true;
		/* News of one that may be there or not. */
		uint32_t old = (uint32_t)(dice(&seed) % (i + 1));

		r = flow(old, (uint8_t)(old % 200), VERDICT_COMPLIANT);
		r.flags = VIEW_ENDED;
		r.fresh = false;
		slot = put(s, &r);
		assert_true(here[old] == (slot != NO_SLOT));
		while (store_let_go(s, &slot))
			here[i - MOST] = false;
	}
	assert_true(store_count(s) < 20000);
	assert_int_equal(store_gone(s), FLOWS - MOST);
	assert_int_equal(store_sums(s)->flows, FLOWS);
	assert_int_equal(store_sums(s)->bytes, 10 * FLOWS);
	for (uint32_t i = 0; i < FLOWS; i++) {
		bool found = store_find(s, 100 + i, &slot);

		assert_true(found == here[i]);
		if (found)
			assert_int_equal(store_row(s, slot)->number, i + 1);
	}
	store_free(s);
}

/* The name a flow has later; of some there is none. */
static uint64_t
later_number(void *ctx, uint64_t first_packet)
{
	(void)ctx;
	return first_packet == 105 ? 0 : first_packet - 99;
}

/* The ledger has some flows no more: their rows stay. */
static void
inherits(void **state)
{
	struct store *s = store_new(SIZE_MAX), *later = store_new(SIZE_MAX);
	struct view_host host = { .flows = 12, .bytes = 777, .findings = 6 };
	struct view_news all = {
		.sums = { .flows = 12, .first = 1, .last = 20 },
		.totals = { .one_way = 3, .whole = 10, .lost_bytes = 55 },
		.hosts = &host,
		.host_count = 1,
	};
	struct view_row r;
	uint32_t slot;

	(void)state;
	for (uint32_t i = 0; i < 10; i++) {
		r = flow(9 - i, 1, VERDICT_VIOLATION);
		r.first_packet = 100 + i;
		put(s, &r);
		r.number = i + 1;
		if (i != 2 && i != 5)
			put(later, &r);
	}
	host.addr = r.dst.addr;
	store_inherit(later, s, later_number, NULL);
	all.sums.by_verdict[VERDICT_VIOLATION] = 12;
	store_settle(later, s, &all);
	assert_true(store_find(later, 102, &slot));
	assert_int_equal(store_row(later, slot)->number, 3);
	assert_true((store_row(later, slot)->flags & VIEW_GONE) != 0);
	assert_true(store_find(later, 105, &slot));
	assert_int_equal(store_row(later, slot)->number, 0);
	assert_true(store_find(later, 106, &slot));
	assert_true((store_row(later, slot)->flags & VIEW_GONE) == 0);
	assert_int_equal(store_sums(later)->flows, 12);
	assert_int_equal(store_sums(later)->by_verdict[VERDICT_VIOLATION], 12);
	assert_int_equal(store_sums(later)->one_way, 3);
	assert_int_equal(store_sums(later)->doubtful, 2);
	assert_int_equal(store_sums(later)->lost, 55);
	assert_int_equal(store_gone(later), 2);
	assert_true(store_host_of(later, &host.addr, &slot));
	assert_int_equal(store_host(later, slot)->flows, 12);
	assert_int_equal(store_host(later, slot)->bytes, 777);
	assert_int_equal(store_host(later, slot)->findings, 6);
	store_free(s);
	store_free(later);
}

/* No more than there is room for: violations, and the newest. */
static void
inherits_what_fits(void **state)
{
	struct store *s = store_new(SIZE_MAX), *later = store_new(20);
	struct view_row r;
	uint32_t slot;

	(void)state;
	for (uint32_t i = 0; i < 100; i++) {
		r = flow(i, 1, i < 5 ? VERDICT_VIOLATION : VERDICT_COMPLIANT);
		put(s, &r);
	}
	store_inherit(later, s, later_number, NULL);
	assert_true(store_find(later, 100, &slot));
	assert_true(store_find(later, 104, &slot));
	assert_false(store_find(later, 184, &slot));
	assert_true(store_find(later, 185, &slot));
	assert_int_equal(store_sums(later)->flows, 20);
	store_free(s);
	store_free(later);
}

/* ---- the prompt ---- */

static void
type(struct prompt *p, const char *text)
{
	for (; *text != '\0'; text++)
		(void)prompt_key(p, *text);
}

static void
edits(void **state)
{
	struct prompt p = { .at = 0 };

	(void)state;
	prompt_begin(&p, "");
	type(&p, "verdict:x");
	assert_true(prompt_key(&p, KEY_ERASE));
	type(&p, "ok");
	assert_string_equal(p.text, "verdict:ok");
	assert_true(prompt_key(&p, 0xe4));
	assert_true(prompt_key(&p, 0x4e2d));
	assert_string_equal(p.text, "verdict:ok\xc3\xa4\xe4\xb8\xad");
	assert_true(prompt_key(&p, KEY_ERASE));
	assert_true(prompt_key(&p, KEY_ERASE));
	assert_string_equal(p.text, "verdict:ok");
	prompt_remember(&p);
	type(&p, " more words");
	assert_true(prompt_key(&p, KEY_CTRL('w')));
	assert_string_equal(p.text, "verdict:ok more ");
	assert_false(prompt_key(&p, KEY_FIRST));
	type(&p, "!");
	assert_string_equal(p.text, "!verdict:ok more ");
	assert_true(prompt_key(&p, KEY_CTRL('k')));
	assert_string_equal(p.text, "!");
	assert_true(prompt_key(&p, KEY_ARROW_UP));
	assert_string_equal(p.text, "verdict:ok");
	assert_false(prompt_key(&p, KEY_ARROW_UP));
	assert_true(prompt_key(&p, KEY_ARROW_DOWN));
	assert_string_equal(p.text, "");
	for (int i = 0; i < 400; i++)
		(void)prompt_key(&p, 0x4e2d);
	assert_true(strlen(p.text) < PROMPT_LINE);
	assert_int_equal(strlen(p.text) % 3, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sorts),
		cmocka_unit_test(merges),
		cmocka_unit_test(keeps_the_selection),
		cmocka_unit_test(moves),
		cmocka_unit_test(adds_up),
		cmocka_unit_test(keeps_tags),
		cmocka_unit_test(lets_go),
		cmocka_unit_test(uses_slots_again),
		cmocka_unit_test(inherits),
		cmocka_unit_test(inherits_what_fits),
		cmocka_unit_test(edits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
