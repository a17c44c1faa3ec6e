/* SPDX-License-Identifier: Apache-2.0 */
#include "core/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/clock.h"

enum {
	LINE_MAX_BYTES = 1024,
	LINES_A_SECOND = 10,
};

/* The one log of the process. */
static _Atomic int log_most = LOG_INFO;
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static void (*log_taker)(void *, enum log_level, const char *);
static void *log_ctx;

void
log_set_level(enum log_level most)
{
	atomic_store(&log_most, (int)most);
}

void
log_set_taker(void (*taker)(void *, enum log_level, const char *line),
    void *ctx)
{
	pthread_mutex_lock(&log_lock);
	log_taker = taker;
	log_ctx = ctx;
	pthread_mutex_unlock(&log_lock);
}

/*
 * The lines held back since the last one that got out go to *held. Two threads
 * at the turn of a second may count one line into the wrong second.
 */
static bool
may_pass(struct log_site *site, uint32_t *held)
{
	/* Never 0, which is how a site begins. */
	int64_t now = clock_monotonic() / NS_PER_S + 1;
	int64_t window = atomic_load(&site->window);

	*held = 0;
	if (window == now ||
	    !atomic_compare_exchange_strong(&site->window, &window, now))
		return atomic_fetch_add(&site->count, 1) < LINES_A_SECOND;
	uint32_t before = atomic_exchange(&site->count, 1);

	if (before > LINES_A_SECOND)
		*held = before - LINES_A_SECOND;
	return true;
}

/* One message is one line, whatever is in it. */
static void
flatten(char *line)
{
	for (; *line != '\0'; line++)
		if ((unsigned char)*line < 0x20 || *line == 0x7f)
			*line = '?';
}

void
log_at(struct log_site *site, enum log_level level, const char *fmt, ...)
{
	char line[LINE_MAX_BYTES + 64];
	int error = errno;
	uint32_t held;
	va_list args;

	if ((int)level > atomic_load(&log_most) || !may_pass(site, &held))
		return;
	va_start(args, fmt);
	int n = vsnprintf(line, LINE_MAX_BYTES, fmt, args);
	va_end(args);

	if (n < 0)
		return;
	if (held > 0) {
		size_t end =
		    n < LINE_MAX_BYTES ? (size_t)n : LINE_MAX_BYTES - 1;

		snprintf(line + end, sizeof(line) - end, " (%u more held back)",
		    (unsigned)held);
	}
	flatten(line);
	pthread_mutex_lock(&log_lock);
	if (log_taker != NULL)
		log_taker(log_ctx, level, line);
	else
		fprintf(stderr, "%s\n", line);
	pthread_mutex_unlock(&log_lock);
	errno = error;
}
