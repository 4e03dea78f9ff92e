/*
 * option_text: options that name somebody or something: addresses of users, domains, addresses of
 * the network.
 */
#pragma once

#include "core/config.h"

/**
 * option_text_read:
 * @option: a JID, DOMAIN or ADDRESS, or a list of them
 * @node: one value
 *
 * Returns: (own) the form in which it is compared; NULL with findings
 *
 * Source: RFC 7622 section 3, RFC 4291 section 2.2, RFC 5952
 */
char *option_text_read(const MotetOption *option, const ConfigNode *node, ConfigFindings *findings);
