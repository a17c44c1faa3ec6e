/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.h - who is who, what each class must have, and what is allowed.
 * Compiled from YAML (built-in or file); constant after load, any thread.
 */
#ifndef AUDIT_POLICY_H
#define AUDIT_POLICY_H

#include "audit/words.h"
#include "core/addr.h"
#include "core/digest.h"
#include "core/fault.h"

/* One end of a rule: any, a role, or a range of addresses. */
struct policy_end {
	enum { END_ANY, END_ROLE, END_RANGE, END_SERVER } kind;
	/* END_SERVER: role_is_server(); written "servers" */
	enum role role;
	struct addr_range range;
};
enum { LIMIT_ENDS = 16 };
struct policy_ends {
	struct policy_end e[LIMIT_ENDS]; /* any of them; none: any */
	unsigned count;
};

struct policy_host {
	struct addr_range range;
	enum role role;
};

struct policy_name {
	struct addr_range range;
	const char *const *names;
	size_t count;
};

/* What listens where by default: a row of the port table. */
struct policy_service {
	enum role role; /* of the listener; ROLE_UNKNOWN: any */
	uint8_t proto;  /* 6, 17, 0: both */
	uint16_t lo, hi;
	const char *service;  /* "Front-End service" */
	const char *protocol; /* sip, http, psom, ...; "" */
	enum traffic_class class;
	bool has_require;
	enum requirement require; /* where it differs from the class's */
	struct policy_ends peer;  /* callers this row is for */
	const char *source;
};

struct policy_rule {
	const char *id;
	const char *policy; /* name of the policy it stands in */
	bool has_class;
	enum traffic_class class;
	struct policy_ends from, to;
	struct policy_ends between; /* both ends, either way; used if count */
	uint16_t port_lo, port_hi;  /* of the called side; 0, 0: any */
	uint8_t proto;              /* transport: 6, 17, 0: any */
	const char *protocol;       /* app protocol; NULL: any */
	const char *path; /* HTTP path prefix, *suffix; any case; NULL: any */
	bool bare;        /* HTTP without credentials, cookies, SOAP body; XMPP
			   * without SASL */
	bool inventory_only; /* applies only where hosts are listed */
	enum requirement require;
	bool exempt; /* require: none, so what is clear here is exempt */
	const char *because; /* or NULL */
	const char *source;  /* document it rests on, or NULL */
	int64_t expires;     /* ns; end of that day; 0: never */
};

struct policy {
	const char *name;
	const char *base;            /* nearest built-in of extends, or NULL */
	const char *path;            /* file, or NULL */
	uint8_t sha256[SHA256_SIZE]; /* of the texts, outermost first */
	const char *text;            /* outermost YAML, for the report */
	const struct policy_host *hosts;
	size_t host_count;
	const struct policy_name *names;
	size_t name_count;
	const char *const *ca;
	size_t ca_count;
	const char *const *crl;
	size_t crl_count;
	enum requirement require[CLASSES];
	const char *require_policy[CLASSES];   /* who set it */
	const struct policy_service *services; /* by role, else as written */
	size_t service_count;
	size_t service_from[ROLES + 1];       /* where those of a role begin */
	const struct policy_service **single; /* those of one port, by port */
	size_t single_count;
	/* A rule of several paths stands here once for each. */
	const struct policy_rule *rules;
	size_t rule_count;
};

/* A built-in name or a file. NULL with "file:line:column: sentence". */
struct policy *policy_load(const char *name_or_path, struct fault *f);
void policy_free(struct policy *p);
/* Built-in policies; NULL after the last. */
const char *policy_builtin_name(size_t i);
const char *policy_builtin_text(const char *name);  /* YAML */
const char *policy_builtin_about(const char *name); /* one line */

/* Role from the inventory; false if the host is not listed. */
bool policy_role(const struct policy *p, const struct addr *a, enum role *r);
/* Names a host may call itself; 0 if none are listed. */
size_t policy_names(const struct policy *p, const struct addr *a,
    const char *const **names);
/*
 * The row of the port table for a listener of this role. Rows of the exact
 * role before rows of any role, rows that name the caller before the rest. A
 * row that names other callers fits only a caller that is not known.
 */
const struct policy_service *policy_service(const struct policy *p,
    enum role listener, enum role caller, uint8_t proto, uint16_t port);

/* The rows for this port alone, of whatever role; returns how many. */
size_t policy_port(const struct policy *p, uint16_t port,
    const struct policy_service *const **rows);

/* What a rule is asked about. */
struct policy_question {
	enum traffic_class class;
	struct endpoint src, dest; /* dest was called */
	enum role src_role, dest_role;
	uint8_t proto;
	const char *protocol; /* app protocol, lower case, or "" */
	struct slice path;    /* HTTP path of the request; may be empty */
	bool bare;            /* no credentials, cookies, SOAP body; no SASL */
	int64_t time;         /* of the packets */
};
/*
 * First rule that matches and has not expired at that time; NULL if none
 * does. *expired is the first rule that would have matched, or NULL.
 */
const struct policy_rule *policy_match(const struct policy *p,
    const struct policy_question *q, const struct policy_rule **expired);

#endif
