/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support.h"

#include <errno.h>
#include <pthread.h>

#include "core/clock.h"
#include "core/log.h"

struct seen {
	size_t lines;
	enum log_level level;
	char last[2048];
};

static void
take(void *ctx, enum log_level level, const char *line)
{
	struct seen *seen = ctx;

	seen->lines++;
	seen->level = level;
	snprintf(seen->last, sizeof(seen->last), "%s", line);
}

static void
watch(struct seen *seen, enum log_level most)
{
	*seen = (struct seen){ 0 };
	log_set_level(most);
	log_set_taker(take, seen);
}

/* A burst must not meet the turn of a second. */
static void
wait_for_second(void)
{
	int64_t into = clock_monotonic() % NS_PER_S;

	usleep((useconds_t)((NS_PER_S - into) / NS_PER_US + 1000));
}

static void
levels(void **state)
{
	struct seen seen;

	(void)state;
	watch(&seen, LOG_WARN);
	log_error("source: %s is gone", "eth0");
	assert_string_equal(seen.last, "source: eth0 is gone");
	assert_int_equal(seen.level, LOG_ERROR);
	log_warn("source: w");
	assert_int_equal(seen.level, LOG_WARN);
	log_info("source: i");
	log_debug("source: d");
	assert_int_equal(seen.lines, 2);
	log_set_level(LOG_DEBUG);
	log_info("source: i");
	log_debug("source: d");
	assert_int_equal(seen.lines, 4);
	assert_int_equal(seen.level, LOG_DEBUG);
	log_set_level(LOG_ERROR);
	log_warn("source: w");
	assert_int_equal(seen.lines, 4);
}

static void
one_line_each(void **state)
{
	struct seen seen;
	char text[3000];

	(void)state;
	watch(&seen, LOG_DEBUG);
	log_info("a: b\nc\x1b\x7f%s", "\xc3\xa4");
	assert_string_equal(seen.last, "a: b?c??\xc3\xa4");
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	log_info("%s", text);
	assert_in_range(strlen(seen.last), 500, 1200);
	errno = EIO;
	log_info("a: b");
	assert_int_equal(errno, EIO);
}

static void
burst(unsigned n)
{
	while (n-- > 0)
		log_warn("test: full");
}

static void
holds_back(void **state)
{
	struct seen seen;

	(void)state;
	watch(&seen, LOG_WARN);
	wait_for_second();
	burst(25);
	assert_int_equal(seen.lines, 10);
	assert_string_equal(seen.last, "test: full");
	log_warn("test: another place");
	assert_int_equal(seen.lines, 11);
	wait_for_second();
	burst(1);
	assert_int_equal(seen.lines, 12);
	assert_string_equal(seen.last, "test: full (15 more held back)");
	burst(1);
	assert_string_equal(seen.last, "test: full");
}

static void *
burst_thread(void *ctx)
{
	(void)ctx;
	for (size_t i = 0; i < 1000; i++)
		log_warn("test: thread %zu", i);
	return NULL;
}

/* Lines of several threads are counted by an unlocked taker. */
static void
threads(void **state)
{
	pthread_t thread[4];
	struct seen seen;

	(void)state;
	watch(&seen, LOG_WARN);
	wait_for_second();
	for (size_t i = 0; i < COUNT(thread); i++)
		pthread_create(&thread[i], NULL, burst_thread, NULL);
	for (size_t i = 0; i < COUNT(thread); i++)
		pthread_join(thread[i], NULL);
	/* A slow machine may meet some more seconds. */
	assert_in_range(seen.lines, 10, 400);
}

static void
standard_error(void **state)
{
	char path[64];
	char got[64] = { 0 };
	int saved = dup(STDERR_FILENO);

	(void)state;
	temp_file(path, "", 0);
	log_set_taker(NULL, NULL);
	log_set_level(LOG_WARN);
	FILE *file = freopen(path, "w", stderr);

	log_warn("test: %d", 5);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	assert_non_null(file);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fread(got, 1, sizeof(got) - 1, file), 8);
	fclose(file);
	unlink(path);
	assert_string_equal(got, "test: 5\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels),
		cmocka_unit_test(one_line_each),
		cmocka_unit_test(holds_back),
		cmocka_unit_test(threads),
		cmocka_unit_test(standard_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
