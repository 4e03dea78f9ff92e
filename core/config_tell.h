/*
 * config_tell: what can be set, what it is set to, and what it is unless it is set; for "config
 * show", "config describe" and "config default".
 */
#pragma once

#include "core/check.h"
#include "core/setting.h"

typedef enum { CONFIG_SHOW, CONFIG_DESCRIBE, CONFIG_DEFAULT } ConfigTold;

typedef struct {
        ConfigTold what;
        const char *name; /* a module, section or setting; NULL: all */
        const char *host; /* as written; NULL: all */
        bool json;
} ConfigQuestion;

/**
 * config_question_read:
 * @words: (borrowed) NULL-terminated, behind "config"
 *
 * Returns: false with MOTET_ERROR_USAGE, and what was meant
 */
bool config_question_read(const char *const *words, ConfigQuestion *question, GError **error);
/**
 * config_tell:
 *
 * Answers @question of the configuration of @source.
 *
 * Returns: false with MOTET_ERROR_USAGE when nothing has that name, and what was meant
 */
bool config_tell(SettingsSource *source, const ConfigQuestion *question, CheckPrint print,
                 void *data, GError **error);
/**
 * config_tell_file: config_tell() of a file, without a server
 * @findings: errors, when there is nothing that could be shown; descriptions and defaults do not
 *   need a configuration without errors
 */
bool config_tell_file(const char *file, const ConfigQuestion *question, CheckPrint print,
                      void *data, ConfigFindings *findings, GError **error);

/** config_print_defaults: @settings: in the order of their file, of the main file or of one module
 * (@info); as YAML that reads back as the defaults */
void config_print_defaults(const GPtrArray *settings, const MotetModuleInfo *info, CheckPrint print,
                           void *data);
