#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rates on captures of a million packets, as ratios taken in one run:
# bench.sh BIN
#
#   BENCH_PACKETS=1000000   packets of each capture (cached in build/bench); of
#                           media four times as many, a gigabyte
#   BENCH_TSHARK=1          tshark too, which takes minutes
#   BENCH_SECONDS=120       no program runs longer than this
#   BENCH_FILES="a b"       these captures instead of the made ones
#
# Rates of other programs stand for scale: they do other work.
set -u
cd "$(dirname "$0")/.." || exit 2
bin=${1:?usage: tests/bench.sh BIN}
packets=${BENCH_PACKETS:-1000000}
limit=${BENCH_SECONDS:-120}
dir=build/bench
samples=samples/captures
export PYTHONDONTWRITEBYTECODE=1
mkdir -p "$dir" || exit 2

extern=$(pkg-config --cflags --libs libpcap)
if [ tests/bench/pcaploop.c -nt "$dir/pcaploop" ]; then
	# shellcheck disable=SC2086 # a list of words
	${CC:-cc} -std=c11 -D_GNU_SOURCE -O2 -o "$dir/pcaploop" \
	    tests/bench/pcaploop.c $extern || exit 2
fi

lib=$(dirname "$bin")/libspanward.a
if [ "$lib" -nt "$dir/flowtable" ]; then
	${CC:-cc} -std=c11 -D_GNU_SOURCE -I. -O2 -o "$dir/flowtable" \
	    tests/bench/flowtable.c "$lib" || exit 2
fi

make_capture() { # kind, packets, captures
	local kind=$1 count=$2 file=$dir/$1-$2.pcap
	shift 2
	made=$file
	if [ ! -s "$file" ] || [ tests/bench/multiply.py -nt "$file" ]; then
		echo "  making $file" >&2
		tests/bench/multiply.py "$kind" "$count" "$file.part" "$@" &&
		    mv "$file.part" "$file"
	fi
}

measure() { # what it is called, command
	local name=$1 took peak status rate
	shift
	read -r took peak status < <(tests/bench/measure.py "$limit" "$@")
	if [ "${status:-1}" -eq 124 ]; then
		printf '    %-22s over %s seconds\n' "$name" "$limit"
		return
	fi
	if [ "${status:-2}" -ne 0 ] && [ "${status:-2}" -ne 1 ]; then
		printf '    %-22s ended with %s\n' "$name" "${status:-nothing}"
		bad=1
		return
	fi
	rate=$(awk "BEGIN { printf \"%d\", $total / ($took + 0.00005) }")
	[ "$name" = "empty libpcap loop" ] && loop=$rate
	case $name in
	"spanward -t 1") first=$rate ;;
	esac
	printf '    %-22s %10d %9s %9s %7d MB\n' "$name" "$rate" \
	    "$(ratio "$rate" "$loop")" "$(ratio "$rate" "$first")" \
	    $((peak / 1024))
}

ratio() { # of two rates
	[ "$2" -gt 0 ] || { echo -; return; }
	awk "BEGIN { printf \"%.3f\", $1 / $2 }"
}

compare() { # capture
	local file=$1 size
	total=$("$dir/pcaploop" "$file" | sed 's/ .*//')
	size=$(($(stat -c %s "$file") / 1000000))
	loop=0
	first=0
	echo
	echo "  ${file##*/}: $total packets, $size MB"
	printf '    %-22s %10s %9s %9s %10s\n' "" packets/s "of loop" \
	    "of -t 1" "peak RSS"
	cat "$file" >/dev/null # into the page cache, the same for all
	measure "empty libpcap loop" "$dir/pcaploop" "$file"
	measure "spanward -t 1" "$bin" audit -q -t 1 -r "$file"
	measure "spanward -t 2" "$bin" audit -q -t 2 -r "$file"
	# One worker needs a second processor only to judge at the end.
	measure "-t 1, one processor" taskset -c 0 "$bin" audit -q -t 1 \
	    -r "$file"
	if command -v ndpiReader >/dev/null; then
		measure "ndpiReader" ndpiReader -q -i "$file"
	fi
	if [ "${BENCH_TSHARK:-0}" = 1 ] && command -v tshark >/dev/null; then
		measure "tshark" tshark -n -q -r "$file"
	fi
}

bad=0
echo "$(nproc) processors, $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)"
if [ -n "${BENCH_FILES:-}" ]; then
	for file in $BENCH_FILES; do
		compare "$file"
	done
	exit $bad
fi

# Media is quickest: a million packets would measure how long a start takes.
media=$((4 * packets))
signalling=("$samples"/sip-s2s-mtls1[23].pcap "$samples"/sip-client-tls12*.pcap
    "$samples"/sip-federation-mtls12.pcap "$samples"/https-*.pcap
    "$samples"/im-tls12.pcap)
calls=("$samples"/call-*.pcap "$samples"/turn-udp-*.pcap
    "$samples"/video-*.pcap "$samples"/media-bypass.pcap)

make_capture handshakes "$packets" "${signalling[@]}" && compare "$made"
make_capture calls "$packets" "${calls[@]}" && compare "$made"
make_capture media "$media" "${calls[@]}" && compare "$made"
make_capture tunnels "$packets" "${signalling[@]}" "${calls[@]}" &&
    compare "$made"
make_capture flows "$packets" "${signalling[@]}" "${calls[@]}" &&
    compare "$made"
# What an idle flow takes: in the flow table, and with its record and facts.
memory_of() { # flows
	local file=$dir/idle-$1.pcap took peak status table
	[ -s "$file" ] || tests/bench/idle.py "$1" "$file" || return 1
	read -r took peak status < <(tests/bench/measure.py "$limit" \
	    "$bin" audit -q -t 1 -r "$file")
	[ "$status" -eq 0 ] || return 1
	table=$("$dir/flowtable" "$1") || return 1
	awk "BEGIN { printf \"    %-22s %10d %9s %9s %7d MB\\n\", \
	    \"$1 in the table\", $table, \"bytes\", \"each\", \
	    $table * $1 / 1048576 }"
	awk "BEGIN { printf \"    %-22s %10d %9s %9s %7d MB\\n\", \
	    \"$1 with results\", ($peak - $empty) * 1024 / $1, \"bytes\", \
	    \"each\", $peak / 1024 }"
}

echo
echo "  memory of flows that are open and settled"
read -r took empty status < <(tests/bench/measure.py "$limit" \
    "$bin" audit -q -t 1 -r "$samples/im-tcp.pcap")
memory_of 100000 || bad=1
memory_of 1000000 || bad=1
echo
tests/bench/tui_bench.sh "$bin" || bad=1
tests/bench/report_bench.sh "$bin" || bad=1
tests/bench/live_bench.sh "$bin" || bad=1
exit $bad
