/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/web.h"

#include "core/text.h"

struct path {
	const char *begins; /* any case */
	enum traffic_class class;
	bool bootstrap;
	bool common; /* other web sites have such paths as well */
};

/* The first that fits counts: longer ones stand before their beginnings. */
static const struct path paths[] = {
	{ "/abs/handler", CLASS_ADDRESS_BOOK_DOWNLOAD, false, false },
	{ "/abs/", CLASS_ADDRESS_BOOK_DOWNLOAD, false, true },
	{ "/groupexpansion", CLASS_GROUP_EXPANSION, false, false },
	{ "/collabcontent", CLASS_CONTENT_DOWNLOAD, false, false },
	{ "/datacollabweb", CLASS_CONTENT_DOWNLOAD, false, false },
	{ "/meeting/", CLASS_CONTENT_DOWNLOAD, false, true },
	{ "/meet/", CLASS_CONTENT_DOWNLOAD, false, true },
	{ "/dialin", CLASS_CONTENT_DOWNLOAD, false, true },
	{ "/m/presenter.aspx", CLASS_CONTENT_DOWNLOAD, false, false },
	{ "/m/participantframe.aspx", CLASS_CONTENT_DOWNLOAD, false, false },
	{ "/certprov/", CLASS_WEB_SERVICES, true, false },
	{ "/autodiscover/autodiscoverservice.svc", CLASS_WEB_SERVICES, true,
	    false },
	{ "/requesthandler/files", CLASS_WEB_SERVICES, true, false },
	{ "/requesthandler", CLASS_WEB_SERVICES, false, false },
	{ "/webticket/", CLASS_WEB_SERVICES, false, false },
	{ "/ucwa/", CLASS_WEB_SERVICES, false, false },
	{ "/mcx/", CLASS_WEB_SERVICES, false, true },
	{ "/reach/", CLASS_WEB_SERVICES, false, true },
	{ "/lwa/", CLASS_WEB_SERVICES, false, false },
	{ "/locationinformation/", CLASS_WEB_SERVICES, false, false },
	{ "/rgsclients", CLASS_WEB_SERVICES, false, false },
	{ "/rgsconfig", CLASS_WEB_SERVICES, false, false },
	{ "/cscp", CLASS_WEB_SERVICES, false, true },
	{ "/persistentchat", CLASS_WEB_SERVICES, false, false },
	{ "/passiveauth", CLASS_WEB_SERVICES, false, false },
};

/* Revocation lists and issuing certificates are fetched in clear by design
 * (RFC 5280 4.2.1.13, 4.2.2.1): they are signed. */
static bool
is_pki(struct slice path)
{
	static const char *const ends[] = { ".crl", ".crt", ".cer", ".p7b",
		".p7c" };
	struct slice rest = path, head;

	if (text_split(&rest, '?', &head))
		path = head;
	for (size_t i = 0; i < COUNT(ends); i++) {
		size_t n = strlen(ends[i]);

		if (path.n > n &&
		    text_same(slice_of(path.p + path.n - n, n), ends[i]))
			return true;
	}
	return text_begins(path, "/ocsp");
}

/* The octet that %XX stands for (RFC 3986 section 2.1); 0: it is none. */
static char
escaped(struct slice s)
{
	uint64_t v;

	if (s.n < 3 || s.p[0] != '%' ||
	    !text_hex64(slice_head(slice_from(s, 1), 2), &v) || v <= ' ' ||
	    v == '?' || v >= 0x7f)
		return 0;
	return (char)v;
}

/* Ends the segment that begins at text[from]: where the next one begins.
 * Empty ones and "." are none, ".." takes back the one before (RFC 3986
 * section 5.2.4). */
static size_t
end_segment(const char *text, size_t from, size_t n)
{
	struct slice segment = slice_of(text + from, n - from);

	if (segment.n == 0 || slice_is(segment, "."))
		return from;
	if (!slice_is(segment, ".."))
		return n;
	if (from > 1)
		from--;
	while (from > 1 && text[from - 1] != '/')
		from--;
	return from;
}

/*
 * What servers make of a path before they look at it: "/%61bs//x" and
 * "/y/../abs/x" are "/abs/x". The query stays.
 */
static struct slice
plain_path(struct slice raw, char text[LIMIT_TEXT])
{
	size_t n = 0, from = 0;

	if (raw.n == 0 || raw.p[0] != '/' || raw.n >= LIMIT_TEXT)
		return raw;
	while (raw.n > 0 && raw.p[0] != '?') {
		char meant = escaped(raw);
		char c = meant != 0 ? meant : (char)raw.p[0];

		raw = slice_from(raw, meant != 0 ? 3 : 1);
		if (c != '/') {
			text[n++] = c;
			continue;
		}
		n = end_segment(text, from, n);
		if (n == 0 || text[n - 1] != '/')
			text[n++] = '/';
		from = n;
	}
	n = end_segment(text, from, n);
	if (raw.n > 0)
		memcpy(text + n, raw.p, raw.n);
	return slice_of(text, n + raw.n);
}

void
web_request_of(const struct http_exchange *x, struct web_request *out)
{
	struct slice rest = slice_of(x->text, strnlen(x->text, LIMIT_TEXT));
	const unsigned named =
	    HTTP_AUTHORIZATION | HTTP_COOKIE | HTTP_WEBTICKET | HTTP_SECURITY;

	*out = (struct web_request){ .class = CLASS_OTHER };
	if (!text_split(&rest, ' ', &out->method) ||
	    !text_split(&rest, ' ', &out->host))
		return;
	out->path = plain_path(rest, out->text);
	/* Even the anonymous question for root certificates is SOAP. */
	out->bare = (x->flags & named) == 0 &&
	    ((x->flags & HTTP_SOAP) == 0 ||
		text_begins(out->path, "/certprov/"));
	for (size_t i = 0; i < COUNT(paths); i++) {
		if (!text_begins(out->path, paths[i].begins))
			continue;
		out->known = true;
		out->class = paths[i].class;
		out->bootstrap = paths[i].bootstrap;
		out->common = paths[i].common;
		return;
	}
	if (is_pki(out->path) || slice_is(out->method, "OCSP") ||
	    text_same(slice_of(x->content_type,
			  strnlen(x->content_type, sizeof(x->content_type))),
		"application/ocsp-response")) {
		out->known = true;
		out->bootstrap = true;
		/* An OCSP request has a body that says nothing secret. */
		out->class = CLASS_OTHER;
		return;
	}
	if ((x->flags & HTTP_SIPURI) != 0 ||
	    text_begins(out->host, "lyncdiscover")) {
		out->known = true;
		out->bootstrap = true;
		out->class = CLASS_WEB_SERVICES;
	}
}
