/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <net/if_arp.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <sys/socket.h>

#include "capture/decode.h"
#include "capture/source_private.h"
#include "core/buf.h"

static bool
socket_addr(const struct sockaddr *from, struct addr *to)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (from == NULL)
		return false;
	if (from->sa_family == AF_INET) {
		memcpy(&v4, from, sizeof(v4));
		*to = addr_v4((const uint8_t *)&v4.sin_addr);
		return true;
	}
	if (from->sa_family == AF_INET6) {
		memcpy(&v6, from, sizeof(v6));
		*to = addr_v6(v6.sin6_addr.s6_addr);
		return true;
	}
	return false;
}

static void
add_addresses(const pcap_addr_t *a, struct buf *to)
{
	char text[ADDR_TEXT_MAX];
	struct addr addr;

	for (; a != NULL; a = a->next) {
		if (!socket_addr(a->addr, &addr))
			continue;
		buf_text(to, to->n > 0 ? "," : "");
		buf_text(to, addr_text(&addr, text));
	}
}

static enum source_can
status_of(int status)
{
	switch (status) {
	case PCAP_ERROR_PERM_DENIED:
	case PCAP_ERROR_PROMISC_PERM_DENIED:
		return SOURCE_NO_RIGHT;
	case PCAP_ERROR_IFACE_NOT_UP:
		return SOURCE_DOWN;
	default:
		return status < 0 ? SOURCE_CANNOT : SOURCE_CAN;
	}
}

/* What the kernel calls hardware, where we may not ask libpcap. */
static const char *
link_of_device(const char *name)
{
	char path[128];
	int type = 0;
	int n = snprintf(path, sizeof(path), "/sys/class/net/%s/type", name);
	FILE *in = n > 0 && (size_t)n < sizeof(path) ? fopen(path, "re") : NULL;

	if (in == NULL)
		return NULL;
	if (fscanf(in, "%d", &type) != 1)
		type = 0;
	fclose(in);
	switch (type) {
	case ARPHRD_ETHER:
	case ARPHRD_LOOPBACK:
		return "Ethernet";
	case ARPHRD_NONE:
	case ARPHRD_TUNNEL:
	case ARPHRD_SIT:
		return "Raw IP";
	default:
		return NULL;
	}
}

static void
try_to_open(struct source_interface *i)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_create(i->name, error);
	int link;

	i->can = SOURCE_CANNOT;
	i->link_type = link_of_device(i->name);
	if (p == NULL)
		return;
	/* Nothing is read, so little is asked for. */
	(void)pcap_set_snaplen(p, 256);
	(void)pcap_set_buffer_size(p, 64 * 1024);
	i->can = status_of(pcap_activate(p));
	if (i->can == SOURCE_CAN) {
		link = pcap_datalink(p);
		i->link_type = pcap_datalink_val_to_description(link);
		if (link != DLT_RAW && decode_link_name((uint16_t)link) == NULL)
			i->can = SOURCE_FOREIGN;
	}
	pcap_close(p);
}

bool
source_list(void (*taker)(void *ctx, const struct source_interface *),
    void *ctx, struct fault *f)
{
	char error[PCAP_ERRBUF_SIZE];
	struct buf addresses;
	pcap_if_t *all;

	if (pcap_findalldevs(&all, error) != 0)
		return fail(f, "cannot list the interfaces: %s", error);
	buf_init(&addresses);
	for (const pcap_if_t *i = all; i != NULL; i = i->next) {
		struct source_interface out = {
			.name = i->name,
			.description = i->description,
			.up = (i->flags & PCAP_IF_UP) != 0,
			.running = (i->flags & PCAP_IF_RUNNING) != 0,
			.loopback = (i->flags & PCAP_IF_LOOPBACK) != 0,
		};

		buf_clear(&addresses);
		add_addresses(i->addresses, &addresses);
		out.addresses =
		    addresses.n > 0 && buf_ok(&addresses) ? addresses.p : "";
		try_to_open(&out);
		taker(ctx, &out);
	}
	buf_done(&addresses);
	pcap_freealldevs(all);
	return true;
}
