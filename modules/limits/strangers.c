/*
 * strangers: connections that have not logged in, counted by address.
 *
 * An address is kept while it holds strangers or its rate of new ones is not forgotten yet, which
 * takes a second; so the table is bounded by the strangers there may be and by what a second
 * brings, of which at most QUIET_MAX are remembered.
 */
#include "limits-private.h"

#include <motet/conn.h>

#define QUIET_MAX 8192 /* addresses without strangers that are remembered for their rate */

typedef struct {
        char *key;
        GList link;      /* in Strangers.quiet while n is 0 */
        unsigned n;      /* strangers now */
        int64_t full_at; /* token bucket: when the whole allowance of a second is there again */
} Address;

struct Stranger {
        Strangers *strangers;
        Address *address;
        MotetSession *session;
        GList link; /* in Strangers.all */
};

struct Strangers {
        GHashTable *addresses; /* key -> Address */
        GQueue all;            /* of Stranger, the oldest first */
        GQueue quiet;          /* of Address without strangers, the longest quiet first */
};

static void
address_free(void *data)
{
        Address *address = data;

        g_free(address->key);
        g_free(address);
}

Strangers *
strangers_new(void)
{
        Strangers *strangers = g_new0(Strangers, 1);

        strangers->addresses = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, address_free);
        g_queue_init(&strangers->all);
        g_queue_init(&strangers->quiet);
        return strangers;
}

void
strangers_free(Strangers *strangers)
{
        if (!strangers)
                return;
        g_assert(strangers->all.length == 0);
        g_hash_table_unref(strangers->addresses);
        g_free(strangers);
}

size_t
strangers_n(const Strangers *strangers)
{
        return strangers->all.length;
}

size_t
strangers_n_addresses(const Strangers *strangers)
{
        return g_hash_table_size(strangers->addresses);
}

/*
 * Forgets addresses that have been quiet for long enough, and beyond QUIET_MAX those that have been
 * for longest.
 */
static void
forget_quiet(Strangers *strangers, int64_t now)
{
        while (strangers->quiet.head) {
                Address *address = strangers->quiet.head->data;
                if (strangers->quiet.length <= QUIET_MAX && address->full_at > now)
                        return;
                g_queue_unlink(&strangers->quiet, &address->link);
                g_hash_table_remove(strangers->addresses, address->key);
        }
}

static void
become_quiet(Strangers *strangers, Address *address)
{
        g_queue_push_tail_link(&strangers->quiet, &address->link);
}

/* Returns: (borrowed) the address of @peer, without strangers and quiet when it is new */
static Address *
find_address(Strangers *strangers, const char *peer)
{
        g_autofree char *key = motet_address_network(peer);
        Address *address = g_hash_table_lookup(strangers->addresses, key);
        if (address)
                return address;

        address = g_new0(Address, 1);
        address->key = g_steal_pointer(&key);
        address->link.data = address;
        g_hash_table_insert(strangers->addresses, address->key, address);
        become_quiet(strangers, address);
        return address;
}

/* Takes one of the second's allowance. Returns: whether there was one */
static bool
take_allowance(Address *address, unsigned per_second, int64_t now)
{
        int64_t cost = G_TIME_SPAN_SECOND / per_second;
        int64_t full_at = MAX(address->full_at, now) + cost;

        if (full_at - now > cost * per_second)
                return false;
        address->full_at = full_at;
        return true;
}

StrangerVerdict
strangers_add(Strangers *strangers, const StrangerLimits *limits, MotetSession *session,
              const char *peer, int64_t now, Stranger **stranger_out)
{
        forget_quiet(strangers, now);

        Address *address = find_address(strangers, peer);
        if (address->n >= limits->per_address)
                return STRANGER_TOO_MANY;
        if (!take_allowance(address, limits->per_second, now))
                return STRANGER_TOO_FAST;

        if (address->n == 0)
                g_queue_unlink(&strangers->quiet, &address->link);
        address->n++;

        Stranger *stranger = g_new0(Stranger, 1);
        stranger->strangers = strangers;
        stranger->address = address;
        stranger->session = session;
        stranger->link.data = stranger;
        g_queue_push_tail_link(&strangers->all, &stranger->link);
        *stranger_out = stranger;
        return STRANGER_WELCOME;
}

void
stranger_free(Stranger *stranger)
{
        Strangers *strangers = stranger->strangers;

        g_queue_unlink(&strangers->all, &stranger->link);
        if (--stranger->address->n == 0)
                become_quiet(strangers, stranger->address);
        g_free(stranger);
}

MotetSession *
strangers_surplus(const Strangers *strangers, unsigned all)
{
        if (strangers->all.length <= all)
                return NULL;

        const Stranger *oldest = strangers->all.head->data;
        return oldest->session;
}
