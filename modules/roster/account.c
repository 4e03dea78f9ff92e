/*
 * account: one account's contacts in memory: loading, looking up, replacing, limits.
 *
 * Source: RFC 6121 section 2.
 */
#include "roster-private.h"

#include <motet/task.h>

enum { VERSION_MAX = 64 }; /* bytes of one that may be ours */

static void
show_items(Account *account)
{
        account->roster = (MotetRoster){
                .account = account->name,
                .version = account->version,
                .items = (MotetRosterItem **)account->items->pdata,
                .n_items = account->items->len,
        };
}

static void
clear_items(Account *account)
{
        g_ptr_array_set_size(account->items, 0);
        g_clear_pointer(&account->requests, g_hash_table_unref);
        account->bytes = 0;
        g_free(account->version);
        account->version = g_strdup(ROSTER_VERSION_EMPTY);
        show_items(account);
}

Account *
account_take(Rosters *rosters, const char *name)
{
        Account *account = g_hash_table_lookup(rosters->accounts, name);
        if (account)
                return account_ref(account);

        account = g_new0(Account, 1);
        account->rosters = rosters;
        account->refs = 1;
        account->name = g_strdup(name);
        account->items = g_ptr_array_new_with_free_func(g_free);
        clear_items(account);
        g_hash_table_insert(rosters->accounts, account->name, account);
        return account;
}

Account *
account_ref(Account *account)
{
        account->refs++;
        return account;
}

void
account_detach(Account *account)
{
        if (!account->rosters)
                return;

        g_hash_table_remove(account->rosters->accounts, account->name);
        account->rosters = NULL;
}

void
account_unref(Account *account)
{
        if (!account || --account->refs > 0)
                return;

        g_assert(g_queue_is_empty(&account->tasks));
        account_detach(account);
        g_ptr_array_unref(account->items);
        g_clear_pointer(&account->requests, g_hash_table_unref);
        g_free(account->version);
        g_free(account->name);
        g_free(account);
}

/* Where the contact's item is, or would be inserted. */
static guint
position_of(const Account *account, const char *contact, bool *found_out)
{
        guint low = 0, high = account->items->len;

        while (low < high) {
                guint middle = low + (high - low) / 2;
                int order = strcmp(contact, motet_roster_item_jid(account->items->pdata[middle]));
                if (order == 0) {
                        *found_out = true;
                        return middle;
                }
                if (order < 0)
                        high = middle;
                else
                        low = middle + 1;
        }
        *found_out = false;
        return low;
}

const MotetRosterItem *
account_find(const Account *account, const char *contact)
{
        return motet_roster_find(&account->roster, contact);
}

const MotetXml *
account_request(const Account *account, const char *contact)
{
        return account->requests ? g_hash_table_lookup(account->requests, contact) : NULL;
}

static void
replace_request(Account *account, const char *contact, const MotetXml *request)
{
        if (request && !account->requests)
                account->requests = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                                          (GDestroyNotify)motet_xml_unref);
        if (request)
                g_hash_table_replace(account->requests, g_strdup(contact), motet_xml_ref(request));
        else if (account->requests)
                g_hash_table_remove(account->requests, contact);
}

static void
replace_item(Account *account, const char *contact, MotetRosterItem *item)
{
        bool found = false;
        guint at = position_of(account, contact, &found);

        if (found) {
                account->bytes -= item_size(account->items->pdata[at]);
                g_ptr_array_remove_index(account->items, at);
        }
        if (item) {
                account->bytes += item_size(item);
                g_ptr_array_insert(account->items, (gint)at, item);
        }
}

void
account_replace(Account *account, const char *contact, MotetRosterItem *item,
                const MotetXml *request, char *version)
{
        replace_request(account, contact, request);
        replace_item(account, contact, item);
        if (version) {
                g_free(account->version);
                account->version = version;
        }
        show_items(account);
}

static unsigned
n_with(const Account *account, unsigned bit)
{
        unsigned n = 0;

        for (guint i = 0; i < account->items->len; i++) {
                const MotetRosterItem *item = account->items->pdata[i];
                n += (item->state & bit) != 0;
        }
        return n;
}

bool
account_has_room(const Account *account, const MotetRosterItem *old, const MotetRosterItem *item)
{
        static const struct {
                unsigned bit;
                const char *option;
        } limits[] = {
                {MOTET_ROSTER_LISTED, "max_items"},
                {MOTET_ROSTER_PENDING_OUT, "max_pending"},
                {MOTET_ROSTER_PENDING_IN, "max_requests"},
        };
        const MotetModule *self = account->rosters->self;
        unsigned gained = item->state & ~(old ? old->state : 0u);

        for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
                if ((gained & limits[i].bit) &&
                    n_with(account, limits[i].bit) >= motet_option_int(self, limits[i].option))
                        return false;
        }

        size_t old_size = old ? item_size(old) : 0;
        size_t size = item_size(item);
        return size <= old_size ||
               account->bytes - old_size + size <= (uint64_t)motet_option_int(self, "max_bytes");
}

/* Returns: (own) where it is damaged one that no client has, so that each is told the whole
 * roster */
static char *
parse_version(const Account *account, GBytes *document)
{
        gsize size = 0;
        const char *text = g_bytes_get_data(document, &size);
        gsize n = 0;

        while (n < size && g_ascii_isalnum(text[n]))
                n++;
        if (n == size && n > 0 && n <= VERSION_MAX)
                return g_strndup(text, size);
        motet_warn("%s: the stored version of the roster is damaged and not used", account->name);
        return motet_random_id(account->rosters->self, ROSTER_VERSION_BYTES);
}

static void
add_stored(Account *account, const MotetStoreItem *stored)
{
        if (strcmp(stored->key, ROSTER_VERSION_KEY) == 0) {
                account_replace(account, stored->key, NULL, NULL,
                                parse_version(account, stored->value));
                return;
        }

        g_autoptr(MotetXml) request = NULL;
        MotetRosterItem *item = item_parse(stored->key, stored->value, &request);
        if (!item) {
                motet_warn("%s: the stored roster item of %s is damaged and left out",
                           account->name, stored->key);
                return;
        }
        account_replace(account, stored->key, item, request, NULL);
}

void
account_fill(Account *account, const MotetStoreItem *items, size_t n)
{
        clear_items(account);
        for (size_t i = 0; i < n; i++)
                add_stored(account, &items[i]);
}

static void
on_items_read(MotetModule *self, const GError *error, const MotetStoreItem *items, size_t n,
              void *data)
{
        Account *account = data;

        (void)self;
        if (error) {
                motet_debug("%s: reading the roster failed: %s", account->name, error->message);
                account_loaded(account, MOTET_ROSTER_FAILED);
                return;
        }

        account_fill(account, items, account->is_missing ? 0 : n);
        account_loaded(account, account->is_missing ? MOTET_ROSTER_NO_ACCOUNT : MOTET_ROSTER_OK);
}

/* Who waits for an answer must not learn by the time it takes whether there is such an account: as
 * much is read for none. */
static void
on_existence(MotetModule *self, MotetAuthStatus status, void *data)
{
        Account *account = data;

        (void)self;
        account->asking = NULL;
        account->is_missing = status != MOTET_AUTH_OK;
        if (status != MOTET_AUTH_ERROR && account->rosters)
                motet_store_read_all(account->rosters->store, account->name, on_items_read,
                                     account);
        else
                account_loaded(account, status == MOTET_AUTH_ERROR ? MOTET_ROSTER_FAILED
                                                                   : MOTET_ROSTER_NO_ACCOUNT);
}

/* Peers name any account they like, so nothing is kept for one that does not exist. */
void
account_load(Account *account)
{
        Rosters *rosters = account->rosters;
        MotetModule *provider = NULL;
        const MotetAuthService *auth =
                motet_service(motet_module_host(rosters->self), "auth", &provider);

        account_ref(account);
        account->is_loading = true;
        account->is_missing = false;
        if (auth && !account->exists)
                account->asking =
                        auth->exists(provider, rosters->self, account->name, on_existence, account);
        else
                motet_store_read_all(rosters->store, account->name, on_items_read, account);
}

void
account_stop_loading(Account *account, MotetModule *self)
{
        MotetModule *provider = NULL;
        const MotetAuthService *auth = motet_service(motet_module_host(self), "auth", &provider);

        if (!account->is_loading)
                return;
        if (auth && account->asking)
                auth->cancel(provider, account->asking);
        account->asking = NULL;
        account->is_loading = false;
        account_unref(account);
}
