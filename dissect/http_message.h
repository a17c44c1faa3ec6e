/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_message.h - the head of an HTTP/1.x message as slices that borrow from
 * it. Learns nothing; http.c does.
 */
#ifndef DISSECT_HTTP_MESSAGE_H
#define DISSECT_HTTP_MESSAGE_H

#include "dissect/dissect.h"
#include "dissect/header.h"

/* The fields of a head that matter. */
struct http_fields {
	unsigned flags; /* enum http_flag, as far as fields tell */
	bool has_length, chunked;
	bool ntlm_only, credentials;
	uint64_t length;
	struct slice host, agent, type, location, upgrade, subprotocol;
};

/* Is this a start line, or may it become one? */
enum probe http_start_fits(struct slice bytes);
bool http_status_line(struct slice line, unsigned *status) MUST_CHECK;
bool http_request_line(struct slice line, struct slice *method,
    struct slice *target) MUST_CHECK;

/* The lines that follow the start line. */
void http_take_fields(struct slice rest, struct http_fields *f);

#endif
