#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Speak through a TURN server (RFC 5766): PCMU in ChannelData.

usage: turn.py SERVER PORT PEER PEER-PORT KEY

Allocates a relay address with aioice, binds a channel to the peer, sends some
speech. Sends from the peer's side are up to peer.py. KEY is an SDES key in
base64, or - for RTP in clear.
"""
import asyncio
import sys

import aioice.turn

import rtp


class Listener(asyncio.DatagramProtocol):
    pass


async def main():
    server, port, peer, peer_port, key = sys.argv[1:6]
    transport, _ = await aioice.turn.create_turn_endpoint(
        Listener, server_addr=(server, int(port)), username="alice",
        password="secret", lifetime=600, transport="udp")
    relay = transport.get_extra_info("sockname")
    print("%s %d" % relay, flush=True)
    out = rtp.Stream(0, rtp.key_of(key))
    for n in range(rtp.PACKETS):
        transport.sendto(out.packet(rtp.speech(n), 160, n == 0),
                         (peer, int(peer_port)))
        await asyncio.sleep(0.02)
    transport.close()
    await asyncio.sleep(0.3)


asyncio.run(main())
