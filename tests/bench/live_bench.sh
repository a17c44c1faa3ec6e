#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# From which rate on packets are lost: live_bench.sh BIN
#
#   BENCH_LIVE_SECONDS=2       of each try
#   BENCH_LIVE_RATES="..."     packets per second to try, ascending
#   BENCH_LIVE_SHARES="100 3"  percent of its time that a program may run
#   BENCH_LIVE_FILES="a b"     captures to send (default: build/bench/*.pcap)
#
# One veth pair in a network namespace; tests/bench/blast.c sends on one side,
# one program at a time captures on the other, each with the same kernel
# buffer. What a packet costs the kernel on its way into that buffer is paid by
# the sender, which therefore is the limit where a program may run all the
# time; so each is tried with a part of it, too: stopped and continued every
# 50 ms. With real-time priority where that is allowed, the sender on a
# processor of its own.
set -u
cd "$(dirname "$0")/../.." || exit 2
bin=${1:?usage: tests/bench/live_bench.sh BIN}
case $bin in /*) ;; *) bin=$PWD/$bin ;; esac
for tool in tcpdump ip unshare taskset python3; do
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
if [ "$(nproc)" -lt 2 ]; then
	echo "  live: skipped: the sender needs a processor of its own"
	exit 0
fi
seconds=${BENCH_LIVE_SECONDS:-2}
rates=${BENCH_LIVE_RATES:-50000 100000 150000 200000 250000 300000 350000 400000 500000 700000 1000000}
shares=${BENCH_LIVE_SHARES:-100 3}
read -ra files <<<"${BENCH_LIVE_FILES:-$(ls build/bench/{handshakes,media}-*.pcap 2>/dev/null)}"
buffer=16384 # KiB
out=$(mktemp -d) || exit 2
trap 'rm -rf "$out"' EXIT
chmod 777 "$out"
extern=$(pkg-config --cflags --libs libpcap)
# shellcheck disable=SC2086 # a list of words
${CC:-cc} -std=c11 -D_GNU_SOURCE -O2 -o "$out/blast" tests/bench/blast.c \
    $extern || exit 2
ip link add s0 type veth peer name r0 || exit 2
for i in s0 r0; do
	sysctl -qw "net.ipv6.conf.$i.disable_ipv6=1"
	ip link set $i mtu 9000 up
done
first=() above=()
chrt -f 20 true 2>/dev/null && first=(chrt -f 10) above=(chrt -f 20)

# What each program has of what was sent; all say it on standard error or in
# the report. Counters of drops are not asked: each counts something else.
captured_by() { # name
	case $1 in
	spanward*)
		grep -o '"capture": *{"packets": *[0-9]*' "$out/report.json" |
		    head -n 1 | tr -dc 0-9
		;;
	tcpdump) sed -n 's/^\([0-9]*\) packets captured.*/\1/p' "$out/said" ;;
	dumpcap) sed -n "s|.*received/dropped on interface 'r0': \([0-9]*\)/.*|\1|p" "$out/said" ;;
	esac
}

begin() { # name; all but the sender's processor
	local run=("${first[@]}" taskset -c "1-$(($(nproc) - 1))")
	rm -f "$out/report.json" "$out/said"
	case $1 in
	"spanward -t 1" | "spanward -t 2")
		"${run[@]}" "$bin" audit -q -B $buffer -t "${1##* }" -i r0 \
		    -o "json:$out/report.json" 2>"$out/said" &
		;;
	tcpdump) "${run[@]}" tcpdump -B $buffer -i r0 -w /dev/null 2>"$out/said" & ;;
	dumpcap) "${run[@]}" dumpcap -q -B $((buffer / 1024)) -i r0 \
	    -w /dev/null 2>"$out/said" & ;;
	esac
	capture=$!
	for _ in $(seq 100); do
		[ "$(grep -c . /proc/net/packet)" -gt 1 ] && break
		sleep 0.05
	done
	sleep 0.3
}

# Stops and continues the program, so that it runs for a part of the time.
curb() { # pid, percent
	[ "$2" -ge 100 ] && exec sleep 1000
	exec "${above[@]}" python3 -c '
import os, signal, sys, time
pid, part = int(sys.argv[1]), int(sys.argv[2]) / 100
while True:
    os.kill(pid, signal.SIGSTOP)
    time.sleep(0.05 * (1 - part))
    os.kill(pid, signal.SIGCONT)
    time.sleep(0.05 * part)' "$1" "$2"
}

# Sets `reached`, `lost`.
try() { # name, capture, rate, percent
	begin "$1"
	curb "$capture" "$4" 2>/dev/null &
	local curb=$! captured sent
	read -r reached sent < <("${first[@]}" taskset -c 0 "$out/blast" s0 \
	    "$3" "$seconds" "$2")
	kill $curb
	wait $curb 2>/dev/null
	kill -CONT $capture
	sleep 1.2 # tcpdump looks once a second
	kill -INT $capture
	wait $capture
	captured=$(captured_by "$1")
	lost=${captured:+$((sent - captured))}
}

# Sets `good`, `worse`: the rate reached without a loss, and what stopped it.
onset() { # name, capture, percent
	local rate
	good=0
	worse="the sender is the limit"
	for rate in $rates; do
		try "$1" "$2" "$rate" "$3"
		if [ -z "$lost" ]; then
			worse="no answer"
			bad=1
			return
		fi
		if [ "$lost" -gt 0 ]; then
			worse="$reached ($lost lost)"
			return
		fi
		[ "$reached" -gt "$good" ] && good=$reached
		[ "$reached" -lt $((rate * 9 / 10)) ] && return
	done
	worse="not tried"
}

bad=0
printf '  live, %s s each, %d MiB buffer\n' "$seconds" $((buffer / 1024))
for file in "${files[@]}"; do
	for share in $shares; do
		printf '    %-22s %14s   %s\n' "${file##*/}" "no loss up to" \
		    "loss at; each may run $share % of the time"
		for name in "spanward -t 1" "spanward -t 2" tcpdump dumpcap; do
			command -v "${name%% *}" >/dev/null ||
			    [ "${name%% *}" = spanward ] || continue
			onset "$name" "$file" "$share"
			printf '    %-22s %14s   %s\n' "$name" "$good" "$worse"
		done
	done
done
exit $bad
