/*
 * test_server: a whole server in the test's own process: real modules, driven clock, no socket.
 *
 * It serves example.org (and what the YAML adds) with the modules of $MOTET_TEST_MODULES. Nothing
 * is enabled but what a test names, so name what is depended upon as well; the default storage is
 * "memory". Functions end with all work done: nothing is ready, queued or on a worker; time stands
 * still until test_server_advance().
 */
#pragma once

#include "core/server.h"
#include "core/session.h"
#include "support/test_session.h"

typedef struct TestServer TestServer;

/**
 * test_server_new:
 * @modules: names, NULL-terminated, with default options; NULL for none
 *
 * A configuration or module that is refused fails the test, saying why.
 */
TestServer *test_server_new(const char *const *modules);
/** test_server_new_yaml: @modules_yaml: content of `modules:` in a configuration: "ping:\n
 * options:\n    …" */
TestServer *test_server_new_yaml(const char *modules_yaml);
/** test_server_new_config: @config_yaml: a whole configuration but for modules_dir; `hosts:` and
 * `storage:` are added when it has none */
TestServer *test_server_new_config(const char *config_yaml);
/** test_server_try: the same for who handles a refusal: NULL with @refusal_out, (own) findings and
 * error, a line each */
TestServer *test_server_try(const char *config_yaml, char **refusal_out);
/** test_server_refuse: the same as test_server_new_config(), expecting refusal. Returns: (own)
 * findings and error, a line each */
char *test_server_refuse(const char *config_yaml);
void test_server_free(TestServer *server);

/** test_server_connect: a fresh client session as from a plain listener, nothing received yet;
 * NULL when a module refused it */
MotetSession *test_server_connect(TestServer *server);
/** test_server_open: the same on @host with stream headers and features exchanged and forgotten */
MotetSession *test_server_open(TestServer *server, const char *host);
/** test_server_login: the same, authenticated without any module: ready to bind */
MotetSession *test_server_login(TestServer *server, const char *bare_jid);
/** test_server_bind: the same, bound; what was sent so far is forgotten */
MotetSession *test_server_bind(TestServer *server, const char *full_jid);

/** test_server_hook: @hook (borrowed) is copied, on the first host, owned by test_server_owner() */
void test_server_hook(TestServer *server, const MotetHook *hook);
/** test_server_owner: a module instance on the first host to call functions as: stores, timers,
 * services */
MotetModule *test_server_owner(TestServer *server);
/** test_server_advance: moves the clock */
void test_server_advance(TestServer *server, GTimeSpan us);
/** test_server_skip: the same at once, as after a sleep of the machine: what was to happen
 * meanwhile happens late, and once */
void test_server_skip(TestServer *server, GTimeSpan us);
/** test_server_settle: does all that is to be done now; after direct calls into core or a
 * service */
void test_server_settle(TestServer *server);

/** test_server_host: the first host */
MotetHost *test_server_host(TestServer *server);
/** test_server_module: the running instance on @host (NULL: of server scope), NULL when there is
 * none */
MotetModule *test_server_module(TestServer *server, const char *name, MotetHost *host);
/**
 * test_server_unended: closes all sessions and lets an hour pass
 *
 * Returns: (own) what modules have under way even then, a line each; NULL: nothing
 */
char *test_server_unended(TestServer *server);
Server *test_server_core(TestServer *server);
/** test_server_dir: an empty folder of this server's own, removed with it; relative paths in the
 * YAML are relative to it */
const char *test_server_dir(TestServer *server);

/**
 * test_server_run_command:
 * @words: as of command_run()
 * @output_out: (own) lines printed, then the error's text, each ended by a line feed; may be NULL
 *
 * Returns: the exit code
 */
int test_server_run_command(TestServer *server, const char *const *words, char **output_out);

/**
 * test_server_reload:
 * @config_yaml: as of test_server_new_config()
 * @output_out: (own) the plan when it was applied, else findings and error; may be NULL
 */
bool test_server_reload(TestServer *server, const char *config_yaml, char **output_out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TestServer, test_server_free)
