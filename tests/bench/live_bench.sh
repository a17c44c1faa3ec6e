#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# From which rate on packets are lost: live_bench.sh BIN
#
#   BENCH_LIVE_SECONDS=2       of each try
#   BENCH_LIVE_RATES="..."     packets per second to try, ascending
#   BENCH_LIVE_FILES="a b"     captures to replay (default: build/bench/*.pcap)
#
# One veth pair in a network namespace; tcpreplay sends on one side, one
# program at a time captures on the other, each with the same kernel buffer.
# The sender needs a processor of its own: what it reaches is told beside.
set -u
cd "$(dirname "$0")/../.." || exit 2
bin=${1:?usage: tests/bench/live_bench.sh BIN}
case $bin in /*) ;; *) bin=$PWD/$bin ;; esac
for tool in tcpreplay tcpdump ip unshare; do
	command -v $tool >/dev/null && continue
	echo "  live: skipped: no $tool"
	exit 0
done
if [ "${LIVE_INSIDE:-}" != 1 ]; then
	if [ "$(id -u)" -ne 0 ] || ! unshare --net true 2>/dev/null; then
		echo "  live: skipped: only root makes network namespaces"
		exit 0
	fi
	LIVE_INSIDE=1 exec unshare --net "$0" "$bin"
fi
seconds=${BENCH_LIVE_SECONDS:-2}
rates=${BENCH_LIVE_RATES:-50000 100000 150000 200000 300000 400000 600000 800000}
read -ra files <<<"${BENCH_LIVE_FILES:-$(ls build/bench/{handshakes,media}-*.pcap 2>/dev/null)}"
buffer=16384 # KiB
out=$(mktemp -d) || exit 2
trap 'rm -rf "$out"' EXIT
chmod 777 "$out"
ip link add s0 type veth peer name r0 || exit 2
for i in s0 r0; do
	sysctl -qw "net.ipv6.conf.$i.disable_ipv6=1"
	ip link set $i mtu 9000 up
done

# What each program says of what it lost; all say it on standard error or in
# the report.
lost_by() { # name
	case $1 in
	spanward*)
		grep -o '"kernel_drops": *[0-9]*' "$out/report.json" |
		    head -n 1 | tr -dc 0-9
		;;
	tcpdump) sed -n 's/^\([0-9]*\) packets dropped by kernel.*/\1/p' "$out/said" ;;
	dumpcap) sed -n "s|.*received/dropped on interface 'r0': [0-9]*/\([0-9]*\) .*|\1|p" "$out/said" ;;
	esac
}

begin() { # name
	case $1 in
	"spanward -t 1" | "spanward -t 2")
		"$bin" audit -q -B $buffer -t "${1##* }" -i r0 \
		    -o "json:$out/report.json" 2>"$out/said" &
		;;
	tcpdump) tcpdump -B $buffer -i r0 -w /dev/null 2>"$out/said" & ;;
	dumpcap) dumpcap -q -B $((buffer / 1024)) -i r0 -w /dev/null 2>"$out/said" & ;;
	esac
	capture=$!
	for _ in $(seq 100); do
		[ "$(grep -c . /proc/net/packet)" -gt 1 ] && break
		sleep 0.05
	done
	sleep 0.3
}

# Sets `reached`, `lost`.
try() { # name, capture, rate
	begin "$1"
	reached=$(tcpreplay -K -q -i s0 --loop 1000 --duration "$seconds" \
	    --pps "$3" "$2" 2>&1 |
	    sed -n 's/.* Mbps, \([0-9]*\)\.*[0-9]* pps.*/\1/p' | tail -n 1)
	sleep 0.5
	kill -INT $capture
	wait $capture
	lost=$(lost_by "$1")
}

bad=0
printf '  live, %s s each, %d MiB buffer\n' "$seconds" $((buffer / 1024))
for file in "${files[@]}"; do
	printf '    %-22s %14s %14s %10s\n' "${file##*/}" "no loss up to" \
	    "loss at" "dropped"
	for name in "spanward -t 1" "spanward -t 2" tcpdump dumpcap; do
		command -v "${name%% *}" >/dev/null || [ "${name%% *}" = spanward ] ||
		    continue
		good=0
		worse=-
		for rate in $rates; do
			try "$name" "$file" "$rate"
			if [ -z "$lost" ]; then
				worse="no answer"
				bad=1
				break
			fi
			if [ "$lost" -gt 0 ]; then
				worse=$reached
				break
			fi
			good=$reached
			# The sender has no more to give.
			[ "${reached:-0}" -lt $((rate * 8 / 10)) ] && break
		done
		printf '    %-22s %14s %14s %10s\n' "$name" "$good" "$worse" \
		    "${lost:--}"
	done
done
exit $bad
