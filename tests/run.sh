#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# All tests of one build: run.sh BUILD
#
# A line per program, what failed with its output (the tail of it; with CI set
# all of it, and its tail once more at the end), and last of all `N passed, N
# failed`.
set -u
cd "$(dirname "$0")/.." || exit 2
build=${1:?usage: tests/run.sh BUILD}
bin=$build/spanward
limit=${TEST_SECONDS:-600}

# 99 is no exit status of the program's own.
export ASAN_OPTIONS=${ASAN_OPTIONS:-halt_on_error=1:detect_leaks=1:exitcode=99:detect_stack_use_after_return=1:strict_string_checks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1:exitcode=99}
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1:second_deadlock_stack=1:exitcode=99}
export LSAN_OPTIONS=${LSAN_OPTIONS:-exitcode=99:print_suppressions=0}
export PYTHONDONTWRITEBYTECODE=1

logs=$(mktemp -d) || exit 2
trap 'rm -rf "$logs"' EXIT

# The thread sanitizer of gcc 12 cannot place its shadow where the kernel
# spreads addresses over more than 28 bits.
fixed=()
if [ "${build%thread}" != "$build" ] && setarch -R true 2>/dev/null; then
	fixed=(setarch -R)
fi

passed=0
failed=0
skipped=0
names=() # of what failed, told again at the end

count() { # words of cmocka: PASSED, FAILED, SKIPPED
	sed -n "s/^\[  $1 *\] \([0-9][0-9]*\) test(s).*/\1/p" "$2" |
	    awk '{ n += $1 } END { print n + 0 }'
}

show() { # log
	if [ -n "${CI:-}" ]; then
		sed 's/^/    /' "$1"
	else
		tail -n 25 "$1" | cut -c 1-200 | sed 's/^/    /'
	fi
}

tell() { # name, status, passed, failed, skipped, log
	local word=ok
	passed=$((passed + $3))
	skipped=$((skipped + $5))
	if [ "$2" -ne 0 ] || [ "$4" -ne 0 ]; then
		word=FAILED
		# Nobody counted what stopped it: that is one.
		failed=$((failed + ($4 > 0 ? $4 : 1)))
		names+=("$1")
		[ "$2" -eq 124 ] && word="FAILED: took too long"
		[ "$2" -ge 128 ] && word="FAILED: signal $(($2 - 128))"
	fi
	printf '  %-24s %4d %s\n' "$1" "$3" "$word"
	[ "$word" = ok ] || show "$6"
}

unit() { # program
	local name=${1##*/} status
	timeout "$limit" "${fixed[@]}" "$1" >"$logs/$name" 2>&1
	status=$?
	echo "$status" >"$logs/$name.status"
}

wait_for() { # names; in order, whichever ended first
	local name
	for name in "$@"; do
		tell "$name" "$(cat "$logs/$name.status")" \
		    "$(count PASSED "$logs/$name")" \
		    "$(count FAILED "$logs/$name")" \
		    "$(count SKIPPED "$logs/$name")" "$logs/$name"
	done
}

script() { # name, arguments; counts by its last line, or as one
	local name=$1 log=$logs/$1 status last
	shift
	[ -x "tests/$name" ] || return
	timeout "$((limit * 3))" "${fixed[@]}" "tests/$name" "$@" >"$log" 2>&1
	status=$?
	last=$(tail -n 1 "$log")
	if [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed(,\ ([0-9]+)\ skipped)?$ ]]; then
		tell "$name" $status "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" \
		    "${BASH_REMATCH[4]:-0}" "$log"
	else
		tell "$name" $status $((status == 0)) 0 0 "$log"
	fi
}

shopt -s nullglob
pair=()
for source in tests/t_*.c; do # not what an old build left behind
	program=$build/${source%.c}
	if [ ! -x "$program" ]; then
		echo "not built" >"$logs/${program##*/}"
		echo 127 >"$logs/${program##*/}.status"
	else
		unit "$program" &
	fi
	pair+=("${program##*/}")
	if [ ${#pair[@]} -eq 2 ]; then
		wait
		wait_for "${pair[@]}"
		pair=()
	fi
done
wait
wait_for "${pair[@]}"

script golden.sh "$bin"
script cli.sh "$bin"
script report.sh "$bin"
script confine.sh "$bin"
script tui.sh "$bin"
script live.sh "$bin"
script longrun.sh "$bin"
script floods.sh "$bin"
script floors.sh
script headers.sh
if [ "$build" = build ]; then # sanitizers add variables of their own
	script rules.sh "$build"
else
	script rules.sh
fi

# Where a log's tail is all one sees.
if [ ${#names[@]} -gt 0 ] && [ -n "${CI:-}" ]; then
	for name in "${names[@]}"; do
		echo "== $name said last:"
		grep -v '^\[ RUN \|^\[       OK ' "$logs/$name" | tail -n 20 |
		    cut -c 1-300 | sed 's/^/    /'
	done
fi
[ ${#names[@]} -gt 0 ] && echo "failed: ${names[*]}"
if [ $skipped -gt 0 ]; then
	echo "$passed passed, $failed failed, $skipped skipped"
else
	echo "$passed passed, $failed failed"
fi
[ $failed -eq 0 ]
