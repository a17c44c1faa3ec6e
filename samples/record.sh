#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Records the samples anew: real programs, network namespaces, tcpdump.
#
#   samples/record.sh           every case, with a new CA
#   samples/record.sh NAME...   these cases; their CA joins the bundle
#   samples/record.sh -l        the names
#
# Needs root and the programs named in samples/README.md. All traffic stays
# in namespaces called spw-*, which are removed at the end, as are all keys.
set -u
export PYTHONDONTWRITEBYTECODE=1

here=$(cd "$(dirname "$0")" && pwd)
. "$here/record/lab.sh"
. "$here/record/ca.sh"
. "$here/record/sip.sh"
. "$here/record/media.sh"
. "$here/record/web.sh"
. "$here/record/misc.sh"
. "$here/record/cases.sh"

if [ "${1-}" = -l ]; then
	printf '%s\n' "${CASES[@]}"
	exit 0
fi
lab_up
mkdir -p "$here/captures" "$here/clean" "$here/failing"
if [ $# -eq 0 ]; then
	rm -f "$here"/policies/contoso-ca.pem "$here"/policies/contoso.crl.pem
	set -- "${CASES[@]}"
fi
ca_make
bad=0
for name in "$@"; do
	record "$name" || bad=1
done
exit $bad
