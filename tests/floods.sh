#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Floods beside ordinary flows: floods.sh BIN; tests/floods.py says what must
# hold. FLOOD_PACKETS=300000 makes them ten times as long.
set -u
cd "$(dirname "$0")/.." || exit 2
bin=${1:?usage: floods.sh BIN}
case $bin in /*) ;; *) bin=$PWD/$bin ;; esac
[ -x "$bin" ] || { echo "floods: $bin is no program"; exit 2; }
command -v python3 >/dev/null || {
	echo "floods: skipped: there is no python3"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
}
# Sanitizers take time and memory of their own.
case $bin in *san*|*thread*)
	export FLOOD_PACKETS="${FLOOD_PACKETS:-12000}" TEST_SLOW="${TEST_SLOW:-4}" ;;
esac
export PYTHONDONTWRITEBYTECODE=1
exec python3 tests/floods.py "$bin"
