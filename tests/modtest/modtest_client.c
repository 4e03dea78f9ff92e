/*
 * modtest_client: clients of the server under test, and what they receive.
 */
#include <motet/error.h>
#include <motet/jid.h>

#include "modtest/modtest_private.h"

typedef struct {
        bool has_ended;
        MotetCondition condition;
        char *text;
} Binding;

/* Connecting */

MotetSession *
modtest_connect(Modtest *test)
{
        return test_server_connect(modtest_server(test, "modtest_connect", 0));
}

static void
open_stream(MotetSession *session, const char *domain, const char *file, int line)
{
        g_autofree char *header = test_session_header(domain);

        test_session_receive(session, header);
        g_autofree char *sent = test_session_take_sent(session);
        if (session->notopen)
                modtest_fail(file, line, "no stream to %s can be opened: %s", domain, sent);
}

MotetSession *
modtest_open_at(Modtest *test, const char *domain, const char *file, int line)
{
        MotetSession *session = test_server_connect(modtest_server(test, file, line));

        if (!session)
                modtest_fail(file, line, "the connection was refused");
        open_stream(session, domain, file, line);
        return session;
}

/* Returns: (own) */
static MotetJid *
parse_jid(const char *text, bool wants_resource, const char *file, int line)
{
        MotetJid *jid = motet_jid_new(text);

        if (!jid || !motet_jid_local(jid) || (motet_jid_resource(jid) != NULL) != wants_resource)
                modtest_fail(file, line, "\"%s\" is not like %s", text,
                             wants_resource ? "romeo@example.org/orchard" : "romeo@example.org");
        return jid;
}

static MotetSession *
log_in(Modtest *test, const MotetJid *jid, const char *file, int line)
{
        MotetSession *session = modtest_open_at(test, motet_jid_domain(jid), file, line);

        motet_session_authenticate(session, motet_jid_local(jid));
        motet_session_restart(session);
        open_stream(session, motet_jid_domain(jid), file, line);
        return session;
}

MotetSession *
modtest_login_at(Modtest *test, const char *bare_jid, const char *file, int line)
{
        g_autoptr(MotetJid) jid = parse_jid(bare_jid, false, file, line);

        return log_in(test, jid, file, line);
}

static void
end_binding(MotetSession *session, MotetCondition condition, const char *text, void *data)
{
        Binding *binding = data;

        (void)session;
        binding->has_ended = true;
        binding->condition = condition;
        binding->text = g_strdup(text);
}

MotetSession *
modtest_bind_at(Modtest *test, const char *full_jid, const char *file, int line)
{
        g_autoptr(MotetJid) jid = parse_jid(full_jid, true, file, line);
        MotetSession *session = log_in(test, jid, file, line);
        Binding binding = {.has_ended = false};

        motet_session_bind(session, motet_jid_resource(jid), end_binding, &binding);
        test_server_settle(test->server);
        g_autofree char *text = binding.text;
        if (!binding.has_ended)
                modtest_fail(file, line, "%s: a module waits in pre-session-bind", full_jid);
        if (binding.condition != MOTET_CONDITION_NONE)
                modtest_fail(file, line, "%s was not bound: %s: %s", full_jid,
                             motet_condition_name(binding.condition), text ? text : "");
        g_free(test_session_take_sent(session));
        return session;
}

/* Speaking */

void
modtest_send(MotetSession *session, const char *xml)
{
        test_session_receive(session, xml);
}

void
modtest_lose(MotetSession *session)
{
        test_session_lose(session);
}

char *
modtest_take_received(MotetSession *session)
{
        return test_session_take_sent(session);
}

void
modtest_assert_received_at(MotetSession *session, const char *xml, const char *file, int line)
{
        modtest_fail_if(test_check_sent(session, xml), file, line);
}

void
modtest_assert_received_nothing_at(MotetSession *session, const char *file, int line)
{
        modtest_fail_if(test_check_sent_nothing(session), file, line);
}

void
modtest_assert_closed_at(MotetSession *session, const char *file, int line)
{
        modtest_fail_if(test_check_closed(session), file, line);
}

void
modtest_assert_stream_error_at(MotetSession *session, const char *condition, const char *file,
                               int line)
{
        modtest_fail_if(test_check_stream_error(session, condition), file, line);
}
