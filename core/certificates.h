/*
 * certificates: the certificate of each host of a configuration, put in force all or none.
 */
#pragma once

#include "core/config.h"
#include "core/tls.h"

/** certificates_check: a finding for each host whose certificate or key cannot be used, and
 * warnings of what clients will complain of */
void certificates_check(const Config *config, ConfigFindings *findings);
/** certificates_load: puts all in force for new handshakes, that of the first host as the
 * default; on failure the former ones stay */
bool certificates_load(TlsServer *tls, const Config *config, GError **error);
