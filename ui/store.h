/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - the rows the screens show, with what they add up to: sums by
 * class, findings, hosts. Belongs to the screen's thread; filled from
 * audit/view.h. Knows no curses.
 *
 * Above a ceiling the oldest flows that ended are let go, violations last: the
 * rows are gone, their sums stay. A row has a slot as long as it is here; slots
 * are used again, but not at once, so that nobody takes one flow for another.
 */
#ifndef UI_STORE_H
#define UI_STORE_H

#include "audit/view.h"

struct store_host {
	struct addr addr;
	uint64_t flows, bytes;
	uint64_t by_verdict[VERDICTS];
	uint64_t findings; /* of any flow so far */
	uint8_t role;
	bool listed; /* the role stands in the policy */
	char name[VIEW_NAME];
};

#define NO_HOST UINT32_MAX

/* What is asked of all rows at once, in a row of memory of its own. */
struct store_brief {
	uint64_t findings;
	int64_t start;
	uint32_t src, dst; /* hosts, or NO_HOST beyond LIMIT_HOSTS */
	uint8_t class, verdict;
	bool there;  /* the row was put */
	bool linked; /* signalled_by or resumed_from is set */
};

struct store_sums {
	uint64_t flows, bytes, packets, lost;
	uint64_t by_class[CLASSES][VERDICTS];
	uint64_t class_bytes[CLASSES];
	uint64_t by_verdict[VERDICTS];
	uint64_t findings[FINDINGS];
	uint64_t inferred, one_way, mid_stream, doubtful;
	int64_t first, last; /* 0, 0: no flow */
};

struct store;

#define NO_SLOT UINT32_MAX

/* So many rows at the most. NULL without memory. */
struct store *store_new(size_t most_rows);
void store_free(struct store *s);

/* Takes a row over; returns false without memory. *slot is NO_SLOT where the
 * flow was let go. What its hosts are now is told by store_touched(). */
bool store_put(struct store *s, const struct view_row *r,
    uint32_t *slot) MUST_CHECK;
void store_certs(struct store *s, const struct view_cert *c, size_t n);
/* Hosts that the last store_put() changed; returns how many (0 to 4). */
unsigned store_touched(const struct store *s, uint32_t out[4]);
/* If there are too many rows: lets one go and tells which it was; false: there
 * is room, or nothing that ended. */
bool store_let_go(struct store *s, uint32_t *slot);
size_t store_gone(const struct store *s); /* so many were */
/*
 * Takes over the rows of `from` that this store has not, as far as there is
 * room, the newest first, but violations before all others: flows the ledger
 * does not hold any more. `number` tells what each is called now.
 */
typedef uint64_t store_number(void *ctx, uint64_t first_packet);
void store_inherit(struct store *s, const struct store *from,
    store_number *number, void *ctx);
/* All flows add up to what these news say, whether their rows are here or not;
 * `from` knows names of hosts. */
void store_settle(struct store *s, const struct store *from,
    const struct view_news *all);
/* Takes the tags over from another store, by first packet. */
void store_keep_tags(struct store *s, const struct store *from);

size_t store_count(const struct store *s);
const struct view_row *store_row(const struct store *s, uint32_t slot);
const struct store_brief *store_brief(const struct store *s, size_t slot);
/* The flow that begins with this packet; false: not there. */
bool store_find(const struct store *s, uint64_t first_packet, uint32_t *slot);
const struct store_sums *store_sums(const struct store *s);

size_t store_host_count(const struct store *s);
const struct store_host *store_host(const struct store *s, uint32_t i);
bool store_host_of(const struct store *s, const struct addr *a, uint32_t *i);
size_t store_cert_count(const struct store *s);
const struct view_cert *store_cert(const struct store *s, uint32_t i);

void store_tag(struct store *s, uint32_t slot, bool on);
void store_untag(struct store *s); /* all */
bool store_is_tagged(const struct store *s, uint32_t slot);
size_t store_tags(const struct store *s);

/* The worst of its verdicts: violation, undetermined, exempt, compliant, out
 * of scope. */
enum verdict store_worst(const uint64_t by_verdict[VERDICTS]);

#endif
