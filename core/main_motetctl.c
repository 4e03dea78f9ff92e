/*
 * motetctl: gives commands to the running server, or runs them itself while the server is stopped.
 */
#include <motet/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/command.h"
#include "core/commands.h"
#include "core/control.h"
#include "core/privileges.h"
#include "core/prompt.h"
#include "core/server.h"

static const char usage[] =
        "usage: motetctl [--config FILE] [--password-stdin] COMMAND [ARGUMENT…]\n"
        "\n"
        "  --config FILE     main configuration file, default " MOTET_CONFIG_FILE "\n"
        "  --password-stdin  read a password from standard input, one line, instead of asking\n"
        "  --version         print the version and exit\n"
        "  --help            print this and exit\n"
        "\n"
        "motetctl help lists the commands. A password is never an argument.\n";

typedef struct {
        const char *config;
        bool password_stdin;
        GPtrArray *words; /* borrowed, from argv */
} Options;

/* One way to the server, found at the first command and kept for the second. */
typedef struct {
        const char *config_file;
        char *socket;
        Server *server; /* in this process, because nobody answers at socket */
} Target;

/* What a command answers. */
typedef struct {
        GPtrArray *secrets; /* NULL: lines are printed; else the names that COMMAND_ASK told */
        bool has_ended;
        int code;
} Answer;

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
                        fprintf(stderr, "motetctl: \"%s\" is not understood\n\n%s", argv[i], usage);
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
        return g_strv_contains((const char *const[]){"status", "stop", "reload", NULL},
                               strcmp(words[0], COMMAND_ASK) == 0 && words[1] ? words[1]
                                                                              : words[0]);
}

static int
run(Target *target, const char *const *words, Answer *answer)
{
        if (target->server)
                return run_in_process(target, words, answer);

        g_autoptr(GError) error = NULL;
        int code = control_call(target->socket, words, take_line, answer, &error);
        if (code >= 0)
                return code;
        if (!g_error_matches(error, MOTET_ERROR, MOTET_ERROR_MISSING))
                return fail(error);
        if (needs_running_server(words)) {
                fprintf(stderr, "motetctl: no server is running: nobody answers at %s\n",
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

static int
check_config(const char *file)
{
        g_autoptr(GError) error = NULL;

        if (commands_check_config(file, print_line, NULL, &error))
                return 0;
        return fail(error);
}

/* The socket's place is all that is needed of the configuration, whatever else is wrong with it. */
static char *
find_socket(const char *file, int *code_out)
{
        ConfigFindings findings;
        char *path = NULL;

        config_findings_init(&findings);
        g_autoptr(Config) config = config_load(file, &findings);
        if (config)
                path = g_strdup(config->control_socket);
        else
                print_findings(&findings);
        config_findings_clear(&findings);
        *code_out = path ? 0 : 78;
        return path;
}

int
main(int argc, char **argv)
{
        g_autoptr(GPtrArray) words = g_ptr_array_new();
        Options options = {.config = MOTET_CONFIG_FILE, .words = words};
        int code;

        privileges_harden();
        if (!read_options(argc, argv, &options, &code))
                return code;
        if (words->len == 2 && strcmp(words->pdata[0], "check") == 0 &&
            strcmp(words->pdata[1], "config") == 0)
                return check_config(options.config);

        Target target = {.config_file = options.config};
        target.socket = find_socket(options.config, &code);
        if (!target.socket)
                return code;
        code = run_words(&target, &options);
        server_free(target.server);
        g_free(target.socket);
        return code;
}
