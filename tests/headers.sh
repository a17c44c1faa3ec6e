#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each header compiles alone, and twice.
set -u
pkgs="libpcap openssl ncursesw jansson yaml-0.1 zlib"
[ "${NDPI:-1}" = 0 ] || pkgs="$pkgs libndpi"
# shellcheck disable=SC2086 # a list of words
extern=$(pkg-config --cflags $pkgs 2>/dev/null)
bad=0
for header in core/*.h capture/*.h dissect/*.h audit/*.h report/*.h ui/*.h; do
	[ -e "$header" ] || continue
	# shellcheck disable=SC2086 # a list of words
	printf '#include "%s"\n#include "%s"\n' "$header" "$header" |
	    ${CC:-cc} -std=c11 -D_GNU_SOURCE -I. "-DHAVE_NDPI=${NDPI:-1}" \
		$extern -Wall -Wextra -Werror -fsyntax-only -x c - || {
		echo "$header: does not compile alone and twice"
		bad=1
	}
done
exit $bad
