/*
 * Tests of check dns: records against what is served, asked of a responder on the loopback; the
 * resolver's messages, well-formed and not.
 *
 * Source: RFC 1035 section 4, RFC 2782.
 */
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "core/check_resolver.h"
#include "support/check_kit.h"

enum { HEADER_BYTES = 12, MESSAGE = 512 };

/* One record of the zone that the responder serves. */
typedef struct {
        const char *name; /* NULL ends a zone */
        int type;
        uint16_t port;      /* SRV */
        const char *target; /* SRV, CNAME */
} Record;

typedef enum { ANSWERS, SAYS_NOTHING, FAILS, ANSWERS_NONSENSE, ANSWERS_OTHERS } Manner;

typedef struct {
        const Record *zone;
        Manner manner;
        int fd;
        GThread *thread;
        char *address; /* "127.0.0.1:PORT" */
} Responder;

static void
put16(GByteArray *bytes, unsigned value)
{
        const guint8 two[] = {(guint8)(value >> 8), (guint8)value};

        g_byte_array_append(bytes, two, 2);
}

static void
put_name(GByteArray *bytes, const char *name)
{
        g_auto(GStrv) labels = g_strsplit(name, ".", -1);

        for (char **label = labels; *label && **label; label++) {
                const guint8 n = (guint8)strlen(*label);
                g_byte_array_append(bytes, &n, 1);
                g_byte_array_append(bytes, (const guint8 *)*label, n);
        }
        g_byte_array_append(bytes, (const guint8 *)"", 1);
}

static void
put_data(GByteArray *bytes, const Record *record)
{
        if (record->type == ns_t_srv) {
                put16(bytes, 0);
                put16(bytes, 5);
                put16(bytes, record->port);
        }
        if (record->type == ns_t_srv || record->type == ns_t_cname)
                put_name(bytes, record->target);
        else
                for (int i = 0; i < (record->type == ns_t_a ? 4 : 16); i++)
                        g_byte_array_append(bytes, (const guint8 *)"\1", 1);
}

static void
put_record(GByteArray *bytes, const Record *record)
{
        g_autoptr(GByteArray) data = g_byte_array_new();

        put_data(data, record);
        put_name(bytes, record->name);
        put16(bytes, (unsigned)record->type);
        put16(bytes, ns_c_in);
        put16(bytes, 0);
        put16(bytes, 60);
        put16(bytes, data->len);
        g_byte_array_append(bytes, data->data, data->len);
}

static bool
is_asked_for(const Record *record, const char *name, int type)
{
        return g_ascii_strcasecmp(record->name, name) == 0 &&
               (record->type == type ||
                (record->type == ns_t_cname && (type == ns_t_a || type == ns_t_aaaa)));
}

static GByteArray *
answer(const Responder *responder, const guint8 *asked, size_t n)
{
        GByteArray *bytes = g_byte_array_new();
        g_autoptr(GByteArray) records = g_byte_array_new();
        unsigned n_records = 0;
        ns_msg message;
        ns_rr question;

        g_assert_cmpint(ns_initparse(asked, (int)n, &message), ==, 0);
        g_assert_cmpint(ns_parserr(&message, ns_s_qd, 0, &question), ==, 0);
        const char *name =
                responder->manner == ANSWERS_OTHERS ? "other.example" : ns_rr_name(question);
        for (const Record *record = responder->zone; record && record->name; record++) {
                if (!is_asked_for(record, name, (int)ns_rr_type(question)))
                        continue;
                put_record(records, record);
                n_records++;
        }
        put16(bytes, ns_msg_id(message));
        put16(bytes, responder->manner == FAILS ? 0x8002 : n_records ? 0x8180 : 0x8183);
        put16(bytes, 1);
        put16(bytes, n_records);
        put16(bytes, 0);
        put16(bytes, 0);
        put_name(bytes, name);
        put16(bytes, ns_rr_type(question));
        put16(bytes, ns_c_in);
        g_byte_array_append(bytes, records->data, records->len);
        if (responder->manner == ANSWERS_NONSENSE)
                g_byte_array_set_size(bytes, HEADER_BYTES + 3);
        return bytes;
}

/* Until somebody sends an empty message. */
static gpointer
respond(gpointer data)
{
        Responder *responder = data;
        guint8 asked[MESSAGE];
        struct sockaddr_in peer;

        for (;;) {
                socklen_t length = sizeof peer;
                ssize_t n = recvfrom(responder->fd, asked, sizeof asked, 0,
                                     (struct sockaddr *)&peer, &length);
                if (n <= 0)
                        return NULL;
                if (responder->manner == SAYS_NOTHING)
                        continue;
                g_autoptr(GByteArray) bytes = answer(responder, asked, (size_t)n);
                sendto(responder->fd, bytes->data, bytes->len, 0, (struct sockaddr *)&peer, length);
        }
}

static void
responder_start(Responder *responder, const Record *zone, Manner manner)
{
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t length = sizeof address;

        *responder = (Responder){.zone = zone, .manner = manner};
        responder->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        g_assert_cmpint(bind(responder->fd, (struct sockaddr *)&address, length), ==, 0);
        g_assert_cmpint(getsockname(responder->fd, (struct sockaddr *)&address, &length), ==, 0);
        responder->address = g_strdup_printf("127.0.0.1:%u", ntohs(address.sin_port));
        responder->thread = g_thread_new("responder", respond, responder);
}

static void
responder_stop(Responder *responder)
{
        Address address;
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        g_assert_true(check_resolver_parse(responder->address, &address));
        g_assert_cmpint((int)sendto(fd, "", 0, 0, &address.any, address_length(&address)), ==, 0);
        g_thread_join(responder->thread);
        close(fd);
        close(responder->fd);
        g_free(responder->address);
}

/* Runs the check; its findings but the lines for the zone are exactly @ids. */
static void
assert_zone(CheckKit *kit, const Record *zone, Manner manner, const char *ids)
{
        static const char *const lines = "dns.zone-line dns.zone-line";
        g_autofree char *expected =
                g_strdup_printf("%s%s%s", *ids ? ids : "", *ids ? " " : "", lines);
        Responder responder;

        check_kit_use(kit, "", "c2s",
                      "enabled: true\noptions:\n  ports: [5222]\n  direct_tls_ports: [5223]\n",
                      NULL);
        responder_start(&responder, zone, manner);
        g_autofree char *words = g_strdup_printf("dns --resolver %s", responder.address);
        /* Without a line, what concerns the whole file comes first. */
        check_kit_run(kit, words);
        g_autoptr(GString) found = g_string_new(NULL);
        g_auto(GStrv) output = g_strsplit(kit->output->str, "\n", -1);
        for (int pass = 0; pass < 2; pass++) {
                for (char **line = output; *line; line++) {
                        const char *open = strrchr(*line, '[');
                        if (!open || **line == ' ' ||
                            (strstr(open, "zone-line") != NULL) != (pass == 1))
                                continue;
                        g_string_append_printf(found, "%s%.*s", found->len ? " " : "",
                                               (int)strlen(open) - 2, open + 1);
                }
        }
        responder_stop(&responder);
        if (strcmp(found->str, expected) != 0)
                g_error("expected \"%s\", found: %s", expected, kit->output->str);
}

#define GOOD_SERVICES                                                                              \
        {"_xmpp-client._tcp.example.org", ns_t_srv, 5222, "xmpp.example.org"},                     \
        {                                                                                          \
                "_xmpps-client._tcp.example.org", ns_t_srv, 5223, "xmpp.example.org"               \
        }

static void
test_records_of_what_is_served(CheckKit *kit, gconstpointer data)
{
        static const Record zone[] = {
                GOOD_SERVICES, {"xmpp.example.org", ns_t_a, 0, NULL}, {NULL, 0, 0, NULL}};

        (void)data;
        assert_zone(kit, zone, ANSWERS, "");
        check_kit_assert_told(
                kit, "note: for the zone of example.org: _xmpp-client._tcp [dns.zone-line]\n"
                     "  _xmpp-client._tcp.example.org. 3600 IN SRV 0 5 5222 example.org.\n");
        check_kit_assert_told(
                kit, "\n  _xmpps-client._tcp.example.org. 3600 IN SRV 0 5 5223 example.org.\n");
}

static void
test_addresses_of_ip6_are_enough(CheckKit *kit, gconstpointer data)
{
        static const Record zone[] = {
                GOOD_SERVICES, {"xmpp.example.org", ns_t_aaaa, 0, NULL}, {NULL, 0, 0, NULL}};

        (void)data;
        assert_zone(kit, zone, ANSWERS, "");
}

static void
test_no_record_of_a_service(CheckKit *kit, gconstpointer data)
{
        static const Record some[] = {
                {"_xmpp-client._tcp.example.org", ns_t_srv, 5222, "example.org"},
                {"example.org", ns_t_a, 0, NULL},
                {NULL, 0, 0, NULL}};

        (void)data;
        assert_zone(kit, some, ANSWERS, "dns.no-service");
        check_kit_assert_told(kit, "there is no SRV record _xmpps-client._tcp.example.org [");
        assert_zone(kit, NULL, ANSWERS, "dns.no-service dns.no-service dns.no-address");
        check_kit_assert_told(kit, "example.org has neither A nor AAAA record [");
}

/* RFC 2782: "." is decidedly no service. */
static void
test_a_service_that_is_refused(CheckKit *kit, gconstpointer data)
{
        static const Record zone[] = {
                {"_xmpp-client._tcp.example.org", ns_t_srv, 5222, "xmpp.example.org"},
                {"_xmpps-client._tcp.example.org", ns_t_srv, 0, ""},
                {"xmpp.example.org", ns_t_a, 0, NULL},
                {NULL, 0, 0, NULL}};

        (void)data;
        assert_zone(kit, zone, ANSWERS, "dns.service-refused");
}

static void
test_a_port_that_is_not_served(CheckKit *kit, gconstpointer data)
{
        static const Record zone[] = {
                {"_xmpp-client._tcp.example.org", ns_t_srv, 5223, "xmpp.example.org"},
                {"_xmpps-client._tcp.example.org", ns_t_srv, 443, "xmpp.example.org"},
                {"xmpp.example.org", ns_t_a, 0, NULL},
                {NULL, 0, 0, NULL}};

        (void)data;
        assert_zone(kit, zone, ANSWERS, "dns.wrong-port dns.wrong-port");
        check_kit_assert_told(kit, "leads to port 443 of xmpp.example.org, which is not served");
}

static void
test_a_target_without_address(CheckKit *kit, gconstpointer data)
{
        static const Record zone[] = {GOOD_SERVICES, {NULL, 0, 0, NULL}};

        (void)data;
        assert_zone(kit, zone, ANSWERS, "dns.no-address");
        check_kit_assert_told(kit, "xmpp.example.org has neither A nor AAAA record [");
}

/* RFC 2782: the target must not be an alias. */
static void
test_a_target_that_is_an_alias(CheckKit *kit, gconstpointer data)
{
        static const Record zone[] = {GOOD_SERVICES,
                                      {"xmpp.example.org", ns_t_cname, 0, "host.example.net"},
                                      {"xmpp.example.org", ns_t_a, 0, NULL},
                                      {NULL, 0, 0, NULL}};

        (void)data;
        assert_zone(kit, zone, ANSWERS, "dns.alias dns.alias");
}

/* The lines for the zone are told all the same. */
static void
test_a_resolver_that_is_no_help(CheckKit *kit, gconstpointer data)
{
        (void)data;
        assert_zone(kit, NULL, SAYS_NOTHING, "dns.no-answer");
        check_kit_assert_told(kit, "the resolver does not answer [");
        assert_zone(kit, NULL, ANSWERS_NONSENSE, "dns.no-answer");
        assert_zone(kit, NULL, ANSWERS_OTHERS, "dns.no-answer");
        assert_zone(kit, NULL, FAILS, "dns.no-answer dns.no-answer");
        check_kit_assert_told(kit, "the resolver failed with code 2 for _xmpp-client._tcp");
}

/* Nothing is asked of names that DNS does not have. */
static void
test_names_outside_of_dns(CheckKit *kit, gconstpointer data)
{
        g_autofree char *text = g_strdup_printf("hosts: {localhost: , 127.0.0.1: }\n"
                                                "modules_dir: %s\n",
                                                g_getenv("MOTET_TEST_MODULES"));

        (void)data;
        check_kit_put(kit, "/motet.yaml", text);
        check_kit_assert(kit, "dns --resolver 127.0.0.1:1", "");
}

/* RFC 5890: DNS carries the encoded form. */
static void
test_names_of_other_scripts_are_asked_encoded(CheckKit *kit, gconstpointer data)
{
        static const Record zone[] = {
                {"_xmpp-client._tcp.xn--bcher-kva.example", ns_t_srv, 5222, "example.org"},
                {"_xmpps-client._tcp.xn--bcher-kva.example", ns_t_srv, 5223, "example.org"},
                {"example.org", ns_t_a, 0, NULL},
                {NULL, 0, 0, NULL}};
        Responder responder;

        (void)data;
        check_kit_use(kit, "", "c2s", "enabled: true\n", NULL);
        g_autofree char *text = g_strdup_printf("hosts: {bücher.example: }\nmodules_dir: %s\n",
                                                g_getenv("MOTET_TEST_MODULES"));
        check_kit_put(kit, "/motet.yaml", text);
        responder_start(&responder, zone, ANSWERS);
        g_autofree char *words = g_strdup_printf("dns --resolver %s", responder.address);
        check_kit_assert(kit, words, "dns.zone-line dns.zone-line");
        responder_stop(&responder);
        check_kit_assert_told(kit, "xn--bcher-kva.example. 3600 IN SRV");
}

/* Choosing the resolver */

static void
test_resolvers_as_they_are_written(CheckKit *kit, gconstpointer data)
{
        static const struct {
                const char *text;
                int family;
                uint16_t port; /* 0: not understood */
        } cases[] = {
                {"192.0.2.1", AF_INET, 53},
                {"192.0.2.1:5353", AF_INET, 5353},
                {"2001:db8::1", AF_INET6, 53},
                {"[2001:db8::1]", AF_INET6, 53},
                {"[2001:db8::1]:54", AF_INET6, 54},
                {"192.0.2.1:0", 0, 0},
                {"192.0.2.1:65536", 0, 0},
                {"192.0.2.1:", 0, 0},
                {"[2001:db8::1]x", 0, 0},
                {"[::1", 0, 0},
                {"dns.example", 0, 0},
                {"*", 0, 0},
                {"", 0, 0},
        };

        (void)data, (void)kit;
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                Address address = {.any.sa_family = AF_UNSPEC};
                bool is_good = check_resolver_parse(cases[i].text, &address);
                g_assert_cmpint(is_good, ==, cases[i].port > 0);
                if (!is_good)
                        continue;
                g_assert_cmpint(address.any.sa_family, ==, cases[i].family);
                g_assert_cmpuint(ntohs(address.ip4.sin_port), ==, cases[i].port);
        }
}

static void
test_a_resolver_that_is_none_is_refused(CheckKit *kit, gconstpointer data)
{
        (void)data;
        g_assert_cmpint(check_kit_run(kit, "dns --resolver dns.example"), ==, 64);
        g_assert_true(g_str_has_prefix(kit->error->message, "--resolver takes a numeric address"));
        g_assert_cmpint(check_kit_run(kit, "dns --resolver"), ==, 64);
}

static void
test_the_usual_resolver_is_the_first_of_the_system(CheckKit *kit, gconstpointer data)
{
        Address address;

        (void)data;
        g_assert_false(check_resolver_usual(kit->root, &address));
        check_kit_put(kit, "/root/etc/resolv.conf",
                      "# made by hand\nsearch example.org\nnameserver  192.0.2.7 \n"
                      "nameserver 192.0.2.8\n");
        g_assert_true(check_resolver_usual(kit->root, &address));
        g_assert_cmpuint(ntohl(address.ip4.sin_addr.s_addr), ==, 0xc0000207);
}

/* A name with a label of 64 bytes, or of more than 255 in all, is never sent, nor waited for. */
static void
test_names_that_dns_cannot_carry_are_not_asked(CheckKit *kit, gconstpointer data)
{
        g_autofree char *label = g_strnfill(63, 'a');
        g_autofree char *longest = g_strdup_printf("%s.%s.%s.%.61s", label, label, label, label);
        g_autofree char *too_long = g_strconcat(longest, "a", NULL);
        g_autofree char *wide = g_strconcat(label, "a", NULL);
        g_autoptr(GPtrArray) questions = check_questions_new();
        Address address;
        Responder responder;

        (void)data, (void)kit;
        const CheckQuestion *good = check_question(questions, longest, ns_t_a);
        const CheckQuestion *bad = check_question(questions, too_long, ns_t_a);
        const CheckQuestion *worse = check_question(questions, wide, ns_t_a);
        g_assert_true(check_question(questions, longest, ns_t_a) == good);
        responder_start(&responder, NULL, ANSWERS);
        g_assert_true(check_resolver_parse(responder.address, &address));
        g_assert_true(check_resolver_ask(&address, questions, G_USEC_PER_SEC / 10, NULL));
        responder_stop(&responder);

        g_assert_true(good->answered);
        g_assert_false(bad->answered);
        g_assert_false(worse->answered);
}

#define TEST(path, func)                                                                           \
        g_test_add("/check-dns/" path, CheckKit, NULL, check_kit_set_up, func, check_kit_tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        TEST("records-of-what-is-served", test_records_of_what_is_served);
        TEST("addresses-of-ip6-are-enough", test_addresses_of_ip6_are_enough);
        TEST("no-record-of-a-service", test_no_record_of_a_service);
        TEST("a-service-that-is-refused", test_a_service_that_is_refused);
        TEST("a-port-that-is-not-served", test_a_port_that_is_not_served);
        TEST("a-target-without-address", test_a_target_without_address);
        TEST("a-target-that-is-an-alias", test_a_target_that_is_an_alias);
        TEST("a-resolver-that-is-no-help", test_a_resolver_that_is_no_help);
        TEST("names-outside-of-dns", test_names_outside_of_dns);
        TEST("names-of-other-scripts-are-asked-encoded",
             test_names_of_other_scripts_are_asked_encoded);
        TEST("resolvers-as-they-are-written", test_resolvers_as_they_are_written);
        TEST("a-resolver-that-is-none-is-refused", test_a_resolver_that_is_none_is_refused);
        TEST("the-usual-resolver-is-the-first-of-the-system",
             test_the_usual_resolver_is_the_first_of_the_system);
        TEST("names-that-dns-cannot-carry-are-not-asked",
             test_names_that_dns_cannot_carry_are_not_asked);
        return g_test_run();
}
