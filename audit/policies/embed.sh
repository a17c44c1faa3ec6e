#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints the built-in policies as C: embed.sh FILE.yaml ... >policies.c
# One string literal per line; ?? would be a trigraph.
set -eu

literal() {
	sed -e 's/[\\"]/\\&/g' -e 's/?/\\?/g' -e "s/$tab/\\\\t/g" "$@"
}
tab=$(printf '\t')

echo '/* Made by audit/policies/embed.sh. */'
echo '#include "audit/policy_private.h"'
echo
echo 'const struct policy_text policy_texts[] = {'
for file in "$@"; do
	name=$(basename "$file" .yaml)
	about=$(sed -n 's/^about: *//p' "$file" | literal)
	echo "	{ \"$name\", \"$about\","
	literal "$file" | sed -e 's/.*/	"&\\n"/'
	echo '	},'
done
echo '};'
echo "const size_t policy_text_count = $#;"
