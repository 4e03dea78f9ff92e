/*
 * module_edit: changes the switch of a module in the text of its drop-in: two keys, and no other
 * byte.
 *
 * The text is read for the places of its values, then changed line by line; the result is read
 * again and compared. What is written in a way that this does not hold for is refused.
 */
#include "core/module_edit.h"

#include <motet/error.h>
#include <string.h>

#include "core/config_yaml.h"

typedef struct {
        GPtrArray *lines;       /* (own) without line feeds */
        const ConfigNode *root; /* (borrowed) as it was before */
} Edited;

static void
edited_clear(Edited *edited)
{
        g_clear_pointer(&edited->lines, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Edited, edited_clear)

/* MOTET_ERROR_IO: nothing is known of the text, since memory is wanting. */
static ConfigNode *
parse(const char *text, const char *file, GError **error)
{
        ConfigFindings findings;

        config_findings_init(&findings);
        ConfigNode *root = config_yaml_parse(text, strlen(text), file, &findings);
        if (!root || findings.n_errors > 0) {
                g_assert(findings.list->len > 0);
                const ConfigFinding *first = g_ptr_array_index(findings.list, 0);
                bool is_read = first->id != FINDING_CONFIG_UNREADABLE;
                g_autofree char *what = config_finding_string(first);
                g_set_error(error, MOTET_ERROR, is_read ? MOTET_ERROR_CONFIG : MOTET_ERROR_IO, "%s",
                            what);
                g_clear_pointer(&root, config_node_free);
        }
        config_findings_clear(&findings);
        return root;
}

/* Lines */

static char **
line_at(const Edited *edited, unsigned line)
{
        return line >= 1 && line <= edited->lines->len ? (char **)&edited->lines->pdata[line - 1]
                                                       : NULL;
}

/* YAML's lines may be more than those that end with a line feed. Returns: false: that one is not
 * there */
static bool
insert_line(Edited *edited, unsigned before, const char *indent_of, const char *text)
{
        gsize n = indent_of ? strspn(indent_of, " ") : 0;

        if (before > edited->lines->len + 1)
                return false;
        g_ptr_array_insert(edited->lines, (int)before - 1,
                           g_strdup_printf("%*s%s", (int)n, "", text));
        return true;
}

/* Puts @text in the place of the @n bytes at @place of @line. */
static void
splice(char **line, const char *place, size_t n, const char *text)
{
        gsize before = (gsize)(place - *line);
        char *whole = g_strdup_printf("%.*s%s%s", (int)before, *line, text, place + n);

        g_free(*line);
        *line = whole;
}

/* Where @node begins; NULL when it is not on a line of its own text. */
static const char *
place_of(const Edited *edited, const ConfigNode *node)
{
        char **line = line_at(edited, node->line);

        if (!line || node->column < 1 || g_utf8_strlen(*line, -1) < (glong)node->column)
                return NULL;
        return g_utf8_offset_to_pointer(*line, (glong)node->column - 1);
}

/* A value of one plain word. */
static bool
replace_word(Edited *edited, const ConfigNode *node, const char *text)
{
        const char *place = place_of(edited, node);

        if (!place || node->kind != CONFIG_SCALAR || node->quoted || !*node->text ||
            !g_str_has_prefix(place, node->text))
                return false;
        splice(line_at(edited, node->line), place, strlen(node->text), text);
        return true;
}

static bool
has_text(const ConfigNode *node, const char *text)
{
        return node->kind == CONFIG_SCALAR && strcmp(node->text, text) == 0;
}

/* Lists of hosts */

static char *
host_text(const char *host)
{
        for (const char *c = host; *c; c++) {
                if (!g_ascii_isalnum(*c) && !strchr("-.", *c))
                        return g_strdup_printf("\"%s\"", host);
        }
        /* Without a letter it might be read as a number. */
        return strpbrk(host, "abcdefghijklmnopqrstuvwxyz") && strchr(host, '.')
                       ? g_strdup(host)
                       : g_strdup_printf("\"%s\"", host);
}

static char *
flow_text(const char *const *hosts)
{
        if (!*hosts)
                return g_strdup("all");

        GString *text = g_string_new("[");
        for (const char *const *host = hosts; *host; host++) {
                g_autofree char *one = host_text(*host);
                g_string_append_printf(text, "%s%s", host == hosts ? "" : ", ", one);
        }
        g_string_append_c(text, ']');
        return g_string_free(text, FALSE);
}

/* A list in brackets, which begins at @place, on one line. */
static bool
replace_flow(Edited *edited, const ConfigNode *node, const char *place, const char *text)
{
        const char *end = strchr(place, ']');

        if (!end)
                return false;
        splice(line_at(edited, node->line), place, (size_t)(end - place) + 1, text);
        return true;
}

static bool
is_item(const ConfigNode *node, const char *host)
{
        for (guint i = 0; i < node->items->len; i++) {
                if (has_text(g_ptr_array_index(node->items, i), host))
                        return true;
        }
        return false;
}

/* A list with a line an item, each with its own comment. */
static bool
replace_items(Edited *edited, const ConfigNode *node, const char *const *hosts)
{
        const ConfigNode *last = g_ptr_array_index(node->items, node->items->len - 1);
        g_autofree char *indent = NULL;

        for (guint i = 0; i < node->items->len; i++) {
                const ConfigNode *item = g_ptr_array_index(node->items, i);
                char **line = line_at(edited, item->line);
                if (item->kind != CONFIG_SCALAR || !line || (*line)[strspn(*line, " ")] != '-')
                        return false;
        }
        indent = g_strdup(*line_at(edited, last->line));
        for (const char *const *host = hosts; *host; host++) {
                g_autofree char *one = host_text(*host);
                g_autofree char *text = g_strconcat("- ", one, NULL);
                if (!is_item(node, *host))
                        insert_line(edited, last->line + 1, indent, text);
        }
        for (guint i = node->items->len; i-- > 0;) {
                const ConfigNode *item = g_ptr_array_index(node->items, i);
                if (!g_strv_contains(hosts, item->text))
                        g_ptr_array_remove_index(edited->lines, item->line - 1);
        }
        return true;
}

static bool
set_hosts(Edited *edited, const char *const *hosts)
{
        const ConfigNode *node = config_node_entry(edited->root, "hosts");
        g_autofree char *text = flow_text(hosts);

        if (!node) {
                g_autofree char *line = g_strconcat("hosts: ", text, NULL);
                const ConfigNode *enabled = config_node_entry(edited->root, "enabled");
                char **beside = line_at(edited, enabled->line);
                return !*hosts ||
                       insert_line(edited, enabled->line + 1, beside ? *beside : NULL, line);
        }
        if (node->kind == CONFIG_SCALAR)
                return replace_word(edited, node, text);
        if (node->kind != CONFIG_LIST || node->items->len == 0)
                return false;
        const char *place = place_of(edited, node);
        if (place && *place == '[')
                return replace_flow(edited, node, place, text);
        return *hosts && replace_items(edited, node, hosts);
}

/* The switch */

static unsigned
first_line(const ConfigNode *root)
{
        const ConfigEntry *entry = root->entries->len > 0 ? root->entries->pdata[0] : NULL;

        return entry ? entry->line : 0;
}

static bool
set_enabled(Edited *edited, bool enabled)
{
        const ConfigNode *node = config_node_entry(edited->root, "enabled");
        const char *text = enabled ? "true" : "false";

        if (node)
                return has_text(node, text) || replace_word(edited, node, text);

        unsigned first = first_line(edited->root);
        char **beside = line_at(edited, first);
        g_autofree char *line = g_strconcat("enabled: ", text, NULL);
        return insert_line(edited, first ? first : edited->lines->len + 1, beside ? *beside : NULL,
                           line);
}

/* Comparing */

static bool
is_same(const ConfigNode *a, const ConfigNode *b)
{
        if (a->kind != b->kind || a->quoted != b->quoted || g_strcmp0(a->text, b->text) != 0)
                return false;
        guint n_items = a->items ? a->items->len : 0, n_entries = a->entries ? a->entries->len : 0;
        if (n_items != (b->items ? b->items->len : 0) ||
            n_entries != (b->entries ? b->entries->len : 0))
                return false;
        for (guint i = 0; i < n_items; i++) {
                if (!is_same(a->items->pdata[i], b->items->pdata[i]))
                        return false;
        }
        for (guint i = 0; i < n_entries; i++) {
                const ConfigEntry *one = a->entries->pdata[i], *other = b->entries->pdata[i];
                if (strcmp(one->key, other->key) != 0 || !is_same(one->value, other->value))
                        return false;
        }
        return true;
}

/* Whether all but what @edit changes is in @b as it is in @a. */
static bool
has_all_else(const ConfigNode *a, const ConfigNode *b, const ModuleEdit *edit)
{
        for (guint i = 0; a->entries && i < a->entries->len; i++) {
                const ConfigEntry *entry = g_ptr_array_index(a->entries, i);
                if (strcmp(entry->key, "enabled") == 0 ||
                    (edit->hosts && strcmp(entry->key, "hosts") == 0))
                        continue;
                const ConfigNode *other = config_node_entry(b, entry->key);
                if (!other || !is_same(entry->value, other))
                        return false;
        }
        return true;
}

static bool
says_hosts(const ConfigNode *node, const char *const *hosts)
{
        if (!*hosts)
                return !node || has_text(node, "all");
        if (!node || node->kind != CONFIG_LIST || node->items->len != g_strv_length((char **)hosts))
                return false;
        for (; *hosts; hosts++) {
                if (!is_item(node, *hosts))
                        return false;
        }
        return true;
}

static bool
is_as_meant(const ConfigNode *before, const ConfigNode *after, const ModuleEdit *edit)
{
        const ConfigNode *enabled = config_node_entry(after, "enabled");

        return enabled && !enabled->quoted && has_text(enabled, edit->enabled ? "true" : "false") &&
               (!edit->hosts || says_hosts(config_node_entry(after, "hosts"), edit->hosts)) &&
               has_all_else(before, after, edit) && has_all_else(after, before, edit);
}

static GPtrArray *
split(const char *text)
{
        GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
        g_auto(GStrv) parts = g_strsplit(text, "\n", -1);
        unsigned n = g_strv_length(parts);

        for (unsigned i = 0; i < n; i++) {
                if (i + 1 < n || *parts[i])
                        g_ptr_array_add(lines, g_strdup(parts[i]));
        }
        return lines;
}

static char *
join(const GPtrArray *lines)
{
        GString *text = g_string_new(NULL);

        for (guint i = 0; i < lines->len; i++)
                g_string_append_printf(text, "%s\n", (const char *)g_ptr_array_index(lines, i));
        return g_string_free(text, FALSE);
}

/* Of an empty text there is nothing to find places in. */
static char *
new_text(const char *text, const ModuleEdit *edit)
{
        g_autofree char *hosts = edit->hosts && *edit->hosts ? flow_text(edit->hosts) : NULL;
        bool needs_feed = *text && !g_str_has_suffix(text, "\n");

        return g_strdup_printf("%s%senabled: %s\n%s%s%s", text, needs_feed ? "\n" : "",
                               edit->enabled ? "true" : "false", hosts ? "hosts: " : "",
                               hosts ? hosts : "", hosts ? "\n" : "");
}

/*
 * One step at a time, since the first may move what the second looks for. Returns: NULL, too, for a
 * text that this cannot be done in, which is no error
 */
static char *
change(const char *text, const ConfigNode *root, const ModuleEdit *edit, const char *file,
       GError **error)
{
        if (root->kind != CONFIG_MAP)
                return has_text(root, "") ? new_text(text, edit) : NULL;

        g_auto(Edited) first = {.lines = split(text), .root = root};
        if (!set_enabled(&first, edit->enabled))
                return NULL;
        g_autofree char *switched = join(first.lines);
        if (!edit->hosts)
                return g_steal_pointer(&switched);

        g_autoptr(ConfigNode) between = parse(switched, file, error);
        g_auto(Edited) second = {.lines = split(switched), .root = between};
        return between && set_hosts(&second, edit->hosts) ? join(second.lines) : NULL;
}

static void
tell_to_write(const ModuleEdit *edit, const char *file, GError **error)
{
        g_autofree char *hosts = edit->hosts ? flow_text(edit->hosts) : NULL;

        g_set_error(
                error, MOTET_ERROR, MOTET_ERROR_CONFIG,
                "%s is written in a way that only you can change: say \"enabled: %s\"%s%s%s there",
                file, edit->enabled ? "true" : "false", hosts ? " and \"hosts: " : "",
                hosts ? hosts : "", hosts ? "\"" : "");
}

char *
module_edit_text(const char *text, const ModuleEdit *edit, const char *file, GError **error)
{
        g_autoptr(GError) failure = NULL;
        g_autoptr(ConfigNode) before = parse(text, file, error);

        if (!before)
                return NULL;
        g_autofree char *changed = change(text, before, edit, file, &failure);
        g_autoptr(ConfigNode) after = changed ? parse(changed, file, &failure) : NULL;
        if (after && is_as_meant(before, after, edit))
                return g_steal_pointer(&changed);

        if (g_error_matches(failure, MOTET_ERROR, MOTET_ERROR_IO))
                g_propagate_error(error, g_steal_pointer(&failure));
        else
                tell_to_write(edit, file, error);
        return NULL;
}
