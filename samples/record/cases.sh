# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What is recorded. act_* does something and says what it must be called,
# case_* puts acts into one capture.

S2S=class=server-to-server
C2S=class=client-to-server,im-presence
IM=class=im-presence,client-to-server
FINE=verdict=compliant
BAD=verdict=violation
# Allowed in clear by the documents: no requirement to miss, so either word.
ALLOWED=verdict=exempt,compliant
UNJUDGED=verdict=exempt,out-of-scope,compliant
# Control packets of a short call are few; whatever they are called must not
# contradict the media.
RTCP_GOOD=verdict=compliant,undetermined,exempt,out-of-scope
RTCP_BAD=verdict=violation,undetermined,exempt,out-of-scope
KAM='Kamailio 5.6.3'
SIPP='SIPp 3.6.1'
OSSL="OpenSSL $(openssl version | cut -d' ' -f2)"
TLSPEER="tlspeer.py ($OSSL)"
BARESIP='baresip 1.0.0'
GST='GStreamer 1.22'

CASES=(
	sip-s2s-mtls12 sip-s2s-tls12-onesided sip-s2s-tls12-declined
	sip-s2s-tcp sip-s2s-mtls13 sip-s2s-tls13-onesided sip-s2s-resumed
	sip-s2s-refused sip-s2s-null-cipher sip-s2s-certificates
	sip-federation-mtls12 sip-s2s-ipv6 sip-s2s-mtls13-keys
	sip-client-tls12 sip-client-tls12-asked sip-client-tcp sip-client-udp
	im-tcp im-tls12
	call-tls-sdes call-tls-dtls call-tls-rtp call-tcp-sdes
	video-rtp video-srtp
	desktop-clear desktop-srtp
	webconf-tls12 webconf-clear
	http-downloads https-downloads https-reverse-proxy https-tls13 https-downloads-keys
	gateway-tcp gateway-tls-onesided gateway-mtls gateway-trunk
	media-bypass
	turn-udp-srtp turn-udp-rtp msturn-srtp msturn-rtp
	bootstrap bootstrap-credentials
	infrastructure out-of-scope
	clean-signalling clean-calls clean-web
	failing-signalling failing-calls failing-web
	span-vlan-dup span-one-way policy-expired-rule
)

# --- signalling -----------------------------------------------------------

# act_mutual A B METHOD: A calls B, then B calls A. Kamailio would use A's
# connection for both, so both start anew in between.
act_mutual() {
	local d
	for d in "$1 $2" "$2 $1"; do
		settle
		kamailio_up "${d% *}" "sip:${ADDR[${d#* }]}:5061;transport=tls" \
			"$3" require "${d% *}" &&
			kamailio_up "${d#* }" sip:127.0.0.1:1 "$3" require \
				"${d#* }" && options "${d% *}" || return 1
	done
	made "$KAM ($OSSL)" "$SIPP"
}

case_sip_s2s_mtls12() {
	title 'SIP between Front Ends, mutual TLS 1.2, a connection each way'
	act_mutual fe1 fe2 TLSv1.2 || return 1
	expect TCP fe1 fe2:5061 $S2S observed=mtls $FINE findings=none \
		why='both sides proved who they are'
	expect TCP fe2 fe1:5061 $S2S observed=mtls $FINE findings=none \
		why='both sides proved who they are'
}

case_sip_s2s_tls12_onesided() {
	title 'SIP between Front Ends, TLS 1.2, no client certificate asked for'
	kamailio_up fe2 sip:127.0.0.1:1 TLSv1.2 nothing - &&
		kamailio_up fe1 "sip:${ADDR[fe2]}:5061;transport=tls" TLSv1.2 \
			nothing - && options fe1 || return 1
	made "$KAM ($OSSL)" "$SIPP"
	expect TCP fe1 fe2:5061 $S2S observed=tls $BAD findings=none \
		why='servers need mutual TLS; no client certificate was asked for'
}

case_sip_s2s_tls12_declined() {
	title 'SIP between Front Ends, TLS 1.2, client certificate asked for and declined'
	kamailio_up fe2 sip:127.0.0.1:1 TLSv1.2 ask - &&
		kamailio_up fe1 "sip:${ADDR[fe2]}:5061;transport=tls" TLSv1.2 \
			nothing - && options fe1 || return 1
	made "$KAM ($OSSL)" "$SIPP"
	expect TCP fe1 fe2:5061 $S2S observed=tls $BAD findings=none \
		why='the client answered with an empty Certificate message'
}

case_sip_s2s_tcp() {
	title 'SIP between Front Ends over TCP in clear'
	kamailio_up fe2 sip:127.0.0.1:1 TLSv1.2 nothing - &&
		kamailio_up fe1 "sip:${ADDR[fe2]}:5060;transport=tcp" TLSv1.2 \
			nothing - && options fe1 || return 1
	made "$KAM" "$SIPP"
	expect TCP fe1 fe2:5060 $S2S observed=none $BAD \
		why='SIP text between servers'
}

case_sip_s2s_mtls13() {
	title 'SIP between Front Ends, mutual TLS 1.3: the certificates are hidden'
	act_mutual fe1 fe2 TLSv1.2+ || return 1
	for d in 'fe1 fe2' 'fe2 fe1'; do
		expect TCP "${d% *}" "${d#* }:5061" $S2S \
			observed=tls,mtls,unknown verdict=undetermined,compliant \
			why='only sizes can tell; a violation would be wrong'
	done
}

case_sip_s2s_tls13_onesided() {
	title 'SIP between Front Ends, one-sided TLS 1.3: the certificates are hidden'
	kamailio_up fe2 sip:127.0.0.1:1 TLSv1.2+ nothing - &&
		kamailio_up fe1 "sip:${ADDR[fe2]}:5061;transport=tls" TLSv1.2+ \
			nothing - && options fe1 || return 1
	made "$KAM ($OSSL)" "$SIPP"
	expect TCP fe1 fe2:5061 $S2S observed=tls,unknown \
		verdict=undetermined,violation \
		why='only sizes can tell; compliant would be wrong'
}

case_sip_s2s_resumed() {
	title 'Mutual TLS 1.2, then the session resumed by ticket: no certificates on the wire'
	tls_server fe2 5061 fe2 --ask &&
		tls_client fe1 fe2 5061 fe1 --times 2 || return 1
	made "$TLSPEER"
	expect TCP fe1 fe2:5061 $S2S observed=mtls $FINE findings=none \
		why='full handshake'
	expect TCP fe1 fe2:5061 $S2S observed=mtls $FINE \
		why='resumed; the first handshake presented a client certificate'
}

case_sip_s2s_refused() {
	title 'No connection: handshake ends in an alert, TCP is refused'
	tls_server fe2 5061 fe2 --ask || return 1
	if tls_client fe1 fe2 5061 - || tls_client fe1 fe2 5062 -; then
		return 1
	fi
	made "$TLSPEER"
	expect TCP fe1 fe2:5061 $S2S observed=unknown,tls,none \
		verdict=undetermined findings=/tls.handshake-failed \
		why='fatal alert: the server missed the client certificate'
	expect TCP fe1 fe2:5062 observed=unknown,none $RTCP_GOOD \
		why='connection refused, no data'
}

case_sip_s2s_null_cipher() {
	title 'TLS 1.2 in name only: NULL cipher, then anonymous key exchange'
	tls_server fe2 5061 fe2 --ask --ciphers NULL-SHA256:@SECLEVEL=0 &&
		tls_client fe1 fe2 5061 fe1 --ciphers NULL-SHA256:@SECLEVEL=0 ||
		return 1
	settle
	tls_server fe2 5061 fe2 --ciphers AECDH-AES128-SHA:@SECLEVEL=0 &&
		tls_client fe1 fe2 5061 - \
			--ciphers AECDH-AES128-SHA:@SECLEVEL=0 || return 1
	made "$TLSPEER"
	expect TCP fe1 fe2:5061 $S2S observed=null $BAD \
		findings=/tls.null-cipher why='certificates, but no encryption'
	expect TCP fe1 fe2:5061 $S2S observed=null,tls $BAD \
		findings=/tls.anonymous why='encryption, but nobody proved anything'
}

case_sip_s2s_certificates() {
	local c id port
	title 'Mutual TLS 1.2 with a defective server certificate each time'
	# the ports of servers inside a Front End
	for c in 5061/nocdp/no-cdp 5062/expired/expired \
	    5063/wrongname/name-mismatch 5064/clientonly/no-server-auth \
	    5065/revoked/revoked 5071/selfsigned/self-signed; do
		port=${c%%/*} id=${c#*/} c=${c##*/}
		tls_server fe2 "$port" "${id%/*}" --ask &&
			tls_client fe1 fe2 "$port" fe1 || return 1
		expect TCP fe1 "fe2:$port" $S2S observed=mtls $FINE \
			"findings=server/certificate.$c" \
			may=certificate.untrusted,certificate.incomplete-chain \
			why='a finding, not another verdict'
	done
	made "$TLSPEER"
}

case_sip_s2s_mtls13_keys() {
	title 'Mutual TLS 1.3 with the secrets embedded: the client certificate can be read'
	KEYS=$TMP/keys
	tls_server fe2 5061 fe2 --ask --tls13 &&
		tls_client fe1 fe2 5061 fe1 --tls13 --keylog "$KEYS" || return 1
	made "$TLSPEER" 'editcap'
	expect TCP fe1 fe2:5061 $S2S observed=mtls $FINE findings=none
}

case_sip_federation_mtls12() {
	title 'Federation: Access Edge and partner, mutual TLS 1.2'
	act_mutual edge partner TLSv1.2 || return 1
	expect TCP edge partner:5061 $S2S observed=mtls $FINE findings=none
	expect TCP partner edge:5061 $S2S observed=mtls $FINE findings=none
}

case_sip_s2s_ipv6() {
	local a b
	title 'IPv6: SIP between Front Ends, mutual TLS 1.2 and TCP in clear'
	a=$(addr6 fe1) b=$(addr6 fe2)
	KAM_IP="[$b]" kamailio_up fe2 sip:127.0.0.1:1 TLSv1.2 require fe2 &&
		KAM_IP="[$a]" kamailio_up fe1 "sip:[$b]:5061;transport=tls" \
			TLSv1.2 require fe1 && options fe1 || return 1
	inside fe1 sh -c 'kill $(cat "$0"/pid); sleep 1' "$TMP/kam-fe1"
	KAM_IP="[$a]" kamailio_up fe1 "sip:[$b]:5060;transport=tcp" \
		TLSv1.2 require fe1 && options fe1 || return 1
	made "$KAM ($OSSL)" "$SIPP"
	expect TCP fe16 fe26:5061 $S2S observed=mtls $FINE findings=none
	expect TCP fe16 fe26:5060 $S2S observed=none $BAD
}

# act_register SERVER-ASKS TRANSPORT: both phones register
act_phones() {
	kamailio_up fe1 sip:127.0.0.1:1 TLSv1.2 "$1" - || return 1
	RTP_PORT=20000 phone c1 "${ADDR[fe1]}" "$2" "${3-}"
	RTP_PORT=20010 AUTO=yes phone c2 "${ADDR[fe1]}" "$2" "${3-}"
	made "$BARESIP" "$KAM"
}

act_call() {
	act_phones "$1" "$2" "$3" || return 1
	answer c2 12
	sleep 1.5
	call c1 6 "sip:c2@${ADDR[fe1]};transport=$2"
	sleep 0.5
}

case_sip_client_tls12() {
	title 'A phone registers over TLS 1.2'
	act_phones nothing tls || return 1
	inside c1 baresip -f "$TMP/phone-c1" -t 2 >>"$TMP/log/baresip-c1" 2>&1
	expect TCP c1 fe1:5061 $C2S observed=tls $FINE findings=none
}

case_sip_client_tls12_asked() {
	title 'A phone registers over TLS 1.2; the server asks for a certificate, the phone has none'
	act_phones ask tls || return 1
	inside c1 baresip -f "$TMP/phone-c1" -t 2 >>"$TMP/log/baresip-c1" 2>&1
	expect TCP c1 fe1:5061 $C2S observed=tls $FINE findings=none \
		why='clients prove themselves inside SIP, not in TLS'
}

case_sip_client_tcp() {
	title 'A phone registers over TCP in clear'
	act_phones nothing tcp || return 1
	inside c1 baresip -f "$TMP/phone-c1" -t 2 >>"$TMP/log/baresip-c1" 2>&1
	expect TCP c1 fe1:5060 $C2S observed=none $BAD
}

case_sip_client_udp() {
	title 'A phone registers over UDP'
	EXTRA="listen=udp:${ADDR[fe1]}:5060"
	kamailio_up fe1 sip:127.0.0.1:1 TLSv1.2 nothing - "$EXTRA" || return 1
	phone c1 "${ADDR[fe1]}" udp ''
	inside c1 baresip -f "$TMP/phone-c1" -t 2 >>"$TMP/log/baresip-c1" 2>&1
	made "$BARESIP" "$KAM"
	expect UDP c1:5060 fe1:5060 $C2S observed=none $BAD findings=/sip.udp
}

case_im_tcp() {
	title 'Sign-in, presence and an instant message over TCP in clear'
	sipp_pair im c1 fe1 5060 || return 1
	made "$SIPP"
	expect TCP c1 fe1:5060 $IM observed=none $BAD \
		why='message and presence documents are readable'
}

case_im_tls12() {
	title 'Sign-in, presence and an instant message in TLS 1.2'
	TLS=yes CALLEE_TLS="$(tls_id fe1),verify=0,openssl-max-proto-version=TLS1.2" \
		CALLER_TLS=openssl-max-proto-version=TLS1.2 \
		sipp_pair im c1 fe1 5061 || return 1
	made "$SIPP" 'socat 1.7.4' "$OSSL"
	expect TCP c1 fe1:5061 $IM observed=tls $FINE findings=none
}

# --- calls ----------------------------------------------------------------

expect_call_tls() {
	expect TCP c1 fe1:5061 $C2S observed=tls $FINE findings=none
	expect TCP c2 fe1:5061 $C2S observed=tls $FINE findings=none
}

# expect_media OBSERVED VERDICT RTCP-VERDICT [more...]
expect_media() {
	local o=$1 v=$2 r=$3
	shift 3
	expect UDP c1:20000 c2:20010 either class=av-media "observed=$o" "$v" "$@"
	expect UDP c1:20001 c2:20011 either maybe class=av-media \
		"observed=$o,unknown" "$r" why='RTCP of the call'
}

case_call_tls_sdes() {
	title 'A call: SIP over TLS 1.2, SRTP keyed by SDES'
	act_call nothing tls srtp-mand || return 1
	expect_call_tls
	expect_media srtp $FINE $RTCP_GOOD
}

case_call_tls_dtls() {
	title 'A call: SIP over TLS 1.2, DTLS-SRTP'
	act_call nothing tls dtls_srtp || return 1
	expect_call_tls
	expect_media srtp $FINE $RTCP_GOOD
}

case_call_tls_rtp() {
	title 'A call: SIP over TLS 1.2, but the media is RTP in clear'
	act_call nothing tls '' || return 1
	expect_call_tls
	expect_media none $BAD $RTCP_BAD
}

case_call_tcp_sdes() {
	title 'A call: SRTP, but its keys stand readable in SIP over TCP'
	act_call nothing tcp srtp-mand || return 1
	expect TCP c1 fe1:5060 $C2S observed=none $BAD
	expect TCP c2 fe1:5060 $C2S observed=none $BAD
	expect_media srtp $BAD $RTCP_BAD findings=/media.keys-in-clear
}

case_video_rtp() {
	title 'Video in clear: H.264 and VP8 over RTP, no signalling seen'
	show_h264 c1 30020 c2 30030 && show_vp8 c1 30022 c2 30032 - || return 1
	made 'ffmpeg 5.1 (libx264)' "$GST (VP8)"
	expect UDP c1:30020 c2:30030 class=av-media observed=none $BAD
	expect UDP c1:30021 c2:30031 maybe class=av-media \
		observed=none,unknown $RTCP_BAD why='RTCP of the stream'
	expect UDP c1:30022 c2:30032 class=av-media observed=none $BAD
}

case_video_srtp() {
	title 'Video protected: VP8 over SRTP, no signalling seen'
	show_vp8 c1 30022 c2 30032 "$(sdes_key)" || return 1
	made "$GST (libsrtp 2.5)"
	expect UDP c1:30022 c2:30032 class=av-media observed=srtp,unknown \
		verdict=compliant,undetermined \
		why='without signalling only the look of the payload can tell'
}

# act_desktop KEY KEY CRYPTO-LINE PROFILE PORT
act_desktop() {
	sipp_pair desktop c1 fe1 "$5" -key caller_addr "${ADDR[c1]}" \
		-key caller_port 42020 -key callee_addr "${ADDR[c2]}" \
		-key callee_port 42010 -key profile "$4" -key crypto "$3" &
	local pid=$!
	sleep 1.5
	desktop_media "$1" "$2" || return 1
	wait $pid || return 1
	made "$SIPP" 'desktop.py over TCP'
}

case_desktop_clear() {
	title 'Desktop sharing in clear: m=applicationsharing in SIP over TCP, RDP in RTP'
	act_desktop - - a=label:main TCP/RTP/AVP 5060 || return 1
	expect TCP c1 fe1:5060 class=desktop-signalling,client-to-server \
		observed=none $BAD
	expect TCP c1:42020 c2:42010 class=desktop-media observed=none $BAD \
		why='RDP is readable inside RTP (RFC 4571 over TCP)'
}

case_desktop_srtp() {
	local k1 k2
	k1=$(sdes_key) k2=$(sdes_key)
	title 'Desktop sharing protected: SIP in TLS 1.2, SRTP over TCP'
	TLS=yes CALLEE_TLS="$(tls_id fe1),verify=0,openssl-max-proto-version=TLS1.2" \
		CALLER_TLS=openssl-max-proto-version=TLS1.2 act_desktop "$k1" "$k2" \
		"a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:$k1|2^31" \
		TCP/RTP/SAVP 5061 || return 1
	made "$SIPP" 'socat 1.7.4' "$OSSL" 'desktop.py over TCP (libsrtp 2.5)'
	expect TCP c1 fe1:5061 class=client-to-server,desktop-signalling,im-presence \
		observed=tls $FINE findings=none
	expect TCP c1:42020 c2:42010 class=desktop-media,av-media \
		observed=srtp,unknown verdict=compliant,undetermined
}

# --- web ------------------------------------------------------------------

act_psom_clear() {
	bg fe1 "$PY" "$here/record/standin.py" psom-server "${ADDR[fe1]}" 8057
	ready fe1 8057 || return 1
	inside c1 "$PY" "$here/record/standin.py" psom-client "${ADDR[fe1]}" 8057 ||
		return 1
	made 'standin.py'
	expect TCP c1 fe1:8057 class=web-conferencing observed=none,unknown \
		verdict=violation,undetermined \
		why='bytes that are no TLS on the web conferencing port'
}

act_psom_tls() {
	bg fe1 "$PY" "$here/record/standin.py" psom-tls-server "${ADDR[fe1]}" \
		8057 "$TMP/pki/fe1.pem" "$TMP/pki/fe1.key"
	ready fe1 8057 || return 1
	inside c1 "$PY" "$here/record/standin.py" psom-client "${ADDR[fe1]}" 8057 \
		"$TMP/pki/roots.pem" pool.contoso.example || return 1
	made 'standin.py (Python ssl)'
	expect TCP c1 fe1:8057 class=web-conferencing observed=tls $FINE \
		findings=none
}

case_webconf_tls12() {
	title 'Web conferencing on 8057 in TLS 1.2'
	act_psom_tls
}

case_webconf_clear() {
	title 'Web conferencing port 8057 without TLS'
	act_psom_clear
}

act_http_downloads() {
	nginx_up fe1 && downloads c1 http://pool.contoso.example || return 1
	made 'nginx 1.22.1' 'curl 7.88.1'
	expect TCP c1 fe1:80 class=address-book-download observed=none $BAD
	expect TCP c1 fe1:80 class=content-download observed=none $BAD
	expect TCP c1 fe1:80 class=group-expansion observed=none $BAD
}

WEB=class=web-services,address-book-download,content-download,group-expansion

act_https_downloads() {
	nginx_up fe1 && downloads c1 https://pool.contoso.example || return 1
	made 'nginx 1.22.1' "$OSSL" 'curl 7.88.1'
	expect TCP c1 fe1:443 many $WEB observed=https,tls $FINE findings=none
}

case_http_downloads() {
	title 'Address book, meeting content and group expansion over HTTP in clear'
	act_http_downloads
}

case_https_downloads() {
	title 'The same three services over HTTPS'
	act_https_downloads
}

case_https_reverse_proxy() {
	title 'From outside: HTTPS 443 to the reverse proxy, HTTPS 4443 behind it'
	nginx_up fe1 && nginx_up rp https://pool.contoso.example:4443 &&
		downloads c1 https://lsweb.contoso.example || return 1
	made 'nginx 1.22.1' "$OSSL" 'curl 7.88.1'
	expect TCP c1 rp:443 many $WEB observed=https,tls $FINE findings=none
	# nginx sends the upstream host name, which the certificate carries
	expect TCP rp fe1:4443 many $WEB,server-to-server observed=https,tls \
		$FINE findings=none
}

case_https_tls13() {
	title 'HTTPS with TLS 1.3'
	TLS_VERSIONS=TLSv1.3 nginx_up fe1 &&
		get c1 https://pool.contoso.example/abs/handler/F-1299.lsabs ||
		return 1
	made 'nginx 1.22.1' "$OSSL" 'curl 7.88.1'
	expect TCP c1 fe1:443 $WEB observed=https,tls $FINE
}

case_https_downloads_keys() {
	title 'The three services over HTTPS, the secrets embedded: what is inside can be told'
	KEYS=$TMP/keys
	nginx_up fe1 && downloads c1 https://pool.contoso.example || return 1
	made 'nginx 1.22.1' "$OSSL" 'curl 7.88.1' 'editcap'
	expect TCP c1 fe1:443 class=address-book-download observed=https $FINE findings=none
	expect TCP c1 fe1:443 class=content-download observed=https $FINE findings=none
	expect TCP c1 fe1:443 class=group-expansion observed=https $FINE findings=none
}

case_bootstrap() {
	title 'Documented clear first contact: autodiscover, CRL, redirect, anonymous CertProv'
	nginx_up fe1 && nginx_up pki || return 1
	get c1 http://lyncdiscoverinternal.contoso.example/Autodiscover/AutodiscoverService.svc/root &&
		get c1 http://pki.contoso.example/contoso.crl -A Microsoft-CryptoAPI/6.1 &&
		get c1 http://pool.contoso.example/Meet/alice/ABC123 &&
		get c1 http://pool.contoso.example/CertProv/CertProvisioningService.svc/anon ||
		return 1
	made 'nginx 1.22.1' 'curl 7.88.1'
	expect TCP c1 fe1:80 class=bootstrap observed=none $ALLOWED why='autodiscover'
	expect TCP c1 pki:80 class=bootstrap observed=none $ALLOWED \
		why='certificate revocation list'
	expect TCP c1 fe1:80 class=bootstrap observed=none $ALLOWED \
		why='only a redirect to HTTPS'
	expect TCP c1 fe1:80 class=bootstrap observed=none $ALLOWED \
		why='anonymous certificate provisioning'
}

case_bootstrap_credentials() {
	title 'First contact that gives secrets away: Authorization, cookie, web ticket in clear'
	nginx_up fe1 || return 1
	get c1 http://lyncdiscoverinternal.contoso.example/Autodiscover/AutodiscoverService.svc/root/user \
		-u 'contoso\alice:Passw0rd' &&
		get c1 http://lyncdiscoverinternal.contoso.example/Autodiscover/AutodiscoverService.svc/root \
			-b 'AuthToken=9f86d081884c7d65' &&
		get c1 http://pool.contoso.example/CertProv/CertProvisioningService.svc \
			-H 'X-MS-WebTicket: opaque=cT02MDA6YWxpY2U' || return 1
	made 'nginx 1.22.1' 'curl 7.88.1'
	expect TCP c1 fe1:80 class=bootstrap,web-services observed=none $BAD \
		findings=/http.credentials-in-clear why='Basic authorization'
	expect TCP c1 fe1:80 class=bootstrap,web-services observed=none $BAD \
		findings=/http.credentials-in-clear why='a session cookie'
	expect TCP c1 fe1:80 class=bootstrap,web-services observed=none $BAD \
		findings=/http.credentials-in-clear why='a web ticket'
}

# --- gateways -------------------------------------------------------------

# gateway_phones PORT ENC: gateway 20030, Mediation Server 20040
gateway_phones() {
	PHONE_ID=gw PHONE_OPTIONS=';regint=0' RTP_PORT=20030 SIP_PORT=5060 \
		phone gw "${ADDR[gw]}" "$2" "$3"
	PHONE_ID=med PHONE_OPTIONS=';regint=0' RTP_PORT=20040 SIP_PORT=$1 \
		AUTO=yes phone med "${ADDR[med]}" "$2" "$3"
	answer med 12
	sleep 1
	made "$BARESIP"
}

# expect_trunk OBSERVED VERDICT RTCP
expect_trunk() {
	expect UDP gw:20030 med:20040 either class=gateway-media "observed=$1" "$2"
	expect UDP gw:20031 med:20041 either maybe class=gateway-media \
		"observed=${1%%,*},unknown" "$3" why='RTCP of the call'
}

act_gateway_tcp() {
	gateway_phones 5068 tcp ''
	call gw 5 "sip:med@${ADDR[med]}:5068;transport=tcp"
	expect TCP gw med:5068 class=gateway-signalling observed=none $ALLOWED
	expect_trunk none $ALLOWED $RTCP_GOOD
}

case_gateway_tcp() {
	title 'Gateway and Mediation Server: SIP over TCP 5068 and RTP in clear, both allowed'
	act_gateway_tcp
}

case_gateway_tls_onesided() {
	title 'Gateway to Mediation Server: TLS 5067 without a client certificate; once TLS is used it must be mutual'
	# baresip listens for TLS one port above
	gateway_phones 5066 tls srtp-mand
	call gw 5 "sip:med@${ADDR[med]}:5067;transport=tls"
	expect TCP gw med:5067 class=gateway-signalling observed=tls $BAD \
		findings=none
	expect_trunk srtp,unknown $FINE,exempt $RTCP_GOOD
}

# act_trunk KEY KEY PROFILE CRYPTO PORT: a call by SIPp, media by GStreamer
act_trunk() {
	sipp_pair trunk "${FROM:-med}" "${TO:-gw}" "$5" \
		-key caller_addr "${ADDR[${FROM:-med}]}" -key caller_port 20050 \
		-key callee_addr "${ADDR[${TO:-gw}]}" -key callee_port 20060 \
		-key profile "$3" -key crypto "$4" &
	local pid=$!
	sleep 1.5
	converse "${FROM:-med}" 20050 "${TO:-gw}" 20060 "$1" "$2"
	wait $pid || return 1
	made "$SIPP" "$GST"
}

case_gateway_mtls() {
	local k1 k2
	k1=$(sdes_key) k2=$(sdes_key)
	title 'Mediation Server to gateway: mutual TLS 1.2 on 5067, SRTP'
	TLS=yes CALLEE_TLS="$(tls_id gw),verify=1,openssl-max-proto-version=TLS1.2" \
		CALLER_TLS="$(tls_id med),openssl-max-proto-version=TLS1.2" \
		act_trunk "$k1" "$k2" RTP/SAVP \
		"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:$k1" 5067 || return 1
	made 'socat 1.7.4' "$OSSL"
	expect TCP med gw:5067 class=gateway-signalling observed=mtls $FINE \
		findings=none
	expect UDP med:20050 gw:20060 either class=gateway-media \
		observed=srtp,unknown verdict=compliant,exempt,undetermined
}

case_gateway_trunk() {
	title 'A test trunk from a Front End straight to the gateway, exempt by rule; policy exceptions.yaml'
	POLICY=exceptions.yaml
	FROM=fe2 TO=gw act_trunk - - RTP/AVP a=label:main 5068 || return 1
	expect TCP fe2 gw:5068 observed=none verdict=exempt \
		why='rule test-trunk of exceptions.yaml'
	expect UDP fe2:20050 gw:20060 either observed=none $ALLOWED \
		class=gateway-media,av-media why='rule test-trunk-media of exceptions.yaml'
}

case_media_bypass() {
	title 'Media bypass: client and gateway exchange RTP in clear, allowed as gateway media'
	converse c1 30040 gw 30050 - - || return 1
	made "$GST"
	expect UDP c1:30040 gw:30050 either class=gateway-media observed=none $ALLOWED
}

# --- relays ---------------------------------------------------------------

RELAY=class=av-media,relay-control

case_turn_udp_srtp() {
	title 'A call through TURN on UDP 3478, SRTP inside'
	turn_call "$(sdes_key)" "$(sdes_key)" || return 1
	made 'coturn 4.6.1' 'turn.py (aioice 0.8, libsrtp 2.5)' 'peer.py'
	expect UDP c1 edge:3478 $RELAY observed=srtp,unknown \
		verdict=compliant,undetermined
	expect UDP c2:30000 edge either class=av-media observed=srtp,unknown \
		verdict=compliant,undetermined
}

case_turn_udp_rtp() {
	title 'A call through TURN on UDP 3478, RTP in clear inside'
	turn_call - - || return 1
	made 'coturn 4.6.1' 'turn.py (aioice 0.8)' 'peer.py'
	expect UDP c1 edge:3478 $RELAY observed=none $BAD
	expect UDP c2:30000 edge either class=av-media observed=none $BAD
}

case_msturn_srtp() {
	title 'A call through the A/V Edge on TCP 443: pseudo-TLS, MS-TURN, SRTP inside'
	msturn_call "$(sdes_key)" "$(sdes_key)" || return 1
	made 'msturn.py (libsrtp 2.5)' 'peer.py'
	expect TCP c1 edge:443 $RELAY observed=srtp,unknown \
		verdict=compliant,undetermined findings=/tls.pseudo
	expect UDP c2:30002 edge:50020 either class=av-media \
		observed=srtp,unknown verdict=compliant,undetermined
}

case_msturn_rtp() {
	title 'A call through the A/V Edge on TCP 443: pseudo-TLS, MS-TURN, RTP in clear inside'
	msturn_call - - || return 1
	made 'msturn.py' 'peer.py'
	expect TCP c1 edge:443 $RELAY observed=none $BAD findings=/tls.pseudo
	expect UDP c2:30002 edge:50020 either class=av-media observed=none $BAD
}

# --- the rest -------------------------------------------------------------

case_infrastructure() {
	title 'Between servers, reported but not judged: SQL (TDS) and SMB'
	sql_once fe1 && smb_once fe1 || return 1
	made 'standin.py (TDS)' 'Samba smbd and smbclient'
	expect TCP fe1 sql:1433 class=infrastructure $UNJUDGED
	expect TCP fe1 file:445 many class=infrastructure $UNJUDGED
}

case_out_of_scope() {
	title 'No business of ours: SSH on 22 and on 5061, DNS, NTP, QUIC, random datagrams'
	ssh_once c1 22 && ssh_once c1 5061 || return 1
	bg pki "$PY" "$here/record/standin.py" dns-server "${ADDR[pki]}" "${ADDR[fe1]}"
	ready pki 53 u || return 1
	inside c1 "$PY" "$here/record/standin.py" dns-client "${ADDR[pki]}" \
		pool.contoso.example || return 1
	bg other chronyd -d -x -f "$TMP/empty" "local stratum 8" "allow all" \
		"bindaddress ${ADDR[other]}" "pidfile $TMP/ntpd.pid" "cmdport 0" \
		"bindcmdaddress /" "user root"
	ready other 123 u || return 1
	inside c1 chronyd -Q -t 4 -f "$TMP/empty" "server ${ADDR[other]} iburst" \
		"pidfile $TMP/ntp.pid" "cmdport 0" "bindcmdaddress /" "user root" \
		>>"$TMP/log/chrony" 2>&1
	bg other gtlsserver -q "${ADDR[other]}" 4433 "$TMP/pki/pki.key" \
		"$TMP/pki/pki.pem"
	ready other 4433 u || return 1
	inside c1 timeout 3 gtlsclient -q --exit-on-all-streams-close \
		"${ADDR[other]}" 4433 "https://other.example/" \
		>>"$TMP/log/quic" 2>&1
	bg other "$PY" "$here/record/standin.py" noise-server "${ADDR[other]}" 40000
	ready other 40000 u || return 1
	inside c1 "$PY" "$here/record/standin.py" noise-client "${ADDR[other]}" 40000
	made 'OpenSSH' 'standin.py (DNS, noise)' 'chrony' 'ngtcp2 (QUIC)'
	expect TCP c1 other:22 verdict=out-of-scope why=SSH
	expect TCP c1 other:5061 verdict=out-of-scope,undetermined \
		why='SSH on the port of SIP'
	expect UDP c1 pki:53 verdict=out-of-scope,exempt why=DNS
	expect UDP c1 other:123 many verdict=out-of-scope,exempt why=NTP
	expect UDP c1 other:4433 many verdict=out-of-scope,exempt why=QUIC
	expect UDP c1 other:40000 verdict=out-of-scope,undetermined,exempt \
		why='random octets'
}

# --- two deployments for the demonstration --------------------------------

case_clean_signalling() {
	title 'A clean deployment: SIP between servers and from clients'
	case_sip_s2s_mtls12 && case_sip_federation_mtls12 || return 1
	settle
	case_im_tls12
}

case_clean_calls() {
	title 'A clean deployment: calls'
	MEDIA=80
	case_call_tls_sdes || return 1
	settle
	act_gateway_tcp
}

case_clean_web() {
	title 'A clean deployment: web services, conferencing and first contact'
	case_https_downloads && act_psom_tls || return 1
	settle
	case_bootstrap
}

case_failing_signalling() {
	title 'A failing deployment: clear and one-sided SIP'
	case_sip_s2s_tls12_onesided || return 1
	settle
	case_sip_s2s_tcp || return 1
	settle
	case_im_tcp
}

case_failing_calls() {
	title 'A failing deployment: clear media, readable keys, one-sided trunk'
	MEDIA=70
	case_call_tcp_sdes || return 1
	settle
	case_gateway_tls_onesided || return 1
	settle
	converse c1 30060 c2 30070 - - || return 1
	made "$GST"
	expect UDP c1:30060 c2:30070 either class=av-media observed=none $BAD
}

case_failing_web() {
	title 'A failing deployment: downloads, conferencing and credentials in clear'
	act_http_downloads && act_psom_clear || return 1
	settle
	case_bootstrap_credentials
}

# --- how a span port spoils what it shows ---------------------------------

# span NAME FROM OPTIONS...: edit an earlier capture; the truth stays
span() {
	local name=$1 from=$2
	shift 2
	"$PY" "$here/record/retag.py" "$@" "$here/captures/$from.pcap" "$OUT" &&
		made "retag.py from $from"
}

case_span_vlan_dup() {
	title 'Span port: VLAN tag on one direction only, every packet of the other twice'
	span span-vlan-dup call-tls-sdes --vlan 120 --duplicate || return 1
	expect_call_tls
	expect_media srtp $FINE $RTCP_GOOD
}

case_span_one_way() {
	title 'Span port: only what one server sent is seen of mutual TLS 1.2'
	span span-one-way sip-s2s-mtls12 --only "${ADDR[fe2]}" || return 1
	expect TCP fe1 fe2:5061 $S2S observed=tls,mtls,unknown \
		verdict=undetermined \
		why='only the server side is seen: it asked for a certificate'
	expect TCP fe2 fe1:5061 $S2S observed=tls,mtls,unknown \
		verdict=undetermined,compliant \
		why='only the client side is seen: it presented a certificate'
}

# --- another policy for an earlier capture --------------------------------

case_policy_expired_rule() {
	title 'gateway-tcp under exceptions.yaml: the rule for this trunk has expired'
	OUT=$here/captures/gateway-tcp.pcap
	POLICY=exceptions.yaml
	made 'see gateway-tcp'
	expect TCP gw med:5068 class=gateway-signalling observed=none $BAD \
		findings=/policy.rule-expired \
		why='old-trunk ended 2025-12-31; this policy wants mutual TLS'
	expect_trunk none $ALLOWED $RTCP_GOOD
}
