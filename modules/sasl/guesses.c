/*
 * guesses: failed logins by address, so that guessing passwords is slow without ever locking an
 * account.
 *
 * A minute and an hour are counted from the first failure in them. The table is bounded; the entry
 * that was not touched for longest makes room.
 */
#include "sasl-private.h"

#include <motet/conn.h>

#define MINUTE (60 * G_TIME_SPAN_SECOND)
#define HOUR (60 * MINUTE)
#define DELAY_MAX (16 * G_TIME_SPAN_SECOND) /* less than what a stranger has to log in */

typedef struct {
        int64_t since; /* first failure of this window */
        unsigned n;
} Window;

typedef struct {
        char *key;
        GList link; /* in Guesses.entries */
        Window minute, hour;
        unsigned refusals; /* in a row: the delay doubles with each */
} Entry;

struct Guesses {
        GHashTable *table; /* key -> Entry */
        GQueue entries;    /* the longest untouched first */
};

static void
entry_free(void *data)
{
        Entry *entry = data;

        g_free(entry->key);
        g_free(entry);
}

Guesses *
guesses_new(void)
{
        Guesses *guesses = g_new0(Guesses, 1);

        guesses->table = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, entry_free);
        g_queue_init(&guesses->entries);
        return guesses;
}

void
guesses_free(Guesses *guesses)
{
        if (!guesses)
                return;
        g_hash_table_unref(guesses->table);
        g_free(guesses);
}

size_t
guesses_n_addresses(const Guesses *guesses)
{
        return guesses->entries.length;
}

static void
forget(Guesses *guesses, Entry *entry)
{
        g_queue_unlink(&guesses->entries, &entry->link);
        g_hash_table_remove(guesses->table, entry->key);
}

/* Makes @entry the last to be forgotten. */
static void
touch(Guesses *guesses, Entry *entry)
{
        g_queue_unlink(&guesses->entries, &entry->link);
        g_queue_push_tail_link(&guesses->entries, &entry->link);
}

static Entry *
add_entry(Guesses *guesses, const GuessLimits *limits, char *key_taken)
{
        while (guesses->entries.length >= limits->max_addresses)
                forget(guesses, guesses->entries.head->data);

        Entry *entry = g_new0(Entry, 1);
        entry->key = key_taken;
        entry->link.data = entry;
        g_queue_push_tail_link(&guesses->entries, &entry->link);
        g_hash_table_insert(guesses->table, entry->key, entry);
        return entry;
}

static void
window_renew(Window *window, int64_t span, int64_t now)
{
        if (now - window->since >= span)
                *window = (Window){.since = now};
}

static void
renew(Entry *entry, int64_t now)
{
        window_renew(&entry->minute, MINUTE, now);
        window_renew(&entry->hour, HOUR, now);
}

void
guesses_add(Guesses *guesses, const GuessLimits *limits, const char *peer, int64_t now)
{
        g_autofree char *key = motet_address_network(peer);
        Entry *entry = g_hash_table_lookup(guesses->table, key);

        if (!entry) {
                entry = add_entry(guesses, limits, g_steal_pointer(&key));
                entry->minute.since = entry->hour.since = now;
        }
        renew(entry, now);
        entry->minute.n++;
        entry->hour.n++;
        touch(guesses, entry);
}

static bool
is_used_up(const Entry *entry, const GuessLimits *limits)
{
        return entry->minute.n >= limits->per_minute || entry->hour.n >= limits->per_hour;
}

bool
guesses_are_used_up(Guesses *guesses, const GuessLimits *limits, const char *peer, int64_t now)
{
        g_autofree char *key = motet_address_network(peer);
        Entry *entry = g_hash_table_lookup(guesses->table, key);
        if (!entry)
                return false;

        renew(entry, now);
        return is_used_up(entry, limits);
}

GTimeSpan
guesses_delay(Guesses *guesses, const GuessLimits *limits, const char *peer, int64_t now)
{
        g_autofree char *key = motet_address_network(peer);
        Entry *entry = g_hash_table_lookup(guesses->table, key);
        if (!entry)
                return 0;

        renew(entry, now);
        if (!is_used_up(entry, limits)) {
                entry->refusals = 0;
                return 0;
        }
        touch(guesses, entry);
        GTimeSpan delay = G_TIME_SPAN_SECOND << MIN(entry->refusals, 4);
        entry->refusals++;
        return MIN(delay, DELAY_MAX);
}
