/*
 * host: a virtual host: a domain we serve, with its own module instances.
 */
#pragma once

#include <motet/types.h>

G_BEGIN_DECLS

/** motet_host_name: Returns: (borrowed) the domain, prepared */
MOTET_API const char *motet_host_name(const MotetHost *host);
/** motet_host_server: Returns: (borrowed) */
MOTET_API MotetServer *motet_host_server(const MotetHost *host);
/**
 * motet_host_find: Returns: (borrowed) the host we serve under the prepared @domain, NULL when it
 * is not ours
 */
MOTET_API MotetHost *motet_host_find(MotetServer *server, const char *domain);
/** motet_server_uptime: Returns: µs since the server started, reloads of modules included */
MOTET_API int64_t motet_server_uptime(const MotetServer *server);
/** motet_server_hosts: calls @func for every host, in config order */
MOTET_API void motet_server_hosts(MotetServer *server, void (*func)(MotetHost *host, void *data),
                                  void *data);

/**
 * motet_host_features:
 * @account: false: what the host's address announces; true: what an account's bare address
 *   announces
 *
 * Returns: (own) sorted feature namespaces of all modules on @host, NULL-terminated, for
 * g_strfreev()
 */
MOTET_API char **motet_host_features(MotetHost *host, bool account);

/**
 * motet_host_identities: calls @func for each service discovery identity the host's modules declare
 */
MOTET_API void motet_host_identities(MotetHost *host, bool account,
                                     void (*func)(const char *category, const char *type,
                                                  const char *name, void *data),
                                     void *data);

G_END_DECLS
