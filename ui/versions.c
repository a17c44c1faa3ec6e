/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/versions.h"

#include "ui/guard.h"

/*
 * The headers of these libraries belong to other floors. The prototypes are
 * part of their stable interfaces.
 */
const char *pcap_lib_version(void);
/* NOLINTNEXTLINE(readability-identifier-naming) */
const char *OpenSSL_version(int type);
const char *yaml_get_version_string(void);
const char *jansson_version_str(void);
#if HAVE_NDPI
char *ndpi_revision(void);
#endif

void
versions_show(const char *program, bool verbose, FILE *out)
{
	fprintf(out, "spanward %s\n", program);
	fprintf(out, "%s\n", pcap_lib_version());
	fprintf(out, "%s\n", OpenSSL_version(0));
	fprintf(out, "libyaml %s\n", yaml_get_version_string());
	fprintf(out, "jansson %s\n", jansson_version_str());
#if HAVE_NDPI
	fprintf(out, "nDPI %s\n", ndpi_revision());
#endif
	if (verbose)
		guard_show(out);
}
