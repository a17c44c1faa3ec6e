/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/filter.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/names.h"
#include "core/text.h"

/* clang-format off */
static const struct {
	const char *key;
	const char *about;
} keys[FILTER_KINDS] = {
	[FILTER_ANYWHERE] = { "", "a word alone: anywhere in the row" },
	[FILTER_VERDICT] = { "verdict", "violation, compliant, exempt, undetermined, out-of-scope" },
	[FILTER_CLASS] = { "class", "traffic class: av-media, client-to-server, ..." },
	[FILTER_HOST] = { "host", "either end: address, 10.1.0.0/16 or a-b" },
	[FILTER_SRC] = { "src", "the end that opened the flow" },
	[FILTER_DST] = { "dst", "the end that was called" },
	[FILTER_PORT] = { "port", "either port: 5061 or 5060-5069" },
	[FILTER_NAME] = { "sni", "name that was asked for" },
	[FILTER_FINDING] = { "finding", "certificate.expired, tls.*, ..." },
	[FILTER_ROLE] = { "role", "role of either end: front-end, client, ..." },
	[FILTER_PROTO] = { "proto", "tcp or udp" },
	[FILTER_APP] = { "app", "protocol: sip, rtp, tls, ..." },
	[FILTER_OBSERVED] = { "observed", "none, tls, mtls, https, srtp, null, unknown" },
	[FILTER_CERTAINTY] = { "certainty", "proven or inferred" },
	[FILTER_SEVERITY] = { "severity", "worst finding: high, medium, low, info" },
	[FILTER_CERT] = { "cert", "first hex digits of a certificate's SHA-256" },
	[FILTER_FLOW] = { "flow", "number of the flow: 12 or 10-20" },
	[FILTER_IS] = { "is", "tagged, inferred, one-way, cut-short, lossy, ended" },
};
/* clang-format on */

enum { IS_TAGGED, IS_INFERRED, IS_ONE_WAY, IS_CUT_SHORT, IS_LOSSY, IS_ENDED };
static const char *const is_words[] = { "tagged", "inferred", "one-way",
	"cut-short", "lossy", "ended" };
static const char *const proto_words[] = { "tcp", "udp" };
/* For completion only: any text is allowed. */
static const char *const app_words[] = { "sip", "rtp", "rtcp", "tls", "dtls",
	"http", "http2", "stun", "turn", "ms-turn", "rdp", "xmpp", "msrp",
	"dns", "ssh" };

const char *
filter_key(size_t i, const char **about)
{
	if (i >= FILTER_KINDS)
		return NULL;
	*about = keys[i].about;
	return keys[i].key;
}

/* The closed vocabulary of a key; NULL after its last word. */
static const char *
word_at(enum filter_kind kind, size_t i)
{
	switch (kind) {
	case FILTER_VERDICT:
		return i < VERDICTS ? verdict_words[i].word : NULL;
	case FILTER_CLASS:
		return i < CLASSES ? class_words[i].word : NULL;
	case FILTER_FINDING:
		return i < FINDINGS ? finding_kinds[i].id : NULL;
	case FILTER_ROLE:
		return i < ROLES ? role_words[i].word : NULL;
	case FILTER_OBSERVED:
		return i < PROTECTIONS ? protection_words[i].word : NULL;
	case FILTER_CERTAINTY:
		return i < CERTAINTIES ? certainty_words[i] : NULL;
	case FILTER_SEVERITY:
		return i < SEVERITIES ? severity_words[i] : NULL;
	case FILTER_PROTO:
		return i < COUNT(proto_words) ? proto_words[i] : NULL;
	case FILTER_IS:
		return i < COUNT(is_words) ? is_words[i] : NULL;
	case FILTER_ANYWHERE:
	case FILTER_HOST:
	case FILTER_SRC:
	case FILTER_DST:
	case FILTER_PORT:
	case FILTER_NAME:
	case FILTER_APP:
	case FILTER_CERT:
	case FILTER_FLOW:
	case FILTER_KINDS:
		break;
	}
	return NULL;
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
same_n(const char *text, const char *needle, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (lower(text[i]) != needle[i])
			return false;
	}
	return true;
}

static bool
has_part(const char *text, const char *needle, size_t n)
{
	size_t length = strlen(text);

	if (n == 0)
		return true;
	for (size_t i = 0; i + n <= length; i++) {
		if (lower(text[i]) == needle[0] && same_n(text + i, needle, n))
			return true;
	}
	return false;
}

bool
filter_text_has(const char *text, const char *needle)
{
	size_t n = strlen(needle), length;
	bool front = n > 0 && needle[0] == '*';
	bool back = n > (front ? 1u : 0u) && needle[n - 1] == '*';

	needle += front;
	n -= (size_t)front + (size_t)back;
	if (front == back)
		return has_part(text, needle, n);
	length = strlen(text);
	if (n > length)
		return false;
	return same_n(front ? text + length - n : text, needle, n);
}

/* ---- parsing ---- */

struct parser {
	const char *text;
	size_t at;
	struct filter_fault *fault;
};

/* A word with its quotes taken off; its begin goes to *from. */
static bool
next_word(struct parser *p, char word[FILTER_LINE], size_t *from)
{
	bool quoted = false;
	size_t n = 0;

	while (p->text[p->at] == ' ')
		p->at++;
	*from = p->at;
	if (p->text[p->at] == '\0')
		return false;
	for (; p->text[p->at] != '\0'; p->at++) {
		char c = p->text[p->at];

		if (c == '"')
			quoted = !quoted;
		else if (c == ' ' && !quoted)
			break;
		else if (n + 1 < FILTER_LINE)
			word[n++] = c;
	}
	word[n] = '\0';
	return true;
}

static bool wrong(struct parser *p, bool unfinished, const char *fmt, ...)
    PRINTF(3, 4);

static bool
wrong(struct parser *p, bool unfinished, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(p->fault->text, sizeof(p->fault->text), fmt, ap);
	va_end(ap);
	p->fault->unfinished = unfinished && p->text[p->at] == '\0';
	return false;
}

static bool
find_kind(struct parser *p, const char *key, enum filter_kind *kind)
{
	const char *words[FILTER_KINDS];

	for (size_t i = 0; i < FILTER_KINDS; i++) {
		words[i] = keys[i].key;
		if (i > 0 && strcmp(keys[i].key, key) == 0) {
			*kind = (enum filter_kind)i;
			return true;
		}
	}
	const char *near =
	    name_nearest(words + 1, FILTER_KINDS - 1, slice_text(key));

	if (near != NULL)
		return wrong(p, false,
		    "no filter is called '%.40s:', did you "
		    "mean '%s:'?",
		    key, near);
	return wrong(p, false, "no filter is called '%.40s:'; F1 lists them",
	    key);
}

/* A word of the vocabulary may be cut, or hold a * at an end. */
static bool
fits_word(const char *word, const char *value)
{
	if (strchr(value, '*') != NULL)
		return filter_text_has(word, value);
	return strncmp(word, value, strlen(value)) == 0;
}

static bool
take_vocabulary(struct parser *p, struct filter_term *t, const char *value)
{
	const char *words[64];
	uint64_t exact = 0, some = 0;
	size_t n = 0;

	for (; n < COUNT(words) && word_at(t->kind, n) != NULL; n++) {
		words[n] = word_at(t->kind, n);
		if (strcmp(words[n], value) == 0)
			exact |= UINT64_C(1) << n;
		if (fits_word(words[n], value) ||
		    (t->kind == FILTER_FINDING &&
			filter_text_has(words[n], value)))
			some |= UINT64_C(1) << n;
	}
	t->mask |= exact != 0 ? exact : some;
	if ((exact | some) != 0)
		return true;
	const char *near = name_nearest(words, n, slice_text(value));

	if (near != NULL)
		return wrong(p, false,
		    "no %s is called '%.40s', did you mean "
		    "'%s'?",
		    keys[t->kind].key, value, near);
	return wrong(p, false, "no %s is called '%.40s'; Tab shows them",
	    keys[t->kind].key, value);
}

static bool
take_range(struct parser *p, struct filter_term *t, const char *value)
{
	if (range_parse(slice_text(value), &t->ranges[t->count])) {
		t->count++;
		return true;
	}
	return wrong(p, true,
	    "'%.40s' is no address, prefix (10.1.0.0/16) or range (a-b)",
	    value);
}

static bool
take_span(struct parser *p, struct filter_term *t, const char *value)
{
	struct slice rest = slice_text(value), lo;
	struct filter_span *s = &t->spans[t->count];
	uint64_t most = t->kind == FILTER_PORT ? 65535 : UINT64_MAX;

	if (!text_split(&rest, '-', &lo) || !text_u64(lo, &s->lo))
		return wrong(p, false, "'%.40s' is no number", value);
	s->hi = s->lo;
	if (strchr(value, '-') != NULL && !text_u64(rest, &s->hi))
		return wrong(p, rest.n == 0, "'%.40s' is no range of numbers",
		    value);
	if (s->lo > most || s->hi > most || s->lo > s->hi)
		return wrong(p, true, "'%.40s' is no %s or range of them",
		    value, t->kind == FILTER_PORT ? "port" : "number");
	t->count++;
	return true;
}

static bool
take_text(struct filter_term *t, const char *value)
{
	size_t n = 0;

	for (; value[n] != '\0' && n + 1 < FILTER_TEXT; n++)
		t->texts[t->count][n] = lower(value[n]);
	t->texts[t->count++][n] = '\0';
	return true;
}

/* The first hex digits of a digest as the span of its first four octets. */
static bool
take_cert(struct parser *p, struct filter_term *t, const char *value)
{
	struct filter_span *s = &t->spans[t->count];
	size_t n = strlen(value) < 8 ? strlen(value) : 8;
	unsigned missing = 4 * (8 - (unsigned)n);
	uint64_t v;

	if (n == 0 || !text_hex64(slice_of(value, n), &v))
		return wrong(p, false, "'%.40s' is not the begin of a SHA-256",
		    value);
	s->lo = v << missing;
	s->hi = s->lo | ((UINT64_C(1) << missing) - 1);
	t->count++;
	return true;
}

static bool
take_value(struct parser *p, struct filter_term *t, const char *value)
{
	switch (t->kind) {
	case FILTER_VERDICT:
	case FILTER_CLASS:
	case FILTER_FINDING:
	case FILTER_ROLE:
	case FILTER_OBSERVED:
	case FILTER_CERTAINTY:
	case FILTER_SEVERITY:
	case FILTER_PROTO:
	case FILTER_IS:
		return take_vocabulary(p, t, value);
	case FILTER_HOST:
	case FILTER_SRC:
	case FILTER_DST:
		return take_range(p, t, value);
	case FILTER_PORT:
	case FILTER_FLOW:
		return take_span(p, t, value);
	case FILTER_CERT:
		return take_cert(p, t, value);
	case FILTER_ANYWHERE:
	case FILTER_NAME:
	case FILTER_APP:
	case FILTER_KINDS:
		break;
	}
	return take_text(t, value);
}

static bool
take_values(struct parser *p, struct filter_term *t, const char *values)
{
	struct slice rest = slice_text(values), part;
	char value[FILTER_LINE];

	if (values[0] == '\0')
		return wrong(p, true, "'%s:' needs a value: %s",
		    keys[t->kind].key, keys[t->kind].about);
	while (text_split(&rest, ',', &part)) {
		if (part.n == 0)
			continue;
		if (t->count == FILTER_CHOICES)
			return wrong(p, false, "at most %d alternatives",
			    FILTER_CHOICES);
		memcpy(value, part.p, part.n);
		value[part.n] = '\0';
		for (size_t i = 0; i < part.n; i++)
			value[i] = lower(value[i]);
		if (!take_value(p, t, value))
			return false;
	}
	return true;
}

static uint64_t
words_with(enum filter_kind kind, const char *needle)
{
	uint64_t mask = 0;
	const char *word;

	for (size_t i = 0; (word = word_at(kind, i)) != NULL; i++) {
		if (filter_text_has(word, needle))
			mask |= UINT64_C(1) << i;
	}
	return mask;
}

static void
take_anywhere(struct filter_term *t, const char *word)
{
	const char *needle = t->texts[0];

	(void)take_text(t, word);
	t->verdicts = words_with(FILTER_VERDICT, needle);
	t->classes = words_with(FILTER_CLASS, needle);
	t->roles = words_with(FILTER_ROLE, needle);
	t->findings = words_with(FILTER_FINDING, needle);
	t->observed = words_with(FILTER_OBSERVED, needle);
	t->is_address_like =
	    strspn(needle, "0123456789abcdef.:[]*") == strlen(needle);
}

static bool
take_word(struct parser *p, struct filter *f, const char *word)
{
	const char *colon = strchr(word, ':');
	struct filter_term *t = &f->terms[f->count];
	char key[32];

	if (f->count == FILTER_TERMS)
		return wrong(p, false, "at most %d words", FILTER_TERMS);
	memset(t, 0, sizeof(*t));
	t->negate = word[0] == '!';
	word += t->negate;
	if (word[0] == '\0')
		return wrong(p, true, "'!' needs a word to negate");
	f->count++;
	size_t n = colon != NULL ? (size_t)(colon - word) : 0;

	/* fe80::1 and 10:30 are texts; a key is a word of letters. */
	if (colon == NULL || n == 0 || n >= sizeof(key) ||
	    strspn(word, "abcdefghijklmnopqrstuvwxyz") != n ||
	    (colon[1] == ':' && strspn(word, "abcdef") == n)) {
		take_anywhere(t, word);
		return true;
	}
	memcpy(key, word, n);
	key[n] = '\0';
	return find_kind(p, key, &t->kind) && take_values(p, t, colon + 1);
}

bool
filter_parse(const char *text, struct filter *out, struct filter_fault *fault)
{
	struct parser p = { .text = text, .fault = fault };
	char word[FILTER_LINE];

	out->count = 0;
	*fault = (struct filter_fault){ .at = 0 };
	while (next_word(&p, word, &fault->at)) {
		if (!take_word(&p, out, word))
			return false;
	}
	return true;
}

/* ---- matching ---- */

static bool
in_ranges(const struct filter_term *t, const struct addr *a)
{
	for (unsigned i = 0; i < t->count; i++) {
		if (range_has(&t->ranges[i], a))
			return true;
	}
	return false;
}

static bool
in_spans(const struct filter_term *t, uint64_t v)
{
	for (unsigned i = 0; i < t->count; i++) {
		if (v >= t->spans[i].lo && v <= t->spans[i].hi)
			return true;
	}
	return false;
}

static bool
in_texts(const struct filter_term *t, const char *text)
{
	for (unsigned i = 0; i < t->count; i++) {
		if (filter_text_has(text, t->texts[i]))
			return true;
	}
	return false;
}

static bool
bit(uint64_t mask, unsigned i)
{
	return i < 64 && (mask >> i & 1) != 0;
}

static bool
anywhere(const struct filter_term *t, const struct view_row *r)
{
	const char *needle = t->texts[0];
	char text[ADDR_TEXT_MAX];

	if (bit(t->verdicts, r->verdict) || bit(t->classes, r->class) ||
	    bit(t->roles, r->src_role) || bit(t->roles, r->dest_role) ||
	    bit(t->observed, r->observed) || (t->findings & r->findings) != 0)
		return true;
	if (filter_text_has(r->name, needle) ||
	    filter_text_has(r->why, needle) || filter_text_has(r->app, needle))
		return true;
	return t->is_address_like &&
	    (filter_text_has(endpoint_text(&r->src, text), needle) ||
		filter_text_has(endpoint_text(&r->dst, text), needle));
}

static bool
is(const struct filter_term *t, const struct view_row *r, bool tagged)
{
	return (bit(t->mask, IS_TAGGED) && tagged) ||
	    (bit(t->mask, IS_INFERRED) && r->certainty == CERTAINTY_INFERRED) ||
	    (bit(t->mask, IS_ONE_WAY) && (r->flags & VIEW_ONE_WAY) != 0) ||
	    (bit(t->mask, IS_CUT_SHORT) && (r->flags & VIEW_MID_STREAM) != 0) ||
	    (bit(t->mask, IS_LOSSY) && r->lost > 0) ||
	    (bit(t->mask, IS_ENDED) && (r->flags & VIEW_ENDED) != 0);
}

static bool
holds(const struct filter_term *t, const struct view_row *r, bool tagged)
{
	switch (t->kind) {
	case FILTER_VERDICT:
		return bit(t->mask, r->verdict);
	case FILTER_CLASS:
		return bit(t->mask, r->class);
	case FILTER_HOST:
		return in_ranges(t, &r->src.addr) || in_ranges(t, &r->dst.addr);
	case FILTER_SRC:
		return in_ranges(t, &r->src.addr);
	case FILTER_DST:
		return in_ranges(t, &r->dst.addr);
	case FILTER_PORT:
		return in_spans(t, r->src.port) || in_spans(t, r->dst.port);
	case FILTER_NAME:
		return in_texts(t, r->name);
	case FILTER_FINDING:
		return (t->mask & r->findings) != 0;
	case FILTER_ROLE:
		return bit(t->mask, r->src_role) || bit(t->mask, r->dest_role);
	case FILTER_PROTO:
		return bit(t->mask, r->proto == IPPROTO_NUM_UDP);
	case FILTER_APP:
		return in_texts(t, r->app);
	case FILTER_OBSERVED:
		return bit(t->mask, r->observed);
	case FILTER_CERTAINTY:
		return bit(t->mask, r->certainty);
	case FILTER_SEVERITY:
		return r->severity < SEVERITIES && bit(t->mask, r->severity);
	case FILTER_CERT:
		return (r->server_cert != 0 && in_spans(t, r->server_cert)) ||
		    (r->client_cert != 0 && in_spans(t, r->client_cert));
	case FILTER_FLOW:
		return in_spans(t, r->number);
	case FILTER_IS:
		return is(t, r, tagged);
	case FILTER_ANYWHERE:
	case FILTER_KINDS:
		break;
	}
	return anywhere(t, r);
}

bool
filter_match(const struct filter *f, const struct view_row *r, bool tagged)
{
	for (unsigned i = 0; i < f->count; i++) {
		if (holds(&f->terms[i], r, tagged) == f->terms[i].negate)
			return false;
	}
	return true;
}

bool
filter_asks(const struct filter *f, enum filter_kind kind)
{
	for (unsigned i = 0; i < f->count; i++) {
		if (f->terms[i].kind == kind)
			return true;
	}
	return false;
}

/* ---- completion ---- */

struct choice {
	const char *stem; /* what is typed of it */
	size_t stem_n;
	const char *first; /* of the candidates */
	size_t common;     /* so many characters they share */
	unsigned count;
	bool is_key;
	char *hints;
	size_t room, used;
};

static void
consider(struct choice *c, const char *word)
{
	if (word[0] == '\0' || strncmp(word, c->stem, c->stem_n) != 0)
		return;
	if (c->count++ == 0) {
		c->first = word;
		c->common = strlen(word);
	}
	for (size_t i = 0; i < c->common; i++) {
		if (word[i] != c->first[i])
			c->common = i;
	}
	int n = snprintf(c->hints + c->used, c->room - c->used, "%s%s%s",
	    c->used > 0 ? "  " : "", word, c->is_key ? ":" : "");

	if (n > 0 && c->used + (size_t)n < c->room)
		c->used += (size_t)n;
	else
		c->hints[c->used] = '\0';
}

static void
consider_all(struct choice *c, enum filter_kind kind)
{
	const char *word;

	if (kind == FILTER_APP) {
		for (size_t i = 0; i < COUNT(app_words); i++)
			consider(c, app_words[i]);
		return;
	}
	for (size_t i = 0; (word = word_at(kind, i)) != NULL; i++)
		consider(c, word);
}

static void
find_choices(struct choice *c, const char *word, size_t n)
{
	const char *colon = memchr(word, ':', n);
	size_t key = colon != NULL ? (size_t)(colon - word) : 0;

	c->stem = word;
	c->stem_n = n;
	c->is_key = colon == NULL;
	if (colon == NULL) {
		for (size_t i = 1; i < FILTER_KINDS; i++)
			consider(c, keys[i].key);
		return;
	}
	for (size_t i = 1; i < FILTER_KINDS; i++) {
		if (strlen(keys[i].key) != key ||
		    strncmp(keys[i].key, word, key) != 0)
			continue;
		c->stem = colon + 1;
		for (const char *p = c->stem; p < word + n; p++) {
			if (*p == ',')
				c->stem = p + 1;
		}
		c->stem_n = (size_t)(word + n - c->stem);
		consider_all(c, (enum filter_kind)i);
		return;
	}
}

size_t
filter_complete(char text[FILTER_LINE], size_t at, char *hints, size_t room)
{
	struct choice c = { .hints = hints, .room = room };
	size_t from = at, length = strlen(text);
	char add[64];

	hints[0] = '\0';
	while (from > 0 && text[from - 1] != ' ')
		from--;
	from += text[from] == '!' && from < at;
	find_choices(&c, text + from, at - from);
	if (c.count == 0)
		return at;
	int n = snprintf(add, sizeof(add), "%.*s%s", (int)(c.common - c.stem_n),
	    c.first + c.stem_n,
	    c.count > 1    ? ""
		: c.is_key ? ":"
			   : " ");

	if (n <= 0 || (size_t)n >= sizeof(add) ||
	    length + (size_t)n + 1 > FILTER_LINE)
		return at;
	memmove(text + at + n, text + at, length - at + 1);
	memcpy(text + at, add, (size_t)n);
	if (c.count == 1)
		hints[0] = '\0';
	return at + (size_t)n;
}
