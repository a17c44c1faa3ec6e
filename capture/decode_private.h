/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decode_private.h - what the decode files share.
 *
 * A walk goes from layer to layer. Each layer reads its header, cuts the walk
 * to what its length field says and names the layer that comes next; so no
 * layer calls another one and the depth is counted in one place.
 */
#ifndef CAPTURE_DECODE_PRIVATE_H
#define CAPTURE_DECODE_PRIVATE_H

#include "capture/decode.h"
#include "capture/defrag.h"
#include "core/cursor.h"

enum layer {
	LAYER_ETHERNET,
	LAYER_VLAN,
	LAYER_VNTAG,
	LAYER_ITAG,
	LAYER_METADATA,
	LAYER_LLC,
	LAYER_SLL,
	LAYER_SLL2,
	LAYER_NULL,
	LAYER_LOOP,
	LAYER_PPP,
	LAYER_PPPOE,
	LAYER_CHDLC,
	LAYER_MPLS,
	LAYER_NFLOG,
	LAYER_WLAN,
	LAYER_WLAN_SWAPPED,
	LAYER_RADIOTAP,
	LAYER_PPI,
	LAYER_IP, /* the first four bits tell which */
	LAYER_IPV4,
	LAYER_IPV6,
	LAYER_GRE,
	LAYER_ERSPAN2,
	LAYER_ERSPAN3,
	LAYER_ETHERIP,
	LAYER_VXLAN,
	LAYER_VXLAN_GPE,
	LAYER_NSH,
	LAYER_GENEVE,
	LAYER_GTPU,
	LAYER_TEREDO,
	LAYER_L2TP,
	LAYER_L2TP3,
	LAYER_TZSP,
	LAYER_LISP,
	LAYER_MPLS_UDP,
	LAYER_CAPWAP,
	LAYERS
};

/* EtherTypes that more than one of the files asks for. */
enum {
	TYPE_IPV4 = 0x0800,
	TYPE_CTAG = 0x8100,
	TYPE_IPV6 = 0x86dd,
	TYPE_STAG = 0x88a8,
};

/* A layer that is not the last one returns this and sets walk.layer. */
#define WALK_ON DECODE_RESULTS

struct walk {
	struct defrag *defrag;
	struct packet *p;
	struct cursor c; /* captured bytes from the present layer on */
	size_t missing;  /* that followed on the wire and were not captured */
	enum layer layer;
	uint8_t tunnels;
	uint16_t id; /* of the fragments an IPv6 packet was put together from */
	bool strict; /* only a guess that this is a tunnel: lengths must fit */
	bool known;  /* NOT_IP, but of a kind that exists */
	bool open;   /* the end never came: `missing` is the least there was */
	/* Where to return if the tunnel turns out to be none. */
	bool has_refuge;
	bool sure; /* the header above said that it is one */
	struct packet refuge;
};

/* ---- decode_plain.c ---- */

/* Decodes a frame of the usual kind; false: it is another, and the packet is
 * not to be used. */
bool decode_plain(struct packet *p) MUST_CHECK;

/* A header did not fit: did the capture cut it, or was it never there? */
enum decode_result walk_short(const struct walk *w);
/*
 * The layer is n bytes long, so much the wire carried; what stands behind it
 * is padding. walk_limit() only makes it shorter, for length fields that are
 * less trusted than those of IP.
 */
bool walk_trim(struct walk *w, size_t n) MUST_CHECK;
bool walk_limit(struct walk *w, size_t n) MUST_CHECK;
/* n bytes were read, some of them perhaps not captured. */
bool walk_skip(struct walk *w, size_t n) MUST_CHECK;
enum decode_result walk_to(struct walk *w, enum layer next);
/* NOT_IP of a protocol that we know by name. */
enum decode_result walk_other(struct walk *w);
/* The packet as filled so far is the answer if `next` is no packet. */
enum decode_result walk_tunnel(struct walk *w, enum layer next, bool sure);

enum decode_result walk_ethertype(struct walk *w, uint16_t type);
/* Some layer name follows this link type. */
bool link_layer(uint16_t link, enum layer *first) MUST_CHECK;
/* An Ethernet header with a type that exists stands at c. */
bool looks_ethernet(struct cursor c);

/* decode_link.c */
enum decode_result decode_ethernet(struct walk *w);
enum decode_result decode_vlan(struct walk *w);
enum decode_result decode_vntag(struct walk *w);
enum decode_result decode_itag(struct walk *w);
enum decode_result decode_metadata(struct walk *w);
enum decode_result decode_llc(struct walk *w);
enum decode_result decode_sll(struct walk *w);
enum decode_result decode_sll2(struct walk *w);
enum decode_result decode_null(struct walk *w);
enum decode_result decode_loop(struct walk *w);
enum decode_result decode_ppp(struct walk *w);
enum decode_result decode_pppoe(struct walk *w);
enum decode_result decode_chdlc(struct walk *w);
enum decode_result decode_mpls(struct walk *w);
enum decode_result decode_nflog(struct walk *w);
/* decode_wlan.c */
enum decode_result decode_wlan(struct walk *w);
enum decode_result decode_wlan_swapped(struct walk *w);
enum decode_result decode_radiotap(struct walk *w);
enum decode_result decode_ppi(struct walk *w);
/* decode_ip.c */
enum decode_result decode_ip(struct walk *w);
enum decode_result decode_ipv4(struct walk *w);
enum decode_result decode_ipv6(struct walk *w);
/* decode_l4.c: the last layer, or the first of a tunnel */
enum decode_result decode_transport(struct walk *w, uint8_t proto);
/* decode_tunnel.c */
enum decode_result decode_gre(struct walk *w);
enum decode_result decode_erspan2(struct walk *w);
enum decode_result decode_erspan3(struct walk *w);
enum decode_result decode_etherip(struct walk *w);
enum decode_result decode_vxlan(struct walk *w);
enum decode_result decode_vxlan_gpe(struct walk *w);
enum decode_result decode_nsh(struct walk *w);
enum decode_result decode_geneve(struct walk *w);
enum decode_result decode_gtpu(struct walk *w);
enum decode_result decode_teredo(struct walk *w);
enum decode_result decode_l2tp(struct walk *w);
enum decode_result decode_l2tp3(struct walk *w); /* from the session on */
enum decode_result decode_tzsp(struct walk *w);
enum decode_result decode_lisp(struct walk *w);
enum decode_result decode_mpls_udp(struct walk *w);
enum decode_result decode_capwap(struct walk *w);
/* UDP of these ports may carry packets; false: ordinary UDP. */
bool tunnel_of_ports(uint16_t src, uint16_t dst, enum layer *layer) MUST_CHECK;

#endif
