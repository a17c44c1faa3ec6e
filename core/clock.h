/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.h - packet time: nanoseconds since 1970-01-01 UTC, signed 64 bits.
 */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include "core/slice.h"

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S  INT64_C(1000000000)

enum { CLOCK_TEXT_MAX = 40 };

/* RFC 3339, UTC, microseconds: 2026-11-22T04:27:00.123456Z. Returns buf. */
const char *clock_text(int64_t ns, char buf[CLOCK_TEXT_MAX]);
/* 2026-11-22 */
const char *clock_date(int64_t ns, char buf[CLOCK_TEXT_MAX]);
/*
 * Midnight that begins a day written as 2026-11-22. A day outside 1677 to 2262
 * becomes the nearest that still has a day after (or before) it.
 */
bool clock_parse_date(struct slice text, int64_t *ns) MUST_CHECK;
/* 10, 10s, 5m, 2h, 1d -> ns; a bare number is seconds. False: does not fit. */
bool clock_parse_duration(struct slice text, int64_t *ns) MUST_CHECK;
int64_t clock_now(void);       /* wall clock */
int64_t clock_monotonic(void); /* for rates only */

#endif
