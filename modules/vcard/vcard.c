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
} Cards;

static void
fail(MotetLater *request, const GError *reason)
{
        motet_debug("%s: %s", motet_jid_string(motet_later_from(request)), reason->message);
        motet_later_fail(request, NULL);
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

/* Sections 3.1 and 3.3: who asks another account does not learn whether there is one. */
static MotetCondition
when_none(const MotetLater *request)
{
        const char *from = motet_jid_bare(motet_later_from(request));
        bool is_owner = strcmp(from, motet_jid_bare(motet_later_to(request))) == 0;

        return is_owner ? MOTET_ITEM_NOT_FOUND : MOTET_SERVICE_UNAVAILABLE;
}

static void
on_read(MotetModule *self, const GError *error, GBytes *value, void *data)
{
        MotetLater *request = data;
        g_autoptr(GError) damage = NULL;

        (void)self;
        if (error) {
                fail(request, error);
                return;
        }
        if (!value) {
                motet_later_error(request, when_none(request), NULL, NULL);
                return;
        }

        gsize n = 0;
        const char *text = g_bytes_get_data(value, &n);
        g_autoptr(MotetXml) card = parse_card(n > 0 ? text : "", n, &damage);
        if (!card) {
                motet_warn("the vCard of %s is damaged: %s",
                           motet_jid_string(motet_later_to(request)), damage->message);
                fail(request, damage);
                return;
        }
        g_autoptr(MotetXml) result = result_with_card(motet_later_stanza(request), card);
        motet_later_answer(request, result);
}

static MotetResult
show(MotetModule *self, MotetStanzaEvent *ev)
{
        const Cards *cards = motet_module_data(self);

        motet_store_read(cards->store, motet_jid_local(ev->to), "", on_read,
                         motet_later_new(self, ev, STORE_WAIT));
        return MOTET_WAIT;
}

/* Keeping */

static void
on_written(MotetModule *self, const GError *error, void *data)
{
        (void)self;
        if (error)
                fail(data, error);
        else
                motet_later_result(data);
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
                        motet_later_new(self, ev, STORE_WAIT));
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
        return is_get(ev) ? show(self, ev) : keep(self, ev);
}

static MotetResult
answer_other(MotetModule *self, MotetStanzaEvent *ev)
{
        return is_get(ev) ? show(self, ev) : motet_reply_error(ev, MOTET_FORBIDDEN, NULL);
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
        motet_module_set_data(self, cards, cards_free);
        return true;
}

/* Too late to refuse the configuration: what was read before stays. */
static void
reconfigure(MotetModule *self)
{
        Cards *cards = motet_module_data(self);
        MotetXml *host_card = NULL;
        GError *error = NULL;

        if (!read_host_card(self, &host_card, &error)) {
                motet_module_refuse(self, error);
                return;
        }
        motet_xml_unref(cards->host_card);
        cards->host_card = host_card;
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
};
