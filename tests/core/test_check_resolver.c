/*
 * Tests of core/check_resolver.h: messages that a stranger may send, and addresses as written.
 *
 * Source: RFC 1035 section 4.1, RFC 2782.
 */
#include "core/check_resolver.h"

#include <arpa/nameser.h>
#include <glib/gstdio.h>
#include <string.h>

enum { ID = 0x1234, RESPONSE = 0x8180, TRUNCATED = 0x0200 };

static void
put16(GByteArray *message, unsigned value)
{
        const guint8 bytes[] = {(guint8)(value >> 8), (guint8)value};

        g_byte_array_append(message, bytes, sizeof bytes);
}

static void
put_text(GByteArray *message, const char *bytes, size_t n)
{
        g_byte_array_append(message, (const guint8 *)bytes, (guint)n);
}

#define NAME "\1a\7example"       /* and the zero behind it */
#define OTHER_NAME "\1b\7example" /* and the zero behind it */

typedef struct {
        unsigned id, flags, n_questions, n_answers;
        const char *name; /* as in a message */
        int type;
} Head;

static GByteArray *
begin(const Head *head)
{
        GByteArray *message = g_byte_array_new();

        put16(message, head->id);
        put16(message, head->flags);
        put16(message, head->n_questions);
        put16(message, head->n_answers);
        put16(message, 0);
        put16(message, 0);
        for (unsigned i = 0; i < head->n_questions; i++) {
                put_text(message, head->name, strlen(head->name) + 1);
                put16(message, (unsigned)head->type);
                put16(message, ns_c_in);
        }
        return message;
}

static void
put_record(GByteArray *message, int type, int class, const char *data, size_t n)
{
        put_text(message, NAME, sizeof NAME);
        put16(message, (unsigned)type);
        put16(message, (unsigned)class);
        put16(message, 0);
        put16(message, 60);
        put16(message, (unsigned)n);
        put_text(message, data, n);
}

/* Returns: (own) one question, after the message @message_take came */
static GPtrArray *
take(GByteArray *message_take, int type)
{
        g_autoptr(GByteArray) message = message_take;
        GPtrArray *questions = check_questions_new();

        check_question(questions, "a.example", type)->id = ID;
        check_resolver_take(questions, message->data, message->len);
        return questions;
}

static bool
is_answered(const Head *head, int type)
{
        g_autoptr(GPtrArray) questions = take(begin(head), type);
        const CheckQuestion *question = g_ptr_array_index(questions, 0);

        return question->answered;
}

/* RFC 5452 section 9.1: only what answers the question that was asked is its answer. */
static void
test_only_its_answer_answers_a_question(void)
{
        const Head good = {ID, RESPONSE, 1, 0, NAME, ns_t_a};
        const Head bad[] = {
                {ID + 1, RESPONSE, 1, 0, NAME, ns_t_a},
                {ID, 0, 1, 0, NAME, ns_t_a},
                {ID, RESPONSE | TRUNCATED, 1, 0, NAME, ns_t_a},
                {ID, RESPONSE, 0, 0, NAME, ns_t_a},
                {ID, RESPONSE, 2, 0, NAME, ns_t_a},
                {ID, RESPONSE, 1, 0, NAME, ns_t_srv},
                {ID, RESPONSE, 1, 0, OTHER_NAME, ns_t_a},
        };

        g_assert_true(is_answered(&good, ns_t_a));
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
                g_assert_false(is_answered(&bad[i], ns_t_a));
}

/* Every beginning of a message is as good as none. */
static void
test_a_message_that_was_cut_is_none(void)
{
        const Head head = {ID, RESPONSE, 1, 1, NAME, ns_t_a};
        g_autoptr(GByteArray) message = begin(&head);

        put_record(message, ns_t_a, ns_c_in, "\1\2\3\4", 4);
        for (guint n = 0; n <= message->len; n++) {
                g_autoptr(GByteArray) part = g_byte_array_new();
                g_byte_array_append(part, message->data, n);
                g_autoptr(GPtrArray) questions = take(g_steal_pointer(&part), ns_t_a);
                const CheckQuestion *question = g_ptr_array_index(questions, 0);
                g_assert_true(question->answered == (n == message->len));
        }
}

/* Records of other types and classes are not counted; an alias is noticed. */
static void
test_records_of_the_type_count(void)
{
        const Head head = {ID, RESPONSE, 1, 4, NAME, ns_t_a};
        GByteArray *message = begin(&head);

        put_record(message, ns_t_cname, ns_c_in, OTHER_NAME, sizeof OTHER_NAME);
        put_record(message, ns_t_a, ns_c_chaos, "\1\2\3\4", 4);
        put_record(message, ns_t_aaaa, ns_c_in, "0123456789abcdef", 16);
        put_record(message, ns_t_a, ns_c_in, "\1\2\3\4", 4);
        g_autoptr(GPtrArray) questions = take(message, ns_t_a);
        const CheckQuestion *question = g_ptr_array_index(questions, 0);

        g_assert_true(question->answered);
        g_assert_true(question->is_alias);
        g_assert_cmpuint(question->n_records, ==, 1);
}

/* RFC 2782: of "." it is decidedly not there; a record that is too short, or has no name, is
 * none. */
static void
test_services_have_a_port_and_a_target(void)
{
        const Head head = {ID, RESPONSE, 1, 4, NAME, ns_t_srv};
        GByteArray *message = begin(&head);

        put_record(message, ns_t_srv, ns_c_in, "\0\0\0\0\x14\x66\1b\7example", 17);
        put_record(message, ns_t_srv, ns_c_in, "\0\0\0\0\x14\x66", 7);
        put_record(message, ns_t_srv, ns_c_in, "\0\0\0\0\x14\x66", 6);
        put_record(message, ns_t_srv, ns_c_in, "\0\0\0\0\x14\x66\xc0\xff", 8);
        g_autoptr(GPtrArray) questions = take(message, ns_t_srv);
        const CheckQuestion *question = g_ptr_array_index(questions, 0);

        g_assert_cmpuint(question->n_records, ==, 4);
        g_assert_cmpuint(question->services->len, ==, 2);
        const CheckService *first = g_ptr_array_index(question->services, 0);
        const CheckService *second = g_ptr_array_index(question->services, 1);
        g_assert_cmpuint(first->port, ==, 5222);
        g_assert_cmpstr(first->target, ==, "b.example");
        g_assert_cmpstr(second->target, ==, "");
}

/* A name that DNS cannot carry (RFC 1035 2.3.4) is not asked for. */
static void
test_names_that_are_none_are_not_asked_for(void)
{
        g_autofree char *label = g_strnfill(64, 'a');
        g_autofree char *labels = g_strnfill(126, 'b');
        g_autoptr(GString) name = g_string_new(NULL);
        g_autoptr(GPtrArray) questions = check_questions_new();
        Address resolver;

        for (const char *c = labels; *c; c++)
                g_string_append_printf(name, "%c.", *c);
        g_string_append(name, "end");
        check_question(questions, "a..example", ns_t_a);
        check_question(questions, label, ns_t_a);
        check_question(questions, name->str, ns_t_a);
        g_assert_true(check_resolver_parse("127.0.0.1:9", &resolver));
        g_assert_true(check_resolver_ask(&resolver, questions, G_TIME_SPAN_HOUR, NULL));
        for (guint i = 0; i < questions->len; i++)
                g_assert_false(((CheckQuestion *)g_ptr_array_index(questions, i))->answered);
        g_assert_true(check_question(questions, "A..EXAMPLE", ns_t_a) == questions->pdata[0]);
}

static void
test_a_resolver_has_an_address(void)
{
        static const struct {
                const char *text;
                int family; /* 0: it is none */
                uint16_t port;
        } rows[] = {
                {"192.0.2.1", AF_INET, 53},
                {"192.0.2.1:5353", AF_INET, 5353},
                {"2001:db8::1", AF_INET6, 53},
                {"[2001:db8::1]", AF_INET6, 53},
                {"[2001:db8::1]:5353", AF_INET6, 5353},
                {"[2001:db8::1]x", 0, 0},
                {"[2001:db8::1", 0, 0},
                {"192.0.2.1:0", 0, 0},
                {"192.0.2.1:65536", 0, 0},
                {"192.0.2.1:", 0, 0},
                {"[2001:db8::1]:", 0, 0},
                {"*", 0, 0},
                {"resolver.example", 0, 0},
                {"", 0, 0},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                Address address;
                g_test_message("%s", rows[i].text);
                g_assert_true(check_resolver_parse(rows[i].text, &address) ==
                              (rows[i].family != 0));
                if (rows[i].family == 0)
                        continue;
                g_assert_cmpint(address.any.sa_family, ==, rows[i].family);
                g_assert_cmpuint(ntohs(rows[i].family == AF_INET ? address.ip4.sin_port
                                                                 : address.ip6.sin6_port),
                                 ==, rows[i].port);
        }
}

/* resolv.conf(5) */
static void
test_the_machine_has_a_resolver(void)
{
        static const struct {
                const char *text;
                bool is_one;
        } rows[] = {
                {"search example\n# nameserver 192.0.2.1\n\n\tnameserver\t 192.0.2.7 \n", true},
                {"nameserver\nnameserver 192.0.2.7\nnameserver 192.0.2.8\n", true},
                {"nameserver nowhere\n", false},
                {"options rotate\n", false},
                {"", false},
        };
        g_autofree char *root = g_dir_make_tmp("motet-resolver-XXXXXX", NULL);
        g_autofree char *etc = g_build_filename(root, "etc", NULL);
        g_autofree char *path = g_build_filename(etc, "resolv.conf", NULL);
        Address address;

        g_assert_false(check_resolver_usual(root, &address));
        g_assert_cmpint(g_mkdir(etc, 0700), ==, 0);
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_assert_true(g_file_set_contents(path, rows[i].text, -1, NULL));
                g_assert_true(check_resolver_usual(root, &address) == rows[i].is_one);
                if (rows[i].is_one)
                        g_assert_cmpuint(ntohl(address.ip4.sin_addr.s_addr), ==, 0xc0000207);
        }
        g_unlink(path);
        g_rmdir(etc);
        g_rmdir(root);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/check-resolver/only-its-answer-answers-a-question",
                        test_only_its_answer_answers_a_question);
        g_test_add_func("/check-resolver/a-message-that-was-cut-is-none",
                        test_a_message_that_was_cut_is_none);
        g_test_add_func("/check-resolver/records-of-the-type-count",
                        test_records_of_the_type_count);
        g_test_add_func("/check-resolver/services-have-a-port-and-a-target",
                        test_services_have_a_port_and_a_target);
        g_test_add_func("/check-resolver/names-that-are-none-are-not-asked-for",
                        test_names_that_are_none_are_not_asked_for);
        g_test_add_func("/check-resolver/a-resolver-has-an-address",
                        test_a_resolver_has_an_address);
        g_test_add_func("/check-resolver/the-machine-has-a-resolver",
                        test_the_machine_has_a_resolver);
        return g_test_run();
}
