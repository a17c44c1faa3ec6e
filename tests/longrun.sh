#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Long runs of live capture: longrun.sh BIN. Killed at random moments, disks
# that fill up, periods, signals. In a network namespace of its own, so it
# takes root; without, it is skipped. KILLS=100 kills so often (20).
set -u
cd "$(dirname "$0")/.." || exit 2
bin=${1:?usage: longrun.sh BIN}
case $bin in /*) ;; *) bin=$PWD/$bin ;; esac
net=spanward-longrun-$$

skip() {
	echo "longrun: skipped: $*"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
}

[ -x "$bin" ] || { echo "longrun: $bin is no program"; exit 2; }
[ "$(id -u)" = 0 ] || skip "it takes root"
command -v python3 >/dev/null || skip "there is no python3"
setpriv --reuid 65534 --regid 65534 --clear-groups true 2>/dev/null ||
    skip "this root may not become others"
ip netns add "$net" 2>/dev/null || skip "no network namespace can be made"
out=$(mktemp -d) || exit 2
trap 'ip netns del "$net"; rm -rf "$out"' EXIT
ip -n "$net" link set lo up || skip "the loopback of the namespace is down"
chmod 755 "$out"

# Sanitizers take time of their own.
case $bin in *san*|*thread*) export TEST_SLOW="${TEST_SLOW:-2}" ;; esac
ip netns exec "$net" python3 tests/longrun.py "$bin" "$out"
