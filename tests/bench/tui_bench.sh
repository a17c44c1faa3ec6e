#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Key latency and idle share of `spanward watch` with 200 000 flows and more:
# tui_bench.sh BIN
set -u
cd "$(dirname "$0")/../.." || exit 2
bin=${1:?usage: tests/bench/tui_bench.sh BIN}
dir=build/bench
file=$dir/flows-1000000.pcap
export PYTHONDONTWRITEBYTECODE=1
mkdir -p "$dir" || exit 2
if [ ! -s "$file" ]; then
	echo "  making $file" >&2
	tests/bench/multiply.py flows 1000000 "$file.part" \
	    samples/captures/sip-s2s-mtls1[23].pcap \
	    samples/captures/sip-client-tls12*.pcap \
	    samples/captures/sip-federation-mtls12.pcap \
	    samples/captures/https-*.pcap samples/captures/im-tls12.pcap \
	    samples/captures/call-*.pcap samples/captures/turn-udp-*.pcap \
	    samples/captures/video-*.pcap samples/captures/media-bypass.pcap &&
	    mv "$file.part" "$file" || exit 2
fi
echo "  watch, ${file##*/}"
exec tests/bench/tui_latency.py "$bin" "$file"
