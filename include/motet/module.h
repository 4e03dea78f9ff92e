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

/** MotetReplace: how the code of a module is replaced while it runs ("module reload"). */
typedef enum {
        MOTET_REPLACE_BESIDE =
                0, /* the new code starts beside the old, which goes on if it fails */
        /* two of it cannot run at once (they would use the same file): the old code ends first;
         * when the new one fails, the old one is started again with the state it saved */
        MOTET_REPLACE_AFTER,
        MOTET_REPLACE_NEVER, /* what it keeps cannot be handed on: refused */
} MotetReplace;

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

/** MotetRuleKind: what a rule asks for. */
typedef enum {
        MOTET_RULE_NEEDS,     /* that .module is enabled where this one is */
        MOTET_RULE_VALUE,     /* that .option of .module is .value, where that module is enabled */
        MOTET_RULE_NOT_VALUE, /* that it is not */
        MOTET_RULE_DISJOINT,  /* that the lists .option and .value have nothing in common but "0" */
} MotetRuleKind;

/**
 * MotetRule: what the rest of the configuration must say for a module to be of use. Rules are read,
 * never run: a tool that checks a configuration finds what breaks one before the module is loaded.
 *
 * Values are written as in YAML, "true", "[]", "5m"; NULL is what is unset. An error for DISJOINT,
 * else a warning.
 */
typedef struct {
        const char *text; /* what happens otherwise: "no client can log in"; NULL ends a table */
        MotetRuleKind kind;
        const char *when;   /* an option of this module: the rule is for when it is... */
        const char *is;     /* ...this; @when NULL: always */
        const char *unless; /* an option of this module: the rule is not for when it is... */
        const char *was;    /* ...this; @unless NULL: no exception */
        const char *module; /* NULL: this one */
        const char *option;
        const char *value;
} MotetRule;

/** MotetRiskKind: what a setting opens. */
typedef enum {
        MOTET_RISK_STRANGERS, /* anybody may become a user */
        MOTET_RISK_IN_CLEAR,  /* what is secret may cross the network unencrypted */
} MotetRiskKind;

/**
 * MotetRisk: a setting that operators may choose and should know of. Read, never run: `motetctl
 * check security` tells those that are set. Values are written as in YAML; NULL is what is unset.
 */
typedef struct {
        const char *text; /* what happens: "anybody can make an account"; NULL ends a table */
        MotetRiskKind kind;
        const char *option; /* the risk is there when it is... */
        const char *value;  /* ...this... */
        const char *other;  /* ...and this option, when not NULL, is... */
        const char *being;  /* ...this */
} MotetRisk;

/** MotetListenDecl: where the module listens, for tools that look at ports and DNS without running
 * it. */
typedef struct {
        const char *ports;     /* an option of ports, MOTET_OPTION_INTS; NULL ends a table */
        const char *addresses; /* an option of addresses as in MotetListen, MOTET_OPTION_LIST */
        const char *service;   /* by which peers find it: "_xmpp-client._tcp"; NULL: they do not */
} MotetListenDecl;

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
        /** reconfigure: options changed and are in place already; what cannot be put in force is
         * refused with motet_module_refuse(). NULL: the module reads them at each use. */
        void (*reconfigure)(MotetModule *self);
        /** unload: only after a successful load; hooks, timers, waits and jobs are gone already. */
        void (*unload)(MotetModule *self);
        /** save: state for newer code of the same module, as bytes; NULL: nothing to carry. Changes
         * nothing: this code may go on. Not called while anything of the module is under way (a
         * token, a store request, a job). */
        GBytes *(*save)(MotetModule *self);
        /** restore: after load of the newer code, before its hooks are in force; false: unusable,
         * the old code stays. */
        bool (*restore)(MotetModule *self, GBytes *state, GError **error);
        const MotetRule *rules; /* kept or not is told by `motetctl check` and at the start */

        /* Since 0.2; NULL and 0 in modules built before. */

        MotetReplace replace;
        /* of what save and save_session write; what they mean is changed only with it */
        uint32_t state_version;
        /* the oldest that restore and restore_session understand; code whose state the new one does
         * not understand is not replaced */
        uint32_t state_oldest;
        /** save_session / restore_session: the same for the data that the module keeps with one
         * session; called for each that has any. NULL: they are dropped. */
        GBytes *(*save_session)(MotetModule *self, MotetSession *session);
        bool (*restore_session)(MotetModule *self, MotetSession *session, GBytes *state,
                                GError **error);
        const char *const *restart_options; /* of .options: in force from the next start on only */

        const MotetRisk *risks;
        const MotetListenDecl *listens;
};

/** motet_module: the one symbol a module exports. */
extern MOTET_API const MotetModuleInfo motet_module;

/** motet_module_host: Returns: (borrowed) the host of a host-scoped instance; NULL for server
 * scope */
MOTET_API MotetHost *motet_module_host(const MotetModule *self);
MOTET_API MotetServer *motet_module_server(const MotetModule *self);
MOTET_API const MotetModuleInfo *motet_module_info(const MotetModule *self);
/** motet_module_state_version: inside restore and restore_session: the state_version of the code
 * that saved; 0 otherwise */
MOTET_API uint32_t motet_module_state_version(const MotetModule *self);
/** motet_module_set_data: the instance's state; freed by @free_func after unload */
MOTET_API void motet_module_set_data(MotetModule *self, void *data, GDestroyNotify free_func);
MOTET_API void *motet_module_data(const MotetModule *self);
/**
 * motet_module_refuse:
 * @error: (take) why
 *
 * Inside reconfigure: the new options cannot be put in force. The reload is refused as a whole:
 * the former options come back, and reconfigure is called once more with them.
 */
MOTET_API void motet_module_refuse(MotetModule *self, GError *error);

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
