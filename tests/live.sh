#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Live capture in a network namespace of its own: live.sh BIN. Interfaces s0,
# s1 send to r0, r1; what r0 gets is mirrored to m0 and comes out of n0, as on
# a span port.
set -u
cd "$(dirname "$0")/.." || exit 2
bin=${1:?usage: tests/live.sh BIN}
case $bin in /*) ;; *) bin=$PWD/$bin ;; esac
[ -x "$bin" ] || { echo "live: $bin is no program"; exit 2; }

skip() {
	echo "live: skipped: $*"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
}

if [ "${LIVE_INSIDE:-}" != 1 ]; then
	for tool in tcpreplay tcpdump tc ip sysctl unshare setpriv taskset \
	    python3; do
		command -v $tool >/dev/null || skip "no $tool"
	done
	[ "$(id -u)" -eq 0 ] || skip "only root makes network namespaces"
	setpriv --reuid 65534 --regid 65534 --clear-groups true 2>/dev/null ||
	    skip "this root may not become others"
	unshare --net true 2>/dev/null || skip "no network namespaces here"
	LIVE_INSIDE=1 exec unshare --net "$0" "$bin"
fi

# Sent by one processor, so that two interfaces get it in the order of sending.
cpu=$(taskset -cp $$ | sed 's/.*: *\([0-9]*\).*/\1/')
tries=600 # of 0.1 s: only what fails takes as long
samples=$PWD/samples/captures
tool=$PWD/tests/live.py
out=$(mktemp -d) || exit 2
trap 'kill -KILL $(jobs -p) 2>/dev/null; rm -rf "$out"' EXIT
chmod 755 "$out"
real=$bin
place=$out
. tests/unconfined.sh
cd "$out" || exit 2
passed=0
failed=0

right() {
	passed=$((passed + 1))
}

wrong() {
	echo "live: $*"
	failed=$((failed + 1))
}

expect() { # what, command that must succeed
	local what=$1
	shift
	if "$@" >said 2>&1; then
		right
	else
		wrong "$what"
		head -n 12 said | cut -c 1-400 | sed 's/^/    /'
	fi
}

link() { # sender, receiver
	ip link add "$1" type veth peer name "$2" || return
	for i in "$1" "$2"; do
		sysctl -qw "net.ipv6.conf.$i.disable_ipv6=1"
		ip link set "$i" mtu 9000 up
	done
}

wait_for() { # command that succeeds one day
	for _ in $(seq $tries); do
		"$@" && return
		sleep 0.1
	done
	return 1
}

wait_said() { # pattern, files
	local pattern=$1 file
	shift
	for file in "$@"; do
		wait_for grep -q "$pattern" "$file" || {
			wrong "no '$pattern' in $file"
			head -n 5 "$file" | sed 's/^/    /'
		}
	done
}

audits=()
names=()
audit() { # name, arguments; in the background
	local name=$1
	shift
	"$bin" audit -o "json:$name.json" --journal "$name.ndjson" "$@" \
	    2>"$name.err" </dev/null &
	audits+=($!)
	names+=("$name")
}

# A journal begins when all sockets are open, joined, and signals are taken.
ready() {
	local i
	for i in "${!audits[@]}"; do
		wait_for [ -s "${names[i]}.ndjson" ] && continue
		wrong "the audit ${names[i]} does not begin"
		kill -0 "${audits[i]}" 2>/dev/null && echo "    it runs"
		head -n 5 "${names[i]}.err" | sed 's/^/    /'
	done
}

finish() { # signals all audits and waits; the last status stays
	local i
	sleep 0.4 # what was sent is still on its way through the kernel
	kill -INT "${audits[@]}"
	for i in "${!audits[@]}"; do
		timeout $((tries / 5)) tail --pid="${audits[i]}" -f /dev/null || {
			wrong "the audit ${names[i]} does not end"
			head -n 5 "${names[i]}.err" | sed 's/^/    /'
			kill -KILL "${audits[i]}"
		}
		wait "${audits[i]}"
		status=$?
		[ $status -le 1 ] || {
			wrong "the audit ${names[i]} ended with $status"
			tail -n 12 "${names[i]}.err" | sed 's/^/    /'
		}
	done
	audits=()
	names=()
}

replay() { # arguments
	taskset -c "$cpu" tcpreplay -q "$@" >replayed 2>&1 ||
	    wrong "tcpreplay: $(tail -n 1 replayed)"
}

of_file() { # name, capture, arguments
	local name=$1 file=$2
	shift 2
	"$bin" audit -q -r "$file" -o "json:$name.json" "$@"
}

link s0 r0 && link s1 r1 && link m0 n0 || skip "no veth devices here"
tc qdisc add dev r0 ingress 2>/dev/null &&
    tc filter add dev r0 parent ffff: protocol all u32 match u32 0 0 \
	action mirred egress mirror dev m0 2>/dev/null ||
    skip "no mirroring of links here"
some=("$samples"/call-t*.pcap "$samples"/sip-s2s-*.pcap "$samples"/im-*.pcap
    "$samples"/https-*.pcap "$samples"/turn-*.pcap)

# A mirrored link: the same as from a file of the same packets.
tcpdump -Z root -i n0 -w seen.pcap --time-stamp-precision=nano -U -B 65536 2>dump.err &
dump=$!
audit one -t 1 -i n0
audit two -v -t 2 -i n0
ready
wait_said 'listening on n0' dump.err
replay -t -i s0 "${some[@]}"
wait_for "$tool" same-count seen.pcap "${some[@]}" || {
	wrong "tcpdump has not seen what was sent"
	sed 's/^/    /' dump.err
}
kill -INT $dump
wait $dump
finish
of_file file seen.pcap
expect 'one worker, live and from a file' "$tool" same one.json file.json
expect 'two workers, live and from a file' "$tool" like two.json file.json
[ "$status" -eq 1 ] && right || wrong "status $status of an audit with violations"
[ -s one.err ] && wrong "one.err: $(head -n 1 one.err)" || right

# The kernel and we agree whose a packet is.
grep -q 'lanes: 0 of [1-9]' two.err && right ||
    wrong "the kernel's spreading is not ours: $(grep lanes: two.err)"

# Tunnels and fragments come to the worker of what is inside. Two taps that
# see one direction each are one capture. Interfaces go down and come back.
"$tool" wrap wrapped.pcap "${some[@]}"
"$tool" halves up.pcap down.pcap "$samples"/sip-s2s-mtls12.pcap \
    "$samples"/call-tls-sdes.pcap
of_file wrapped-file wrapped.pcap
audit wrapped-one -t 1 -i r1
audit wrapped-three -t 3 -i r1
ready
replay -t -i s1 wrapped.pcap
finish
expect 'tunnels and fragments' "$tool" like wrapped-one.json wrapped-file.json
expect 'tunnels and fragments, three workers' \
    "$tool" like wrapped-three.json wrapped-file.json

audit taps -t 1 -i r0 -i r1
audit taps-two -t 2 -i r0 -i r1
audit alone -t 1 -i r0
ready
replay -i s0 --dualfile -I s1 up.pcap down.pcap 
finish
cat >order.py <<'END'
import json, sys
a, b = (json.load(open(x)) for x in sys.argv[1:])
whole = a["capture"]
assert whole["one_way_flows"] == 0 and whole["lost_tcp_bytes"] == 0, whole
assert [x["path"] for x in a["inputs"]] == ["r0", "r1"], a["inputs"]
assert all(x["packets"] > 100 for x in a["inputs"]), a["inputs"]
assert {x["pcap_filename"] for x in a["flows"]} == {"r0,r1"}
assert b["capture"]["one_way_flows"] == len(b["flows"]) > 3, b["capture"]
words = [x["audit"]["verdict"] for x in a["flows"]]
assert "undetermined" not in words, words
END
expect 'two taps with one direction each' python3 order.py taps.json alone.json
expect 'two taps, two workers' "$tool" like taps-two.json taps.json

audit away -t 1 -i r1
audit away-two -t 2 -i r1 -i n0
ready
replay -t -i s1 "$samples"/im-tls12.pcap
sleep 0.4
ip link set r1 down
wait_said 'r1 is down or gone' away.err away-two.err
ip link set r1 up
wait_said 'r1 is back' away.err away-two.err
replay -t -i s1 "$samples"/sip-s2s-mtls12.pcap
finish
cat >away.py <<'END'
import json, sys
for path in sys.argv[1:]:
    a = json.load(open(path + ".json"))
    at = a["inputs"][0]
    assert at["outages"] == 1, at
    assert at["packets"] == 67, at
    assert len(a["flows"]) == 3, len(a["flows"])
    assert any(x.get("interface_down") for x in a["capture"]["losses"])
    said = open(path + ".err").read().splitlines()
    assert len(said) == 2 and "down" in said[0] and "back" in said[1], said
END
expect 'an interface that goes down and comes back' \
    python3 away.py away away-two

# Packets that are lost: told by second, and of which flows they may be.
audit lossy -t 1 -B 1024 -i r1
ready
kill -STOP "${audits[0]}"
replay -t --loop 12 -i s1 "${some[@]}"
kill -CONT "${audits[0]}"
sleep 1
finish
cat >lossy.py <<'END'
import json
a = json.load(open("lossy.json"))
c = a["capture"]
lost = sum(x["kernel_drops"] for x in c["losses"])
assert lost == c["kernel_drops"] == a["inputs"][0]["kernel_drops"] > 0, c
assert c["whole_flows"] < len(a["flows"]), c
for f in a["flows"]:
    found = [x["id"] for x in f["audit"]["findings"]]
    absent = f.get("tls", {}).get("client_certificate") == "not-requested"
    lost = f["flow"]["lost_toserver"] + f["flow"]["lost_toclient"]
    if lost and absent and f["audit"]["required"] == "mtls":
        assert f["audit"]["verdict"] == "undetermined", f
    if lost and f["audit"]["verdict"] == "undetermined":
        assert "capture.loss" in found, f
END
expect 'packets that are lost' python3 lossy.py

# A device that is gone: the other one goes on.
audit gone -t 1 --confine=off -i r1 -i r0
ready
ip link del r1
wait_said 'r1 is down or gone' gone.err
replay -t -i s0 "$samples"/im-tcp.pcap
link s1 r1
wait_said 'r1 is back' gone.err
replay -t -i s1 "$samples"/im-tls12.pcap
finish
[ "$("$tool" get gone.json inputs 0 packets)" = 32 ] && right ||
    wrong "a device that came back is not captured:" \
	"$("$tool" get gone.json inputs)"
[ "$("$tool" get gone.json inputs 1 packets)" -gt 5 ] && right ||
    wrong "the other interface was not captured:" \
	"$("$tool" get gone.json inputs)"

# The ends of a capture, and what is said where there is none.
audit counted -t 2 -c 20 -i r0
counted=${audits[0]}
ready
replay -t -i s0 "$samples"/sip-s2s-mtls12.pcap
timeout $((tries / 10)) tail --pid="$counted" -f /dev/null || {
	wrong "-c 20 does not end"
	kill -KILL "$counted"
}
wait "$counted"
audits=()
names=()
[ "$("$tool" get counted.json capture packets)" = 20 ] && right ||
    wrong "-c 20 is $("$tool" get counted.json capture packets) packets"
SECONDS=0
timeout $((tries / 10)) "$bin" audit -q -i r0 -d 1s -o json:timed.json
status=$?
[ $status -eq 0 ] && [ $SECONDS -ge 1 ] && right ||
    wrong "-d 1s ended with $status after $SECONDS seconds"
refuse() { # pattern, arguments
	local pattern=$1
	shift
	"$@" >said 2>&1
	[ $? -eq 2 ] && grep -Eq "$pattern" said && right || {
		wrong "$*: no '$pattern'"
		head -n 3 said
	}
}
refuse 'no interface is called n9, did you mean n0; spanward interfaces' \
    "$bin" audit -i n9
refuse 'give -i once for each' "$bin" audit -i r0,r1
refuse 'named twice' "$bin" audit -i r0 -i r0
refuse 'bad capture filter' "$bin" audit -i r0 port 5x
cp "$real" spanward && chmod 755 spanward
nobody() {
	setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all \
	    --bounding-set=-all ./spanward "$@"
}
refuse 'no right to capture on r0: it takes CAP_NET_RAW; .*setcap cap_net_raw' \
    nobody audit -i r0
nobody interfaces >said 2>&1
grep -q 'setcap cap_net_raw' said && grep -Eq '^r0 +up +no right' said && right ||
    wrong 'interfaces does not tell of missing rights'
ip link set r1 down
"$bin" interfaces >said 2>&1
grep -Eq '^r0 +up +yes +Ethernet' said && grep -Eq '^r1 +down' said && right ||
    wrong 'interfaces does not tell state and link type'

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
