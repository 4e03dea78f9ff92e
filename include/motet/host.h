/*
 * host: a virtual host: a domain we serve, with its own module instances.
 */
#pragma once

#include <motet/field.h>
#include <motet/types.h>

G_BEGIN_DECLS

/** motet_host_name: Returns: (borrowed) the domain, prepared */
MOTET_API const char *motet_host_name(const MotetHost *host);
/** motet_host_server: Returns: (borrowed) the server that serves it */
MOTET_API MotetServer *motet_host_server(const MotetHost *host);
/**
 * motet_host_find:
 * @domain: (borrowed) prepared, as of motet_jid_domain(); not NULL
 *
 * Returns: (borrowed) the host we serve under @domain, NULL when it is not ours
 */
MOTET_API MotetHost *motet_host_find(MotetServer *server, const char *domain);
/** motet_server_uptime: Returns: µs since the server started, reloads of modules included */
MOTET_API int64_t motet_server_uptime(const MotetServer *server);
/**
 * motet_server_hosts:
 * @func: called for every host, in config order, before return
 *
 * Walks over the hosts that are served.
 */
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
 * motet_host_identities:
 * @account: as in motet_host_features()
 * @func: called for each, before return; its strings are borrowed, the name may be NULL
 *
 * Walks over the service discovery identities that the host's modules declare, in load order.
 */
MOTET_API void motet_host_identities(MotetHost *host, bool account,
                                     void (*func)(const char *category, const char *type,
                                                  const char *name, void *data),
                                     void *data);

/**
 * MotetFieldFunc: called for a field that has values
 * @form_type: of the form it belongs to; those of one form come one after the other
 * @var: the field's name
 * @type: what it holds
 * @values: NULL-terminated, at least one
 *
 * Everything is borrowed until it returns.
 */
typedef void (*MotetFieldFunc)(const char *form_type, const char *var, MotetFieldType type,
                               const char *const *values, void *data);
/**
 * motet_host_forms:
 * @account: of accounts' bare addresses instead of the host's
 * @func: called for each field that has a value now, before return
 *
 * Walks over the forms that the modules of @host declare (MotetDiscoForm), for who answers service
 * discovery.
 */
MOTET_API void motet_host_forms(MotetHost *host, bool account, MotetFieldFunc func, void *data);

/**
 * motet_host_set_data:
 * @self: whose data it is, nearly always of server scope: one of host scope has
 * motet_module_set_data()
 * @data: (take) replaces the former, which is freed; NULL: none any more
 * @free_func: for @data; may be NULL
 *
 * Keeps @data with @host until @host is removed by a reload (after its sessions are gone), or @self
 * stops. When the code of the module is replaced, it goes with the older code.
 *
 * Returns: false when @host is being removed or @self stops: @data was freed
 */
MOTET_API bool motet_host_set_data(MotetHost *host, MotetModule *self, void *data,
                                   GDestroyNotify free_func);
/** motet_host_data: Returns: (borrowed) what was set, NULL when nothing */
MOTET_API void *motet_host_data(const MotetHost *host, const MotetModule *self);

G_END_DECLS
