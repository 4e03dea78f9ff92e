/*
 * test_core: streams and router in the test's own process, without configuration, shared objects or
 * sockets.
 *
 * It serves example.org and example.net under a driven clock. Modules are hook tables of the test
 * itself.
 */
#pragma once

#include "core/router.h"
#include "support/test_session.h"

typedef struct {
        MotetServer server;
        MotetHost *host;  /* example.org */
        MotetHost *other; /* example.net */
        GPtrArray *modules;
        GString *log; /* what handlers of the test write down */
} TestCore;

TestCore *test_core_new(void);
void test_core_free(TestCore *core);

/**
 * test_core_module: a running instance on @host (NULL: of server scope) with @hooks, which may be
 * NULL; its data is @core. Later ones load later
 */
MotetModule *test_core_module(TestCore *core, MotetHost *host, const MotetHook *hooks);
/** test_core_stop: what unloading does; the instance is freed */
void test_core_stop(TestCore *core, MotetModule *module);

/**
 * test_core_login: a client of example.org, authenticated, its stream restarted; nothing of that is
 * left to look at
 */
MotetSession *test_core_login(TestCore *core, const char *username);
/** test_core_bind: the same, bound */
MotetSession *test_core_bind(TestCore *core, const char *username, const char *resource);
void test_core_advance(TestCore *core, GTimeSpan us);
void test_core_settle(TestCore *core);
/** test_core_take_log: Returns: (own) what was logged since the last time */
char *test_core_take_log(TestCore *core);
/** test_core_of: the core a module was made for */
TestCore *test_core_of(const MotetModule *self);
/** test_core_note: adds a word to the log, words separated by blanks */
void test_core_note(const MotetModule *self, const char *format, ...) G_GNUC_PRINTF(2, 3);
/** test_core_assert_log: the words logged since the last time are these */
#define test_core_assert_log(core, words)                                                          \
        do {                                                                                       \
                g_autofree char *log_ = test_core_take_log(core);                                  \
                g_assert_cmpstr(log_, ==, words);                                                  \
        } while (0)

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TestCore, test_core_free)
