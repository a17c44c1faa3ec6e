/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sdp.c - session descriptions.
 *
 * Spec: RFC 8866; RFC 4568 (a=crypto); RFC 8122 and 5763 (a=fingerprint);
 * RFC 5761 (a=rtcp-mux); RFC 3605 (a=rtcp); RFC 8839 (a=candidate); RFC 4567
 * (a=key-mgmt); RFC 6189 section 8 (a=zrtp-hash); RFC 9143 (a=bundle-only);
 * MS-SDPEXT 3.1.5 (a=encryption, a=cryptoscale, m=applicationsharing, labels),
 * MS-ICE (candidates with user name and password in base64), MS-ICE2.
 * Learns: SDP_MEDIA, SDP_CANDIDATE, SDP_KEY, SDP_MIKEY.
 */
#include "dissect/sdp.h"

#include <assert.h>

#include "core/digest.h"
#include "dissect/header.h"

enum { MEDIA_MOST = 32, CANDIDATES_MOST = 64, WORDS_MOST = 12 };

struct parser {
	struct session *session;
	const struct sdp_origin *origin;
	struct sdp_media defaults; /* session level, for every m= line */
	struct sdp_media media;    /* the m= line at hand */
	bool in_media;
	bool has_rtcp;
	bool bundle_only;
	bool screen; /* label of video-based screen sharing */
	unsigned lines, candidates;
	unsigned kinds;
};

static_assert(sizeof(struct sdp_media) <= LIMIT_TEXT, "see learn_new()");

static const struct {
	const char *name;
	enum media_kind kind;
} kinds[] = {
	{ "audio", MEDIA_AUDIO },
	{ "video", MEDIA_VIDEO },
	{ "panoramic-video", MEDIA_VIDEO },
	{ "applicationsharing", MEDIA_APPSHARING },
	{ "applicationsharing-video", MEDIA_APPSHARING },
	{ "data", MEDIA_DATA },
	{ "message", MEDIA_MESSAGE },
	{ "x-ms-message", MEDIA_MESSAGE },
	{ "image", MEDIA_FAX },
};

static const struct {
	const char *name;
	enum digest_kind kind;
} digests[] = {
	{ "md5", DIGEST_MD5 },
	{ "sha-1", DIGEST_SHA1 },
	{ "sha-224", DIGEST_SHA224 },
	{ "sha-256", DIGEST_SHA256 },
	{ "sha-384", DIGEST_SHA384 },
	{ "sha-512", DIGEST_SHA512 },
};

static const struct {
	const char *word;
	enum media_level level;
} levels[] = {
	{ "required", LEVEL_REQUIRED },
	{ "optional", LEVEL_OPTIONAL },
	{ "rejected", LEVEL_REJECTED },
};

/* Session level before the first m= line. */
static struct sdp_media *
current(struct parser *p)
{
	return p->in_media ? &p->media : &p->defaults;
}

static void
put_text(char *to, size_t room, struct slice from)
{
	from = slice_head(from, room - 1);
	if (from.n > 0)
		memcpy(to, from.p, from.n);
	to[from.n] = '\0';
}

static bool
take_port(struct slice s, uint16_t *port)
{
	uint64_t n;

	if (!text_u64(s, &n) || n > UINT16_MAX)
		return false;
	*port = (uint16_t)n;
	return true;
}

/* RFC 8866 section 5.7: IN IP4 address[/ttl[/count]] */
static void
take_connection(struct slice rest, struct addr *to)
{
	struct slice net;
	struct slice family;
	struct slice address;
	struct addr a;

	if (text_word(&rest, &net) && text_word(&rest, &family) &&
	    text_split(&rest, '/', &address) &&
	    addr_parse(text_trim(address), &a))
		*to = a;
}

static enum media_kind
kind_of(struct slice name, const char *profile)
{
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (text_same(name, kinds[i].name))
			return kinds[i].kind;
	if (text_same(name, "application") && strstr(profile, "SCTP") != NULL)
		return MEDIA_DATA;
	return MEDIA_OTHER;
}

static bool
is_rtp(const struct sdp_media *m)
{
	return strstr(m->profile, "RTP/") != NULL;
}

static void
take_profile(struct sdp_media *m, struct slice profile)
{
	struct slice rest = profile;
	struct slice word;

	put_text(m->profile, sizeof(m->profile), profile);
	m->over_tcp = text_begins(profile, "TCP/");
	if (text_begins(profile, "UDP/TLS/") || text_has(profile, "DTLS/"))
		m->dtls = 1;
	while (text_split(&rest, '/', &word))
		if (text_same(word, "SAVP") || text_same(word, "SAVPF"))
			m->secure = 1;
}

static void
take_formats(struct sdp_media *m, struct slice rest)
{
	struct slice word;
	uint64_t pt;

	while (
	    is_rtp(m) && m->pt_count < SDP_PT_MOST && text_word(&rest, &word))
		if (text_u64(word, &pt) && pt < 128)
			m->pt[m->pt_count++] = (uint8_t)pt;
}

/* MS-SDPEXT 3.1.5.4 puts the level into words where RFC 4568 has none. */
static enum media_level
level_of(const struct sdp_media *m)
{
	if (m->level != LEVEL_UNKNOWN)
		return (enum media_level)m->level;
	if (m->secure)
		return LEVEL_REQUIRED;
	if (!is_rtp(m))
		return LEVEL_UNKNOWN;
	return m->crypto_lines > 0 || m->dtls || m->mikey || m->zrtp
	    ? LEVEL_OPTIONAL
	    : LEVEL_REJECTED;
}

/* Retransmissions and 183 before 200 bring the same again. */
static void
learn_new(const struct parser *p, enum fact f, const void *what, size_t n)
{
	learn_text_once(p->session, f, slice_of(what, n));
}

/* All that an m= line says is known when the next one begins. */
static void
finish_media(struct parser *p)
{
	struct sdp_media *m = &p->media;

	if (!p->in_media)
		return;
	if (p->screen)
		m->kind = MEDIA_APPSHARING;
	if (p->bundle_only)
		m->rejected = 0;
	if (!p->has_rtcp && m->at.port > 0 && m->at.port < UINT16_MAX)
		m->rtcp.port = (uint16_t)(m->at.port + 1);
	if (m->rtcp.addr.family == 0)
		m->rtcp.addr = m->at.addr;
	if (m->fingerprint_kind != 0)
		m->dtls = 1;
	m->level = (uint8_t)level_of(m);
	p->kinds |= 1U << m->kind;
	learn_new(p, FACT_SDP_MEDIA, m, sizeof(*m));
}

/* RFC 8866 section 5.14: media SP port[/count] SP proto SP fmt ... */
static void
take_media(struct parser *p, struct slice rest)
{
	struct slice name;
	struct slice port;
	struct slice number;
	struct slice profile;
	struct sdp_media *m = &p->media;

	finish_media(p);
	p->in_media = false;
	if (p->lines >= MEDIA_MOST || !text_word(&rest, &name) ||
	    !text_word(&rest, &port) || !text_word(&rest, &profile) ||
	    !text_split(&port, '/', &number))
		return;
	memcpy(m, &p->defaults, sizeof(*m));
	if (!take_port(number, &m->at.port))
		return;
	m->call = p->origin->call;
	m->cseq = p->origin->cseq;
	m->index = (uint8_t)p->lines++;
	m->is_answer = (uint8_t)p->origin->role;
	m->provisional = p->origin->provisional;
	m->rejected = m->at.port == 0;
	take_profile(m, profile);
	m->kind = (uint8_t)kind_of(name, m->profile);
	take_formats(m, rest);
	p->in_media = true;
	p->has_rtcp = false;
	p->bundle_only = false;
	p->screen = false;
}

/*
 * The name of a suite and nothing else: a line that lost its suite must not
 * pass off its key as one, and base64 has no underscore.
 */
static bool
is_suite(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!(s.p[i] >= 'A' && s.p[i] <= 'Z') &&
		    !(s.p[i] >= 'a' && s.p[i] <= 'z') &&
		    !(s.p[i] >= '0' && s.p[i] <= '9') && s.p[i] != '_')
			return false;
	return s.n > 0 && s.n < sizeof(((struct sdp_media *)0)->suite) &&
	    memchr(s.p, '_', s.n) != NULL;
}

/* RFC 4568 section 9.1: tag suite key-params [session-params] */
static void
take_suite(struct parser *p, struct slice rest)
{
	struct sdp_media *m = current(p);
	struct slice suite;
	struct slice word;

	if (!text_word(&rest, &suite) || !is_suite(suite))
		suite = slice_text("unknown");
	if (m->crypto_lines < UINT8_MAX)
		m->crypto_lines++;
	if (m->suite[0] == '\0')
		put_text(m->suite, sizeof(m->suite), suite);
	if (text_begins(suite, "NULL_"))
		m->null_cipher = 1;
	while (text_word(&rest, &word)) {
		if (text_begins(word, "inline:"))
			learn_text_once(p->session, FACT_SDP_KEY, suite);
		else if (text_same(word, "UNENCRYPTED_SRTP"))
			m->null_cipher = 1;
	}
}

static void
take_crypto(struct parser *p, struct slice rest)
{
	struct slice tag;

	if (text_word(&rest, &tag))
		take_suite(p, rest);
}

/* a=cryptoscale:tag side suite ...: the key of one side of a conference. */
static void
take_cryptoscale(struct parser *p, struct slice rest)
{
	struct slice tag;
	struct slice side;

	if (text_word(&rest, &tag) && text_word(&rest, &side))
		take_suite(p, rest);
}

/* RFC 8122 section 5: hash-func SP 2UHEX *(":" 2UHEX) */
static void
take_fingerprint(struct parser *p, struct slice rest)
{
	struct sdp_media *m = current(p);
	struct slice name;
	struct slice pair;
	uint8_t bytes[SDP_FINGERPRINT_MOST];
	uint8_t n = 0;
	uint64_t v;

	if (!text_word(&rest, &name))
		return;
	rest = text_trim(rest);
	while (n < sizeof(bytes) && text_split(&rest, ':', &pair)) {
		if (pair.n != 2 || !text_hex64(pair, &v))
			return;
		bytes[n++] = (uint8_t)v;
	}
	for (size_t i = 0; i < COUNT(digests); i++) {
		if (!text_same(name, digests[i].name))
			continue;
		m->fingerprint_kind = (uint8_t)(digests[i].kind + 1);
		m->fingerprint_size = n;
		memcpy(m->fingerprint, bytes, n);
	}
}

static void
take_encryption(struct parser *p, struct slice value)
{
	for (size_t i = 0; i < COUNT(levels); i++)
		if (text_same(value, levels[i].word))
			current(p)->level = (uint8_t)levels[i].level;
}

/* RFC 3605 section 2.1: port [IN IP4 address] */
static void
take_rtcp(struct parser *p, struct slice rest)
{
	struct slice port;

	if (!text_word(&rest, &port) ||
	    !take_port(port, &current(p)->rtcp.port))
		return;
	p->has_rtcp = true;
	take_connection(rest, &current(p)->rtcp.addr);
}

static void
take_rtcp_mux(struct parser *p, struct slice value UNUSED)
{
	current(p)->rtcp_mux = 1;
}

static void
take_bundle_only(struct parser *p, struct slice value UNUSED)
{
	p->bundle_only = true;
}

static void
take_zrtp(struct parser *p, struct slice value)
{
	if (value.n > 0)
		current(p)->zrtp = 1;
}

/* RFC 4567 section 3.1 */
static void
take_key_mgmt(struct parser *p, struct slice value)
{
	struct slice name;

	if (!text_word(&value, &name) || !text_same(name, "mikey"))
		return;
	current(p)->mikey = 1;
	learn_number_once(p->session, FACT_SDP_MIKEY, 1);
}

static void
take_label(struct parser *p, struct slice value)
{
	if (text_same(value, "applicationsharing-video"))
		p->screen = true;
}

/* RFC 8866 section 6.6: payload SP name/clock */
static void
take_rtpmap(struct parser *p, struct slice rest)
{
	struct sdp_media *m = current(p);
	struct slice word;
	struct slice name;
	uint64_t pt;

	if (m->pt_count == 0 || m->codec[0] != '\0' ||
	    !text_word(&rest, &word) || !text_u64(word, &pt) ||
	    pt != m->pt[0] || !text_word(&rest, &word) ||
	    !text_split(&word, '/', &name))
		return;
	put_text(m->codec, sizeof(m->codec), name);
}

static bool
is_transport(struct slice s)
{
	return text_same(s, "UDP") || text_begins(s, "TCP") ||
	    text_begins(s, "TLS");
}

/*
 * RFC 8839 section 5.1: foundation component transport priority address port
 * typ type ...; MS-ICE 2.2.2: user component password transport qvalue address
 * port. The transport stands one place further back in the latter.
 */
static void
take_candidate(struct parser *p, struct slice rest)
{
	struct slice w[WORDS_MOST];
	struct sdp_candidate c;
	size_t n = 0;
	uint64_t component;

	memset(&c, 0, sizeof(c));
	while (n < COUNT(w) && text_word(&rest, &w[n]))
		n++;
	size_t at = n > 2 && is_transport(w[2]) ? 2 : 3;

	if (!p->in_media || n < at + 4 || !is_transport(w[at]) ||
	    !text_u64(w[1], &component) || component > UINT8_MAX ||
	    !addr_parse(w[at + 2], &c.at.addr) ||
	    !take_port(w[at + 3], &c.at.port) ||
	    p->candidates++ >= CANDIDATES_MOST)
		return;
	c.call = p->origin->call;
	c.cseq = p->origin->cseq;
	c.index = p->media.index;
	c.component = (uint8_t)component;
	c.over_tcp = !text_same(w[at], "UDP");
	c.relay = n > at + 5 && text_same(w[at + 4], "typ") &&
	    text_same(w[at + 5], "relay");
	learn_new(p, FACT_SDP_CANDIDATE, &c, sizeof(c));
}

/* clang-format off */
static const struct {
	const char *name;
	void (*take)(struct parser *p, struct slice value);
} attributes[] = {
	{ "crypto",      take_crypto },
	{ "cryptoscale", take_cryptoscale },
	{ "encryption",  take_encryption },
	{ "fingerprint", take_fingerprint },
	{ "candidate",   take_candidate },
	{ "rtcp",        take_rtcp },
	{ "rtcp-mux",    take_rtcp_mux },
	{ "rtpmap",      take_rtpmap },
	{ "key-mgmt",    take_key_mgmt },
	{ "zrtp-hash",   take_zrtp },
	{ "label",       take_label },
	{ "bundle-only", take_bundle_only },
};
/* clang-format on */

static void
take_attribute(struct parser *p, struct slice value)
{
	struct slice name;

	if (!text_split(&value, ':', &name))
		return;
	name = text_trim(name);
	for (size_t i = 0; i < COUNT(attributes); i++) {
		if (!text_same(name, attributes[i].name))
			continue;
		attributes[i].take(p, text_trim(value));
		return;
	}
}

static void
take_line(struct parser *p, struct slice line)
{
	struct slice value = slice_from(line, 2);

	if (text_begins_exact(line, "m="))
		take_media(p, value);
	else if (text_begins_exact(line, "c="))
		take_connection(value, &current(p)->at.addr);
	else if (text_begins_exact(line, "a="))
		take_attribute(p, value);
}

unsigned
sdp_learn(struct session *s, struct slice body, const struct sdp_origin *origin)
{
	struct parser p = { .session = s, .origin = origin };
	struct slice line;

	memset(&p.defaults, 0, sizeof(p.defaults));
	if (!text_begins_exact(body, "v=0"))
		return 0;
	while (header_line(&body, &line))
		take_line(&p, line);
	finish_media(&p);
	return p.kinds;
}
