/*
 * scenario_match: whether a stanza is what a scenario expects, and what it calls parts of it.
 *
 * In what is expected `*` stands for any characters, and a value that is `$name` for anything the
 * first time, for the same thing afterwards. Attributes come in any order. White space around
 * elements means nothing. The <text/> of an error, and what an error reply repeats of the request,
 * may be left out.
 */
#pragma once

#include <motet/xml.h>

/** scenario_names_new: Returns: (own) what is known by a name so far: nothing */
GHashTable *scenario_names_new(void);

/**
 * scenario_like:
 * @at_least: elements may hold more elements than expected, and in another order
 * @names: names that are found are added when the whole is like @expected, otherwise it is not
 * changed
 */
bool scenario_like(const MotetXml *expected, const MotetXml *got, bool at_least, GHashTable *names);

/** scenario_text_like: the same for a line of text, without names */
bool scenario_text_like(const char *expected, const char *got);
/** scenario_lines_like: the same for all lines of a text */
bool scenario_lines_like(const char *expected, const char *got);

/**
 * scenario_expand:
 *
 * Puts what `$name` stands for in its place, fit to stand in XML, and N times TEXT in that of
 * `$repeat(TEXT,N)`.
 *
 * Returns: (own) NULL with MOTET_ERROR_CONFIG when a name is not known, or N is more than 10000000
 */
char *scenario_expand(const char *text, GHashTable *names, GError **error);
