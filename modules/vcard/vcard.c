/*
 * vcard: keep the business cards of accounts, and show them to whoever asks.
 *
 * Implements  XEP-0054 (1.3.0)
 * Hooks       iq/self/vcard-temp:vCard, iq/bare/vcard-temp:vCard, iq/host/vcard-temp:vCard
 * Storage     keyval "vcard": the element as text
 * Options     max_bytes, host_vcard
 *
 * A card that is not there and an account that is not there are answered alike (section 3.3), so
 * nobody needs to ask which of both it is.
 */
#include <motet/error.h>
#include <motet/jid.h>
#include <motet/module.h>
#include <motet/router.h>
#include <motet/service-store.h>
#include <motet/session.h>

#include <string.h>

#define NS_VCARD "vcard-temp"
#define STORE_WAIT (30 * G_TIME_SPAN_SECOND)

/* The state of an instance. */
typedef struct {
        MotetStore *store;
        MotetXml *host_card; /* (own) NULL: the host has none */
        GQueue requests;     /* of Request */
} Cards;

/* A request while the store works for it. */
typedef struct {
        Cards *cards;
        GList link;               /* in cards->requests */
        MotetSession *session;    /* (own) NULL: from elsewhere */
        MotetXml *iq;             /* (own) */
        MotetWait *wait;          /* (own) */
        MotetCondition when_none; /* the answer when there is no card */
} Request;

static Request *
request_new(MotetModule *self, MotetStanzaEvent *ev, MotetCondition when_none)
{
        Cards *cards = motet_module_data(self);
        Request *request = g_new0(Request, 1);

        request->cards = cards;
        request->session = ev->session ? motet_session_ref(ev->session) : NULL;
        request->iq = motet_xml_ref(ev->stanza);
        request->wait = motet_wait(self, &ev->event, STORE_WAIT, MOTET_DEADLINE_REFUSE);
        request->when_none = when_none;
        request->link.data = request;
        g_queue_push_tail_link(&cards->requests, &request->link);
        return request;
}

static void
request_end(Request *request, MotetResult verdict)
{
        g_queue_unlink(&request->cards->requests, &request->link);
        motet_resume(request->wait, verdict);
        motet_session_unref(request->session);
        motet_xml_unref(request->iq);
        g_free(request);
}

/* Past its deadline a request was answered already. */
static void
request_answer(MotetModule *self, Request *request, MotetXml *reply)
{
        if (motet_wait_is_live(request->wait))
                motet_reply_to(motet_module_host(self), request->session, reply);
        request_end(request, MOTET_HANDLED);
}

static void
request_refuse(MotetModule *self, Request *request, MotetCondition condition)
{
        g_autoptr(MotetXml) error = motet_stanza_error(request->iq, condition, NULL);

        request_answer(self, request, error);
}

/* A failure of ours that may pass: who asked is to try again (RFC 6120 8.3.2). */
static void
request_fail(MotetModule *self, Request *request, const GError *reason)
{
        g_autoptr(MotetXml) error =
                motet_stanza_error_of_type(request->iq, MOTET_INTERNAL_SERVER_ERROR, "wait", NULL);

        motet_debug("%s: %s", motet_xml_attr(request->iq, "from"), reason->message);
        request_answer(self, request, error);
}

/* Showing */

static MotetXml *
result_with_card(const MotetXml *iq, const MotetXml *card)
{
        MotetXml *result = motet_iq_result(iq);

        motet_xml_add_copy(result, card);
        return result;
}

static MotetXml *
parse_card(const char *text, size_t n, GError **error)
{
        g_autoptr(MotetXml) card = motet_xml_parse(text, (gssize)n, NS_VCARD, error);
        if (!card)
                return NULL;

        if (!motet_xml_is(card, "vCard", NS_VCARD)) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_XML, "not a vCard of " NS_VCARD);
                return NULL;
        }
        return g_steal_pointer(&card);
}

static void
on_read(MotetModule *self, const GError *error, GBytes *value, void *data)
{
        Request *request = data;
        g_autoptr(GError) damage = NULL;

        if (error) {
                request_fail(self, request, error);
                return;
        }
        if (!value) {
                request_refuse(self, request, request->when_none);
                return;
        }

        gsize n = 0;
        const char *text = g_bytes_get_data(value, &n);
        g_autoptr(MotetXml) card = parse_card(n > 0 ? text : "", n, &damage);
        if (!card) {
                motet_warn("the vCard of %s is damaged: %s", motet_xml_attr(request->iq, "to"),
                           damage->message);
                request_fail(self, request, damage);
                return;
        }
        g_autoptr(MotetXml) result = result_with_card(request->iq, card);
        request_answer(self, request, result);
}

static MotetResult
show(MotetModule *self, MotetStanzaEvent *ev, MotetCondition when_none)
{
        const Cards *cards = motet_module_data(self);

        motet_store_read(cards->store, motet_jid_local(ev->to), "", on_read,
                         request_new(self, ev, when_none));
        return MOTET_WAIT;
}

/* Keeping */

static void
on_written(MotetModule *self, const GError *error, void *data)
{
        Request *request = data;

        if (error) {
                request_fail(self, request, error);
                return;
        }

        g_autoptr(MotetXml) result = motet_iq_result(request->iq);
        request_answer(self, request, result);
}

static bool
is_empty(const MotetXml *card)
{
        return !motet_xml_child(card, NULL, NULL) && *motet_xml_text(card) == '\0';
}

static MotetResult
keep(MotetModule *self, MotetStanzaEvent *ev)
{
        const Cards *cards = motet_module_data(self);
        g_autofree char *text = motet_xml_string(ev->payload, NULL);
        size_t n = strlen(text);

        if (n > (size_t)motet_option_int(self, "max_bytes"))
                return motet_reply_error(ev, MOTET_NOT_ACCEPTABLE, "the vCard is too large");

        g_autoptr(GBytes) value =
                is_empty(ev->payload) ? NULL : g_bytes_new_take(g_steal_pointer(&text), n);
        motet_store_set(cards->store, motet_jid_local(ev->from), "", value, on_written,
                        request_new(self, ev, MOTET_CONDITION_NONE));
        return MOTET_WAIT;
}

/* Requests */

static bool
is_get(const MotetStanzaEvent *ev)
{
        return strcmp(motet_xml_attr(ev->stanza, "type"), "get") == 0;
}

static MotetResult
answer_owner(MotetModule *self, MotetStanzaEvent *ev)
{
        return is_get(ev) ? show(self, ev, MOTET_ITEM_NOT_FOUND) : keep(self, ev);
}

static MotetResult
answer_other(MotetModule *self, MotetStanzaEvent *ev)
{
        return is_get(ev) ? show(self, ev, MOTET_SERVICE_UNAVAILABLE)
                          : motet_reply_error(ev, MOTET_FORBIDDEN, NULL);
}

static MotetResult
answer_for_host(MotetModule *self, MotetStanzaEvent *ev)
{
        const Cards *cards = motet_module_data(self);

        if (!is_get(ev))
                return motet_reply_error(ev, MOTET_FORBIDDEN, NULL);
        if (!cards->host_card)
                return motet_reply_error(ev, MOTET_SERVICE_UNAVAILABLE, NULL);

        g_autoptr(MotetXml) result = result_with_card(ev->stanza, cards->host_card);
        return motet_reply(ev, result);
}

/* The module */

/* @card_out: (own) NULL when the option is unset */
static bool
read_host_card(const MotetModule *self, MotetXml **card_out, GError **error)
{
        const char *file = motet_option_string(self, "host_vcard");
        g_autofree char *text = NULL;
        gsize n = 0;

        *card_out = NULL;
        if (!file)
                return true;
        if (!g_file_get_contents(file, &text, &n, error)) {
                g_prefix_error(error, "host_vcard: ");
                return false;
        }
        *card_out = parse_card(text, n, error);
        if (!*card_out)
                g_prefix_error(error, "host_vcard: %s: ", file);
        return *card_out != NULL;
}

static void
cards_free(void *data)
{
        Cards *cards = data;

        motet_xml_unref(cards->host_card);
        g_free(cards);
}

static bool
load(MotetModule *self, GError **error)
{
        MotetStore *store = motet_store_open(self, "vcard", MOTET_STORE_KEYVAL, error);
        MotetXml *host_card = NULL;

        if (!store || !read_host_card(self, &host_card, error))
                return false;

        Cards *cards = g_new0(Cards, 1);
        cards->store = store;
        cards->host_card = host_card;
        g_queue_init(&cards->requests);
        motet_module_set_data(self, cards, cards_free);
        return true;
}

/* Too late to refuse the configuration: what was read before stays. */
static void
reconfigure(MotetModule *self)
{
        Cards *cards = motet_module_data(self);
        MotetXml *host_card = NULL;
        g_autoptr(GError) error = NULL;

        if (!read_host_card(self, &host_card, &error)) {
                motet_warn("%s", error->message);
                return;
        }
        motet_xml_unref(cards->host_card);
        cards->host_card = host_card;
}

/* The store calls back no more. */
static void
unload(MotetModule *self)
{
        const Cards *cards = motet_module_data(self);

        while (cards->requests.head)
                request_end(cards->requests.head->data, MOTET_CONTINUE);
}

static const MotetHook hooks[] = {
        MOTET_ON_STANZA("iq/self/" NS_VCARD ":vCard", answer_owner, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/bare/" NS_VCARD ":vCard", answer_other, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/host/" NS_VCARD ":vCard", answer_for_host, MOTET_PRIO_NORMAL),
        {0},
};

static const MotetOption options[] = {
        {
                .key = "max_bytes",
                .type = MOTET_OPTION_SIZE,
                .fallback = "64 KiB",
                .min = 1024,
                .max = 16 << 20,
                .help = "Largest vCard that is kept, as text.",
        },
        {
                .key = "host_vcard",
                .type = MOTET_OPTION_PATH,
                .help = "A file with the vCard of the server itself, as XML.",
        },
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "vcard",
        .summary = "Keep the business cards of accounts and show them",
        .wants = MOTET_LIST("service:store:*"),
        .specs = MOTET_LIST("XEP-0054@1.3.0"),
        .features = MOTET_LIST(NS_VCARD),
        .account_features = MOTET_LIST(NS_VCARD),
        .options = options,
        .hooks = hooks,
        .load = load,
        .reconfigure = reconfigure,
        .unload = unload,
};
