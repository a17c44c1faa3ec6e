# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Media: GStreamer and ffmpeg streams, TURN and MS-TURN, desktop sharing.

sdes_key() { openssl rand -base64 30; }
hex_of() { printf '%s' "$1" | base64 -d | od -An -tx1 | tr -d ' \n'; }

# speak FROM PORT TO PORT KEY: 150 packets of PCMU by GStreamer, KEY - is clear
speak() {
	local srtp=()
	[ "$5" = - ] || srtp=('!' srtpenc "key=$(hex_of "$5")"
		rtp-cipher=aes-128-icm rtp-auth=hmac-sha1-80)
	inside "$1" gst-launch-1.0 -q audiotestsrc is-live=true num-buffers=150 \
		samplesperbuffer=160 wave=red-noise volume=0.3 ! \
		audio/x-raw,rate=8000,channels=1 ! mulawenc ! \
		rtppcmupay min-ptime=20000000 max-ptime=20000000 \
		"${srtp[@]}" ! udpsink "host=${ADDR[$3]}" "port=$4" \
		"bind-address=${ADDR[$1]}" "bind-port=$2" sync=false \
		>>"$TMP/log/gst-$1" 2>&1
}

# converse A PORT B PORT KEY KEY: both directions at once
converse() {
	speak "$3" "$4" "$1" "$2" "$6" &
	speak "$1" "$2" "$3" "$4" "$5"
	wait $!
}

# show_vp8 FROM PORT TO PORT KEY: a small picture by GStreamer
show_vp8() {
	local srtp=()
	[ "$5" = - ] || srtp=('!' srtpenc "key=$(hex_of "$5")"
		rtp-cipher=aes-128-icm rtp-auth=hmac-sha1-80)
	inside "$1" gst-launch-1.0 -q videotestsrc is-live=true num-buffers=75 \
		pattern=ball ! video/x-raw,width=160,height=120,framerate=25/1 ! \
		vp8enc deadline=1 target-bitrate=120000 keyframe-max-dist=25 ! \
		rtpvp8pay mtu=600 "${srtp[@]}" ! udpsink "host=${ADDR[$3]}" \
		"port=$4" "bind-address=${ADDR[$1]}" "bind-port=$2" sync=false \
		>>"$TMP/log/gst-$1" 2>&1
}

# show_h264 FROM PORT TO PORT: a small picture by ffmpeg
show_h264() {
	inside "$1" ffmpeg -nostdin -loglevel error -re -f lavfi \
		-i testsrc=size=160x120:rate=25 -t 3 -c:v libx264 -preset veryfast \
		-tune zerolatency -b:v 120k -g 25 -payload_type 122 -f rtp \
		"rtp://${ADDR[$3]}:$4?localrtpport=$2&localrtcpport=$(($2 + 1))&pkt_size=600" \
		>>"$TMP/log/ffmpeg-$1" 2>&1
}

coturn_up() {
	mkdir -p "$TMP/turn"
	bg edge turnserver -n -c "$TMP/empty" --no-cli --no-tls --no-dtls \
		-L "${ADDR[edge]}" --relay-ip "${ADDR[edge]}" \
		--min-port 50000 --max-port 50010 \
		--lt-cred-mech -u alice:secret -r contoso.example \
		--userdb "$TMP/turn/db" --pidfile "$TMP/turn/pid" \
		--log-file "$TMP/log/turnserver" --simple-log --fingerprint
	ready edge 3478 u
}

# turn_call KEY KEY: client 1 reaches client 2 through the relay, UDP 3478
turn_call() {
	coturn_up || return 1
	bg c2 "$PY" "$here/record/peer.py" "${ADDR[c2]}" 30000 "$2"
	sleep 0.5
	inside c1 "$PY" "$here/record/turn.py" "${ADDR[edge]}" 3478 \
		"${ADDR[c2]}" 30000 "$1" >>"$TMP/log/turn" 2>&1
}

# msturn_call KEY KEY: the same through TCP 443 with the pseudo-TLS prelude
msturn_call() {
	bg edge "$PY" "$here/record/msturn.py" serve "${ADDR[edge]}" 443 50020
	ready edge 443 || return 1
	bg c2 "$PY" "$here/record/peer.py" "${ADDR[c2]}" 30002 "$2"
	sleep 0.5
	inside c1 "$PY" "$here/record/msturn.py" talk "${ADDR[edge]}" 443 \
		"${ADDR[c2]}" 30002 "$1" >>"$TMP/log/msturn" 2>&1
}

# desktop_media KEY KEY: client 1 shows client 2 its screen
desktop_media() {
	bg c2 "$PY" "$here/record/desktop.py" listen "${ADDR[c2]}" 42010 "$2"
	ready c2 42010 || return 1
	inside c1 "$PY" "$here/record/desktop.py" share "${ADDR[c2]}" 42010 "$1" \
		"${ADDR[c1]}" 42020 >>"$TMP/log/desktop" 2>&1
}
