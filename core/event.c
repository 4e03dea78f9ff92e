/*
 * event: tables of hooks, and running them.
 */
#include "core/event.h"

#include <string.h>

#include "core/event_wait.h"
#include "core/host.h"
#include "core/list.h"
#include "core/meter.h"
#include "core/trace.h"

typedef struct Entry Entry;

/* Instead of the kind of a hook's payload: it is measured. */
#define MEASURED ((MotetEventKind)0)

/* One hook in one table. Chains hold references, since a parked chain may outlive table and
 * owner. */
typedef struct {
        Owned owned;   /* its owner is NULL once the hook is gone */
        Entry *entry;  /* NULL once the hook is gone */
        unsigned refs; /* one for being in the table, one for each chain */
        unsigned seq;  /* of the hook in its table */
        MotetHook hook;
} Hook;

struct EventChain {
        unsigned refs;
        unsigned n;
        Hook *hooks[]; /* (own) in running order */
};

/* An event somebody hooks, or hooked: never removed while the table lives. */
struct Entry {
        const EventName *name;
        EventChain *chain; /* (own) NULL: nobody */
};

struct EventTable {
        EventNames *names;
        GHashTable *entries; /* name -> (own) Entry */
        GHashTable *named;   /* EventKey -> Entry: those with a namespace */
        Entry *pre_stream, *remote, *elsewhere;
        Entry *pre[MOTET_STANZA_IQ + 1][MOTET_N_DESTS];
        Entry *outbound[MOTET_STANZA_IQ + 1][MOTET_N_DESTS];
        Entry *inbound[MOTET_STANZA_IQ + 1][MOTET_N_DESTS];
        Entry *plain[MOTET_STANZA_IQ + 1][MOTET_N_DESTS];
        unsigned seq;
};

static void
hook_unref(Hook *hook)
{
        if (--hook->refs == 0)
                g_free(hook);
}

EventChain *
event_chain_ref(EventChain *chain)
{
        if (chain)
                chain->refs++;
        return chain;
}

void
event_chain_unref(EventChain *chain)
{
        if (!chain || --chain->refs > 0)
                return;

        for (unsigned i = 0; i < chain->n; i++)
                hook_unref(chain->hooks[i]);
        g_free(chain);
}

static EventChain *
chain_new(unsigned n)
{
        EventChain *chain = g_malloc0(sizeof(EventChain) + n * sizeof(Hook *));

        chain->refs = 1;
        return chain;
}

static void
chain_append(EventChain *chain, Hook *hook)
{
        hook->refs++;
        chain->hooks[chain->n++] = hook;
}

static bool
runs_before(const Hook *a, const Hook *b, bool reverse)
{
        if (a->hook.priority != b->hook.priority)
                return (a->hook.priority > b->hook.priority) != reverse;
        /* As it is now: a reload ranks running instances anew among those it starts. */
        if (a->owned.owner->order != b->owned.owner->order)
                return (a->owned.owner->order < b->owned.owner->order) != reverse;
        return (a->seq < b->seq) != reverse;
}

static void
entry_insert(Entry *entry, Hook *hook)
{
        unsigned n = entry->chain ? entry->chain->n : 0;
        EventChain *chain = chain_new(n + 1);
        unsigned i = 0;

        for (; i < n && runs_before(entry->chain->hooks[i], hook, entry->name->reverse); i++)
                chain_append(chain, entry->chain->hooks[i]);
        chain_append(chain, hook);
        for (; i < n; i++)
                chain_append(chain, entry->chain->hooks[i]);

        event_chain_unref(entry->chain);
        entry->chain = chain;
}

static void
entry_remove(Entry *entry, const Hook *hook)
{
        EventChain *chain = entry->chain->n > 1 ? chain_new(entry->chain->n - 1) : NULL;

        for (unsigned i = 0; chain && i < entry->chain->n; i++) {
                if (entry->chain->hooks[i] != hook)
                        chain_append(chain, entry->chain->hooks[i]);
        }
        event_chain_unref(entry->chain);
        entry->chain = chain;
}

static void
entry_free(void *data)
{
        Entry *entry = data;

        for (unsigned i = 0; entry->chain && i < entry->chain->n; i++) {
                owned_remove(&entry->chain->hooks[i]->owned);
                entry->chain->hooks[i]->entry = NULL;
                hook_unref(entry->chain->hooks[i]);
        }
        event_chain_unref(entry->chain);
        g_free(entry);
}

static unsigned
key_hash(const void *data)
{
        const EventKey *key = data;

        return g_str_hash(key->ns) * 33 ^ g_str_hash(key->name) ^ (unsigned)key->slot << 8 ^
               (unsigned)key->dest;
}

static int
key_equal(const void *a, const void *b)
{
        const EventKey *x = a, *y = b;

        return x->slot == y->slot && x->dest == y->dest && strcmp(x->name, y->name) == 0 &&
               strcmp(x->ns, y->ns) == 0;
}

EventTable *
event_table_new(EventNames *names)
{
        EventTable *table = g_new0(EventTable, 1);

        table->names = names;
        table->entries = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, entry_free);
        table->named = g_hash_table_new(key_hash, key_equal);
        return table;
}

void
event_table_free(EventTable *table)
{
        if (!table)
                return;

        g_hash_table_unref(table->named);
        g_hash_table_unref(table->entries);
        g_free(table);
}

static Entry **
slot_entry(EventTable *table, const EventKey *key)
{
        switch (key->slot) {
        case EVENT_PRE_STREAM:
                return &table->pre_stream;
        case EVENT_PRE_STANZA:
                return &table->pre[key->kind][key->dest];
        case EVENT_OUTBOUND:
                return &table->outbound[key->kind][key->dest];
        case EVENT_INBOUND:
                return &table->inbound[key->kind][key->dest];
        case EVENT_STANZA:
                return &table->plain[key->kind][key->dest];
        case EVENT_ROUTE_REMOTE:
                return &table->remote;
        case EVENT_ROUTE_ELSEWHERE:
                return &table->elsewhere;
        case EVENT_NO_SLOT:
        case EVENT_STREAM:
        case EVENT_STANZA_NAMED:
                break;
        }
        return NULL;
}

static Entry *
table_entry(EventTable *table, const EventName *name)
{
        Entry *entry = g_hash_table_lookup(table->entries, name->name);
        if (entry)
                return entry;

        entry = g_new0(Entry, 1);
        entry->name = name;
        g_hash_table_insert(table->entries, name->name, entry);
        if (name->key.slot == EVENT_STREAM || name->key.slot == EVENT_STANZA_NAMED)
                g_hash_table_insert(table->named, (void *)&name->key, entry);
        else if (name->key.slot != EVENT_NO_SLOT)
                *slot_entry(table, &name->key) = entry;
        return entry;
}

static void
drop_hook(Owned *owned)
{
        Hook *hook = CONTAINER_OF(owned, Hook, owned);

        owned_remove(owned);
        entry_remove(hook->entry, hook);
        hook->entry = NULL;
        hook_unref(hook);
}

void
event_table_add(EventTable *table, MotetModule *owner, const MotetHook *hook)
{
        const EventName *name = event_names_intern(table->names, hook->event);
        g_assert(name && name->kind == hook->kind);

        Hook *added = g_new0(Hook, 1);
        added->refs = 1;
        added->seq = table->seq++;
        added->hook = *hook;
        added->hook.event = name->name;
        if (owner->server->meter)
                added->hook.kind = MEASURED;
        added->entry = table_entry(table, name);
        owned_add(&added->owned, owner, drop_hook);
        entry_insert(added->entry, added);
}

void
event_mark_hooks(MotetServer *server, bool is_measured)
{
        for (guint i = 0; i < server->slots->len; i++) {
                MotetModule *instance = g_ptr_array_index(server->slots, i);
                if (!instance)
                        continue;
                for (List *link = instance->owned.next; link != &instance->owned;
                     link = link->next) {
                        Owned *owned = CONTAINER_OF(link, Owned, link);
                        Hook *hook = CONTAINER_OF(owned, Hook, owned);
                        if (owned->drop == drop_hook)
                                hook->hook.kind = is_measured ? MEASURED : hook->entry->name->kind;
                }
        }
}

static Hook *
find_same(MotetModule *of, const Hook *hook)
{
        for (List *link = of->owned.next; link != &of->owned; link = link->next) {
                Owned *owned = CONTAINER_OF(link, Owned, link);
                Hook *other = CONTAINER_OF(owned, Hook, owned);
                if (owned->drop == drop_hook && other->entry == hook->entry &&
                    other->hook.priority == hook->hook.priority)
                        return other;
        }
        return NULL;
}

void
event_hand_over(MotetModule *from, MotetModule *to)
{
        List *link = from->owned.next;

        while (link != &from->owned) {
                Owned *owned = CONTAINER_OF(link, Owned, link);
                Hook *hook = CONTAINER_OF(owned, Hook, owned);
                link = link->next;
                Hook *same = owned->drop == drop_hook ? find_same(to, hook) : NULL;
                if (!same)
                        continue;
                hook->hook = same->hook;
                drop_hook(&same->owned);
                owned_remove(owned);
                owned_add(owned, to, drop_hook);
        }
}

bool
event_table_has(const EventTable *table, const char *name)
{
        const Entry *entry = g_hash_table_lookup(table->entries, name);

        return entry && entry->chain;
}

bool
event_table_has_slot(const EventTable *table, EventSlot slot)
{
        const Entry *entry = slot == EVENT_ROUTE_REMOTE ? table->remote : table->elsewhere;

        return entry && entry->chain;
}

static int
compare_names(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void
event_table_list(const EventTable *table,
                 void (*func)(const char *event, int priority, const MotetModule *owner,
                              void *data),
                 void *data)
{
        unsigned n;
        g_autofree const char **events =
                (const char **)g_hash_table_get_keys_as_array(table->entries, &n);
        if (n > 0)
                qsort(events, n, sizeof(*events), compare_names);

        for (unsigned e = 0; e < n; e++) {
                const Entry *entry = g_hash_table_lookup(table->entries, events[e]);
                for (unsigned i = 0; entry->chain && i < entry->chain->n; i++) {
                        const Hook *hook = entry->chain->hooks[i];
                        func(events[e], hook->hook.priority, hook->owned.owner, data);
                }
        }
}

static MotetResult call_measured(const MotetHook *hook, MotetModule *self, MotetEvent *ev);

MotetResult
event_call(const MotetHook *hook, MotetModule *self, MotetEvent *ev)
{
        switch (hook->kind) {
        case MOTET_EVENT_STANZA:
                return hook->fn.stanza(self, (MotetStanzaEvent *)ev);
        case MOTET_EVENT_SESSION:
                return hook->fn.session(self, (MotetSessionEvent *)ev);
        case MOTET_EVENT_FEATURES:
                return hook->fn.features(self, (MotetFeaturesEvent *)ev);
        case MOTET_EVENT_SERVER:
                return hook->fn.server(self, (MotetServerEvent *)ev);
        case MOTET_EVENT_ACCOUNT:
                return hook->fn.account(self, (MotetAccountEvent *)ev);
        case MOTET_EVENT_CUSTOM:
                return hook->fn.custom(self, (MotetCustomEvent *)ev);
        }
        return call_measured(hook, self, ev);
}

static MotetResult
call_measured(const MotetHook *hook, MotetModule *self, MotetEvent *ev)
{
        const MotetServer *server = self->server;
        MotetHook plain = *hook;
        MeterFrame frame;

        g_assert(hook->kind == MEASURED && ev->kind != MEASURED);
        plain.kind = ev->kind;
        meter_enter(&frame, self);
        MotetResult verdict = event_call(&plain, self, ev);
        meter_leave(&frame, server);
        return verdict;
}

/* Runs hooks until one decides. WAIT: the chain now lives in run->wait. */
static MotetResult
run_hooks(MotetEvent *ev)
{
        EventRun *run = ev->run;

        while (run->chain && run->next < run->chain->n) {
                Hook *hook = run->chain->hooks[run->next++];
                MotetModule *owner = hook->owned.owner;
                if (!owner || !owner->running)
                        continue;

                InstanceCall before = instance_enter(owner, hook->hook.event);
                const MotetEvent *outer = owner->server->event;
                owner->server->event = ev;
                MotetResult verdict = G_UNLIKELY(owner->server->trace)
                                              ? trace_call(&hook->hook, owner, ev)
                                              : event_call(&hook->hook, owner, ev);
                owner->server->event = outer;
                instance_leave(owner, before);

                if (verdict == MOTET_WAIT && run->wait)
                        return MOTET_WAIT;
                if (run->wait) {
                        g_critical("%s: a hook on %s took a token and did not wait",
                                   owner->info->name, ev->name);
                        event_wait_unused(g_steal_pointer(&run->wait));
                }
                if (verdict == MOTET_WAIT)
                        g_critical("%s: a hook on %s waits without a token", owner->info->name,
                                   ev->name);
                if (verdict == MOTET_HANDLED)
                        return MOTET_HANDLED;
        }
        return MOTET_CONTINUE;
}

void
event_go(MotetEvent *ev)
{
        MotetResult verdict = run_hooks(ev);

        if (verdict == MOTET_WAIT)
                event_wait_parked(ev->run->wait);
        else
                ev->run->after(ev, verdict);
}

static void
fire(const Entry *entry, MotetEvent *ev, EventAfter after, void *data, int stage)
{
        EventRun *outer = ev->run;
        EventRun run = {
                .chain = event_chain_ref(entry ? entry->chain : NULL),
                .after = after,
                .data = data,
                .stage = stage,
        };

        ev->run = &run;
        event_go(ev);
        ev->run = outer;
        event_chain_unref(run.chain);
}

static MotetResult
fire_now(const Entry *entry, MotetEvent *ev)
{
        EventRun *outer = ev->run;
        EventRun run = {.chain = event_chain_ref(entry ? entry->chain : NULL)};

        ev->run = &run;
        MotetResult verdict = run_hooks(ev);
        ev->run = outer;
        event_chain_unref(run.chain);
        return verdict;
}

void
event_fire(EventTable *table, const char *name, MotetEvent *ev, EventAfter after, void *data,
           int stage)
{
        ev->name = name;
        fire(g_hash_table_lookup(table->entries, name), ev, after, data, stage);
}

MotetResult
event_fire_now(EventTable *table, const char *name, MotetEvent *ev)
{
        ev->name = name;
        return fire_now(g_hash_table_lookup(table->entries, name), ev);
}

static const Entry *
find_stanza_entry(EventTable *table, EventSlot slot, MotetStanzaEvent *ev)
{
        EventKey key = {.slot = slot, .kind = ev->kind, .dest = ev->dest};
        const Entry *entry;

        if (slot == EVENT_STREAM || slot == EVENT_STANZA_NAMED) {
                const MotetXml *named = slot == EVENT_STREAM ? ev->stanza : ev->payload;
                if (slot == EVENT_STREAM)
                        key.dest = MOTET_DEST_SELF;
                key.ns = motet_xml_ns(named);
                key.name = motet_xml_name(named);
                entry = g_hash_table_lookup(table->named, &key);
        } else {
                entry = *slot_entry(table, &key);
        }
        ev->event.name = entry ? entry->name->name : "";
        return entry;
}

void
event_fire_stanza(EventTable *table, EventSlot slot, MotetStanzaEvent *ev, EventAfter after,
                  void *data, int stage)
{
        fire(find_stanza_entry(table, slot, ev), &ev->event, after, data, stage);
}

MotetResult
event_fire_stanza_now(EventTable *table, EventSlot slot, MotetStanzaEvent *ev)
{
        return fire_now(find_stanza_entry(table, slot, ev), &ev->event);
}

MotetResult
motet_fire_account(MotetModule *self, MotetHost *host, const char *event, const char *username)
{
        g_return_val_if_fail(self && host && event && username, MOTET_CONTINUE);
        g_return_val_if_fail(
                event_names_check(host->server->names, event, MOTET_EVENT_ACCOUNT, NULL),
                MOTET_CONTINUE);

        MotetAccountEvent ev = {.event = {.kind = MOTET_EVENT_ACCOUNT, .host = host},
                                .username = username};
        return event_fire_now(host->events, event, &ev.event);
}

MotetResult
motet_fire_custom(MotetModule *self, MotetHost *host, const char *event, void *data)
{
        g_return_val_if_fail(self && host && event, MOTET_CONTINUE);
        g_return_val_if_fail(
                event_names_check(host->server->names, event, MOTET_EVENT_CUSTOM, NULL),
                MOTET_CONTINUE);

        MotetCustomEvent ev = {.event = {.kind = MOTET_EVENT_CUSTOM, .host = host}, .data = data};
        return event_fire_now(host->events, event, &ev.event);
}
