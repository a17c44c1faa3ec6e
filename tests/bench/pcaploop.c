/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pcaploop.c - what reading alone costs: an empty libpcap loop.
 */
#include <pcap/pcap.h>
#include <stdint.h>
#include <stdio.h>

struct sum {
	uint64_t packets;
	uint64_t bytes;
};

static void
take(u_char *user, const struct pcap_pkthdr *head, const u_char *bytes)
{
	struct sum *sum = (struct sum *)(void *)user;

	(void)bytes;
	sum->packets++;
	sum->bytes += head->len;
}

int
main(int argc, char **argv)
{
	char why[PCAP_ERRBUF_SIZE];
	struct sum sum = { 0, 0 };
	pcap_t *in = argc == 2 ? pcap_open_offline(argv[1], why) : NULL;

	if (in == NULL) {
		fprintf(stderr, "usage: pcaploop FILE\n");
		return 2;
	}
	if (pcap_loop(in, -1, take, (u_char *)&sum) != 0)
		return 1;
	pcap_close(in);
	printf("%ju packets, %ju bytes\n", (uintmax_t)sum.packets,
	    (uintmax_t)sum.bytes);
	return 0;
}
