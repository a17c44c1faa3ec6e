/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_ja.h - JA3 and JA4, the fingerprints of a TLS client.
 *
 * Spec: JA3 (Salesforce, 2017), JA4 (FoxIO, 2023). They are made from the
 * facts of the first client hello when somebody asks: most flows are judged
 * without. Any thread.
 */
#ifndef DISSECT_TLS_JA_H
#define DISSECT_TLS_JA_H

#include "dissect/evidence.h"

enum { JA3_TEXT = 33, JA4_TEXT = 40 };

struct tls_fingerprints {
	char ja3[JA3_TEXT]; /* empty: without memory */
	char ja4[JA4_TEXT];
};

/* False: no client hello, or one in the form of SSL 2.0. */
bool tls_fingerprints_of(const struct evidence *e,
    struct tls_fingerprints *out) MUST_CHECK;

#endif
