/*
 * tls_error: what OpenSSL says of its failures.
 */
#pragma once

/** tls_error_text: Returns: (own) the calling thread's error queue as one line; clears it */
char *tls_error_text(void);
