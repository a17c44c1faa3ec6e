/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/loss.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"

/* `start` is written before the span is counted and never again. */
struct shared_span {
	int64_t start;
	_Atomic int64_t end;
	_Atomic uint64_t kernel_drops, interface_drops;
	atomic_bool down;
};

struct loss {
	atomic_size_t count;
	struct shared_span spans[LIMIT_LOSS_SPANS];
};

struct loss *
loss_new(void)
{
	return calloc(1, sizeof(struct loss));
}

void
loss_free(struct loss *l)
{
	free(l);
}

static struct shared_span *
span_for(struct loss *l, const struct source_loss *x)
{
	size_t n = atomic_load_explicit(&l->count, memory_order_relaxed);
	struct shared_span *s;

	/* Another interface at the same time; or no room is left. */
	if (n > 0) {
		s = &l->spans[n - 1];
		if (s->start == x->from || n == COUNT(l->spans))
			return s;
	}
	s = &l->spans[n];
	s->start = x->from;
	atomic_store_explicit(&s->end, x->to, memory_order_relaxed);
	return s;
}

void
loss_add(struct loss *l, const struct source_loss *x)
{
	struct shared_span *s = span_for(l, x);
	size_t n = (size_t)(s - l->spans) + 1;

	if (x->to > atomic_load(&s->end))
		atomic_store(&s->end, x->to);
	atomic_fetch_add(&s->kernel_drops, x->kernel_drops);
	atomic_fetch_add(&s->interface_drops, x->interface_drops);
	if (x->down)
		atomic_store(&s->down, true);
	atomic_store_explicit(&l->count, n, memory_order_release);
}

size_t
loss_spans(const struct loss *l)
{
	return l != NULL ? atomic_load_explicit(&l->count, memory_order_acquire)
			 : 0;
}

struct loss_span
loss_span(const struct loss *l, size_t i)
{
	const struct shared_span *s = &l->spans[i];

	return (struct loss_span){
		.start = s->start,
		.end = atomic_load(&s->end),
		.kernel_drops = atomic_load(&s->kernel_drops),
		.interface_drops = atomic_load(&s->interface_drops),
		.down = atomic_load(&s->down),
	};
}

bool
loss_between(const struct loss *l, int64_t start, int64_t end,
    struct loss_span *sum)
{
	size_t n = loss_spans(l);
	bool any = false;

	*sum = (struct loss_span){ .start = INT64_MAX, .end = INT64_MIN };
	for (size_t i = 0; i < n; i++) {
		struct loss_span s = loss_span(l, i);

		if (s.start > end || s.end < start)
			continue;
		any = true;
		sum->start = s.start < sum->start ? s.start : sum->start;
		sum->end = s.end > sum->end ? s.end : sum->end;
		sum->kernel_drops += s.kernel_drops;
		sum->interface_drops += s.interface_drops;
		sum->down |= s.down;
	}
	return any;
}

/* The sequence numbers would show it. */
static bool
would_show(const struct flow_view *f)
{
	return f->tuple.proto == IPPROTO_NUM_TCP && !f->mid_stream &&
	    f->packets[0] > 0 && f->packets[1] > 0;
}

bool
loss_doubts(const struct loss *l, const struct flow_view *f,
    char text[LOSS_TEXT])
{
	uint64_t lost = f->lost[0] + f->lost[1];
	struct loss_span s;
	char when[CLOCK_TEXT_MAX];

	if (lost > 0) {
		(void)snprintf(text, LOSS_TEXT,
		    "%" PRIu64 " bytes of this connection were not captured, "
		    "so absence proves nothing",
		    lost);
		return true;
	}
	if (f->cut > 0) {
		(void)snprintf(text, LOSS_TEXT,
		    "%" PRIu32 " packets of this flow were cut, so absence "
		    "proves nothing",
		    f->cut);
		return true;
	}
	if (would_show(f) || !loss_between(l, f->start, f->end, &s))
		return false;
	(void)clock_text(s.start, when);
	if (s.kernel_drops + s.interface_drops > 0)
		(void)snprintf(text, LOSS_TEXT,
		    "the capture lost %" PRIu64 " packets within %" PRId64
		    " s from %s on; some may be of this flow, so absence "
		    "proves nothing",
		    s.kernel_drops + s.interface_drops,
		    (s.end - s.start) / NS_PER_S + 1, when);
	else
		(void)snprintf(text, LOSS_TEXT,
		    "an interface was down from %s on, while this flow ran, "
		    "so absence proves nothing",
		    when);
	return true;
}
