/* SPDX-License-Identifier: Apache-2.0 */
/*
 * role.h - what a host is: from the policy's inventory, else by what it does.
 *
 * Filled from all records, then constant. Belongs to the ledger.
 */
#ifndef AUDIT_ROLE_H
#define AUDIT_ROLE_H

#include "audit/notice.h"
#include "audit/policy.h"

struct roles;

struct roles *roles_new(const struct policy *p);
void roles_free(struct roles *r);
/* Signs that a flow gives of its two hosts. False without memory. */
bool roles_add(struct roles *r, const struct notice *n);

/* All signs that `from` holds. False without memory. */
bool roles_join(struct roles *to, const struct roles *from);

struct role_known {
	enum role role;
	bool from_policy;
	bool weak; /* a server only because it is called: phones are, too */
	const char *how; /* a sentence without a dot */
};
struct role_known role_of(const struct roles *r, const struct addr *a);

#endif
