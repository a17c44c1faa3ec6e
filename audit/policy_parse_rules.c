/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "audit/policy_parse_node.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/map.h"

enum { MOST_ID = 48 };

struct draft {
	struct policy_rule rule;
	struct ports ports;
	struct list paths;
	bool has_require, has_expires;
	const yaml_node_t *between;
};

static bool
rule_id(struct parse *p, const yaml_node_t *n, void *into)
{
	struct draft *d = into;

	return take_handle(p, n, MOST_ID, &d->rule.id);
}

static bool
rule_class(struct parse *p, const yaml_node_t *n, void *into)
{
	struct draft *d = into;

	d->rule.has_class = true;
	return take_class_word(p, n, &d->rule.class);
}

static bool
rule_from(struct parse *p, const yaml_node_t *n, void *into)
{
	struct draft *d = into;

	return take_ends(p, n, &d->rule.from);
}

static bool
rule_to(struct parse *p, const yaml_node_t *n, void *into)
{
	struct draft *d = into;

	return take_ends(p, n, &d->rule.to);
}

static bool
rule_between(struct parse *p, const yaml_node_t *n, void *into)
{
	struct draft *d = into;

	d->between = n;
	if (!take_ends(p, n, &d->rule.between))
		return false;
	if (d->rule.between.count > 2)
		return node_wrong(p, n, "between takes two ends, found %u",
		    d->rule.between.count);
	return true;
}

static bool
rule_port(struct parse *p, const yaml_node_t *n, void *into)
{
	struct draft *d = into;

	return take_ports(p, n, &d->ports);
}

static bool
rule_transport(struct parse *p, const yaml_node_t *n, void *into)
{
	struct draft *d = into;

	return take_transport(p, n, &d->rule.proto);
}

static bool
rule_protocol(struct parse *p, const yaml_node_t *n, void *into)
{
	struct draft *d = into;

	return take_protocol(p, n, &d->rule.protocol);
}

static bool
rule_path(struct parse *p, const yaml_node_t *n, void *into)
{
	struct draft *d = into;

	if (!list_open(p, n, LIMIT_POLICY_LIST, &d->paths))
		return false;
	if (d->paths.count == 0)
		return node_wrong(p, n,
		    "this list is empty; leave the key out to "
		    "mean any");
	for (size_t i = 0; i < d->paths.count; i++) {
		const yaml_node_t *path = node_at(p, &d->paths, i);
		const char *text;

		if (!take_line(p, path, &text))
			return false;
		if (text[0] != '/' && text[0] != '*')
			return node_wrong(p, path,
			    "'%s': a path begins with '/', "
			    "or with '*' to mean its end",
			    node_shown(p, path));
	}
	return true;
}

static bool
rule_bare(struct parse *p, const yaml_node_t *n, void *into)
{
	struct draft *d = into;

	return take_bool(p, n, &d->rule.bare);
}

static bool
rule_inventory_only(struct parse *p, const yaml_node_t *n, void *into)
{
	struct draft *d = into;

	return take_bool(p, n, &d->rule.inventory_only);
}

static bool
rule_require(struct parse *p, const yaml_node_t *n, void *into)
{
	struct draft *d = into;

	d->has_require = true;
	return take_requirement_word(p, n, &d->rule.require);
}

static bool
rule_because(struct parse *p, const yaml_node_t *n, void *into)
{
	struct draft *d = into;

	return take_line(p, n, &d->rule.because);
}

static bool
rule_source(struct parse *p, const yaml_node_t *n, void *into)
{
	struct draft *d = into;

	return take_line(p, n, &d->rule.source);
}

static bool
rule_expires(struct parse *p, const yaml_node_t *n, void *into)
{
	struct draft *d = into;
	int64_t midnight;

	if (!node_is_scalar(p, n, "a day"))
		return false;
	if (!clock_parse_date(node_bytes(n), &midnight))
		return node_wrong(p, n,
		    "'%s' is no day; write it as 2027-03-31", node_shown(p, n));
	d->has_expires = true;
	d->rule.expires = midnight + 86400 * NS_PER_S - 1;
	return true;
}

static const struct field rule_fields[] = {
	{ "id", rule_id },
	{ "class", rule_class },
	{ "from", rule_from },
	{ "to", rule_to },
	{ "between", rule_between },
	{ "port", rule_port },
	{ "transport", rule_transport },
	{ "protocol", rule_protocol },
	{ "path", rule_path },
	{ "bare", rule_bare },
	{ "inventory-only", rule_inventory_only },
	{ "require", rule_require },
	{ "because", rule_because },
	{ "source", rule_source },
	{ "expires", rule_expires },
};
static const struct mapping rule_mapping = { "a rule", rule_fields,
	COUNT(rule_fields) };

/* What cannot be right in a rule as a whole. */
static bool
check_rule(const struct parse *p, const yaml_node_t *n, const struct draft *d)
{
	const struct policy_rule *r = &d->rule;

	if (!d->has_require)
		return node_wrong(p, n, "a rule needs 'require'");
	if (d->has_expires && r->id == NULL)
		return node_wrong(p, n,
		    "a rule that expires needs an 'id', so "
		    "that reports can name it");
	if (r->between.count > 0 && (r->from.count > 0 || r->to.count > 0))
		return node_wrong(p, d->between,
		    "a rule has either 'between' or "
		    "'from' and 'to'");
	if (!r->has_class && r->between.count == 0 && r->from.count == 0 &&
	    r->to.count == 0 && d->ports.hi == 0 && r->proto == 0 &&
	    r->protocol == NULL && d->paths.count == 0)
		return node_wrong(p, n,
		    "this rule would fit all traffic; give it "
		    "a class, an end, a port, a protocol or a path");
	return true;
}

/* The rule itself, once for each of its paths. */
static bool
add_rule(struct parse *p, const yaml_node_t *n, const struct draft *d)
{
	struct policy_layer *l = p->layer;
	size_t copies = d->paths.count > 0 ? d->paths.count : 1;

	if (l->rule_count + copies > LIMIT_POLICY_RULES)
		return node_wrong(p, n, "a policy has at most %d rules",
		    LIMIT_POLICY_RULES);
	for (size_t i = 0; i < copies; i++) {
		struct policy_rule *r = &l->rules[l->rule_count];

		*r = d->rule;
		r->policy = l->name;
		r->port_lo = d->ports.lo;
		r->port_hi = d->ports.hi;
		r->exempt = r->require == REQUIRE_NONE;
		if (d->paths.count > 0 &&
		    !node_keep(p, node_bytes(node_at(p, &d->paths, i)),
			&r->path))
			return false;
		l->rule_count++;
	}
	return true;
}

/* An id once per file; a rule without one is called after its place. */
static bool
name_rule(struct parse *p, const yaml_node_t *n, struct draft *d,
    struct map *seen)
{
	if (d->rule.id == NULL) {
		char text[32];

		snprintf(text, sizeof(text), "rule-at-line-%zu",
		    n->start_mark.line + 1);
		if (!node_keep(p, slice_text(text), &d->rule.id))
			return false;
	}
	uint64_t *line = map_put(seen, slice_text(d->rule.id));

	if (line == NULL)
		return node_starved(p);
	if (*line != 0)
		return node_wrong(p, n, "a rule '%s' stands already in line %u",
		    d->rule.id, (unsigned)*line);
	*line = n->start_mark.line + 1;
	return true;
}

static bool
take_rules_in(struct parse *p, const struct list *l, struct map *seen)
{
	for (size_t i = 0; i < l->count; i++) {
		const yaml_node_t *n = node_at(p, l, i);
		struct draft d = { 0 };

		if (!take_mapping(p, n, &rule_mapping, &d) ||
		    !check_rule(p, n, &d) || !name_rule(p, n, &d, seen) ||
		    !add_rule(p, n, &d))
			return false;
	}
	return true;
}

/* How many rules come of a list, no more than are allowed. */
static size_t
rules_in(const struct parse *p, const struct list *l)
{
	size_t sum = l->count;

	for (size_t i = 0; i < l->count && sum < LIMIT_POLICY_RULES; i++) {
		const yaml_node_t *n = node_at(p, l, i);

		if (n->type != YAML_MAPPING_NODE)
			continue;
		for (size_t k = 0; k < node_pairs(n); k++) {
			const yaml_node_t *v = node_value(p, n, k);

			if (v->type == YAML_SEQUENCE_NODE)
				sum += (size_t)(v->data.sequence.items.top -
				    v->data.sequence.items.start);
		}
	}
	return sum < LIMIT_POLICY_RULES ? sum : LIMIT_POLICY_RULES;
}

bool
policy_take_rules(struct parse *p, const yaml_node_t *n, void *into)
{
	struct list l;

	(void)into;
	if (!list_open(p, n, LIMIT_POLICY_RULES, &l))
		return false;
	p->layer->rules = arena_take(p->arena,
	    (rules_in(p, &l) + 1) * sizeof(*p->layer->rules));
	struct map *seen = map_new(0);

	if (p->layer->rules == NULL || seen == NULL) {
		map_free(seen);
		return node_starved(p);
	}
	bool good = take_rules_in(p, &l, seen);

	map_free(seen);
	return good;
}

struct service_draft {
	struct policy_service service;
	struct ports ports;
	bool has_role, has_class, has_transport;
};

static bool
service_role(struct parse *p, const yaml_node_t *n, void *into)
{
	struct service_draft *d = into;

	d->has_role = true;
	if (n->type == YAML_SCALAR_NODE && slice_is(node_bytes(n), "any"))
		return true;
	return take_role_word(p, n, &d->service.role);
}

static bool
service_transport(struct parse *p, const yaml_node_t *n, void *into)
{
	struct service_draft *d = into;

	d->has_transport = true;
	return take_transport(p, n, &d->service.proto);
}

static bool
service_port(struct parse *p, const yaml_node_t *n, void *into)
{
	struct service_draft *d = into;

	return take_ports(p, n, &d->ports);
}

static bool
service_protocol(struct parse *p, const yaml_node_t *n, void *into)
{
	struct service_draft *d = into;

	return take_protocol(p, n, &d->service.protocol);
}

static bool
service_name(struct parse *p, const yaml_node_t *n, void *into)
{
	struct service_draft *d = into;

	return take_line(p, n, &d->service.service);
}

static bool
service_class(struct parse *p, const yaml_node_t *n, void *into)
{
	struct service_draft *d = into;

	d->has_class = true;
	return take_class_word(p, n, &d->service.class);
}

static bool
service_require(struct parse *p, const yaml_node_t *n, void *into)
{
	struct service_draft *d = into;

	d->service.has_require = true;
	return take_requirement_word(p, n, &d->service.require);
}

static bool
service_peer(struct parse *p, const yaml_node_t *n, void *into)
{
	struct service_draft *d = into;

	if (!take_ends(p, n, &d->service.peer))
		return false;
	for (unsigned i = 0; i < d->service.peer.count; i++) {
		if (d->service.peer.e[i].kind == END_RANGE)
			return node_wrong(p, n,
			    "a peer of a service is a role, "
			    "not an address");
	}
	return true;
}

static bool
service_source(struct parse *p, const yaml_node_t *n, void *into)
{
	struct service_draft *d = into;

	return take_line(p, n, &d->service.source);
}

static const struct field service_fields[] = {
	{ "role", service_role },
	{ "transport", service_transport },
	{ "port", service_port },
	{ "protocol", service_protocol },
	{ "service", service_name },
	{ "class", service_class },
	{ "require", service_require },
	{ "peer", service_peer },
	{ "source", service_source },
};
static const struct mapping service_mapping = { "a service", service_fields,
	COUNT(service_fields) };

static bool
take_service(struct parse *p, const yaml_node_t *n)
{
	struct service_draft d = { .service.protocol = "" };
	const char *lacks = NULL;

	if (!take_mapping(p, n, &service_mapping, &d))
		return false;
	if (!d.has_role)
		lacks = "role";
	else if (!d.has_transport)
		lacks = "transport";
	else if (d.ports.hi == 0)
		lacks = "port";
	else if (!d.has_class)
		lacks = "class";
	else if (d.service.service == NULL)
		lacks = "service";
	if (lacks != NULL)
		return node_wrong(p, n, "a service needs '%s'", lacks);
	d.service.lo = d.ports.lo;
	d.service.hi = d.ports.hi;
	p->layer->services[p->layer->service_count++] = d.service;
	return true;
}

bool
policy_take_services(struct parse *p, const yaml_node_t *n, void *into)
{
	struct list l;

	(void)into;
	if (!list_open(p, n, LIMIT_POLICY_SERVICES, &l))
		return false;
	p->layer->services =
	    arena_take(p->arena, (l.count + 1) * sizeof(*p->layer->services));
	if (p->layer->services == NULL)
		return node_starved(p);
	for (size_t i = 0; i < l.count; i++) {
		if (!take_service(p, node_at(p, &l, i)))
			return false;
	}
	return true;
}
