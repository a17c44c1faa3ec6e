/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally.h - sums, hosts and certificates of flow records, where nobody has
 * written them down. One thread.
 */
#ifndef REPORT_TALLY_H
#define REPORT_TALLY_H

#include <jansson.h>

struct tally;

/* `summary` is that of an audit without a flow; it is filled. NULL without
 * memory. */
struct tally *tally_new(json_t *summary);
void tally_flow(struct tally *t, const json_t *flow);
/* Ends it; the lists are the caller's. */
void tally_done(struct tally *t, json_t **hosts, json_t **certs);

/* Adds the numbers of `from` to those of `to`, member by member; what is
 * missing or no number is copied. */
void tally_numbers(json_t *to, json_t *from);

#endif
