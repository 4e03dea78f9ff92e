/*
 * Tests of the presence module: RFC 6121 section 4. Subscriptions have a test of their own.
 */
#include <motet/service-presence.h>

#include "support/test_im.h"

#define JULIET "juliet@example.org"
#define ROMEO "romeo@example.net"

/* 4.2.2: initial presence */
static void
test_initial(void)
{
        g_autoptr(TestServer) server = test_im_new();
        test_remote_connect(server);
        MotetSession *juliet = test_im_bind_interested(server, JULIET "/balcony");
        test_im_come_to(server, juliet, ROMEO, BOTH);
        g_assert_null(juliet->presence);

        test_session_receive(
                juliet, "<presence id='i'><status>Here</status><priority>7</priority></presence>");

        g_assert_nonnull(juliet->presence);
        g_assert_cmpint(juliet->priority, ==, 7);
        test_assert_sent(juliet,
                         "<presence from='" JULIET "/balcony' to='" JULIET "/balcony' id='i'>"
                         "<status>Here</status><priority>7</priority></presence>");
        test_assert_sent_nothing(juliet);
        test_assert_remote("<presence from='" JULIET "/balcony' to='" ROMEO "' id='i'>"
                           "<status>Here</status><priority>7</priority></presence>");
        test_assert_remote("<presence from='" JULIET "/balcony' to='" ROMEO "' type='probe'/>");
        test_assert_remote_nothing();
}

typedef struct {
        unsigned state;
        bool is_told, is_probed;
} Reach;

/* 4.2.2, 4.3.1: only who may see is told, only who may be seen is asked. */
static const Reach reaches[] = {
        {NONE, false, false},        {NONE_OUT, false, false}, {NONE_IN, false, false},
        {NONE_OUT_IN, false, false}, {TO, false, true},        {TO_IN, false, true},
        {FROM, true, false},         {FROM_OUT, true, false},  {BOTH, true, true},
};

static void
test_reach(const void *data)
{
        const Reach *reach = data;
        g_autoptr(TestServer) server = test_im_new();
        test_remote_connect(server);
        MotetSession *juliet = test_im_bind_interested(server, JULIET "/balcony");
        test_im_come_to(server, juliet, ROMEO, reach->state);

        test_session_receive(juliet, "<presence/>");
        if (reach->is_told)
                test_assert_remote("<presence from='" JULIET "/balcony' to='" ROMEO "'/>");
        if (reach->is_probed)
                test_assert_remote("<presence from='" JULIET "/balcony' to='" ROMEO
                                   "' type='probe'/>");
        test_assert_remote_nothing();
        test_session_receive(juliet, "<presence><show>dnd</show></presence>");
        if (reach->is_told)
                test_assert_remote("<presence from='" JULIET "/balcony' to='" ROMEO
                                   "'><show>dnd</show></presence>");
        test_assert_remote_nothing();
        test_session_receive(juliet,
                             "<presence type='unavailable'><status>Bye</status></presence>");
        if (reach->is_told)
                test_assert_remote("<presence from='" JULIET "/balcony' to='" ROMEO
                                   "' type='unavailable'><status>Bye</status></presence>");
        test_assert_remote_nothing();
        g_assert_null(juliet->presence);
}

/* 4.2.2: a user's resources see each other. */
static void
test_own_resources(void)
{
        g_autoptr(TestServer) server = test_im_new();
        MotetSession *balcony = test_im_bind_available(server, JULIET "/balcony");
        MotetSession *idle = test_im_bind_interested(server, JULIET "/idle");
        MotetSession *chamber = test_im_bind_interested(server, JULIET "/chamber");

        test_session_receive(chamber, "<presence/>");
        test_assert_sent(chamber, "<presence from='" JULIET "/chamber' to='" JULIET "/chamber'/>");
        test_assert_sent(chamber, "<presence from='" JULIET "/balcony' to='" JULIET "/chamber'/>");
        test_assert_sent_nothing(chamber);
        test_assert_sent(balcony, "<presence from='" JULIET "/chamber' to='" JULIET "/balcony'/>");

        test_session_receive(chamber, "<presence type='unavailable'/>");
        test_assert_sent(chamber,
                         "<presence from='" JULIET "/chamber' to='*' type='unavailable'/>");
        test_assert_sent(balcony,
                         "<presence from='" JULIET "/chamber' to='*' type='unavailable'/>");
        test_assert_sent_nothing(chamber);
        test_assert_sent_nothing(balcony);
        test_assert_sent_nothing(idle);
}

/* 4.2, 4.5: connected, available, unavailable, gone. */
static void
test_local_contacts(void)
{
        g_autoptr(TestServer) server = test_im_new();
        MotetSession *juliet = test_im_bind_available(server, "juliet@example.org/balcony");
        MotetSession *romeo = test_im_bind_available(server, "romeo@example.org/orchard");
        test_im_befriend(juliet, romeo);
        test_session_receive(romeo, "<presence type='unavailable'/>");
        test_im_forget(romeo);
        test_assert_sent(juliet,
                         "<presence from='romeo@example.org/orchard' to='*' type='unavailable'/>");

        test_session_receive(romeo, "<presence><show>chat</show></presence>");
        test_assert_sent(
                juliet,
                "<presence from='romeo@example.org/orchard' to='*'><show>chat</show></presence>");
        test_assert_sent_nothing(juliet);
        test_assert_sent(
                romeo,
                "<presence from='romeo@example.org/orchard' to='*'><show>chat</show></presence>");
        test_assert_sent(romeo, "<presence from='juliet@example.org/balcony' to='*'/>");
        test_assert_sent_nothing(romeo);

        test_im_lose(server, romeo);
        test_assert_sent(juliet,
                         "<presence from='romeo@example.org/orchard' to='*' type='unavailable'/>");
        test_assert_sent_nothing(juliet);
}

/* 4.5.2: a resource that was never available is not declared unavailable. */
static void
test_lost_without_presence(void)
{
        g_autoptr(TestServer) server = test_im_new();
        MotetSession *juliet = test_im_bind_available(server, "juliet@example.org/balcony");
        MotetSession *romeo = test_im_bind_available(server, "romeo@example.org/orchard");
        test_im_befriend(juliet, romeo);
        MotetSession *silent = test_server_bind(server, "romeo@example.org/silent");
        MotetSession *stage = test_im_bind_available(server, "romeo@example.org/stage");
        test_im_forget(juliet);
        test_im_forget(romeo);
        test_im_forget(stage);

        test_im_lose(server, silent);

        test_assert_sent_nothing(juliet);
        test_assert_sent_nothing(romeo);
        test_assert_sent_nothing(stage);
}

/* 4.7.2.3 */

typedef struct {
        const char *name;
        const char *xml; /* the priority */
        int priority;    /* or REFUSED */
} PriorityRow;

enum { REFUSED = 1000 };

static const PriorityRow priorities[] = {
        {"none", "", 0},
        {"zero", "<priority>0</priority>", 0},
        {"lowest", "<priority>-128</priority>", -128},
        {"highest", "<priority>127</priority>", 127},
        {"space-around", "<priority> 5\n</priority>", 5},
        {"below", "<priority>-129</priority>", REFUSED},
        {"above", "<priority>128</priority>", REFUSED},
        {"empty", "<priority/>", REFUSED},
        {"word", "<priority>high</priority>", REFUSED},
        {"fraction", "<priority>1.5</priority>", REFUSED},
        {"rest", "<priority>1 2</priority>", REFUSED},
        {"overflow", "<priority>18446744073709551617</priority>", REFUSED},
        {"two", "<priority>1</priority><priority>1</priority>", REFUSED},
};

static void
test_priority(const void *data)
{
        const PriorityRow *row = data;
        g_autoptr(TestServer) server = test_im_new();
        MotetSession *juliet = test_im_bind_interested(server, JULIET "/balcony");
        g_autofree char *presence = g_strdup_printf("<presence id='p'>%s</presence>", row->xml);

        test_session_receive(juliet, presence);

        if (row->priority == REFUSED) {
                test_assert_sent(juliet,
                                 "<presence type='error' id='p' to='*'><error type='modify'>"
                                 "<bad-request xmlns='" NS_STANZAS "'/></error></presence>");
                g_assert_null(juliet->presence);
        } else {
                g_assert_nonnull(juliet->presence);
                g_assert_cmpint(juliet->priority, ==, row->priority);
        }
}

/* 4.7.1: a type that is none of RFC 6121's is refused, wherever it goes; so is a subscription's
 * without a contact. */

typedef struct {
        const char *name;
        const char *type;
        const char *to; /* or NULL */
} TypeRow;

static const TypeRow bad_types[] = {
        {"unknown/broadcast", "invisible", NULL},
        {"unknown/bare", "invisible", "romeo@example.org"},
        {"unknown/full", "available", "romeo@example.org/orchard"},
        {"subscription/broadcast", "subscribe", NULL},
        {"subscription/own-account", "subscribed", JULIET},
        {"subscription/own-resource", "subscribe", JULIET "/chamber"},
};

static void
test_bad_type(const void *data)
{
        const TypeRow *row = data;
        g_autoptr(TestServer) server = test_im_new();
        MotetSession *juliet = test_im_bind_interested(server, JULIET "/balcony");
        g_autofree char *to = row->to ? g_strdup_printf(" to='%s'", row->to) : g_strdup("");
        g_autofree char *from = row->to ? g_strdup_printf(" from='%s'", row->to) : g_strdup("");
        g_autofree char *stanza = g_strdup_printf("<presence id='p' type='%s'%s/>", row->type, to);
        g_autofree char *error =
                g_strdup_printf("<presence type='error' id='p' to='*'%s><error type='modify'>"
                                "<bad-request xmlns='" NS_STANZAS "'/></error></presence>",
                                from);

        test_session_receive(juliet, stanza);

        test_assert_sent(juliet, error);
        test_assert_sent_nothing(juliet);
}

/* 4.6: directed presence */

static void
test_directed(void)
{
        g_autoptr(TestServer) server = test_im_new();
        test_remote_connect(server);
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");

        test_session_receive(
                juliet,
                "<presence to='room@muc.example.net/J'/><presence to='other@example.net'/>");
        test_assert_remote("<presence from='" JULIET "/balcony' to='room@muc.example.net/J'/>");
        test_assert_remote("<presence from='" JULIET "/balcony' to='other@example.net'/>");
        g_assert_nonnull(juliet->presence);

        /* 4.6.3: a change is not for them, the end is; but not after an unavailable of their
         * own. */
        test_session_receive(juliet, "<presence><show>away</show></presence>");
        test_assert_remote_nothing();
        test_session_receive(juliet, "<presence to='other@example.net' type='unavailable'/>");
        test_assert_remote("<presence from='" JULIET
                           "/balcony' to='other@example.net' type='unavailable'/>");
        test_session_receive(juliet,
                             "<presence type='unavailable'><status>Bye</status></presence>");
        test_assert_remote("<presence from='" JULIET
                           "/balcony' to='room@muc.example.net/J' type='unavailable'>"
                           "<status>Bye</status></presence>");
        test_assert_remote_nothing();

        /* Once is enough. */
        test_im_lose(server, juliet);
        test_assert_remote_nothing();
}

/* 4.6.3: also when the connection is lost, and without ever having been available. */
static void
test_directed_lost(void)
{
        g_autoptr(TestServer) server = test_im_new();
        test_remote_connect(server);
        MotetSession *juliet = test_im_bind_interested(server, JULIET "/balcony");
        test_session_receive(juliet, "<presence to='room@muc.example.net/J'/>");
        test_remote_forget();

        test_im_lose(server, juliet);

        test_assert_remote("<presence from='" JULIET
                           "/balcony' to='room@muc.example.net/J' type='unavailable'/>");
        test_assert_remote_nothing();
}

/* 4.6.3: the same of the user's own resources, which are told once. */
static void
test_directed_to_own(void)
{
        g_autoptr(TestServer) server = test_im_new();
        MotetSession *chamber = test_im_bind_available(server, JULIET "/chamber");
        MotetSession *balcony = test_im_bind_interested(server, JULIET "/balcony");

        test_session_receive(balcony, "<presence to='" JULIET "'/>");
        test_assert_sent(chamber, "<presence from='" JULIET "/balcony' to='*'/>");
        test_session_receive(balcony, "<presence/>");
        test_im_forget(chamber);
        test_session_receive(balcony, "<presence type='unavailable'/>");
        test_assert_sent(chamber,
                         "<presence from='" JULIET "/balcony' to='*' type='unavailable'/>");
        test_assert_sent_nothing(chamber);

        test_session_receive(balcony, "<presence to='" JULIET "'/>");
        test_im_forget(chamber);
        test_im_lose(server, balcony);

        test_assert_sent(chamber,
                         "<presence from='" JULIET "/balcony' to='*' type='unavailable'/>");
        test_assert_sent_nothing(chamber);
}

/* A contact that is told by the broadcast is not told twice. */
static void
test_directed_to_subscriber(void)
{
        g_autoptr(TestServer) server = test_im_new();
        test_remote_connect(server);
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
        test_im_come_to(server, juliet, ROMEO, FROM);
        test_session_receive(juliet, "<presence to='" ROMEO "/orchard'><show>xa</show></presence>");
        test_remote_forget();

        test_session_receive(juliet, "<presence type='unavailable'/>");

        test_assert_remote("<presence from='" JULIET "/balcony' to='" ROMEO
                           "' type='unavailable'/>");
        test_assert_remote_nothing();
}

/* Who answers with an error is not told of the end. */
static void
test_directed_refused(void)
{
        g_autoptr(TestServer) server = test_im_new();
        test_remote_connect(server);
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
        test_session_receive(juliet, "<presence to='room@muc.example.net/J' id='j'/>");
        test_remote_forget();

        test_remote_receive(
                server,
                "<presence from='room@muc.example.net/J' to='" JULIET
                "/balcony' type='error' id='j'><error type='cancel'><conflict xmlns='" NS_STANZAS
                "'/></error></presence>");
        test_assert_sent(juliet,
                         "<presence from='room@muc.example.net/J' to='*' type='error' id='j'>"
                         "<error type='cancel'><conflict xmlns='" NS_STANZAS
                         "'/></error></presence>");
        test_session_receive(juliet, "<presence type='unavailable'/>");

        test_assert_remote_nothing();
}

static void
test_directed_limit(void)
{
        g_autoptr(TestServer) server = test_server_new_yaml(
                "storage_memory: {}\nroster: {}\npresence:\n  options:\n    max_directed: 2\n");
        test_remote_connect(server);
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
        test_session_receive(juliet,
                             "<presence to='a@example.net'/><presence to='b@example.net'/>");
        test_remote_forget();

        test_session_receive(juliet, "<presence to='c@example.net' id='p'/>");
        test_assert_sent(
                juliet,
                "<presence type='error' id='p' to='*' from='c@example.net'><error type='wait'>"
                "<resource-constraint xmlns='" NS_STANZAS "'/></error></presence>");
        test_assert_remote_nothing();

        test_session_receive(juliet, "<presence to='b@example.net'><show>xa</show></presence>");
        test_assert_remote("<presence from='" JULIET
                           "/balcony' to='b@example.net'><show>xa</show></presence>");
        test_session_receive(
                juliet,
                "<presence to='a@example.net' type='unavailable'/><presence to='c@example.net'/>");
        test_assert_remote("<presence from='" JULIET
                           "/balcony' to='a@example.net' type='unavailable'/>");
        test_assert_remote("<presence from='" JULIET "/balcony' to='c@example.net'/>");
        test_assert_sent_nothing(juliet);
}

/* 8.5.2, 8.5.3: presence for an account with the resources a (available), b (bound) or none. */

typedef struct {
        const char *name;
        const char *type; /* as attribute */
        const char *to;
        bool has_sessions;
        bool for_a, for_b;
} DeliveryRow;

static const DeliveryRow deliveries[] = {
        {"available/bare", "", JULIET, true, true, false},
        {"available/full-available", "", JULIET "/a", true, true, false},
        {"available/full-bound", "", JULIET "/b", true, false, true},
        {"available/full-unmatched", "", JULIET "/c", true, false, false},
        {"available/bare-without-sessions", "", JULIET, false, false, false},
        {"available/full-without-sessions", "", JULIET "/a", false, false, false},
        {"unavailable/bare", "type='unavailable'", JULIET, true, true, false},
        {"unavailable/full-available", "type='unavailable'", JULIET "/a", true, true, false},
        {"unavailable/full-bound", "type='unavailable'", JULIET "/b", true, false, true},
        {"unavailable/full-unmatched", "type='unavailable'", JULIET "/c", true, false, false},
        {"unavailable/bare-without-sessions", "type='unavailable'", JULIET, false, false, false},
        {"unavailable/full-without-sessions", "type='unavailable'", JULIET "/a", false, false,
         false},
        {"error/bare", "type='error'", JULIET, true, true, false},
        {"error/full-available", "type='error'", JULIET "/a", true, true, false},
        {"error/full-bound", "type='error'", JULIET "/b", true, false, true},
        {"error/full-unmatched", "type='error'", JULIET "/c", true, false, false},
        {"error/bare-without-sessions", "type='error'", JULIET, false, false, false},
        {"error/full-without-sessions", "type='error'", JULIET "/a", false, false, false},
};

static void
test_delivery(const void *data)
{
        const DeliveryRow *row = data;
        g_autoptr(TestServer) server = test_im_new();
        test_remote_connect(server);
        MotetSession *a = row->has_sessions ? test_im_bind_available(server, JULIET "/a") : NULL;
        MotetSession *b = row->has_sessions ? test_im_bind_interested(server, JULIET "/b") : NULL;
        g_autofree char *stanza = g_strdup_printf(
                "<presence from='" ROMEO "/o' to='%s' id='p' %s/>", row->to, row->type);
        g_autofree char *delivered =
                g_strdup_printf("<presence from='" ROMEO "/o' to='*' id='p' %s/>", row->type);

        test_remote_receive(server, stanza);

        if (row->for_a)
                test_assert_sent(a, delivered);
        if (row->for_b)
                test_assert_sent(b, delivered);
        if (row->has_sessions) {
                test_assert_sent_nothing(a);
                test_assert_sent_nothing(b);
        }
        test_assert_remote_nothing();
}

/* 4.3.2: probes */

static void
probe(TestServer *server, const char *from, const char *to)
{
        g_autofree char *stanza =
                g_strdup_printf("<presence from='%s' to='%s' type='probe'/>", from, to);

        test_remote_receive(server, stanza);
}

static void
test_probe_answered(void)
{
        g_autoptr(TestServer) server = test_im_new();
        test_remote_connect(server);
        MotetSession *juliet = test_im_bind_interested(server, JULIET "/balcony");
        test_im_come_to(server, juliet, ROMEO, FROM);

        probe(server, ROMEO "/orchard", JULIET);
        test_assert_remote("<presence from='" JULIET "' to='" ROMEO
                           "/orchard' type='unavailable'/>");
        test_assert_remote_nothing();

        test_session_receive(juliet, "<presence><show>away</show></presence>");
        test_remote_forget();
        MotetSession *chamber = test_server_bind(server, JULIET "/chamber");
        test_session_receive(chamber, "<presence><priority>-1</priority></presence>");
        test_remote_forget();
        probe(server, ROMEO, JULIET);
        test_assert_remote("<presence from='" JULIET "/balcony' to='" ROMEO
                           "'><show>away</show></presence>");
        test_assert_remote("<presence from='" JULIET "/chamber' to='" ROMEO
                           "'><priority>-1</priority></presence>");
        test_assert_remote_nothing();
        probe(server, ROMEO, JULIET "/chamber");
        test_assert_remote("<presence from='" JULIET "/chamber' to='" ROMEO
                           "'><priority>-1</priority></presence>");
        test_assert_remote_nothing();
}

/* 4.3.2: who may not see learns only that, of an account that is there, is away, or does not
 * exist. */
static void
test_probe_refused(void)
{
        g_autoptr(TestServer) server = test_im_new();
        test_remote_connect(server);
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");

        probe(server, ROMEO "/orchard", JULIET);
        test_assert_remote("<presence from='" JULIET "' to='" ROMEO "' type='unsubscribed'/>");
        probe(server, ROMEO "/orchard", "nurse@example.org");
        test_assert_remote("<presence from='nurse@example.org' to='" ROMEO
                           "' type='unsubscribed'/>");
        test_assert_remote_nothing();
        test_assert_sent_nothing(juliet);
}

/* 4.3.2: an account without sessions is answered from storage. */
static void
test_probe_offline(void)
{
        g_autoptr(TestServer) server = test_im_new();
        test_remote_connect(server);
        MotetSession *juliet = test_im_bind_interested(server, JULIET "/balcony");
        test_im_come_to(server, juliet, ROMEO, FROM);
        test_im_lose(server, juliet);

        probe(server, ROMEO "/orchard", JULIET);

        test_assert_remote("<presence from='" JULIET "' to='" ROMEO
                           "/orchard' type='unavailable'/>");
        test_assert_remote_nothing();
}

/* Events for other modules */

static GString *events;

static MotetResult
note_event(MotetModule *self, MotetCustomEvent *ev)
{
        const MotetPresenceChange *change = ev->data;

        (void)self;
        g_string_append_printf(events, "%s %d->%d; ", ev->event.name,
                               change->was_available ? change->old_priority : 999,
                               change->session->presence ? change->session->priority : 999);
        return MOTET_CONTINUE;
}

static void
test_events(void)
{
        static const MotetHook hooks[] = {
                MOTET_ON_CUSTOM(MOTET_EVENT_PRESENCE_INITIAL, note_event, MOTET_PRIO_NORMAL),
                MOTET_ON_CUSTOM(MOTET_EVENT_PRESENCE_CHANGED, note_event, MOTET_PRIO_NORMAL),
                MOTET_ON_CUSTOM(MOTET_EVENT_PRESENCE_UNAVAILABLE, note_event, MOTET_PRIO_NORMAL),
        };
        g_autoptr(TestServer) server = test_im_new();
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");
        for (size_t i = 0; i < G_N_ELEMENTS(hooks); i++)
                test_server_hook(server, &hooks[i]);
        events = g_string_new(NULL);

        test_session_receive(juliet, "<presence type='unavailable'/>");
        test_session_receive(juliet, "<presence><priority>-1</priority></presence>");
        test_session_receive(juliet, "<presence><priority>5</priority></presence>");
        test_session_receive(juliet, "<presence type='unavailable'/>");

        g_assert_cmpstr(
                events->str, ==,
                "presence-initial 999->-1; presence-changed -1->5; presence-unavailable 5->999; ");
        g_string_free(events, TRUE);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        g_test_add_func("/presence/initial", test_initial);
        for (size_t i = 0; i < G_N_ELEMENTS(reaches); i++) {
                g_autofree char *path = g_strconcat("/presence/broadcast/",
                                                    test_im_state_name(reaches[i].state), NULL);
                g_test_add_data_func(path, &reaches[i], test_reach);
        }
        g_test_message("%zu rows of sections 4.2.2 and 4.3.1, who is told and who is asked",
                       G_N_ELEMENTS(reaches));
        g_test_add_func("/presence/own-resources", test_own_resources);
        g_test_add_func("/presence/local-contacts", test_local_contacts);
        g_test_add_func("/presence/lost-without-presence", test_lost_without_presence);
        for (size_t i = 0; i < G_N_ELEMENTS(priorities); i++) {
                g_autofree char *path =
                        g_strconcat("/presence/priority/", priorities[i].name, NULL);
                g_test_add_data_func(path, &priorities[i], test_priority);
        }
        g_test_message("%zu rows of section 4.7.2.3, priority", G_N_ELEMENTS(priorities));
        for (size_t i = 0; i < G_N_ELEMENTS(bad_types); i++) {
                g_autofree char *path = g_strconcat("/presence/type/", bad_types[i].name, NULL);
                g_test_add_data_func(path, &bad_types[i], test_bad_type);
        }
        g_test_message("%zu rows of section 4.7.1, bad types", G_N_ELEMENTS(bad_types));
        g_test_add_func("/presence/directed/told-of-the-end", test_directed);
        g_test_add_func("/presence/directed/connection-lost", test_directed_lost);
        g_test_add_func("/presence/directed/own-resources", test_directed_to_own);
        g_test_add_func("/presence/directed/subscriber-once", test_directed_to_subscriber);
        g_test_add_func("/presence/directed/refused", test_directed_refused);
        g_test_add_func("/presence/directed/limit", test_directed_limit);
        for (size_t i = 0; i < G_N_ELEMENTS(deliveries); i++) {
                g_autofree char *path =
                        g_strconcat("/presence/delivery/", deliveries[i].name, NULL);
                g_test_add_data_func(path, &deliveries[i], test_delivery);
        }
        g_test_message("%zu rows of section 8.5, presence", G_N_ELEMENTS(deliveries));
        g_test_add_func("/presence/probe/answered", test_probe_answered);
        g_test_add_func("/presence/probe/refused", test_probe_refused);
        g_test_add_func("/presence/probe/offline", test_probe_offline);
        g_test_add_func("/presence/events", test_events);

        return g_test_run();
}
