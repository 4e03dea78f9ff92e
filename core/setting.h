/*
 * setting: everything that can be set, in the main file and by modules: what it is, what it is set
 * to and where.
 */
#pragma once

#include "core/config.h"
#include "core/module.h"

/** Setting: one value of the configuration. */
typedef struct {
        char *key;        /* "log.level", of a module "MODULE.OPTION", "MODULE.permissions.NAME" */
        char *module;     /* NULL: of the main file */
        MotetScope scope; /* of the module */
        char *host;       /* whose value it is, when it differs; NULL: of all */
        MotetOption option; /* (borrowed) from the module's table, or forever */
        char *fallback;     /* as in YAML; NULL: none */
        char *value;        /* in force, as an operator writes it; NULL: unset */
        char *file;         /* where it is set; NULL: nowhere */
        unsigned line;      /* from 1 */
        bool needs_restart; /* a reload does not change it */
        bool is_of_a_name;  /* its key has a name in capitals for any host, module or store */
} Setting;

/** SettingsSource: what there is to be told of. */
typedef struct {
        const Config *config;
        Modules *modules;  /* their descriptors go before those in files; NULL: none */
        GPtrArray *opened; /* (own) of ModuleObject, as long as settings are used */
} SettingsSource;

void settings_source_init(SettingsSource *source, const Config *config, Modules *modules);
void settings_source_clear(SettingsSource *source);
/** settings_source_info: Returns: (borrowed) the descriptor of an installed module; NULL with
 * @error */
const MotetModuleInfo *settings_source_info(SettingsSource *source, const char *module,
                                            GError **error);

/** settings_new: Returns: (own) empty, for Setting */
GPtrArray *settings_new(void);
/** settings_add: adds one, to be filled */
Setting *settings_add(GPtrArray *settings, const char *key, const MotetOption *option);
/**
 * settings_add_main: those of the main file, in the order in which they stand there
 * @named: what is set for single hosts, modules and stores; otherwise one of each kind, with a name
 *   in capitals
 */
void settings_add_main(GPtrArray *settings, const Config *config, bool named);
/** settings_add_module: those of a module. @host: (prepared) as they are in force there; NULL: as
 * they are in general, and those that differ for a host */
void settings_add_module(GPtrArray *settings, const Config *config, const MotetModuleInfo *info,
                         const char *host);

/** setting_type_text: Returns: (own) "a size, 1 KiB to 64 KiB" */
char *setting_type_text(const MotetOption *option);
/** setting_path_text: Returns: (own) @path_take as it may be written in @config: one beside the
 * main file without its folder */
char *setting_path_text(char *path_take, const Config *config);
/** setting_origin_text: Returns: (own) "/etc/motet/motet.yaml:7", or "default" */
char *setting_origin_text(const Setting *setting);
/** setting_value_text: Returns: (own) what is in force, on one line of a terminal */
char *setting_value_text(const Setting *setting);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SettingsSource, settings_source_clear)
