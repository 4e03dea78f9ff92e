/*
 * Tests of core/module_lint.h, module_lint_info(): each rule of a descriptor and its tables, broken
 * by one that is right otherwise.
 */
#include <motet/command.h>
#include <motet/host.h>
#include <motet/session.h>
#include <string.h>

#include "core/module_lint.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static const char path[] = "/nowhere/mod_words.so";

static void
run(MotetModule *self, MotetCommand *command)
{
        (void)self, (void)command;
}

static MotetResult
on_stanza(MotetModule *self, MotetStanzaEvent *event)
{
        (void)self, (void)event;
        return MOTET_CONTINUE;
}

static GBytes *
save(MotetModule *self)
{
        (void)self;
        return NULL;
}

static GBytes *
save_session(MotetModule *self, MotetSession *session)
{
        (void)self, (void)session;
        return NULL;
}

static MotetModuleInfo
sound_info(void)
{
        return (MotetModuleInfo){
                .abi = MOTET_ABI,
                .name = "words",
                .summary = "Say words",
                .version = "1.0",
                .license = "MIT",
        };
}

/* What is found of @info, a line each. */
static char *
lint(const MotetModuleInfo *info)
{
        g_autoptr(GString) text = g_string_new(NULL);
        ConfigFindings findings;

        config_findings_init(&findings);
        module_lint_info(path, info, &findings);
        for (guint i = 0; i < findings.list->len; i++) {
                const ConfigFinding *finding = g_ptr_array_index(findings.list, i);
                g_string_append_printf(text, "%s\n", finding->text);
        }
        config_findings_clear(&findings);
        return g_string_free(g_steal_pointer(&text), FALSE);
}

static void
assert_lint(const MotetModuleInfo *info, const char *text)
{
        g_autofree char *found = lint(info);

        g_assert_cmpstr(found, ==, text);
}

static void
test_a_sound_descriptor_is_clean(void)
{
        const MotetModuleInfo info = sound_info();

        assert_lint(&info, "");
}

static void
test_the_name_is_checked(void)
{
        static const char *const names[] = {NULL, "", "Words", "a-b", "a b"};

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                MotetModuleInfo info = sound_info();
                info.name = names[i];
                g_autofree char *text = lint(&info);
                g_assert_nonnull(strstr(text, "letters, digits and underscores"));
        }
        MotetModuleInfo info = sound_info();
        info.name = "verbs";
        assert_lint(&info, "calls itself \"verbs\": its file must be named mod_verbs.so\n");
}

static void
test_a_description_is_asked_for(void)
{
        MotetModuleInfo info = sound_info();

        info.summary = "";
        info.version = NULL;
        info.license = "";
        assert_lint(&info, "has no .summary: one line of what it is for, for `motetctl module "
                           "list`\nhas no .version, so that of the server is shown\nhas no "
                           ".license, so MIT is shown\n");
}

static void
test_dependencies_are_names(void)
{
        static const char *const good[] = {"roster", "service:auth", "service:store:*",
                                           "service:store:sqlite", NULL};
        static const char *const bad[] = {"service:",     "service:A", "service:a*",
                                          "service:a:*b", "a b",       "roster:*"};
        MotetModuleInfo info = sound_info();

        info.depends = good;
        assert_lint(&info, "");
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                info.depends = LIST(bad[i]);
                g_autofree char *text = lint(&info);
                g_assert_nonnull(strstr(text, "which is neither the name of a module nor"));
        }
        info.depends = NULL;
        info.wants = LIST("words");
        info.conflicts = LIST("roster", "roster");
        assert_lint(&info, ".wants names the module itself\n.conflicts has \"roster\" twice\n");
}

static void
test_texts_are_given_once(void)
{
        MotetModuleInfo info = sound_info();

        info.specs = LIST("");
        info.features = LIST("urn:a", "urn:b", "urn:a");
        assert_lint(&info, ".specs has an empty text\n.features has \"urn:a\" twice\n");
}

static void
test_services_have_names_and_functions(void)
{
        static const int api = 1;
        static const MotetServiceDecl services[] = {
                {.name = "shelf:words", .api = &api}, {.name = "Shelf", .api = &api},
                {.name = "shelf:*", .api = &api},     {.name = "empty", .api = NULL},
                {.name = "empty", .api = &api},       {0},
        };
        static const MotetIdentity identities[] = {{.category = "client", .type = ""}, {0}};
        MotetModuleInfo info = sound_info();

        info.services = services;
        info.identities = identities;
        assert_lint(&info, "\"Shelf\" is no name for a service\n"
                           "\"shelf:*\" is no name for a service\n"
                           "the service \"empty\" has no .api, the functions it is called by\n"
                           "provides \"empty\" twice\n"
                           "the identity \"client\" has no .type\n");
}

/* As the loader says it, and where. */
static void
test_options_are_checked(void)
{
        static const MotetOption options[] = {
                {.key = "n",
                 .type = MOTET_OPTION_INT,
                 .min = 1,
                 .max = 9,
                 .fallback = "10",
                 .help = "How many."},
                {0},
        };
        MotetModuleInfo info = sound_info();

        info.options = options;
        g_autofree char *text = lint(&info);
        g_assert_nonnull(strstr(text, "10 is out of range, from 1 to 9"));
}

static void
test_tables_name_options_that_are_there(void)
{
        static const MotetOption options[] = {
                {.key = "ports", .type = MOTET_OPTION_STRING, .help = "Which."},
                {.key = "addresses", .type = MOTET_OPTION_STRING, .help = "Where."},
                {0},
        };
        static const MotetListenDecl listens[] = {{.ports = "ports", .addresses = "address"}, {0}};
        MotetModuleInfo info = sound_info();

        info.options = options;
        info.restart_options = LIST("ports", "port");
        info.listens = listens;
        assert_lint(&info, ".restart_options names \"port\", which is no option of it\n"
                           ".listens names \"address\", which is no option of it\n");
        info.options = NULL;
        info.restart_options = NULL;
        assert_lint(&info, ".listens names \"ports\", which is no option of it\n"
                           ".listens names \"address\", which is no option of it\n");
}

static void
test_events_are_declared_once_and_well(void)
{
        static const MotetEventDecl events[] = {
                {.name = "words-said", .kind = MOTET_EVENT_SESSION, .moment = ""},
                {.name = "words-said", .kind = MOTET_EVENT_SESSION, .moment = "Said."},
                {.name = "session-bound", .kind = MOTET_EVENT_STANZA, .moment = "Never."},
                {0},
        };
        static const MotetHook hooks[] = {
                {.event = "pre-message/bare", .kind = MOTET_EVENT_STANZA},
                MOTET_ON_STANZA("session-bound", on_stanza, MOTET_PRIO_NORMAL),
                MOTET_ON_STANZA("words-sung", on_stanza, MOTET_PRIO_NORMAL),
                {0},
        };
        MotetModuleInfo info = sound_info();

        info.events = events;
        g_autofree char *text = lint(&info);
        g_assert_nonnull(strstr(text, "the event \"words-said\" has no .moment"));
        g_assert_nonnull(strstr(text, "declares the event \"words-said\" twice"));
        g_assert_nonnull(strstr(text, "session-bound"));

        info.events = NULL;
        info.hooks = hooks;
        g_autofree char *of_hooks = lint(&info);
        g_assert_nonnull(strstr(of_hooks, "the hook on \"pre-message/bare\" has no handler\n"));
        g_assert_nonnull(strstr(of_hooks, "hooks \"words-sung\", which neither the server nor"));
        g_assert_nonnull(strstr(of_hooks, "session-bound"));
}

static void
test_commands_are_checked(void)
{
        static const char *const none[] = {NULL};
        static const MotetArg args[] = {
                {.name = "first", .optional = true},
                {.name = "second"},
                {.name = "--kind", .type = MOTET_ARG_WORD, .words = none},
                {.name = "--n", .type = MOTET_ARG_NUMBER, .min = 2, .max = 1},
                {.name = "--age", .type = MOTET_ARG_PERIOD, .min = -1, .max = 1},
                {0},
        };
        static const MotetCommandDecl commands[] = {
                {.name = "words say", .help = "", .args = args, .run = run},
                {.name = "words  two", .help = "Spaces.", .run = run},
                {.name = "Words", .help = "Big.", .run = run},
                {.name = "-words", .help = "Hyphen.", .run = run},
                {.name = "stop", .help = "Another's.", .run = run},
                {.name = "words still", .help = "Nothing.", .run = NULL},
                {.name = "words still", .help = "Twice.", .run = run},
                {0},
        };
        MotetModuleInfo info = sound_info();

        info.commands = commands;
        assert_lint(
                &info,
                "the command \"words say\" has no .help: one line for `motetctl help`\n"
                "the argument second of \"words say\" must be given, behind one that need not be\n"
                "the argument --kind of \"words say\" has no .words\n"
                "the argument --n of \"words say\" has no range\n"
                "the argument --age of \"words say\" has no range\n"
                "\"words  two\" is no name for a command: words of lower-case letters, digits and "
                "hyphens\n"
                "\"Words\" is no name for a command: words of lower-case letters, digits and "
                "hyphens\n"
                "\"-words\" is no name for a command: words of lower-case letters, digits and "
                "hyphens\n"
                "the command \"stop\" is one of the server itself: call it otherwise\n"
                "the command \"words still\" has no .run\n"
                "has the command \"words still\" twice\n");
}

/* What newer code gets of older it must understand. */
static void
test_state_is_saved_and_restored(void)
{
        MotetModuleInfo info = sound_info();

        info.save = save;
        info.save_session = save_session;
        info.state_version = 1;
        info.state_oldest = 2;
        info.scope = (MotetScope)9;
        assert_lint(&info, "has .save without .restore\n"
                           "has .save_session without .restore_session\n"
                           ".state_oldest is later than .state_version: it would not understand "
                           "its own state\n.scope is none there is\n");
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/module-lint-info/a-sound-descriptor-is-clean",
                        test_a_sound_descriptor_is_clean);
        g_test_add_func("/module-lint-info/the-name-is-checked", test_the_name_is_checked);
        g_test_add_func("/module-lint-info/a-description-is-asked-for",
                        test_a_description_is_asked_for);
        g_test_add_func("/module-lint-info/dependencies-are-names", test_dependencies_are_names);
        g_test_add_func("/module-lint-info/texts-are-given-once", test_texts_are_given_once);
        g_test_add_func("/module-lint-info/services-have-names-and-functions",
                        test_services_have_names_and_functions);
        g_test_add_func("/module-lint-info/options-are-checked", test_options_are_checked);
        g_test_add_func("/module-lint-info/tables-name-options-that-are-there",
                        test_tables_name_options_that_are_there);
        g_test_add_func("/module-lint-info/events-are-declared-once-and-well",
                        test_events_are_declared_once_and_well);
        g_test_add_func("/module-lint-info/commands-are-checked", test_commands_are_checked);
        g_test_add_func("/module-lint-info/state-is-saved-and-restored",
                        test_state_is_saved_and_restored);
        return g_test_run();
}
