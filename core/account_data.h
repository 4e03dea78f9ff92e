/*
 * account_data: what modules keep with accounts that have a bound session here.
 *
 * MotetServer.account_data holds an entry for each account that anything is kept with; there is no
 * table while there is no entry.
 */
#pragma once

#include <motet/account.h>

#include "core/host.h"

/** account_data_forget: frees what is kept with an account when no session of it is bound any
 * more */
void account_data_forget(MotetHost *host, const char *username);
