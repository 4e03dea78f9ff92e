/*
 * removal: removing an account of open_auth, of which a test takes care: service "removal" of a
 * host.
 */
#pragma once

#include <motet/types.h>

typedef struct {
        /** start: as a module that keeps accounts does it: tells, ends the sessions, drops what is
         * stored; an account that is being removed does not exist */
        void (*start)(MotetModule *provider, const char *username);
        /** is_removing: whether that is not done yet; then there is the account again, without
         * anything */
        bool (*is_removing)(MotetModule *provider, const char *username);
} RemovalService;
