/*
 * option_text: options that name somebody or something: addresses of users, domains, addresses of
 * the network.
 */
#include "core/option_text.h"

#include <arpa/inet.h>
#include <motet/jid.h>
#include <string.h>

#include "core/config_domain.h"
#include "core/config_value.h"

#define A_JID "an address such as admin@example.org"
#define A_NUMBER "a numeric address such as 192.0.2.1 or 2001:db8::1"

/* The domain is judged as those of hosts are; what is wrong elsewhere is no address at all. */
static char *
read_jid(const char *text, const ConfigNode *node, ConfigFindings *findings)
{
        size_t n_bare = strcspn(text, "/");
        g_autofree char *bare = g_strndup(text, n_bare);
        const char *at = strchr(bare, '@');

        if (text[n_bare]) {
                config_value_unexpected(node, A_JID, findings);
                config_findings_hint(findings, "leave out what follows the slash");
                return NULL;
        }
        g_autofree char *domain = config_domain_read(at ? at + 1 : bare, node, findings);
        if (!domain)
                return NULL;
        g_autoptr(MotetJid) jid = motet_jid_new(bare);
        if (jid)
                return g_strdup(motet_jid_string(jid));
        config_value_unexpected(node, A_JID, findings);
        return NULL;
}

/* Returns: (own) the one way it is written; NULL when it is no address */
static char *
number_text(const char *text)
{
        struct in6_addr address;
        char shown[INET6_ADDRSTRLEN];

        if (inet_pton(AF_INET, text, &address) == 1)
                return g_strdup(inet_ntop(AF_INET, &address, shown, sizeof shown));
        if (inet_pton(AF_INET6, text, &address) == 1)
                return g_strdup(inet_ntop(AF_INET6, &address, shown, sizeof shown));
        return NULL;
}

/* What somebody may have meant who wrote brackets or a port. */
static char *
meant_number(const char *text)
{
        bool has_brackets = text[0] == '[';
        const char *start = text + has_brackets;
        g_autofree char *part = g_strndup(start, strcspn(start, has_brackets ? "]" : ":"));

        return number_text(part);
}

static char *
read_address(const MotetOption *option, const char *text, const ConfigNode *node,
             ConfigFindings *findings)
{
        char *number = number_text(text);

        if (number)
                return number;
        if (option->values && g_strv_contains(option->values, text))
                return g_strdup(text);
        g_autofree char *words = option->values ? config_value_join(option->values) : NULL;
        g_autofree char *expected = g_strconcat(A_NUMBER, words ? ", or " : NULL, words, NULL);
        g_autofree char *meant = meant_number(text);
        config_value_unexpected(node, expected, findings);
        if (meant)
                config_findings_hint(findings, "write \"%s\"", meant);
        return NULL;
}

char *
option_text_read(const MotetOption *option, const ConfigNode *node, ConfigFindings *findings)
{
        const char *text;

        switch (option->type) {
        case MOTET_OPTION_JID:
        case MOTET_OPTION_JIDS:
                return config_value_text(node, A_JID, &text, findings)
                               ? read_jid(text, node, findings)
                               : NULL;
        case MOTET_OPTION_DOMAIN:
        case MOTET_OPTION_DOMAINS:
                return config_value_text(node, "a domain such as example.org", &text, findings)
                               ? config_domain_read(text, node, findings)
                               : NULL;
        default:
                return config_value_text(node, A_NUMBER, &text, findings)
                               ? read_address(option, text, node, findings)
                               : NULL;
        }
}
