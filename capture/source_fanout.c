/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel spreads the packets of an interface over several sockets
 * (packet(7), PACKET_FANOUT).
 *
 * By a program of ours, not by the kernel's own hash: what reads a packet can
 * then tell from its five-tuple where the kernel sent it, so that almost all
 * packets come where their flow lives; and tunnels are known. Both directions
 * give the same, and the constants are drawn at start, so that nobody can
 * choose where his packets go. The kernel puts IPv4 fragments together before:
 * without their ports they would come elsewhere and late.
 */
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include "capture/source_private.h"
#include "core/hash.h"

void
spread_init(struct spread *k)
{
	uint64_t a = hash_bytes("fanout 1", 8);
	uint64_t b = hash_bytes("fanout 2", 8);

	/* Odd numbers: multiplying loses no bit. */
	*k = (struct spread){ (uint32_t)a | 1, (uint32_t)(a >> 32) | 1,
		(uint32_t)b | 1 };
}

static uint32_t
fold(const struct addr *a)
{
	unsigned n = a->family == 4 ? 4 : sizeof(a->b);
	uint32_t sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum ^= (uint32_t)a->b[i] << (24 - 8 * (i % 4));
	return sum;
}

/* What the program below computes, of a packet without tunnel. */
uint32_t
spread(const struct spread *k, const struct five_tuple *t)
{
	uint32_t h = (fold(&t->src.addr) ^ fold(&t->dst.addr)) * k->addresses;

	h += (uint32_t)(t->src.port ^ t->dst.port) * k->ports;
	h ^= h >> 16;
	return h * k->all >> 16;
}

#define NET(n)     ((uint32_t)(SKF_NET_OFF + (n)))
#define LOAD(w, n) BPF_STMT(BPF_LD | (w) | BPF_ABS, NET(n))
#define MORE(n)                                          \
	BPF_STMT(BPF_MISC | BPF_TAX, 0), LOAD(BPF_W, n), \
	    BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0)

#define TUNNEL(port, to) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (port), (to), 0)

/* Where jumps go is counted from the next instruction. */
static bool
load_program(int fd)
{
	struct spread k;

	spread_init(&k);
	/* clang-format off */
	struct sock_filter code[] = {
		/*  0 */ BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			(uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL)),
		/*  1 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 2, 0),
		/*  2 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 16, 0),
		/*  3 */ BPF_STMT(BPF_RET | BPF_K, 0),
		/* IPv4; fragments go by their addresses alone (to 64) */
		/*  4 */ LOAD(BPF_W, 12),
		/*  5 */ MORE(16),
		/*  8 */ BPF_STMT(BPF_ST, 0),
		/*  9 */ LOAD(BPF_H, 6),
		/* 10 */ BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x3fff, 53, 0),
		/* 11 */ LOAD(BPF_B, 9),
		/* 12 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 6, 2, 0),
		/* 13 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 17, 1, 0),
		/* 14 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 132, 0, 49),
		/* 15 */ BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, NET(0)),
		/* 16 */ BPF_STMT(BPF_LD | BPF_H | BPF_IND, NET(0)),
		/* 17 */ BPF_STMT(BPF_ST, 1),
		/* 18 */ BPF_STMT(BPF_JMP | BPF_JA, 30),
		/* IPv6; extension headers, fragments among them: no ports */
		/* 19 */ LOAD(BPF_W, 8),
		/* 20 */ MORE(12), MORE(16), MORE(20),
		/* 29 */ MORE(24), MORE(28), MORE(32), MORE(36),
		/* 41 */ BPF_STMT(BPF_ST, 0),
		/* 42 */ LOAD(BPF_B, 6),
		/* 43 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 6, 2, 0),
		/* 44 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 17, 1, 0),
		/* 45 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 132, 0, 18),
		/* 46 */ BPF_STMT(BPF_LDX | BPF_W | BPF_IMM, 40),
		/* 47 */ BPF_STMT(BPF_LD | BPF_H | BPF_IND, NET(0)),
		/* 48 */ BPF_STMT(BPF_ST, 1),
		/* X is where the ports stand; the first is kept. Tunnels go by
		 * their addresses: what is inside one flow may come with other
		 * ports in each direction, and must not overtake itself. */
		/* 49 */ BPF_STMT(BPF_LD | BPF_H | BPF_IND, NET(2)),
		/* 50 */ TUNNEL(1701, 13),
		/* 51 */ TUNNEL(2152, 12),
		/* 52 */ TUNNEL(3544, 11),
		/* 53 */ TUNNEL(4754, 10),
		/* 54 */ TUNNEL(4789, 9),
		/* 55 */ TUNNEL(4790, 8),
		/* 56 */ TUNNEL(5246, 7),
		/* 57 */ TUNNEL(5247, 6),
		/* 58 */ TUNNEL(6081, 5),
		/* 59 */ TUNNEL(8472, 4),
		/* 60 */ BPF_STMT(BPF_LDX | BPF_W | BPF_MEM, 1),
		/* 61 */ BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
		/* 62 */ BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, k.ports),
		/* 63 */ BPF_STMT(BPF_JMP | BPF_JA, 1),
		/* 64 */ BPF_STMT(BPF_LD | BPF_W | BPF_IMM, 0),
		/* all of it */
		/* 65 */ BPF_STMT(BPF_MISC | BPF_TAX, 0),
		/* 66 */ BPF_STMT(BPF_LD | BPF_W | BPF_MEM, 0),
		/* 67 */ BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, k.addresses),
		/* 68 */ BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0),
		/* 69 */ BPF_STMT(BPF_MISC | BPF_TAX, 0),
		/* 70 */ BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 16),
		/* 71 */ BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
		/* 72 */ BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, k.all),
		/* 73 */ BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 16),
		/* 74 */ BPF_STMT(BPF_RET | BPF_A, 0),
	};
	/* clang-format on */
	struct sock_fprog program = { COUNT(code), code };

	return setsockopt(fd, SOL_PACKET, PACKET_FANOUT_DATA, &program,
		   sizeof(program)) == 0;
}

/* The kernel finds a free group for the first member and tells which. */
bool
fanout_join(int fd, uint16_t *group, bool first)
{
	unsigned type = PACKET_FANOUT_CBPF | PACKET_FANOUT_FLAG_DEFRAG;
	int arg = (int)(type << 16 | *group);
	socklen_t size = sizeof(arg);

	if (fd < 0)
		return false;
	if (first)
		arg = (int)((type | PACKET_FANOUT_FLAG_UNIQUEID) << 16);
	if (setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &arg, sizeof(arg)) != 0)
		return false;
	if (first &&
	    getsockopt(fd, SOL_PACKET, PACKET_FANOUT, &arg, &size) != 0)
		return false;
	*group = (uint16_t)((unsigned)arg & 0xffff);
	return load_program(fd);
}
