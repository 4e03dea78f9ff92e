/*
 * fuzz_login: clients authenticate, or try to, in clear and inside TLS, while accounts are made,
 * changed and removed, time passes and the store fails. Nobody is let in who did not prove a
 * password, and nobody locks an owner out (SECURITY-DEFAULTS R7 to R9).
 *
 * Input: instructions; the lower four bits of a byte say which (enum), the upper four are its
 * argument.
 */
#include <openssl/ssl.h>
#include <stdint.h>
#include <string.h>

#include "core/conn.h"
#include "fuzz/accounts.h"
#include "fuzz/house.h"
#include "fuzz/prover.h"
#include "fuzz/told.h"
#include "support/test_client.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

#define NS_SASL "urn:ietf:params:xml:ns:xmpp-sasl"

enum {
        CONNECT,   /* argument: in clear, TLS 1.3, TLS 1.2, in clear without a word; an address */
        LEAVE,     /* without a word */
        AUTH,      /* argument: mechanism; a message follows: its length, its bytes */
        AUTH_TEXT, /* the same, but not encoded */
        RESPOND,   /* a message follows */
        RESPOND_TEXT, /* the same, but not encoded */
        ABORT,
        SCRAM_FIRST, /* argument: account; the byte behind: mechanism, flag, identity */
        SCRAM_FINAL, /* argument: whether the password is right, what is changed; where */
        PLAIN,       /* argument: account; password and authorization identity */
        REGISTER,    /* argument: account; what is asked */
        PASS_TIME,   /* argument: 2^n ms */
        FAIL_STORE,  /* argument: how often; the byte behind it: for how many s it waits */
        OPERATE,     /* argument: account; what an operator does to it */
        TEXT,        /* bytes follow */
        OPEN,        /* the stream, once more */
};

enum {
        CONNECTS_MAX = 4, /* by an input */
        N_OWNED = 2,      /* accounts there are at the start */
        N_ADDRESSES = 4,
};

static const char modules[] =
        "  auth_internal: {options: {iterations: 4096}}\n  bind:\n  disco:\n  iq:\n  limits:\n"
        "  register: {options: {allow_registration: true, max_accounts: 100000,\n"
        "    max_attempts: 100000}}\n"
        "  sasl: {options: {allow_unencrypted: true}}\n  session:\n"
        "  tls: {options: {required: false}}\n";

static const char *const mechanisms[] = {
        "SCRAM-SHA-256",
        "SCRAM-SHA-256-PLUS",
        "SCRAM-SHA-512",
        "SCRAM-SHA-512-PLUS",
        "SCRAM-SHA-1",
        "SCRAM-SHA-1-PLUS",
        "PLAIN",
        "EXTERNAL",
        "SCRAM-SHA-256-PLU",
        "",
};
enum { N_SCRAM = 6 };

static const struct {
        const char *header, *type; /* @type: NULL: no data of the channel */
} flags[] = {
        {"n,", NULL},
        {"y,", NULL},
        {"p=tls-exporter,", "tls-exporter"},
        {"p=tls-server-end-point,", "tls-server-end-point"},
        {"p=tls-unique,", "tls-unique"},
};

static const struct {
        const char *name, *password;
} accounts[] = {
        {"romeo", "montague 7Q1zK0vXb3"},
        {"juliet", "capulet fW8y2LmD5s"},
        {"nurse", "angelica 0RtPq6NcJ4"},
        {"mallory", "stranger Hx9uEa1Gk2"},
};

typedef struct {
        TestServer *server;
        TestClient *client; /* (own) NULL: nobody is there */
        bool is_secure;
        Prover prover;    /* its first message is the last one sent; none otherwise */
        unsigned account; /* whose */
        bool is_fair;     /* nothing but the password decides */
        char *challenge;  /* (own) the last one that came, or NULL */
        unsigned proved;  /* accounts, bits: whose passwords were proved on this stream */
        unsigned changed; /* accounts that may have another password by now */
        unsigned n_connects;
        bool is_refused; /* somebody was; that is counted against an address */
        bool is_late;    /* the store was told to be */
} Play;

typedef struct {
        const uint8_t *at, *end;
} Bytes;

static uint8_t
take(Bytes *bytes)
{
        return bytes->at < bytes->end ? *bytes->at++ : 0;
}

/* Returns: (own) a length, and as many bytes, with a zero behind them */
static char *
take_bytes(Bytes *bytes, size_t *n_out)
{
        size_t wanted = take(bytes), left = (size_t)(bytes->end - bytes->at);
        size_t n = MIN(wanted, left);
        char *text = g_malloc0(n + 1);

        memcpy(text, bytes->at, n);
        bytes->at += n;
        *n_out = n;
        return text;
}

static void
operate(TestServer *server, const char *verb, unsigned account)
{
        accounts_operate(server, verb, accounts[account].name, accounts[account].password);
}

static void
furnish(TestServer *server)
{
        test_server_certify(server, "");
        for (unsigned i = 0; i < N_OWNED; i++)
                operate(server, "add", i);
        accounts_keep(server);
}

/* A client */

static bool
is_there(const Play *play)
{
        MotetSession *session = play->client ? test_client_session(play->client) : NULL;

        return session && motet_session_is_connected(session);
}

static void
leave(Play *play)
{
        g_clear_pointer(&play->client, test_client_free);
        prover_clear(&play->prover);
        g_clear_pointer(&play->challenge, g_free);
        play->proved = 0;
}

/* Whoever is authenticated has proved it; what it does from then on is not known. */
static void
check_login(Play *play)
{
        const MotetSession *session = play->client ? test_client_session(play->client) : NULL;

        if (!session || !session->username)
                return;
        for (unsigned i = 0; i < N_OWNED; i++) {
                if (strcmp(session->username, accounts[i].name) != 0)
                        continue;
                g_assert_true((play->proved | play->changed) & 1u << i);
                play->changed |= 1u << i;
        }
}

/* Even a store that is not late answers in a while. */
static char *
listen_to(Play *play)
{
        static const char start[] = "<challenge xmlns='" NS_SASL "'>";
        test_server_advance(play->server, G_TIME_SPAN_MILLISECOND);
        char *text = play->client ? test_client_take(play->client) : g_strdup("");
        const char *challenge = strstr(text, start);

        if (challenge) {
                gsize n;
                challenge += strlen(start);
                g_autofree char *encoded = g_strndup(challenge, strcspn(challenge, "<"));
                g_autofree guchar *bytes = g_base64_decode(encoded, &n);
                g_free(play->challenge);
                play->challenge = g_strndup((const char *)bytes, n);
        }
        play->is_refused |= strstr(text, "<failure") != NULL;
        check_login(play);
        return text;
}

static void
say(Play *play, const char *text)
{
        if (!is_there(play))
                return;
        test_client_send(play->client, text);
        g_free(listen_to(play));
}

static void
open_stream(Play *play)
{
        g_autofree char *header = test_session_header(HOUSE_DOMAIN);

        say(play, header);
}

/* Of all clients of a version. Returns: (borrowed) */
static SSL_CTX *
context_of(int version)
{
        static SSL_CTX *contexts[2];
        SSL_CTX **context = &contexts[version == TLS1_3_VERSION];

        if (!*context) {
                *context = SSL_CTX_new(TLS_client_method());
                SSL_CTX_set_max_proto_version(*context, version);
        }
        return *context;
}

static void
secure(Play *play, int version)
{
        if (!is_there(play))
                return;
        test_client_send(play->client, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
        g_autofree char *answer = listen_to(play);
        if (!strstr(answer, "<proceed") ||
            !test_client_handshake_with(play->client, context_of(version), NULL)) {
                leave(play);
                return;
        }
        play->is_secure = true;
        open_stream(play);
}

static void
come(Play *play, unsigned how, const char *address)
{
        leave(play);
        play->is_secure = false;
        play->client = test_client_new(play->server, address);
        if (how != 3)
                open_stream(play);
        if (how == 1 || how == 2)
                secure(play, how == 1 ? TLS1_3_VERSION : TLS1_2_VERSION);
}

/* Messages of SASL */

/* @mechanism: NULL: a response */
static void
send_encoded(Play *play, const char *mechanism, const char *encoded)
{
        g_autofree char *text =
                mechanism ? g_strdup_printf("<auth xmlns='" NS_SASL "' mechanism='%s'>%s</auth>",
                                            mechanism, encoded)
                          : g_strdup_printf("<response xmlns='" NS_SASL "'>%s</response>", encoded);

        say(play, text);
}

static void
send_message(Play *play, const char *mechanism, const char *message, size_t n)
{
        g_autofree char *encoded = g_base64_encode((const guchar *)message, n);

        send_encoded(play, mechanism, encoded);
}

static void
send_any(Play *play, Bytes *bytes, const char *mechanism, bool is_encoded)
{
        size_t n;
        g_autofree char *message = take_bytes(bytes, &n);

        prover_clear(&play->prover);
        if (is_encoded) {
                send_message(play, mechanism, message, n);
                return;
        }
        g_autofree char *escaped = g_markup_escape_text(message, -1);
        send_encoded(play, mechanism, escaped);
}

static bool
is_offered_plus(const Play *play)
{
        return play->is_secure;
}

/* The rules of RFC 5802 section 6, and which types a connection has (RFC 9266). */
static bool
is_binding_right(const Play *play, const char *mechanism, size_t flag)
{
        bool is_plus = g_str_has_suffix(mechanism, "-PLUS");

        if (!flags[flag].type)
                return !is_plus && (flags[flag].header[0] == 'n' || !is_offered_plus(play));
        return is_plus && play->is_secure;
}

static void
send_first(Play *play, unsigned account, uint8_t how)
{
        const char *mechanism = mechanisms[how % N_SCRAM];
        size_t flag = how / N_SCRAM % G_N_ELEMENTS(flags);
        unsigned identity = how / N_SCRAM / G_N_ELEMENTS(flags) % 3;
        g_autofree char *header =
                g_strdup_printf("%s%s%s%s,", flags[flag].header, identity > 0 ? "a=" : "",
                                identity > 0 ? accounts[(account + identity - 1) % 2].name : "",
                                identity > 0 ? "@" HOUSE_DOMAIN : "");
        GBytes *binding = play->is_secure && flags[flag].type && is_there(play)
                                  ? test_client_binding(play->client, flags[flag].type)
                                  : NULL;

        prover_begin(&play->prover, mechanism, header, accounts[account].name, binding);
        g_clear_pointer(&play->challenge, g_free);
        play->account = account;
        play->is_fair = is_binding_right(play, mechanism, flag) &&
                        (identity == 0 || (account + identity - 1) % 2 == account);
        g_autofree char *first = prover_first(&play->prover);
        send_message(play, mechanism, first, strlen(first));
}

/* Returns: (own) a message that is not @text, or just it */
static char *
change(const char *text, unsigned how, uint8_t where)
{
        size_t n = strlen(text);
        char *changed = g_strdup(text);

        switch (how) {
        case 1:
                changed[where % n] ^= 1;
                break;
        case 2:
                changed[where % n] = '\0';
                break;
        case 3:
                g_free(changed);
                changed = g_strconcat(text, ",x=y", NULL);
        }
        return changed;
}

static void
send_final(Play *play, unsigned how, uint8_t where)
{
        if (!play->prover.mechanism || !play->challenge)
                return;
        const char *password = how & 1 ? "a wrong one" : accounts[play->account].password;
        g_autofree char *right = prover_final(&play->prover, play->challenge, password);
        if (!right)
                return;
        g_autofree char *final = change(right, how >> 1, where);
        if (play->is_fair && !(how & 1) && strcmp(final, right) == 0)
                play->proved |= 1u << play->account;
        send_message(play, NULL, final, strlen(final));
}

static void
send_plain(Play *play, unsigned account, unsigned how)
{
        const char *password = how & 1 ? "a wrong one" : accounts[account].password;
        g_autoptr(GString) message = g_string_new(NULL);

        prover_clear(&play->prover);
        if (how & 2)
                g_string_append(message, "nurse@" HOUSE_DOMAIN);
        g_string_append_c(message, '\0');
        g_string_append(message, accounts[account].name);
        g_string_append_c(message, '\0');
        g_string_append(message, password);
        if (!how && play->is_secure)
                play->proved |= 1u << account;
        send_message(play, "PLAIN", message->str, message->len);
}

static void
ask_registration(Play *play, unsigned account, unsigned how)
{
        static const char query[] = "<query xmlns='jabber:iq:register'>";
        g_autoptr(GString) text = g_string_new(NULL);

        g_string_printf(text, "<iq type='%s' id='r'>%s", how == 0 ? "get" : "set", query);
        if (how == 1)
                g_string_append(text, "<remove/>");
        if (how >= 2)
                g_string_append_printf(text, "<username>%s</username><password>%s</password>",
                                       accounts[account].name,
                                       how == 2 ? accounts[account].password : "short");
        g_string_append(text, "</query></iq>");
        say(play, text->str);
}

static void
change_account(Play *play, unsigned account, unsigned how)
{
        static const char *const verbs[] = {"disable", "enable", "delete", "password"};

        if (how >= 2)
                play->changed |= 1u << account;
        operate(play->server, verbs[how], account);
}

static void
run(Play *play, uint8_t instruction, Bytes *bytes)
{
        static const char *const addresses[N_ADDRESSES] = {"192.0.2.1", "192.0.2.2", "2001:db8::1",
                                                           "2001:db8:0:1::2"};
        unsigned argument = instruction >> 4, low = argument & 3, high = argument >> 2;
        const char *mechanism = mechanisms[argument % G_N_ELEMENTS(mechanisms)];
        g_autofree char *text = NULL;
        size_t n;

        switch (instruction & 15) {
        case CONNECT:
                if (play->n_connects++ < CONNECTS_MAX)
                        come(play, low, addresses[high]);
                break;
        case LEAVE:
                leave(play);
                break;
        case AUTH:
                send_any(play, bytes, mechanism, true);
                break;
        case AUTH_TEXT:
                send_any(play, bytes, mechanism, false);
                break;
        case RESPOND:
                send_any(play, bytes, NULL, true);
                break;
        case RESPOND_TEXT:
                send_any(play, bytes, NULL, false);
                break;
        case ABORT:
                say(play, "<abort xmlns='" NS_SASL "'/>");
                break;
        case SCRAM_FIRST:
                send_first(play, low, take(bytes));
                break;
        case SCRAM_FINAL:
                send_final(play, argument & 7, take(bytes));
                break;
        case PLAIN:
                send_plain(play, low, high);
                break;
        case REGISTER:
                ask_registration(play, low, high);
                break;
        case PASS_TIME:
                test_server_advance(play->server, G_TIME_SPAN_MILLISECOND << argument);
                g_free(listen_to(play));
                break;
        case FAIL_STORE:
                play->is_late = true;
                house_set_faults(argument * 60u, take(bytes) % 32 * G_TIME_SPAN_SECOND);
                break;
        case OPERATE:
                change_account(play, low, high);
                g_free(listen_to(play));
                break;
        case TEXT:
                text = take_bytes(bytes, &n);
                prover_clear(&play->prover);
                say(play, text);
                break;
        default:
                open_stream(play);
        }
}

/* R9: whatever others did, the owner of an account logs in, from an address of his own. */
static void
let_owner_in(Play *play)
{
        house_set_faults(0, 0);
        test_server_advance(play->server, play->is_late ? G_TIME_SPAN_MINUTE : G_TIME_SPAN_SECOND);
        accounts_restore(play->server);
        come(play, 0, "198.51.100.1");
        send_first(play, 0, 0);
        send_final(play, 0, 0);
        const MotetSession *session = test_client_session(play->client);
        g_assert_nonnull(session);
        g_assert_cmpstr(session->username, ==, accounts[0].name);
        leave(play);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        for (unsigned i = 0; i < G_N_ELEMENTS(accounts); i++) {
                if (told_in(data, n, accounts[i].password))
                        return 0;
        }
        Play play = {.server = house_open(modules, data, n)};
        Bytes bytes = {data, data + n};

        if (house_is_new())
                furnish(play.server);
        else
                accounts_restore(play.server);
        while (bytes.at < bytes.end) {
                uint8_t instruction = take(&bytes);
                run(&play, instruction, &bytes);
        }
        leave(&play);
        let_owner_in(&play);
        /* The next one finds nothing counted against his address. */
        if (play.is_refused)
                test_server_skip(play.server, G_TIME_SPAN_HOUR);
        house_close(NULL, 0);
        return 0;
}
