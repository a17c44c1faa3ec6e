/* SPDX-License-Identifier: Apache-2.0 */
/*
 * web.h - what an HTTP request of the deployment is for, by its path.
 * Source: Get-CsService web service URIs; autodiscover and reverse proxy
 * articles of Lync Server 2013.
 */
#ifndef AUDIT_WEB_H
#define AUDIT_WEB_H

#include "audit/words.h"
#include "dissect/evidence.h"

struct web_request {
	struct slice method, host; /* of http_exchange.text */
	struct slice path;         /* as the server understands it, in `text` */
	bool known;                /* the path is one of the product's */
	enum traffic_class class;  /* CLASS_OTHER if not known */
	bool common;               /* other web sites have such paths as well */
	bool bootstrap; /* may be asked for in clear without credentials */
	bool bare;      /* carries no credentials, cookies or SOAP body */
	char text[LIMIT_TEXT];
};

/* *out refers to itself: it is not to be copied. */
void web_request_of(const struct http_exchange *x, struct web_request *out);

#endif
