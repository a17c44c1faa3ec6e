#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that are missing: deps.sh [check]
#
#   build: what the program needs; check: what its tests need as well.
#   DEPS=0 installs nothing, names what is missing and fails if anything is.
#   NDPI=0 leaves libndpi out.
# A package counts as there when dpkg knows it or when what it brings (a
# command, a library) is found; then nothing is printed and no network used.
set -u

# package, why, how to find what it brings where dpkg does not know
wanted() {
	cat <<-END
	gcc             compiler            command gcc
	libc6-dev       C library           header stdio.h
	make            build               command make
	pkg-config      finds the libraries command pkg-config
	libpcap-dev     reads captures      library libpcap
	libssl-dev      certificates, keys  library openssl
	libncurses-dev  terminal screens    library ncursesw
	libyaml-dev     policy files        library yaml-0.1
	libjansson-dev  JSON reports        library jansson
	zlib1g-dev      packed captures     library zlib
	END
	[ "${NDPI:-1}" = 0 ] || cat <<-END
	libndpi-dev     names other traffic library libndpi
	END
	[ "$goal" = check ] || return 0
	cat <<-END
	libcmocka-dev   unit tests          library cmocka
	python3         golden tests        command python3
	END
}

brought() { # kind, name
	case $1 in
	command) command -v "$2" ;;
	library) pkg-config --exists "$2" ;;
	header) echo "#include <$2>" | gcc -E - ;;
	esac >/dev/null 2>&1
}

goal=${1:-build}
list=$(wanted)
# shellcheck disable=SC2046 # a list of words
there=" $(dpkg-query -W -f='${db:Status-Status} ${binary:Package}\n' \
    $(echo "$list" | sed 's/ .*//') 2>/dev/null |
	sed -n 's/^installed \([^:]*\).*/\1/p' | tr '\n' ' ')"

missing=$(echo "$list" | while read -r package rest; do
	case $there in
	*" $package "*) continue ;;
	esac
	kind=${rest% *}
	brought "${kind##* }" "${rest##* }" && continue
	why=$(echo "${kind% *}" | sed 's/  */ /g;s/ $//')
	echo "$package|$why"
done)
[ -n "$missing" ] || exit 0

names=$(echo "$missing" | sed 's/|.*//' | tr '\n' ' ')
names=${names% }
if [ "${DEPS:-1}" = 0 ]; then
	echo "deps: missing Debian packages (make deps installs them): $names" >&2
	exit 1
fi
if ! command -v apt-get >/dev/null; then
	echo "deps: install what these Debian packages bring: $names" >&2
	exit 1
fi
root=
if [ "$(id -u)" != 0 ]; then
	root=sudo
	if ! command -v sudo >/dev/null; then
		echo "deps: not root and no sudo; as root run:" \
		    "apt-get install $names" >&2
		exit 1
	fi
fi

echo "Installing what is missing (DEPS=0 would only name it):"
echo "$missing" | while IFS='|' read -r package why; do
	printf '  %-15s %s\n' "$package" "$why"
done

log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
apt() {
	$root env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -qq -y \
	    -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 \
	    "$@" </dev/null >"$log" 2>&1
}
# A stale mirror list is no reason to stop: the install tells.
apt update || { echo "deps: apt-get update:" >&2; tail -n 3 "$log" >&2; }
# shellcheck disable=SC2086 # a list of words
if ! apt install --no-install-recommends $names; then
	tail -n 20 "$log" >&2
	echo "deps: apt-get could not install: $names" >&2
	exit 1
fi
