#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A file includes its own floor and those below; a foreign library is
# included by the files that own it and by nobody else.
set -u
floors="core capture dissect audit report ui"
bad=0
below=
for floor in $floors; do
	below="$below $floor"
	for file in "$floor"/*.[ch]; do
		[ -e "$file" ] || continue
		for up in $(sed -n 's|^#include "\([a-z]*\)/.*|\1|p' "$file"); do
			case "$below " in
			*" $up "*) ;;
			*) echo "$file: $up/ is above it"; bad=1 ;;
			esac
		done
	done
done

foreign() { # header prefix, files that may include it
	for file in $(for f in $floors; do
		grep -El "^#include <($1)" "$f"/*.[ch] 2>/dev/null
	done); do
		echo "$file" | grep -Eq "^($2)" && continue
		echo "$file: <$1...> belongs to $2"
		bad=1
	done
}
foreign pcap     'capture/source_'
foreign zlib     'capture/source_'
foreign openssl/ 'core/digest|dissect/tls_keys|dissect/tls_decrypt|audit/cert|report/manifest'
foreign ndpi     'dissect/ndpi'
foreign 'ncurses|curses|panel|term' 'ui/'
foreign jansson  'report/'
foreign yaml     'audit/policy_parse'
foreign pthread  'core/ring|core/log|dissect/keylog|dissect/ndpi|audit/auditor|audit/follower|audit/jury|audit/lanes|audit/period|audit/shard|report/journal|report/flow_spool|audit/view|capture/source_|report/spool|ui/cmd_watch|ui/export|ui/screen_log'
exit $bad
