/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/policy_parse_node.h"

#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/buf.h"
#include "core/limits.h"
#include "core/names.h"
#include "core/text.h"

enum { MOST_SHOWN = 48, MOST_FIELDS = 20, MOST_WORDS = 64 };

/* Words of an application protocol that a rule or service may name. */
static const char *const protocols[] = { "apns", "cac", "cls", "dhcp", "dns",
	"dtls", "ftp", "http", "http2", "imap", "kerberos", "ldap", "mail",
	"ms-turn", "msmq", "msnftp", "msrp", "msrpc", "mysql", "ntp", "pop3",
	"pseudo-tls", "psom", "quic", "rdp", "rtcp", "rtp", "sip", "smb",
	"smtp", "snmp", "socks", "sql-mirroring", "srtcp", "srtp", "ssh",
	"ssrp", "stun", "tds", "tls", "turn", "wcf", "websocket", "xmpp",
	"zrtp" };

bool
node_wrong(const struct parse *p, const yaml_node_t *n, const char *fmt, ...)
{
	char text[sizeof(p->fault->text)];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return fail(p->fault, "%s:%zu:%zu: %s", p->layer->shown,
	    n->start_mark.line + 1, n->start_mark.column + 1, text);
}

bool
node_starved(const struct parse *p)
{
	return fail(p->fault, "%s: out of memory", p->layer->shown);
}

struct slice
node_bytes(const yaml_node_t *n)
{
	return slice_of(n->data.scalar.value, n->data.scalar.length);
}

/* What the file says, short and harmless for a terminal. */
const char *
node_shown(const struct parse *p, const yaml_node_t *n)
{
	struct buf b;
	struct slice copy = { NULL, 0 };

	buf_init(&b);
	buf_safe(&b, slice_head(node_bytes(n), MOST_SHOWN));
	if (n->data.scalar.length > MOST_SHOWN)
		buf_text(&b, "...");
	buf_char(&b, '\0');
	if (!buf_ok(&b) || !arena_copy(p->arena, buf_slice(&b), &copy))
		copy = slice_text("");
	buf_done(&b);
	return (const char *)copy.p;
}

static const char *
kind_of(const yaml_node_t *n)
{
	switch (n->type) {
	case YAML_SCALAR_NODE:
		return "a single value";
	case YAML_SEQUENCE_NODE:
		return "a list";
	case YAML_MAPPING_NODE:
		return "a mapping";
	case YAML_NO_NODE:
		break;
	}
	return "nothing";
}

/* "'edg' is no role; did you mean 'edge'?", or all words if none is near. */
static bool
no_such(const struct parse *p, const yaml_node_t *n, const char *what,
    const char *const *words, size_t count)
{
	const char *near = name_nearest(words, count, node_bytes(n));
	struct buf b;

	if (near != NULL)
		return node_wrong(p, n, "'%s' is no %s; did you mean '%s'?",
		    node_shown(p, n), what, near);
	buf_init(&b);
	for (size_t i = 0; i < count; i++)
		buf_printf(&b, "%s%s", i > 0 ? ", " : "", words[i]);
	node_wrong(p, n, "'%s' is no %s; it is one of %s", node_shown(p, n),
	    what, buf_ok(&b) ? b.p : "others");
	buf_done(&b);
	return false;
}

bool
node_is_scalar(const struct parse *p, const yaml_node_t *n, const char *what)
{
	if (n->type != YAML_SCALAR_NODE)
		return node_wrong(p, n, "expected %s, found %s", what,
		    kind_of(n));
	if (n->data.scalar.length == 0)
		return node_wrong(p, n, "expected %s, found nothing", what);
	return true;
}

static bool
has_control(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < 0x20 || s.p[i] == 0x7f)
			return true;
	}
	return false;
}

bool
node_keep(const struct parse *p, struct slice s, const char **out)
{
	char *copy = arena_take(p->arena, s.n + 1);

	if (copy == NULL)
		return node_starved(p);
	if (s.n > 0)
		memcpy(copy, s.p, s.n);
	*out = copy;
	return true;
}

/* One line of text for people. */
bool
take_line(struct parse *p, const yaml_node_t *n, void *into)
{
	if (!node_is_scalar(p, n, "a text"))
		return false;
	if (has_control(node_bytes(n)))
		return node_wrong(p, n,
		    "a text is one line without control "
		    "characters");
	if (n->data.scalar.length > LIMIT_TEXT)
		return node_wrong(p, n, "a text has at most %d bytes",
		    LIMIT_TEXT);
	return node_keep(p, node_bytes(n), into);
}

bool
node_is_handle(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!letter && !(c >= '0' && c <= '9') && c != '-' &&
		    c != '_' && c != '.')
			return false;
	}
	return s.n > 0;
}

/* A name that reports quote: letters, digits, '-', '_', '.'. */
bool
take_handle(struct parse *p, const yaml_node_t *n, size_t most,
    const char **out)
{
	if (!node_is_scalar(p, n, "a name"))
		return false;
	if (!node_is_handle(node_bytes(n)))
		return node_wrong(p, n,
		    "'%s': a name is made of letters, digits, "
		    "'-', '_' and '.'",
		    node_shown(p, n));
	if (n->data.scalar.length > most)
		return node_wrong(p, n,
		    "a name here has at most %zu characters", most);
	return node_keep(p, node_bytes(n), out);
}

bool
take_bool(struct parse *p, const yaml_node_t *n, void *into)
{
	static const char *const words[] = { "true", "false", "yes", "no" };

	if (!node_is_scalar(p, n, "true or false"))
		return false;
	for (size_t i = 0; i < COUNT(words); i++) {
		if (text_same(node_bytes(n), words[i])) {
			*(bool *)into = i % 2 == 0;
			return true;
		}
	}
	return node_wrong(p, n, "expected true or false, found '%s'",
	    node_shown(p, n));
}

static bool
take_word(const struct parse *p, const yaml_node_t *n, const char *what,
    const struct word *table, size_t count)
{
	const char *words[MOST_WORDS];

	for (size_t i = 0; i < count; i++)
		words[i] = table[i].word;
	return no_such(p, n, what, words, count);
}

bool
take_role_word(const struct parse *p, const yaml_node_t *n, enum role *role)
{
	unsigned at;

	if (!node_is_scalar(p, n, "a role"))
		return false;
	if (!word_find(role_words, ROLES, node_bytes(n), &at))
		return take_word(p, n, "role", role_words, ROLES);
	*role = (enum role)at;
	return true;
}

bool
take_class_word(const struct parse *p, const yaml_node_t *n,
    enum traffic_class *class)
{
	unsigned at;

	if (!node_is_scalar(p, n, "a traffic class"))
		return false;
	if (!word_find(class_words, CLASSES, node_bytes(n), &at))
		return take_word(p, n, "traffic class", class_words, CLASSES);
	*class = (enum traffic_class)at;
	return true;
}

bool
take_requirement_word(const struct parse *p, const yaml_node_t *n,
    enum requirement *r)
{
	unsigned at;

	if (!node_is_scalar(p, n, "a requirement"))
		return false;
	if (!word_find(requirement_words, REQUIREMENTS, node_bytes(n), &at))
		return take_word(p, n, "requirement", requirement_words,
		    REQUIREMENTS);
	*r = (enum requirement)at;
	return true;
}

bool
take_protocol(struct parse *p, const yaml_node_t *n, void *into)
{
	const char **out = into;

	if (!node_is_scalar(p, n, "a protocol"))
		return false;
	for (size_t i = 0; i < COUNT(protocols); i++) {
		if (slice_is(node_bytes(n), protocols[i])) {
			*out = protocols[i];
			return true;
		}
	}
	return no_such(p, n, "protocol", protocols, COUNT(protocols));
}

bool
take_transport(struct parse *p, const yaml_node_t *n, void *into)
{
	static const char *const words[] = { "tcp", "udp", "both" };
	static const uint8_t values[] = { IPPROTO_TCP, IPPROTO_UDP, 0 };

	if (!node_is_scalar(p, n, "a transport"))
		return false;
	for (size_t i = 0; i < COUNT(words); i++) {
		if (slice_is(node_bytes(n), words[i])) {
			*(uint8_t *)into = values[i];
			return true;
		}
	}
	return no_such(p, n, "transport", words, COUNT(words));
}

bool
take_ports(struct parse *p, const yaml_node_t *n, struct ports *to)
{
	struct slice rest;
	struct slice first;
	uint64_t lo;
	uint64_t hi;

	if (!node_is_scalar(p, n, "a port"))
		return false;
	rest = node_bytes(n);
	if (!text_split(&rest, '-', &first) || !text_u64(text_trim(first), &lo))
		return node_wrong(p, n, "'%s' is no port", node_shown(p, n));
	hi = lo;
	if (memchr(n->data.scalar.value, '-', n->data.scalar.length) != NULL &&
	    !text_u64(text_trim(rest), &hi))
		return node_wrong(p, n, "'%s' is no port", node_shown(p, n));
	if (lo == 0 || hi > UINT16_MAX || lo > UINT16_MAX)
		return node_wrong(p, n,
		    "'%s': a port is a number from 1 to 65535",
		    node_shown(p, n));
	if (lo > hi)
		return node_wrong(p, n, "'%s': the range ends before it begins",
		    node_shown(p, n));
	*to = (struct ports){ (uint16_t)lo, (uint16_t)hi };
	return true;
}

bool
take_range(const struct parse *p, const yaml_node_t *n, struct addr_range *r)
{
	if (!node_is_scalar(p, n, "an address"))
		return false;
	if (!range_parse(node_bytes(n), r))
		return node_wrong(p, n, "'%s' is no address, prefix or range",
		    node_shown(p, n));
	return true;
}

static const yaml_node_t *
node_of(const struct parse *p, int id)
{
	return yaml_document_get_node(p->doc, id);
}

/* A list; a single scalar counts as one. */
bool
list_open(const struct parse *p, const yaml_node_t *n, size_t most,
    struct list *l)
{
	if (n->type == YAML_SCALAR_NODE && n->data.scalar.length > 0) {
		*l = (struct list){ n, NULL, 1 };
		return true;
	}
	if (n->type != YAML_SEQUENCE_NODE)
		return node_wrong(p, n, "expected a list, found %s",
		    n->type == YAML_SCALAR_NODE ? "nothing" : kind_of(n));
	size_t count =
	    (size_t)(n->data.sequence.items.top - n->data.sequence.items.start);

	*l = (struct list){ NULL, n->data.sequence.items.start, count };
	if (count > most)
		return node_wrong(p, n, "this list has more than %zu items",
		    most);
	return true;
}

const yaml_node_t *
node_at(const struct parse *p, const struct list *l, size_t i)
{
	return l->only != NULL ? l->only : node_of(p, l->items[i]);
}

bool
node_is_mapping(const struct parse *p, const yaml_node_t *n, const char *what)
{
	if (n->type == YAML_MAPPING_NODE)
		return true;
	if (n->type == YAML_SCALAR_NODE && n->data.scalar.length == 0)
		return node_wrong(p, n, "expected %s, found nothing", what);
	return node_wrong(p, n, "expected %s, found %s", what, kind_of(n));
}

size_t
node_pairs(const yaml_node_t *n)
{
	return (
	    size_t)(n->data.mapping.pairs.top - n->data.mapping.pairs.start);
}

const yaml_node_t *
node_key(const struct parse *p, const yaml_node_t *n, size_t i)
{
	return node_of(p, n->data.mapping.pairs.start[i].key);
}

const yaml_node_t *
node_value(const struct parse *p, const yaml_node_t *n, size_t i)
{
	return node_of(p, n->data.mapping.pairs.start[i].value);
}

static bool
find_field(const struct parse *p, const yaml_node_t *key,
    const struct mapping *m, size_t *at)
{
	const char *words[MOST_FIELDS];
	char what[64];

	if (!node_is_scalar(p, key, "a key"))
		return false;
	for (size_t i = 0; i < m->count; i++) {
		words[i] = m->fields[i].key;
		if (slice_is(node_bytes(key), words[i])) {
			*at = i;
			return true;
		}
	}
	snprintf(what, sizeof(what), "key of %s", m->what);
	return no_such(p, key, what, words, m->count);
}

/* Every key once and known; each value goes to its field. */
bool
take_mapping(struct parse *p, const yaml_node_t *n, const struct mapping *m,
    void *into)
{
	bool seen[MOST_FIELDS] = { false };

	if (!node_is_mapping(p, n, m->what))
		return false;
	for (size_t i = 0; i < node_pairs(n); i++) {
		const yaml_node_t *key = node_key(p, n, i);
		size_t at = 0;

		if (!find_field(p, key, m, &at))
			return false;
		if (seen[at])
			return node_wrong(p, key, "'%s' stands here twice",
			    m->fields[at].key);
		seen[at] = true;
		if (!m->fields[at].take(p, node_value(p, n, i), into))
			return false;
	}
	return true;
}

static bool
looks_like_address(struct slice s)
{
	return s.n > 0 &&
	    ((s.p[0] >= '0' && s.p[0] <= '9') || text_has(s, ":"));
}

static bool
take_end(const struct parse *p, const yaml_node_t *n, struct policy_end *e)
{
	const char *words[MOST_WORDS];
	unsigned at;

	if (!node_is_scalar(p, n, "a role or an address"))
		return false;
	if (slice_is(node_bytes(n), "any")) {
		e->kind = END_ANY;
		return true;
	}
	if (slice_is(node_bytes(n), "servers")) {
		e->kind = END_SERVER;
		return true;
	}
	if (word_find(role_words, ROLES, node_bytes(n), &at)) {
		e->kind = END_ROLE;
		e->role = (enum role)at;
		return true;
	}
	e->kind = END_RANGE;
	if (range_parse(node_bytes(n), &e->range))
		return true;
	if (looks_like_address(node_bytes(n)))
		return node_wrong(p, n, "'%s' is no address, prefix or range",
		    node_shown(p, n));
	for (size_t i = 0; i < ROLES; i++)
		words[i] = role_words[i].word;
	words[ROLES] = "servers";
	words[ROLES + 1] = "any";
	return no_such(p, n, "role or address", words, ROLES + 2);
}

bool
take_ends(struct parse *p, const yaml_node_t *n, struct policy_ends *ends)
{
	struct list l = { 0 };

	if (!list_open(p, n, LIMIT_ENDS, &l))
		return false;
	if (l.count == 0)
		return node_wrong(p, n,
		    "this list is empty; leave the key out to "
		    "mean any");
	for (size_t i = 0; i < l.count; i++) {
		if (!take_end(p, node_at(p, &l, i), &ends->e[i]))
			return false;
	}
	ends->count = (unsigned)l.count;
	return true;
}
