/*
 * version: tell which software this is.
 *
 * Implements  XEP-0092 (1.1)
 * Hooks       iq/host/jabber:iq:version:query
 * Options     hide_os
 */
#include <motet/module.h>
#include <motet/router.h>

#include <sys/utsname.h>

#define NS_VERSION "jabber:iq:version"

static MotetResult
answer(MotetModule *self, MotetStanzaEvent *ev)
{
        struct utsname system;

        if (g_strcmp0(motet_xml_attr(ev->stanza, "type"), "get") != 0)
                return motet_reply_error(ev, MOTET_BAD_REQUEST, NULL);

        g_autoptr(MotetXml) result = motet_iq_result(ev->stanza);
        MotetXml *query = motet_xml_add(result, "query", NS_VERSION);

        motet_xml_add_with_text(query, "name", NULL, "motet");
        motet_xml_add_with_text(query, "version", NULL, MOTET_VERSION);
        /* The name alone: a release tells which weaknesses it has. */
        if (!motet_option_bool(self, "hide_os") && uname(&system) == 0)
                motet_xml_add_with_text(query, "os", NULL, system.sysname);
        return motet_reply(ev, result);
}

static const MotetHook hooks[] = {
        MOTET_ON_STANZA("iq/host/" NS_VERSION ":query", answer, MOTET_PRIO_NORMAL),
        {0},
};

static const MotetOption options[] = {
        {"hide_os", MOTET_OPTION_BOOL, "true", 0, 0, NULL,
         "Whether the name of the operating system is kept to ourselves."},
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "version",
        .summary = "Tell which software this is",
        .specs = MOTET_LIST("XEP-0092@1.1"),
        .features = MOTET_LIST(NS_VERSION),
        .options = options,
        .hooks = hooks,
};
