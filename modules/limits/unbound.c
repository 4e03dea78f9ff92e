/*
 * unbound: streams that have logged in and have no resource yet, counted by account.
 *
 * An account is kept while it has any, so the table is bounded by the connections there may be.
 */
#include "limits-private.h"

typedef struct {
        char *address;
        unsigned n;
} Account;

struct Unbound {
        GHashTable *accounts; /* (borrowed) what counts it */
        Account *account;
};

static void
account_free(void *data)
{
        Account *account = data;

        g_free(account->address);
        g_free(account);
}

GHashTable *
unbound_table_new(void)
{
        return g_hash_table_new_full(g_str_hash, g_str_equal, NULL, account_free);
}

Unbound *
unbound_add(GHashTable *accounts, const char *address, unsigned max)
{
        Account *account = g_hash_table_lookup(accounts, address);

        if (account && account->n >= max)
                return NULL;
        if (!account) {
                account = g_new0(Account, 1);
                account->address = g_strdup(address);
                g_hash_table_insert(accounts, account->address, account);
        }
        account->n++;

        Unbound *unbound = g_new(Unbound, 1);
        *unbound = (Unbound){.accounts = accounts, .account = account};
        return unbound;
}

void
unbound_free(void *data)
{
        Unbound *unbound = data;

        if (--unbound->account->n == 0)
                g_hash_table_remove(unbound->accounts, unbound->account->address);
        g_free(unbound);
}
