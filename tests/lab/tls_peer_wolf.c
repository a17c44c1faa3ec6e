/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_peer_wolf server|client IP PORT [name=value ...]: see tls_peer.py. Built
 * by tls_matrix.py against libwolfssl-dev.
 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

static const char request[] = "OPTIONS sip:b.example SIP/2.0\r\n"
			      "Call-ID: 1@a.example\r\nCSeq: 1 OPTIONS\r\n"
			      "Content-Length: 0\r\n\r\n";
static const char answer[] = "SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n";

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

static WOLFSSL_CTX *
context(int argc, char **argv, bool server)
{
	const char *max = word(argc, argv, "max");
	const char *cert = word(argc, argv, "cert");
	const char *ca = word(argc, argv, "ca");
	const char *ask = word(argc, argv, "ask");
	bool old = max != NULL && strcmp(max, "1.2") == 0;
	WOLFSSL_CTX *c;

	if (server)
		c = wolfSSL_CTX_new(old ? wolfTLSv1_2_server_method()
					: wolfTLSv1_3_server_method());
	else
		c = wolfSSL_CTX_new(old ? wolfTLSv1_2_client_method()
					: wolfTLSv1_3_client_method());
	if (cert != NULL) {
		wolfSSL_CTX_use_certificate_chain_file(c, cert);
		wolfSSL_CTX_use_PrivateKey_file(c, word(argc, argv, "key"),
		    WOLFSSL_FILETYPE_PEM);
	}
	if (ca != NULL)
		wolfSSL_CTX_load_verify_locations(c, ca, NULL);
	wolfSSL_CTX_set_verify(c, WOLFSSL_VERIFY_NONE, NULL);
	if (server && ask != NULL && strcmp(ask, "none") != 0)
		wolfSSL_CTX_set_verify(c,
		    WOLFSSL_VERIFY_PEER |
			(strcmp(ask, "require") == 0
				? WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT
				: 0),
		    NULL);
	return c;
}

static void
talk(WOLFSSL *s, bool server)
{
	char room[4096];

	for (int i = 0; server || i < 2; i++) {
		if (!server &&
		    wolfSSL_write(s, request, sizeof(request) - 1) <= 0)
			return;
		if (wolfSSL_read(s, room, sizeof(room)) <= 0)
			return;
		if (server && wolfSSL_write(s, answer, sizeof(answer) - 1) <= 0)
			return;
	}
	wolfSSL_shutdown(s);
}

int
main(int argc, char **argv)
{
	bool server = strcmp(argv[1], "server") == 0;
	struct sockaddr_in at = { .sin_family = AF_INET };
	const char *count = word(argc, argv, "count");
	WOLFSSL_SESSION *session = NULL;
	int listener = -1, one = 1;

	at.sin_port = htons((uint16_t)atoi(argv[3]));
	inet_pton(AF_INET, argv[2], &at.sin_addr);
	alarm(10);
	wolfSSL_Init();
	WOLFSSL_CTX *c = context(argc, argv, server);

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
		WOLFSSL *s = wolfSSL_new(c);

		if (!server && connect(fd, (void *)&at, sizeof(at)) != 0)
			return 1;
		wolfSSL_set_fd(s, fd);
		if (session != NULL)
			wolfSSL_set_session(s, session);
		if ((server ? wolfSSL_accept(s) : wolfSSL_connect(s)) ==
		    WOLFSSL_SUCCESS)
			talk(s, server);
		else
			printf("%d\n", wolfSSL_get_error(s, 0));
		if (!server)
			session = wolfSSL_get1_session(s);
		wolfSSL_free(s);
		close(fd);
	}
	return 0;
}
