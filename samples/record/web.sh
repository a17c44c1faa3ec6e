# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Web services: nginx, and curl as the client.

# nginx_up HOST [PROXY]: ports 80, 443 and 4443 (8080) with the deployment's
# paths; PROXY is the upstream of a reverse proxy
nginx_up() {
	local h=$1 d=$TMP/nginx-$1
	mkdir -p "$d/www/abs" "$d/www/CollabContent" "$d/www/Autodiscover" "$d/tmp"
	head -c 3000 /dev/zero | tr '\0' A >"$d/www/abs/F-1299.lsabs"
	printf '<html><body>Quarterly figures</body></html>\n' \
		>"$d/www/CollabContent/slide1.htm"
	cp "$TMP/pki/contoso.crl" "$d/www/contoso.crl"
	cat >"$d/services" <<-CONF
	root $d/www;
	location = /contoso.crl { types {} default_type application/pkix-crl; }
	location /abs/handler {
		types {} default_type application/octet-stream;
		try_files /abs/F-1299.lsabs =404;
	}
	location /CollabContent/ { default_type text/html; }
	location /groupexpansion/ {
		default_type text/xml;
		return 200 '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><QueryDistributionListResponse><Member>bob@contoso.example</Member></QueryDistributionListResponse></s:Body></s:Envelope>';
	}
	location /Autodiscover/ {
		default_type application/vnd.microsoft.rtc.autodiscover+xml;
		return 200 '<?xml version="1.0"?><AutodiscoverResponse AccessLocation="Internal"><Root><Link token="User" href="https://pool.contoso.example/Autodiscover/AutodiscoverService.svc/root/user"/></Root></AutodiscoverResponse>';
	}
	location /CertProv/ {
		default_type text/xml;
		return 200 '<?xml version="1.0"?><wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" name="CertProvisioningService"/>';
	}
	location /ucwa/ { default_type application/json; return 200 '{"rel":"application"}'; }
	location /Meet/ { return 301 https://\$host\$request_uri; }
	CONF
	cat >"$d/conf" <<-CONF
	daemon off;
	master_process off;
	pid $d/pid;
	error_log $TMP/log/nginx-$h;
	events { worker_connections 64; }
	http {
		access_log off;
		client_body_temp_path $d/tmp;
		proxy_temp_path $d/tmp;
		fastcgi_temp_path $d/tmp;
		uwsgi_temp_path $d/tmp;
		scgi_temp_path $d/tmp;
		keepalive_timeout 5;
		server_tokens off;
		ssl_certificate $TMP/pki/$h.pem;
		ssl_certificate_key $TMP/pki/$h.key;
		ssl_protocols ${TLS_VERSIONS:-TLSv1.2};
		ssl_session_cache off;
		ssl_session_tickets off;
		server {
			listen ${ADDR[$h]}:80;
			listen ${ADDR[$h]}:8080;
			include $d/services;
		}
		server {
			listen ${ADDR[$h]}:443 ssl;
			listen ${ADDR[$h]}:4443 ssl;
			$(if [ -n "${2-}" ]; then
				printf 'location / { proxy_pass %s; proxy_ssl_protocols TLSv1.2; proxy_ssl_server_name on; proxy_ssl_session_reuse off; proxy_set_header Host lsweb.contoso.example; }' "$2"
			else
				printf 'include %s/services;' "$d"
			fi)
		}
	}
	CONF
	bg "$h" nginx -c "$d/conf" -p "$d"
	ready "$h" 80 && ready "$h" 443
}

# get FROM URL [curl arguments...]
get() {
	local h=$1 url=$2
	shift 2
	inside "$h" env ${KEYS:+SSLKEYLOGFILE="$KEYS"} curl -sS -m 10 --cacert "$TMP/pki/roots.pem" -o "$TMP/got" \
		-A "OC/15.0.4420.1017 (Microsoft Lync)" "$@" "$url" \
		2>>"$TMP/log/curl-$h"
}

DLX='<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><QueryDistributionList><groupMail>board@contoso.example</groupMail></QueryDistributionList></s:Body></s:Envelope>'

# downloads FROM BASE: the three services of the deployment, a connection each
downloads() {
	get "$1" "$2/abs/handler/F-1299.lsabs" &&
		get "$1" "$2/CollabContent/slide1.htm" &&
		get "$1" "$2/groupexpansion/service.svc" -d "$DLX" \
			-H 'Content-Type: text/xml; charset=utf-8'
}
