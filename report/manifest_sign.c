/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "core/buf.h"
#include "report/manifest.h"

struct signer {
	EVP_PKEY *key;
	X509 *cert;
	STACK_OF(X509) * chain; /* what follows it in its file */
};

/* ---- shared ---- */

struct slice
manifest_folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slice_of(path, (size_t)(slash - path) + 1)
			     : slice_of("", 0);
}

const char *
manifest_reason(void)
{
	unsigned long e = ERR_peek_last_error();
	const char *text = e != 0 ? ERR_reason_error_string(e) : NULL;

	ERR_clear_error();
	return text != NULL ? text : "no reason is known";
}

void
manifest_name(struct buf *b, const void *x509_name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p = NULL;

	if (bio == NULL)
		return;
	(void)X509_NAME_print_ex(bio, x509_name, 0,
	    XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB & ~XN_FLAG_SPC_EQ);
	long n = BIO_get_mem_data(bio, &p);

	if (n > 0)
		buf_safe(b, slice_of(p, (size_t)n));
	BIO_free(bio);
}

static bool
is_regular(FILE *in, const char *path, struct fault *f)
{
	struct stat st;

	if (fstat(fileno(in), &st) == 0 && S_ISREG(st.st_mode))
		return true;
	return fail(f, "%s: is no file", path);
}

bool
manifest_hash(const char *path, char hex[SHA256_TEXT], uint64_t *size,
    struct fault *f)
{
	FILE *in = fopen(path, "re");
	struct digest *d = digest_new();
	uint8_t block[16384], hash[SHA256_SIZE];
	size_t n;

	*size = 0;
	if (in == NULL || d == NULL || !is_regular(in, path, f)) {
		if (in == NULL)
			(void)fail(f, "%s: %s", path, strerror(errno));
		else
			(void)fclose(in);
		digest_free(d);
		return false;
	}
	while ((n = fread(block, 1, sizeof(block), in)) > 0) {
		digest_add(d, block, n);
		*size += n;
	}
	bool good = ferror(in) == 0;

	digest_finish(d, hash);
	digest_free(d);
	(void)fclose(in);
	(void)sha256_text(hash, hex);
	return good || fail(f, "%s: %s", path, strerror(errno));
}

/* ---- key and certificate ---- */

static bool
read_key(struct signer *s, const char *path, struct fault *f)
{
	BIO *in = BIO_new_file(path, "r");

	ERR_clear_error();
	if (in == NULL)
		return fail(f, "--sign %s: %s", path, strerror(errno));
	s->key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
	BIO_free(in);
	return s->key != NULL ||
	    fail(f, "--sign %s: holds no PEM private key: %s", path,
		manifest_reason());
}

static bool
read_certs(struct signer *s, const char *path, struct fault *f)
{
	BIO *in = BIO_new_file(path, "r");
	X509 *x;

	ERR_clear_error();
	if (in == NULL)
		return fail(f, "--cert %s: %s", path, strerror(errno));
	s->cert = PEM_read_bio_X509(in, NULL, NULL, NULL);
	s->chain = sk_X509_new_null();
	while (s->cert != NULL && s->chain != NULL &&
	    (x = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL) {
		if (sk_X509_push(s->chain, x) == 0)
			X509_free(x);
	}
	BIO_free(in);
	if (s->cert == NULL || s->chain == NULL)
		return fail(f, "--cert %s: holds no PEM certificate: %s", path,
		    manifest_reason());
	ERR_clear_error();
	return true;
}

static bool
check_signer(const struct signer *s, const char *key, const char *cert,
    struct fault *f)
{
	bool fits = X509_check_private_key(s->cert, s->key) == 1;

	ERR_clear_error();
	if (!fits)
		return fail(f, "the key %s does not fit the certificate %s",
		    key, cert);
	if (X509_cmp_current_time(X509_get0_notAfter(s->cert)) < 0)
		return fail(f,
		    "--cert %s: has expired: a signature with it would prove "
		    "nothing",
		    cert);
	if (X509_cmp_current_time(X509_get0_notBefore(s->cert)) > 0)
		return fail(f, "--cert %s: is not valid yet", cert);
	/* All bits where the extension is absent (RFC 5280 4.2.1.3). */
	if ((X509_get_key_usage(s->cert) &
		(KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) == 0)
		return fail(f,
		    "--cert %s: its key usage does not allow signatures", cert);
	return true;
}

/* RFC 5652 with the digests of OpenSSL 3.0: Ed25519 has no place there. */
static bool
try_to_sign(const struct signer *s, const char *key, struct fault *f)
{
	BIO *in = BIO_new_mem_buf("x", 1);
	CMS_ContentInfo *cms = CMS_sign(s->cert, s->key, NULL, in,
	    CMS_DETACHED | CMS_BINARY | CMS_NOSMIMECAP);
	bool good = cms != NULL;

	CMS_ContentInfo_free(cms);
	BIO_free(in);
	if (good)
		return true;
	return fail(f, "--sign %s: this key cannot sign (%s); use RSA or ECDSA",
	    key, manifest_reason());
}

struct signer *
signer_open(const char *key, const char *cert, struct fault *f)
{
	struct signer *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		(void)fail(f, "no memory");
		return NULL;
	}
	if (read_key(s, key, f) && read_certs(s, cert, f) &&
	    check_signer(s, key, cert, f) && try_to_sign(s, key, f))
		return s;
	signer_free(s);
	return NULL;
}

void
signer_free(struct signer *s)
{
	if (s == NULL)
		return;
	EVP_PKEY_free(s->key);
	X509_free(s->cert);
	sk_X509_pop_free(s->chain, X509_free);
	free(s);
}

/* ---- signatures ---- */

static bool
sign_file(const struct signer *s, const char *staged, const char *path,
    struct output_set *to, struct fault *f)
{
	char name[4096];
	BIO *in, *bio;
	CMS_ContentInfo *cms;
	bool good;

	if (snprintf(name, sizeof(name), "%s.p7s", path) >= (int)sizeof(name))
		return fail(f, "%s: the path is too long", path);
	in = BIO_new_file(staged, "rb");
	cms = in != NULL ? CMS_sign(s->cert, s->key, s->chain, in,
			       CMS_DETACHED | CMS_BINARY | CMS_NOSMIMECAP)
			 : NULL;
	BIO_free(in);
	if (cms == NULL)
		return fail(f, "%s: could not be signed: %s", path,
		    manifest_reason());
	FILE *out = outputs_open(to, name, f);

	if (out == NULL) {
		CMS_ContentInfo_free(cms);
		return false;
	}
	errno = 0;
	bio = BIO_new_fp(out, BIO_NOCLOSE);
	good = bio != NULL && i2d_CMS_bio(bio, cms) == 1;
	BIO_free(bio);
	CMS_ContentInfo_free(cms);
	return outputs_close(to, out, good, f);
}

/* ---- the manifest ---- */

static void
put_text(json_t *o, const char *key, const char *text)
{
	struct buf b;

	buf_init(&b);
	buf_safe(&b, slice_text(text));
	(void)json_object_set_new(o, key,
	    json_stringn(b.n > 0 ? b.p : "", b.n));
	buf_done(&b);
}

static json_t *
signer_json(const struct signer *s)
{
	json_t *o = json_object();
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	char hex[SHA256_TEXT];
	struct buf b;

	buf_init(&b);
	manifest_name(&b, X509_get_subject_name(s->cert));
	put_text(o, "subject", b.n > 0 ? b.p : "");
	buf_done(&b);
	if (X509_digest(s->cert, EVP_sha256(), hash, &n) == 1 &&
	    n == SHA256_SIZE)
		put_text(o, "fingerprint", sha256_text(hash, hex));
	return o;
}

static void
add_captures(json_t *list, const struct audit_doc *d)
{
	for (size_t i = 0; d != NULL && i < d->count[DOC_INPUTS]; i++) {
		json_t *in = doc_item(d, DOC_INPUTS, i);
		json_t *o = json_object();

		put_text(o, "kind", "capture");
		put_text(o, "path", doc_text(in, "path"));
		(void)json_object_set_new(o, "size",
		    json_integer((json_int_t)doc_number(in, "size")));
		if (doc_text(in, "sha256")[0] != '\0')
			put_text(o, "sha256", doc_text(in, "sha256"));
		(void)json_array_append_new(list, o);
		json_decref(in);
	}
}

static bool
add_files(json_t *list, const struct manifest *m, struct fault *f)
{
	for (size_t i = 0; i < m->file_count; i++) {
		const struct manifest_file *x = &m->files[i];
		char hex[SHA256_TEXT];
		uint64_t size;
		json_t *o;

		if (!manifest_hash(x->path, hex, &size, f))
			return false;
		o = json_object();
		put_text(o, "kind", x->kind);
		put_text(o, "path", x->path);
		(void)json_object_set_new(o, "size",
		    json_integer((json_int_t)size));
		put_text(o, "sha256", hex);
		(void)json_array_append_new(list, o);
	}
	return true;
}

/* Beside the manifest a name will do, so that all can be moved together. */
static const char *
named_from(const char *path, const char *manifest)
{
	struct slice folder = manifest_folder(manifest);

	return slice_eq(manifest_folder(path), folder) ? path + folder.n : path;
}

static bool
add_output(json_t *list, const struct output_set *set, size_t i,
    const char *manifest, struct fault *f)
{
	const char *path = outputs_path(set, i);
	char hex[SHA256_TEXT], signature[4096];
	uint64_t size;
	json_t *o;

	if (!manifest_hash(outputs_staged(set, i), hex, &size, f))
		return false;
	(void)snprintf(signature, sizeof(signature), "%s.p7s",
	    named_from(path, manifest));
	o = json_object();
	put_text(o, "path", named_from(path, manifest));
	(void)json_object_set_new(o, "size", json_integer((json_int_t)size));
	put_text(o, "sha256", hex);
	put_text(o, "signature", signature);
	(void)json_array_append_new(list, o);
	return true;
}

static json_t *
manifest_json(const struct signer *s, const struct manifest *m)
{
	json_t *o = json_object();
	json_t *tool = json_object();

	put_text(o, "format", "spanward-manifest");
	(void)json_object_set_new(o, "version", json_integer(1));
	put_text(tool, "name", "spanward");
	put_text(tool, "version", m->version);
	(void)json_object_set_new(o, "tool", tool);
	if (m->doc != NULL) {
		json_t *policy = json_object();

		put_text(policy, "name", doc_text(m->doc->policy, "name"));
		put_text(policy, "sha256", doc_text(m->doc->policy, "sha256"));
		(void)json_object_set_new(o, "policy", policy);
	}
	(void)json_object_set_new(o, "signer", signer_json(s));
	return o;
}

/* audit.json -> audit.manifest.json */
static bool
manifest_path(const char *first, char name[4096], struct fault *f)
{
	const char *slash = strrchr(first, '/');
	const char *base = slash != NULL ? slash + 1 : first;
	const char *dot = strrchr(base, '.');
	size_t n =
	    dot != NULL && dot != base ? (size_t)(dot - first) : strlen(first);

	if (snprintf(name, 4096, "%.*s.manifest.json", (int)n, first) >= 4096)
		return fail(f, "%s: the path is too long", first);
	return true;
}

bool
manifest_check(const char *first_output, struct fault *f)
{
	char name[4096];

	return manifest_path(first_output, name, f) && outputs_check(name, f);
}

static bool
write_manifest(const struct signer *s, json_t *o, const char *name,
    struct output_set *to, struct fault *f)
{
	FILE *out = outputs_open(to, name, f);
	size_t at = outputs_count(to) - 1;

	if (out == NULL)
		return false;
	errno = 0;
	bool good =
	    json_dumpf(o, out, JSON_INDENT(1)) == 0 && fputc('\n', out) != EOF;

	return outputs_close(to, out, good, f) &&
	    sign_file(s, outputs_staged(to, at), name, to, f);
}

bool
manifest_sign(const struct signer *s, const struct manifest *m,
    struct output_set *to, char name[4096], struct fault *f)
{
	size_t n = outputs_count(to);
	json_t *o, *inputs = json_array(), *outputs = json_array();
	bool good;

	if (n == 0 || !manifest_path(outputs_path(to, 0), name, f)) {
		json_decref(inputs);
		json_decref(outputs);
		return n != 0 || fail(f, "there is no file to sign");
	}
	o = manifest_json(s, m);
	(void)json_object_set_new(o, "inputs", inputs);
	(void)json_object_set_new(o, "outputs", outputs);
	add_captures(inputs, m->doc);
	good = add_files(inputs, m, f);
	for (size_t i = 0; good && i < n; i++)
		good = add_output(outputs, to, i, name, f) &&
		    sign_file(s, outputs_staged(to, i), outputs_path(to, i), to,
			f);
	good = good && write_manifest(s, o, name, to, f);
	json_decref(o);
	return good;
}
