/*
 * Tests of replacing the code of modules while users are there: nothing is cut off, and what one
 * instance knows and no storage has, the next one knows.
 */
#include "core/module.h"
#include "support/module_folder.h"
#include "support/modules/faults.h"
#include "support/offline_kit.h"

#define NS_BLOCKING "urn:xmpp:blocking"
#define MODULES                                                                                    \
        "storage_memory: , faulty_storage: , roster: , presence: , message: , offline: , "         \
        "blocking: "
#define PATIENCE (60 * G_TIME_SPAN_SECOND)

/* Romeo and juliet are on one host, and see each other. */
typedef struct {
        ModuleFolder *folder;
        TestServer *server;
        MotetSession *romeo, *juliet;
        const char *replacing; /* NULL: done */
} House;

/* In steps, so that each request to the storage takes its time. */
static void
pass(House *house, GTimeSpan time)
{
        for (int i = 0; i < 10; i++)
                test_server_advance(house->server, time / 10);
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

/* As test_server_bind(), on a disk that takes its time. */
static MotetSession *
bind_as(House *house, const char *full_jid)
{
        g_autoptr(MotetJid) jid = motet_jid_new(full_jid);
        MotetSession *session = test_server_login(house->server, motet_jid_bare(jid));
        bool is_bound = false;

        motet_session_bind(session, motet_jid_resource(jid), on_bound, &is_bound);
        pass(house, G_TIME_SPAN_SECOND);
        g_assert_true(is_bound);
        test_im_forget(session);
        return session;
}

static MotetSession *
come(House *house, const char *full_jid)
{
        MotetSession *session = bind_as(house, full_jid);

        test_session_receive(session, "<iq type='get' id='g'><query xmlns='" NS_ROSTER
                                      "'/></iq><presence/>");
        pass(house, G_TIME_SPAN_SECOND);
        test_im_forget(session);
        return session;
}

static void
house_init(House *house)
{
        g_autofree char *shipped = g_build_filename(g_getenv("MOTET_TEST_BUILD"), "modules", NULL);
        g_autofree char *ours =
                g_build_filename(g_getenv("MOTET_TEST_BUILD"), "test_modules", NULL);
        const char *const folders[] = {shipped, ours, NULL};
        g_autoptr(GError) error = NULL;

        house->folder = module_folder_new(folders, &error);
        g_assert_no_error(error);
        g_autofree char *config = g_strdup_printf("modules_dir: %s\n"
                                                  "storage: {default: faulty}\n"
                                                  "modules: {" MODULES "}",
                                                  module_folder_path(house->folder));
        house->server = test_server_new_config(config);
        house->romeo = come(house, ROMEO "/orchard");
        house->juliet = come(house, JULIET "/balcony");
        test_im_forget(house->romeo);
}

static void
house_clear(House *house)
{
        test_server_free(house->server);
        module_folder_free(house->folder);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(House, house_clear)

static void
befriend(House *house)
{
        test_session_receive(house->romeo, "<presence type='subscribe' to='" JULIET "'/>");
        pass(house, G_TIME_SPAN_SECOND);
        test_session_receive(house->juliet, "<presence type='subscribed' to='" ROMEO "'/>");
        pass(house, G_TIME_SPAN_SECOND);
        test_session_receive(house->juliet, "<presence type='subscribe' to='" ROMEO "'/>");
        pass(house, G_TIME_SPAN_SECOND);
        test_session_receive(house->romeo, "<presence type='subscribed' to='" JULIET "'/>");
        pass(house, G_TIME_SPAN_SECOND);
        test_im_forget(house->romeo);
        test_im_forget(house->juliet);
}

static void
set_disk(House *house, bool fails, GTimeSpan delay)
{
        const FaultsPlan plan = {.failures = fails ? 1000 : 0, .delay = delay};
        MotetModule *provider = NULL;
        const FaultsService *faults =
                motet_service(test_server_host(house->server), "faults", &provider);

        faults->set_plan(provider, &plan);
}

static void
on_idle(void *data, const GError *busy)
{
        House *house = data;
        g_autoptr(GError) error = NULL;
        g_autoptr(ReloadPlan) plan = plan_new();
        Server *server = test_server_core(house->server);

        g_assert_no_error(busy);
        g_assert_true(module_folder_renew(house->folder, house->replacing, &error));
        g_assert_true(modules_replace(server_modules(server), server_config(server),
                                      house->replacing, NULL, plan, &error));
        g_assert_no_error(error);
        house->replacing = NULL;
}

/* Begins to replace the code of @name, as soon as nothing of it is under way. */
static void
replace(House *house, const char *name)
{
        house->replacing = name;
        modules_when_idle(server_modules(test_server_core(house->server)), name, NULL, PATIENCE,
                          on_idle, house);
        test_server_settle(house->server);
}

static void
replace_now(House *house, const char *name)
{
        replace(house, name);
        g_assert_null(house->replacing);
}

/* RFC 6121 3.1.6: presence that waits for the receiver's roster is delivered: what one module asked
 * of another is under way for both. */
static void
test_presence_that_waits_is_delivered(void)
{
        g_auto(House) house = {0};
        house_init(&house);
        set_disk(&house, false, 10 * G_TIME_SPAN_SECOND);
        test_session_receive(house.juliet, "<iq type='set' id='s'><query xmlns='" NS_ROSTER "'>"
                                           "<item jid='nurse@example.net'/></query></iq>");
        test_session_receive(house.romeo, "<presence to='" JULIET "'/>");

        replace(&house, "presence");
        g_assert_nonnull(house.replacing);
        pass(&house, PATIENCE);

        g_assert_null(house.replacing);
        g_autofree char *sent = test_session_take_sent(house.juliet);
        g_assert_nonnull(strstr(sent, "from='" ROMEO "/orchard'"));
}

/* RFC 6121 3.1.3: a subscription that is being written is told before the code is replaced. */
static void
test_a_subscription_is_told(void)
{
        g_auto(House) house = {0};
        house_init(&house);
        set_disk(&house, false, 10 * G_TIME_SPAN_SECOND);
        test_session_receive(house.romeo, "<presence type='subscribe' to='" JULIET "'/>");

        replace(&house, "presence");
        g_assert_nonnull(house.replacing);
        pass(&house, PATIENCE);

        g_assert_null(house.replacing);
        test_assert_sent(house.juliet, "<presence type='subscribe' from='" ROMEO "' to='*'/>");
}

/* RFC 6121 4.6.3: whoever was told directly is told of the end, by newer code too. */
static void
test_the_end_of_directed_presence_is_told(void)
{
        g_auto(House) house = {0};
        house_init(&house);
        test_session_receive(house.romeo, "<presence to='" JULIET "'/>");
        test_assert_sent(house.juliet, "<presence from='" ROMEO "/orchard' to='*'/>");

        replace_now(&house, "presence");
        test_session_receive(house.romeo, "<presence type='unavailable'/>");
        pass(&house, G_TIME_SPAN_SECOND);

        test_assert_sent(house.juliet,
                         "<presence type='unavailable' from='" ROMEO "/orchard' to='*'/>");
}

/* RFC 6121 4.4.2: newer code of the roster knows it before the storage has told it. */
static void
test_presence_finds_the_roster(void)
{
        g_auto(House) house = {0};
        house_init(&house);
        befriend(&house);
        set_disk(&house, true, 10 * G_TIME_SPAN_SECOND);

        replace_now(&house, "roster");
        test_session_receive(house.romeo, "<presence><show>away</show></presence>");

        test_assert_sent(house.juliet,
                         "<presence from='" ROMEO "/orchard' to='*'><show>away</show></presence>");
        g_assert_cmphex(test_im_state(house.server, "romeo", JULIET) & MOTET_ROSTER_BOTH, ==,
                        MOTET_ROSTER_BOTH);
}

static void
block(House *house)
{
        test_session_receive(house->juliet,
                             "<iq type='get' id='l'><blocklist xmlns='" NS_BLOCKING "'/></iq>"
                             "<iq type='set' id='b'><block xmlns='" NS_BLOCKING
                             "'><item jid='" ROMEO "'/></block></iq>");
        pass(house, G_TIME_SPAN_SECOND);
        test_im_forget(house->juliet);
        test_im_forget(house->romeo);
}

/* XEP-0191 3.3: the list is in force at once; and 3.5: who asked for it is told of changes. */
static void
test_block_lists_stay_in_force(void)
{
        g_auto(House) house = {0};
        house_init(&house);
        block(&house);
        set_disk(&house, true, 10 * G_TIME_SPAN_SECOND);

        replace_now(&house, "blocking");
        test_session_receive(house.romeo, "<message to='" JULIET "' id='1'/>");

        test_assert_sent(house.romeo, "<message type='error' from='" JULIET "' to='*' id='1'>"
                                      "<error type='cancel'><service-unavailable xmlns='" NS_STANZAS
                                      "'/></error></message>");
        pass(&house, PATIENCE);
        set_disk(&house, false, 0);
        test_session_receive(house.juliet, "<iq type='set' id='u'><unblock xmlns='" NS_BLOCKING
                                           "'><item jid='" ROMEO "'/></unblock></iq>");
        pass(&house, G_TIME_SPAN_SECOND);
        test_assert_sent(house.juliet, "<iq type='result' id='u' to='*'/>");
        test_assert_sent(house.juliet, "<iq type='set' id='*' to='*'><unblock xmlns='" NS_BLOCKING
                                       "'><item jid='" ROMEO "'/></unblock></iq>");
}

/* Juliet, who has gone and comes again, is handed "m", which is not deleted since the disk
 * fails. */
static MotetSession *
hand_out(House *house)
{
        test_im_lose(house->server, house->juliet);
        test_im_forget(house->romeo);
        offline_say(house->romeo, "m");
        pass(house, G_TIME_SPAN_SECOND);
        MotetSession *juliet = bind_as(house, JULIET "/balcony");
        set_disk(house, false, 5 * G_TIME_SPAN_SECOND);
        test_session_receive(juliet, "<presence/>");
        test_assert_sent(juliet, "<presence from='*' to='*'/>");
        /* After it was read, before it is deleted. */
        g_autoptr(GString) sent = g_string_new(NULL);
        for (int i = 0; i < 10000 && sent->len == 0; i++) {
                test_server_advance(house->server, G_TIME_SPAN_MILLISECOND);
                g_autofree char *more = test_session_take_sent(juliet);
                g_string_append(sent, more);
        }
        g_assert_nonnull(strstr(sent->str, "id='m'"));
        set_disk(house, true, 0);
        pass(house, 10 * G_TIME_SPAN_SECOND);
        return juliet;
}

static void
note_count(MotetModule *self, const GError *error, uint64_t id, void *data)
{
        (void)self;
        g_assert_no_error(error);
        *(uint64_t *)data = id;
}

static uint64_t
n_kept(House *house)
{
        uint64_t n = UINT64_MAX;

        motet_store_count(offline_store(house->server), "juliet", note_count, &n);
        pass(house, G_TIME_SPAN_SECOND);
        return n;
}

/* XEP-0160 2: what was handed out and could not be deleted is not handed out again by newer code,
 * and deleted once it can be. */
static void
test_nothing_is_handed_out_twice(void)
{
        g_auto(House) house = {0};
        house_init(&house);
        MotetSession *juliet = hand_out(&house);

        replace(&house, "offline");
        pass(&house, PATIENCE);
        g_assert_null(house.replacing);
        set_disk(&house, false, 0);
        test_session_receive(juliet, "<presence type='unavailable'/><presence/>");
        pass(&house, G_TIME_SPAN_SECOND);

        g_autofree char *sent = test_session_take_sent(juliet);
        g_assert_null(strstr(sent, "id='m'"));
        pass(&house, 10 * PATIENCE);
        g_assert_cmpuint(n_kept(&house), ==, 0);
}

/* What could not be deleted is deleted later, though nobody comes. */
static void
test_deleting_is_tried_again(void)
{
        g_auto(House) house = {0};
        house_init(&house);
        MotetSession *juliet = hand_out(&house);
        test_im_lose(house.server, juliet);
        set_disk(&house, false, 0);
        g_assert_cmpuint(n_kept(&house), ==, 1);

        pass(&house, 10 * PATIENCE);

        g_assert_cmpuint(n_kept(&house), ==, 0);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/handover/presence-that-waits-is-delivered",
                        test_presence_that_waits_is_delivered);
        g_test_add_func("/handover/a-subscription-is-told", test_a_subscription_is_told);
        g_test_add_func("/handover/the-end-of-directed-presence-is-told",
                        test_the_end_of_directed_presence_is_told);
        g_test_add_func("/handover/presence-finds-the-roster", test_presence_finds_the_roster);
        g_test_add_func("/handover/block-lists-stay-in-force", test_block_lists_stay_in_force);
        g_test_add_func("/handover/nothing-is-handed-out-twice", test_nothing_is_handed_out_twice);
        g_test_add_func("/handover/deleting-is-tried-again", test_deleting_is_tried_again);
        return g_test_run();
}
