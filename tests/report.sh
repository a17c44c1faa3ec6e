#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Reports of the real program: report.sh BIN
#
# All formats: the same bytes whatever the workers, time zone and locale, and
# from a stored audit; merged, compared, signed and tampered with; hostile
# names; bad input and full disks; packets as evidence. What other programs
# are asked for (jsonschema, tshark, openssl, chromium, axe-core) is skipped
# where they are not there; axe-core is the file AXE, or in build/npm.
set -u
cd "$(dirname "$0")/.." || exit 2
bin=${1:?usage: tests/report.sh BIN}
case $bin in /*) ;; *) bin=$PWD/$bin ;; esac
root=$PWD
check=$root/tests/report_check.py
policy=$root/samples/policies/contoso.yaml
export PYTHONDONTWRITEBYTECODE=1
out=$(mktemp -d) || exit 2
full=
trap '[ -z "$full" ] || umount "$full" 2>/dev/null; rm -rf "$out"' EXIT
place=$out
. tests/unconfined.sh
cd "$out" || exit 2
formats="text html json ndjson csv"
passed=0
failed=0
skipped=0

ok() { # what, status of the check
	if [ "$2" -eq 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "report: $1"
		tail -n 8 log 2>/dev/null | cut -c 1-300 | sed 's/^/    /'
	fi
}

skip() {
	skipped=$((skipped + 1))
	echo "report: skipped: $*"
}

same() { # what, file, file
	cmp "$2" "$3" >log 2>&1
	ok "$1" $?
}

run() { # what, status, arguments
	local what=$1 status=$2
	shift 2
	"$bin" "$@" >stdout 2>log </dev/null
	local got=$?
	[ $got -eq "$status" ] || echo "status $got, not $status: $*" >>log
	[ $got -eq "$status" ]
	ok "$what" $?
}

says() { # what, pattern in what the last run wrote
	cat stdout log >>said
	grep -Eq -- "$2" stdout log
	ok "$1" $?
}

looks() { # what, kind of look, files
	local what=$1
	shift
	python3 "$check" "$@" >log 2>&1
	local got=$?
	if [ $got -eq 77 ]; then
		skip "$what: python3-jsonschema is not there"
	else
		ok "$what" $got
	fi
}

failing=(-q -r "$root/samples/failing" -p "$policy")
clean=(-q -r "$root/samples/clean" -p "$policy")
all=(-q -r "$root/samples/captures" -p "$policy")

# ---- the same bytes ----
for f in $formats; do
	run "$f of the failing samples" 1 audit "${failing[@]}" -o "$f:one.$f"
done
TZ=Asia/Kathmandu LC_ALL=de_DE.UTF-8 "$bin" audit "${failing[@]}" -t 4 \
    -o text:many.text -o many.html -o many.json -o many.ndjson -o many.csv \
    2>log
for f in $formats; do
	same "$f: four workers, another time zone and locale" "one.$f" "many.$f"
	run "$f from the stored audit" 0 report one.json -o "$f:again.$f"
	same "$f: as the audit wrote it" "one.$f" "again.$f"
done
run "all samples" 1 audit "${all[@]}" -o all.html -o all.json -o all.csv \
    -o all.ndjson -o text:all.text
run "clean samples" 0 audit "${clean[@]}" -o clean.json -o clean.html
for f in $formats; do
	run "$f of all, stored" 0 report all.json -o "$f:all-again.$f"
	same "$f of all: as the audit wrote it" "all.$f" "all-again.$f"
done

# ---- as others see them ----
looks "pages are well-formed, inert and accessible" page one.html all.html \
    clean.html
looks "csv" csv one.csv all.csv
looks "ndjson" ndjson one.ndjson all.ndjson
looks "text" lines one.text all.text
looks "json fits its schema" schema "$root/report/spanward-audit.schema.json" \
    one.json all.json clean.json

# ---- names that bite ----
openssl req -x509 -newkey rsa:2048 -nodes -keyout bite.key -outform DER \
    -out bite.der -days 30 -utf8 -subj \
    "$(printf '/O=<script>alert(1)<\\/script>/CN==1\\+1\033[31m\xe2\x80\xae')" \
    -addext 'subjectAltName=DNS:<img src=x>' >log 2>&1
if [ -s bite.der ]; then
	python3 "$check" hostile bite.der bite.pcap
	name=$(printf '=1+1 <img src=x onerror=alert(2)>\033[31m\xe2\x80\xae\xff.pcap')
	mv bite.pcap "$name"
	for f in $formats; do
		run "$f of hostile names" 1 audit -q -r "$name" -o "$f:bite.$f"
	done
	"$bin" audit -r "$name" >stdout 2>stderr
	looks "hostile names in a page" page bite.html
	looks "hostile names in a spreadsheet" csv bite.csv
	looks "hostile names on a terminal" lines bite.text stderr stdout
	looks "hostile names in ndjson" ndjson bite.ndjson
	looks "hostile names fit the schema" schema \
	    "$root/report/spanward-audit.schema.json" bite.json
	run "hostile names compared" 1 diff clean.json bite.json -o bited.html \
	    -o text:bited.text
	looks "hostile names in a comparison" page bited.html
	looks "hostile names in its text" lines bited.text
	for word in 'alert(1)' 'cmd|' '1+1'; do
		grep -qF "$word" bite.json
		ok "the capture holds $word" $?
	done
else
	skip "hostile names: openssl makes no such certificate"
fi

# ---- merging ----
run "two audits in one" 0 report clean.json one.json -o merged.json
looks "the merged audit fits the schema" schema \
    "$root/report/spanward-audit.schema.json" merged.json
python3 - >log 2>&1 <<'END'
import json
a, b, m = (json.load(open(n)) for n in ("clean.json", "one.json",
                                        "merged.json"))
assert len(m["flows"]) == len(a["flows"]) + len(b["flows"])
assert [f["flow_id"] for f in m["flows"]] == list(range(1, len(m["flows"]) + 1))
assert m["inputs"] == a["inputs"] + b["inputs"]
for v in m["summary"]["verdicts"]:
    n = sum(f["audit"]["verdict"] == v for f in m["flows"])
    assert m["summary"]["verdicts"][v] == n, v
    assert n == a["summary"]["verdicts"][v] + b["summary"]["verdicts"][v]
for key in ("packets", "bytes"):
    assert m["capture"][key] == a["capture"][key] + b["capture"][key]
prints = [c["fingerprint"] for c in m["certificates"]]
assert len(prints) == len(set(prints))
hosts = [h["ip"] for h in m["hosts"]]
assert len(hosts) == len(set(hosts))
END
ok "the merged audit is the sum" $?
run "a page of it" 0 report merged.json -o merged.html
looks "which is in order" page merged.html
run "the same input twice" 2 report one.json one.json
says "is refused" 'count twice'
"$bin" audit -q -r "$root/samples/failing" -o other.json
run "two policies" 2 report clean.json other.json
says "are refused" 'different policies'

# ---- comparing ----
run "nothing changed" 0 diff one.json one.json
says "says so" '^AS BEFORE: 0 new, 0 gone'
run "violations came" 1 diff clean.json one.json -o d.json -o d.html -o text:d.text
run "violations went" 0 diff one.json clean.json
says "says so" '^BETTER: 0 new, [1-9][0-9]* gone'
looks "the page of a comparison" page d.html
looks "the text of a comparison" lines d.text
python3 - >log 2>&1 <<'END'
import json
d = json.load(open("d.json"))
assert d["format"] == "spanward-diff" and d["worse"] and d["same_policy"]
assert len(d["violations"]["new"]) > 5 and not d["violations"]["fixed"]
for v in d["violations"]["new"]:
    assert v["flows_before"] == 0 < v["flows_now"]
    assert v["evidence"]["packet"] > 0
END
ok "the json of a comparison" $?
run "a diff needs two" 2 diff one.json
run "a diff has no csv" 2 diff one.json one.json -o x.csv

# ---- bad input ----
head -c 4000 one.json >cut.json
sed '1s/"version": 1/"version": 9/' one.json >newer.json
echo '{"flows": []}' >foreign.json
printf '\000\001\002' >junk.json
: >empty.json
for bad in cut newer foreign junk empty nothing; do
	echo old >kept.html
	run "$bad.json" 2 report "$bad.json" -o kept.html
	says "says what is wrong" "^spanward: $bad.json[:0-9]*: "
	[ "$(cat kept.html)" = old ] && [ "$(wc -l <log)" -eq 1 ]
	ok "in one sentence, the old report kept" $?
	run "diff with $bad.json" 2 diff one.json "$bad.json"
done
echo old >kept.json
run "one output of two cannot be" 2 audit "${failing[@]}" -o kept.json \
    -o no/such/folder.html
[ "$(cat kept.json)" = old ]
ok "the other is kept" $?
if [ "$(id -u)" != 0 ]; then
	mkdir shut
	chmod 500 shut
	run "a folder that is shut" 2 report one.json -o shut/a.html
	says "says so" 'shut/a.html: cannot write there'
fi
if [ -w /dev/full ]; then
	for f in $formats; do
		run "$f to a full device" 2 report all.json -o "$f:/dev/full"
		says "says so" 'No space left'
	done
fi
mkdir full
if mount -t tmpfs -o size=64k tmpfs full 2>/dev/null; then
	full=$out/full
	echo old >full/a.html
	run "a full disk" 2 report all.json -o full/a.html -o b.html
	says "says so" 'No space left'
	[ "$(cat full/a.html)" = old ] && [ "$(ls full)" = a.html ] &&
	    [ ! -e b.html ]
	ok "and leaves everything as it was" $?
else
	skip "a full disk: no tmpfs may be mounted here"
fi

# ---- signing ----
ca() { # name, subject
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$1.key" \
	    -out "$1.pem" -days 30 -subj "$2" >/dev/null 2>&1
}
leaf() { # name, days
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout "$1.key" -out "$1.csr" -subj "/O=Contoso/CN=Alice" \
	    >/dev/null 2>&1
	openssl x509 -req -in "$1.csr" -CA authority.pem -CAkey authority.key \
	    -CAcreateserial -days "$2" -out "$1.pem" >/dev/null 2>&1
}
if command -v openssl >/dev/null; then
	ca authority "/CN=Audit authority"
	ca foreign "/CN=Somebody else"
	leaf alice 10
	# openssl x509 of 3.0 cannot look back.
	: >index.txt
	echo 01 >serial
	printf '%s\n' '[ca]' 'default_ca=c' '[c]' 'database=index.txt' \
	    'new_certs_dir=.' 'serial=serial' 'policy=p' 'default_md=sha256' '[p]' \
	    'commonName=supplied' 'organizationName=optional' >ca.cnf
	openssl ca -batch -config ca.cnf -cert authority.pem \
	    -keyfile authority.key -in alice.csr -out expired.pem -notext \
	    -startdate 20200101000000Z -enddate 20200201000000Z \
	    >log 2>&1
	sign=(--sign alice.key --cert alice.pem)
	run "a signed audit" 1 audit "${failing[@]}" -o s.json -o s.html \
	    -w s.pcapng "${sign[@]}"
	same "signing changes no report" s.json one.json
	run "verified" 0 verify s.manifest.json
	says "names the signer" '^signed by  O=Contoso, CN=Alice$'
	run "verified against the authority" 0 verify s.manifest.json \
	    --ca authority.pem
	says "which vouches" 'vouched for'
	run "another authority" 1 verify s.manifest.json --ca foreign.pem
	says "does not" 'NOT TRUSTED'
	for f in s.json s.html s.pcapng; do
		openssl cms -verify -binary -inform DER -in $f.p7s -content $f \
		    -CAfile authority.pem -purpose any -out /dev/null >log 2>&1
		ok "openssl verifies $f" $?
	done
	python3 - >log 2>&1 <<'END'
import hashlib, json
m = json.load(open("s.manifest.json"))
names = [o["path"] for o in m["outputs"]]
assert names == ["s.json", "s.html", "s.pcapng"], names
for o in m["inputs"] + m["outputs"]:
    data = open(o["path"], "rb").read()
    assert hashlib.sha256(data).hexdigest() == o["sha256"], o["path"]
    assert len(data) == o["size"]
kinds = {o["kind"] for o in m["inputs"]}
assert kinds == {"capture", "policy", "trust"}, kinds
END
	ok "the manifest has every input and output" $?
	for f in s.json s.html s.pcapng s.json.p7s s.html.p7s s.pcapng.p7s \
	    s.manifest.json s.manifest.json.p7s; do
		cp $f keep
		python3 - $f <<'END'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
at = len(data) // 2
data[at] ^= 1
open(sys.argv[1], "wb").write(data)
END
		"$bin" verify s.manifest.json --ca authority.pem >stdout 2>log
		[ $? -ne 0 ]
		ok "$f changed" $?
		rm $f
		"$bin" verify s.manifest.json --ca authority.pem >stdout 2>log
		[ $? -ne 0 ]
		ok "$f missing" $?
		mv keep $f
	done
	run "all put back" 0 verify s.manifest.json --ca authority.pem
	cp -r "$root/samples/failing" moved
	"$bin" audit -q -r moved -o in.json "${sign[@]}" 2>log
	run "inputs in place" 0 verify in.manifest.json
	printf x >>moved/failing-web.pcap
	run "an input changed" 1 verify in.manifest.json
	says "is named" 'input +CHANGED: moved/failing-web.pcap'
	rm -r moved
	run "inputs that are away are no fault" 0 verify in.manifest.json
	says "but told" 'input +not here: moved/failing-web.pcap'
	echo old >kept.json
	run "a key of another certificate" 2 audit "${failing[@]}" \
	    -o kept.json --sign foreign.key --cert alice.pem
	says "says so" 'does not fit'
	if [ -s expired.pem ]; then
		run "an expired certificate" 2 audit "${failing[@]}" \
		    -o kept.json --sign alice.key --cert expired.pem
		says "says so" 'expired'
	else
		skip "an expired certificate: this openssl makes none"
	fi
	run "a key without certificate" 2 audit "${failing[@]}" -o kept.json \
	    --sign alice.key
	run "no file to sign" 2 audit "${failing[@]}" "${sign[@]}"
	run "a key that is none" 2 audit "${failing[@]}" -o kept.json \
	    --sign alice.pem --cert alice.pem
	[ "$(cat kept.json)" = old ]
	ok "old reports are kept" $?
	run "a signed page from a stored audit" 0 report s.json -o t.html \
	    "${sign[@]}"
	run "verified" 0 verify t.manifest.json --ca authority.pem
	run "a manifest that is none" 2 verify s.json
	run "no manifest" 2 verify nothing.json
	run "a bundle that is none" 2 verify s.manifest.json --ca s.json
else
	skip "signing: no openssl to make keys"
fi

# ---- evidence ----
run "the packets of violations" 1 audit "${failing[@]}" -w e.pcapng -o e.json
run "the same with four workers" 1 audit "${failing[@]}" -t 4 -w e4.pcapng \
    -o e.json
same "are the same bytes" e.pcapng e4.pcapng
"$bin" audit -q -r - -p "$policy" -w pipe.pcapng -o pipe.json \
    <"$root/samples/failing/failing-web.pcap" 2>log
"$bin" audit -q -r "$root/samples/failing/failing-web.pcap" -p "$policy" \
    -w file.pcapng -o file.json 2>log
run "no violation, no packet" 0 audit "${clean[@]}" -w none.pcapng -o n.json
cp "$root/samples/failing/failing-web.pcap" own.pcap
run "over the capture that is read" 2 audit -q -r own.pcap -w ./own.pcap
says "is refused" 'own.pcap would be written over'
run "a report over it" 2 audit -q -r own.pcap -o json:own.pcap
cmp own.pcap "$root/samples/failing/failing-web.pcap" >log 2>&1
ok "the capture is as it was" $?
run "nowhere to write them" 2 audit "${failing[@]}" -w no/such/e.pcapng
if command -v tshark >/dev/null; then
	tshark -n -r e.pcapng -T fields -e frame.number -e frame.comment \
	    >shown 2>log
	ok "tshark reads them" $?
	python3 - >log 2>&1 <<'END'
import json
audit = json.load(open("e.json"))
shown = open("shown", encoding="utf-8").read()
for f in audit["flows"]:
    bad = f["audit"]["verdict"] == "violation"
    assert ("Spanward flow %d, violation" % f["flow_id"] in shown) == bad, f
    for r in f["audit"]["reasons"] if bad else []:
        if "packet" in r:
            assert "packet %d of %s" % (r["packet"], r.get(
                "pcap_filename", f["pcap_filename"])) in shown, r
            assert r["text"] in shown, r
END
	ok "and shows a comment per flow and decisive packet" $?
	for f in pipe file; do
		tshark -n -r $f.pcapng >$f.shown 2>log
	done
	[ -s pipe.shown ] && cmp pipe.shown file.shown >log 2>&1
	ok "standard input gives the same packets" $?
	tshark -n -r none.pcapng >log 2>&1 && [ "$(grep -c TCP log)" -eq 0 ]
	ok "an empty file is read as well" $?
else
	skip "evidence: no tshark to read it"
fi
run "evidence can be audited again" 1 audit -q -r e.pcapng -p "$policy" -o r.json
python3 - >log 2>&1 <<'END'
import json
count = [sum(f["audit"]["verdict"] == "violation"
             for f in json.load(open(n))["flows"]) for n in ("e.json", "r.json")]
assert count[1] >= count[0], count
END
ok "with the same violations" $?

# ---- a browser ----
python3 "$check" many 10000 big.json
run "a page of 10000 flows" 0 report big.json -o big.html
looks "which is in order" page big.html
axe=${AXE:-$root/build/npm/node_modules/axe-core/axe.min.js}
browse() { # arguments
	timeout 300 chromium --headless --no-sandbox --disable-gpu \
	    --disable-dev-shm-usage \
	    --disable-quic --no-first-run --disable-background-networking \
	    --disable-component-update --disable-sync \
	    --user-data-dir="$(mktemp -d -p "$out")" "$@" 2>browser.log
}
starts=
if command -v chromium >/dev/null; then
	echo '<html><body>begun</body></html>' >begun.html
	browse --dump-dom "file://$out/begun.html" >dom
	grep -q begun dom && starts=yes
fi
if [ -n "$starts" ]; then
	for f in one all clean bite big d merged; do
		[ -e $f.html ] || continue
		browse --enable-logging=stderr --dump-dom \
		    "file://$out/$f.html" >dom
		tail -n 8 browser.log >log
		grep -q '</html>' dom && ! grep -i 'CONSOLE' browser.log >log
		ok "chromium shows $f.html without a message" $?
	done
	if [ -s "$axe" ]; then
		for f in one all clean bite d; do
			[ -e $f.html ] || continue
			python3 "$check" axe "$axe" $f.html axe.html
			browse --virtual-time-budget=60000 --dump-dom \
			    "file://$out/axe.html" |
			    grep -o '<pre id="axe-result">[^<]*' >log ||
			    tail -n 8 browser.log >log
			grep -qx '<pre id="axe-result">\[\]' log
			ok "axe-core finds no fault in $f.html" $?
		done
	else
		skip "accessibility: no axe-core (AXE=FILE, or npm install" \
		    "--prefix build/npm axe-core)"
	fi
else
	skip "a browser: no chromium that starts"
fi

if [ $skipped -gt 0 ]; then
	echo "$passed passed, $failed failed, $skipped skipped"
else
	echo "$passed passed, $failed failed"
fi
[ $failed -eq 0 ]
