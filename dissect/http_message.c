/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_message.c - start lines and fields of HTTP/1.x.
 *
 * Spec: RFC 9112 sections 3, 4 and 6, RFC 9110 section 11 (credentials), RFC
 * 4559 (Negotiate, NTLM), MS-OCAUTHWS (X-MS-WebTicket).
 */
#include "dissect/http_message.h"

enum {
	METHOD_MOST = 24, /* letters of a method */
	/* A request line of which so much fits is one, however long. */
	CERTAIN = 1024,
};

static const char *const methods[] = { "GET ", "POST ", "HEAD ", "PUT ",
	"OPTIONS ", "DELETE ", "CONNECT ", "PATCH ", "TRACE ", "PROPFIND ",
	"REPORT ", "RPC_IN_DATA ", "RPC_OUT_DATA ", "RDG_IN_DATA ",
	"RDG_OUT_DATA ", "CCM_POST ", "BITS_POST ", "MKCOL ", "LOCK ",
	"UNLOCK ", "MOVE ", "COPY ", "SEARCH ", "SUBSCRIBE ", "POLL " };

/* RFC 9112 section 4: HTTP/1.x SP 3DIGIT [SP reason] */
bool
http_status_line(struct slice line, unsigned *status)
{
	struct slice digits = slice_head(slice_from(line, 9), 3);
	uint64_t n;

	if (!text_begins_exact(line, "HTTP/1.") ||
	    !text_begins_exact(slice_from(line, 8), " ") || digits.n < 3 ||
	    !text_u64(digits, &n) || n < 100 || n > 999)
		return false;
	if (line.n > 12 && !text_begins_exact(slice_from(line, 12), " "))
		return false;
	*status = (unsigned)n;
	return true;
}

static bool
is_method(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!(s.p[i] >= 'A' && s.p[i] <= 'Z') && s.p[i] != '-' &&
		    s.p[i] != '_')
			return false;
	return s.n > 0 && s.n <= METHOD_MOST;
}

static bool
is_plain(struct slice s, bool blanks)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] == 0x7f ||
		    (s.p[i] == ' ' && !blanks))
			return false;
	return true;
}

static bool
known_method(struct slice bytes)
{
	for (size_t i = 0; i < COUNT(methods); i++)
		if (text_begins_exact(bytes, methods[i]))
			return true;
	return false;
}

/*
 * RFC 9112 section 3: method SP request-target SP HTTP-version. Some write
 * blanks into the target; the methods everybody knows are believed all the
 * same.
 */
bool
http_request_line(struct slice line, struct slice *method, struct slice *target)
{
	static const char version[] = " HTTP/1.";
	const size_t n = sizeof(version);
	struct slice rest = line;

	if (!text_split(&rest, ' ', method) || !is_method(*method) ||
	    rest.n <= n)
		return false;
	*target = slice_head(rest, rest.n - n);
	return text_begins_exact(slice_from(rest, target->n), version) &&
	    is_plain(*target, known_method(line));
}

/* The same for a line of which the end has not come. */
static enum probe
line_so_far(struct slice bytes)
{
	struct slice rest = bytes;
	struct slice method;
	struct slice target;
	struct slice name = slice_text("HTTP/1.");

	if (slice_eq(slice_head(bytes, name.n), slice_head(name, bytes.n)))
		return bytes.n < 16 ? PROBE_MORE : PROBE_YES;
	if (!text_split(&rest, ' ', &method) || !is_method(method))
		return PROBE_NO;
	if (known_method(bytes)) {
		/* the CR of the line end may be here already */
		rest = text_trim(rest);
		if (!is_plain(rest, true))
			return PROBE_NO;
		return bytes.n >= CERTAIN ? PROBE_YES : PROBE_MORE;
	}
	if (!text_split(&rest, ' ', &target))
		return PROBE_MORE;
	return target.n > 0 && is_plain(target, false) &&
		slice_eq(slice_head(rest, name.n), slice_head(name, rest.n))
	    ? PROBE_MORE
	    : PROBE_NO;
}

enum probe
http_start_fits(struct slice bytes)
{
	struct slice rest = bytes;
	struct slice line;
	struct slice method;
	struct slice target;
	unsigned status;

	if (!text_line(&rest, &line))
		return line_so_far(bytes);
	return http_status_line(line, &status) ||
		http_request_line(line, &method, &target)
	    ? PROBE_YES
	    : PROBE_NO;
}

/* Challenge schemes whose secret does not stand in the field itself. */
static bool
is_ntlm(struct slice value)
{
	struct slice word;

	return text_word(&value, &word) &&
	    (text_same(word, "NTLM") || text_same(word, "Negotiate") ||
		text_same(word, "Kerberos"));
}

static void
take_credentials(struct http_fields *f, struct slice value)
{
	bool ntlm = is_ntlm(value);

	f->ntlm_only = ntlm && (!f->credentials || f->ntlm_only);
	f->credentials = true;
	f->flags |= HTTP_AUTHORIZATION;
}

static void
take_length(struct http_fields *f, struct slice value)
{
	struct slice first;

	/* The same length twice may come as a list (RFC 9112 section 6.3). */
	if (text_split(&value, ',', &first) &&
	    text_u64(text_trim(first), &f->length))
		f->has_length = true;
}

static void
take_encoding(struct http_fields *f, struct slice value)
{
	if (text_has(value, "chunked"))
		f->chunked = true;
}

static void
take_type(struct http_fields *f, struct slice value)
{
	f->type = value;
	if (text_has(value, "soap+xml"))
		f->flags |= HTTP_SOAP;
}

static void
take_cookie(struct http_fields *f, struct slice value UNUSED)
{
	f->flags |= HTTP_COOKIE;
}

static void
take_set_cookie(struct http_fields *f, struct slice value UNUSED)
{
	f->flags |= HTTP_SET_COOKIE;
}

static void
take_web_ticket(struct http_fields *f, struct slice value UNUSED)
{
	f->flags |= HTTP_WEBTICKET;
}

static void
take_soap(struct http_fields *f, struct slice value UNUSED)
{
	f->flags |= HTTP_SOAP;
}

static void
take_host(struct http_fields *f, struct slice value)
{
	f->host = value;
}

static void
take_agent(struct http_fields *f, struct slice value)
{
	f->agent = value;
}

static void
take_location(struct http_fields *f, struct slice value)
{
	f->location = value;
}

static void
take_upgrade(struct http_fields *f, struct slice value)
{
	f->upgrade = value;
}

static void
take_subprotocol(struct http_fields *f, struct slice value)
{
	f->subprotocol = value;
}

/* clang-format off */
static const struct {
	const char *name;
	void (*take)(struct http_fields *f, struct slice value);
} takers[] = {
	{ "Authorization",       take_credentials },
	{ "Proxy-Authorization", take_credentials },
	{ "Content-Length",      take_length },
	{ "Transfer-Encoding",   take_encoding },
	{ "Content-Type",        take_type },
	{ "Cookie",              take_cookie },
	{ "Set-Cookie",          take_set_cookie },
	{ "X-MS-WebTicket",      take_web_ticket },
	{ "SOAPAction",          take_soap },
	{ "Host",                take_host },
	{ "User-Agent",          take_agent },
	{ "Location",            take_location },
	{ "Upgrade",             take_upgrade },
	{ "Sec-WebSocket-Protocol", take_subprotocol },
};
/* clang-format on */

void
http_take_fields(struct slice rest, struct http_fields *f)
{
	struct header h;

	*f = (struct http_fields){ 0 };
	while (header_next(&rest, &h))
		for (size_t i = 0; i < COUNT(takers); i++)
			if (text_same(h.name, takers[i].name))
				takers[i].take(f, h.value);
	if (f->ntlm_only)
		f->flags |= HTTP_NTLM;
	if (f->chunked)
		f->has_length = false;
}
