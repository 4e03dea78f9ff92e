/*
 * clean_links: take out of the links in messages what only serves to follow people around.
 *
 * Implements  nothing but itself; links as in RFC 3986
 * Hooks       pre-message/self, pre-message/bare, pre-message/full, pre-message/host,
 *             pre-message/remote
 * Options     parameters
 *
 * An example of a module that changes stanzas: only in events whose name begins with pre-, and
 * before anything else sees them. What is encrypted end to end is never seen here.
 */
#include <motet/module.h>
#include <motet/stanza.h>

#include <string.h>

/* Whether @name, of @length bytes, is @pattern or, when that ends with "*", begins with it. */
static bool
matches(const char *pattern, const char *name, size_t length)
{
        size_t wanted = strlen(pattern);

        if (wanted > 0 && pattern[wanted - 1] == '*')
                return length >= wanted - 1 && g_ascii_strncasecmp(pattern, name, wanted - 1) == 0;
        return length == wanted && g_ascii_strncasecmp(pattern, name, wanted) == 0;
}

/* Whether the parameter at @text, "name=value" or "name" of @length bytes, is to go. */
static bool
is_unwanted(const char *const *patterns, const char *text, size_t length)
{
        const char *equals = memchr(text, '=', length);
        size_t name_length = equals ? (size_t)(equals - text) : length;

        for (; *patterns; patterns++)
                if (matches(*patterns, text, name_length))
                        return true;
        return false;
}

/* Copies the query of a link, @length bytes behind its "?", without what is unwanted. */
static void
copy_query(GString *out, const char *query, size_t length, const char *const *patterns)
{
        char before = '?';

        for (size_t at = 0; at <= length;) {
                const char *end = memchr(query + at, '&', length - at);
                size_t n = end ? (size_t)(end - query) - at : length - at;
                if (!is_unwanted(patterns, query + at, n)) {
                        g_string_append_c(out, before);
                        g_string_append_len(out, query + at, (gssize)n);
                        before = '&';
                }
                at += n + 1;
        }
}

/* What ends a link in a text: white space, and what RFC 3986 allows nowhere in one. */
static size_t
link_length(const char *text)
{
        return strcspn(text, " \t\r\n\"<>\\^`{|}");
}

/* The text up to the next link is copied. Returns: where that begins, NULL when there is none. */
static const char *
copy_to_link(GString *out, const char *text)
{
        for (const char *at = text; *at; at++) {
                if (g_ascii_strncasecmp(at, "https://", 8) == 0 ||
                    g_ascii_strncasecmp(at, "http://", 7) == 0) {
                        g_string_append_len(out, text, at - text);
                        return at;
                }
        }
        g_string_append(out, text);
        return NULL;
}

/* Returns: (own) @text with clean links */
static char *
clean(const char *text, const char *const *patterns)
{
        GString *out = g_string_new(NULL);

        while ((text = copy_to_link(out, text)) != NULL) {
                size_t length = link_length(text);
                size_t path = MIN(strcspn(text, "?#"), length);
                g_string_append_len(out, text, (gssize)path);
                if (text[path] == '?' && path < length) {
                        size_t query = MIN(strcspn(text + path + 1, "#"), length - path - 1);
                        copy_query(out, text + path + 1, query, patterns);
                        path += 1 + query;
                }
                g_string_append_len(out, text + path, (gssize)(length - path));
                text += length;
        }
        return g_string_free(out, FALSE);
}

/* The text of an element cannot be changed in place: a new one takes its place. */
static void
replace_body(MotetXml *message, const MotetXml *body, const char *text)
{
        const char *language = motet_xml_attr(body, "xml:lang");
        MotetXml *replacement = motet_xml_add_with_text(message, "body", NULL, text);

        motet_xml_set_attr(replacement, "xml:lang", language);
        motet_xml_remove(message, body);
}

static MotetResult
clean_bodies(MotetModule *self, MotetStanzaEvent *ev)
{
        const char *const *patterns = motet_option_list(self, "parameters");
        /* Replacements are added at the end, behind the bodies that were there before. */
        unsigned n = motet_xml_n_children(ev->stanza);
        const MotetXml *child = motet_xml_child(ev->stanza, NULL, NULL);

        while (n-- > 0) {
                const MotetXml *next = motet_xml_next(child, NULL, NULL);
                if (motet_xml_is(child, "body", motet_xml_ns(ev->stanza))) {
                        g_autofree char *text = clean(motet_xml_text(child), patterns);
                        if (strcmp(text, motet_xml_text(child)) != 0)
                                replace_body(ev->stanza, child, text);
                }
                child = next;
        }
        return MOTET_CONTINUE;
}

static const MotetHook hooks[] = {
        MOTET_ON_STANZA("pre-message/self", clean_bodies, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("pre-message/bare", clean_bodies, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("pre-message/full", clean_bodies, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("pre-message/host", clean_bodies, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("pre-message/remote", clean_bodies, MOTET_PRIO_NORMAL),
        {0},
};

static const MotetOption options[] = {
        {
                .key = "parameters",
                .type = MOTET_OPTION_LIST,
                .fallback = "[utm_*, fbclid, gclid, dclid, msclkid, twclid, yclid, igshid, mc_eid, "
                            "_hsenc, _hsmi]",
                .min = 1,
                .max = 100,
                .help = "Parameters taken out of links; one that ends with * stands for all that "
                        "begin so.",
        },
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "clean_links",
        .version = "1.0",
        .summary = "Take out of links in messages what only serves to follow people around",
        .license = "MIT",
        .options = options,
        .hooks = hooks,
};
