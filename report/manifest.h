/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manifest.h - what went into an audit and what came out of it, by SHA-256,
 * signed (CMS, RFC 5652, detached, DER): a signature NAME.p7s beside each file
 * and a manifest that names them all, signed as well.
 *
 * Any OpenSSL verifies a signature without this program:
 *   openssl cms -verify -binary -inform DER -in audit.json.p7s
 *       -content audit.json -CAfile ca.pem -purpose any
 */
#ifndef REPORT_MANIFEST_H
#define REPORT_MANIFEST_H

#include "report/audit_doc.h"
#include "report/output.h"

/* ---- signing (manifest_sign.c) ---- */

struct signer; /* a key and its certificate */

/* PEM files; the certificate's may hold the chain after it. Says what does not
 * fit before anything is audited. */
struct signer *signer_open(const char *key, const char *cert, struct fault *f);
void signer_free(struct signer *s);

struct manifest_file {
	const char *kind; /* "policy", "keys", "trust", "audit" */
	const char *path;
};

struct manifest {
	const struct audit_doc *doc; /* its inputs are listed; NULL: none */
	const struct manifest_file *files; /* inputs beside them */
	size_t file_count;
	const char *version; /* of this program */
};

/*
 * Signs the files of the set and adds signatures, manifest and its signature
 * to it. The manifest stands beside the first file and is called after it;
 * its path is for the caller, in `name`.
 */
bool manifest_sign(const struct signer *s, const struct manifest *m,
    struct output_set *to, char name[4096], struct fault *f) MUST_CHECK;
/* The path manifest_sign() would choose; looks whether it can be written. */
bool manifest_check(const char *first_output, struct fault *f) MUST_CHECK;

/* ---- verifying (manifest_verify.c) ---- */

enum verified {
	VERIFIED,       /* everything is as it was signed */
	VERIFY_CHANGED, /* something is not, or is not trusted */
	VERIFY_FAILED   /* the manifest could not be read: see the fault */
};

/* Says on `out` what is intact, what was changed, and who signed. `ca`: PEM
 * bundle, or NULL. */
enum verified manifest_verify(const char *path, const char *ca, FILE *out,
    struct fault *f);

/* ---- shared by the two files ---- */

struct slice manifest_folder(const char *path); /* "" or with its slash */
/* SHA-256 and size of a regular file; false with a sentence. */
bool manifest_hash(const char *path, char hex[SHA256_TEXT], uint64_t *size,
    struct fault *f) MUST_CHECK;
/* The newest reason of OpenSSL, or "no reason is known"; clears them. */
const char *manifest_reason(void);
/* O=Contoso, CN=..., safe for a terminal; false without memory. */
struct buf;
void manifest_name(struct buf *b, const void *x509_name);

#endif
