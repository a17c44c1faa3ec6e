#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The real program from outside: cli.sh BIN. Sentences, exit statuses, and
# what is left behind.
set -u
cd "$(dirname "$0")/.." || exit 2
bin=${1:?usage: tests/cli.sh BIN}
case $bin in /*) ;; *) bin=$PWD/$bin ;; esac
[ -x "$bin" ] || { echo "cli: $bin is no program"; exit 2; }
samples=$PWD/samples/captures
out=$(mktemp -d) || exit 2
trap 'rm -rf "$out"' EXIT
place=$out
. tests/unconfined.sh
cd "$out" || exit 2
bad=0
ran=0

wrong() {
	echo "cli: $*"
	head -n 20 stderr | sed 's/^/    /'
	bad=1
}

# STATUS, PATTERN that a line of standard error must fit (-: it is empty; "": either),
# arguments
try() {
	status=$1 pattern=$2
	shift 2
	ran=$((ran + 1))
	"$bin" "$@" >stdout 2>stderr </dev/null
	got=$?
	[ $got -eq "$status" ] || wrong "$* : status $got, not $status"
	if [ "$pattern" = - ]; then
		[ ! -s stderr ] || wrong "$* : standard error is not empty"
	elif [ -n "$pattern" ]; then
		grep -Eq -- "$pattern" stderr || wrong "$* : no '$pattern'"
	fi
}

says() { # PATTERN in standard output of the last try
	grep -Eq -- "$1" stdout || wrong "no '$1' in standard output"
}

silent() {
	[ ! -s stdout ] || wrong "standard output is not empty"
}

clear=$samples/im-tcp.pcap
mtls=$samples/sip-s2s-mtls12.pcap

# Periods and flows that leave memory: the same flows, numbered alike
try 1 - audit -q -r "$samples" -o all.csv
try 1 - audit -q -r "$samples" --memory 20K -o few.csv -o few.json
cut -d, -f1-9 all.csv >all.head
cut -d, -f1-9 few.csv | cmp -s all.head - || wrong "--memory lost flows"
grep -q '"judged_early":' few.json || wrong "--memory was not needed"
for workers in 1 4; do
	rm -f part.*
	try 1 - audit -q -t $workers -r "$samples" --rotate 2s -o part.csv
	[ "$(ls part.*.csv | wc -l)" -gt 10 ] || wrong "no periods"
	cat part.*.csv >parts.$workers
done
cmp -s parts.1 parts.4 || wrong "periods differ with the workers"
try 2 'is given twice' audit -r "$clear" --rotate 1h --rotate 5M
try 2 'expected a time such as' audit -r "$clear" --rotate often
try 2 'expected a size' audit -r "$clear" --memory little

# Usage
try 2 '^spanward: a command is missing; try spanward --help$'
silent
try 2 "^spanward: 'adit' is no command, did you mean 'audit'; try" adit
try 2 '^spanward: nothing to audit: .*; try spanward audit --help$' audit
try 2 "did you mean '--policy'; try spanward audit --help$" audit --polcy x
try 2 'exclude each other' audit -r "$clear" -i lo
try 2 'is a file and not a filter' audit -r "$clear" "$mtls"
try 2 'only one report' audit -r "$clear" -o - -o json:-
try 0 - --help
says '^Usage:$'
says '^  audit  '
try 0 - audit --help
says '^Exit status:$'
try 0 - policy --help
try 0 - interfaces --help
try 0 - --version
says '^spanward [^ ]+$'
says '^libpcap version'
says '^libyaml '

# Policies
try 0 - policy list
says '^lync-2013 .*\(default\)$'
says '^skype-2019 '
for name in lync-2013 skype-2015 skype-2019; do
	try 0 - policy show $name
	says '^spanward-policy: 1$'
	cp stdout "$name.yaml"
	try 0 - policy check ./$name.yaml
	says "^./$name.yaml: fine: 0 hosts, [0-9]+ rules, [0-9]+ services"
done
try 2 "did you mean 'lync-2013'$" policy show lync-2014
printf 'spanward-policy: 1\nhosts:\n  edg: 10.0.0.1\n' >bad.yaml
try 2 "^spanward: bad.yaml:3:3: 'edg' is no role; did you mean 'edge'\?$" \
	policy check bad.yaml
silent
try 2 '^spanward: bad.yaml:3:3: ' audit -r "$clear" -p bad.yaml
try 2 "did you mean 'lync-2013'\?$" audit -r "$clear" -p lync-2012
try 0 '' interfaces
says '^NAME '

# Input
try 2 'nope.pcap' audit -r nope.pcap
try 2 'nope.keys' audit -r "$clear" -k nope.keys
try 2 'filter' audit -r "$clear" port 5x
echo 'this is no capture' >junk.pcap
try 2 'junk.pcap' audit -r junk.pcap -o junk.json
silent
[ ! -e junk.json ] || wrong 'a report of nothing was written'

# Verdicts
try 1 - audit -r "$clear"
says 'im-presence'
try 0 - audit -r "$mtls"
try 0 - audit -q -c 4 -r "$mtls"
try 3 - audit -q -c 4 -r "$mtls" --strict
try 1 - audit --strict -r "$clear"
"$bin" audit -r - <"$clear" >stdout 2>stderr
[ $? -eq 1 ] || wrong 'standard input is not read'
try 2 'junk.pcap' audit -r junk.pcap -r "$mtls" -o mixed.json
[ -s mixed.json ] || wrong 'the good input was not audited'
grep -q junk.pcap mixed.json || wrong 'the report does not tell of junk.pcap'
head -c 3000 "$mtls" >cut.pcap
try 0 'warning: cut.pcap' audit -r cut.pcap
cat >allow.yaml <<'END'
spanward-policy: 1
name: allow
extends: lync-2013
rules:
  - {id: lab, port: 5060, require: none, because: a laboratory}
END
try 0 - audit -r "$clear" -p allow.yaml -o ndjson:-
says '"allow/lab"'

# Reports
try 1 - audit -r "$clear" -o a.json -o b.csv -o text:c
silent
for name in a.json b.csv c; do
	[ -s $name ] || wrong "$name is empty or missing"
done
try 1 - audit -r "$clear" -o json:-
cmp -s stdout a.json || wrong 'the same audit wrote another report'
try 1 - audit -r "$clear" -t 4 -o a4.json
cmp -s a.json a4.json || wrong 'four workers wrote another report'
try 2 'no/such' audit -r "$clear" -o no/such/a.json
silent
try 2 'does not tell the format' audit -r "$clear" -o plain
if [ -w /dev/full ]; then
	"$bin" audit -r "$clear" >/dev/full 2>stderr
	[ $? -eq 2 ] || wrong 'a full disk is no failure'
	"$bin" policy list >/dev/full 2>stderr
	[ $? -eq 2 ] || wrong 'a full disk is no failure of policy list'
fi
for left in ./*.json.* ./*.csv.* ./c.*; do
	[ ! -e "$left" ] || wrong "left behind: $left"
done

# A live capture ends by a signal with its report. Signals are taken when its
# journal begins.
if [ "$(id -u)" = 0 ] && "$bin" audit -q -i lo -d 1s >stdout 2>stderr; then
	"$bin" audit -i lo -o live.json --journal live.ndjson 2>stderr &
	pid=$!
	tries=0
	until [ -s live.ndjson ] || [ $tries -ge 600 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	[ -s live.ndjson ] || wrong 'a live capture does not begin'
	kill -INT $pid
	timeout 60 tail --pid=$pid -f /dev/null || {
		wrong 'a live capture does not stop'
		kill -KILL $pid
	}
	wait $pid
	got=$?
	[ $got -le 1 ] || wrong "a stopped capture gave status $got"
	[ -s live.json ] || wrong 'a stopped capture wrote no report'
fi

[ $bad -eq 0 ] && echo "cli: $ran runs as expected"
exit $bad
