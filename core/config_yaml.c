/*
 * config_yaml: reads libyaml's events by recursive descent; nesting is bounded, so is the
 * recursion.
 *
 * libyaml cannot go on after a syntax error; everything else is noted and reading goes on.
 *
 * Source: YAML 1.1 and 1.2, in the subset of config_yaml.h.
 */
#include "core/config_yaml.h"

#include <string.h>
#include <yaml.h>

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(yaml_event_t, yaml_event_delete)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(yaml_parser_t, yaml_parser_delete)

typedef struct {
        yaml_parser_t *parser;
        const char *file, *text;
        size_t len;
        ConfigFindings *findings;
        bool stopped; /* nothing more can be read */
} Reader;

static void
entry_free(ConfigEntry *entry)
{
        g_free(entry->key);
        config_node_free(entry->value);
        g_free(entry);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ConfigEntry, entry_free)

void
config_node_free(ConfigNode *node)
{
        if (!node)
                return;
        if (node->text)
                explicit_bzero(node->text, strlen(node->text)); /* it may be a secret */
        g_free(node->text);
        g_clear_pointer(&node->items, g_ptr_array_unref);
        g_clear_pointer(&node->entries, g_ptr_array_unref);
        g_free(node);
}

G_GNUC_PRINTF(4, 5)
static void
found(Reader *reader, FindingId id, const yaml_mark_t *mark, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        g_autofree char *text = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        config_findings_add(reader->findings, id, reader->file, (unsigned)mark->line + 1,
                            (unsigned)mark->column + 1, "%s", text);
}

/* The place of byte @offset. */
static yaml_mark_t
mark_at(const Reader *reader, size_t offset)
{
        yaml_mark_t mark = {0};

        for (size_t i = 0; i < MIN(offset, reader->len); i++) {
                bool continues = ((unsigned char)reader->text[i] & 0xc0) == 0x80;
                if (reader->text[i] == '\n') {
                        mark.line++;
                        mark.column = 0;
                } else if (!continues) {
                        mark.column++;
                }
        }
        return mark;
}

/* libyaml's own words for a tab are "found character that cannot start any token". */
static bool
is_tab(const Reader *reader, const yaml_mark_t *mark)
{
        const char *line = reader->text, *end = reader->text + reader->len;

        for (size_t n = 0; n < mark->line; n++) {
                line = memchr(line, '\n', (size_t)(end - line));
                if (!line)
                        return false;
                line++;
        }
        for (size_t i = 0; line + i < end && i <= mark->column; i++)
                if (line[i] == '\t')
                        return true;
                else if (line[i] != ' ')
                        return false;
        return false;
}

/* libyaml tells where GLib would end the process: a server that runs keeps what it has. */
static void
stop_without_memory(Reader *reader)
{
        reader->stopped = true;
        config_findings_add(reader->findings, FINDING_CONFIG_UNREADABLE, reader->file, 0, 0,
                            "cannot be read: out of memory");
}

static void
stop_at_problem(Reader *reader)
{
        const yaml_parser_t *parser = reader->parser;

        reader->stopped = true;
        if (parser->error == YAML_MEMORY_ERROR) {
                stop_without_memory(reader);
        } else if (parser->error == YAML_READER_ERROR) {
                yaml_mark_t mark = mark_at(reader, parser->problem_offset);
                found(reader, FINDING_CONFIG_SYNTAX, &mark, "%s", parser->problem);
        } else if (parser->error == YAML_SCANNER_ERROR && is_tab(reader, &parser->problem_mark)) {
                found(reader, FINDING_CONFIG_SYNTAX, &parser->problem_mark,
                      "tabs cannot be used for indentation");
        } else if (parser->context) {
                found(reader, FINDING_CONFIG_SYNTAX, &parser->problem_mark,
                      "%s, %s from line %u on", parser->problem, parser->context,
                      (unsigned)parser->context_mark.line + 1);
        } else {
                found(reader, FINDING_CONFIG_SYNTAX, &parser->problem_mark, "%s",
                      parser->problem ? parser->problem : "this is not YAML");
        }
}

static bool
next_event(Reader *reader, yaml_event_t *event)
{
        if (reader->stopped)
                return false;
        if (yaml_parser_parse(reader->parser, event))
                return true;
        stop_at_problem(reader);
        return false;
}

static ConfigNode *
node_new(const Reader *reader, ConfigKind kind, const yaml_mark_t *mark)
{
        ConfigNode *node = g_new0(ConfigNode, 1);

        node->kind = kind;
        node->file = reader->file;
        node->line = (unsigned)mark->line + 1;
        node->column = (unsigned)mark->column + 1;
        if (kind == CONFIG_LIST)
                node->items = g_ptr_array_new_with_free_func((GDestroyNotify)config_node_free);
        if (kind == CONFIG_MAP)
                node->entries = g_ptr_array_new_with_free_func((GDestroyNotify)entry_free);
        return node;
}

static void
refuse_properties(Reader *reader, const yaml_event_t *event, const yaml_char_t *anchor,
                  const yaml_char_t *tag)
{
        if (anchor)
                found(reader, FINDING_CONFIG_UNSUPPORTED_YAML, &event->start_mark,
                      "anchors and aliases are not supported");
        if (tag)
                found(reader, FINDING_CONFIG_UNSUPPORTED_YAML, &event->start_mark,
                      "tags are not supported");
}

static ConfigNode *
read_scalar(Reader *reader, const yaml_event_t *event)
{
        const char *value = (const char *)event->data.scalar.value;

        refuse_properties(reader, event, event->data.scalar.anchor, event->data.scalar.tag);
        if (strlen(value) != event->data.scalar.length) {
                found(reader, FINDING_CONFIG_SYNTAX, &event->start_mark,
                      "a value cannot contain the character U+0000");
                return NULL;
        }
        ConfigNode *node = node_new(reader, CONFIG_SCALAR, &event->start_mark);
        node->text = g_strdup(value);
        node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
        return node;
}

static ConfigNode *read_node(Reader *reader, const yaml_event_t *event, unsigned depth);

static ConfigNode *
read_list(Reader *reader, const yaml_event_t *start, unsigned depth)
{
        g_autoptr(ConfigNode) list = node_new(reader, CONFIG_LIST, &start->start_mark);

        refuse_properties(reader, start, start->data.sequence_start.anchor,
                          start->data.sequence_start.tag);
        for (;;) {
                g_auto(yaml_event_t) event = {0};
                if (!next_event(reader, &event) || event.type == YAML_SEQUENCE_END_EVENT)
                        return g_steal_pointer(&list);
                ConfigNode *item = read_node(reader, &event, depth);
                if (item)
                        g_ptr_array_add(list->items, item);
        }
}

/* Returns: (own) the entry without its value, or NULL when @event is no key or one that is there
 * already. */
static ConfigEntry *
read_key(Reader *reader, const yaml_event_t *event, GHashTable *seen, unsigned depth)
{
        g_autoptr(ConfigNode) key = read_node(reader, event, depth);

        if (!key)
                return NULL;
        if (key->kind != CONFIG_SCALAR || (key->text[0] == '\0' && !key->quoted)) {
                found(reader, FINDING_CONFIG_SYNTAX, &event->start_mark, "expected a key");
                return NULL;
        }
        unsigned first = GPOINTER_TO_UINT(g_hash_table_lookup(seen, key->text));
        if (first) {
                found(reader, FINDING_CONFIG_DUPLICATE_KEY, &event->start_mark,
                      "duplicate key \"%s\", it is in line %u already", key->text, first);
                return NULL;
        }
        g_hash_table_insert(seen, g_strdup(key->text), GUINT_TO_POINTER(key->line));
        ConfigEntry *entry = g_new0(ConfigEntry, 1);
        entry->key = g_steal_pointer(&key->text);
        entry->line = key->line;
        entry->column = key->column;
        return entry;
}

static ConfigNode *
read_map(Reader *reader, const yaml_event_t *start, unsigned depth)
{
        g_autoptr(ConfigNode) map = node_new(reader, CONFIG_MAP, &start->start_mark);
        g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

        refuse_properties(reader, start, start->data.mapping_start.anchor,
                          start->data.mapping_start.tag);
        for (;;) {
                g_auto(yaml_event_t) key_event = {0};
                g_auto(yaml_event_t) value_event = {0};
                if (!next_event(reader, &key_event) || key_event.type == YAML_MAPPING_END_EVENT)
                        return g_steal_pointer(&map);
                g_autoptr(ConfigEntry) entry = read_key(reader, &key_event, seen, depth);
                g_autoptr(ConfigNode) value = next_event(reader, &value_event)
                                                      ? read_node(reader, &value_event, depth)
                                                      : NULL;
                if (entry && value) {
                        entry->value = g_steal_pointer(&value);
                        g_ptr_array_add(map->entries, g_steal_pointer(&entry));
                }
        }
}

static ConfigNode *
read_node(Reader *reader, const yaml_event_t *event, unsigned depth)
{
        if (event->type == YAML_ALIAS_EVENT) {
                found(reader, FINDING_CONFIG_UNSUPPORTED_YAML, &event->start_mark,
                      "anchors and aliases are not supported");
                return NULL;
        }
        if (event->type == YAML_SCALAR_EVENT)
                return read_scalar(reader, event);
        if (depth >= CONFIG_DEPTH_MAX) {
                found(reader, FINDING_CONFIG_SYNTAX, &event->start_mark,
                      "nested deeper than %d levels", CONFIG_DEPTH_MAX);
                reader->stopped = true;
                return NULL;
        }
        if (event->type == YAML_SEQUENCE_START_EVENT)
                return read_list(reader, event, depth + 1);
        g_assert(event->type == YAML_MAPPING_START_EVENT);
        return read_map(reader, event, depth + 1);
}

/* @cut_out: (own) what stands before a mistake that nothing can be read behind; or NULL */
static ConfigNode *
read_stream(Reader *reader, ConfigNode **cut_out)
{
        const yaml_mark_t start = {0};
        g_autoptr(ConfigNode) root = NULL;

        for (unsigned n_documents = 0;;) {
                g_auto(yaml_event_t) event = {0};
                if (!next_event(reader, &event)) {
                        if (cut_out)
                                *cut_out = g_steal_pointer(&root);
                        return NULL;
                }
                if (event.type == YAML_STREAM_END_EVENT && n_documents == 0) {
                        root = node_new(reader, CONFIG_SCALAR, &start);
                        root->text = g_strdup("");
                }
                if (event.type == YAML_STREAM_END_EVENT)
                        return g_steal_pointer(&root);
                if (event.type == YAML_STREAM_START_EVENT || event.type == YAML_DOCUMENT_END_EVENT)
                        continue;
                if (event.type != YAML_DOCUMENT_START_EVENT) {
                        root = read_node(reader, &event, 0);
                } else if (n_documents++ > 0) {
                        found(reader, FINDING_CONFIG_UNSUPPORTED_YAML, &event.start_mark,
                              "a second document; a file has one");
                        return NULL;
                }
        }
}

static bool
is_text(Reader *reader)
{
        const char *end;

        if (reader->len > CONFIG_FILE_MAX) {
                config_findings_add(reader->findings, FINDING_CONFIG_SYNTAX, reader->file, 0, 0,
                                    "larger than %d bytes", CONFIG_FILE_MAX);
                return false;
        }
        if (!g_utf8_validate_len(reader->text, reader->len, &end)) {
                yaml_mark_t mark = mark_at(reader, (size_t)(end - reader->text));
                found(reader, FINDING_CONFIG_SYNTAX, &mark,
                      *end ? "this is not UTF-8" : "the character U+0000 is not allowed");
                return false;
        }
        return true;
}

static ConfigNode *
parse(const char *text, size_t len, const char *file, ConfigFindings *findings,
      ConfigNode **cut_out)
{
        g_auto(yaml_parser_t) parser = {0};
        Reader reader = {
                .parser = &parser, .file = file, .text = text, .len = len, .findings = findings};

        if (!is_text(&reader))
                return NULL;
        if (!yaml_parser_initialize(&parser)) {
                stop_without_memory(&reader);
                return NULL;
        }
        yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);

        return read_stream(&reader, cut_out);
}

ConfigNode *
config_yaml_parse(const char *text, size_t len, const char *file, ConfigFindings *findings)
{
        return parse(text, len, file, findings, NULL);
}

ConfigNode *
config_yaml_parse_head(const char *text, size_t len, const char *file)
{
        ConfigFindings silence;
        ConfigNode *cut = NULL;

        config_findings_init(&silence);
        ConfigNode *root = parse(text, len, file, &silence, &cut);
        config_findings_clear(&silence);
        return root ? root : cut;
}
