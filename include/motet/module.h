/*
 * module: what a module exports, and what it may ask about itself.
 *
 * A module is one shared object mod_<name>.so exporting one constant, `motet_module`. Nothing of it
 * runs at dlopen. A module of host scope has one instance per virtual host that enables it;
 * MotetModule is such an instance.
 */
#pragma once

#include <motet/event.h>
#include <motet/host.h>
#include <motet/log.h>
#include <motet/option.h>
#include <motet/types.h>

G_BEGIN_DECLS

typedef enum {
        MOTET_SCOPE_HOST = 0, /* one instance per virtual host */
        MOTET_SCOPE_SERVER,   /* one instance; its hooks run for every host */
} MotetScope;

/** MotetServiceDecl: a service the module provides. */
typedef struct {
        const char *name; /* "auth", "store:sqlite"; NULL ends a table */
        const void *api;  /* the struct of functions its service header declares */
} MotetServiceDecl;

/** MotetIdentity: a service discovery identity. */
typedef struct {
        const char *category; /* NULL ends a table */
        const char *type;
        const char *name; /* or NULL */
        bool account;     /* of accounts' bare addresses instead of the host's */
} MotetIdentity;

struct MotetCommandDecl;

/* Fields are only ever appended; unset ones are NULL or 0. */
struct MotetModuleInfo {
        uint32_t abi;        /* MOTET_ABI */
        const char *name;    /* snake_case, as in mod_<name>.so */
        const char *version; /* "1.0"; NULL: the server's */
        const char *summary; /* one line, imperative */
        const char *license; /* SPDX; NULL: MIT */
        MotetScope scope;
        /* modules, or services as "service:auth", that must be there and load first; of a family,
         * "service:store:*", one must be there, and all load first */
        const char *const *depends;
        const char *const *wants;            /* the same, loaded first when enabled */
        const char *const *conflicts;        /* modules that may not be on the same host */
        const char *const *specs;            /* "XEP-0199@2.0.1", "RFC6121" */
        const char *const *features;         /* disco features of the host's address */
        const char *const *account_features; /* disco features of accounts' bare addresses */
        const MotetIdentity *identities;
        const MotetServiceDecl *services;
        const MotetEventDecl *events; /* that this module fires */
        const MotetOption *options;
        const MotetHook *hooks; /* added after load succeeded, removed before unload */
        const struct MotetCommandDecl *commands;

        /** load: gets valid options; may fail with @error and must then leave nothing. Services
         * of depends are there. */
        bool (*load)(MotetModule *self, GError **error);
        /** reconfigure: options changed and are in place already; NULL: the module reads them at
         * each use. */
        void (*reconfigure)(MotetModule *self);
        /** unload: only after a successful load; hooks, timers, waits and jobs are gone already. */
        void (*unload)(MotetModule *self);
        /** save: state for newer code of the same module, as bytes; NULL: nothing to carry. */
        GBytes *(*save)(MotetModule *self);
        /** restore: after load of the newer code; false: unusable, the old code stays. */
        bool (*restore)(MotetModule *self, GBytes *state, GError **error);
};

/** motet_module: the one symbol a module exports. */
extern MOTET_API const MotetModuleInfo motet_module;

/** motet_module_host: Returns: (borrowed) the host of a host-scoped instance; NULL for server
 * scope */
MOTET_API MotetHost *motet_module_host(const MotetModule *self);
MOTET_API MotetServer *motet_module_server(const MotetModule *self);
MOTET_API const MotetModuleInfo *motet_module_info(const MotetModule *self);
/** motet_module_set_data: the instance's state; freed by @free_func after unload */
MOTET_API void motet_module_set_data(MotetModule *self, void *data, GDestroyNotify free_func);
MOTET_API void *motet_module_data(const MotetModule *self);

/**
 * motet_service:
 * @host: on which host; server-scoped providers are found on every one
 * @name: service name
 * @provider_out: set to the providing instance, first argument of every function of the service
 *
 * Ask at each use, do not keep it: the provider may be exchanged by a reload.
 *
 * Returns: (borrowed) the struct of functions, NULL when nobody provides it
 */
MOTET_API const void *motet_service(MotetHost *host, const char *name, MotetModule **provider_out);

G_END_DECLS
