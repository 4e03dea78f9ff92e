/*
 * scenario_match: comparing stanzas with what a scenario expects.
 */
#include "support/scenario_match.h"

#include <motet/error.h>
#include <motet/stanza.h>
#include <string.h>

#include "core/xml.h"
#include "core/xml_tree.h"

#define REPEAT "$repeat("
#define REPEAT_MAX 10000000u /* bytes it may make: more than any limit of a server */

GHashTable *
scenario_names_new(void)
{
        return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

/* Text */

static size_t
name_length(const char *text)
{
        size_t n = 0;

        if (!g_ascii_islower(*text))
                return 0;
        while (g_ascii_islower(text[n]) || g_ascii_isdigit(text[n]) || text[n] == '_')
                n++;
        return n;
}

bool
scenario_text_like(const char *expected, const char *got)
{
        const char *star = strchr(expected, '*');
        if (!star)
                return strcmp(expected, got) == 0;

        size_t n = (size_t)(star - expected);
        if (strncmp(expected, got, n) != 0)
                return false;
        for (got += n; *got; got++) {
                if (scenario_text_like(star + 1, got))
                        return true;
        }
        return scenario_text_like(star + 1, got);
}

/* "*" alone stands for something. */
static bool
value_like(const char *expected, const char *got, GHashTable *names)
{
        if (strcmp(expected, "*") == 0)
                return *got != '\0';
        if (*expected != '$' || expected[1 + name_length(expected + 1)] != '\0' || !expected[1])
                return scenario_text_like(expected, got);

        const char *known = g_hash_table_lookup(names, expected + 1);
        if (known)
                return strcmp(known, got) == 0;
        g_hash_table_insert(names, g_strdup(expected + 1), g_strdup(got));
        return true;
}

/* Elements */

static bool
texts_like(const MotetXml *expected, const MotetXml *got, GHashTable *names)
{
        if (motet_xml_n_children(expected) == 0)
                return value_like(motet_xml_text(expected), motet_xml_text(got), names);

        g_autofree char *want = g_strdup(motet_xml_text(expected));
        g_autofree char *have = g_strdup(motet_xml_text(got));
        return value_like(g_strstrip(want), g_strstrip(have), names);
}

static const XmlAttr *
find_attr(const MotetXml *xml, const XmlAttr *wanted)
{
        for (const XmlAttr *attr = xml->attrs; attr; attr = attr->next) {
                if (strcmp(attr->name, wanted->name) == 0 && strcmp(attr->ns, wanted->ns) == 0)
                        return attr;
        }
        return NULL;
}

static bool
attrs_like(const MotetXml *expected, const MotetXml *got, GHashTable *names)
{
        for (const XmlAttr *attr = expected->attrs; attr; attr = attr->next) {
                const XmlAttr *found = find_attr(got, attr);
                if (!found || !value_like(attr->value, found->value, names))
                        return false;
        }
        for (const XmlAttr *attr = got->attrs; attr; attr = attr->next) {
                if (!find_attr(expected, attr))
                        return false;
        }
        return true;
}

static bool
may_be_left_out(const MotetXml *parent, const MotetXml *child)
{
        bool is_error_reply =
                motet_stanza_kind(parent) != MOTET_STANZA_NONE && motet_stanza_is_error(parent);

        return (is_error_reply && !motet_xml_is(child, "error", NULL)) ||
               motet_xml_is(child, "text", MOTET_NS_STANZA_ERRORS) ||
               motet_xml_is(child, "text", MOTET_NS_STREAM_ERRORS);
}

static bool element_like(const MotetXml *expected, const MotetXml *got, bool at_least,
                         GHashTable *names);

static bool
children_like(const MotetXml *expected, const MotetXml *got, GHashTable *names)
{
        const MotetXml *want = motet_xml_child(expected, NULL, NULL);
        const MotetXml *have = motet_xml_child(got, NULL, NULL);

        for (; have; have = motet_xml_next(have, NULL, NULL)) {
                if (want && element_like(want, have, false, names))
                        want = motet_xml_next(want, NULL, NULL);
                else if (!may_be_left_out(expected, have))
                        return false;
        }
        return want == NULL;
}

/* Each of @expected is there, each by an element of its own. */
static bool
children_are_there(const MotetXml *expected, const MotetXml *got, GHashTable *names)
{
        g_autoptr(GHashTable) used = g_hash_table_new(NULL, NULL);
        const MotetXml *want = motet_xml_child(expected, NULL, NULL);

        for (; want; want = motet_xml_next(want, NULL, NULL)) {
                const MotetXml *have = motet_xml_child(got, NULL, NULL);
                while (have && (g_hash_table_contains(used, have) ||
                                !element_like(want, have, true, names)))
                        have = motet_xml_next(have, NULL, NULL);
                if (!have)
                        return false;
                g_hash_table_add(used, (void *)have);
        }
        return true;
}

/* Adds to @names also when it finds a difference later. */
static bool
parts_like(const MotetXml *expected, const MotetXml *got, bool at_least, GHashTable *names)
{
        return motet_xml_is(got, motet_xml_name(expected), motet_xml_ns(expected)) &&
               attrs_like(expected, got, names) && texts_like(expected, got, names) &&
               (at_least ? children_are_there(expected, got, names)
                         : children_like(expected, got, names));
}

static void
add_names(GHashTable *names, GHashTable *more)
{
        GHashTableIter iter;
        void *name, *value;

        g_hash_table_iter_init(&iter, more);
        while (g_hash_table_iter_next(&iter, &name, &value))
                g_hash_table_replace(names, g_strdup(name), g_strdup(value));
}

static bool
element_like(const MotetXml *expected, const MotetXml *got, bool at_least, GHashTable *names)
{
        g_autoptr(GHashTable) found = scenario_names_new();

        add_names(found, names);
        if (!parts_like(expected, got, at_least, found))
                return false;
        add_names(names, found);
        return true;
}

bool
scenario_like(const MotetXml *expected, const MotetXml *got, bool at_least, GHashTable *names)
{
        return element_like(expected, got, at_least, names);
}

/* Expanding */

static bool
expand_name(GString *out, const char **text, GHashTable *names, GError **error)
{
        size_t n = name_length(*text + 1);
        g_autofree char *name = g_strndup(*text + 1, n);
        const char *value = g_hash_table_lookup(names, name);

        if (!value) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG, "nothing is called $%s yet",
                            name);
                return false;
        }
        xml_escape_append(out, value);
        *text += 1 + n;
        return true;
}

static bool
expand_repeat(GString *out, const char **text, GError **error)
{
        const char *what = *text + strlen(REPEAT);
        const char *end = strchr(what, ')');
        const char *comma = end ? memrchr(what, ',', (size_t)(end - what)) : NULL;
        g_autofree char *number = comma ? g_strndup(comma + 1, (size_t)(end - comma) - 1) : NULL;
        guint64 n = 0;

        if (!number || !g_ascii_string_to_unsigned(number, 10, 0, REPEAT_MAX, &n, NULL) ||
            n * (size_t)(comma - what) > REPEAT_MAX) {
                g_set_error_literal(error, MOTET_ERROR, MOTET_ERROR_CONFIG,
                                    "not $repeat(TEXT,NUMBER), or too much");
                return false;
        }
        for (guint64 i = 0; i < n; i++)
                g_string_append_len(out, what, comma - what);
        *text = end + 1;
        return true;
}

bool
scenario_lines_like(const char *expected, const char *got)
{
        g_auto(GStrv) want = g_strsplit(expected, "\n", -1);
        g_autofree char *stripped = g_strchomp(g_strdup(got));
        g_auto(GStrv) have = g_strsplit(stripped, "\n", -1);

        if (g_strv_length(want) != g_strv_length(have))
                return false;
        for (unsigned i = 0; want[i]; i++) {
                if (!scenario_text_like(want[i], have[i]))
                        return false;
        }
        return true;
}

char *
scenario_expand(const char *text, GHashTable *names, GError **error)
{
        g_autoptr(GString) out = g_string_new(NULL);

        while (*text) {
                if (g_str_has_prefix(text, REPEAT)) {
                        if (!expand_repeat(out, &text, error))
                                return NULL;
                } else if (*text == '$' && name_length(text + 1) > 0) {
                        if (!expand_name(out, &text, names, error))
                                return NULL;
                } else {
                        g_string_append_c(out, *text++);
                }
        }
        return g_strdup(out->str);
}
