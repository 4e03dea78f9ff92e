/*
 * account: what a module keeps with one account, shared by all its sessions, while it is here.
 *
 * For what a module knows of an account beyond one session (a cache, a counter, a roster), without
 * a table of its own that hooks must keep in step with the sessions.
 */
#pragma once

#include <motet/types.h>

G_BEGIN_DECLS

/**
 * motet_account_set_data:
 * @host: the account's host
 * @username: (borrowed) prepared localpart of an account with a bound session on this machine
 * @self: whose data it is: each module has a pointer of its own
 * @data: (take) replaces the former, which is freed; NULL: none any more
 * @free_func: for @data; may be NULL
 *
 * Keeps @data with the account: from the session-bound of its first session on, until the
 * session-unbound of its last one was handled by everybody (where it is still there), or until
 * @self stops. Accounts without data cost nothing.
 *
 * When the code of the module is replaced, @data goes with the older code. What must go on, save()
 * writes, for the accounts that motet_sessions_foreach() finds, and restore() sets again.
 *
 * Returns: false when the account has no bound session here, or @self stops: @data was freed
 */
MOTET_API bool motet_account_set_data(MotetHost *host, const char *username, MotetModule *self,
                                      void *data, GDestroyNotify free_func);
/** motet_account_data: in constant time. Returns: (borrowed) what was set, NULL when nothing */
MOTET_API void *motet_account_data(MotetHost *host, const char *username, MotetModule *self);

G_END_DECLS
