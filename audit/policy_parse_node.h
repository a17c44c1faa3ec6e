/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_parse_node.h - taking values out of a YAML document, with sentences
 * that say where; for the policy_parse_* files only.
 *
 * The depth walked is that of the tables of keys and never that of the file,
 * so an alias that leads in a circle leads nowhere.
 */
#ifndef AUDIT_POLICY_PARSE_NODE_H
#define AUDIT_POLICY_PARSE_NODE_H

#include <yaml.h>

#include "audit/policy_private.h"

struct parse {
	struct policy_layer *layer;
	yaml_document_t *doc;
	struct arena *arena;
	struct fault *fault;
};

/* A key of a mapping, and who takes its value. */
struct field {
	const char *key;
	bool (*take)(struct parse *p, const yaml_node_t *value, void *into);
};

struct mapping {
	const char *what; /* "a rule" */
	const struct field *fields;
	size_t count;
};

/* The items of a sequence; one scalar is a list of one. */
struct list {
	const yaml_node_t *only;
	const yaml_node_item_t *items;
	size_t count;
};

struct ports {
	uint16_t lo, hi;
};

/* "file:line:column: sentence"; always false. */
bool node_wrong(const struct parse *p, const yaml_node_t *n, const char *fmt,
    ...) PRINTF(3, 4);
bool node_starved(const struct parse *p);
/* What the file says there, short and harmless for a terminal. */
const char *node_shown(const struct parse *p, const yaml_node_t *n);
struct slice node_bytes(const yaml_node_t *n); /* of a scalar */
/* A scalar that is not empty; `what` was expected. */
bool node_is_scalar(const struct parse *p, const yaml_node_t *n,
    const char *what) MUST_CHECK;
bool node_is_mapping(const struct parse *p, const yaml_node_t *n,
    const char *what) MUST_CHECK;
/* A name that reports quote: letters, digits, '-', '_', '.'. */
bool node_is_handle(struct slice s);
/* A copy with its NUL. */
bool node_keep(const struct parse *p, struct slice s,
    const char **out) MUST_CHECK;

size_t node_pairs(const yaml_node_t *n);
const yaml_node_t *node_key(const struct parse *p, const yaml_node_t *n,
    size_t i);
const yaml_node_t *node_value(const struct parse *p, const yaml_node_t *n,
    size_t i);
bool list_open(const struct parse *p, const yaml_node_t *n, size_t most,
    struct list *l) MUST_CHECK;
const yaml_node_t *node_at(const struct parse *p, const struct list *l,
    size_t i);

/* Every key once and known; each value goes to its field. */
bool take_mapping(struct parse *p, const yaml_node_t *n,
    const struct mapping *m, void *into) MUST_CHECK;
bool take_line(struct parse *p, const yaml_node_t *n,
    void *into) MUST_CHECK; /* const char ** */
bool take_handle(struct parse *p, const yaml_node_t *n, size_t most,
    const char **out) MUST_CHECK;
bool take_bool(struct parse *p, const yaml_node_t *n,
    void *into) MUST_CHECK; /* bool * */
bool take_role_word(const struct parse *p, const yaml_node_t *n,
    enum role *role) MUST_CHECK;
bool take_class_word(const struct parse *p, const yaml_node_t *n,
    enum traffic_class *class) MUST_CHECK;
bool take_requirement_word(const struct parse *p, const yaml_node_t *n,
    enum requirement *r) MUST_CHECK;
bool take_protocol(struct parse *p, const yaml_node_t *n,
    void *into) MUST_CHECK; /* const char ** */
bool take_transport(struct parse *p, const yaml_node_t *n,
    void *into) MUST_CHECK; /* uint8_t * */
bool take_ports(struct parse *p, const yaml_node_t *n,
    struct ports *to) MUST_CHECK;
bool take_range(const struct parse *p, const yaml_node_t *n,
    struct addr_range *r) MUST_CHECK;
bool take_ends(struct parse *p, const yaml_node_t *n,
    struct policy_ends *ends) MUST_CHECK;

/* policy_parse_rules.c: the values of 'rules' and 'services'. */
bool policy_take_rules(struct parse *p, const yaml_node_t *n, void *into);
bool policy_take_services(struct parse *p, const yaml_node_t *n, void *into);

#endif
