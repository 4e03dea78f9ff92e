/*
 * privileges: what the process may do: whom it runs as, and what it gives up for good.
 *
 * Source: SECURITY-DEFAULTS R28.
 */
#pragma once

#include <motet/types.h>

/** privileges_harden: umask 077, no core files, no tracing by others */
void privileges_harden(void);
/** privileges_raise_descriptors: raises RLIMIT_NOFILE to its hard limit. Returns: the limit in
 * force */
uint64_t privileges_raise_descriptors(void);
/** privileges_are_root: whether this process runs as root */
bool privileges_are_root(void);
/**
 * privileges_become:
 * @user: name of an account of the machine; not root
 *
 * Becomes @user with its groups, for good; keeps nothing but the right to bind ports below 1024,
 * until privileges_drop_ports().
 *
 * Returns: false with MOTET_ERROR_CONFIG when there is no such user, MOTET_ERROR_IO when the kernel
 * refuses
 */
bool privileges_become(const char *user, GError **error);
/** privileges_become_owner: as privileges_become(), the owner of @path; a no-op when that is
 * root or @path does not exist; fails when the owner cannot be known */
bool privileges_become_owner(const char *path, GError **error);
/** privileges_drop_ports: gives up every capability for good; a no-op for root */
bool privileges_drop_ports(GError **error);
