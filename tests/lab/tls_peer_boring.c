/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_peer_boring server|client IP PORT [name=value ...]: see tls_peer.py;
 * alps=1 and id=1 switch on application settings and Channel ID. Built by
 * tls_matrix.py against android-libboringssl-dev.
 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ec_key.h>
#include <openssl/evp.h>
#include <openssl/nid.h>
#include <openssl/ssl.h>

static const char request[] = "OPTIONS sip:b.example SIP/2.0\r\n"
			      "Call-ID: 1@a.example\r\nCSeq: 1 OPTIONS\r\n"
			      "Content-Length: 0\r\n\r\n";
static const char answer[] = "SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n";
static const uint8_t protocols[] = "\2h2\3sip";
static SSL_SESSION *session;
static const char *keylog;

static const char *
word(int argc, char **argv, const char *name)
{
	size_t n = strlen(name);

	for (int i = 4; i < argc; i++) {
		if (strncmp(argv[i], name, n) == 0 && argv[i][n] == '=')
			return argv[i] + n + 1;
	}
	return NULL;
}

static void
log_key(const SSL *s, const char *line)
{
	FILE *f = fopen(keylog, "a");

	(void)s;
	if (f == NULL)
		return;
	fprintf(f, "%s\n", line);
	fclose(f);
}

static int
keep(SSL *s, SSL_SESSION *got)
{
	(void)s;
	SSL_SESSION_free(session);
	session = got;
	return 1;
}

static int
choose(SSL *s, const uint8_t **out, uint8_t *n, const uint8_t *in,
    unsigned in_n, void *ctx)
{
	(void)s;
	(void)ctx;
	return SSL_select_next_proto((uint8_t **)out, n, protocols,
		   sizeof(protocols) - 1, in, in_n) == OPENSSL_NPN_NEGOTIATED
	    ? SSL_TLSEXT_ERR_OK
	    : SSL_TLSEXT_ERR_NOACK;
}

static void
trust(SSL_CTX *c, const char *ca, const char *ask)
{
	SSL_CTX_load_verify_locations(c, ca, NULL);
	if (ask == NULL || strcmp(ask, "none") == 0)
		return;
	SSL_CTX_set_verify(c,
	    SSL_VERIFY_PEER |
		(strcmp(ask, "require") == 0 ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT
					     : 0),
	    NULL);
}

static SSL_CTX *
context(int argc, char **argv, bool server)
{
	const char *max = word(argc, argv, "max");
	const char *cert = word(argc, argv, "cert");
	const char *ca = word(argc, argv, "ca");
	uint16_t version = max != NULL && strcmp(max, "1.2") == 0
	    ? TLS1_2_VERSION
	    : TLS1_3_VERSION;
	SSL_CTX *c = SSL_CTX_new(TLS_method());

	SSL_CTX_set_min_proto_version(c, version);
	SSL_CTX_set_max_proto_version(c, version);
	if (cert != NULL) {
		SSL_CTX_use_certificate_chain_file(c, cert);
		SSL_CTX_use_PrivateKey_file(c, word(argc, argv, "key"),
		    SSL_FILETYPE_PEM);
	}
	if (server && ca != NULL)
		trust(c, ca, word(argc, argv, "ask"));
	SSL_CTX_set_session_id_context(c, (const uint8_t *)"lab", 3);
	keylog = word(argc, argv, "keylog");
	if (keylog != NULL)
		SSL_CTX_set_keylog_callback(c, log_key);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_BOTH);
	if (!server)
		SSL_CTX_sess_set_new_cb(c, keep);
	if (word(argc, argv, "id") != NULL)
		SSL_CTX_set_tls_channel_id_enabled(c, 1);
	if (server)
		SSL_CTX_set_alpn_select_cb(c, choose, NULL);
	return c;
}

static void
client_extras(SSL *s, int argc, char **argv)
{
	EVP_PKEY *key = EVP_PKEY_new();
	EC_KEY *ec = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);

	if (word(argc, argv, "id") != NULL && EC_KEY_generate_key(ec) == 1 &&
	    EVP_PKEY_set1_EC_KEY(key, ec) == 1)
		SSL_set1_tls_channel_id(s, key);
	EC_KEY_free(ec);
	EVP_PKEY_free(key);
	if (word(argc, argv, "alps") != NULL)
		SSL_set_alpn_protos(s, protocols, sizeof(protocols) - 1);
	if (session != NULL)
		SSL_set_session(s, session);
}

static void
talk(SSL *s, bool server)
{
	char room[4096];

	for (int i = 0; server || i < 2; i++) {
		if (!server && SSL_write(s, request, sizeof(request) - 1) <= 0)
			return;
		if (SSL_read(s, room, sizeof(room)) <= 0)
			return;
		if (server && SSL_write(s, answer, sizeof(answer) - 1) <= 0)
			return;
	}
	SSL_shutdown(s);
}

int
main(int argc, char **argv)
{
	bool server = strcmp(argv[1], "server") == 0;
	struct sockaddr_in at = { .sin_family = AF_INET };
	const char *count = word(argc, argv, "count");
	int listener = -1, one = 1;

	at.sin_port = htons((uint16_t)atoi(argv[3]));
	inet_pton(AF_INET, argv[2], &at.sin_addr);
	alarm(10);
	SSL_CTX *c = context(argc, argv, server);

	if (server) {
		listener = socket(AF_INET, SOCK_STREAM, 0);
		setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one,
		    sizeof(one));
		if (bind(listener, (void *)&at, sizeof(at)) != 0 ||
		    listen(listener, 4) != 0)
			return 1;
	}
	for (int n = count ? atoi(count) : 1; n > 0; n--) {
		int fd = server ? accept(listener, NULL, NULL)
				: socket(AF_INET, SOCK_STREAM, 0);
		SSL *s = SSL_new(c);

		if (!server && connect(fd, (void *)&at, sizeof(at)) != 0)
			return 1;
		if (!server)
			client_extras(s, argc, argv);
		if (word(argc, argv, "alps") != NULL) {
			SSL_add_application_settings(s, (const uint8_t *)"h2",
			    2, (const uint8_t *)"abc", 3);
			SSL_add_application_settings(s, (const uint8_t *)"sip",
			    3, (const uint8_t *)"abc", 3);
		}
		SSL_set_fd(s, fd);
		if ((server ? SSL_accept(s) : SSL_connect(s)) == 1)
			talk(s, server);
		else
			printf("%d\n", SSL_get_error(s, 0));
		SSL_free(s);
		close(fd);
	}
	return 0;
}
