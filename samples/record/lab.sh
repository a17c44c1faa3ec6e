# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The network: one namespace per host, one bridge, one tcpdump on it.

declare -A ADDR=(
	[fe1]=10.55.1.11 [fe2]=10.55.1.12 [med]=10.55.1.31 [sql]=10.55.1.51
	[file]=10.55.1.52 [pki]=10.55.1.53 [edge]=10.55.2.21 [rp]=10.55.2.62
	[partner]=10.55.8.22 [gw]=10.55.9.41 [c1]=10.55.20.101
	[c2]=10.55.20.102 [other]=10.55.30.200
)
declare -A NAMES=(
	[fe1]="pool.contoso.example fe1.contoso.example sip.contoso.example lyncdiscoverinternal.contoso.example"
	[fe2]="pool.contoso.example fe2.contoso.example sip.contoso.example"
	[med]=med.contoso.example [sql]=sql.contoso.example
	[file]=file.contoso.example [pki]=pki.contoso.example
	[edge]="edge.contoso.example access.contoso.example webcon.contoso.example"
	[rp]="lsweb.contoso.example meet.contoso.example lyncdiscover.contoso.example"
	[partner]="sip.fabrikam.example" [gw]=gw.contoso.example
	[c1]=client1.contoso.example [c2]=client2.contoso.example
	[other]=other.example
)
TMP=
PY=/usr/bin/python3
CAPPID=

say() { printf '%s\n' "$*" >&2; }

# addr6 HOST: the IPv6 twin of an address
addr6() {
	local IFS=.
	# shellcheck disable=SC2086
	set -- ${ADDR[$1]}
	printf '2001:db8:55:%x::%x' "$3" "$4"
}

# inside HOST COMMAND...: run in a host, never longer than a minute
inside() {
	local h=$1
	shift
	ip netns exec "spw-$h" timeout -k 2 60 "$@" </dev/null
}

# bg HOST COMMAND...: a server; settle stops it
bg() {
	local h=$1
	shift
	ip netns exec "spw-$h" timeout -k 2 90 "$@" </dev/null \
		>>"$TMP/log/$h-${1##*/}" 2>&1 &
}

# ready HOST PORT [t|u]: wait until something listens
ready() {
	local _
	for _ in $(seq 60); do
		ip netns exec "spw-$1" ss -Hln"${3:-t}" "sport = :$2" |
			grep -q . && return 0
		sleep 0.1
	done
	say "nothing listens on $1:$2"
	return 1
}

# settle: stop every program in every host
settle() {
	local h pids
	for h in "${!ADDR[@]}"; do
		pids=$(ip netns pids "spw-$h" 2>/dev/null) || continue
		# shellcheck disable=SC2086
		[ -z "$pids" ] || kill $pids 2>/dev/null
	done
	sleep 0.3
	for h in "${!ADDR[@]}"; do
		pids=$(ip netns pids "spw-$h" 2>/dev/null) || continue
		# shellcheck disable=SC2086
		[ -z "$pids" ] || kill -9 $pids 2>/dev/null
	done
	wait_jobs
}

wait_jobs() {
	local j
	for j in $(jobs -p); do
		[ "$j" = "$CAPPID" ] || wait "$j" 2>/dev/null
	done
}

lab_up() {
	local h n
	[ "$(id -u)" = 0 ] || { say "root is needed"; exit 2; }
	for n in tcpdump tshark ip ethtool openssl sipp kamailio baresip socat \
	    nginx curl turnserver gst-launch-1.0 ffmpeg \
	    editcap smbd smbclient sshd chronyd gtlsclient gtlsserver; do
		command -v "$n" >/dev/null || { say "$n is needed"; exit 2; }
	done
	if ip netns list | grep -q '^spw-'; then
		say 'another run is under way, or was killed: see ip netns list'
		exit 2
	fi
	TMP=$(mktemp -d /tmp/spw-record.XXXXXX) || exit 2
	chmod 711 "$TMP"
	trap lab_down EXIT
	trap 'exit 130' INT TERM
	mkdir -p "$TMP/log"
	# what programs may be told to read, write and even remove as root,
	# which /dev/null is not
	: >"$TMP/empty"
	ip netns add spw-net || exit 2
	inside net ip link add br0 type bridge
	inside net ip link set br0 type bridge mcast_snooping 0 forward_delay 0
	inside net sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	inside net ip link set br0 up
	for h in "${!ADDR[@]}"; do
		for n in ${NAMES[$h]}; do
			# the pool's name leads to the first Front End only
			case $h$n in fe2pool.*|fe2sip.*) continue ;; esac
			printf '%s %s\n' "${ADDR[$h]}" "$n"
		done
	done | sort >"$TMP/hosts"
	printf '127.0.0.1 localhost\n' >>"$TMP/hosts"
	for h in "${!ADDR[@]}"; do
		host_up "$h"
	done
}

host_up() {
	local h=$1
	ip netns add "spw-$h" || exit 2
	inside net ip link add "v-$h" type veth peer name eth0 netns "spw-$h"
	inside net ip link set "v-$h" master br0 up
	inside net ethtool -K "v-$h" tx off tso off gso off gro off >/dev/null
	inside "$h" sysctl -qw net.ipv6.conf.all.accept_dad=0 \
		net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.eth0.accept_dad=0 \
		net.ipv6.conf.eth0.router_solicitations=0
	inside "$h" ethtool -K eth0 tx off tso off gso off gro off >/dev/null
	inside "$h" ip addr add "${ADDR[$h]}/16" dev eth0
	inside "$h" ip addr add "$(addr6 "$h")/48" dev eth0 nodad
	inside "$h" ip link set lo up
	inside "$h" ip link set eth0 up
	mkdir -p "/etc/netns/spw-$h"
	cp "$TMP/hosts" "/etc/netns/spw-$h/hosts"
	printf "nameserver 127.0.0.1\n" >"/etc/netns/spw-$h/resolv.conf"
}

lab_down() {
	local h
	trap - EXIT
	[ -z "$CAPPID" ] || kill "$CAPPID" 2>/dev/null
	CAPPID=
	settle
	for h in "${!ADDR[@]}" net; do
		ip netns del "spw-$h" 2>/dev/null
		rm -rf "/etc/netns/spw-$h"
	done
	rmdir /etc/netns 2>/dev/null
	[ -z "${RUN_SSHD-}" ] || rmdir /run/sshd
	if [ -n "${KEEP-}" ]; then
		rm -rf "$TMP/pki"
		say "logs are in $TMP"
	else
		rm -rf "$TMP"
	fi
}

capture_start() {
	: >"$TMP/tcpdump.err"
	ip netns exec spw-net timeout 120 tcpdump -i br0 -s 0 -U --immediate-mode -Z root -n \
		-w "$TMP/raw.pcap" 'tcp or udp' 2>"$TMP/tcpdump.err" &
	CAPPID=$!
	for _ in $(seq 50); do
		grep -q listening "$TMP/tcpdump.err" && return 0
		sleep 0.1
	done
	return 1
}

capture_stop() {
	sleep 0.5
	pkill -INT -P "$CAPPID" tcpdump 2>/dev/null || kill -INT "$CAPPID"
	wait "$CAPPID" 2>/dev/null
	CAPPID=
}

# expect PROTO FROM[:PORT] TO[:PORT] KEY=VALUE...: what the next flow between
# the two must be called; see truth.py for the keys
expect() {
	printf '%s' "$1"
	shift
	printf '\t%s' "$@"
	printf '\n'
} >>"$TMP/expect"

# title TEXT, made PROGRAM...: of the case being recorded
title() { printf 'title\t%s\n' "$*" >>"$TMP/expect"; }
made() { printf 'made\t%s\n' "$@" >>"$TMP/expect"; }

# record NAME: run case_NAME under capture, trim, write capture and truth.
# A span-* case edits an earlier capture, a policy-* case judges one anew.
record() {
	local name=$1 folder=captures fn=case_${1//-/_} h
	case $name in clean-*) folder=clean ;; failing-*) folder=failing ;; esac
	declare -F "$fn" >/dev/null || { say "no case $name"; return 1; }
	say "== $name"
	: >"$TMP/expect"
	POLICY=contoso.yaml
	MEDIA=120
	KEYS=
	OUT=$here/$folder/$name.pcap
	case $name in
	span-*|policy-*)
		"$fn" || return 1
		;;
	*)
		capture "$name" "$fn" || return 1
		;;
	esac
	for h in "${!ADDR[@]}"; do
		printf '%s %s %s\n' "$h" "${ADDR[$h]}" "$(addr6 "$h")"
	done >"$TMP/addresses"
	"$PY" "$here/record/truth.py" --addresses "$TMP/addresses" \
		--policy "../policies/$POLICY" "$TMP/expect" "$OUT" \
		"$here/$folder/$name.truth.json"
}

# capture NAME FUNCTION
capture() {
	local rc
	capture_start || return 1
	"$2"
	rc=$?
	capture_stop
	settle
	[ $rc -eq 0 ] || { say "$1 failed"; return 1; }
	"$PY" "$here/record/trim.py" -n "$MEDIA" "$TMP/raw.pcap" "$OUT" ||
		return 1
	[ -n "$KEYS" ] || return 0
	# secrets of these sessions only, in the capture itself
	mv "$OUT" "$TMP/plain.pcap"
	OUT=${OUT}ng
	editcap --inject-secrets "tls,$KEYS" "$TMP/plain.pcap" "$OUT"
	rm -f "$KEYS"
}
