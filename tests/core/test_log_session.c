/*
 * test_log_session: whom a line is about.
 */
#include "core/log_session.h"

#include <glib/gstdio.h>
#include <motet/jid.h>
#include <motet/task.h>
#include <string.h>

#include "core/log.h"
#include "support/test_core.h"

typedef struct {
        TestCore *core;
        char *folder, *path;
} Fixture;

static void
set_up(Fixture *f, const void *data)
{
        (void)data;
        f->folder = g_dir_make_tmp("motet-log-XXXXXX", NULL);
        f->path = g_build_filename(f->folder, "log", NULL);
        log_set_rate(0);
        g_assert_true(
                log_set_output(&(LogOutput){.target = f->path, .format = LOG_FORMAT_JSON}, NULL));
        f->core = test_core_new();
}

static void
tear_down(Fixture *f, const void *data)
{
        (void)data;
        test_core_free(f->core);
        g_assert_true(log_set_target("stderr", NULL));
        g_unlink(f->path);
        g_rmdir(f->folder);
        g_free(f->path);
        g_free(f->folder);
}

/* @about: the members between source and message, as written, of the only line with @message. */
static void
assert_about(const Fixture *f, const char *message, const char *about)
{
        g_autofree char *text = NULL;
        g_autofree char *expected =
                g_strdup_printf("\"module\":\"test\"%s,\"message\":\"%s\"}\n", about, message);
        g_autofree char *part = g_strdup_printf("\"message\":\"%s\"", message);

        g_assert_true(g_file_get_contents(f->path, &text, NULL, NULL));
        if (!strstr(text, expected) || strstr(strstr(text, part) + 1, part))
                g_error("%s is not once in: %s", expected, text);
}

static void
assert_about_session(const Fixture *f, const char *message, const MotetSession *session)
{
        g_autofree char *about = g_strdup_printf(
                ",\"host\":\"example.org\",\"jid\":\"%s\",\"session\":\"%s\"",
                motet_jid_string(motet_session_jid(session)), motet_session_id(session));

        assert_about(f, message, about);
}

static void *
say_elsewhere(void *data)
{
        motet_info("worker");
        return data;
}

static MotetResult
say_stanza(MotetModule *self, MotetStanzaEvent *ev)
{
        MotetSession *receiver = motet_sessions_find(ev->event.host, "juliet", "balcony");

        (void)self;
        motet_info("stanza");
        motet_session_info(receiver, "receiver");
        motet_session_info(NULL, "nobody named");
        g_thread_join(g_thread_new("worker", say_elsewhere, NULL));
        motet_session_destroy(receiver);
        motet_info("after");
        return MOTET_HANDLED;
}

static MotetResult
say_name(MotetModule *self, MotetSessionEvent *ev)
{
        (void)self;
        if (ev->session->resource && strcmp(ev->session->resource, "attic") != 0)
                motet_info("%s", ev->event.name);
        return MOTET_CONTINUE;
}

static MotetResult
say_created(MotetModule *self, MotetSessionEvent *ev)
{
        (void)self;
        (void)ev;
        motet_info("created");
        return MOTET_CONTINUE;
}

static MotetResult
say_features(MotetModule *self, MotetFeaturesEvent *ev)
{
        (void)self;
        if (!ev->session->username)
                motet_info("features");
        return MOTET_CONTINUE;
}

static void
say_time(MotetModule *self, MotetTimer *timer, void *data)
{
        (void)self;
        (void)timer;
        (void)data;
        motet_info("timer");
}

static const MotetHook hooks[] = {
        MOTET_ON_STANZA("message/full", say_stanza, MOTET_PRIO_NORMAL),
        MOTET_ON_SESSION("session-unbound", say_name, MOTET_PRIO_NORMAL),
        {0},
};

/* The sender of the stanza that is handled, unless another session is named; and again after events
 * inside. */
static void
test_the_event_being_handled(Fixture *f, const void *data)
{
        (void)data;
        MotetSession *romeo = test_core_bind(f->core, "romeo", "attic");
        MotetSession *juliet = test_core_bind(f->core, "juliet", "balcony");
        test_core_module(f->core, f->core->host, hooks);
        test_session_receive(romeo, "<message to='juliet@example.org/balcony'/>");

        assert_about_session(f, "stanza", romeo);
        assert_about_session(f, "nobody named", romeo);
        assert_about_session(f, "receiver", juliet);
        assert_about_session(f, "session-unbound", juliet);
        assert_about_session(f, "after", romeo);
        assert_about(f, "worker", "");
        motet_info("outside");
        assert_about(f, "outside", "");
}

/* Before there is an account, or even a host. */
static void
test_strangers(Fixture *f, const void *data)
{
        static const MotetHook server_hooks[] = {
                MOTET_ON_SESSION("session-created", say_created, MOTET_PRIO_NORMAL),
                {0},
        };
        static const MotetHook host_hooks[] = {
                MOTET_ON_FEATURES("stream-features", say_features, MOTET_PRIO_NORMAL),
                {0},
        };

        (void)data;
        test_core_module(f->core, NULL, server_hooks);
        test_core_module(f->core, f->core->host, host_hooks);
        MotetSession *session = test_session_new(&f->core->server);
        test_session_open(session, "example.org");

        assert_about(f, "created", "");
        g_autofree char *about = g_strdup_printf(",\"host\":\"example.org\",\"session\":\"%s\"",
                                                 motet_session_id(session));
        assert_about(f, "features", about);
}

/* Outside of events the module that runs tells the host. */
static void
test_timers(Fixture *f, const void *data)
{
        (void)data;
        MotetModule *module = test_core_module(f->core, f->core->other, NULL);
        motet_timer_add(module, NULL, G_TIME_SPAN_SECOND, say_time, NULL);
        test_core_advance(f->core, G_TIME_SPAN_SECOND);

        assert_about(f, "timer", ",\"host\":\"example.net\"");
}

#define ADD(path, func) g_test_add("/log_session/" path, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        ADD("the-event-being-handled", test_the_event_being_handled);
        ADD("strangers", test_strangers);
        ADD("timers", test_timers);
        return g_test_run();
}
