/*
 * modtest: testing a module in C: a whole server in the test's own process, whose clock the test
 * moves.
 *
 * Link with libmotet-modtest, which holds the server: a test does not need one that runs, nor the
 * network, nor a file. Modules are real shared objects, those that are installed and those of one's
 * own; peers are sessions without sockets, spoken to in XML; everything is stored in memory; time
 * stands still until modtest_advance(). Functions end with all work done: nothing is ready, queued
 * or on a worker.
 *
 *     static void
 *     test_hello(void)
 *     {
 *             g_autoptr(Modtest) test = modtest_new();
 *             modtest_enable(test, "hello", "{greeting: Hail}");
 *             modtest_start(test);
 *             MotetSession *romeo = modtest_bind(test, "romeo@example.org/orchard");
 *
 *             modtest_send(romeo, "<iq type='get' id='1'><hello xmlns='urn:example:hello'/></iq>");
 *
 *             modtest_assert_received(romeo, "<iq type='result' id='1' to='*'>"
 *                                            "<hello xmlns='urn:example:hello'>Hail</hello></iq>");
 *     }
 *
 * What does not happen as it should ends the program, with file and line of the call and what came
 * instead: by way of g_assertion_message() where g_test_init() was called, else with exit code 1.
 * So does a critical message of GLib, and, where the program is built with AddressSanitizer, memory
 * that nobody freed: modtest_free() tells it.
 *
 * One server at a time. Nothing here may be called from another thread than the first caller's.
 */
#pragma once

#include <motet/event.h>
#include <motet/host.h>
#include <motet/session.h>
#include <motet/types.h>

G_BEGIN_DECLS

/** MODTEST_API: marks what libmotet-modtest exports beside the server's own functions. */
#define MODTEST_API __attribute__((visibility("default")))

/** Modtest: a server, or what one is to be like. */
typedef struct Modtest Modtest;

/**
 * modtest_new:
 *
 * A server that is not started. It will serve example.org, with no module but "storage_memory".
 * Modules are looked for in the folders that $MOTET_MODULE_PATH names, separated by ':', then among
 * those that are installed with the library.
 *
 * Returns: (own) to be given to modtest_free()
 */
MODTEST_API Modtest *modtest_new(void);
/**
 * modtest_free:
 * @test: (take) NULL is a no-op
 *
 * Stops the server: closes all sessions, and lets an hour pass in which all that modules have under
 * way must end. Fails when something is left: a token of motet_wait() that nobody resumes, or
 * memory. What it says then names the line of modtest_start().
 */
MODTEST_API void modtest_free(Modtest *test);

/**
 * modtest_add_module_dir:
 * @dir: (borrowed) looked into before all others, but after those added before
 *
 * Only before modtest_start().
 */
MODTEST_API void modtest_add_module_dir(Modtest *test, const char *dir);
/**
 * modtest_add_host:
 * @domain: (borrowed) is served; example.org is not unless it is added, too
 *
 * Serves another domain from modtest_start() or modtest_reload() on.
 */
MODTEST_API void modtest_add_host(Modtest *test, const char *domain);
/**
 * modtest_enable:
 * @module: (borrowed) its name; what it depends on must be enabled, too
 * @options: (borrowed) as in YAML, "{max_items: 3}"; NULL: defaults
 *
 * In force from modtest_start() or modtest_reload() on, as is all that describes the configuration.
 * Again for the same module: these options instead.
 */
MODTEST_API void modtest_enable(Modtest *test, const char *module, const char *options);
/**
 * modtest_disable:
 * @module: (borrowed) its name
 *
 * The contrary of modtest_enable().
 */
MODTEST_API void modtest_disable(Modtest *test, const char *module);
/**
 * modtest_configure:
 * @yaml: (borrowed) lines of the main configuration file, "limits:\n  user: {depth: 8}\n", added to
 * those before; may not have `hosts:`, `modules:` or `modules_dir:`
 *
 * Says more of the configuration.
 */
MODTEST_API void modtest_configure(Modtest *test, const char *yaml);

/** modtest_start: starts the server; a refusal fails the test and says why */
#define modtest_start(test) modtest_start_at(test, __FILE__, __LINE__)
/**
 * modtest_refusal: tries to start a server that must be refused
 *
 * Returns: (own) why it was, a line each
 */
#define modtest_refusal(test) modtest_refusal_at(test, __FILE__, __LINE__)
/** modtest_reload: puts the configuration as it is now in force, without a stop, as SIGHUP does */
#define modtest_reload(test) modtest_reload_at(test, __FILE__, __LINE__)
/** modtest_reload_refusal: the same where it must be refused. Returns: as modtest_refusal() */
#define modtest_reload_refusal(test) modtest_reload_refusal_at(test, __FILE__, __LINE__)
/**
 * modtest_replace:
 * @module: (borrowed) its name
 *
 * The module goes on in a new copy of its code, as after an upgrade and "motetctl module reload":
 * with its state saved and restored, and with its static variables as they are at first
 */
#define modtest_replace(test, module) modtest_replace_at(test, module, __FILE__, __LINE__)
/**
 * modtest_assert_runs:
 * @command: (borrowed) as behind motetctl, words may be in quotes: "user list example.org"
 * @lines: (borrowed) what it must print, '*' stands for any characters in a line; NULL: whatever
 *
 * Runs a command of the server or of a module, which must succeed.
 */
#define modtest_assert_runs(test, command, lines)                                                  \
        modtest_assert_runs_at(test, command, lines, __FILE__, __LINE__)
/**
 * modtest_run:
 * @command: as of modtest_assert_runs()
 * @output_out: (own) the lines it printed, and what it said when it failed; may be NULL
 *
 * Returns: its exit code
 */
MODTEST_API int modtest_run(Modtest *test, const char *command, char **output_out);
/**
 * modtest_advance:
 * @us: µs, ≥ 0
 *
 * Lets time pass; what is due meanwhile happens in order.
 */
MODTEST_API void modtest_advance(Modtest *test, GTimeSpan us);
/** modtest_settle: until nothing is left to be done now; after direct calls of the server's
 * functions or of a service */
MODTEST_API void modtest_settle(Modtest *test);
/**
 * modtest_assert_scenario:
 * @file: (borrowed) a scenario
 *
 * Runs a scenario with a server of its own, with the modules that @test would find; @test is not
 * started for it.
 */
#define modtest_assert_scenario(test, file)                                                        \
        modtest_assert_scenario_at(test, file, __FILE__, __LINE__)

/* Sessions are (borrowed), also when they are closed meanwhile, until modtest_free(). */

/**
 * modtest_connect:
 *
 * Returns: (borrowed) a client's connection, nothing said yet; NULL when a module refused it
 */
MODTEST_API MotetSession *modtest_connect(Modtest *test);
/**
 * modtest_open:
 * @domain: (borrowed) that is served
 *
 * A client that has opened a stream; header and features have been received.
 */
#define modtest_open(test, domain) modtest_open_at(test, domain, __FILE__, __LINE__)
/**
 * modtest_login:
 * @bare_jid: (borrowed) an address of a domain that is served
 *
 * The same, authenticated without any module or account: ready to bind a resource.
 */
#define modtest_login(test, bare_jid) modtest_login_at(test, bare_jid, __FILE__, __LINE__)
/**
 * modtest_bind:
 * @full_jid: (borrowed) an address with a resource
 *
 * The same, bound to that address; whatever was sent to it so far is forgotten.
 */
#define modtest_bind(test, full_jid) modtest_bind_at(test, full_jid, __FILE__, __LINE__)
/**
 * modtest_send:
 * @xml: (borrowed) any bytes
 *
 * The client behind @session sends @xml.
 */
MODTEST_API void modtest_send(MotetSession *session, const char *xml);
/** modtest_lose: the client closes its connection without a word */
MODTEST_API void modtest_lose(MotetSession *session);

/**
 * modtest_assert_received:
 * @xml: (borrowed) one element: attributes in any order, "*" as an attribute or text for anything
 * that is there; the <text/> of an error, and what an error repeats of the request, may be left out
 *
 * The next element the client received is like @xml. Stream headers before it are passed over.
 */
#define modtest_assert_received(session, xml)                                                      \
        modtest_assert_received_at(session, xml, __FILE__, __LINE__)
/** modtest_assert_received_nothing: since the client last looked */
#define modtest_assert_received_nothing(session)                                                   \
        modtest_assert_received_nothing_at(session, __FILE__, __LINE__)
/** modtest_assert_closed: what comes next is the end of the stream, and the connection's */
#define modtest_assert_closed(session) modtest_assert_closed_at(session, __FILE__, __LINE__)
/**
 * modtest_assert_stream_error:
 * @condition: (borrowed) "conflict"
 *
 * The same as modtest_assert_closed(), after a stream error with @condition.
 */
#define modtest_assert_stream_error(session, condition)                                            \
        modtest_assert_stream_error_at(session, condition, __FILE__, __LINE__)
/** modtest_take_received: Returns: (own) all that the client received since it last looked, as it
 * came */
MODTEST_API char *modtest_take_received(MotetSession *session);

/**
 * modtest_host:
 * @domain: (borrowed) which; NULL: the first
 *
 * Returns: (borrowed) that host, NULL when it is not served
 */
MODTEST_API MotetHost *modtest_host(Modtest *test, const char *domain);
/**
 * modtest_module:
 * @module: (borrowed) its name
 *
 * Returns: (borrowed) its instance that runs for the first host or the server, NULL when none does
 */
MODTEST_API MotetModule *modtest_module(Modtest *test, const char *module);
/**
 * modtest_owner:
 *
 * Returns: (borrowed) a module "test" on the first host, for all functions that want the module
 * that calls: events that the test fires, stores, timers, services that it looks up
 */
MODTEST_API MotetModule *modtest_owner(Modtest *test);
/**
 * modtest_hook:
 * @hook: (borrowed) copied
 *
 * Adds a handler of the test's own on the first host, whose module is modtest_owner().
 */
#define modtest_hook(test, hook) modtest_hook_at(test, hook, __FILE__, __LINE__)

/** modtest_log: Returns: (borrowed) what was logged since modtest_new(), at all levels, a line
 * each, "warn hello: it rains"; until more is */
MODTEST_API const char *modtest_log(const Modtest *test);
/** modtest_assert_logged: @text is part of a line of modtest_log() */
#define modtest_assert_logged(test, text) modtest_assert_logged_at(test, text, __FILE__, __LINE__)

/**
 * modtest_main:
 * @argc: as of main()
 * @argv: as of main(): [--module-dir DIR]... [--modules-dir DIR] FILE...
 *
 * Runs scenarios, as the program motet-modtest.
 *
 * Returns: an exit code: 0 when all succeed, 1 when one does not, 2 when it was called wrongly
 */
MODTEST_API int modtest_main(int argc, char **argv);

/**
 * modtest_start_at / modtest_refusal_at / modtest_reload_at / modtest_reload_refusal_at /
 * modtest_replace_at / modtest_assert_runs_at / modtest_assert_scenario_at / modtest_open_at /
 * modtest_login_at / modtest_bind_at / modtest_assert_received_at /
 * modtest_assert_received_nothing_at / modtest_assert_closed_at / modtest_assert_stream_error_at /
 * modtest_hook_at / modtest_assert_logged_at:
 * @file, @line: where the macro was called
 * @command, @lines, @module, @scenario, @domain, @bare_jid, @full_jid, @xml, @condition, @hook:
 * (borrowed) as for the macro
 *
 * What the macros above call.
 *
 * Returns: as the macro
 */
MODTEST_API void modtest_start_at(Modtest *test, const char *file, int line);
MODTEST_API char *modtest_refusal_at(Modtest *test, const char *file, int line);
MODTEST_API void modtest_reload_at(Modtest *test, const char *file, int line);
MODTEST_API char *modtest_reload_refusal_at(Modtest *test, const char *file, int line);
MODTEST_API void modtest_replace_at(Modtest *test, const char *module, const char *file, int line);
MODTEST_API void modtest_assert_runs_at(Modtest *test, const char *command, const char *lines,
                                        const char *file, int line);
MODTEST_API void modtest_assert_scenario_at(Modtest *test, const char *scenario, const char *file,
                                            int line);
MODTEST_API MotetSession *modtest_open_at(Modtest *test, const char *domain, const char *file,
                                          int line);
MODTEST_API MotetSession *modtest_login_at(Modtest *test, const char *bare_jid, const char *file,
                                           int line);
MODTEST_API MotetSession *modtest_bind_at(Modtest *test, const char *full_jid, const char *file,
                                          int line);
MODTEST_API void modtest_assert_received_at(MotetSession *session, const char *xml,
                                            const char *file, int line);
MODTEST_API void modtest_assert_received_nothing_at(MotetSession *session, const char *file,
                                                    int line);
MODTEST_API void modtest_assert_closed_at(MotetSession *session, const char *file, int line);
MODTEST_API void modtest_assert_stream_error_at(MotetSession *session, const char *condition,
                                                const char *file, int line);
MODTEST_API void modtest_hook_at(Modtest *test, const MotetHook *hook, const char *file, int line);
MODTEST_API void modtest_assert_logged_at(const Modtest *test, const char *text, const char *file,
                                          int line);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Modtest, modtest_free)

G_END_DECLS
