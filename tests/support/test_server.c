/*
 * test_server: a whole server in the test's own process: real modules, driven clock, no socket.
 */
#include "support/test_server.h"

#include <ftw.h>
#include <motet/error.h>
#include <motet/jid.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/command.h"
#include "core/event_wait.h"

struct TestServer {
        Server *core;
        char *dir;
        MotetModule owner; /* hooks and other things of the test itself */
};

static const MotetModuleInfo owner_info = {
        .abi = MOTET_ABI,
        .name = "test",
        .summary = "Own what a test registers",
};

/* Folders */

static int
remove_entry(const char *path, const struct stat *file, int type, struct FTW *place)
{
        (void)file;
        (void)type;
        (void)place;
        return remove(path);
}

static void
remove_tree(const char *path)
{
        nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* Configuration */

static bool
has_key(const char *yaml, const char *key)
{
        g_autofree char *start = g_strconcat("\n", key, ":", NULL);

        return g_str_has_prefix(yaml, start + 1) || strstr(yaml, start) != NULL;
}

static char *
complete_yaml(const char *yaml)
{
        const char *modules = g_getenv("MOTET_TEST_MODULES");
        GString *text = g_string_new(NULL);

        if (!has_key(yaml, "hosts"))
                g_string_append(text, "hosts:\n  example.org:\n");
        if (!has_key(yaml, "storage"))
                g_string_append(text, "storage:\n  default: memory\n");
        if (!has_key(yaml, "modules_dir"))
                g_string_append_printf(text, "modules_dir: %s\n", modules ? modules : "modules");
        g_string_append(text, yaml);
        return g_string_free(text, FALSE);
}

static char *
modules_section(const char *modules_yaml)
{
        GString *text = g_string_new(*modules_yaml ? "modules:\n" : "");
        g_auto(GStrv) lines = g_strsplit(modules_yaml, "\n", -1);

        for (char **line = lines; *line; line++) {
                if (**line)
                        g_string_append_printf(text, "  %s\n", *line);
        }
        return g_string_free(text, FALSE);
}

static char *
describe(ConfigFindings *findings, const GError *error)
{
        GString *text = g_string_new(NULL);

        config_findings_sort(findings);
        for (guint i = 0; i < findings->list->len; i++) {
                g_autofree char *line = config_finding_string(g_ptr_array_index(findings->list, i));
                g_string_append_printf(text, "%s\n", line);
        }
        if (error)
                g_string_append_printf(text, "%s\n", error->message);
        return g_string_free(text, FALSE);
}

/* Making */

/* @refusal_out: (own) why there is no server. */
static Server *
make_core(const char *config_yaml, const char *dir, char **refusal_out)
{
        g_autofree char *yaml = complete_yaml(config_yaml);
        g_autoptr(GError) error = NULL;
        ConfigFindings findings;

        config_findings_init(&findings);
        const ServerParams params = {.config = config_parse(yaml, -1, dir, &findings),
                                     .driven = true};
        Server *core = server_new(&params, &findings, &error);
        if (core && !server_start(core, &error))
                g_clear_pointer(&core, server_free);
        *refusal_out = core ? NULL : describe(&findings, error);
        config_findings_clear(&findings);
        return core;
}

static char *
make_dir(void)
{
        g_autoptr(GError) error = NULL;
        char *dir = g_dir_make_tmp("motet-test-XXXXXX", &error);

        g_assert_no_error(error);
        return dir;
}

static void
start_owner(TestServer *server)
{
        MotetModule *owner = &server->owner;

        owner->info = &owner_info;
        owner->server = server_base(server->core);
        owner->host = test_server_host(server);
        owner->order = G_MAXUINT;
        instance_init(owner);
        owner->running = true;
        host_add_instance(owner->host, owner);
        instance_add_hooks(owner);
}

TestServer *
test_server_try(const char *config_yaml, char **refusal_out)
{
        g_autofree char *dir = make_dir();
        Server *core = make_core(config_yaml, dir, refusal_out);

        if (!core) {
                remove_tree(dir);
                return NULL;
        }
        TestServer *server = g_new0(TestServer, 1);
        server->dir = g_steal_pointer(&dir);
        server->core = core;
        start_owner(server);
        test_server_settle(server);
        return server;
}

TestServer *
test_server_new_config(const char *config_yaml)
{
        char *refusal = NULL;
        TestServer *server = test_server_try(config_yaml, &refusal);

        if (!server)
                g_error("the server was refused:\n%s", refusal);
        return server;
}

char *
test_server_refuse(const char *config_yaml)
{
        char *refusal = NULL;
        const TestServer *server = test_server_try(config_yaml, &refusal);

        if (server)
                g_error("the server was not refused");
        return refusal;
}

TestServer *
test_server_new_yaml(const char *modules_yaml)
{
        g_autofree char *yaml = modules_section(modules_yaml);

        return test_server_new_config(yaml);
}

TestServer *
test_server_new(const char *const *modules)
{
        g_autoptr(GString) yaml = g_string_new(NULL);

        for (; modules && *modules; modules++)
                g_string_append_printf(yaml, "%s:\n", *modules);
        return test_server_new_yaml(yaml->str);
}

void
test_server_free(TestServer *server)
{
        if (!server)
                return;
        MotetModule *owner = &server->owner;
        test_sessions_clear(owner->server);
        owner->running = false;
        instance_drop_all(owner);
        host_remove_instance(owner->host, owner);
        instance_clear(owner);
        server_free(server->core);
        remove_tree(server->dir);
        g_free(server->dir);
        g_free(server);
}

/* Sessions */

MotetSession *
test_server_connect(TestServer *server)
{
        return test_session_new(server_base(server->core));
}

MotetSession *
test_server_open(TestServer *server, const char *host)
{
        MotetSession *session = test_server_connect(server);

        g_assert_nonnull(session);
        test_session_open(session, host);
        return session;
}

MotetSession *
test_server_login(TestServer *server, const char *bare_jid)
{
        g_autoptr(MotetJid) jid = motet_jid_new(bare_jid);
        g_assert_nonnull(jid);
        MotetSession *session = test_server_open(server, motet_jid_domain(jid));

        motet_session_authenticate(session, motet_jid_local(jid));
        motet_session_restart(session);
        test_session_open(session, motet_jid_domain(jid));
        return session;
}

static void
on_bound(MotetSession *session, MotetCondition condition, const char *text, void *data)
{
        bool *is_bound = data;

        (void)session;
        (void)text;
        g_assert_cmpint(condition, ==, MOTET_CONDITION_NONE);
        *is_bound = true;
}

MotetSession *
test_server_bind(TestServer *server, const char *full_jid)
{
        g_autoptr(MotetJid) jid = motet_jid_new(full_jid);
        g_assert_nonnull(jid);
        MotetSession *session = test_server_login(server, motet_jid_bare(jid));
        bool is_bound = false;

        motet_session_bind(session, motet_jid_resource(jid), on_bound, &is_bound);
        test_server_settle(server);
        g_assert_true(is_bound);
        g_free(test_session_take_sent(session));
        return session;
}

/* Driving */

void
test_server_hook(TestServer *server, const MotetHook *hook)
{
        g_autoptr(GError) error = NULL;

        motet_hook_add(&server->owner, hook, &error);
        g_assert_no_error(error);
}

MotetModule *
test_server_owner(TestServer *server)
{
        return &server->owner;
}

void
test_server_advance(TestServer *server, GTimeSpan us)
{
        loop_advance(server_base(server->core)->loop, us);
}

void
test_server_skip(TestServer *server, GTimeSpan us)
{
        loop_skip(server_base(server->core)->loop, us);
}

void
test_server_settle(TestServer *server)
{
        loop_settle(server_base(server->core)->loop);
}

MotetHost *
test_server_host(TestServer *server)
{
        return g_ptr_array_index(server_base(server->core)->hosts, 0);
}

MotetModule *
test_server_module(TestServer *server, const char *name, MotetHost *host)
{
        return modules_find(server_modules(server->core), name, host);
}

Server *
test_server_core(TestServer *server)
{
        return server->core;
}

const char *
test_server_dir(TestServer *server)
{
        return server->dir;
}

/* Ending */

static void
tell_unended(MotetModule *instance, void *data)
{
        GString *text = data;
        unsigned n_tokens = event_wait_n_held(instance);
        unsigned n_underway = instance_underway(instance);

        if (n_tokens > 0)
                g_string_append_printf(
                        text,
                        "module %s does not end: an hour after everybody has left it holds %u of "
                        "its tokens; each of motet_wait() must be resumed, also when its session "
                        "is gone\n",
                        instance->info->name, n_tokens);
        else if (n_underway > 0)
                g_string_append_printf(text,
                                       "module %s does not end: an hour after everybody has left "
                                       "%u of its requests or jobs are under way\n",
                                       instance->info->name, n_underway);
}

char *
test_server_unended(TestServer *server)
{
        g_autoptr(GString) text = g_string_new(NULL);

        test_sessions_clear(server_base(server->core));
        test_server_advance(server, G_TIME_SPAN_HOUR);
        test_server_settle(server);
        modules_foreach(server_modules(server->core), tell_unended, text);
        return text->len ? g_strchomp(g_strdup(text->str)) : NULL;
}

/* Commands and reloading */

typedef struct {
        GString *output;
        bool has_ended;
        int code;
} Answer;

static void
take_line(void *data, const char *text)
{
        Answer *answer = data;

        g_assert_false(answer->has_ended);
        g_string_append_printf(answer->output, "%s\n", text);
}

static void
take_end(void *data, int exit_code, const char *error_text)
{
        Answer *answer = data;

        if (error_text)
                take_line(answer, error_text);
        answer->has_ended = true;
        answer->code = exit_code;
}

static const CommandOwner command_owner = {.line = take_line, .ended = take_end};

int
test_server_run_command(TestServer *server, const char *const *words, char **output_out)
{
        Answer answer = {.output = g_string_new(NULL)};

        command_run(server->core, words, &command_owner, &answer);
        test_server_settle(server);
        g_assert_true(answer.has_ended);
        if (output_out)
                *output_out = g_string_free(answer.output, FALSE);
        else
                g_string_free(answer.output, TRUE);
        return answer.code;
}

bool
test_server_reload(TestServer *server, const char *config_yaml, char **output_out)
{
        g_autofree char *yaml = complete_yaml(config_yaml);
        g_autoptr(ReloadPlan) plan = plan_new();
        g_autoptr(GError) error = NULL;
        ConfigFindings findings;

        config_findings_init(&findings);
        Config *config = config_parse(yaml, -1, server->dir, &findings);
        g_assert_nonnull(config);
        bool is_done = server_reload_to(server->core, config, plan, &findings, &error);
        test_server_settle(server);
        if (output_out)
                *output_out = is_done ? plan_string(plan) : describe(&findings, error);
        config_findings_clear(&findings);
        return is_done;
}
