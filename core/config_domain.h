/*
 * config_domain: names of hosts as operators write them: what is wrong with each, and what the
 * server makes of it.
 */
#pragma once

#include "core/config.h"

/**
 * config_domain_read:
 * @text: (borrowed) as written
 * @place: (borrowed) where it is written
 *
 * Adds a finding for everything that is wrong with @text as the name of a domain.
 *
 * Returns: (own) the prepared name, also with warnings; NULL with an error
 *
 * Source: RFC 7622 section 3.2, RFC 1035, RFC 5890 to 5893
 */
char *config_domain_read(const char *text, const ConfigNode *place, ConfigFindings *findings);
