/*
 * network: how many accounts were made from one network in a day, and how many were tried.
 *
 * A day is counted from the first attempt in it. The table is bounded; the network that was quiet
 * for longest makes room.
 */
#include "register-private.h"

#define DAY (24 * 60 * 60 * G_TIME_SPAN_SECOND)

typedef struct {
        char *name;
        GList link; /* in Networks.order */
        int64_t since;
        unsigned accounts, attempts;
} Network;

struct Networks {
        GHashTable *by_name; /* name -> (own) Network */
        GQueue order;        /* quiet for longest first */
};

static void
network_free(void *data)
{
        Network *network = data;

        g_free(network->name);
        g_free(network);
}

Networks *
networks_new(void)
{
        Networks *networks = g_new0(Networks, 1);

        networks->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, network_free);
        g_queue_init(&networks->order);
        return networks;
}

void
networks_free(Networks *networks)
{
        if (!networks)
                return;
        g_hash_table_unref(networks->by_name);
        g_free(networks);
}

size_t
networks_n(const Networks *networks)
{
        return networks->order.length;
}

static void
make_room(Networks *networks, unsigned max)
{
        while (networks->order.length >= max) {
                Network *quiet = networks->order.head->data;
                g_queue_unlink(&networks->order, &quiet->link);
                g_hash_table_remove(networks->by_name, quiet->name);
        }
}

/* Returns: (borrowed) the network, now the one touched last */
static Network *
touch(Networks *networks, unsigned max, const char *name, int64_t now)
{
        Network *network = g_hash_table_lookup(networks->by_name, name);

        if (network) {
                g_queue_unlink(&networks->order, &network->link);
        } else {
                make_room(networks, max);
                network = g_new0(Network, 1);
                network->name = g_strdup(name);
                network->link.data = network;
                network->since = now;
                g_hash_table_insert(networks->by_name, network->name, network);
        }
        g_queue_push_tail_link(&networks->order, &network->link);
        return network;
}

bool
networks_take(Networks *networks, const NetworkLimits *limits, const char *name, int64_t now)
{
        Network *network = touch(networks, limits->networks, name, now);

        if (now - network->since >= DAY) {
                network->since = now;
                network->accounts = 0;
                network->attempts = 0;
        }
        if (network->accounts >= limits->accounts || network->attempts >= limits->attempts)
                return false;
        network->accounts++;
        network->attempts++;
        return true;
}

void
networks_give_back(Networks *networks, const char *name)
{
        Network *network = g_hash_table_lookup(networks->by_name, name);

        /* A new day may have begun, or the network been forgotten. */
        if (network && network->accounts > 0)
                network->accounts--;
}
