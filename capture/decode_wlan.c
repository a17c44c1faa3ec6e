/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wireless frames: data that is not encrypted on the air.
 *
 * Spec: IEEE 802.11-2020 9.2.3, 9.2.4, 9.3.2; radiotap.org; PPI header
 * specification 1.0.10.
 */
#include "capture/decode_private.h"

enum {
	FRAME_DATA = 2,
	SUBTYPE_NO_DATA = 0x4,
	SUBTYPE_QOS = 0x8,
	FLAG_TO_DS = 0x0100,
	FLAG_FROM_DS = 0x0200,
	FLAG_PROTECTED = 0x4000,
	FLAG_ORDER = 0x8000, /* of a QoS frame: an HT control field follows */
	QOS_AMSDU = 0x0080,
};

/* Several frames in one: the first is taken, 9.3.2.2.2. */
static enum decode_result
first_of_amsdu(struct walk *w)
{
	uint16_t length;

	if (!cur_skip(&w->c, 12) || !cur_u16(&w->c, &length))
		return walk_short(w);
	if (!walk_limit(w, length))
		return DECODE_MALFORMED;
	return walk_to(w, LAYER_LLC);
}

static bool
wlan_addresses(struct walk *w, uint16_t control, uint16_t *sequence)
{
	uint16_t ds = control & (FLAG_TO_DS | FLAG_FROM_DS);

	/* duration, three addresses, sequence, perhaps a fourth address */
	if (!cur_skip(&w->c, 20) || !cur_u16le(&w->c, sequence))
		return false;
	return ds != (FLAG_TO_DS | FLAG_FROM_DS) || cur_skip(&w->c, 6);
}

enum { PLAIN, PADDED, SWAPPED }; /* header to four bytes; control bytes */

static enum decode_result
wlan_data(struct walk *w, unsigned how)
{
	const uint8_t *start = w->c.at;
	uint16_t control;
	uint16_t sequence;
	uint16_t qos = 0;
	unsigned subtype;

	if (!(how == SWAPPED ? cur_u16(&w->c, &control)
			     : cur_u16le(&w->c, &control)))
		return walk_short(w);
	subtype = control >> 4 & 15;
	if ((control & 3) != 0 || (control >> 2 & 3) != FRAME_DATA ||
	    (subtype & SUBTYPE_NO_DATA) != 0 || (control & FLAG_PROTECTED) != 0)
		return walk_other(w);
	if (!wlan_addresses(w, control, &sequence))
		return walk_short(w);
	if ((subtype & SUBTYPE_QOS) != 0) {
		if (!cur_u16le(&w->c, &qos))
			return walk_short(w);
		if ((control & FLAG_ORDER) != 0 && !cur_skip(&w->c, 4))
			return walk_short(w);
	}
	while (how == PADDED && (size_t)(w->c.at - start) % 4 != 0)
		if (!cur_skip(&w->c, 1))
			return walk_short(w);
	if (how != SWAPPED && (sequence & 15) != 0) /* a later fragment */
		return walk_other(w);
	if ((qos & QOS_AMSDU) != 0)
		return first_of_amsdu(w);
	return walk_to(w, LAYER_LLC);
}

enum decode_result
decode_wlan(struct walk *w)
{
	return wlan_data(w, PLAIN);
}

enum decode_result
decode_wlan_swapped(struct walk *w)
{
	return wlan_data(w, SWAPPED);
}

/*
 * The flags field is the second of the optional fields, behind all words of
 * the presence map and an aligned 64-bit time. No flags: no padding.
 */
static uint8_t
radiotap_flags(struct cursor c)
{
	enum { TSFT = 1, FLAGS = 2 };
	size_t words = 1;
	uint32_t first;
	uint32_t more;
	uint8_t flags;

	if (!cur_skip(&c, 4) || !cur_u32le(&c, &first))
		return 0;
	for (more = first; (more & UINT32_C(0x80000000)) != 0; words++)
		if (!cur_u32le(&c, &more))
			return 0;
	if ((first & FLAGS) == 0)
		return 0;
	if ((first & TSFT) != 0) {
		if (words % 2 == 0 && !cur_skip(&c, 4))
			return 0;
		if (!cur_skip(&c, 8))
			return 0;
	}
	return cur_u8(&c, &flags) ? flags : 0;
}

enum decode_result
decode_radiotap(struct walk *w)
{
	enum { DATA_PADDED = 0x20 };
	struct cursor look = w->c;
	struct cursor header;
	uint8_t version;
	uint16_t length;

	if (!cur_u8(&look, &version) || !cur_skip(&look, 1) ||
	    !cur_u16le(&look, &length))
		return walk_short(w);
	if (version != 0 || length < 8)
		return DECODE_MALFORMED;
	if (!cur_sub(&w->c, length, &header))
		return walk_short(w);
	return wlan_data(w,
	    (radiotap_flags(header) & DATA_PADDED) != 0 ? PADDED : PLAIN);
}

enum decode_result
decode_ppi(struct walk *w)
{
	struct cursor look = w->c;
	enum layer next;
	uint16_t length;
	uint32_t link;

	if (!cur_skip(&look, 2) || !cur_u16le(&look, &length) ||
	    !cur_u32le(&look, &link))
		return walk_short(w);
	if (length < 8)
		return DECODE_MALFORMED;
	if (!cur_skip(&w->c, length))
		return walk_short(w);
	if (link > 0xffff || !link_layer((uint16_t)link, &next))
		return DECODE_UNKNOWN_LINK;
	return walk_to(w, next);
}
