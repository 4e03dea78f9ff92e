/*
 * names: the static table of well-known element, attribute and namespace names.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/** names_find: Returns: (borrowed) the table's own copy of an element or attribute name, NULL when
 * it has none */
const char *names_find(const char *text, size_t len);
/** names_find_space: as names_find(), for a namespace name; "" is in the table */
const char *names_find_space(const char *text, size_t len);
/** names_owns: whether @text points into the table */
bool names_owns(const char *text);
/** names_sorted: whether the table is in the order the search relies on; for tests */
bool names_sorted(void);
