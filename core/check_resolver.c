/*
 * check_resolver: DNS over UDP, without what a resolver of the system would add: no search list, no
 * files, no cache.
 *
 * Source: RFC 1035 section 4 (messages), RFC 2782 (SRV).
 */
#include "core/check_resolver.h"

#include <arpa/nameser.h>
#include <errno.h>
#include <motet/error.h>
#include <openssl/rand.h>
#include <poll.h>
#include <resolv.h>
#include <string.h>
#include <unistd.h>

enum {
        DNS_PORT = 53,
        MESSAGE_MAX = 512, /* RFC 1035 section 4.2.1 */
        HEADER_BYTES = 12,
        SRV_BYTES = 6,
        TRIES = 3,
        AT_ONCE = 32, /* what a small receive buffer holds */
};

static void
service_free(void *data)
{
        CheckService *service = data;

        g_free(service->target);
        g_free(service);
}

static void
question_free(void *data)
{
        CheckQuestion *question = data;

        g_free(question->name);
        g_ptr_array_unref(question->services);
        g_free(question);
}

GPtrArray *
check_questions_new(void)
{
        return g_ptr_array_new_with_free_func(question_free);
}

CheckQuestion *
check_question(GPtrArray *questions, const char *name, int type)
{
        for (guint i = 0; i < questions->len; i++) {
                CheckQuestion *asked = g_ptr_array_index(questions, i);
                if (asked->type == type && g_ascii_strcasecmp(asked->name, name) == 0)
                        return asked;
        }
        CheckQuestion *question = g_new0(CheckQuestion, 1);
        question->name = g_strdup(name);
        question->type = type;
        question->services = g_ptr_array_new_with_free_func(service_free);
        g_ptr_array_add(questions, question);
        return question;
}

static bool
parse_port(const char *text, uint16_t *out)
{
        guint64 port;

        if (!g_ascii_string_to_unsigned(text, 10, 1, G_MAXUINT16, &port, NULL))
                return false;
        *out = (uint16_t)port;
        return true;
}

bool
check_resolver_parse(const char *text, Address *out)
{
        const char *colon = strrchr(text, ':');
        const char *end = *text == '[' ? strchr(text, ']') : NULL;
        g_autofree char *address = NULL;
        uint16_t port = DNS_PORT;

        if (end && (end[1] == '\0' || end[1] == ':'))
                address = g_strndup(text + 1, (size_t)(end - text - 1));
        else if (colon && strchr(text, ':') == colon)
                address = g_strndup(text, (size_t)(colon - text));
        else
                address = g_strdup(text);
        bool has_port = end ? end[1] == ':' : colon && strchr(text, ':') == colon;
        if (has_port && !parse_port(colon + 1, &port))
                return false;
        return strcmp(address, "*") != 0 && address_parse(address, port, out);
}

bool
check_resolver_usual(const char *root, Address *out)
{
        g_autofree char *path = g_strconcat(root, "/etc/resolv.conf", NULL);
        g_autofree char *text = NULL;

        if (!g_file_get_contents(path, &text, NULL, NULL))
                return false;
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++) {
                g_auto(GStrv) words = g_strsplit_set(g_strstrip(*line), " \t", 2);
                if (g_strv_length(words) == 2 && strcmp(words[0], "nameserver") == 0)
                        return address_parse(g_strstrip(words[1]), DNS_PORT, out);
        }
        return false;
}

static void
put16(GByteArray *message, unsigned value)
{
        const guint8 bytes[] = {(guint8)(value >> 8), (guint8)value};

        g_byte_array_append(message, bytes, sizeof bytes);
}

/* Returns: (own) NULL: no name that DNS can carry */
static GByteArray *
write_question(const CheckQuestion *question)
{
        static const guint8 end = 0;
        static const unsigned recursion = 0x0100;
        g_autoptr(GByteArray) message = g_byte_array_new();
        g_auto(GStrv) labels = g_strsplit(question->name, ".", -1);

        put16(message, question->id);
        put16(message, recursion);
        put16(message, 1);
        put16(message, 0);
        put16(message, 0);
        put16(message, 0);
        for (char **label = labels; *label; label++) {
                size_t n = strlen(*label);
                if (n == 0 || n > NS_MAXLABEL)
                        return NULL;
                const guint8 length = (guint8)n;
                g_byte_array_append(message, &length, 1);
                g_byte_array_append(message, (const guint8 *)*label, (guint)n);
        }
        g_byte_array_append(message, &end, 1);
        if (message->len - HEADER_BYTES > NS_MAXCDNAME)
                return NULL;
        put16(message, (unsigned)question->type);
        put16(message, ns_c_in);
        return g_steal_pointer(&message);
}

static void
take_service(CheckQuestion *question, const ns_msg *message, const ns_rr *record)
{
        char target[NS_MAXDNAME];
        const guint8 *data = ns_rr_rdata(*record);

        if (ns_rr_rdlen(*record) <= SRV_BYTES ||
            ns_name_uncompress(ns_msg_base(*message), ns_msg_end(*message), data + SRV_BYTES,
                               target, sizeof target) < 0)
                return;
        CheckService *service = g_new0(CheckService, 1);
        service->port = (uint16_t)ns_get16(data + 4);
        service->target = g_strdup(strcmp(target, ".") == 0 ? "" : target);
        g_ptr_array_add(question->services, service);
}

static void
take_records(CheckQuestion *question, ns_msg *message)
{
        for (int i = 0; i < ns_msg_count(*message, ns_s_an); i++) {
                ns_rr record;
                if (ns_parserr(message, ns_s_an, i, &record) < 0)
                        return;
                if (ns_rr_type(record) == ns_t_cname)
                        question->is_alias = true;
                if ((int)ns_rr_type(record) != question->type || ns_rr_class(record) != ns_c_in)
                        continue;
                question->n_records++;
                if (question->type == ns_t_srv)
                        take_service(question, message, &record);
        }
}

void
check_resolver_take(GPtrArray *questions, const guint8 *bytes, size_t n)
{
        ns_msg message;
        ns_rr asked;

        if (ns_initparse(bytes, (int)n, &message) < 0 || !ns_msg_getflag(message, ns_f_qr) ||
            ns_msg_getflag(message, ns_f_tc) || ns_msg_count(message, ns_s_qd) != 1 ||
            ns_parserr(&message, ns_s_qd, 0, &asked) < 0)
                return;
        for (guint i = 0; i < questions->len; i++) {
                CheckQuestion *question = g_ptr_array_index(questions, i);
                if (question->answered || question->id != ns_msg_id(message) ||
                    (int)ns_rr_type(asked) != question->type ||
                    g_ascii_strcasecmp(ns_rr_name(asked), question->name) != 0)
                        continue;
                question->answered = true;
                question->code = ns_msg_getflag(message, ns_f_rcode);
                take_records(question, &message);
                return;
        }
}

/* Returns: how many were sent, at most AT_ONCE from *@next on; -1: nothing can be sent */
static int
send_some(int fd, GPtrArray *questions, guint *next)
{
        int n = 0;

        for (; *next < questions->len && n < AT_ONCE; (*next)++) {
                CheckQuestion *question = g_ptr_array_index(questions, *next);
                if (question->answered)
                        continue;
                /* RFC 5452 section 4.5: what cannot be guessed is harder to forge. */
                if (RAND_bytes((unsigned char *)&question->id, sizeof question->id) != 1)
                        return -1;
                g_autoptr(GByteArray) message = write_question(question);
                if (!message)
                        continue;
                if (send(fd, message->data, message->len, 0) < 0 && errno != ECONNREFUSED)
                        return -1;
                n++;
        }
        return n;
}

static unsigned
n_open(const GPtrArray *questions, guint end)
{
        unsigned n = 0;

        for (guint i = 0; i < end; i++)
                n += !((const CheckQuestion *)g_ptr_array_index(questions, i))->answered;
        return n;
}

/* Until the first @end are answered, or @deadline. */
static void
hear_answers(int fd, GPtrArray *questions, guint end, int64_t deadline)
{
        guint8 bytes[MESSAGE_MAX];

        while (n_open(questions, end) > 0) {
                struct pollfd ready = {.fd = fd, .events = POLLIN};
                int64_t left = deadline - g_get_monotonic_time();
                if (left <= 0 || poll(&ready, 1, (int)(left / 1000) + 1) < 0)
                        return;
                ssize_t n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
                if (n > 0)
                        check_resolver_take(questions, bytes, (size_t)n);
                else if (n < 0 && errno == ECONNREFUSED)
                        return;
        }
}

static int
open_socket(const Address *resolver, GError **error)
{
        int fd = socket(resolver->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        if (fd >= 0 && connect(fd, &resolver->any, address_length(resolver)) == 0)
                return fd;
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_IO, "%s", g_strerror(errno));
        if (fd >= 0)
                close(fd);
        return -1;
}

bool
check_resolver_ask(const Address *resolver, GPtrArray *questions, int64_t patience, GError **error)
{
        int64_t deadline = g_get_monotonic_time() + patience;
        int fd = open_socket(resolver, error);

        if (fd < 0)
                return false;
        for (unsigned i = 0; i < TRIES; i++) {
                for (guint next = 0; next < questions->len;) {
                        int64_t now = g_get_monotonic_time();
                        int n = now < deadline ? send_some(fd, questions, &next) : 0;
                        if (n < 0) {
                                g_set_error(error, MOTET_ERROR, MOTET_ERROR_IO, "%s",
                                            g_strerror(errno));
                                close(fd);
                                return false;
                        }
                        if (n == 0)
                                break;
                        hear_answers(fd, questions, next, MIN(deadline, now + patience / TRIES));
                }
        }
        close(fd);
        return true;
}
