/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jury.h - judges many records on several threads.
 *
 * All that a verdict rests on is constant by then; only the store of
 * certificates is not, so every thread has its own. Judgements are brief
 * (audit/verdict.h).
 */
#ifndef AUDIT_JURY_H
#define AUDIT_JURY_H

#include "audit/verdict.h"

/* On the caller's thread, in the order of the records; all is lent for the
 * call. */
typedef void jury_take(void *ctx, size_t i, const struct notice *facts,
    const struct judgement *j);

struct jury_records {
	const struct record *r;
	size_t n;
};

/* Returns when all were taken; on at most so many threads, the caller's among
 * them. Where there is nothing to gain from others, or they cannot be had, the
 * caller's judges alone. */
void jury_judge(const struct bench *b, unsigned threads,
    const struct jury_records *all, jury_take *take, void *ctx);

#endif
