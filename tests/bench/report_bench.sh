#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rates of writing reports: report_bench.sh BIN
#
#   BENCH_RECORDS=1000000   flow records of a stored audit that is read,
#                           checked and written (cached in build/bench)
set -u
cd "$(dirname "$0")/../.." || exit 2
bin=${1:?usage: tests/bench/report_bench.sh BIN}
records=${BENCH_RECORDS:-1000000}
dir=build/bench
file=$dir/audit-$records.json
export PYTHONDONTWRITEBYTECODE=1
mkdir -p "$dir" || exit 2
if [ ! -s "$file" ] || [ tests/report_check.py -nt "$file" ]; then
	echo "  making $file" >&2
	tests/report_check.py many "$records" "$file.part" &&
	    mv "$file.part" "$file" || exit 2
fi
bad=0
printf '  %d flow records, %d MB of JSON\n' "$records" \
    $(($(stat -c %s "$file") / 1000000))
printf '    %-22s %10s %18s\n' "" records/s "peak RSS"
for format in ndjson csv html; do
	read -r took peak status < <(tests/bench/measure.py 600 "$bin" \
	    report "$file" -o "$format:/dev/null")
	if [ "${status:-2}" -ne 0 ]; then
		printf '    %-22s ended with %s\n' "$format" "${status:-nothing}"
		bad=1
		continue
	fi
	printf '    %-22s %10d %15d MB\n' "$format" \
	    "$(awk "BEGIN { printf \"%d\", $records / ($took + 0.0005) }")" \
	    $((peak / 1024))
done
exit $bad
