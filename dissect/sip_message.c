/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sip_message.c - start line and header fields of SIP.
 *
 * Spec: RFC 3261 sections 7, 20 and 25.1, RFC 6665 (Event), RFC 5626
 * (+sip.instance), MS-SIPRE and MS-SIPAE (NEGOTIATE, SERVICE, BENOTIFY, fields
 * that begin with ms-).
 */
#include "dissect/sip_message.h"

static const char version[] = "SIP/2.0";

static const char *const methods[] = { "INVITE", "ACK", "BYE", "CANCEL",
	"REGISTER", "OPTIONS", "PRACK", "SUBSCRIBE", "NOTIFY", "PUBLISH",
	"INFO", "REFER", "MESSAGE", "UPDATE", "SERVICE", "NEGOTIATE",
	"BENOTIFY" };

/* Fields servers put in for each other or for their clients (MS-OCER). */
static const char *const server_fields[] = { "ms-edge-proxy-message-trust",
	"ms-ep-fqdn", "ms-asserted-verification-level", "ms-fe",
	"ms-source-verified-user", "ms-split-domain-info",
	"ms-user-logon-data" };

bool
sip_is(const struct sip_message *m, const char *method)
{
	return slice_is(m->method, method);
}

/* RFC 3261 section 7.2: SIP/2.0 SP 3DIGIT SP reason */
static bool
status_line(struct slice line, struct sip_message *m)
{
	uint64_t status;
	struct slice rest = slice_from(line, sizeof(version));
	struct slice digits = slice_head(rest, 3);

	if (digits.n < 3 || !text_u64(digits, &status) || status < 100)
		return false;
	if (rest.n > 3 && !text_begins_exact(slice_from(rest, 3), " "))
		return false;
	m->status = (unsigned)status;
	m->malformed = status > 699 || rest.n == 3;
	return true;
}

/*
 * RFC 3261 section 7.1: Method SP Request-URI SP SIP-Version. The URI is
 * wanted, not understood: torture messages put spaces and brackets into it.
 */
static bool
request_line(struct slice line, struct sip_message *m)
{
	struct slice rest = line;
	struct slice tight = text_trim(line);

	if (!text_split(&rest, ' ', &m->method) ||
	    !header_is_token(m->method) || m->method.n > SIP_METHOD_MOST)
		return false;
	if (tight.n < m->method.n + 3 + sizeof(version))
		return false;
	struct slice tail = slice_from(tight, tight.n - sizeof(version));

	if (!text_begins_exact(tail, " ") ||
	    !slice_is(slice_from(tail, 1), version))
		return false;
	struct slice uri = slice_head(slice_from(tight, m->method.n + 1),
	    tight.n - m->method.n - 1 - tail.n);

	m->request = true;
	m->malformed = tight.n != line.n || uri.n == 0 ||
	    memchr(uri.p, ' ', uri.n) != NULL ||
	    memchr(uri.p, '<', uri.n) != NULL ||
	    memchr(uri.p, ':', uri.n) == NULL;
	return true;
}

bool
sip_start_line(struct slice line, struct sip_message *m)
{
	*m = (struct sip_message){ 0 };
	if (text_begins_exact(line, "SIP/2.0 "))
		return status_line(line, m);
	return request_line(line, m);
}

static bool
is_known(struct slice method)
{
	for (size_t i = 0; i < COUNT(methods); i++)
		if (slice_is(method, methods[i]))
			return true;
	return false;
}

static bool
begins_known(struct slice head)
{
	for (size_t i = 0; i < COUNT(methods); i++)
		if (slice_eq(head, slice_head(slice_text(methods[i]), head.n)))
			return true;
	return false;
}

static bool
is_scheme(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!(s.p[i] >= 'a' && s.p[i] <= 'z') &&
		    !(s.p[i] >= 'A' && s.p[i] <= 'Z') &&
		    !(i > 0 && s.p[i] >= '+' && s.p[i] <= '9'))
			return false;
	return true;
}

/* A request line of which the end is missing: method, then a scheme. */
static bool
may_be_request(struct slice head, bool known)
{
	struct slice rest = head;
	struct slice word;

	if (!text_split(&rest, ' ', &word) || !header_is_token(word) ||
	    word.n > SIP_METHOD_MOST)
		return false;
	if (word.n == head.n)
		return !known || begins_known(word);
	if (known && !is_known(word))
		return false;
	if (!text_split(&rest, ':', &word))
		return true;
	return word.n <= SIP_METHOD_MOST && is_scheme(word);
}

enum probe
sip_start_fits(struct slice bytes, bool known)
{
	struct sip_message m;
	struct slice rest = bytes;
	struct slice line;

	if (text_line(&rest, &line))
		return sip_start_line(line, &m) ? PROBE_YES : PROBE_NO;
	if (bytes.n >= LIMIT_PROBE)
		return PROBE_NO;
	struct slice status = slice_text("SIP/2.0 ");

	if (slice_eq(slice_head(bytes, status.n),
		slice_head(status, bytes.n)) ||
	    may_be_request(bytes, known))
		return PROBE_MORE;
	return PROBE_NO;
}

static void
once(struct sip_message *m, enum sip_mark mark)
{
	if ((m->marks & mark) != 0)
		m->malformed = true;
	m->marks |= mark;
}

/* RFC 3261 section 25.1: a quoted string has an end. */
static bool
quotes_close(struct slice value)
{
	bool open = false;

	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '"')
			open = !open;
		else if (value.p[i] == '\\' && open)
			i++;
	}
	return !open;
}

static void
take_from(struct sip_message *m, struct slice value)
{
	once(m, SIP_HAS_FROM);
	m->malformed |= value.n == 0 || !quotes_close(value);
}

static void
take_to(struct sip_message *m, struct slice value)
{
	once(m, SIP_HAS_TO);
	m->malformed |= value.n == 0 || !quotes_close(value);
}

static void
take_call_id(struct sip_message *m, struct slice value)
{
	once(m, SIP_HAS_CALL_ID);
	m->malformed |= value.n == 0;
	m->call_id = value;
}

/* RFC 3261 section 20.16: the number is below 2^31. */
static void
take_cseq(struct sip_message *m, struct slice value)
{
	uint64_t number;
	struct slice word;

	once(m, SIP_HAS_CSEQ);
	if (!text_word(&value, &word) || !text_u64(text_trim(word), &number) ||
	    number > INT32_MAX) {
		m->malformed = true;
		return;
	}
	m->cseq = (uint32_t)number;
	m->cseq_method = text_trim(value);
}

static void
take_length(struct sip_message *m, struct slice value)
{
	uint64_t number;

	if (!text_u64(value, &number) || number > UINT32_MAX ||
	    ((m->marks & SIP_HAS_LENGTH) != 0 && number != m->length)) {
		m->malformed = true;
		return;
	}
	m->marks |= SIP_HAS_LENGTH;
	m->length = number;
}

/* RFC 3261 section 20.42: name SLASH version SLASH transport LWS sent-by */
static void
take_via(struct sip_message *m, struct slice value)
{
	struct slice item;
	struct slice unused;

	while (text_param(&value, ',', &item, &unused)) {
		struct slice word;

		item = header_bare(item);
		bool name = text_split(&item, '/', &word);
		bool number = text_split(&item, '/', &word);

		if (!name || !number || !text_word(&item, &word)) {
			m->malformed = true;
			continue;
		}
		if (m->vias++ == 0)
			m->via_host = text_trim(item);
	}
}

static void
take_content_type(struct sip_message *m, struct slice value)
{
	m->content_type = value;
}

static void
take_encoding(struct sip_message *m, struct slice value)
{
	if (value.n > 0 && !text_same(value, "identity"))
		m->marks |= SIP_HAS_ENCODING;
}

static void
take_event(struct sip_message *m, struct slice value)
{
	m->event = header_bare(value);
}

static void
take_user_agent(struct sip_message *m, struct slice value)
{
	m->user_agent = value;
}

static void
take_server(struct sip_message *m, struct slice value)
{
	m->server = value;
}

static void
take_credentials(struct sip_message *m, struct slice value)
{
	struct slice word;

	if (m->schemes < COUNT(m->scheme) && text_word(&value, &word))
		m->scheme[m->schemes++] = text_trim(word);
}

static void
take_contact(struct sip_message *m, struct slice value)
{
	if (text_has(value, "+sip.instance"))
		m->marks |= SIP_HAS_INSTANCE;
}

static void
take_record_route(struct sip_message *m, struct slice value)
{
	if (value.n > 0)
		m->marks |= SIP_HAS_RECORD_ROUTE;
}

static void
take_keep_alive(struct sip_message *m, struct slice value)
{
	struct slice who = header_bare(value);

	if (text_same(who, "UAC"))
		m->marks |= SIP_HAS_KEEP_ALIVE_UAC;
	else if (text_same(who, "UAS"))
		m->marks |= SIP_HAS_KEEP_ALIVE_UAS;
}

/* The first message of a conversation stands in its INVITE (MS-SIP). */
static void
take_text(struct sip_message *m, struct slice value)
{
	if (header_param(value, "ms-body").n > 0)
		m->marks |= SIP_HAS_TEXT;
}

/* clang-format off */
static const struct field {
	const char *name;
	const char *compact;
	void (*take)(struct sip_message *m, struct slice value);
} fields[] = {
	{ "Via",                 "v",  take_via },
	{ "From",                "f",  take_from },
	{ "To",                  "t",  take_to },
	{ "Call-ID",             "i",  take_call_id },
	{ "CSeq",                NULL, take_cseq },
	{ "Content-Length",      "l",  take_length },
	{ "Content-Type",        "c",  take_content_type },
	{ "Content-Encoding",    "e",  take_encoding },
	{ "Event",               "o",  take_event },
	{ "User-Agent",          NULL, take_user_agent },
	{ "Server",              NULL, take_server },
	{ "Authorization",       NULL, take_credentials },
	{ "Proxy-Authorization", NULL, take_credentials },
	{ "Contact",             "m",  take_contact },
	{ "Record-Route",        NULL, take_record_route },
	{ "ms-keep-alive",       NULL, take_keep_alive },
	{ "ms-text-format",      NULL, take_text },
	{ "ms-im-format",        NULL, take_text },
};
/* clang-format on */

static void
take_microsoft(struct sip_message *m, struct slice name)
{
	if (m->lyncs < COUNT(m->lync))
		m->lync[m->lyncs++] = name;
	for (size_t i = 0; i < COUNT(server_fields); i++)
		if (text_same(name, server_fields[i]))
			m->marks |= SIP_HAS_SERVER_HEADER;
}

static void
take_field(struct sip_message *m, const struct header *h)
{
	if (!header_is_token(h->name))
		m->malformed = true;
	if (text_begins(h->name, "ms-"))
		take_microsoft(m, h->name);
	for (size_t i = 0; i < COUNT(fields); i++) {
		const struct field *f = &fields[i];

		if (text_same(h->name, f->name) ||
		    (f->compact != NULL && text_same(h->name, f->compact))) {
			f->take(m, h->value);
			return;
		}
	}
}

/* RFC 3261 section 8.1.1; Max-Forwards came later than many an agent. */
static void
check_head(struct sip_message *m)
{
	const unsigned must =
	    SIP_HAS_FROM | SIP_HAS_TO | SIP_HAS_CALL_ID | SIP_HAS_CSEQ;

	if ((m->marks & must) != must || m->vias == 0)
		m->malformed = true;
	if (!m->request)
		m->method = m->cseq_method;
	else if (!slice_eq(m->method, m->cseq_method))
		m->malformed = true;
}

bool
sip_parse_head(struct slice head, struct sip_message *m)
{
	struct slice line;
	struct header h;

	if (!header_line(&head, &line) || !sip_start_line(line, m))
		return false;
	while (header_next(&head, &h))
		take_field(m, &h);
	check_head(m);
	return true;
}
