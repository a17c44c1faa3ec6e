/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/policy.h"

#include "core/text.h"

bool
policy_role(const struct policy *p, const struct addr *a, enum role *r)
{
	for (size_t i = 0; i < p->host_count; i++) {
		if (range_has(&p->hosts[i].range, a)) {
			*r = p->hosts[i].role;
			return true;
		}
	}
	return false;
}

size_t
policy_names(const struct policy *p, const struct addr *a,
    const char *const **names)
{
	for (size_t i = 0; i < p->name_count; i++) {
		if (range_has(&p->names[i].range, a)) {
			*names = p->names[i].names;
			return p->names[i].count;
		}
	}
	*names = NULL;
	return 0;
}

static bool
end_has(const struct policy_end *e, const struct addr *a, enum role role)
{
	switch (e->kind) {
	case END_ANY:
		return true;
	case END_ROLE:
		return e->role == role;
	case END_RANGE:
		return a != NULL && range_has(&e->range, a);
	case END_SERVER:
		return role_is_server(role);
	}
	return false;
}

static bool
ends_have(const struct policy_ends *ends, const struct addr *a, enum role role)
{
	for (unsigned i = 0; i < ends->count; i++) {
		if (end_has(&ends->e[i], a, role))
			return true;
	}
	return ends->count == 0;
}

static bool
ends_are(const struct policy_ends *two, const struct policy_question *q)
{
	const struct policy_end *x = &two->e[0];
	const struct policy_end *y = &two->e[two->count - 1];

	if (end_has(x, &q->src.addr, q->src_role) &&
	    end_has(y, &q->dest.addr, q->dest_role))
		return true;
	return end_has(y, &q->src.addr, q->src_role) &&
	    end_has(x, &q->dest.addr, q->dest_role);
}

enum service_fit { FIT_NO, FIT_CALLER_UNKNOWN, FIT_ANY_CALLER, FIT_CALLER };

static enum service_fit
service_fit(const struct policy_service *s, enum role caller, uint8_t proto,
    uint16_t port)
{
	if (port < s->lo || port > s->hi ||
	    (s->proto != 0 && s->proto != proto))
		return FIT_NO;
	if (s->peer.count == 0)
		return FIT_ANY_CALLER;
	if (ends_have(&s->peer, NULL, caller))
		return FIT_CALLER;
	return caller == ROLE_UNKNOWN ? FIT_CALLER_UNKNOWN : FIT_NO;
}

static const struct policy_service *
best_service(const struct policy *p, enum role role, enum role caller,
    uint8_t proto, uint16_t port)
{
	const struct policy_service *best = NULL;
	enum service_fit best_fit = FIT_NO;

	for (size_t i = p->service_from[role]; i < p->service_from[role + 1];
	     i++) {
		const struct policy_service *s = &p->services[i];
		enum service_fit fit = service_fit(s, caller, proto, port);

		if (fit > best_fit) {
			best = s;
			best_fit = fit;
		}
	}
	return best;
}

const struct policy_service *
policy_service(const struct policy *p, enum role listener, enum role caller,
    uint8_t proto, uint16_t port)
{
	const struct policy_service *s =
	    best_service(p, listener, caller, proto, port);

	if (s == NULL && listener != ROLE_UNKNOWN)
		s = best_service(p, ROLE_UNKNOWN, caller, proto, port);
	return s;
}

size_t
policy_port(const struct policy *p, uint16_t port,
    const struct policy_service *const **rows)
{
	size_t low = 0, high = p->single_count, n = 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (p->single[middle]->lo < port)
			low = middle + 1;
		else
			high = middle;
	}
	while (low + n < p->single_count && p->single[low + n]->lo == port)
		n++;
	*rows = p->single + low;
	return n;
}

/*
 * A path that climbs ("/open/../closed") is not below its prefix, however the
 * dots are written.
 */
static bool
path_fits(const char *pattern, struct slice path)
{
	size_t n = strlen(pattern);

	if (pattern[0] == '*') {
		struct slice query = path;

		if (!text_split(&query, '?', &path) || path.n < n - 1)
			return false;
		return text_same(slice_from(path, path.n - (n - 1)),
			   pattern + 1) ||
		    n == 1;
	}
	return text_begins(path, pattern) && !text_has(path, "..") &&
	    !text_has(path, "%2e");
}

static bool
rule_fits(const struct policy *p, const struct policy_rule *r,
    const struct policy_question *q)
{
	if (r->has_class && r->class != q->class)
		return false;
	if (r->proto != 0 && r->proto != q->proto)
		return false;
	if (r->port_hi != 0 &&
	    (q->dest.port < r->port_lo || q->dest.port > r->port_hi))
		return false;
	if (r->protocol != NULL &&
	    (q->protocol == NULL || strcmp(r->protocol, q->protocol) != 0))
		return false;
	if ((r->bare && !q->bare) || (r->inventory_only && p->host_count == 0))
		return false;
	if (r->path != NULL && !path_fits(r->path, q->path))
		return false;
	if (r->between.count > 0 && !ends_are(&r->between, q))
		return false;
	return ends_have(&r->from, &q->src.addr, q->src_role) &&
	    ends_have(&r->to, &q->dest.addr, q->dest_role);
}

const struct policy_rule *
policy_match(const struct policy *p, const struct policy_question *q,
    const struct policy_rule **expired)
{
	*expired = NULL;
	for (size_t i = 0; i < p->rule_count; i++) {
		const struct policy_rule *r = &p->rules[i];

		if (!rule_fits(p, r, q))
			continue;
		if (r->expires == 0 || q->time <= r->expires)
			return r;
		if (*expired == NULL)
			*expired = r;
	}
	return NULL;
}
