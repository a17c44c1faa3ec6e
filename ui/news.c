/* SPDX-License-Identifier: Apache-2.0 */
/* What the audit leaves for the screens: rows into the store, a word into the
 * log where something goes wrong. */
#include <inttypes.h>

#include "core/clock.h"
#include "core/log.h"
#include "ui/chrome.h"

enum { RATE_MS = 1000 };

static void
leave_screens(struct tui *t)
{
	for (int i = 0; i < SCREENS; i++) {
		if (screens[i]->leave != NULL)
			screens[i]->leave(t, t->state[i]);
	}
}

static void
reset_screens(struct tui *t)
{
	for (int i = 0; i < SCREENS; i++) {
		if (screens[i]->reset != NULL)
			screens[i]->reset(t, t->state[i]);
	}
}

static void
tell_screens(struct tui *t, uint32_t slot)
{
	uint32_t hosts[4];
	unsigned n = store_touched(t->store, hosts);

	for (int i = 0; i < SCREENS; i++) {
		if (screens[i]->row != NULL)
			screens[i]->row(t, t->state[i], slot);
		for (unsigned k = 0; k < n && screens[i]->host != NULL; k++)
			screens[i]->host(t, t->state[i], hosts[k]);
	}
}

static uint64_t
number_of(void *ctx, uint64_t first_packet)
{
	const struct tui *t = ctx;

	return ledger_id_of(engine_ledger(t->o.engine), first_packet);
}

static void
news_over(struct tui *t)
{
	struct store *to = t->next != NULL ? t->next : t->store;

	store_certs(to, t->news.certs, t->news.cert_count);
	if (t->next != NULL) {
		leave_screens(t);
		if (t->news.sums.flows > t->news.count)
			store_inherit(t->next, t->store, number_of, t);
		store_settle(t->next, t->store, &t->news);
		store_keep_tags(t->next, t->store);
		store_free(t->store);
		t->store = t->next;
		t->next = NULL;
		reset_screens(t);
	}
	view_news_done(&t->news);
	t->news_at = 0;
	t->redraw = true;
}

/* Puts rows into the store, some at a time. True: nothing is left. */
bool
news_put(struct tui *t, int64_t until)
{
	if (t->news.chunks == NULL && t->news.certs == NULL && !t->news.whole)
		return true;
	if (t->news.whole && t->next == NULL) {
		t->next = store_new(VIEW_ROWS);
		if (t->next == NULL)
			t->news.whole = false;
	}
	struct store *to = t->next != NULL ? t->next : t->store;
	uint32_t slot;

	while (t->news_at < t->news.count) {
		const struct view_row *r =
		    &t->news.chunks[t->news_at / VIEW_CHUNK]
			 ->rows[t->news_at % VIEW_CHUNK];

		if (!store_put(to, r, &slot))
			t->status.starving = true;
		else if (to == t->store && slot != NO_SLOT)
			tell_screens(t, slot);
		while (store_let_go(to, &slot)) {
			if (to == t->store)
				tell_screens(t, slot);
		}
		if (++t->news_at % 256 == 0 && clock_monotonic() >= until)
			return false;
	}
	news_over(t);
	return true;
}

/* ---- the log ---- */

/* Is it time to tell of a count that grows? At first, and when it doubled. */
static bool
grew(uint64_t before, uint64_t now)
{
	while (before > 1 && now > 1) {
		before >>= 1;
		now >>= 1;
	}
	return now > before;
}

static void
tell_log(const struct view_status *before, const struct view_status *now)
{
	uint64_t old =
	    before->source.kernel_drops + before->source.interface_drops;
	uint64_t drops = now->source.kernel_drops + now->source.interface_drops;

	if (grew(old, drops))
		log_warn("capture: %" PRIu64 " packets were dropped so far: "
			 "what they held is not audited",
		    drops);
	if (grew(before->evicted, now->evicted))
		log_warn("flows: %" PRIu64 " were let go early so far: more "
			 "are open than can be held",
		    now->evicted);
	if (grew(before->starved, now->starved))
		log_warn("flows: %" PRIu64 " facts found no room so far",
		    now->starved);
	if (now->let_go > 0 && before->let_go == 0)
		log_info("flows: more are there than --memory has room for: "
			 "the oldest that ended are judged and let go");
	if (now->starving && !before->starving)
		log_warn("view: memory is short, not all flows are shown");
	if (now->phase != VIEW_READING && before->phase == VIEW_READING)
		log_info("audit: all packets are read: %" PRIu64 " of %" PRIu64
			 " flows",
		    now->source.packets, now->flows);
}

void
news_rate(struct tui *t, int64_t now)
{
	const struct source_stats *s = &t->status.source;
	double seconds = (double)(now - t->rate_at) / (double)NS_PER_S;

	if (now - t->rate_at < RATE_MS * NS_PER_MS)
		return;
	t->rate = (double)(s->packets - t->rate_packets) / seconds;
	t->byte_rate = (double)(s->bytes - t->rate_bytes) / seconds;
	t->rate_packets = s->packets;
	t->rate_bytes = s->bytes;
	t->rate_at = now;
	t->redraw = true;
}

void
news_take(struct tui *t)
{
	bool busy =
	    t->news.chunks != NULL || t->news.certs != NULL || t->news.whole;

	struct view_status before = t->status;

	view_status(t->o.view, &t->status);
	tell_log(&before, &t->status);
	view_collect(t->o.view, t);
	/* What comes meanwhile has to wait somewhere. */
	if (t->frozen && t->status.untaken >= VIEW_ROWS / 2) {
		t->frozen = false;
		tui_complain(t,
		    "the view runs again: too much has come to stand still");
	}
	if (!t->frozen && !busy && !view_take(t->o.view, &t->news))
		view_news_done(&t->news);
	t->redraw = true;
}
