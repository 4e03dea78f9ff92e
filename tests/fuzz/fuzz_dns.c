/*
 * fuzz_dns: any bytes as an answer to a question of DNS, and as the address of a resolver.
 *
 * The first byte chooses the type that was asked for. Source: RFC 1035 section 4, RFC 2782.
 */
#include <arpa/nameser.h>
#include <string.h>

#include "core/check_resolver.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

#define NAME "_xmpp-client._tcp.example.org"

static void
try_answer(int type, const uint8_t *bytes, size_t n)
{
        g_autoptr(GPtrArray) questions = check_questions_new();
        const char *name = type == ns_t_srv ? NAME : "example.org";
        const CheckQuestion *question = check_question(questions, name, type);

        g_assert_true(check_question(questions, name, type) == question);
        check_resolver_take(questions, bytes, n);
        g_assert_cmpuint(question->services->len, <=, question->n_records);
        g_assert_true(question->answered || question->n_records == 0);
        for (guint i = 0; i < question->services->len; i++) {
                const CheckService *service = g_ptr_array_index(question->services, i);
                g_assert_cmpuint(strlen(service->target), <, NS_MAXDNAME);
        }
        /* It counts once. */
        unsigned n_records = question->n_records;
        check_resolver_take(questions, bytes, n);
        g_assert_true(!question->answered || question->n_records == n_records);
}

/* The same bytes without the header that they would have to guess. */
static void
try_records(int type, const uint8_t *bytes, size_t n)
{
        static const uint8_t srv[] = "\x0c_xmpp-client\x04_tcp\x07"
                                     "example\x03org";
        static const uint8_t plain[] = "\x07"
                                       "example\x03org";
        const uint8_t header[] = {0, 0, 0x81, 0x80, 0, 1, 0, 3, 0, 0, 0, 0};
        const uint8_t end[] = {0, (uint8_t)type, 0, ns_c_in};
        g_autoptr(GByteArray) message = g_byte_array_new();

        g_byte_array_append(message, header, sizeof header);
        if (type == ns_t_srv)
                g_byte_array_append(message, srv, sizeof srv);
        else
                g_byte_array_append(message, plain, sizeof plain);
        g_byte_array_append(message, end, sizeof end);
        g_byte_array_append(message, bytes, (guint)n);
        g_autofree uint8_t *exact = g_memdup2(message->data, message->len);
        try_answer(type, exact, message->len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
        static const int types[] = {ns_t_srv, ns_t_a, ns_t_aaaa};
        Address address;

        if (n == 0 || n > 512)
                return 0;
        try_answer(types[bytes[0] % 3], bytes + 1, n - 1);
        try_records(types[bytes[0] % 3], bytes + 1, n - 1);
        g_autofree char *text = g_strndup((const char *)bytes + 1, n - 1);
        check_resolver_parse(text, &address);
        return 0;
}
