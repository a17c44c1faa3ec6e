# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# SIP: Kamailio as servers, baresip as phones, SIPp (with socat for TLS) for
# requests no phone would send on demand.

# kamailio_up HOST PEER METHOD SERVER CLIENT [EXTRA-LISTEN]
#   METHOD  TLSv1.2, or TLSv1.2+ which agrees on 1.3
#   SERVER  what it asks of callers: require, ask or nothing
#   CLIENT  identity it shows when calling: a name in pki, or -
kamailio_up() {
	local h=$1 peer=$2 method=$3 server=$4 client=$5 d=$TMP/kam-$1
	local ip=${KAM_IP:-${ADDR[$h]}}
	mkdir -p "$d"
	{
		printf '[server:default]\nmethod = %s\n' "$method"
		printf 'private_key = %s\ncertificate = %s\nca_list = %s\n' \
			"$TMP/pki/$h.key" "$TMP/pki/$h.pem" "$TMP/pki/roots.pem"
		case $server in
		require) printf 'verify_certificate = yes\nrequire_certificate = yes\n' ;;
		ask) printf 'verify_certificate = yes\nrequire_certificate = no\n' ;;
		*) printf 'verify_certificate = no\nrequire_certificate = no\n' ;;
		esac
		printf '[client:default]\nmethod = %s\nca_list = %s\n' \
			"$method" "$TMP/pki/roots.pem"
		printf 'verify_certificate = no\nrequire_certificate = no\n'
		[ "$client" = - ] || printf 'private_key = %s\ncertificate = %s\n' \
			"$TMP/pki/$client.key" "$TMP/pki/$client.pem"
	} >"$d/tls.cfg"
	sed -e "s|@IP@|$ip|g" -e "s|@TLSCFG@|$d/tls.cfg|" \
	    -e "s|@PEER@|$peer|" -e "s|@EXTRA@|${6-}|" \
	    "$here/record/kamailio.cfg" >"$d/kamailio.cfg"
	bg "$h" kamailio -DD -E -m 32 -M 4 -f "$d/kamailio.cfg" -w "$d" -Y "$d" \
		-P "$d/pid"
	ready "$h" 5061
}

# options HOST: SIPp asks the local Kamailio, which asks its peer
options() {
	inside "$1" sipp -sf "$here/record/sip/options.xml" -m 1 -t u1 -nostdin \
		-i 127.0.0.1 -p 5099 -timeout 15 127.0.0.1:5090 \
		>>"$TMP/log/sipp-$1" 2>&1
}

# phone HOST SERVER TRANSPORT MEDIAENC: configure one phone
phone() {
	local h=$1 server=$2 transport=$3 enc=$4 d=$TMP/phone-$1
	mkdir -p "$d"
	# nothing newer than TLS 1.2, so that certificates can be seen
	printf '%s\n' 'openssl_conf = a' '[a]' 'ssl_conf = b' '[b]' \
		'system_default = c' '[c]' 'MaxProtocol = TLSv1.2' >"$TMP/tls12.cnf"
	[ -s "$TMP/tone.wav" ] || "$PY" "$here/record/tone.py" "$TMP/tone.wav"
	cat >"$d/config" <<-CONF
	sip_listen ${ADDR[$h]}:${SIP_PORT:-5060}
	${PHONE_ID:+sip_certificate $TMP/pki/$PHONE_ID.both}
	call_max_calls 2
	audio_player aufile,$d/heard.wav
	audio_source aufile,$TMP/tone.wav
	audio_alert aufile,$d/alert.wav
	ausrc_srate 8000
	auplay_srate 8000
	ausrc_channels 1
	auplay_channels 1
	rtp_ports ${RTP_PORT:-20000}-$((${RTP_PORT:-20000} + 1))
	net_interface eth0
	module_path /usr/lib/baresip/modules
	module g711.so
	module aufile.so
	module srtp.so
	module dtls_srtp.so
	module_tmp uuid.so
	module_tmp account.so
	module_app menu.so
	CONF
	printf '<sip:%s@%s;transport=%s>;auth_pass=none%s;audio_codecs=pcmu%s%s\n' \
		"$h" "$server" "$transport" "${enc:+;mediaenc=$enc}" \
		"${PHONE_OPTIONS-;regint=600}" \
		"$([ -z "${AUTO-}" ] || printf ';answermode=auto')" >"$d/accounts"
	: >"$d/contacts"
}

# call FROM SECONDS TARGET: the phone of FROM dials and hangs up
call() {
	inside "$1" env OPENSSL_CONF="$TMP/tls12.cnf" baresip -f "$TMP/phone-$1" -t "$2" -e "/dial $3" \
		>>"$TMP/log/baresip-$1" 2>&1
	return 0
}

# answer HOST SECONDS: start the phone that waits
answer() {
	bg "$1" env OPENSSL_CONF="$TMP/tls12.cnf" baresip -f "$TMP/phone-$1" -t "$2"
}

# sipp_pair SCENARIO CALLER CALLEE PORT [sipp key arguments...]
# SIPp both ends over TCP. With TLS=options socat carries it in TLS:
# CALLER_TLS and CALLEE_TLS are added to socat's addresses.
sipp_pair() {
	local s=$1 from=$2 to=$3 port=$4 target localip
	shift 4
	local uas="$here/record/sip/$s-uas.xml" uac="$here/record/sip/$s-uac.xml"
	if [ -n "${TLS-}" ]; then
		bg "$to" sipp -sf "$uas" -t t1 -nostdin -m 1 -i 127.0.0.1 -p 5060 \
			-timeout 30 "$@"
		ready "$to" 5060 || return 1
		bg "$to" socat "OPENSSL-LISTEN:$port,bind=${ADDR[$to]},reuseaddr,cafile=$TMP/pki/roots.pem,$CALLEE_TLS" \
			TCP:127.0.0.1:5060
		ready "$to" "$port" || return 1
		bg "$from" socat TCP-LISTEN:5070,bind=127.0.0.1,reuseaddr \
			"OPENSSL:${NAMES[$to]%% *}:$port,cafile=$TMP/pki/roots.pem,$CALLER_TLS"
		ready "$from" 5070 || return 1
		target=127.0.0.1:5070 localip=127.0.0.1
	else
		bg "$to" sipp -sf "$uas" -t t1 -nostdin -m 1 -i "${ADDR[$to]}" \
			-p "$port" -timeout 30 "$@"
		ready "$to" "$port" || return 1
		target=${ADDR[$to]}:$port localip=${ADDR[$from]}
	fi
	inside "$from" sipp -sf "$uac" -t t1 -nostdin -m 1 -i "$localip" \
		-timeout 30 "$@" "$target" >>"$TMP/log/sipp-$from" 2>&1
}

tls_id() {
	printf 'cert=%s,key=%s' "$TMP/pki/$1.pem" "$TMP/pki/$1.key"
}
