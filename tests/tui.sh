#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Drives the real `watch` in tmux and looks at its screens: tui.sh BIN
#
# UPDATE=1 rewrites the whole screens kept in tests/tui/.
set -u
cd "$(dirname "$0")/.." || exit 2
bin=$(realpath "${1:?usage: tests/tui.sh BIN}")
seconds=${TUI_SECONDS:-60} # a screen may take so long to come
if ! command -v tmux >/dev/null; then
	echo "tmux is missing: the screens were not looked at"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
fi

work=$(mktemp -d) || exit 2
# The path of a socket has 108 bytes.
[ ${#work} -lt 90 ] || { rmdir "$work"; work=$(mktemp -d /tmp/tui.XXXXXX); } ||
    exit 2
trap 'in_tmux kill-server 2>/dev/null; rm -rf "$work"' EXIT
place=$work
. tests/unconfined.sh
export LC_ALL=C.UTF-8 SHELL=/bin/sh XDG_CONFIG_HOME=$work/config PYTHONDONTWRITEBYTECODE=1
unset NO_COLOR
passed=0
failed=0

in_tmux() { tmux -S "$work/tmux" -f /dev/null "$@"; }
screen() { in_tmux capture-pane -p; }

start() { # columns, lines, arguments of watch
	local columns=$1 lines=$2
	shift 2
	in_tmux kill-server 2>/dev/null
	while [ -S "$work/tmux" ] && in_tmux list-sessions >/dev/null 2>&1; do
		sleep 0.05
	done
	printf '%q ' "$bin" watch "$@" >"$work/command"
	in_tmux new-session -d -x "$columns" -y "$lines" \
	    "cd '$work'; ${before:-} sh -c 'echo \$\$ >pid; exec \"\$@\"' sh $(cat "$work/command") 2>&1; echo \"left with \$?\"; stty -a | grep -o ' -\\?echo '; exec sleep 1000"
	in_tmux set-option -g escape-time 0
}

keys() { in_tmux send-keys "$@"; }
type_in() { in_tmux send-keys -l "$1"; }

good() { passed=$((passed + 1)); }
bad() { # what
	failed=$((failed + 1))
	echo "FAILED: $1"
	screen | sed 's/^/    |/'
	if [ $failed -ge ${TUI_FAILURES:-5} ]; then
		echo "$passed passed, $failed failed"
		exit 1
	fi
}

expect() { # what is tried, text that must come
	local end=$((SECONDS + seconds))
	while ! screen | grep -qF -- "$2"; do
		if [ $SECONDS -ge $end ]; then
			bad "$1: no '$2'"
			return 1
		fi
		sleep 0.1
	done
	good
}

refuse() { # what is tried, text that must go
	local end=$((SECONDS + seconds))
	while screen | grep -qF -- "$2"; do
		if [ $SECONDS -ge $end ]; then
			bad "$1: still '$2'"
			return 1
		fi
		sleep 0.1
	done
	good
}

picture() { # name of a whole screen kept in tests/tui
	local file=tests/tui/$1.screen end=$((SECONDS + seconds))
	if [ "${UPDATE:-}" = 1 ]; then
		sleep 1
		screen >"$file"
	fi
	while ! screen | diff -q "$file" - >/dev/null; do
		if [ $SECONDS -ge $end ]; then
			failed=$((failed + 1))
			echo "FAILED: the screen $1 differs"
			screen | diff "$file" - | sed 's/^/    /'
			return 1
		fi
		sleep 0.1
	done
	good
}

tests/tui/capture.py "$work/names.pcap" || exit 2
capture=$work/names.pcap

# --- each screen at 80x24 ---
start 80 24 -r "$capture"
expect "it ends reading" "done"
picture overview-80x24
keys 2
expect "flows" "1 of 26"
picture flows-80x24
keys Enter
expect "flow" "packet 4: SIP REGISTER readable over TCP"
picture flow-80x24
keys Escape
expect "back to the flows" "1 of 26"
keys 3
expect "findings" "kinds"
keys 4
expect "hosts" "hosts by verdict"
expect "how a role is known" "answers REGISTER requests"
picture hosts-80x24
keys 5
expect "certificates" "no certificate so far"
keys 6
expect "log" "all packets are read"
keys '?'
expect "help of a screen" "On the screen Log"
keys Escape
refuse "help goes" "On the screen Log"
keys Tab
expect "Tab goes around" "Newest violations"
keys BTab
expect "and back" "Log"

# --- three keys from the start to a packet ---
keys 1 v Enter
expect "newest violation" "Overview › Flow"
expect "with its packet" "packet "
keys Escape

# --- sort, search, filter, tags ---
keys 2 s
expect "sort menu" "Sort by"
keys j j j Enter
expect "sorted" "Source▲"
expect "by address" "10.9.0.7:40000"
keys S
expect "turned" "Source▼"
expect "the last address first" "10.9.3.20:41019"
keys s g Enter S
keys s Home Enter
expect "by number again" "#"
type_in '/slide7.htm'
expect "search finds as it is typed" "14 of 26"
keys Enter
expect "and stays there" "slide7.htm in clear"
type_in '/nothing-like-it'
expect "search that finds nothing" "no flow has that"
keys Escape
type_in '\verdict:vi'
keys Tab
expect "completion" "verdict:violation"
type_in 'port:5060'
expect "filtered while typed" "2 of 26"
type_in ' clas:x'
expect "a wrong word is told" "did you mean 'class:'?"
keys C-w Enter
expect "filter stays" "2 of 26  verdict:violation port:5060"
keys Space
expect "tagged" "1 tagged"

# --- export ---
keys e
expect "export menu" "Export 1 tagged flow"
keys j j Enter
expect "asks for the file" "Export to:"
keys C-u
type_in "$work/one.ndjson"
keys Enter
expect "written" "1 flow written to"
if [ "$(grep -c '"event_type": *"audit"' "$work/one.ndjson")" = 1 ]; then
	good
else
	bad "the export holds the tagged flow alone"
fi
keys e End Enter
expect "asks for the file of packets" "pcapng"
keys C-u
type_in "$work/one.pcapng"
keys Enter
expect "packets are written" "8 packets of 1 flow written to"
if "$bin" audit -q -o ndjson:- -r "$work/one.pcapng" |
    grep -c '"event_type": *"audit"' | grep -qx 1; then
	good
else
	bad "the packets of the tagged flow alone"
fi
keys u e
expect "export of what is shown" "Export 2 shown flows"
type_in c
keys Enter
expect "asks again" "Export to:"
keys C-u
type_in "$work/no/such/folder.csv"
keys Enter
expect "a bad place is told" "no/such/folder.csv"
keys Escape Escape
expect "no filter" "of 26"

# --- all tags, the mouse as an old terminal sends it ---
keys '*'
expect "all are tagged" "26 tagged"
type_in '\is:tagged'
keys Enter u
expect "none are" "0 of 26  is:tagged"
keys Escape
click() { # column and line, from 1: pressed, let go
	local x y
	x=$(printf '%x' $(($1 + 32)))
	y=$(printf '%x' $(($2 + 32)))
	in_tmux send-keys -H 1b 5b 4d 20 "$x" "$y" 1b 5b 4d 23 "$x" "$y"
}
click 46 1
expect "a click on a tab" "hosts by verdict"
click 5 3
expect "on a head: sorted" "hosts by address"
click 5 3
expect "again: turned" "hosts by address▼"
keys s v Enter
expect "and back" "hosts by verdict▼"
keys 3 s i Enter
expect "findings are sorted" "by id"
keys s s Enter
expect "and again" "by severity"
keys 6
expect "the log tells of the run" "all packets are read"
keys 2

# --- freeze, privacy, look ---
keys p
expect "frozen" "FROZEN"
keys C-f
refuse "not frozen" "FROZEN"
keys x
expect "privacy" "PRIVACY"
refuse "no address" "10.9."
picture private-80x24
keys Enter
refuse "no address of a flow" "10.9."
keys Escape x
expect "addresses again" "10.9."
keys t
expect "looks" "colour-blind"
keys End Space
expect "ASCII" "! violation"
refuse "nothing else" "✗"
picture ascii-80x24
keys t End Space
expect "UTF-8 again" "✗ violation"

# --- resize ---
in_tmux resize-window -x 120 -y 40
expect "wider: more columns" "Findings"
picture flows-120x40
keys 1
picture overview-120x40
in_tmux resize-window -x 40 -y 10
expect "too small" "spanward needs"
in_tmux resize-window -x 200 -y 60
expect "large" "Newest violations"
in_tmux resize-window -x 80 -y 24
picture overview-80x24

# --- leaving ---
keys q
expect "left" "left with 0"
expect "echo is on again" " echo"
start 80 24 -r "$capture"
expect "settings are kept" "done"
keys 2 F10
expect "F10 leaves" "left with 0"

# --- hostile names ---
start 120 40 -r "$capture"
expect "hostile names" "done"
type_in '2\flow:6'
keys Enter Enter
expect "escape sequences are spelt out" '\x1b]0;owned'
expect "wide characters are shown" '中文名'
expect "marks are spelt out" '\u{202e}'
picture hostile-120x40
if in_tmux display-message -p '#{pane_title}' | grep -q owned; then
	bad "an escape sequence reached the terminal"
else
	good
fi
keys q

# --- a report at the end is that of audit ---
start 80 24 -r "$capture" -o "$work/watch.json"
expect "with -o" "done"
keys q
expect "left" "left with 0"
"$bin" audit -q -r "$capture" -o "$work/audit.json"
if cmp "$work/watch.json" "$work/audit.json"; then
	good
else
	bad "watch and audit write the same report"
fi

# --- a ceiling on memory: flows are let go, what they add up to stays ---
totals() { # the overview without that sentence, the trend, the violations
	screen | sed -n '3,/Newest violations/p' | grep -v 'let go' | cut -c1-72
}
start 80 24 -r "$capture"
expect "without a ceiling" "done"
picture overview-80x24
all=$(totals)
start 80 24 -r "$capture" --memory 1K -o "$work/few.json"
expect "with one" "done"
expect "it says so" "flows were let go to save memory: in all sums and reports"
if [ "$(totals)" = "$all" ]; then
	good
else
	bad "other totals than without a ceiling"
fi
keys 2
expect "the list says so" "1 of 26, 2"
keys Enter
expect "a flow that was let go" "This flow was let go to save memory"
expect "says what is left of it" "packet 4: SIP REGISTER readable over TCP"
picture gone-80x24
keys Escape 3
expect "findings count them" "kinds"
keys 4
expect "and so do hosts" "inferred ✗ violation       25     24"
keys 6
expect "the log tells" "than --memory has room for"
keys 2 e
expect "exports hold them" "Export 26 shown flows"
type_in n
keys Enter
expect "asks for the file" "Export to:"
keys C-u
type_in "$work/few.ndjson"
keys Enter
expect "all are written" "26 flows written to"
keys q
expect "left" "left with 0"
cut -d, -f1-9 <("$bin" report -o csv:- "$work/few.json") >"$work/few.csv"
cut -d, -f1-9 <("$bin" report -o csv:- "$work/audit.json") >"$work/all.csv"
if cmp "$work/few.csv" "$work/all.csv"; then
	good
else
	bad "the report lost flows that were let go"
fi

# --- monochrome, other terminals ---
before="NO_COLOR=1" start 80 24 -r "$capture"
expect "NO_COLOR" "done"
if in_tmux capture-pane -p -e | grep -q $'\033\[[0-9;]*[34][0-7]m\|[34]8;'; then
	bad "NO_COLOR: colours"
else
	good
fi
expect "signs instead" "✗"
keys q
expect "left" "left with 0"
before="LC_ALL=C TERM=vt100" start 80 24 -r "$capture"
expect "vt100" "done"
keys 2
expect "plain characters" "! violation"
keys q
expect "left" "left with 0"

# --- ends that are not chosen ---
start 80 24 -r "$capture"
expect "SIGTERM" "done"
kill -TERM "$(cat "$work/pid")"
expect "SIGTERM leaves" "left with 0"
expect "the terminal is as before" " echo"
start 80 24 -r "$capture"
expect "a crash" "done"
kill -ABRT "$(cat "$work/pid")"
expect "a crash ends it" "left with 1"
expect "the terminal is as before" " echo"

# --- terminals that cannot ---
before="TERM=dumb" start 80 24 -r "$capture"
expect "a dumb terminal" "cannot draw a screen"
expect "and status 2" "left with 2"
before="TERM=no-such-thing" start 80 24 -r "$capture"
expect "an unknown terminal" "is not known here"
expect "and status 2" "left with 2"
before="TERM=linux" start 80 24 -r "$capture"
expect "the console" "! "
refuse "has no such characters" "✗"
keys q
expect "left" "left with 0"

# --- what goes wrong with an input stands in the log ---
head -c 2000 "$capture" >"$work/cut.pcap"
start 80 24 -r "$work/cut.pcap"
expect "a sign on the tab" "6 Log!"
keys 6
expect "what it is" "cut.pcap"
refuse "seen" "6 Log!"
keys q
expect "left" "left with 0"

# --- no terminal ---
out=$("$bin" watch -r "$capture" 2>&1 </dev/null | cat)
status=$("$bin" watch -r "$capture" >/dev/null 2>&1 </dev/null; echo $?)
if [ "$status" = 2 ] && [ "$(printf '%s\n' "$out" | wc -l)" = 1 ] &&
    [[ $out == *"needs a terminal"* ]]; then
	good
else
	echo "FAILED: no terminal: status $status: $out"
	failed=$((failed + 1))
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
