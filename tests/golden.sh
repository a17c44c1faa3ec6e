#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Audits of the samples, compared with what is known: golden.sh BIN
#
# Every case beside its NAME.truth.json, then the captures of each folder
# together, with 1 and with 4 workers: the same bytes, the exit status the
# verdicts ask for, and nothing but what the truth allows. Then the exact
# documents in tests/cases; UPDATE=1 writes those anew (review the diff).
set -u
cd "$(dirname "$0")/.." || exit 2
bin=${1:?usage: tests/golden.sh BIN}
export PYTHONDONTWRITEBYTECODE=1
out=$(mktemp -d) || exit 2
trap 'rm -rf "$out"' EXIT

audit() { # id, arguments
	local id=$1 one many
	shift
	timeout 600 "$bin" audit -q -t 1 "$@" -o json:- \
	    >"$out/$id.1.json" 2>"$out/$id.err"
	one=$?
	timeout 600 "$bin" audit -q -t 4 "$@" -o json:- \
	    >"$out/$id.4.json" 2>>"$out/$id.err"
	many=$?
	echo "$one $many" >"$out/$id.status"
}

# Paths of samples have no blanks; arguments are words.
running=0
spawn() {
	audit "$@" &
	running=$((running + 1))
	if [ $running -eq 2 ]; then
		wait -n
		running=1
	fi
}

tests/expect.py plan samples >"$out/plan" || exit 2
while IFS=$'\t' read -r id _ words; do
	# shellcheck disable=SC2086 # a list of words
	spawn "$id" $words
done <"$out/plan"
for case in tests/cases/*/; do
	[ -e "$case/args" ] || continue
	# shellcheck disable=SC2046 # a list of words
	spawn "$(basename "$case")" $(cat "$case/args")
done
wait

last=$(tests/expect.py judge "$out/plan" "$out" | tee "$out/judged" |
	tail -n 1)
sed '$d' "$out/judged"
passed=${last%% *}
failed=${last#*, }
failed=${failed% failed}

for case in tests/cases/*/; do
	[ -e "$case/args" ] || continue
	name=$(basename "$case")
	if ! cmp -s "$out/$name.1.json" "$out/$name.4.json"; then
		echo "${case%/}: -t 1 and -t 4 differ; they ended with" \
		    "$(cat "$out/$name.status")"
		cmp "$out/$name.1.json" "$out/$name.4.json" 2>&1
		head -n 15 "$out/$name.err"
	elif tests/expect.py exact "${UPDATE:-0}" "${case%/}" \
	    "$out/$name.1.json" 2>"$out/$name.why"; then
		passed=$((passed + 1))
		continue
	else
		tail -n 1 "$out/$name.why"
		head -n 15 "$out/$name.err"
	fi
	failed=$((failed + 1))
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
