/*
 * house: see the header.
 */
#include "fuzz/house.h"

#include <motet/service-store.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

#include "core/list.h"
#include "core/sessions.h"
#include "core/xml_parser.h"
#include "core/xml_pool.h"
#include "fuzz/kept.h"
#include "fuzz/quiet.h"
#include "support/module_folder.h"
#include "support/modules/faults.h"

enum { INPUTS_MAX = 2000 }; /* of one server */

/* One a program. */
static struct {
        ModuleFolder *folder;
        TestServer *server;
        XmlPool *pool; /* of the guests */
        char *config, *other;
        unsigned n_inputs;
        size_t n_timers; /* of a server that is new */
        bool is_other, is_new;
} house;

static const char *const accounts[HOUSE_ACCOUNTS] = {"romeo", "juliet", "nurse"};

const char *
house_account(unsigned account)
{
        return accounts[account % HOUSE_ACCOUNTS];
}

/* Building */

static void
tear_down(void)
{
        g_clear_pointer(&house.server, test_server_free);
        g_clear_pointer(&house.pool, xml_pool_free);
        g_clear_pointer(&house.config, g_free);
        g_clear_pointer(&house.other, g_free);
        g_clear_pointer(&house.folder, module_folder_free);
}

static char *
make_config(const char *modules_yaml, bool is_other)
{
        return g_strdup_printf("storage:\n  default: faulty\n"
                               "modules_dir: %s\n"
                               "modules:\n%s"
                               "  storage_memory:\n  faulty_storage:\n"
                               "  ping: {options: {idle: %s}}\n%s",
                               module_folder_path(house.folder), modules_yaml,
                               is_other ? "5m" : "90s", is_other ? "" : "  time:\n");
}

static size_t
count_timers(void)
{
        return loop_n_timers(server_base(test_server_core(house.server))->loop);
}

static void
prepare(const char *modules_yaml)
{
        g_autofree char *own = g_build_filename(g_getenv("MOTET_TEST_BUILD"), "test_modules", NULL);
        const char *const folders[] = {g_getenv("MOTET_TEST_MODULES"), own, NULL};
        g_autoptr(GError) error = NULL;

        quiet_log(MOTET_LOG_DEBUG);
        house.folder = module_folder_new(folders, &error);
        g_assert_no_error(error);
        house.pool = xml_pool_new(HOUSE_GUESTS, HOUSE_GUESTS);
        house.config = make_config(modules_yaml, false);
        house.other = make_config(modules_yaml, true);
        /* What ends first began last: OpenSSL is to be there as long as workers that use it. */
        g_assert_cmpint(OPENSSL_init_ssl(0, NULL), ==, 1);
        g_assert_true(atexit(tear_down) == 0);
}

TestServer *
house_open(const char *modules_yaml, const uint8_t *bytes, size_t n)
{
        if (!house.folder)
                prepare(modules_yaml);
        if (house.n_inputs++ >= INPUTS_MAX) {
                g_clear_pointer(&house.server, test_server_free);
                house.n_inputs = 0;
        }
        house.is_new = !house.server;
        kept_add(bytes, n, house.is_new);
        if (house.is_new) {
                house.server = test_server_new_config(house.config);
                house.is_other = false;
                /* The core measures its modules for a second. */
                test_server_advance(house.server, G_TIME_SPAN_SECOND);
                house.n_timers = count_timers();
                /* A fuzzer counts in modules, also in those that are closed. */
                module_folder_keep(house.folder);
        }
        return house.server;
}

bool
house_is_new(void)
{
        return house.is_new;
}

/* What happens */

void
house_set_faults(unsigned failures, int64_t delay)
{
        const FaultsPlan plan = {.seed = 1, .failures = failures, .delay = delay};
        MotetModule *provider = NULL;
        const FaultsService *faults =
                motet_service(test_server_host(house.server), "faults", &provider);

        faults->set_plan(provider, &plan);
}

void
house_reload(void)
{
        g_autofree char *output = NULL;

        house.is_other = !house.is_other;
        if (!test_server_reload(house.server, house.is_other ? house.other : house.config, &output))
                g_error("the reload is refused: %s", output);
}

/* Guests */

static void
on_opened(void *data, MotetXml *header, const char *content_ns)
{
        (void)data, (void)content_ns;
        motet_xml_unref(header);
}

static void
on_element(void *data, MotetXml *element)
{
        (void)data;
        motet_xml_unref(element);
}

static void
on_closed(void *data)
{
        (void)data;
}

static void
on_failed(void *data, MotetCondition condition, const char *text)
{
        (void)data;
        g_error("a client is sent what is no stream: %s: %s", motet_condition_name(condition),
                text);
}

static const XmlSink sink = {on_opened, on_element, on_closed, on_failed};

/* What comes from the server is not limited by the client. */
static const MotetSessionLimits limits = {
        .stanza_bytes = 16 * 1024 * 1024,
        .depth = 1000,
        .elements = 1000000,
        .attributes = 1000,
        .namespaces = 10000,
        .name_bytes = 10000,
};

static void
listen_to(HouseGuest *guest)
{
        g_autofree char *sent = test_session_take_sent(guest->session);

        if (guest->parser)
                xml_parser_feed(guest->parser, sent, strlen(sent));
}

void
house_leave(HouseGuest *guest)
{
        if (!guest->session)
                return;
        listen_to(guest);
        test_session_lose(guest->session);
        test_session_free(guest->session);
        g_clear_pointer(&guest->parser, xml_parser_free);
        *guest = (HouseGuest){0};
}

void
house_connect(HouseGuest *guest)
{
        house_leave(guest);
        guest->session = test_server_connect(house.server);
}

void
house_receive(HouseGuest *guest, const char *bytes, size_t n)
{
        if (!guest->session || n == 0)
                return;
        if (guest->session->conn)
                conn_memory_receive(guest->session->conn, bytes, n);
        test_server_settle(house.server);
        listen_to(guest);
}

void
house_log_in(HouseGuest *guest, unsigned account)
{
        g_autofree char *header = test_session_header(HOUSE_DOMAIN);

        house_connect(guest);
        if (!guest->session)
                return;
        house_receive(guest, header, strlen(header));
        if (!motet_session_is_connected(guest->session))
                return;
        motet_session_authenticate(guest->session, house_account(account));
        motet_session_restart(guest->session);
        test_server_settle(house.server);
        listen_to(guest);
        guest->parser = xml_parser_new(house.pool, &sink, guest, &limits);
        house_receive(guest, header, strlen(header));
}

void
house_bind(HouseGuest *guest, unsigned number)
{
        g_autofree char *text = g_strdup_printf(
                "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
                "<resource>r%u</resource></bind></iq>"
                "<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq><presence/>",
                number);

        house_receive(guest, text, strlen(text));
}

/* What is left */

static void
count_instance(MotetModule *instance, void *data)
{
        unsigned *n = data;

        *n += instance_underway(instance);
}

static void
tell_instance(MotetModule *instance, void *data)
{
        unsigned n = instance_underway(instance);

        (void)data;
        if (n > 0)
                g_printerr("module %s has %u things under way\n", instance->info->name, n);
}

static bool
is_still(void)
{
        const MotetServer *base = server_base(test_server_core(house.server));
        unsigned n = 0;

        modules_foreach(server_modules(test_server_core(house.server)), count_instance, &n);
        return n == 0 && list_is_empty(&base->streams) && list_is_empty(&base->waits) &&
               sessions_count(base->sessions) == 0;
}

/* An hour is enough for every deadline; mostly it is still long before. */
static void
await_stillness(void)
{
        for (unsigned i = 0; i < 60; i++) {
                test_server_skip(house.server, G_TIME_SPAN_MINUTE);
                if (is_still())
                        return;
        }
        modules_foreach(server_modules(test_server_core(house.server)), tell_instance, NULL);
        g_error("something is left of a server that everybody has left");
}

static void
empty_accounts(void)
{
        MotetModule *owner = test_server_owner(house.server);

        for (unsigned i = 0; i < HOUSE_ACCOUNTS; i++)
                motet_store_drop_account(owner, accounts[i], NULL, NULL);
        test_server_advance(house.server, G_TIME_SPAN_SECOND);
}

void
house_close(HouseGuest *guests, unsigned n)
{
        house_set_faults(0, 0);
        for (unsigned i = 0; i < n; i++)
                house_leave(&guests[i]);
        await_stillness();
        if (house.is_other)
                house_reload();
        empty_accounts();
        if (count_timers() != house.n_timers)
                g_error("%zu timers are armed, and were %zu when the server was new",
                        count_timers(), house.n_timers);
}
