/*
 * module: what a module exports, and what it may ask about itself.
 *
 * A module is one shared object mod_<name>.so exporting one constant, `motet_module`. Nothing of it
 * runs at dlopen. A module of host scope has one instance per virtual host that enables it;
 * MotetModule is such an instance.
 */
#pragma once

#include <motet/event.h>
#include <motet/field.h>
#include <motet/host.h>
#include <motet/log.h>
#include <motet/option.h>
#include <motet/permission.h>
#include <motet/types.h>

G_BEGIN_DECLS

/** MotetScope: how many instances a module has. */
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

/*
 * Tables of a descriptor: arrays in the module's constant data that end with a row of 0.
 *
 * Growth: rows of a module built before are as far apart as its headers said, so their size is
 * fixed within a major number of MOTET_ABI. What is added later uses a row's reserved field.
 */

/**
 * MotetServiceDecl: a service the module provides.
 *
 * Growth of the struct it points to: none within a major number of MOTET_ABI, as its providers and
 * its callers are different modules. Further functions are a further service, of another name and
 * with a struct of its own, for which an older provider is not found.
 */
typedef struct {
        const char *name;     /* "auth", "store:sqlite"; NULL ends a table */
        const void *api;      /* the struct of functions its service header declares */
        const void *reserved; /* NULL */
} MotetServiceDecl;

/** MotetIdentity: a service discovery identity. */
typedef struct {
        const char *category; /* "server"; NULL ends a table */
        const char *type;     /* "im" */
        const char *name;     /* for people; NULL for none */
        bool account;         /* of accounts' bare addresses instead of the host's */
        const void *reserved; /* NULL */
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
        const char *text;   /* what happens otherwise: "no client can log in"; NULL ends a table */
        MotetRuleKind kind; /* what is asked for */
        const char *when;   /* an option of this module: the rule is for when it is... */
        const char *is;     /* ...this; @when NULL: always */
        const char *unless; /* an option of this module: the rule is not for when it is... */
        const char *was;    /* ...this; @unless NULL: no exception */
        const char *module; /* whose option; NULL: this one */
        const char *option; /* the option; NULL for NEEDS */
        const char *value;  /* what .kind compares with */
        const void *reserved; /* NULL */
} MotetRule;

/** MotetRiskKind: what a setting opens. */
typedef enum {
        MOTET_RISK_STRANGERS, /* anybody may become a user */
        MOTET_RISK_IN_CLEAR,  /* what is secret may cross the network unencrypted */
        MOTET_RISK_GUESSING,  /* who has stolen what is stored finds the passwords sooner */
} MotetRiskKind;

/**
 * MotetRisk: a setting that operators may choose and should know of. Read, never run: `motetctl
 * check security` tells those that are set. Values are written as in YAML; NULL is what is unset.
 */
typedef struct {
        const char *text;   /* what happens: "anybody can make an account"; NULL ends a table */
        MotetRiskKind kind; /* what it opens */
        const char *option; /* the risk is there when it is... */
        const char *value;  /* ...this... */
        const char *other;  /* ...and this option, when not NULL, is... */
        const char *being;  /* ...this */
        const char *below;  /* instead of .value: a number that the option is less than */
} MotetRisk;

/** MotetListenDecl: where the module listens, for tools that look at ports and DNS without running
 * it. */
typedef struct {
        const char *ports;     /* an option of ports, MOTET_OPTION_INTS; NULL ends a table */
        const char *addresses; /* an option of addresses as in MotetListen, MOTET_OPTION_LIST */
        const char *service;   /* by which peers find it: "_xmpp-client._tcp"; NULL: they do not */
        const void *reserved;  /* NULL */
} MotetListenDecl;

struct MotetCommandDecl;

/**
 * MotetModuleInfo: all that is known of a module before it runs.
 *
 * Growth: fields are appended with a minor number of MOTET_ABI, never moved. The server knows the
 * size that a module was built with and takes what is beyond for NULL and 0, which mean that a
 * module has no such thing.
 */
struct MotetModuleInfo {
        uint32_t abi;        /* MOTET_ABI */
        const char *name;    /* snake_case, as in mod_<name>.so */
        const char *version; /* "1.0"; NULL: the server's */
        const char *summary; /* one line, imperative */
        const char *license; /* SPDX; NULL: MIT */
        MotetScope scope;    /* one instance a host, or one */
        /* modules, or services as "service:auth", that must be there and load first; of a family,
         * "service:store:*", one must be there, and all load first */
        const char *const *depends;
        const char *const *wants;            /* the same, loaded first when enabled */
        const char *const *conflicts;        /* modules that may not be on the same host */
        const char *const *specs;            /* "XEP-0199@2.0.1", "RFC6121" */
        const char *const *features;         /* disco features of the host's address */
        const char *const *account_features; /* disco features of accounts' bare addresses */
        const MotetIdentity *identities;     /* what it is for service discovery */
        const MotetServiceDecl *services;    /* that this module provides */
        const MotetEventDecl *events;        /* that this module fires */
        const MotetOption *options;          /* in its file in plugins.d */
        const MotetHook *hooks;              /* added after load succeeded, removed before unload */
        const struct MotetCommandDecl *commands; /* for motetctl: command.h */

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
         * token, a store request, a job, what it asked of another module or was asked). */
        GBytes *(*save)(MotetModule *self);
        /** restore: after load of the newer code, before its hooks are in force; false: unusable,
         * the old code stays. */
        bool (*restore)(MotetModule *self, GBytes *state, GError **error);
        const MotetRule *rules; /* kept or not is told by `motetctl check` and at the start */

        MotetReplace replace; /* how its code is replaced while it runs */
        /* of what save and save_session write; what they mean is changed only with it */
        uint32_t state_version;
        /* the oldest that restore and restore_session understand; code whose state the new one does
         * not understand is not replaced */
        uint32_t state_oldest;
        /** save_session / restore_session: the same for the data that the module keeps with one
         * session; called for each that has any. NULL: they are dropped. */
        GBytes *(*save_session)(MotetModule *self, MotetSession *session);
        bool (*restore_session)(MotetModule *self, MotetSession *session, GBytes *state,
                                GError **error); /* @state (borrowed); false: as of restore */
        /* of .options: in force from the next start on only; a reload that changes one is
         * refused */
        const char *const *restart_options;

        const MotetRisk *risks;         /* settings that open something */
        const MotetListenDecl *listens; /* options that say where it listens */
        /* without it the server would let in what it keeps away, or serve nobody: never left out
         * for its crashes */
        bool guards;

        const MotetPermission *permissions; /* who may what: asked with motet_may() */
        const MotetDiscoForm *forms;        /* that service discovery tells */

        /*
         * what it needs of the machine, from which the server confines itself at its start. Words:
         * "programs": it starts other programs; those inherit what the server is confined to, and
         * may be where programs are, or be named by an option of the type MOTET_OPTION_PATH;
         * "read:WHAT", "write:WHAT": it opens files below WHAT, an absolute path, or the folder of
         * the file that such an option names; "socket:NUMBER": it opens sockets of this family
         * (AF_…). Without a word it may read what such an option names and the folder that is in,
         * read /etc and /usr, write below data_dir, and open sockets of the families unix, inet and
         * inet6.
         */
        const char *const *needs;
};

/** MotetStatus: how a module fares. */
typedef enum {
        MOTET_STATUS_OK = 0,  /* it does what it is there for */
        MOTET_STATUS_WARNING, /* it works; somebody should look at it */
        MOTET_STATUS_ERROR,   /* it does not do what it is there for: the server is degraded */
} MotetStatus;

/** MOTET_STATUS_MAX: bytes of a status text; longer ones are cut */
#define MOTET_STATUS_MAX 400

/** motet_module: the one symbol a module exports. */
extern MOTET_API const MotetModuleInfo motet_module;

/**
 * motet_module_host:
 * @self: an instance; the functions below are alike
 *
 * Returns: (borrowed) the host of a host-scoped instance; NULL for server scope
 */
MOTET_API MotetHost *motet_module_host(const MotetModule *self);
/** motet_module_server: Returns: (borrowed) the server it runs in, never NULL */
MOTET_API MotetServer *motet_module_server(const MotetModule *self);
/** motet_module_info: Returns: (borrowed) its descriptor as the server read it, while @self is
 * there */
MOTET_API const MotetModuleInfo *motet_module_info(const MotetModule *self);
/**
 * motet_module_state_version: Returns: inside restore and restore_session: the state_version of the
 * code that saved; 0 otherwise
 */
MOTET_API uint32_t motet_module_state_version(const MotetModule *self);
/**
 * motet_module_set_data:
 * @data: (take) the instance's state; NULL for none
 * @free_func: frees @data after unload, or when it is replaced; may be NULL
 *
 * Keeps one pointer with the instance; what was there before is freed.
 */
MOTET_API void motet_module_set_data(MotetModule *self, void *data, GDestroyNotify free_func);
/** motet_module_data: Returns: (borrowed) what was set, NULL when nothing */
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
 * motet_module_set_status:
 * @status: how it fares
 * @format: what is wrong and what helps, one line for operators, without the module's name; NULL
 *   when there is nothing to say
 *
 * Says how @self fares from now on, until the next call or the end of the instance; newer code that
 * replaces it begins as MOTET_STATUS_OK and says its own. `motetctl status`, `module list` and
 * `module info`, the service manager and metrics tell it; the log does when it becomes another. An
 * error makes the server degraded. Control characters are escaped. On the core thread; it may be
 * called at each success and failure, a status that stays the same costs no line.
 */
MOTET_API void motet_module_set_status(MotetModule *self, MotetStatus status, const char *format,
                                       ...) G_GNUC_PRINTF(3, 4);
/**
 * motet_module_status:
 * @text_out: set to the text, (borrowed) until the next change, NULL when there is none; may be
 * NULL
 *
 * Returns: as last set, MOTET_STATUS_OK at first
 */
MOTET_API MotetStatus motet_module_status(const MotetModule *self, const char **text_out);

/**
 * motet_service:
 * @host: on which host; server-scoped providers are found on every one
 * @name: service name
 * @provider_out: set to the providing instance, first argument of every function of the service;
 * not NULL; left as it is when nobody provides it
 *
 * Ask at each use, do not keep it: the provider may be exchanged by a reload.
 *
 * Returns: (borrowed) the struct of functions, NULL when nobody provides it
 */
MOTET_API const void *motet_service(MotetHost *host, const char *name, MotetModule **provider_out);

G_END_DECLS
