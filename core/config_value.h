/*
 * config_value: single values of the configuration read as what they are meant to be, or a finding
 * that says what was expected.
 */
#pragma once

#include "core/config.h"

typedef enum { CONFIG_NUMBER, CONFIG_SIZE, CONFIG_DURATION } ConfigUnit;

/** config_value_unexpected: adds "expected @what, found ..." */
void config_value_unexpected(const ConfigNode *node, const char *what, ConfigFindings *findings);
/** config_value_is_nothing: whether @node is a key without a value */
bool config_value_is_nothing(const ConfigNode *node);

/* Each returns whether @node is one; else findings grew and nothing is set. Ranges are inclusive;
 * 0, 0 is no range. */
bool config_value_bool(const ConfigNode *node, bool *out, ConfigFindings *findings);
bool config_value_integer(const ConfigNode *node, ConfigUnit unit, const int64_t range[2],
                          int64_t *out, ConfigFindings *findings);
/** config_value_text: @what: "a path", for the finding; (borrowed) text; never nothing */
bool config_value_text(const ConfigNode *node, const char *what, const char **out,
                       ConfigFindings *findings);
/** config_value_word: text that is one of @words; @out: (borrowed) the one in @words */
bool config_value_word(const ConfigNode *node, const char *const *words, const char **out,
                       ConfigFindings *findings);
/** config_value_path: @out: (own) absolute; a relative one is taken from @dir */
bool config_value_path(const ConfigNode *node, const char *dir, char **out,
                       ConfigFindings *findings);

/** config_value_map: whether @node is a map (or nothing, an empty one); @what names what it holds
 */
bool config_value_map(const ConfigNode *node, const char *what, ConfigFindings *findings);
/** config_value_keys: adds a finding for each key of @map that is not in @keys */
void config_value_keys(const ConfigNode *map, const char *const *keys, FindingId id,
                       ConfigFindings *findings);

/** config_value_add_once: appends a copy of @text, which stands at @node, to @list; a finding when
 * it is there already */
void config_value_add_once(GPtrArray *list, const char *text, const ConfigNode *node,
                           ConfigFindings *findings);
/** config_value_take_list: Returns: (own) the strings of @list, for g_strfreev(); @list is empty
 * afterwards */
char **config_value_take_list(GPtrArray *list);
/** config_value_join: Returns: (own) "a, b, c" */
char *config_value_join(const char *const *words);
