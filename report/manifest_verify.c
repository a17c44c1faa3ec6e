/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include "core/buf.h"
#include "report/manifest.h"

enum { MANIFEST_VERSION = 1, PATH_MOST = 4096 };

struct checking {
	const char *path; /* of the manifest */
	FILE *out;
	X509_STORE *store;        /* NULL: no bundle was given */
	char signer[SHA256_TEXT]; /* of the manifest's signature */
	unsigned wrong;           /* things that are not as they were signed */
	struct buf safe;
};

static const char *
safe(struct checking *c, const char *text)
{
	buf_clear(&c->safe);
	buf_safe(&c->safe, slice_text(text));
	return c->safe.n > 0 ? c->safe.p : "";
}

/* ---- signatures ---- */

struct signature {
	CMS_ContentInfo *cms;
	X509 *cert; /* lent from cms */
	char fingerprint[SHA256_TEXT];
	const ASN1_TIME *time; /* when, by the signer's word; or NULL */
};

static CMS_ContentInfo *
read_signature(const char *path)
{
	BIO *in = BIO_new_file(path, "rb");
	CMS_ContentInfo *cms = in != NULL ? d2i_CMS_bio(in, NULL) : NULL;

	BIO_free(in);
	return cms;
}

static void
signing_time(struct signature *s)
{
	STACK_OF(CMS_SignerInfo) *infos = CMS_get0_SignerInfos(s->cms);
	CMS_SignerInfo *si =
	    infos != NULL ? sk_CMS_SignerInfo_value(infos, 0) : NULL;
	int at = si != NULL
	    ? CMS_signed_get_attr_by_NID(si, NID_pkcs9_signingTime, -1)
	    : -1;
	X509_ATTRIBUTE *a = at >= 0 ? CMS_signed_get_attr(si, at) : NULL;
	ASN1_TYPE *t = a != NULL ? X509_ATTRIBUTE_get0_type(a, 0) : NULL;

	if (t != NULL && t->type == V_ASN1_UTCTIME)
		s->time = t->value.utctime;
	else if (t != NULL && t->type == V_ASN1_GENERALIZEDTIME)
		s->time = t->value.generalizedtime;
}

static void
signer_of(struct signature *s)
{
	STACK_OF(X509) *signers = CMS_get0_signers(s->cms);
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	/* One signer: more would hide who it was. */
	if (signers != NULL && sk_X509_num(signers) == 1)
		s->cert = sk_X509_value(signers, 0);
	sk_X509_free(signers);
	if (s->cert != NULL &&
	    X509_digest(s->cert, EVP_sha256(), hash, &n) == 1 &&
	    n == SHA256_SIZE)
		(void)sha256_text(hash, s->fingerprint);
	signing_time(s);
}

/* The octets of `path` are what was signed. Who may sign is another question.
 */
static bool
check_signature(const char *path, const char *signature, struct signature *s)
{
	BIO *in;
	bool good;

	*s = (struct signature){ .cms = read_signature(signature) };
	in = s->cms != NULL ? BIO_new_file(path, "rb") : NULL;
	good = in != NULL &&
	    CMS_verify(s->cms, NULL, NULL, in, NULL,
		CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) == 1;
	BIO_free(in);
	ERR_clear_error();
	if (good)
		signer_of(s);
	return good && s->cert != NULL;
}

static void
signature_done(struct signature *s)
{
	CMS_ContentInfo_free(s->cms);
	s->cms = NULL;
}

/* ---- who signed ---- */

static bool
load_store(struct checking *c, const char *ca, struct fault *f)
{
	c->store = X509_STORE_new();
	if (c->store != NULL &&
	    X509_STORE_load_locations(c->store, ca, NULL) == 1)
		return true;
	return fail(f, "--ca %s: holds no PEM certificate: %s", ca,
	    access(ca, R_OK) != 0 ? strerror(errno) : manifest_reason());
}

/* At the time of the signature: a certificate may end before the report is
 * read. */
static int
check_chain(const struct checking *c, const struct signature *s)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *others = CMS_get1_certs(s->cms);
	int error = X509_V_ERR_UNSPECIFIED;
	struct tm tm;

	if (ctx != NULL &&
	    X509_STORE_CTX_init(ctx, c->store, s->cert, others) == 1) {
		X509_VERIFY_PARAM *p = X509_STORE_CTX_get0_param(ctx);

		(void)X509_VERIFY_PARAM_set_purpose(p, X509_PURPOSE_ANY);
		if (s->time != NULL && ASN1_TIME_to_tm(s->time, &tm) == 1)
			X509_VERIFY_PARAM_set_time(p, timegm(&tm));
		error = X509_verify_cert(ctx) == 1
		    ? X509_V_OK
		    : X509_STORE_CTX_get_error(ctx);
	}
	sk_X509_pop_free(others, X509_free);
	X509_STORE_CTX_free(ctx);
	ERR_clear_error();
	return error;
}

static void
print_time(FILE *out, const ASN1_TIME *t)
{
	struct tm tm;

	if (t != NULL && ASN1_TIME_to_tm(t, &tm) == 1)
		(void)fprintf(out, "%04d-%02d-%02d %02d:%02d:%02d UTC",
		    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		    tm.tm_min, tm.tm_sec);
}

static void
tell_signer(struct checking *c, const struct signature *s)
{
	struct buf name;

	buf_init(&name);
	manifest_name(&name, X509_get_subject_name(s->cert));
	(void)fprintf(c->out, "signed by  %s\n", name.n > 0 ? name.p : "-");
	buf_clear(&name);
	manifest_name(&name, X509_get_issuer_name(s->cert));
	(void)fprintf(c->out, "           certificate of %s\n",
	    name.n > 0 ? name.p : "-");
	(void)fprintf(c->out, "           SHA-256 %s\n", s->fingerprint);
	buf_done(&name);
	if (s->time != NULL) {
		(void)fputs("           on ", c->out);
		print_time(c->out, s->time);
		(void)fputs(", by the clock of the signer\n", c->out);
	}
	if (X509_cmp_current_time(X509_get0_notAfter(s->cert)) < 0)
		(void)fprintf(c->out,
		    "           the certificate has expired since\n");
}

static void
tell_trust(struct checking *c, const struct signature *s)
{
	int error;

	if (c->store == NULL) {
		(void)fprintf(c->out,
		    "trust      not checked: give --ca BUNDLE\n");
		return;
	}
	error = check_chain(c, s);
	if (error == X509_V_OK) {
		(void)fprintf(c->out,
		    "trust      the certificate is vouched for by the "
		    "bundle\n");
		return;
	}
	c->wrong++;
	(void)fprintf(c->out, "trust      NOT TRUSTED: %s\n",
	    X509_verify_cert_error_string(error));
}

static void
check_manifest(struct checking *c)
{
	char name[PATH_MOST];
	struct signature s;

	(void)snprintf(name, sizeof(name), "%s.p7s", c->path);
	if (check_signature(c->path, name, &s)) {
		(void)fprintf(c->out, "manifest   intact: %s\n",
		    safe(c, c->path));
		memcpy(c->signer, s.fingerprint, sizeof(c->signer));
		tell_signer(c, &s);
		tell_trust(c, &s);
	} else {
		c->wrong++;
		(void)fprintf(c->out, "manifest   %s: %s\n",
		    access(name, R_OK) != 0
			? "NOT SIGNED: its signature is missing"
			: "CHANGED, or the signature is not of it",
		    safe(c, c->path));
	}
	signature_done(&s);
}

/* ---- the files ---- */

/* As it stands there, or beside the manifest. */
static bool
find_file(const struct checking *c, const char *path, bool beside_first,
    char found[PATH_MOST])
{
	struct slice folder = manifest_folder(c->path);
	bool good;

	(void)snprintf(found, PATH_MOST, "%.*s%s",
	    path[0] == '/' ? 0 : (int)folder.n, (const char *)folder.p, path);
	good = access(found, F_OK) == 0;
	if (good && beside_first)
		return true;
	if (!beside_first && access(path, F_OK) == 0) {
		(void)snprintf(found, PATH_MOST, "%s", path);
		return true;
	}
	return good;
}

static bool
check_output_signature(struct checking *c, const char *found, const json_t *o,
    const char **why)
{
	char name[PATH_MOST];
	struct signature s = { NULL, NULL, "", NULL };
	bool good = find_file(c, doc_text(o, "signature"), true, name);

	*why = "its signature is missing";
	if (good) {
		good = check_signature(found, name, &s);
		*why = "its signature is not of it";
	}
	if (good && c->signer[0] != '\0') {
		good = strcmp(s.fingerprint, c->signer) == 0;
		*why = "signed by somebody else than the manifest";
	}
	signature_done(&s);
	return good;
}

static void
check_output(struct checking *c, const json_t *o)
{
	const char *path = doc_text(o, "path");
	char found[PATH_MOST], hex[SHA256_TEXT];
	struct fault f = { "" };
	const char *why = "its content is another";
	uint64_t size;

	if (!find_file(c, path, true, found)) {
		c->wrong++;
		(void)fprintf(c->out, "output     MISSING: %s\n",
		    safe(c, path));
		return;
	}
	if (!manifest_hash(found, hex, &size, &f)) {
		c->wrong++;
		(void)fprintf(c->out, "output     UNREADABLE: %s\n",
		    safe(c, f.text));
		return;
	}
	if (strcmp(hex, doc_text(o, "sha256")) == 0 &&
	    check_output_signature(c, found, o, &why)) {
		(void)fprintf(c->out, "output     intact: %s\n", safe(c, path));
		return;
	}
	c->wrong++;
	(void)fprintf(c->out, "output     CHANGED: %s (%s)\n", safe(c, path),
	    why);
}

/* Inputs often stay where they are: absence is no fault. */
static void
check_input(struct checking *c, const json_t *o)
{
	const char *path = doc_text(o, "path");
	const char *want = doc_text(o, "sha256");
	char found[PATH_MOST], hex[SHA256_TEXT];
	struct fault f = { "" };
	const char *word = "intact";
	uint64_t size;

	if (want[0] == '\0')
		word = "not a file, nothing to compare";
	else if (!find_file(c, path, false, found) ||
	    !manifest_hash(found, hex, &size, &f))
		word = "not here";
	else if (strcmp(hex, want) != 0)
		word = "CHANGED";
	c->wrong += strcmp(word, "CHANGED") == 0;
	(void)fprintf(c->out, "input      %s: %s", word, safe(c, path));
	(void)fprintf(c->out, " (%s)\n", safe(c, doc_text(o, "kind")));
}

static void
check_files(struct checking *c, const json_t *o)
{
	const json_t *outputs = json_object_get(o, "outputs");
	const json_t *inputs = json_object_get(o, "inputs");

	for (size_t i = 0; i < json_array_size(outputs); i++)
		check_output(c, json_array_get(outputs, i));
	for (size_t i = 0; i < json_array_size(inputs); i++)
		check_input(c, json_array_get(inputs, i));
}

static json_t *
read_manifest(const char *path, struct fault *f)
{
	json_error_t e;
	FILE *in = fopen(path, "re");
	json_t *o;

	if (in == NULL) {
		(void)fail(f, "%s: %s", path, strerror(errno));
		return NULL;
	}
	o = json_loadf(in, JSON_REJECT_DUPLICATES, &e);
	(void)fclose(in);
	if (o == NULL) {
		(void)fail(f, "%s:%d: is no JSON: %s", path, e.line, e.text);
		return NULL;
	}
	if (strcmp(doc_text(o, "format"), "spanward-manifest") == 0 &&
	    doc_number(o, "version") == MANIFEST_VERSION)
		return o;
	(void)fail(f, "%s: is no manifest of version %d", path,
	    MANIFEST_VERSION);
	json_decref(o);
	return NULL;
}

enum verified
manifest_verify(const char *path, const char *ca, FILE *out, struct fault *f)
{
	struct checking c = { .path = path, .out = out };
	json_t *o = read_manifest(path, f);
	enum verified result = VERIFY_FAILED;

	if (o == NULL)
		return VERIFY_FAILED;
	buf_init(&c.safe);
	if (ca == NULL || load_store(&c, ca, f)) {
		check_manifest(&c);
		check_files(&c, o);
		result = c.wrong == 0 ? VERIFIED : VERIFY_CHANGED;
		(void)fprintf(out, "%s\n",
		    c.wrong == 0 ? "Everything is as it was signed."
				 : "NOT everything is as it was signed.");
	}
	X509_STORE_free(c.store);
	buf_done(&c.safe);
	json_decref(o);
	return result;
}
