#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The real program, confined: confine.sh BIN
#
# What each of its threads may still do, by /proc; what it opens after the drop,
# by strace; whom root becomes and whose the reports are; the warnings; and
# what is installed beside it. What a machine cannot show is skipped.
set -u
cd "$(dirname "$0")/.." || exit 2
root=$PWD
bin=$(realpath "${1:?usage: tests/confine.sh BIN}")
work=$(mktemp -d) || exit 2
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$work"' EXIT
chmod 755 "$work"
user=65534 # with no files of its own
passed=0
failed=0
skipped=0

good() { passed=$((passed + 1)); }
bad() { # what
	failed=$((failed + 1))
	echo "FAILED: $1"
	[ -s "$work/err" ] && tail -n 8 "$work/err" | sed 's/^/    /'
}
skip() { # why
	skipped=$((skipped + 1))
	echo "skipped: $1"
}
is() { # what, command
	local what=$1
	shift
	if "$@"; then good; else bad "$what"; fi
}
# One warning where the kernel lacks what confines.
silent() {
	is "$1" [ "$(wc -l <"$work/err")" -eq ${missing:-0} ]
}
tells() {
	is "$1" [ "$(grep '^confine: ' "$work/err" |
		grep -vc ': going on less protected: ')" -eq 6 ]
}
has() { grep -Eq -- "$2" "$1"; }
lacks() { ! has "$@"; }

sanitized=
grep -aq __asan_init "$bin" && sanitized=yes
grep -aq __tsan_init "$bin" && sanitized=yes

# Root of a user namespace, or without capabilities, becomes nobody else.
able=
if [ "$(id -u)" -eq 0 ] && : >"$work/owned" &&
    chown 4711:4712 "$work/owned" 2>/dev/null &&
    setpriv --reuid $user --regid $user --clear-groups true 2>/dev/null
then
	able=yes
fi

# Others must be able to reach what they shall audit.
samples=$work/samples
mkdir "$samples"
cp samples/failing/*.pcap "$samples"
cp "$bin" "$work/spanward"
chmod -R a+rX "$samples" "$work/spanward"
bin=$work/spanward
one=$(ls "$samples"/*.pcap | head -n 1)

# --- what this machine can do ---

"$bin" --version -v >"$work/out" 2>"$work/err"
is "--version -v ends well" [ $? -eq 0 ]
is "and says it once" [ ! -s "$work/err" ]
is "six steps are told" [ "$(grep -Ec \
    '^  [A-Za-z ]+: (yes, proven|in part|no): .' "$work/out")" -eq 6 ]
proven=$(grep -c ': yes, proven: ' "$work/out")
missing=
grep -Eq '^  (Landlock|seccomp): no' "$work/out" && missing=1
if [ -z "$sanitized" ] && [ "$proven" -lt 6 ]; then
	skip "this machine proves $proven steps of 6"
	sed 's/^/    /' "$work/out"
fi
"$bin" --version >"$work/out"
is "--version alone confines nothing" lacks "$work/out" confinement

# --- the reports are there, and whose they are ---

own() { # name of a folder that everybody may use as he is allowed to
	mkdir -p "$work/$1"
	chown "$2" "$work/$1" 2>/dev/null
	cd "$work/$1" || exit 2
}
ends() { # status, arguments
	local want=$1
	shift
	"$bin" "$@" >"$work/out" 2>"$work/err"
	is "$*: status $want" [ $? -eq "$want" ]
}

own mine "$(id -u)"
ends 1 audit -r "$samples" -o a.json -o b.html -w c.pcapng -t 4
silent "no warning"
is "a.json is whole" [ -s a.json ]
is "nothing is left behind" [ "$(ls | wc -l)" -eq 3 ]
ends 1 audit -v -r "$samples" -o a.json
tells "-v tells each step"
ends 1 audit --confine=off -v -r "$samples" -o off.json
is "off is off" lacks "$work/err" '^confine: '
is "confined or not, the same report" cmp -s a.json off.json
ends 2 audit --confine=maybe -r "$samples"
ends 2 audit --confine=off --user nobody -r "$samples"
ends 2 audit --user no-such-user -r "$samples"
is "its reason" has "$work/err" "^spanward: --user no-such-user: "
"$bin" audit -q -r "$samples" -o json:/dev/stdout 2>"$work/err" |
	cat >"$work/out"
is "a pipe as output" [ -s "$work/out" ]
"$bin" audit -q -r "$samples" -o json:"$work/fifo-not-there/x" \
    >"$work/out" 2>"$work/err"
is "a folder that is not there" [ $? -eq 2 ]
"$bin" audit -q -r - -o d.json <"$one" 2>"$work/err"
is "standard input" [ -s d.json ]
mkfifo pipe && { cat "$one" >pipe & }
ends 1 audit -q -r pipe -o h.json
mkdir links && ln -s "$one" links/ && ln -s "$one" single.pcap
ends 1 audit -q -r links -o e.json
ends 1 audit -q -r single.pcap -o f.json

# A policy, its authorities and a key log elsewhere; signed at the end.
mkdir "$work/elsewhere"
openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=test \
    -keyout "$work/elsewhere/key.pem" -out "$work/elsewhere/ca.pem" \
    2>/dev/null
printf '%s\n' 'spanward-policy: 1' 'name: x' 'extends: lync-2013' \
    >"$work/elsewhere/x.yaml"
sign=()
if [ -s "$work/elsewhere/ca.pem" ]; then
	printf '%s\n' 'trust:' '  ca: [ca.pem]' >>"$work/elsewhere/x.yaml"
	sign=(--sign "$work/elsewhere/key.pem" --cert "$work/elsewhere/ca.pem")
else
	skip "no openssl to make keys: nothing was signed"
fi
: >"$work/elsewhere/keys.log"
chmod -R a+rX "$work/elsewhere"
ends 1 audit -r "$samples" -p "$work/elsewhere/x.yaml" \
    -k "$work/elsewhere/keys.log" -o g.json "${sign[@]}"
[ ${#sign[@]} -eq 0 ] || is "a manifest" [ -s g.manifest.json ]

ends 0 report -v a.json -o i.html
tells "report is confined"
ends 0 report a.json -o k.json "${sign[@]}"
silent "without a word"
ends 2 diff a.json not-there.json
ends 0 diff a.json k.json -o l.html

if [ -n "$able" ]; then
	own theirs $user
	ends 1 audit -v -r "$samples" -o a.json
	is "root becomes the owner of the folder" \
	    has "$work/err" "user: yes, proven: .*uid $user"
	is "whose report it is" [ "$(stat -c %u a.json)" -eq $user ]
	own caller 4711
	SUDO_UID=4711 SUDO_GID=4712 "$bin" audit -r "$samples" -o a.json \
	    2>"$work/err"
	is "sudo's caller gets the report" \
	    [ "$(stat -c %u:%g a.json)" = 4711:4712 ]
	own closed 0
	chmod 700 .
	ends 1 audit -v -r "$samples" -o a.json
	is "root stays where only root may write" \
	    has "$work/err" 'user: in part: stays root'
	ends 2 audit --confine=strict -r "$samples" -o b.json
	is "which is not strict" has "$work/err" \
	    '^spanward: --confine=strict: user: stays root'
	is "and wrote nothing" [ ! -e b.json ]
	ends 2 audit --user $user -r "$samples" -o b.json
	is "whom it may not be" has "$work/err" "--user $user: .*b.json"
	if [ -z "$sanitized$missing" ]; then
		own strict $user
		ends 1 audit --confine=strict -r "$samples" -o a.json
	fi
	own user $user
	setpriv --reuid $user --regid $user --clear-groups "$bin" audit -v \
	    -r "$samples" -o a.json >"$work/out" 2>"$work/err"
	is "not as root" [ $? -eq 1 ]
	is "it stays who it is" has "$work/err" "stays uid $user"
	# A key log is open by then, whoever may read it.
	own keys $user
	cp "$work/elsewhere/keys.log" "$work/root.keys"
	chmod 600 "$work/root.keys"
	ends 1 audit -v -r "$samples" -k "$work/root.keys" -o a.json
	is "a key log of root" has "$work/err" "user: yes, proven: .*uid $user"
	# Files of one, a folder of another: a capability is left, and told.
	own mixed $user
	cp "$one" "$work/secret.pcap"
	chown 4711 "$work/secret.pcap"
	chmod 600 "$work/secret.pcap"
	chmod 755 .
	ends 1 audit -r "$work/secret.pcap" -o a.json
	is "one warning" [ "$(grep -c 'CAP_DAC_OVERRIDE' "$work/err")" -eq 1 ]
	ends 1 audit -q -r "$work/secret.pcap" -o a.json
	is "none with -q" [ ! -s "$work/err" ]
else
	skip "no rights of root: nobody to become"
fi

# --- the threads of a running audit ---

# Every thread: no root, no capability, no way back, filtered.
check_threads() { # pid, uid
	local t n=0
	for t in /proc/"$1"/task/*/status; do
		n=$((n + 1))
		grep -Eq "^Uid:	$2	$2	$2	$2$" "$t" &&
		    grep -Eq '^Groups:	 *$' "$t" &&
		    grep -Eq '^NoNewPrivs:	1$' "$t" &&
		    { [ -n "$missing" ] ||
			grep -Eq '^Seccomp:	2$' "$t"; } &&
		    ! grep -E '^Cap(Inh|Prm|Eff|Amb)' "$t" |
			grep -qv '0000000000000000$' || {
			grep -E '^(Uid|Groups|Cap|NoNew|Seccomp:)' "$t" >&2
			return 1
		}
	done 2>"$work/err"
	[ $n -ge "${3:-1}" ]
}
live() { # what, uid, command in front
	local what=$1 uid=$2
	shift 2
	rm -f a.json a.ndjson
	"$@" audit -q -i lo -t 3 -o a.json --journal a.ndjson \
	    >"$work/out" 2>"$work/err" &
	local pid=$! tries=0
	# Its journal begins when signals are taken, just before the threads.
	until { [ -s a.ndjson ] &&
	    [ "$(ls /proc/$pid/task 2>/dev/null | wc -l)" -ge 4 ]; } ||
	    ! kill -0 $pid 2>/dev/null || [ $tries -ge 600 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	if ! kill -0 $pid 2>/dev/null; then
		skip "$what: no capture here: $(head -n 1 "$work/err")"
		return
	fi
	is "$what: its threads" check_threads $pid "$uid" 4
	is "$what: nobody reads its memory" \
	    [ -n "$sanitized" -o "$(stat -c %u /proc/$pid/mem)" = 0 ]
	kill -INT $pid
	wait $pid
	is "$what: a report at the end" [ -s a.json ]
}
if [ -n "$able" ]; then
	own live $user
	live "live, root before" $user "$bin"
	live "live, by a capability" $user setpriv --reuid $user --regid $user \
	    --clear-groups --inh-caps=+net_raw --ambient-caps=+net_raw "$bin"
	live "live, as a service" $user setpriv --reuid $user --regid $user \
	    --clear-groups --bounding-set=-all,+net_raw --no-new-privs \
	    --inh-caps=+net_raw --ambient-caps=+net_raw "$bin"
	if command -v setcap >/dev/null && cp "$bin" "$work/capable" &&
	    setcap cap_net_raw+ep "$work/capable" 2>/dev/null; then
		live "live, by setcap" $user setpriv --reuid $user \
		    --regid $user --clear-groups "$work/capable"
	else
		skip "setcap does not work here"
	fi
fi

# --- what is opened after the drop ---

# Of a trace the successful calls behind the filter, less the threads' names.
behind() {
	awk '/seccomp\(SECCOMP_SET_MODE_FILTER.*= 0$/ { on = 1; next } on' \
	    "$work/trace"
}
# A call that another thread's cut in two is one line, with its own result.
whole_lines() {
	awk '/ <unfinished \.\.\.>$/ {
		sub(/ <unfinished \.\.\.>$/, "")
		held[$1] = $0
		next
	}
	/<\.\.\. [a-z0-9_]+ resumed>/ && $1 in held {
		line = $0
		sub(/^.*resumed>/, "", line)
		print held[$1] line
		delete held[$1]
		next
	}
	{ print }' "$work/trace" >"$work/whole" && mv "$work/whole" "$work/trace"
}
opened() { # of regular expressions: what is allowed
	behind | sed -n 's/.*open\(at\)\{0,1\}(\(AT_FDCWD, \)\{0,1\}"\([^"]*\)".*= [0-9].*/\3/p' |
	    sort -u | grep -Ev "^($1)" >"$work/err"
	sed 's/^/    opened: /' "$work/err"
	[ ! -s "$work/err" ]
}
libraries='/etc/localtime$|/usr/share/zoneinfo|/dev/urandom$|/proc/sys/crypto|/proc/sys/vm/overcommit_memory$|/etc/gcrypt'
if [ -n "$missing" ]; then
	skip "nothing keeps it from opening files here"
elif [ -n "$sanitized" ]; then
	skip "a sanitizer opens files of its own"
elif command -v strace >/dev/null && strace -o "$work/trace" true 2>/dev/null
then
	own traced "$(id -u)"
	# Threads that begin a call elsewhere would cut lines in two.
	strace -f -o "$work/trace" -e trace=open,openat,execve,clone,clone3,socket,seccomp,rename \
	    "$bin" audit -q -t 2 -r "$samples" -p "$work/elsewhere/x.yaml" \
	    -o "$PWD/a.json" -o text:- >"$work/out" 2>"$work/err"
	is "under strace" [ $? -eq 1 ]
	is "a filter was set" [ -n "$(behind)" ]
	whole_lines
	set_at=$(grep -n 'seccomp(SECCOMP_SET_MODE_FILTER' "$work/trace" |
		head -n 1)
	if behind | grep -q 'open\(at(AT_FDCWD, \|(\)0x'; then
		skip "what is opened: strace may not read its memory"
	else
		is "after it nothing is opened but what was handed over" \
		    opened "$samples|$PWD/a.json|$work/elsewhere|$libraries"
		is "captures are opened after it" has <(behind) "openat.*$one"
		first=$(grep -nE 'openat.*\.pcap"' "$work/trace" |
			head -n 1)
		is "and never before" [ "${first%%:*}" -gt "${set_at%%:*}" ]
	fi
	is "threads begin after it" [ -z "$(sed -n "1,${set_at%%:*}p" \
	    "$work/trace" | grep -E 'clone3?\(')" ]
	if [ -n "$able" ]; then
		strace -f -o "$work/trace" -e trace=open,openat,seccomp,socket \
		    "$bin" audit -q -t 2 -i lo -d 1s -o "$PWD/b.json" \
		    >"$work/out" 2>"$work/err"
		if [ $? -gt 1 ]; then
			skip "no capture here: $(head -n 1 "$work/err")"
		else
			whole_lines
			is "the same of a live capture" \
			    opened "$PWD/b.json|$libraries"
			is "whose sockets are open before" [ -n "$(sed \
			    '/SECCOMP_SET_MODE_FILTER/q' "$work/trace" |
			    grep 'socket(AF_PACKET.*= [0-9]')" ]
		fi
	fi
else
	skip "strace is missing: what is opened was not looked at"
fi

# --- the manual page and the service ---

cd "$root" || exit 2
"$root/share/man/page.sh" "$bin" >"$work/spanward.1" 2>"$work/err"
is "the manual page is made" [ -s "$work/spanward.1" ]
options() { grep -oE '(^|[ ,(])--[a-z-]+|(^ *|, )-[a-zA-Z]\b' | tr -d ' ,(' |
	sort -u; }
commands=$("$bin" --help | sed -n '/^Commands:$/,/^$/s/^  \([a-z]*\) .*/\1/p')
is "it has all commands" [ -n "$commands" ]
for command in "" $commands; do
	# shellcheck disable=SC2086 # no word at all for the program itself
	"$bin" $command --help
done | sed -n 's/^  \(.\{27\}\).*/\1/;/^ *-/p' | options >"$work/of-help"
sed -n 's/\\-/-/g;s/^\\fB\(-.*\)\\fR$/\1/p' "$work/spanward.1" | options \
    >"$work/of-page"
is "its options are those of --help" cmp -s "$work/of-help" "$work/of-page"
is "there are some" [ "$(wc -l <"$work/of-page")" -gt 25 ]
for command in $commands; do
	is "the page tells of $command" \
	    has "$work/spanward.1" "^\.SS spanward $command$"
done
if command -v man >/dev/null; then
	LC_ALL=C.UTF-8 man --warnings -l "$work/spanward.1" 2>"$work/err" \
	    >"$work/out"
	is "no warning of man" [ ! -s "$work/err" ]
else
	skip "man is missing: the page was not formatted"
fi
sed "s|@BIN@|$work|" "share/systemd/spanward@.service.in" \
    >"$work/spanward@eth1.service"
# The options the service begins with are known to the program.
words=$(sed -n 's/^Environment="SPANWARD_OPTIONS=\(.*\)"$/\1/p' \
    "$work/spanward@eth1.service")
is "the service has options" [ -n "$words" ]
for word in $words; do
	case $word in
	--*) "$bin" audit --help | grep -qe "$word" ||
		bad "the service's $word is no option" ;;
	esac
done
if command -v systemd-analyze >/dev/null; then
	systemd-analyze verify --man=no "$work/spanward@eth1.service" \
	    >"$work/err" 2>&1
	status=$? # other units of a machine may be at fault
	is "systemd takes the service" \
	    [ $status -eq 0 -o -z "$(grep spanward "$work/err")" ]
	if systemd-analyze security --help 2>/dev/null | grep -q offline; then
		systemd-analyze security --offline=true --threshold=25 \
		    --no-pager "$work/spanward@eth1.service" >"$work/err" 2>&1
		is "and finds it closed enough (2.5 of 10)" [ $? -eq 0 ]
	fi
else
	skip "systemd-analyze is missing: the service was not verified"
fi

if [ $skipped -gt 0 ]; then
	echo "$passed passed, $failed failed, $skipped skipped"
else
	echo "$passed passed, $failed failed"
fi
[ $failed -eq 0 ]
