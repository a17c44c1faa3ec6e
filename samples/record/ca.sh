# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A throw-away CA for one run. Only its certificate and its revocation list
# are kept (the captures hold what it issued); every key goes with $TMP.

# ca_new ID CN
ca_new() {
	local d=$TMP/pki/$1
	mkdir -p "$d"
	: >"$d/index"
	printf 'unique_subject = no\n' >"$d/index.attr"
	printf '%s\n' 01 >"$d/crlnumber"
	openssl req -x509 -newkey rsa:2048 -nodes -sha256 -days 3650 \
		-subj "/O=$2/CN=$2 Root CA $STAMP" \
		-addext basicConstraints=critical,CA:TRUE \
		-addext keyUsage=critical,keyCertSign,cRLSign \
		-keyout "$d/ca.key" -out "$d/ca.pem" 2>/dev/null
	cat >"$d/conf" <<-CONF
	[ca]
	default_ca = it
	[it]
	database = $d/index
	new_certs_dir = $d
	certificate = $d/ca.pem
	private_key = $d/ca.key
	crlnumber = $d/crlnumber
	rand_serial = yes
	default_md = sha256
	default_days = 730
	default_crl_days = 3650
	policy = any
	unique_subject = no
	[any]
	organizationName = optional
	commonName = supplied
	CONF
}

# cert ID CA CN EXTENSIONS [openssl ca options...]: $TMP/pki/ID.{pem,key}
cert() {
	local id=$1 ca=$TMP/pki/$2 cn=$3 ext=$4 p=$TMP/pki
	shift 4
	openssl req -newkey rsa:2048 -nodes -sha256 -subj "/O=Contoso/CN=$cn" \
		-keyout "$p/$id.key" -out "$p/$id.csr" 2>/dev/null
	printf '%b' "basicConstraints=CA:FALSE\n$ext" >"$p/$id.ext"
	openssl ca -batch -notext -config "$ca/conf" -extfile "$p/$id.ext" \
		-in "$p/$id.csr" -out "$p/$id.pem" "$@" 2>>"$TMP/log/ca" ||
		say "certificate $id failed"
	cat "$p/$id.pem" "$p/$id.key" >"$p/$id.both"
}

CDP='crlDistributionPoints=URI:http://pki.contoso.example/contoso.crl\n'
EKU='extendedKeyUsage=serverAuth,clientAuth\n'

san() {
	local n s=
	for n in ${NAMES[$1]}; do
		s=$s,DNS:$n
	done
	printf 'subjectAltName=%s\\n' "${s#,}"
}

ca_make() {
	local h p=$TMP/pki ca
	STAMP=$(date -u +%Y-%m-%dT%H:%M:%SZ)
	mkdir -p "$p"
	ca_new contoso Contoso
	ca_new fabrikam Fabrikam
	for h in fe1 fe2 med edge rp gw file pki; do
		cert "$h" contoso "${NAMES[$h]%% *}" "$(san "$h")$EKU$CDP"
	done
	cert partner fabrikam sip.fabrikam.example "$(san partner)$EKU$CDP"
	cert nocdp contoso fe2.contoso.example "$(san fe2)$EKU"
	cert expired contoso fe2.contoso.example "$(san fe2)$EKU$CDP" \
		-startdate 20240101000000Z -enddate 20250101000000Z
	cert wrongname contoso old.contoso.example \
		"subjectAltName=DNS:old.contoso.example\n$EKU$CDP"
	cert clientonly contoso fe2.contoso.example \
		"$(san fe2)extendedKeyUsage=clientAuth\n$CDP"
	cert revoked contoso fe2.contoso.example "$(san fe2)$EKU$CDP"
	openssl ca -config "$p/contoso/conf" -revoke "$p/revoked.pem" \
		2>>"$TMP/log/ca"
	openssl req -x509 -newkey rsa:2048 -nodes -sha256 -days 730 \
		-subj /O=Contoso/CN=fe2.contoso.example \
		-addext subjectAltName=DNS:fe2.contoso.example \
		-addext extendedKeyUsage=serverAuth,clientAuth \
		-addext crlDistributionPoints=URI:http://pki.contoso.example/contoso.crl \
		-keyout "$p/selfsigned.key" -out "$p/selfsigned.pem" 2>/dev/null
	cat "$p/contoso/ca.pem" "$p/fabrikam/ca.pem" >"$p/roots.pem"
	for ca in contoso fabrikam; do
		openssl ca -config "$p/$ca/conf" -gencrl -out "$p/$ca.crl.pem" \
			2>>"$TMP/log/ca"
	done
	openssl crl -in "$p/contoso.crl.pem" -outform DER -out "$p/contoso.crl"
	cat "$p/roots.pem" >>"$here/policies/contoso-ca.pem"
	cat "$p/contoso.crl.pem" "$p/fabrikam.crl.pem" \
		>>"$here/policies/contoso.crl.pem"
	chmod -R a+rX "$p"
}
