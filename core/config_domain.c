/*
 * config_domain: the whole name first (is it a URL, an address, a number?), then its labels, then
 * what they are together.
 *
 * Addresses are prepared as jid.c does, by IDNA 2003; names are judged by IDNA 2008 as well,
 * because registries, certificates and browsers go by that. What both understand alike is good.
 */
#include "core/config_domain.h"

#include <arpa/inet.h>
#include <motet/jid.h>
#include <string.h>

#include "core/config_label.h"

enum { NAME_BYTES = 253 };

/* One name under examination. */
typedef struct {
        const char *text; /* as written */
        const ConfigNode *place;
        ConfigFindings *findings;
} Name;

G_GNUC_PRINTF(3, 4)
static void
found(const Name *name, FindingId id, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        g_autofree char *text = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        config_findings_add(name->findings, id, name->place->file, name->place->line,
                            name->place->column, "\"%s\" %s", name->text, text);
}

/* Only a hint that is a legal name helps. */
static void
hint_name(const Name *name, const char *text, size_t len)
{
        g_autofree char *part = g_strndup(text, len);
        g_autofree char *prepared = motet_jid_prepare_domain(part);

        if (prepared)
                config_findings_hint(name->findings, "write \"%s\"", prepared);
}

static bool
is_url(const Name *name)
{
        const char *scheme_end = strstr(name->text, "://");

        if (!scheme_end)
                return false;
        const char *host = scheme_end + strlen("://");
        found(name, FINDING_DOMAINS_URL, "is a URL, not a domain");
        hint_name(name, host, strcspn(host, "/:?#"));
        return true;
}

static bool
is_address(const Name *name)
{
        const char *at = strchr(name->text, '@');
        const char *domain = at ? at + 1 : name->text;

        if (!strpbrk(name->text, "@/"))
                return false;
        found(name, FINDING_DOMAINS_JID, "is an address, not a domain");
        hint_name(name, domain, strcspn(domain, "/@"));
        return true;
}

/* What cannot be seen, or looks like a gap. The joiners have a meaning in some scripts. */
static bool
is_space(gunichar c)
{
        bool is_joiner = c == 0x200c || c == 0x200d;

        return g_unichar_isspace(c) || g_unichar_iscntrl(c) ||
               (g_unichar_type(c) == G_UNICODE_FORMAT && !is_joiner);
}

static bool
has_space(const Name *name)
{
        for (const char *at = name->text; *at; at = g_utf8_next_char(at)) {
                gunichar c = g_utf8_get_char(at);
                if (!is_space(c))
                        continue;
                if (c == ' ')
                        found(name, FINDING_DOMAINS_SPACE, "contains a space");
                else
                        found(name, FINDING_DOMAINS_SPACE, "contains the character U+%04X", c);
                return true;
        }
        return false;
}

static bool
has_port(const Name *name)
{
        const char *colon = strrchr(name->text, ':');
        bool is_port = colon && colon[1] && !colon[1 + strspn(colon + 1, "0123456789")];
        bool is_only_colon = is_port && strchr(name->text, ':') == colon;

        if (!is_port || (!is_only_colon && (colon == name->text || colon[-1] != ']')))
                return false;
        found(name, FINDING_DOMAINS_PORT, "has a port; domains have none");
        hint_name(name, name->text, (size_t)(colon - name->text));
        return true;
}

/* Returns: whether it is meant to be a number; then *prepared_out is (own) or NULL with an error */
static bool
is_literal(const Name *name, char **prepared_out)
{
        struct in6_addr address;
        bool has_brackets = name->text[0] == '[';
        bool is_ip4 = inet_pton(AF_INET, name->text, &address) == 1;
        bool is_bare_ip6 = inet_pton(AF_INET6, name->text, &address) == 1;
        bool is_number = !name->text[strspn(name->text, "0123456789.")];

        *prepared_out = NULL;
        if (!has_brackets && !is_ip4 && !is_bare_ip6 && !is_number)
                return false;
        if (has_brackets || is_ip4)
                *prepared_out = motet_jid_prepare_domain(name->text);
        if (*prepared_out) {
                found(name, FINDING_DOMAINS_IP_LITERAL, "is an address of the network");
                return true;
        }
        found(name, FINDING_DOMAINS_BAD_IP_LITERAL, "is neither a domain nor a legal IP address");
        if (is_bare_ip6)
                config_findings_hint(name->findings, "write \"[%s]\", in quotes", name->text);
        return true;
}

/* RFC 3490 section 3.1: what is taken for a dot between labels. */
static bool
is_dot(gunichar c)
{
        return c == '.' || c == 0x3002 || c == 0xff0e || c == 0xff61;
}

/* Returns: (own) its labels, at least one */
static GPtrArray *
split(const char *text)
{
        GPtrArray *labels = g_ptr_array_new_with_free_func((GDestroyNotify)config_label_free);
        const char *start = text;

        for (const char *at = text;; at = g_utf8_next_char(at)) {
                if (*at && !is_dot(g_utf8_get_char(at)))
                        continue;
                g_ptr_array_add(labels, config_label_new(start, (size_t)(at - start)));
                if (!*at)
                        return labels;
                start = g_utf8_next_char(at);
        }
}

/* Drops the label behind a dot at the end. */
static void
check_end(const Name *name, GPtrArray *labels)
{
        const ConfigLabel *last = labels->pdata[labels->len - 1];

        if (labels->len < 2 || last->text[0])
                return;
        found(name, FINDING_DOMAINS_TRAILING_DOT, "ends with a dot");
        hint_name(name, name->text, strlen(name->text));
        g_ptr_array_remove_index(labels, labels->len - 1);
}

static void
check_labels(const Name *name, const GPtrArray *labels)
{
        bool has_empty = false;

        for (guint i = 0; i < labels->len; i++) {
                const ConfigLabel *label = labels->pdata[i];
                g_autofree char *problem = NULL, *hint = NULL;
                FindingId id;

                has_empty = has_empty || !label->text[0];
                if (!label->text[0] || !config_label_check(label, &id, &problem, &hint))
                        continue;
                found(name, id, "%s", problem);
                if (hint)
                        config_findings_hint(name->findings, "%s", hint);
        }
        if (has_empty)
                found(name, FINDING_DOMAINS_EMPTY_LABEL, "has nothing between two dots");
}

/* What fits into DNS also fits into an address: 1023 bytes of UTF-8, RFC 7622 section 3.2. */
static void
check_length(const Name *name, const GPtrArray *labels)
{
        size_t n_bytes = labels->len - 1;

        for (guint i = 0; i < labels->len; i++) {
                const ConfigLabel *label = labels->pdata[i];
                n_bytes += strlen(label->ascii ? label->ascii : label->text);
        }
        if (n_bytes > NAME_BYTES)
                found(name, FINDING_DOMAINS_NAME_LENGTH, "has %zu bytes in DNS, at most %d can be",
                      n_bytes, NAME_BYTES);
}

static bool
is_bidi(const GPtrArray *labels)
{
        for (guint i = 0; i < labels->len; i++) {
                if (config_label_is_rtl(labels->pdata[i]))
                        return true;
        }
        return false;
}

/* RFC 5893 section 1.4: the rule holds for all labels when one of them is right to left. */
static void
check_direction(const Name *name, const GPtrArray *labels)
{
        for (guint i = 0; is_bidi(labels) && i < labels->len; i++) {
                const ConfigLabel *label = labels->pdata[i];
                const char *problem = label->text[0] ? config_label_bidi_problem(label) : NULL;
                if (problem)
                        found(name, FINDING_DOMAINS_BIDI, "mixes directions: its label \"%s\" %s",
                              label->text, problem);
        }
}

/* Says that the server uses another form, unless it was said why already. */
static void
compare(const Name *name, const char *prepared, guint n_before)
{
        if (strcmp(name->text, prepared) == 0 || name->findings->list->len > n_before)
                return;
        found(name, FINDING_DOMAINS_NOT_CANONICAL, "is not in the form in which it is compared");
        config_findings_hint(name->findings, "write \"%s\"", prepared);
}

/* Good by IDNA 2008, but not by the preparation of addresses: RFC 3454 section 6 wants a
 * right-to-left label to end with a letter, RFC 5893 allows a digit or mark. */
static void
found_unprepared(const Name *name, const GPtrArray *labels)
{
        if (is_bidi(labels))
                found(name, FINDING_DOMAINS_BIDI,
                      "has a right-to-left label that addresses cannot have: it does not begin and "
                      "end with a letter");
        else
                found(name, FINDING_DOMAINS_FORBIDDEN_CHARACTER, "cannot be part of an address");
}

static char *
read_name(const Name *name)
{
        g_autoptr(GPtrArray) labels = split(name->text);
        unsigned errors_before = name->findings->n_errors;
        guint n_before = name->findings->list->len;

        check_end(name, labels);
        check_labels(name, labels);
        check_length(name, labels);
        if (name->findings->n_errors == errors_before)
                check_direction(name, labels);

        g_autofree char *prepared = motet_jid_prepare_domain(name->text);
        if (!prepared && name->findings->n_errors == errors_before)
                found_unprepared(name, labels);
        if (name->findings->n_errors != errors_before)
                return NULL;
        compare(name, prepared, n_before);
        return g_steal_pointer(&prepared);
}

char *
config_domain_read(const char *text, const ConfigNode *place, ConfigFindings *findings)
{
        const Name name = {text, place, findings};
        char *prepared = NULL;

        if (!text[0] || !text[strspn(text, ".")])
                found(&name, FINDING_DOMAINS_EMPTY, "is no name");
        else if (is_url(&name) || is_address(&name) || has_space(&name) || has_port(&name))
                return NULL;
        else if (!is_literal(&name, &prepared))
                prepared = read_name(&name);
        return prepared;
}
