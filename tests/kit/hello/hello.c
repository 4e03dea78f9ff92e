/*
 * hello: greet whoever asks, and count the greetings.
 *
 * Implements  nothing
 * Hooks       iq/host/urn:example:hello:hello
 * Options     greeting
 */
#include <motet/module.h>
#include <motet/option.h>
#include <motet/session.h>
#include <motet/stanza.h>

#define NS_HELLO "urn:example:hello"

/* The state: how often somebody was greeted; only in new code from the beginning. */
typedef struct {
        uint32_t n;
} Count;

static uint32_t n_in_this_code;

static bool
load(MotetModule *self, GError **error)
{
        (void)error;
        motet_module_set_data(self, g_new0(Count, 1), g_free);
        return true;
}

static GBytes *
save(MotetModule *self)
{
        return g_bytes_new(motet_module_data(self), sizeof(Count));
}

static bool
restore(MotetModule *self, GBytes *state, GError **error)
{
        (void)error;
        Count *count = motet_module_data(self);

        if (g_bytes_get_size(state) != sizeof *count)
                return false;
        *count = *(const Count *)g_bytes_get_data(state, NULL);
        return true;
}

static MotetResult
greet(MotetModule *self, MotetStanzaEvent *ev)
{
        Count *count = motet_module_data(self);
        g_autoptr(MotetXml) answer = motet_iq_result(ev->stanza);
        MotetXml *hello = motet_xml_add_with_text(answer, "hello", NS_HELLO,
                                                  motet_option_string(self, "greeting"));

        motet_xml_set_attrf(hello, "n", "%u", ++count->n);
        motet_xml_set_attrf(hello, "here", "%u", ++n_in_this_code);
        motet_debug("greeted %u times", count->n);
        motet_session_send(ev->session, answer);
        return MOTET_HANDLED;
}

static const MotetOption options[] = {
        {.key = "greeting",
         .type = MOTET_OPTION_STRING,
         .fallback = "Hello",
         .max = 100,
         .help = "What to say"},
        {.key = NULL},
};

static const MotetHook hooks[] = {
        MOTET_ON_STANZA("iq/host/" NS_HELLO ":hello", greet, MOTET_PRIO_NORMAL),
        {.event = NULL},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "hello",
        .version = "1.0",
        .summary = "Greet whoever asks",
        .features = MOTET_LIST(NS_HELLO),
        .options = options,
        .hooks = hooks,
        .load = load,
        .save = save,
        .restore = restore,
};
