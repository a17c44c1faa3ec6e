/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - messages for the operator: "module: sentence", no trailing dot.
 *
 * Any thread. Rate-limited per call site (ten a second; what was held back is
 * counted in the next line). Goes to standard error, or to the taker that the
 * terminal UI sets; a taker is called by one thread at a time and must not log.
 * Never payload, keys or user names above debug.
 */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include <stdatomic.h>

#include "core/base.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct log_site {
	_Atomic int64_t window;
	_Atomic uint32_t count;
};

void log_set_level(enum log_level most);
void log_set_taker(void (*taker)(void *, enum log_level, const char *line),
    void *ctx);
void log_at(struct log_site *, enum log_level, const char *fmt, ...)
    PRINTF(3, 4);

#define log_here(level, ...)                              \
	do {                                              \
		static struct log_site log_site_;         \
		log_at(&log_site_, (level), __VA_ARGS__); \
	} while (0)
#define log_error(...) log_here(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  log_here(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_here(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_here(LOG_DEBUG, __VA_ARGS__)

#endif
