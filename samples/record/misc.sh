# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# TLS endpoints, infrastructure and what is no business of ours.

# tls_server HOST PORT IDENTITY [tlspeer.py options...]
tls_server() {
	local h=$1 port=$2 id=$3
	shift 3
	bg "$h" "$PY" "$here/record/tlspeer.py" serve "${ADDR[$h]}" "$port" \
		"$TMP/pki/$id.pem" "$TMP/pki/$id.key" "$TMP/pki/roots.pem" "$@"
	ready "$h" "$port"
}

# tls_client FROM TO PORT IDENTITY|- [tlspeer.py options...]
tls_client() {
	local from=$1 to=$2 port=$3 id=()
	[ "$4" = - ] || id=(--cert "$TMP/pki/$4.pem" --key "$TMP/pki/$4.key")
	shift 4
	inside "$from" "$PY" "$here/record/tlspeer.py" call "${ADDR[$to]}" \
		"$port" "${NAMES[$to]%% *}" "${id[@]}" "$@" \
		2>>"$TMP/log/tlspeer-$from"
}

sql_once() {
	bg sql "$PY" "$here/record/standin.py" sql-server "${ADDR[sql]}" 1433
	ready sql 1433 || return 1
	inside "$1" "$PY" "$here/record/standin.py" sql-client "${ADDR[sql]}" 1433
}

smb_once() {
	local d=$TMP/smb
	mkdir -p "$d/share" "$d/state"
	printf 'a file of the topology\n' >"$d/share/topology.xml"
	chmod -R a+rwX "$d"
	cat >"$d/conf" <<-CONF
	[global]
	interfaces = ${ADDR[file]}
	bind interfaces only = yes
	smb ports = 445
	disable netbios = yes
	private dir = $d/state
	lock directory = $d/state
	state directory = $d/state
	cache directory = $d/state
	pid directory = $d/state
	ncalrpc dir = $d/state/rpc
	map to guest = Bad User
	load printers = no
	log level = 0
	[share]
	path = $d/share
	guest ok = yes
	CONF
	bg file smbd -F --no-process-group -s "$d/conf" -l "$TMP/log"
	ready file 445 || return 1
	inside "$1" smbclient -s "$d/conf" -N -c "get topology.xml $TMP/got" \
		"//${ADDR[file]}/share" >>"$TMP/log/smbclient" 2>&1
}

ssh_once() {
	[ -d /run/sshd ] || { mkdir /run/sshd; RUN_SSHD=made; }
	[ -s "$TMP/pki/ssh" ] || ssh-keygen -q -t ed25519 -N '' -f "$TMP/pki/ssh"
	bg other /usr/sbin/sshd -D -e -f "$TMP/empty" -h "$TMP/pki/ssh" \
		-o "ListenAddress=${ADDR[other]}:$2" -o PidFile=none
	ready other "$2" || return 1
	inside "$1" ssh -p "$2" -o StrictHostKeyChecking=no -o BatchMode=yes \
		-o UserKnownHostsFile="$TMP/known" -o IdentitiesOnly=yes \
		-F none nobody@"${ADDR[other]}" true 2>>"$TMP/log/ssh"
	return 0
}
