/*
 * event_names: core's own events, those that modules declare, and the two families with a namespace
 * in the name.
 */
#include "core/event_names.h"

#include <string.h>

#include <motet/error.h>

struct EventNames {
        GHashTable *by_name; /* char* owned by the EventName -> (own) EventName */
};

static const char *const kind_words[] = {
        [MOTET_STANZA_MESSAGE] = "message",
        [MOTET_STANZA_PRESENCE] = "presence",
        [MOTET_STANZA_IQ] = "iq",
};

static const char *const dest_words[MOTET_N_DESTS] = {
        [MOTET_DEST_SELF] = "self", [MOTET_DEST_BARE] = "bare",     [MOTET_DEST_FULL] = "full",
        [MOTET_DEST_HOST] = "host", [MOTET_DEST_REMOTE] = "remote",
};

static const char *const payload_words[] = {
        [MOTET_EVENT_STANZA] = "a stanza",    [MOTET_EVENT_SESSION] = "a session",
        [MOTET_EVENT_FEATURES] = "features",  [MOTET_EVENT_SERVER] = "the server",
        [MOTET_EVENT_ACCOUNT] = "an account", [MOTET_EVENT_CUSTOM] = "a payload of its own",
};

enum { REVERSE = 1, SERVER = 2 };

static const struct {
        const char *name;
        MotetEventKind kind;
        unsigned flags;
} core_events[] = {
        {"server-started", MOTET_EVENT_SERVER, SERVER},
        {"server-stopping", MOTET_EVENT_SERVER, SERVER | REVERSE},
        {"config-reloaded", MOTET_EVENT_SERVER, SERVER},
        {"session-created", MOTET_EVENT_SESSION, SERVER},
        {"stream-opened", MOTET_EVENT_SESSION, 0},
        {"stream-features", MOTET_EVENT_FEATURES, 0},
        {"session-authenticated", MOTET_EVENT_SESSION, 0},
        {"pre-session-bind", MOTET_EVENT_SESSION, 0},
        {"session-bound", MOTET_EVENT_SESSION, 0},
        {"pre-session-unbind", MOTET_EVENT_SESSION, REVERSE},
        {"session-unbound", MOTET_EVENT_SESSION, REVERSE},
        {"session-resumed", MOTET_EVENT_SESSION, 0},
        {"session-destroyed", MOTET_EVENT_SESSION, REVERSE},
};

static void
event_name_free(void *data)
{
        EventName *name = data;

        g_free(name->name);
        g_free((char *)name->key.ns);
        g_free((char *)name->key.name);
        g_free(name);
}

static EventName *
add_name(EventNames *names, const char *text, MotetEventKind kind)
{
        EventName *name = g_new0(EventName, 1);

        name->name = g_strdup(text);
        name->kind = kind;
        g_hash_table_insert(names->by_name, name->name, name);
        return name;
}

static void
add_stanza_name(EventNames *names, const char *text, EventSlot slot, MotetStanzaKind kind,
                MotetDest dest)
{
        EventName *name = add_name(names, text, MOTET_EVENT_STANZA);

        name->key = (EventKey){.slot = slot, .kind = kind, .dest = dest};
        name->key.ns = g_strdup("");
        name->key.name = g_strdup("");
}

/* The events of one kind of stanza for one destination. */
static void
add_stanza_names(EventNames *names, MotetStanzaKind kind, MotetDest dest)
{
        g_autofree char *word = g_strdup_printf("%s/%s", kind_words[kind], dest_words[dest]);
        g_autofree char *pre = g_strconcat("pre-", word, NULL);
        g_autofree char *outbound = g_strconcat("outbound-", word, NULL);
        g_autofree char *inbound = g_strconcat("inbound-", word, NULL);

        add_stanza_name(names, pre, EVENT_PRE_STANZA, kind, dest);
        if (dest != MOTET_DEST_SELF)
                add_stanza_name(names, outbound, EVENT_OUTBOUND, kind, dest);
        if (dest != MOTET_DEST_SELF && dest != MOTET_DEST_REMOTE)
                add_stanza_name(names, inbound, EVENT_INBOUND, kind, dest);
        if (dest != MOTET_DEST_REMOTE)
                add_stanza_name(names, word, EVENT_STANZA, kind, dest);
}

EventNames *
event_names_new(void)
{
        EventNames *names = g_new0(EventNames, 1);

        names->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, event_name_free);
        for (size_t i = 0; i < G_N_ELEMENTS(core_events); i++) {
                EventName *name = add_name(names, core_events[i].name, core_events[i].kind);
                name->reverse = core_events[i].flags & REVERSE;
                name->server = core_events[i].flags & SERVER;
        }

        add_stanza_name(names, "pre-stream", EVENT_PRE_STREAM, MOTET_STANZA_NONE, MOTET_DEST_SELF);
        add_stanza_name(names, "route/remote", EVENT_ROUTE_REMOTE, MOTET_STANZA_NONE,
                        MOTET_DEST_SELF);
        add_stanza_name(names, "route/elsewhere", EVENT_ROUTE_ELSEWHERE, MOTET_STANZA_NONE,
                        MOTET_DEST_SELF);
        for (MotetStanzaKind kind = MOTET_STANZA_MESSAGE; kind <= MOTET_STANZA_IQ; kind++) {
                for (MotetDest dest = MOTET_DEST_SELF; dest < MOTET_N_DESTS; dest++)
                        add_stanza_names(names, kind, dest);
        }
        return names;
}

void
event_names_free(EventNames *names)
{
        if (!names)
                return;

        g_hash_table_unref(names->by_name);
        g_free(names);
}

/*
 * Takes "stream/<ns>:<name>" or "iq/<dest>/<ns>:<name>" apart: @key gets slot, kind and dest; the
 * namespace is returned with its length, the name is what follows the last colon (a name has none,
 * nor a slash).
 */
static const char *
split_family(const char *text, EventKey *key, size_t *ns_len_out)
{
        const char *ns = NULL;

        *key = (EventKey){0};
        if (g_str_has_prefix(text, "stream/")) {
                key->slot = EVENT_STREAM;
                ns = text + strlen("stream/");
        } else if (g_str_has_prefix(text, "iq/")) {
                const char *dest = text + strlen("iq/");
                for (MotetDest i = MOTET_DEST_SELF; i < MOTET_DEST_REMOTE; i++) {
                        size_t n = strlen(dest_words[i]);
                        if (strncmp(dest, dest_words[i], n) == 0 && dest[n] == '/') {
                                *key = (EventKey){EVENT_STANZA_NAMED, MOTET_STANZA_IQ, i, NULL,
                                                  NULL};
                                ns = dest + n + 1;
                        }
                }
        }
        if (!ns)
                return NULL;

        const char *colon = strrchr(ns, ':');
        if (!colon || colon == ns || !colon[1] || strchr(colon, '/'))
                return NULL;
        *ns_len_out = (size_t)(colon - ns);
        return ns;
}

static bool
is_plain_name(const char *text)
{
        if (!g_ascii_islower(text[0]))
                return false;
        for (const char *c = text; *c; c++) {
                if (!g_ascii_islower(*c) && !g_ascii_isdigit(*c) && *c != '-' && *c != '_' &&
                    *c != '/')
                        return false;
        }
        return true;
}

/* The payload of @text, or 0 when there is no such event. */
static MotetEventKind
payload_of(const EventNames *names, const char *text)
{
        const EventName *name = g_hash_table_lookup(names->by_name, text);
        EventKey key;
        size_t ns_len;

        if (name)
                return name->kind;
        return split_family(text, &key, &ns_len) ? MOTET_EVENT_STANZA : (MotetEventKind)0;
}

bool
event_names_declare(EventNames *names, const char *name, MotetEventKind kind, GError **error)
{
        MotetEventKind declared = payload_of(names, name);

        if (declared && declared != kind) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_MODULE,
                            "event %s is declared already and carries %s, not %s", name,
                            payload_words[declared], payload_words[kind]);
                return false;
        }
        if (!declared && !is_plain_name(name)) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_MODULE,
                            "\"%s\" is no name for an event", name);
                return false;
        }
        if (!declared)
                add_name(names, name, kind);
        return true;
}

bool
event_names_check(const EventNames *names, const char *name, MotetEventKind kind, GError **error)
{
        MotetEventKind declared = payload_of(names, name);

        if (!declared) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_MODULE, "there is no event \"%s\"",
                            name);
                return false;
        }
        if (declared != kind) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_MODULE,
                            "event %s carries %s, its handler takes %s", name,
                            payload_words[declared], payload_words[kind]);
                return false;
        }
        return true;
}

const EventName *
event_names_intern(EventNames *names, const char *name)
{
        const EventName *known = g_hash_table_lookup(names->by_name, name);
        if (known)
                return known;

        EventKey key;
        size_t ns_len;
        const char *ns = split_family(name, &key, &ns_len);
        if (!ns)
                return NULL;

        EventName *added = add_name(names, name, MOTET_EVENT_STANZA);
        added->key = key;
        added->key.ns = g_strndup(ns, ns_len);
        added->key.name = g_strdup(ns + ns_len + 1);
        return added;
}
