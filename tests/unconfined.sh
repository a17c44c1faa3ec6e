# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Read by scripts that have a program in `bin`, a folder in `place`. Where the
# machine cannot confine (no Landlock, no seccomp), every run would warn of it, which is
# tests/confine.sh's to look at: `bin` becomes a program that does not try.
if "$bin" --version -v 2>/dev/null | grep -Eq '^  (Landlock|seccomp): no'; then
	echo "this machine cannot confine: tried without"
	cat >"$place/unconfined" <<-END
	#!/bin/sh
	case \${1-} in
	audit | watch | report | diff)
		command=\$1
		shift
		case " \$* " in
		*" --confine"* | " --help ") exec '$bin' "\$command" "\$@" ;;
		esac
		exec '$bin' "\$command" --confine=off "\$@" ;;
	esac
	exec '$bin' "\$@"
	END
	chmod 755 "$place/unconfined"
	bin=$place/unconfined
fi
