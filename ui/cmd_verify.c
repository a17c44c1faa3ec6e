/* SPDX-License-Identifier: Apache-2.0 */
/* spanward verify: is what was signed still what it was, and who signed? */
#include "report/manifest.h"
#include "ui/command.h"

static int
run(const struct options *o)
{
	struct fault f = { "" };

	switch (manifest_verify(o->words.list[0], o->ca, stdout, &f)) {
	case VERIFIED:
		return command_flush(STATUS_FINE);
	case VERIFY_CHANGED:
		return command_flush(STATUS_VIOLATION);
	case VERIFY_FAILED:
		break;
	}
	return command_failed("%s", f.text);
}

static bool
check(const struct options *o, struct fault *f)
{
	if (o->words.count != 1)
		return fail(f, "verify needs one MANIFEST");
	return true;
}

const struct command command_verify = {
	.name = "verify",
	.arguments = "MANIFEST [--ca BUNDLE]",
	.about = "tell whether signed reports are intact, and who signed",
	.letters = OPTION_CA,
	.details =
	    "Examples:\n"
	    "  spanward audit -r a.pcap -o a.json --sign key.pem --cert "
	    "cert.pem\n"
	    "  spanward verify a.manifest.json --ca authority.pem\n"
	    "\n"
	    "Without --ca the files are checked, and the signer is named but "
	    "not vouched for.\n"
	    "\n"
	    "Exit status:\n"
	    "  0  everything is as it was signed\n"
	    "  1  something was changed or is missing, or the signer is not "
	    "trusted\n"
	    "  2  the manifest or the bundle could not be read\n",
	.check = check,
	.run = run,
};
