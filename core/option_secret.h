/*
 * option_secret: passwords and keys in the configuration: as text, in a file of their own, or as a
 * credential of the service.
 */
#pragma once

#include "core/config.h"

/**
 * option_secret_read:
 * @node: text, {file: PATH} or {credential: NAME}
 * @secret_out: (own) for option_secret_free(); NULL also with true, when only the running server
 *   can read it
 *
 * No finding repeats a secret, or lets its line be shown.
 *
 * Returns: false with findings
 *
 * Source: systemd.exec(5), "Credentials"
 */
bool option_secret_read(const MotetOption *option, const ConfigNode *node, const Config *config,
                        char **secret_out, ConfigFindings *findings);
/** option_secret_free: wipes it; NULL is a no-op */
void option_secret_free(char *secret);
