/*
 * config_script: which characters a label may hold, and in which direction they are read.
 */
#pragma once

#include <motet/types.h>

/**
 * config_script_allows:
 * @points: a label in lower case
 *
 * Returns: whether the character at @index may stand there in a label: a letter, digit or hyphen of
 * ASCII, or one that RFC 5892 has as PVALID, or as CONTEXTJ or CONTEXTO with its rule met
 */
bool config_script_allows(const gunichar *points, size_t n_points, size_t index);

/** ScriptDirection: bidirectional classes as RFC 5893 tells them apart */
typedef enum {
        SCRIPT_L,
        SCRIPT_R,  /* R and AL */
        SCRIPT_EN, /* European digits */
        SCRIPT_AN, /* Arabic digits */
        SCRIPT_NSM,
        SCRIPT_OTHER, /* ES, ON: of what a label may hold, hyphens and some signs */
} ScriptDirection;

/** config_script_direction: of a character that a label may hold */
ScriptDirection config_script_direction(gunichar c);
