/*
 * config: YAML files into a checked configuration; every mistake is found, each with file, line and
 * column.
 *
 * The main file holds what concerns the core; plugins.d/<module>.yaml (or `modules:` in the main
 * file) holds each module's switch and options. Relative paths are relative to the main file's
 * folder.
 */
#pragma once

#include <motet/option.h>

#include "core/finding_ids.h"
#include "core/host.h"
#include "core/log.h"

/** ConfigFinding: one mistake (or weakness, when its kind is a warning). */
typedef struct {
        FindingId id;
        char *file;
        unsigned line, column; /* from 1; 0: the file as a whole */
        char *text;
        char *hint;  /* what to write or do instead; NULL: the text says it */
        bool hidden; /* there is a secret in its line */
} ConfigFinding;

typedef struct {
        GPtrArray *list; /* (own) of ConfigFinding */
        unsigned n_errors;
} ConfigFindings;

void config_findings_init(ConfigFindings *findings);
void config_findings_clear(ConfigFindings *findings);
/** config_findings_add: control characters in the text are escaped, long texts are cut */
void config_findings_add(ConfigFindings *findings, FindingId id, const char *file, unsigned line,
                         unsigned column, const char *format, ...) G_GNUC_PRINTF(6, 7);
/** config_findings_hint: says of the finding added last what to do */
void config_findings_hint(ConfigFindings *findings, const char *format, ...) G_GNUC_PRINTF(2, 3);
/** config_findings_hide: says of the finding added last that its line is not to be shown */
void config_findings_hide(ConfigFindings *findings);
/** config_findings_sort: by file, line, column; what is there twice stays once */
void config_findings_sort(ConfigFindings *findings);
bool config_finding_is_warning(const ConfigFinding *finding);
/** config_finding_string: Returns: (own) "file:line:col: error: text; hint [id]", one line */
char *config_finding_string(const ConfigFinding *finding);
/** config_findings_first_error: sorts them. Returns: (own) the first error as one line, NULL when
 * there is none */
char *config_findings_first_error(ConfigFindings *findings);

typedef enum { CONFIG_SCALAR, CONFIG_LIST, CONFIG_MAP } ConfigKind;

/* One YAML node with its place. */
typedef struct ConfigNode {
        ConfigKind kind;
        const char *file; /* owned by the Config; outlives the node */
        unsigned line, column;
        char *text;         /* SCALAR: its value */
        bool quoted;        /* SCALAR: written in quotes: a string whatever it looks like */
        GPtrArray *items;   /* LIST: of ConfigNode */
        GPtrArray *entries; /* MAP: of ConfigEntry, in file order, keys unique */
} ConfigNode;

typedef struct {
        char *key;
        unsigned line, column;
        ConfigNode *value;
} ConfigEntry;

typedef struct {
        char *name;        /* prepared */
        char *certificate; /* absolute path; NULL: looked for in certificates_dir */
        char *key;         /* absolute path; NULL when certificate is */
        const ConfigNode *node;
} ConfigHost;

typedef struct ConfigModule ConfigModule;
struct ConfigModule {
        char *name;
        bool enabled;
        char **hosts;                  /* prepared; NULL: all */
        const ConfigNode *options;     /* MAP or NULL */
        const ConfigNode *permissions; /* MAP or NULL */
        GPtrArray *host_options; /* of ConfigEntry (borrowed), key prepared: options that differ for
                                    one host */
        const ConfigNode *node;
        ConfigNode place;      /* file, line and column alone: of its key, or of its file */
        bool overridden;       /* what the files say is written, and not in force */
        ConfigModule *written; /* (own) of one that is overridden; NULL: nothing */
};

/* What happens to a call that a confined server may not make (core/confine.h). */
typedef enum {
        CONFIG_CONFINE_DENY = 0, /* it fails, and is logged */
        CONFIG_CONFINE_ABORT,    /* it ends the server */
        CONFIG_CONFINE_OFF,      /* nothing: the server is not confined */
} ConfigConfine;

typedef struct {
        char *file, *dir;                                            /* absolute */
        char *plugins_dir, *modules_dir, *data_dir, *control_socket; /* absolute */
        char *certificates_dir;      /* absolute; the default is certs beside the main file */
        int64_t certificates_period; /* µs between two looks at certificates; default 5 s */
        char *user; /* whom to become when started as root; NULL: root is refused */
        LogLevels log_levels;
        LogFormat log_format;
        char *log_target;        /* "stderr" (default), "journal" or an absolute file path */
        int64_t log_lines_per_s; /* of one source; 0: no limit */
        char *storage_default;   /* backend: "sqlite" */
        GHashTable *storage;     /* store name -> backend name */
        CoreLimits limits;
        GPtrArray *hosts;   /* of ConfigHost */
        GPtrArray *modules; /* of ConfigModule, enabled or not */
        GPtrArray *roots;   /* of ConfigNode: every file's tree */
        GPtrArray *files;   /* of char*: names of files read */
        bool is_cut; /* the main file's text is no YAML: of it control_socket alone is read */
        bool serve;  /* for a server that serves: what only it can know is checked too */
        ConfigConfine confine;
        char **confine_also; /* absolute paths that it may use as well; NULL: none */
} Config;

/**
 * config_load:
 * @file: main file
 *
 * Reads and checks the main file and all drop-ins. Returns: (own) what could be read, also with
 * errors in @findings, so that one run lists them all; NULL when the main file cannot be read at
 * all
 */
Config *config_load(const char *file, ConfigFindings *findings);
/** config_parse: the same from text, without drop-ins; for tests and fuzzing. @dir: what relative
 * paths are relative to */
Config *config_parse(const char *text, gssize len, const char *dir, ConfigFindings *findings);
void config_free(Config *config);
const ConfigModule *config_module(const Config *config, const char *name);

const ConfigNode *config_node_entry(const ConfigNode *map, const char *key);

/* Options of one module on one host. */

/**
 * option_values_new:
 * @options, @overrides: (borrowed) maps or NULL; what @overrides says of a key goes before
 * @config: (borrowed) its dir is what written paths are relative to, its data_dir what default
 * paths are
 *
 * Returns: (own) checked values, defaults filled in, also when findings were added
 */
OptionValues *option_values_new(const MotetOption *table, const char *module,
                                const ConfigNode *options, const ConfigNode *overrides,
                                const Config *config, ConfigFindings *findings);
/** option_values_join: both (take). Returns: (own) @values and behind them @more, with @prefix in
 * front of their keys */
OptionValues *option_values_join(OptionValues *values, OptionValues *more, const char *prefix);
void option_values_free(OptionValues *values);
/** option_values_print: Returns: (own) the value of @key as an operator writes it; NULL when it is
 * unset or no option */
char *option_values_print(const OptionValues *values, const char *key);
/** option_values_text: Returns: (borrowed) the text @key; NULL when it is unset or no text */
const char *option_values_text(const OptionValues *values, const char *key);
/** option_values_list: Returns: (borrowed) the list @key; NULL when it is no list */
const char *const *option_values_list(const OptionValues *values, const char *key);
bool option_values_equal(const OptionValues *a, const OptionValues *b);
/** option_values_diff: calls @func for each option that differs, values as an operator writes them,
 * NULL: unset */
void option_values_diff(const OptionValues *before, const OptionValues *after,
                        void (*func)(const char *key, const char *before, const char *after,
                                     void *data),
                        void *data);
/** option_values_foreach: calls @func for each option, with what is written when it is unset:
 * NULL */
void option_values_foreach(const OptionValues *values,
                           void (*func)(const char *key, const char *value, void *data),
                           void *data);
/** option_table_check: whether a module's own table is sound (defaults legal, help there, keys
 * unique); findings name the module */
bool option_table_check(const MotetOption *table, const char *module, ConfigFindings *findings);

/** config_parse_duration / config_parse_size: "30s" to µs, "64 KiB" to bytes. Returns: false when
 * it is none or overflows */
bool config_parse_duration(const char *text, int64_t *us_out);
bool config_parse_size(const char *text, int64_t *bytes_out);
bool config_parse_int(const char *text, int64_t *out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Config, config_free)
