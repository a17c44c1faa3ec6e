#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Audits the two sample deployments and says what to look at: demo.sh BIN
# Fails unless the clean one passes and the other one does not.
set -u
bin=${1:?usage: samples/demo.sh BIN}
here=$(dirname "$0")
policy=$here/policies/contoso.yaml
bad=0

show() { # folder, exit status it should end with
	echo
	echo "\$ $bin audit -p $policy -r $here/$1"
	echo
	"$bin" audit -q -p "$policy" -r "$here/$1"
	status=$?
	echo
	if [ $status -ne "$2" ]; then
		echo "Ended with $status, which is wrong: it should be $2."
		bad=1
	fi
}

echo "A deployment as it should be: every flow that must be protected is."
show clean 0
[ $bad -ne 0 ] || echo "Exit status 0: no violation."
echo
echo "A deployment that fails: protection is missing, or there in name only."
show failing 1
[ $bad -ne 0 ] || echo "Exit status 1: at least one violation; the report names each and says why."

[ -e "$bin" ] || exit 1
cat <<END

What to try next:
  $bin audit -p $policy -r $here/failing -o audit.json -o flows.csv
        everything for scripts, and a table to work with
  $bin audit -r YOUR.pcapng
        a capture of your own; sudo $bin audit -i eth0 -d 60s listens
  $bin policy show lync-2013
        what is asked of each class of traffic; README.md says how to adapt it
END
exit $bad
