#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# House rules a compiler does not know: rules.sh [BUILD]
#
# Of the text: banned calls, byte order by hand, // comments, static storage
# inside functions, long functions, long lines, the licence line. Of the
# objects in BUILD, if given: no variable that outlives a call.
set -u
build=${1-}
floors="core capture dissect audit report ui"
bad=0
say() {
	[ -z "$1" ] && return
	printf '%s\n' "$1"
	bad=1
}

code=$(for f in $floors; do ls "$f"/*.[ch] 2>/dev/null; done)
other=$(find tests samples .ci audit/policies -path tests/corpus -prune -o \
    -type f \( -name '*.[ch]' -o -name '*.sh' -o -name '*.py' -o \
    -name '*.yaml' -o -name run \) -print)

# Strings and comments are blanked first, so that only code is judged.
# shellcheck disable=SC2086 # lists of words from here on
say "$(awk '
function strip(line,    out, c, two, i) {
	out = ""
	for (i = 1; i <= length(line); i++) {
		c = substr(line, i, 1)
		two = substr(line, i, 2)
		if (comment) {
			if (two == "*/") {
				comment = 0
				i++
			}
		} else if (quote != "") {
			if (c == "\\")
				i++
			else if (c == quote) {
				quote = ""
				out = out c
			}
		} else if (two == "/*") {
			comment = 1
			i++
		} else {
			if (c == "\"" || c == "\047")
				quote = c
			out = out c
		}
	}
	if (line !~ /\\$/)
		quote = ""
	return out
}
function tell(what) {
	print FILENAME ":" FNR ": " what
}
FNR == 1 {
	comment = 0
	quote = ""
	start = 0
}
{
	text = " " strip($0)
	if (match(text, /[^A-Za-z0-9_](strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|alloca|gets)[ ]*\(/))
		tell("banned call: " substr(text, RSTART + 1, RLENGTH - 2))
	if (FILENAME != "core/cursor.c" &&
	    match(text, /[^A-Za-z0-9_](ntoh|hton)[sl][ ]*\(/))
		tell("byte order by hand; core/cursor.h reads the wire")
	if (text ~ /\/\//)
		tell("// comment")
	if (FILENAME != "core/log.h" && text ~ /^[ ]\t+static / && text !~ /static_assert|static const |static _Thread_local const /)
		tell("static storage inside a function")
	if ($0 ~ /^\{/)
		start = FNR
	if ($0 ~ /^\}/ && start) {
		if (FNR - start - 1 > 80)
			tell("function of " FNR - start - 1 " lines (80)")
		start = 0
	}
}' $code)"

say "$(for file in $code $(echo "$other" | grep '\.[ch]$'); do
	expand "$file" | LC_ALL=C.UTF-8 awk -v file="$file" \
	    '/clang-format off/ { table = 1 } /clang-format on/ { table = 0 }
	FNR == 1 { table = 0 }
	length($0) > 100 && !table { print file ":" NR ": " length($0) " columns (100)" }'
done)"

say "$(for file in $code $other; do
	head -n 3 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' ||
	    echo "$file: no SPDX line in the first three"
done)"

# Variables: .data and .bss of the objects; constants live elsewhere. Each
# call of log_*() has its rate limit in a log_site_. What begins once in a
# process takes a lock that is the process's: one_begins.
if [ -d "$build" ]; then
	say "$(for file in $code; do
		object=$build/${file%.c}.o
		case $file in
		*.h | ui/* | core/log.c | core/hash.c | core/digest.c) continue ;;
		esac
		[ -e "$object" ] || continue
		objdump -t "$object" | awk -v file="$file" '
		    $NF ~ /^log_site_/ || $NF == "one_begins" { next }
		    / O \.(data|bss|tbss|tdata|data\.rel|data\.rel\.local)\t/ ||
		    / O \*COM\*\t/ { print file ": variable outlives calls: " $NF }'
	done)"
fi
exit $bad
