/*
 * motetctl: gives commands to the running server, or runs them itself while the server is stopped.
 */
#include <motet/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/check.h"
#include "core/command.h"
#include "core/commands.h"
#include "core/config_tell.h"
#include "core/control.h"
#include "core/manual.h"
#include "core/module_built.h"
#include "core/module_choice.h"
#include "core/module_lint.h"
#include "core/module_new.h"
#include "core/module_switch.h"
#include "core/privileges.h"
#include "core/prompt.h"
#include "core/server.h"
#include "core/suggest.h"

static const char usage[] =
        "usage: motetctl [--config FILE] [--password-stdin] COMMAND [ARGUMENT…]\n"
        "\n"
        "  --config FILE     main configuration file, default " MOTET_CONFIG_FILE "\n"
        "  --password-stdin  read a password from standard input, one line, instead of asking\n"
        "  --version         print the version and exit\n"
        "  --help            print this and exit\n"
        "\n"
        "motetctl check [CHECK…] [--json] [--strict] [--resolver ADDRESS] finds every mistake of\n"
        "the configuration and of the system; motetctl explain ID says more about one.\n"
        "motetctl help lists all commands, motetctl help COMMAND tells all of one.\n"
        "A password is never an argument.\n";

typedef struct {
        const char *config;
        bool password_stdin;
        GPtrArray *words; /* borrowed, from argv */
} Options;

/* One way to the server, found at the first command and kept for the second. */
typedef struct {
        const char *config_file;
        char *socket;
        char *doubt;        /* (own) why the server may listen elsewhere; NULL: it does not */
        Server *server;     /* in this process, because nobody answers at socket */
        ModuleBuilt *built; /* (own) what "module dev" hands over; NULL: nothing is */
} Target;

/* What a command answers. */
typedef struct {
        GPtrArray *secrets; /* NULL: lines are printed; else the names that COMMAND_ASK told */
        bool has_ended;
        int code;
} Answer;

static void
complain_of_option(const char *word)
{
        static const char *const known[] = {"--config", "--password-stdin", "--version", "--help",
                                            NULL};
        const char *near = suggest_nearest(word, known);

        fprintf(stderr, "motetctl: \"%s\" is not understood%s%s%s\n\n%s", word,
                near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "", usage);
}

/* Options of motetctl itself stand anywhere; other words, also with dashes, belong to the
 * command. */
static bool
read_options(int argc, char **argv, Options *options, int *code_out)
{
        *code_out = 0;
        for (int i = 1; i < argc; i++) {
                if (strcmp(argv[i], "--config") == 0 && i + 1 < argc) {
                        options->config = argv[++i];
                } else if (strcmp(argv[i], "--password-stdin") == 0) {
                        options->password_stdin = true;
                } else if (strcmp(argv[i], "--version") == 0) {
                        puts("motetctl " MOTET_VERSION);
                        return false;
                } else if (strcmp(argv[i], "--help") == 0) {
                        fputs(usage, stdout);
                        return false;
                } else if (options->words->len == 0 && argv[i][0] == '-') {
                        complain_of_option(argv[i]);
                        *code_out = 64;
                        return false;
                } else {
                        g_ptr_array_add(options->words, argv[i]);
                }
        }
        if (options->words->len > 0)
                return true;
        fputs(usage, stderr);
        *code_out = 64;
        return false;
}

static int
fail(const GError *error)
{
        fprintf(stderr, "motetctl: %s\n", error->message);
        return motet_error_exit_code(error);
}

static void
take_line(void *data, bool is_error, const char *text)
{
        Answer *answer = data;

        if (is_error)
                fprintf(stderr, "motetctl: %s\n", text);
        else if (!answer->secrets)
                printf("%s\n", text);
        else if (g_str_has_prefix(text, "secret "))
                g_ptr_array_add(answer->secrets, g_strdup(text + strlen("secret ")));
}

static void
take_output(void *data, const char *text)
{
        take_line(data, false, text);
}

static void
take_end(void *data, int exit_code, const char *error_text)
{
        Answer *answer = data;

        if (error_text)
                take_line(answer, true, error_text);
        answer->code = exit_code;
        answer->has_ended = true;
}

static const CommandOwner command_owner = {.line = take_output, .ended = take_end};

static void
print_findings(ConfigFindings *findings)
{
        config_findings_sort(findings);
        for (guint i = 0; i < findings->list->len; i++) {
                g_autofree char *text = config_finding_string(g_ptr_array_index(findings->list, i));
                fprintf(stderr, "%s\n", text);
        }
}

/* Returns: 0, or the exit code with the reason printed. */
static int
load_in_process(Target *target)
{
        const ServerParams params = {.config_file = target->config_file, .become_user = true};
        g_autoptr(GError) error = NULL;
        ConfigFindings findings;

        config_findings_init(&findings);
        target->server = server_new(&params, &findings, &error);
        if (!target->server)
                print_findings(&findings);
        config_findings_clear(&findings);
        if (target->server)
                return 0;
        return error ? fail(error) : 78;
}

static int
run_in_process(Target *target, const char *const *words, Answer *answer)
{
        command_run(target->server, words, &command_owner, answer);
        while (!answer->has_ended)
                loop_turn(server_base(target->server)->loop, true);
        return answer->code;
}

static bool
needs_running_server(const char *const *words)
{
        return g_strv_contains((const char *const[]){"metrics", "status", "stop", "reload", "log",
                                                     "session", "trace", NULL},
                               strcmp(words[0], COMMAND_ASK) == 0 && words[1] ? words[1]
                                                                              : words[0]);
}

/* Of those that need a running server. A misspelt one is told, not that the server is missing. */
static bool
is_known(const char *const *words, GError **error)
{
        g_autoptr(GArray) table = command_table_new(NULL, 0);
        g_autoptr(GError) unknown = NULL;
        unsigned n;

        if (command_table_find(table, strcmp(words[0], COMMAND_ASK) == 0 ? words + 1 : words, &n,
                               &unknown))
                return true;
        g_clear_error(error);
        g_propagate_error(error, g_steal_pointer(&unknown));
        return false;
}

static int
next_build(void *data)
{
        return module_built_next(data);
}

static int
run(Target *target, const char *const *words, Answer *answer)
{
        const ControlHands hands = {next_build, target->built};
        bool is_handing = target->built && strcmp(words[0], COMMAND_ASK) != 0;

        if (target->server)
                return run_in_process(target, words, answer);

        g_autoptr(GError) error = NULL;
        int code = control_call_handing(target->socket, words, is_handing ? &hands : NULL,
                                        take_line, answer, &error);
        if (code >= 0)
                return code;
        if (!g_error_matches(error, MOTET_ERROR, MOTET_ERROR_MISSING))
                return fail(error);
        if (needs_running_server(words)) {
                if (!is_known(words, &error))
                        return fail(error);
                if (target->doubt)
                        fprintf(stderr, "%s\n", target->doubt);
                fprintf(stderr, "motetctl: no server is running%s: nobody answers at %s\n",
                        target->doubt ? ", or it listens at another place that could not be read"
                                      : "",
                        target->socket);
                return motet_error_exit_code(error);
        }
        code = load_in_process(target);
        return code ? code : run_in_process(target, words, answer);
}

/* Adds the secrets the command needs to @words. Returns: 0, or the exit code with the reason
 * printed */
static int
add_secrets(Target *target, const Options *options, GPtrArray *words)
{
        g_autoptr(GPtrArray) question = g_ptr_array_new();
        g_autoptr(GPtrArray) secrets = g_ptr_array_new_with_free_func(g_free);
        Answer answer = {.secrets = secrets};

        g_ptr_array_add(question, (gpointer)COMMAND_ASK);
        for (guint i = 0; i < words->len; i++)
                g_ptr_array_add(question, g_ptr_array_index(words, i));
        g_ptr_array_add(question, NULL);
        int code = run(target, (const char *const *)question->pdata, &answer);
        if (code != 0)
                return code;

        for (guint i = 0; i < secrets->len; i++) {
                const char *name = g_ptr_array_index(secrets, i);
                g_autoptr(GError) error = NULL;
                char *secret = options->password_stdin
                                       ? prompt_read_line(STDIN_FILENO, name, &error)
                                       : prompt_ask(name, &error);
                if (!secret)
                        return fail(error);
                g_ptr_array_add(words, secret);
        }
        return 0;
}

static int
run_words(Target *target, const Options *options)
{
        g_autoptr(GPtrArray) words = g_ptr_array_new();
        guint n_given = options->words->len;

        for (guint i = 0; i < n_given; i++)
                g_ptr_array_add(words, g_ptr_array_index(options->words, i));
        int code = add_secrets(target, options, words);
        if (code == 0) {
                Answer answer = {0};
                g_ptr_array_add(words, NULL);
                code = run(target, (const char *const *)words->pdata, &answer);
        }
        for (guint i = n_given; i < words->len; i++)
                control_wipe(g_ptr_array_index(words, i));
        return code;
}

static void
print_line(void *data, const char *text)
{
        (void)data;
        printf("%s\n", text);
}

/* Checks and their explanations need no server and are the same with one: they run here. */
static int
check(const char *file, const char *const *words)
{
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        g_autoptr(GError) error = NULL;
        CheckParams params = {.config_file = file, .as_user = true};

        if (!check_words(words, &params, names, &error))
                return fail(error);
        int code = check_run(&params, print_line, NULL, &error);
        return error ? fail(error) : code;
}

/* Files of modules are looked at where their author is, who may have no server at all. */
static bool
lint(const char *const *words, int *code_out)
{
        g_autoptr(GPtrArray) files = g_ptr_array_new();
        g_autoptr(GError) error = NULL;
        ModuleLintParams params = {0};

        if (strcmp(words[0], "module") != 0 || g_strcmp0(words[1], "lint") != 0)
                return false;
        *code_out = module_lint_words(words + 2, &params, files, &error)
                            ? module_lint_run(&params, print_line, NULL)
                            : fail(error);
        return true;
}

/* A module is written where its author is, with the rights that the author's umask gives. */
static bool
new_module(const char *file, const char *const *words, mode_t mask, int *code_out)
{
        g_autoptr(GError) error = NULL;
        g_auto(GStrv) taken = NULL;
        ConfigFindings findings;
        ModuleNew what;

        if (strcmp(words[0], "module") != 0 || g_strcmp0(words[1], "new") != 0)
                return false;
        config_findings_init(&findings);
        g_autoptr(Config) config = config_load(file, &findings);
        config_findings_clear(&findings);
        if (config)
                taken = module_choice_names(config);
        umask(mask);
        bool is_done = module_new_read(words, &what, &error);
        what.taken = (const char *const *)taken;
        is_done = is_done && module_new_write(&what, print_line, NULL, &error);
        *code_out = is_done ? 0 : fail(error);
        return true;
}

/* Returns: (borrowed) the place of the file among the words of "module dev"; NULL: they are of
 * another command, or there is none */
static gpointer *
find_built(GPtrArray *words)
{
        const char *const *text = (const char *const *)words->pdata;

        if (words->len < 4 || strcmp(text[0], "module") != 0 || strcmp(text[1], "dev") != 0)
                return NULL;
        for (guint i = 2; i + 1 < words->len; i++) {
                if (strcmp(text[i], "--host") == 0)
                        i++;
                else if (*text[i] != '-')
                        return &words->pdata[i];
        }
        return NULL;
}

/* The file is opened here, where its developer is: the server may see neither it nor its folder.
 * Returns: false with @error */
static bool
open_built(Target *target, GPtrArray *words, GError **error)
{
        gpointer *file = find_built(words);

        if (!file)
                return true;
        g_autofree char *path = g_canonicalize_filename(*file, NULL);
        target->built = module_built_new(path, print_line, NULL, error);
        if (!target->built)
                return false;
        *file = (gpointer)module_built_path(target->built);
        return true;
}

static int
explain(const char *const *words)
{
        g_autoptr(GError) error = NULL;

        if (words[0] && words[1]) {
                fputs("motetctl: explain takes one ID, or none to list all\n", stderr);
                return 64;
        }
        return check_explain(words[0], print_line, NULL, &error) ? 0 : fail(error);
}

/* module enable, disable: the file is changed by who called this program, who may do that where the
 * server itself may not. */
typedef struct {
        const char *config_file, *socket;
} Switching;

static bool
check_offline(const Switching *switching, GError **error)
{
        const CheckParams params = {.config_file = switching->config_file,
                                    .names = (const char *const[]){"config", NULL}};

        if (check_run(&params, print_line, NULL, error) != CHECK_ERRORS)
                return true;
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG,
                    "nothing was changed: the configuration would have errors");
        return false;
}

static bool
reload_or_check(void *data, GError **error)
{
        static const char *const reload[] = {"reload", NULL};
        const Switching *switching = data;
        g_autoptr(GError) failure = NULL;
        Answer answer = {0};

        int code = control_call(switching->socket, reload, take_line, &answer, &failure);
        if (code == 0)
                return true;
        if (g_error_matches(failure, MOTET_ERROR, MOTET_ERROR_MISSING))
                return check_offline(switching, error);
        if (failure)
                g_propagate_error(error, g_steal_pointer(&failure));
        else
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG,
                            "the drop-in is as it was before");
        return false;
}

static bool
is_switch(const char *const *words)
{
        return words[0] && strcmp(words[0], "module") == 0 && words[1] &&
               (strcmp(words[1], "enable") == 0 || strcmp(words[1], "disable") == 0);
}

static int
switch_module(const Target *target, const char *const *words)
{
        Switching switching = {target->config_file, target->socket};
        const ModuleSwitchOwner owner = {reload_or_check, print_line, &switching};
        ModuleSwitch what = {.config_file = target->config_file};
        g_autoptr(GError) error = NULL;

        if (module_switch_read(words, &what, &error) && module_switch_run(&what, &owner, &error))
                return 0;
        return fail(error);
}

/* Help is there for everybody: of the running server if it answers, and else of what the
 * configuration enables, as far as either can be read. Returns: false when @words ask for none */
static bool
help(const char *file, const char *const *words, int *code_out)
{
        g_autoptr(GError) error = NULL, silence = NULL;
        ConfigFindings findings;
        Answer answer = {0};

        if (strcmp(words[0], "help") != 0 && strcmp(words[0], "completion") != 0)
                return false;
        config_findings_init(&findings);
        g_autoptr(Config) config = config_load(file, &findings);
        config_findings_clear(&findings);
        *code_out =
                config ? control_call(config->control_socket, words, take_line, &answer, &silence)
                       : -1;
        if (*code_out >= 0)
                return true;
        if (!manual_answer(file, words, print_line, NULL, &error) && !error)
                return false;
        *code_out = error ? fail(error) : 0;
        return true;
}

/* Returns: (own) the first finding that is one of the main file's own; NULL: there is none */
static char *
mistake_in(const Config *config, const ConfigFindings *findings)
{
        for (guint i = 0; i < findings->list->len; i++) {
                const ConfigFinding *finding = g_ptr_array_index(findings->list, i);
                if (strcmp(finding->file, config->file) == 0)
                        return config_finding_string(finding);
        }
        return NULL;
}

/* The socket's place is all that is needed of the configuration, whatever else is wrong with it.
 * @doubt_out: (own) of Target; or NULL */
static char *
find_socket(const char *file, char **doubt_out, int *code_out)
{
        ConfigFindings findings;
        char *path = NULL;

        config_findings_init(&findings);
        g_autoptr(Config) config = config_load(file, &findings);
        if (config)
                path = g_strdup(config->control_socket);
        else
                print_findings(&findings);
        if (config && config->is_cut && doubt_out)
                *doubt_out = mistake_in(config, &findings);
        config_findings_clear(&findings);
        *code_out = path ? 0 : 78;
        return path;
}

/* What is in force knows the server that runs; when none does, and for what could be set, the files
 * are enough. */
static int
tell_config(const char *file, const char *const *words)
{
        g_autoptr(GError) error = NULL;
        ConfigQuestion question;
        Answer answer = {0};
        int code = 0;

        if (!config_question_read(words + 1, &question, &error))
                return fail(error);
        if (question.what == CONFIG_SHOW) {
                g_autofree char *socket = find_socket(file, NULL, &code);
                if (!socket)
                        return code;
                code = control_call(socket, words, take_line, &answer, &error);
                if (code >= 0)
                        return code;
                if (!g_error_matches(error, MOTET_ERROR, MOTET_ERROR_MISSING))
                        return fail(error);
                g_clear_error(&error);
        }
        ConfigFindings findings;
        config_findings_init(&findings);
        bool is_told = config_tell_file(file, &question, print_line, NULL, &findings, &error);
        if (question.what == CONFIG_SHOW)
                print_findings(&findings);
        config_findings_clear(&findings);
        return is_told ? 0 : fail(error);
}

int
main(int argc, char **argv)
{
        g_autoptr(GPtrArray) words = g_ptr_array_new();
        Options options = {.config = MOTET_CONFIG_FILE, .words = words};
        const mode_t mask = umask(077);
        int code;

        privileges_harden();
        setvbuf(stdout, NULL, _IOLBF,
                0); /* who watches a trace through a pipe sees it as it comes */
        if (!read_options(argc, argv, &options, &code))
                return code;
        g_ptr_array_add(words, NULL);
        const char *const *rest = (const char *const *)words->pdata + 1;
        if (strcmp(words->pdata[0], "check") == 0)
                return check(options.config, rest);
        if (strcmp(words->pdata[0], "explain") == 0)
                return explain(rest);
        if (help(options.config, rest - 1, &code) || lint(rest - 1, &code) ||
            new_module(options.config, rest - 1, mask, &code))
                return code;
        if (strcmp(words->pdata[0], "config") == 0)
                return tell_config(options.config, rest - 1);

        g_autoptr(GError) error = NULL;
        Target target = {.config_file = options.config};
        target.socket = find_socket(options.config, &target.doubt, &code);
        if (!target.socket)
                return code;
        if (is_switch((const char *const *)words->pdata)) {
                code = switch_module(&target, (const char *const *)words->pdata);
        } else if (!open_built(&target, words, &error)) {
                code = fail(error);
        } else {
                g_ptr_array_set_size(words, (int)words->len - 1);
                code = run_words(&target, &options);
        }
        server_free(target.server);
        module_built_free(target.built);
        g_free(target.socket);
        g_free(target.doubt);
        return code;
}
