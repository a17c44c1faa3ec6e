/* SPDX-License-Identifier: Apache-2.0 */
/* Lines that outlive the program; when periods end and what they are called. */
#include "tests/support.h"

#include <sys/stat.h>

#include "audit/rotation.h"
#include "core/clock.h"
#include "core/log.h"
#include "report/journal.h"
#include "ui/reports.h"

static char logged[4096];

static void
take_log(void *ctx, enum log_level level, const char *line)
{
	size_t n = strlen(logged);

	(void)ctx;
	(void)level;
	(void)snprintf(logged + n, sizeof(logged) - n, "%s\n", line);
}

static char *
content(const char *path)
{
	FILE *in = fopen(path, "r");
	char *text = calloc(1, 65536);

	assert_non_null(in);
	assert_non_null(text);
	(void)!fread(text, 1, 65535, in);
	fclose(in);
	return text;
}

static void
holds(const char *path, const char *what)
{
	char *text = content(path);

	assert_string_equal(text, what);
	free(text);
}

static void
line(struct journal *j, const char *text)
{
	journal_line(j, slice_text(text));
}

static void
appends_whole_lines(void **state)
{
	char path[64];
	struct fault f;

	(void)state;
	temp_file(path, "{\"a\":1}\n", 8);
	struct journal *j = journal_open(path, &f);

	assert_non_null(j);
	line(j, "{\"b\":2}");
	journal_sync(j);
	holds(path, "{\"a\":1}\n{\"b\":2}\n");
	line(j, "{\"c\":3}");
	assert_true(journal_close(j));
	holds(path, "{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n");
	unlink(path);
}

static void
cuts_what_is_torn(void **state)
{
	static const struct {
		const char *before, *after;
	} cases[] = {
		{ "{\"a\":1}\n{\"b\":", "{\"a\":1}\n" },
		{ "{\"a\":1}\n{", "{\"a\":1}\n" },
		{ "{\"never whole", "" },
		{ "{\"a\":1}\n", "{\"a\":1}\n" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char path[64];
		struct fault f;

		temp_file(path, cases[i].before, strlen(cases[i].before));
		logged[0] = '\0';
		struct journal *j = journal_open(path, &f);

		assert_non_null(j);
		assert_int_equal(strstr(logged, "torn") != NULL,
		    strcmp(cases[i].before, cases[i].after) != 0);
		assert_true(journal_close(j));
		holds(path, cases[i].after);
		unlink(path);
	}
}

/* The end of the last line may lie far back. */
static void
cuts_a_long_torn_line(void **state)
{
	enum { LONG = 200000 };
	char path[64], *text = malloc(LONG);
	struct fault f;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', LONG);
	memcpy(text, "{}\n{", 4);
	temp_file(path, text, LONG);
	free(text);
	struct journal *j = journal_open(path, &f);

	assert_non_null(j);
	assert_true(journal_close(j));
	holds(path, "{}\n");
	unlink(path);
}

static void
refuses_what_is_no_journal(void **state)
{
	char path[64];
	struct fault f;

	(void)state;
	temp_file(path, "text\n", 5);
	assert_null(journal_open(path, &f));
	assert_non_null(strstr(f.text, "no journal"));
	holds(path, "text\n");
	assert_null(journal_open("/dev/null", &f));
	assert_null(journal_open("/nowhere/at/all", &f));
	unlink(path);
	temp_file(path, "", 0);
	struct journal *j = journal_open(path, &f);

	assert_non_null(j);
	assert_null(journal_open(path, &f));
	assert_non_null(strstr(f.text, "another program"));
	assert_true(journal_close(j));
	unlink(path);
}

static void
begins_anew(void **state)
{
	char path[64], moved[80];
	struct fault f;

	(void)state;
	temp_file(path, "", 0);
	(void)snprintf(moved, sizeof(moved), "%s.1", path);
	struct journal *j = journal_open(path, &f);

	assert_non_null(j);
	line(j, "{\"first\":1}");
	line(j, "{\"a\":1}");
	journal_sync(j);
	assert_int_equal(rename(path, moved), 0);
	line(j, "{\"b\":2}");
	journal_reopen(j, slice_text("{\"first\":1}"));
	line(j, "{\"c\":3}");
	assert_true(journal_close(j));
	holds(moved, "{\"first\":1}\n{\"a\":1}\n{\"b\":2}\n");
	holds(path, "{\"first\":1}\n{\"c\":3}\n");
	unlink(path);
	unlink(moved);
}

/* A file that somebody removed is made again. */
static void
survives_removal(void **state)
{
	char path[64];
	struct fault f;

	(void)state;
	temp_file(path, "", 0);
	struct journal *j = journal_open(path, &f);

	assert_non_null(j);
	line(j, "{\"a\":1}");
	journal_sync(j);
	unlink(path);
	line(j, "{\"b\":2}");
	journal_sync(j);
	holds(path, "{\"b\":2}\n");
	assert_true(journal_close(j));
	unlink(path);
}

/* ---- periods ---- */

static void
ends_at_full_hours(void **state)
{
	const int64_t hour = 3600 * NS_PER_S;
	const int64_t begin = 100 * hour + hour / 2;
	struct rotation r = { .every = hour };

	(void)state;
	assert_false(rotation_packet(&r, begin, 1));
	assert_int_equal(r.start, begin);
	assert_false(rotation_packet(&r, 101 * hour - 1, 1));
	assert_true(rotation_packet(&r, 101 * hour, 1));
	assert_int_equal(r.before, begin);
	assert_int_equal(r.start, 101 * hour);
	/* hours without a packet have no period of their own */
	assert_true(rotation_packet(&r, 109 * hour + 5, 1));
	assert_int_equal(r.before, 101 * hour);
	assert_int_equal(r.start, 109 * hour);
	/* a little back belongs to the period at hand, far back does not */
	assert_false(rotation_packet(&r, 109 * hour - 5, 1));
	assert_true(rotation_packet(&r, 50 * hour + 7, 1));
	assert_int_equal(r.start, 50 * hour);
	assert_false(rotation_packet(&r, INT64_MIN, 0) &&
	    rotation_packet(&r, INT64_MIN, 0));
	assert_true(rotation_packet(&r, INT64_MAX, 0));
}

static void
ends_by_the_clock(void **state)
{
	struct rotation r = { .every = 10 * NS_PER_S };

	(void)state;
	rotation_begin(&r, 12 * NS_PER_S);
	assert_false(rotation_idle(&r, 20 * NS_PER_S));
	assert_true(rotation_idle(&r, 21 * NS_PER_S));
	assert_int_equal(r.start, 20 * NS_PER_S);
	assert_int_equal(r.before, 12 * NS_PER_S);
	assert_false(rotation_idle(&r, 21 * NS_PER_S));
}

static void
ends_by_size(void **state)
{
	struct rotation r = { .bytes = 1000 };

	(void)state;
	assert_false(rotation_packet(&r, 10, 600));
	assert_false(rotation_packet(&r, 20, 600));
	assert_true(rotation_packet(&r, 30, 600));
	assert_int_equal(r.before, 10);
	assert_int_equal(r.start, 30);
	assert_false(rotation_packet(&r, 40, 600));
	assert_false(rotation_idle(&r, INT64_MAX));
}

static void
never_ends(void **state)
{
	struct rotation r = { .every = 0 };

	(void)state;
	assert_false(rotation_packet(&r, 10, UINT64_MAX / 2));
	assert_false(rotation_packet(&r, INT64_MAX, UINT64_MAX / 2));
	assert_false(rotation_idle(&r, INT64_MAX));
}

/* ---- names ---- */

static void
names_periods(void **state)
{
	static const struct {
		const char *name, *of_period, *again;
	} names[] = {
		{ "day.json", "day.T.json", "day.T-3.json" },
		{ "/a.b/day", "/a.b/day.T", "/a.b/day.T-3" },
		{ "html:/x/d.y.htm", "html:/x/d.y.T.htm",
		    "html:/x/d.y.T-3.htm" },
		{ "json:.hidden", "json:.hidden.T", "json:.hidden.T-3" },
		{ "-", "-", "-" },
		{ "json:-", "json:-", "json:-" },
	};
	struct fault f;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		const char *one[] = { names[i].name };
		struct options o = { .outputs = { one, 1 },
			.evidence = "proof.pcapng" };
		struct options named;

		assert_true(reports_name(&o, "T", 0, &named, &f));
		assert_string_equal(named.outputs.list[0], names[i].of_period);
		assert_string_equal(named.evidence, "proof.T.pcapng");
		reports_name_done(&o, &named);
		assert_true(reports_name(&o, "T", 2, &named, &f));
		assert_string_equal(named.outputs.list[0], names[i].again);
		reports_name_done(&o, &named);
	}
}

static void
tags_are_utc(void **state)
{
	char tag[PERIOD_TAG];

	(void)state;
	reports_tag(INT64_C(1795339800123456789), tag);
	assert_string_equal(tag, "20261122T093000Z");
	reports_tag(0, tag);
	assert_string_equal(tag, "19700101T000000Z");
	reports_tag(INT64_MAX, tag);
	assert_string_equal(tag, "22620411T234716Z");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appends_whole_lines),
		cmocka_unit_test(cuts_what_is_torn),
		cmocka_unit_test(cuts_a_long_torn_line),
		cmocka_unit_test(refuses_what_is_no_journal),
		cmocka_unit_test(begins_anew),
		cmocka_unit_test(survives_removal),
		cmocka_unit_test(ends_at_full_hours),
		cmocka_unit_test(ends_by_the_clock),
		cmocka_unit_test(ends_by_size),
		cmocka_unit_test(never_ends),
		cmocka_unit_test(names_periods),
		cmocka_unit_test(tags_are_utc),
	};

	log_set_taker(take_log, NULL);
	alarm(300);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
