/* SPDX-License-Identifier: Apache-2.0 */
/* t_ndpi.c - namers of workers that begin together. */
#include "dissect/ndpi.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support.h"

enum { WORKERS = 4, PROCESSES = 24 };

static pthread_barrier_t together;

static void *
begin(void *unused)
{
	(void)unused;
	pthread_barrier_wait(&together);
	ndpi_namer_free(ndpi_namer_new());
	return NULL;
}

/* A library begins once in a process, so every try has one of its own. */
static int
try(void)
{
	pthread_t thread[WORKERS];

	pthread_barrier_init(&together, NULL, WORKERS);
	for (size_t i = 0; i < WORKERS; i++)
		if (pthread_create(&thread[i], NULL, begin, NULL) != 0)
			return 1;
	for (size_t i = 0; i < WORKERS; i++)
		pthread_join(thread[i], NULL);
	return 0;
}

static void
workers_begin_together(void **state)
{
	(void)state;
	for (size_t i = 0; i < PROCESSES; i++) {
		pid_t child = fork();
		int status = -1;

		if (child == 0)
			_exit(try());
		assert_true(child > 0);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(workers_begin_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
