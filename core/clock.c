/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "core/text.h"

#define NS_PER_DAY (INT64_C(86400) * NS_PER_S)

/*
 * The last day that can be written in nanoseconds and still has a day after
 * it, so that "the end of this day" is never an overflow.
 */
enum { LAST_DAY = 106750 };

struct date {
	int64_t year;
	unsigned month;
	unsigned day;
};

/*
 * Days since 1970-01-01 and back, in the Gregorian calendar extended to all
 * time. Years are counted from March, so that the leap day is the last; an era
 * is 400 years.
 */
static int64_t
days_of(struct date d)
{
	int64_t year = d.month > 2 ? d.year : d.year - 1;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t of_era = year - era * 400;
	int64_t month = d.month > 2 ? d.month - 3 : d.month + 9;
	int64_t of_year = (153 * month + 2) / 5 + d.day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
	    of_year - 719468;
}

static struct date
date_of(int64_t days)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t of_era = days - era * 146097;
	int64_t year =
	    (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153;
	struct date d;

	d.day = (unsigned)(of_year - (153 * month + 2) / 5 + 1);
	d.month = (unsigned)(month < 10 ? month + 3 : month - 9);
	d.year = era * 400 + year + (d.month <= 2);
	return d;
}

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

const char *
clock_text(int64_t ns, char buf[CLOCK_TEXT_MAX])
{
	int64_t day = floor_div(ns, NS_PER_DAY);
	struct date d = date_of(day);
	/* Not ns - day * NS_PER_DAY: the product may not fit. */
	int64_t of_day = (ns % NS_PER_DAY + NS_PER_DAY) % NS_PER_DAY;
	int64_t second = of_day / NS_PER_S;

	snprintf(buf, CLOCK_TEXT_MAX,
	    "%04" PRId64 "-%02u-%02uT%02d:%02d:%02d.%06dZ", d.year, d.month,
	    d.day, (int)(second / 3600), (int)(second / 60 % 60),
	    (int)(second % 60), (int)(of_day % NS_PER_S / NS_PER_US));
	return buf;
}

const char *
clock_date(int64_t ns, char buf[CLOCK_TEXT_MAX])
{
	struct date d = date_of(floor_div(ns, NS_PER_DAY));

	snprintf(buf, CLOCK_TEXT_MAX, "%04" PRId64 "-%02u-%02u", d.year,
	    d.month, d.day);
	return buf;
}

/* Exactly n digits and then, unless it is 0, the character after. */
static bool
field(struct slice *rest, size_t n, char after, uint64_t *v)
{
	struct slice digits = slice_head(*rest, n);

	if (digits.n < n || !text_u64(digits, v))
		return false;
	*rest = slice_from(*rest, n);
	if (after == '\0')
		return rest->n == 0;
	if (rest->n == 0 || rest->p[0] != (uint8_t)after)
		return false;
	*rest = slice_from(*rest, 1);
	return true;
}

bool
clock_parse_date(struct slice text, int64_t *ns)
{
	uint64_t year;
	uint64_t month;
	uint64_t day;

	if (!field(&text, 4, '-', &year) || !field(&text, 2, '-', &month) ||
	    !field(&text, 2, '\0', &day))
		return false;
	struct date d = { (int64_t)year, (unsigned)month, (unsigned)day };
	int64_t days = days_of(d);
	struct date back = date_of(days);

	/* 2026-02-30 comes back as another day. */
	if (d.month < 1 || d.month > 12 || back.month != d.month ||
	    back.day != d.day)
		return false;
	if (days > LAST_DAY)
		days = LAST_DAY;
	if (days < -LAST_DAY)
		days = -LAST_DAY;
	*ns = days * NS_PER_DAY;
	return true;
}

bool
clock_parse_duration(struct slice text, int64_t *ns)
{
	static const struct {
		uint8_t letter;
		uint32_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	uint64_t unit = (uint64_t)NS_PER_S;
	uint64_t count;

	for (size_t i = 0; i < COUNT(units); i++) {
		if (text.n == 0 || text.p[text.n - 1] != units[i].letter)
			continue;
		unit *= units[i].seconds;
		text = slice_head(text, text.n - 1);
		break;
	}
	if (!text_u64(text, &count) || count > (uint64_t)INT64_MAX / unit)
		return false;
	*ns = (int64_t)(count * unit);
	return true;
}

static int64_t
read_clock(clockid_t id)
{
	struct timespec now;

	if (clock_gettime(id, &now) != 0)
		return 0;
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t
clock_now(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t
clock_monotonic(void)
{
	return read_clock(CLOCK_MONOTONIC);
}
