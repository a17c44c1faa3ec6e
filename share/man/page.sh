#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The manual page, from what the program says of itself: page.sh BIN
set -u
bin=${1:?usage: share/man/page.sh BIN}

# Options become tagged paragraphs, what is indented keeps its lines.
roff() {
	awk '
	function safe(s) {
		gsub(/\\/, "\\e", s)
		gsub(/-/, "\\-", s)
		gsub(/\047/, "\\(aq", s)
		sub(/^\./, "\\\\\\&.", s)
		return s
	}
	function literal(on) {
		if (on != kept)
			print on ? ".EX" : ".EE"
		kept = on
	}
	/^Options:$/ { options = 1; next }
	/^$/ { literal(0); options = 0; print ".P"; next }
	options && /^                             / {
		print safe(substr($0, 30))
		next
	}
	options {
		left = substr($0, 1, 29)
		gsub(/^ +| +$/, "", left)
		print ".TP"
		print "\\fB" safe(left) "\\fR"
		print safe(substr($0, 30))
		next
	}
	/^  / { literal(1); print safe(substr($0, 3)); next }
	{ literal(0); print safe($0) }
	END { literal(0) }'
}

commands=$("$bin" --help | sed -n '/^Commands:$/,/^$/s/^  \([a-z]*\) .*/\1/p')
cat <<-END
	.\\" Made by share/man/page.sh
	.TH SPANWARD 1 "" "$("$bin" --version | head -n 1)" "User Commands"
	.SH NAME
	spanward \\- check unified communication traffic for the protection it must have
	.SH SYNOPSIS
	.EX
END
"$bin" --help | sed -n '/^Usage:$/,/^$/s/^  //p' | sed 's/-/\\-/g'
cat <<-END
	.EE
	.SH DESCRIPTION
	Spanward reads packets from a capture file or a span port and says, flow by
	flow, whether the traffic of Lync Server 2013 or Skype for Business Server 2015
	and 2019 has the protection it must have. It is passive: it sends nothing and
	needs neither agents nor keys.
	.SH OPTIONS
	Before a command only these are known; with \\fB\\-\\-version\\fR, \\fB\\-\\-verbose\\fR
	also tells how far the program can confine itself on this machine.
END
"$bin" --help | sed -n '/^Options:$/,/^$/p' | roff
echo '.SH COMMANDS'
for command in $commands; do
	echo ".SS spanward $command"
	"$bin" "$command" --help | sed 1,2d | roff
done
cat <<-'END'
	.SH CONFINEMENT
	When its interfaces are open, and before the first packet or file is parsed,
	.B spanward audit
	and
	.B spanward watch
	give up for good what they need no more;
	.B report
	and
	.B diff
	do so before they read a stored audit. Root becomes the user named by
	.BR \-\-user ,
	or the first of these who can read the inputs and write where the reports go:
	the user
	.BR spanward ,
	the caller of
	.BR sudo (8),
	the owner of the folder of the reports,
	.BR nobody .
	If none can, root stays without any capability. Capabilities and groups go,
	no_new_privs is set, other processes and core files see nothing of the memory,
	Landlock leaves only the files and folders named on the command line in reach,
	and a seccomp filter only the system calls of an audit. Files can be made and
	replaced in the folders of the reports and those below them, so a folder of
	their own is best. Each step is tried out; \fB\-\-verbose\fR tells the results.
	.TP
	.B auto
	what this machine cannot do is told in one warning, and the audit goes on
	.TP
	.B strict
	it does not start then, with exit status 2
	.TP
	.B off
	nothing is given up; for debuggers and valgrind
	.P
	A system call that only an attacker asks for ends the program by SIGSYS, with a
	sentence on standard error.
	.SH FILES
	.TP
	.I $XDG_CONFIG_HOME/spanward/watch.conf
	what
	.B spanward watch
	remembers; of the user that root became
	.TP
	.I /etc/default/spanward
	SPANWARD_OPTIONS of the service
	.I spanward@INTERFACE
	.TP
	.I /var/lib/spanward/INTERFACE
	its reports
	.SH ENVIRONMENT
	.TP
	.B SUDO_UID, SUDO_GID
	the caller of sudo
	.TP
	.B NO_COLOR, TERM
	no colours; the kind of terminal
	.SH SEE ALSO
	.BR tcpdump (1),
	.BR landlock (7),
	.BR seccomp (2),
	.BR systemctl (1)
END
