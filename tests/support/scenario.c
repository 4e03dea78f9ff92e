/*
 * scenario: reading scenarios, and finding what is wrong with them before anything runs.
 */
#include "support/scenario.h"

#include <motet/error.h>
#include <motet/jid.h>
#include <motet/stanza.h>
#include <string.h>

typedef enum { BLOCK_NONE, BLOCK_XML, BLOCK_TEXT, BLOCK_OPTIONAL } BlockKind;

/*
 * What can be said. Words in capitals stand for: WHO a client, WHAT a word, OPTIONS a module's
 * options up to the end of the line, QUOTED a text in double quotes; all others for themselves.
 */
typedef struct {
        const char *words;
        ScenarioVerb verb;
        BlockKind block;
        bool introduces; /* WHO need not have been heard of before */
} Form;

static const Form forms[] = {
        {"account WHAT", SCENARIO_ACCOUNT, BLOCK_NONE, false},
        {"host WHAT", SCENARIO_HOST, BLOCK_NONE, false},
        {"module WHAT", SCENARIO_MODULE, BLOCK_NONE, false},
        {"module WHAT is replaced", SCENARIO_REPLACE, BLOCK_NONE, false},
        {"module WHAT OPTIONS", SCENARIO_MODULE, BLOCK_NONE, false},
        {"without module WHAT", SCENARIO_WITHOUT, BLOCK_NONE, false},
        {"main configuration", SCENARIO_MAIN, BLOCK_TEXT, false},
        {"server stops", SCENARIO_STOP, BLOCK_NONE, false},
        {"server starts", SCENARIO_START, BLOCK_NONE, false},
        {"server restarts", SCENARIO_RESTART, BLOCK_NONE, false},
        {"server is killed", SCENARIO_KILL, BLOCK_NONE, false},
        {"server reloads", SCENARIO_RELOAD, BLOCK_NONE, false},
        {"clock advances WHAT", SCENARIO_ADVANCE, BLOCK_NONE, false},
        {"operator runs QUOTED", SCENARIO_OPERATOR, BLOCK_OPTIONAL, false},
        {"operator fails to run QUOTED", SCENARIO_OPERATOR_FAILS, BLOCK_OPTIONAL, false},
        {"WHO connects", SCENARIO_CONNECT, BLOCK_NONE, true},
        {"WHO connects as WHAT", SCENARIO_CONNECT, BLOCK_NONE, true},
        {"WHO logs in", SCENARIO_LOG_IN, BLOCK_NONE, true},
        {"WHO logs in as WHAT", SCENARIO_LOG_IN, BLOCK_NONE, true},
        {"WHO opens a connection", SCENARIO_OPEN_CONNECTION, BLOCK_NONE, true},
        {"WHO opens a connection in clear", SCENARIO_OPEN_IN_CLEAR, BLOCK_NONE, true},
        {"WHO opens a stream", SCENARIO_OPEN_STREAM, BLOCK_NONE, false},
        {"WHO opens a stream to WHAT", SCENARIO_OPEN_STREAM, BLOCK_NONE, false},
        {"WHO starts TLS", SCENARIO_START_TLS, BLOCK_NONE, false},
        {"WHO sends", SCENARIO_SEND, BLOCK_XML, false},
        {"WHO sends raw", SCENARIO_SEND, BLOCK_TEXT, false},
        {"WHO receives", SCENARIO_RECEIVE, BLOCK_XML, false},
        {"WHO receives in any order", SCENARIO_RECEIVE_ANY_ORDER, BLOCK_XML, false},
        {"WHO receives at least", SCENARIO_RECEIVE_AT_LEAST, BLOCK_XML, false},
        {"WHO receives nothing", SCENARIO_RECEIVE_NOTHING, BLOCK_NONE, false},
        {"WHO disconnects", SCENARIO_DISCONNECT, BLOCK_NONE, false},
        {"WHO loses connection", SCENARIO_LOSE, BLOCK_NONE, false},
        {"WHO's stream ends", SCENARIO_STREAM_ENDS, BLOCK_NONE, false},
        {"WHO's stream ends with WHAT", SCENARIO_STREAM_ENDS, BLOCK_NONE, false},
        {"WHO's connection ends", SCENARIO_CONNECTION_ENDS, BLOCK_NONE, false},
};

/* Where reading has got to. */
typedef struct {
        Scenario *scenario;
        char **lines;
        unsigned n;           /* lines read */
        GHashTable *accounts; /* set of bare addresses */
        GHashTable *clients;  /* set of names */
        GError **error;
} Reader;

G_GNUC_PRINTF(3, 4)
static bool
fail(Reader *reader, unsigned line, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        g_autofree char *text = g_strdup_vprintf(format, args);
        va_end(args);
        g_set_error(reader->error, MOTET_ERROR, MOTET_ERROR_CONFIG, "%s:%u: %s",
                    reader->scenario->file, line, text);
        return false;
}

static void
step_free(void *data)
{
        ScenarioStep *step = data;

        g_free(step->who);
        g_free(step->what);
        g_free(step->options);
        g_free(step->block);
        motet_xml_unref(step->stanzas);
        g_free(step);
}

/* Forms */

/* The length of the next word of @text: up to a space, or a text in quotes. */
static size_t
word_length(const char *text)
{
        if (*text != '"')
                return strcspn(text, " ");

        const char *end = strchr(text + 1, '"');
        return end ? (size_t)(end - text) + 1 : strlen(text);
}

/* A client's name: local part, perhaps a host, perhaps a resource; none that begins a statement
 * about something else. */
static bool
is_name(const char *word, size_t n)
{
        static const char *const taken[] = {"account", "host",   "module",   "without",
                                            "main",    "server", "operator", "clock"};

        for (size_t i = 0; i < G_N_ELEMENTS(taken); i++) {
                if (strlen(taken[i]) == n && strncmp(taken[i], word, n) == 0)
                        return false;
        }
        for (size_t i = 0; i < n; i++) {
                if (!g_ascii_isalnum(word[i]) && !strchr("._-@/", word[i]))
                        return false;
        }
        return n > 0 && g_ascii_islower(word[0]);
}

static bool
is_form_word(const char *form, size_t form_n, const char *word)
{
        return strlen(word) == form_n && strncmp(form, word, form_n) == 0;
}

/* Takes a word of the line for a word of the form. Returns: whether it fits */
static bool
take_word(ScenarioStep *step, const char *form, size_t form_n, const char *word, size_t n)
{
        if (is_form_word(form, form_n, "WHO's")) {
                if (n < 3 || strncmp(word + n - 2, "'s", 2) != 0)
                        return false;
                form_n -= 2;
                n -= 2;
        }
        if (is_form_word(form, form_n, "WHO")) {
                step->who = g_strndup(word, n);
                return is_name(word, n);
        }
        if (is_form_word(form, form_n, "WHAT")) {
                step->what = g_strndup(word, n);
                return *word != '"' && *word != '{';
        }
        if (is_form_word(form, form_n, "QUOTED")) {
                step->what = n > 2 ? g_strndup(word + 1, n - 2) : NULL;
                return *word == '"' && n > 2 && word[n - 1] == '"';
        }
        return form_n == n && strncmp(form, word, n) == 0;
}

static bool
fits(ScenarioStep *step, const char *form, const char *text)
{
        while (*form && *text) {
                size_t form_n = strcspn(form, " ");
                if (is_form_word(form, form_n, "OPTIONS")) {
                        step->options = g_strdup(text);
                        return *text == '{' && g_str_has_suffix(text, "}");
                }
                size_t n = word_length(text);
                if (!take_word(step, form, form_n, text, n))
                        return false;
                form += form_n + strspn(form + form_n, " ");
                text += n + strspn(text + n, " ");
        }
        return !*form && !*text;
}

static const Form *
find_form(ScenarioStep *step, const char *text)
{
        for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
                if (fits(step, forms[i].words, text))
                        return &forms[i];
                g_clear_pointer(&step->who, g_free);
                g_clear_pointer(&step->what, g_free);
                g_clear_pointer(&step->options, g_free);
        }
        return NULL;
}

/* Blocks */

static bool
is_blank(const char *line)
{
        return line[strspn(line, " \t")] == '\0';
}

/* The indented lines that follow, blank ones between them included. Returns: (own) NULL when there
 * are none */
static char *
take_block(Reader *reader)
{
        GString *block = NULL;
        size_t indentation = 0;
        unsigned n_blank = 0;

        for (; reader->lines[reader->n]; reader->n++) {
                const char *line = reader->lines[reader->n];
                size_t n_spaces = strspn(line, " ");

                if (is_blank(line)) {
                        n_blank++;
                        continue;
                }
                if (n_spaces == 0)
                        break;
                if (!block) {
                        block = g_string_new(NULL);
                        indentation = n_spaces;
                        n_blank = 0;
                } else {
                        g_string_append_c(block, '\n');
                }
                for (; n_blank > 0; n_blank--)
                        g_string_append_c(block, '\n');
                g_string_append(block, line + MIN(n_spaces, indentation));
        }
        return block ? g_string_free(block, FALSE) : NULL;
}

static bool
parse_stanzas(Reader *reader, ScenarioStep *step)
{
        g_autoptr(GError) error = NULL;
        g_autofree char *wrapped =
                g_strdup_printf("<scenario xmlns='jabber:client' xmlns:stream='%s'>%s</scenario>",
                                MOTET_NS_STREAMS, step->block);

        step->stanzas = motet_xml_parse(wrapped, -1, NULL, &error);
        if (!step->stanzas)
                return fail(reader, step->line, "the XML below is wrong: %s", error->message);
        g_autofree char *stray = g_strdup(motet_xml_text(step->stanzas));
        if (*g_strstrip(stray) || motet_xml_n_children(step->stanzas) == 0)
                return fail(reader, step->line, "the lines below are not all XML elements");
        return true;
}

static bool
read_block(Reader *reader, ScenarioStep *step, BlockKind kind)
{
        step->block = take_block(reader);
        if (step->block && kind == BLOCK_NONE)
                return fail(reader, step->line + 1, "nothing can be indented below this statement");
        if (!step->block && kind == BLOCK_XML)
                return fail(reader, step->line, "XML is missing, indented on the lines below");
        if (!step->block && kind == BLOCK_TEXT)
                return fail(reader, step->line, "text is missing, indented on the lines below");
        return kind != BLOCK_XML || parse_stanzas(reader, step);
}

/* Meaning */

/* The account a client's name speaks of: "romeo" is the first declared one with that local part.
 * Returns: (own) or NULL */
static char *
account_of(Reader *reader, const char *name)
{
        g_autofree char *bare = g_strndup(name, strcspn(name, "/"));

        if (strchr(bare, '@'))
                return g_hash_table_contains(reader->accounts, bare) ? g_steal_pointer(&bare)
                                                                     : NULL;
        for (unsigned i = 0; i < reader->scenario->steps->len; i++) {
                const ScenarioStep *step = g_ptr_array_index(reader->scenario->steps, i);
                size_t n = strlen(bare);
                if (step->verb == SCENARIO_ACCOUNT && strncmp(step->what, bare, n) == 0 &&
                    step->what[n] == '@')
                        return g_strdup(step->what);
        }
        return NULL;
}

/* Completes the address in step->what: full to connect, bare to log in. */
static bool
resolve_address(Reader *reader, ScenarioStep *step)
{
        const char *address = step->what ? step->what : step->who;
        const char *slash = strchr(address, '/');
        g_autofree char *account = account_of(reader, address);

        if (!account)
                return fail(reader, step->line, "there is no account for \"%s\"", address);
        g_autofree char *resource = g_strndup(step->who, strcspn(step->who, "@/"));
        g_autofree char *full = g_strdup_printf("%s/%s", account, slash ? slash + 1 : resource);
        g_autoptr(MotetJid) jid = motet_jid_new(full);
        if (!jid)
                return fail(reader, step->line, "\"%s\" is no address", full);
        g_free(step->what);
        step->what = g_strdup(step->verb == SCENARIO_CONNECT ? motet_jid_string(jid)
                                                             : motet_jid_bare(jid));
        return true;
}

static bool
check_account(Reader *reader, ScenarioStep *step)
{
        g_autoptr(MotetJid) jid = motet_jid_new(step->what);

        if (!jid || !motet_jid_local(jid) || motet_jid_resource(jid))
                return fail(reader, step->line, "\"%s\" is no account's address", step->what);
        if (!g_hash_table_add(reader->accounts, g_strdup(step->what)))
                return fail(reader, step->line, "the account \"%s\" exists already", step->what);
        return true;
}

static bool
check_time(Reader *reader, ScenarioStep *step)
{
        char *unit = NULL;
        guint64 n = g_ascii_strtoull(step->what, &unit, 10);

        if (!g_ascii_isdigit(step->what[0]) || n == 0 || n > 1000000 || strlen(unit) != 1 ||
            !strchr("smh", *unit))
                return fail(reader, step->line, "\"%s\" is no time: 30s, 5m or 1h", step->what);
        reader->scenario->needs_clock = true;
        return true;
}

static bool
check_who(Reader *reader, const ScenarioStep *step, const Form *form)
{
        if (form->introduces)
                g_hash_table_add(reader->clients, g_strdup(step->who));
        else if (step->who && !g_hash_table_contains(reader->clients, step->who))
                return fail(reader, step->line, "\"%s\" has not connected before", step->who);
        return true;
}

static bool
check_step(Reader *reader, ScenarioStep *step, const Form *form)
{
        if (!check_who(reader, step, form))
                return false;
        switch (form->verb) {
        case SCENARIO_ACCOUNT:
                return check_account(reader, step);
        case SCENARIO_CONNECT:
        case SCENARIO_LOG_IN:
                return resolve_address(reader, step);
        case SCENARIO_ADVANCE:
                return check_time(reader, step);
        default:
                return true;
        }
}

/* Statements */

static bool
read_step(Reader *reader, char *text)
{
        ScenarioStep *step = g_new0(ScenarioStep, 1);
        step->line = reader->n;
        g_strchomp(text);

        const Form *form = find_form(step, text);
        bool is_good = form != NULL;
        if (form) {
                step->verb = form->verb;
                is_good = read_block(reader, step, form->block) && check_step(reader, step, form);
        } else {
                fail(reader, step->line, "not a statement: %s", text);
        }
        /* After the checks, which look at the steps before. */
        g_ptr_array_add(reader->scenario->steps, step);
        return is_good;
}

static bool
has_no_tabs(Reader *reader)
{
        for (unsigned i = 0; reader->lines[i]; i++) {
                const char *line = reader->lines[i];
                if (line[strspn(line, " ")] == '\t')
                        return fail(reader, i + 1, "a tab; indent with spaces");
        }
        return true;
}

static bool
read_all(Reader *reader)
{
        if (!has_no_tabs(reader))
                return false;
        while (reader->lines[reader->n]) {
                char *line = reader->lines[reader->n++];

                if (*line == '#' || is_blank(line))
                        continue;
                if (*line == ' ')
                        return fail(reader, reader->n, "indented, but below no statement");
                if (!read_step(reader, line))
                        return false;
        }
        return reader->scenario->steps->len > 0 || fail(reader, reader->n, "nothing happens");
}

Scenario *
scenario_parse(const char *text, const char *file, GError **error)
{
        g_autoptr(Scenario) scenario = g_new0(Scenario, 1);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        g_autoptr(GHashTable) accounts =
                g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_autoptr(GHashTable) clients =
                g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        Reader reader = {.scenario = scenario,
                         .lines = lines,
                         .accounts = accounts,
                         .clients = clients,
                         .error = error};

        scenario->file = g_strdup(file);
        scenario->steps = g_ptr_array_new_with_free_func(step_free);
        return read_all(&reader) ? g_steal_pointer(&scenario) : NULL;
}

Scenario *
scenario_load(const char *file, GError **error)
{
        g_autofree char *text = NULL;
        g_autoptr(GError) reason = NULL;

        if (!g_file_get_contents(file, &text, NULL, &reason)) {
                g_set_error_literal(error, MOTET_ERROR, MOTET_ERROR_IO, reason->message);
                return NULL;
        }
        return scenario_parse(text, file, error);
}

void
scenario_free(Scenario *scenario)
{
        if (!scenario)
                return;
        g_ptr_array_unref(scenario->steps);
        g_free(scenario->file);
        g_free(scenario);
}
