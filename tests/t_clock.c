/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support.h"

#include <inttypes.h>
#include <time.h>

#include "core/clock.h"

#define S      slice_text
#define DAY_NS (INT64_C(86400) * NS_PER_S)

static void
writes_time(void **state)
{
	static const struct {
		int64_t ns;
		const char *text;
	} table[] = {
		{ 0, "1970-01-01T00:00:00.000000Z" },
		{ -1, "1969-12-31T23:59:59.999999Z" },
		{ -NS_PER_S, "1969-12-31T23:59:59.000000Z" },
		{ -DAY_NS, "1969-12-31T00:00:00.000000Z" },
		{ INT64_C(1795321620123456789), "2026-11-22T04:27:00.123456Z" },
		{ INT64_C(951782400) * NS_PER_S,
		    "2000-02-29T00:00:00.000000Z" },
		{ INT64_MAX, "2262-04-11T23:47:16.854775Z" },
		{ INT64_MIN, "1677-09-21T00:12:43.145224Z" },
	};
	char buf[CLOCK_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		assert_ptr_equal(clock_text(table[i].ns, buf), buf);
		assert_string_equal(buf, table[i].text);
		clock_date(table[i].ns, buf);
		assert_memory_equal(buf, table[i].text, 10);
		assert_int_equal(strlen(buf), 10);
	}
}

/* Every day that can be written, against the C library. */
static void
knows_the_calendar(void **state)
{
	char want[CLOCK_TEXT_MAX];
	char buf[CLOCK_TEXT_MAX];
	int64_t ns;

	(void)state;
	for (int64_t day = -106750; day <= 106750; day += 1) {
		time_t t = (time_t)(day * 86400);
		struct tm tm;

		assert_non_null(gmtime_r(&t, &tm));
		strftime(want, sizeof(want), "%Y-%m-%d", &tm);
		assert_string_equal(clock_date(day * DAY_NS, buf), want);
		assert_string_equal(clock_date((day + 1) * DAY_NS - 1, buf),
		    want);
		assert_true(clock_parse_date(S(want), &ns));
		assert_true(ns == day * DAY_NS);
	}
}

static void
refuses_dates(void **state)
{
	static const char *const bad[] = { "", "2026", "2026-11", "2026-11-",
		"2026-11-2", "2026-11-221", "26-11-22", "2026-13-01",
		"2026-00-01", "2026-01-00", "2026-02-29", "2026-04-31",
		"2100-02-29", "2026/11/22", "2026-11-22 ", " 2026-11-22",
		"2026-11-22T00:00:00Z", "2026-1-222", "+026-11-22" };
	int64_t ns;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(clock_parse_date(S(bad[i]), &ns));
}

static void
clamps_far_dates(void **state)
{
	char buf[CLOCK_TEXT_MAX];
	int64_t ns;

	(void)state;
	assert_true(clock_parse_date(S("9999-12-31"), &ns));
	assert_string_equal(clock_date(ns, buf), "2262-04-10");
	assert_true(ns <= INT64_MAX - DAY_NS);
	assert_true(clock_parse_date(S("0000-01-01"), &ns));
	assert_string_equal(clock_date(ns, buf), "1677-09-23");
	assert_true(ns >= INT64_MIN + DAY_NS);
}

static void
reads_durations(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} good[] = { { "10", 10 }, { "10s", 10 }, { "5m", 300 }, { "2h", 7200 },
		{ "1d", 86400 }, { "0", 0 }, { "106751d", 9223286400 } };
	static const char *const bad[] = { "", "s", "1x", "-1", "1.5s", "1 s",
		"1ms", "1S", "106752d", "9223372037", "18446744073709551615" };
	int64_t ns;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_true(clock_parse_duration(S(good[i].text), &ns));
		assert_true(ns == good[i].seconds * NS_PER_S);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(clock_parse_duration(S(bad[i]), &ns));
}

static void
clocks_run(void **state)
{
	int64_t before = clock_monotonic();

	(void)state;
	assert_true(clock_monotonic() >= before);
	assert_true(clock_now() / NS_PER_S - (int64_t)time(NULL) <= 1);
	assert_true(clock_now() / NS_PER_S - (int64_t)time(NULL) >= -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_time),
		cmocka_unit_test(knows_the_calendar),
		cmocka_unit_test(refuses_dates),
		cmocka_unit_test(clamps_far_dates),
		cmocka_unit_test(reads_durations),
		cmocka_unit_test(clocks_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
