/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/rotation.h"

#include "core/clock.h"

/*
 * Packets that were captured before the full hour may come a little later, and
 * much later where the machine is busy. What is older still is of a clock that
 * was set back.
 */
enum { LATE_S = 1, LATEST_S = 30 };

/* Times before 1970 do not matter here, but must not go wrong. */
static int64_t
begin_of(int64_t time, int64_t every)
{
	int64_t rest = time % every, begin;

	if (rest < 0)
		rest += every;
	return __builtin_sub_overflow(time, rest, &begin) ? INT64_MIN : begin;
}

static int64_t
end_of(int64_t time, int64_t every)
{
	int64_t end;

	if (__builtin_add_overflow(begin_of(time, every), every, &end))
		return INT64_MAX;
	return end;
}

void
rotation_begin(struct rotation *r, int64_t start)
{
	r->before = r->start;
	r->start = start;
	r->seen = 0;
	if (r->every > 0)
		r->next = end_of(start, r->every);
}

/* A clock that was set back by more than a period begins one, too. */
static bool
is_over(const struct rotation *r, int64_t time)
{
	int64_t back;

	if (r->bytes > 0)
		return r->seen >= r->bytes;
	return r->every > 0 &&
	    (time >= r->next || __builtin_sub_overflow(r->start, time, &back) ||
		(back > r->every && back > LATEST_S * NS_PER_S));
}

bool
rotation_packet(struct rotation *r, int64_t time, uint64_t bytes)
{
	bool over = r->start != 0 && is_over(r, time);

	if (r->start == 0)
		rotation_begin(r, time);
	else if (over)
		rotation_begin(r,
		    r->every > 0 ? begin_of(time, r->every) : time);
	r->seen += bytes;
	return over;
}

bool
rotation_idle(struct rotation *r, int64_t now)
{
	if (r->every == 0 || now < r->next + LATE_S * NS_PER_S || r->start == 0)
		return false;
	rotation_begin(r, begin_of(now, r->every));
	return true;
}
