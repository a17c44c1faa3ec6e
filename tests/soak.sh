#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A day of traffic at a fixed rate of flows, as fast as the machine can:
# soak.sh BIN. Memory must stay flat, every hour must come to the same result.
#
#   SOAK_HOURS=24         of packet time
#   SOAK_EVERY=3000       a scene, every so many milliseconds; 3600000 must be
#                         a multiple of it and of SOAK_SETS times it
#   SOAK_SETS=120         sets of hosts; a set comes again after SETS * EVERY,
#                         later than flows are believed to go on
#   SOAK_OPTIONS="..."    more options of the audit
#   SOAK_KEEP=FOLDER      reports stay there (2 GB)
set -u
cd "$(dirname "$0")/.." || exit 2
bin=${1:?usage: tests/soak.sh BIN}
export SOAK_HOURS=${SOAK_HOURS:-24} SOAK_EVERY=${SOAK_EVERY:-3000}
export SOAK_SETS=${SOAK_SETS:-120} PYTHONDONTWRITEBYTECODE=1
samples=samples/captures
out=${SOAK_KEEP:-$(mktemp -d)} || exit 2
mkdir -p "$out" || exit 2
[ -n "${SOAK_KEEP:-}" ] || trap 'rm -rf "$out"' EXIT

extern=$(pkg-config --cflags --libs libpcap)
# shellcheck disable=SC2086 # a list of words
${CC:-cc} -std=c11 -D_GNU_SOURCE -O2 -o "$out/loop" tests/bench/loop.c \
    $extern || exit 2

# One call, one relay, one trunk of each kind: others have the same ports.
scene=()
for file in "$samples"/*.pcap; do
	case ${file##*/} in
	span-* | call-tcp-* | call-tls-dtls* | call-tls-rtp* | msturn-rtp* | \
	    gateway-tls-* | desktop-clear* | video-srtp* | *ipv6*) ;;
	*) scene+=("$file") ;;
	esac
done

hosts() { # role, entry of each set, %s stands for the set
	local i
	printf '  %s: [' "$1"
	for ((i = 0; i < SOAK_SETS; i++)); do
		# shellcheck disable=SC2059 # the caller's format
		printf "$2" $((10 + i / 80)).$((10 + i % 80)) \
		    $((10 + i / 80)).$((10 + i % 80))
	done
	echo ']'
}
{
	echo 'spanward-policy: 1'
	echo 'name: soak'
	echo 'extends: lync-2013'
	echo 'hosts:'
	hosts front-end '%s.1.11-%s.1.12, '
	hosts mediation '%s.1.31, '
	hosts sql '%s.1.51, '
	hosts server '%s.1.52-%s.1.53, '
	hosts edge '%s.2.21, '
	hosts reverse-proxy '%s.2.62, '
	hosts partner '%s.8.22, '
	hosts gateway '%s.9.41, '
	hosts client '%s.20.0/24, '
	echo 'trust:'
	echo "  ca: [$PWD/samples/policies/contoso-ca.pem]"
	echo "  crl: [$PWD/samples/policies/contoso.crl.pem]"
} | sed 's|, ]|]|' >"$out/policy.yaml"

# shellcheck disable=SC2086 # a list of words
python3 tests/soak.py "$bin" "$out" ${SOAK_OPTIONS:-} -- "${scene[@]}"
