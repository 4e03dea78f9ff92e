/*
 * sessions: an index of accounts grown and shrunk in steps.
 *
 * Two tables at most: the current one, which takes every insert, and the former one, emptied a few
 * slots at each change. Linear probing; deleting moves followers back in the current table and
 * leaves a grave in the former one, which takes no inserts any more. A slot is a hash and a
 * pointer, 12 bytes.
 */
#include "core/sessions.h"

#include <string.h>

#include "core/session.h"

#define MIN_SLOTS 64u
#define MOVES_PER_CHANGE 16u
#define NO_SLOT SIZE_MAX

/* The sessions of one bare JID. */
typedef struct {
        MotetHost *host;
        MotetSession **sessions; /* in order of binding */
        uint32_t hash;
        unsigned n, capacity;
        char username[];
} Account;

typedef struct {
        Account **accounts; /* NULL: never used; GRAVE: used, not any more */
        uint32_t *hashes;
        size_t n_slots; /* a power of two, or 0 */
        size_t n;       /* accounts in it */
} Table;

struct Sessions {
        Table now, old;
        size_t moved; /* slots of old already emptied */
        size_t n_sessions;
        uint64_t key[2];
};

static const Account grave; /* an address nothing else has */
#define GRAVE ((Account *)&grave)

static inline uint64_t
rotate(uint64_t x, unsigned bits)
{
        return x << bits | x >> (64 - bits);
}

static inline void
sip_round(uint64_t v[4])
{
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] = rotate(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] = rotate(v[2], 32);
}

/* SipHash-1-3 of the name, after one word for the host: its number, so that the order of a table
 * follows from the key alone. */
static uint32_t
hash_account(const Sessions *sessions, const MotetHost *host, const char *username)
{
        size_t len = strlen(username);
        uint64_t v[4] = {
                sessions->key[0] ^ 0x736f6d6570736575u,
                sessions->key[1] ^ 0x646f72616e646f6du,
                sessions->key[0] ^ 0x6c7967656e657261u,
                sessions->key[1] ^ 0x7465646279746573u,
        };
        uint64_t word = host->number;

        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
        for (size_t i = 0; i <= len; i += 8) {
                word = 0;
                memcpy(&word, username + i, MIN(8, len - i));
                if (len - i < 8)
                        word |= (uint64_t)len << 56;
                v[3] ^= word;
                sip_round(v);
                v[0] ^= word;
        }
        v[2] ^= 0xff;
        sip_round(v);
        sip_round(v);
        sip_round(v);
        return (uint32_t)(v[0] ^ v[1] ^ v[2] ^ v[3]);
}

static void
table_init(Table *table, size_t n_slots)
{
        /* Large blocks come zeroed from the system, page by page: nothing here takes long. */
        *table = (Table){
                .accounts = g_new0(Account *, n_slots),
                .hashes = g_new0(uint32_t, n_slots),
                .n_slots = n_slots,
        };
}

static void
table_clear(Table *table)
{
        g_free(table->accounts);
        g_free(table->hashes);
        *table = (Table){0};
}

static size_t
table_find(const Table *table, uint32_t hash, const MotetHost *host, const char *username)
{
        size_t mask = table->n_slots - 1;

        if (table->n_slots == 0)
                return NO_SLOT;
        for (size_t i = hash & mask; table->accounts[i]; i = (i + 1) & mask) {
                const Account *account = table->accounts[i];
                if (account != GRAVE && table->hashes[i] == hash && account->host == host &&
                    strcmp(account->username, username) == 0)
                        return i;
        }
        return NO_SLOT;
}

static void
table_insert(Table *table, Account *account)
{
        size_t mask = table->n_slots - 1;
        size_t i = account->hash & mask;

        while (table->accounts[i])
                i = (i + 1) & mask;
        table->accounts[i] = account;
        table->hashes[i] = account->hash;
        table->n++;
}

/* Closes the gap at @hole by moving back what could not have been placed there before. */
static void
table_delete(Table *table, size_t hole)
{
        size_t mask = table->n_slots - 1;

        table->n--;
        for (size_t i = (hole + 1) & mask; table->accounts[i]; i = (i + 1) & mask) {
                size_t home = table->hashes[i] & mask;
                if (((i - home) & mask) < ((i - hole) & mask))
                        continue;
                table->accounts[hole] = table->accounts[i];
                table->hashes[hole] = table->hashes[i];
                hole = i;
        }
        table->accounts[hole] = NULL;
}

static void
move_some(Sessions *sessions)
{
        Table *old = &sessions->old;
        size_t end = MIN(sessions->moved + MOVES_PER_CHANGE, old->n_slots);

        if (old->n_slots == 0)
                return;
        for (; sessions->moved < end; sessions->moved++) {
                Account *account = old->accounts[sessions->moved];
                if (!account || account == GRAVE)
                        continue;
                table_insert(&sessions->now, account);
                old->accounts[sessions->moved] = GRAVE;
                old->n--;
        }
        if (sessions->moved == old->n_slots) {
                g_assert(old->n == 0);
                table_clear(old);
        }
}

/*
 * Keeps the current table at most 3/4 and, above its least size, at least 1/8 full. Both thresholds
 * leave room for more changes than moving the former table takes, so there are never three.
 */
static void
resize(Sessions *sessions)
{
        Table *now = &sessions->now;
        size_t n_slots = now->n_slots;

        move_some(sessions);
        if (sessions->old.n_slots > 0)
                return;
        if ((now->n + 1) * 4 > n_slots * 3)
                n_slots *= 2;
        else if (now->n * 8 < n_slots && n_slots > MIN_SLOTS)
                n_slots /= 2;
        if (n_slots == now->n_slots)
                return;

        sessions->old = *now;
        sessions->moved = 0;
        table_init(now, n_slots);
}

Sessions *
sessions_new(const uint8_t key[16])
{
        Sessions *sessions = g_new0(Sessions, 1);

        memcpy(sessions->key, key, sizeof(sessions->key));
        table_init(&sessions->now, MIN_SLOTS);
        return sessions;
}

void
sessions_free(Sessions *sessions)
{
        if (!sessions)
                return;

        g_assert(sessions->n_sessions == 0);
        table_clear(&sessions->now);
        table_clear(&sessions->old);
        g_free(sessions);
}

static Account *
find_account(const Sessions *sessions, const MotetHost *host, const char *username)
{
        uint32_t hash = hash_account(sessions, host, username);

        size_t i = table_find(&sessions->now, hash, host, username);
        if (i != NO_SLOT)
                return sessions->now.accounts[i];
        i = table_find(&sessions->old, hash, host, username);
        return i != NO_SLOT ? sessions->old.accounts[i] : NULL;
}

static Account *
add_account(Sessions *sessions, MotetHost *host, const char *username)
{
        size_t len = strlen(username);
        Account *account = g_malloc0(sizeof(Account) + len + 1);

        account->host = host;
        account->hash = hash_account(sessions, host, username);
        memcpy(account->username, username, len);
        table_insert(&sessions->now, account);
        return account;
}

static void
remove_account(Sessions *sessions, Account *account)
{
        size_t i = table_find(&sessions->now, account->hash, account->host, account->username);

        if (i != NO_SLOT) {
                table_delete(&sessions->now, i);
        } else {
                i = table_find(&sessions->old, account->hash, account->host, account->username);
                g_assert(i != NO_SLOT);
                sessions->old.accounts[i] = GRAVE;
                sessions->old.n--;
        }
        g_free(account->sessions);
        g_free(account);
}

static MotetSession *
find_resource(const Account *account, const char *resource)
{
        for (unsigned i = 0; i < account->n; i++) {
                if (strcmp(account->sessions[i]->resource, resource) == 0)
                        return account->sessions[i];
        }
        return NULL;
}

void
sessions_add(Sessions *sessions, MotetSession *session)
{
        MotetHost *host = session->priv->vhost;

        resize(sessions);
        Account *account = find_account(sessions, host, session->username);
        if (!account)
                account = add_account(sessions, host, session->username);
        g_assert(!find_resource(account, session->resource));
        if (account->n == account->capacity) {
                account->capacity = account->capacity ? 2 * account->capacity : 1;
                account->sessions = g_renew(MotetSession *, account->sessions, account->capacity);
        }
        account->sessions[account->n++] = session;
        sessions->n_sessions++;
        host->n_sessions++;
}

void
sessions_remove(Sessions *sessions, MotetSession *session)
{
        MotetHost *host = session->priv->vhost;
        Account *account = find_account(sessions, host, session->username);
        unsigned i = 0;

        g_assert(account);
        while (i < account->n && account->sessions[i] != session)
                i++;
        g_assert(i < account->n);
        account->n--;
        memmove(&account->sessions[i], &account->sessions[i + 1],
                (account->n - i) * sizeof(MotetSession *));
        sessions->n_sessions--;
        host->n_sessions--;
        if (account->n == 0)
                remove_account(sessions, account);
        resize(sessions);
}

uint32_t
sessions_hash(const Sessions *sessions, const MotetHost *host, const char *username)
{
        return hash_account(sessions, host, username);
}

size_t
sessions_count(const Sessions *sessions)
{
        return sessions->n_sessions;
}

size_t
sessions_memory(const Sessions *sessions)
{
        return (sessions->now.n_slots + sessions->old.n_slots) *
               (sizeof(Account *) + sizeof(uint32_t));
}

MotetSession *
motet_sessions_find(MotetHost *host, const char *username, const char *resource)
{
        const Account *account = find_account(host->server->sessions, host, username);

        return account ? find_resource(account, resource) : NULL;
}

MotetSession *const *
motet_sessions_of(MotetHost *host, const char *username, size_t *n_out)
{
        const Account *account = find_account(host->server->sessions, host, username);

        *n_out = account ? account->n : 0;
        return account ? account->sessions : NULL;
}

static void
collect(const Table *table, const MotetHost *host, GPtrArray *all)
{
        for (size_t slot = 0; slot < table->n_slots; slot++) {
                const Account *account = table->accounts[slot];
                if (!account || account == GRAVE || account->host != host)
                        continue;
                for (unsigned i = 0; i < account->n; i++)
                        g_ptr_array_add(all, motet_session_ref(account->sessions[i]));
        }
}

void
motet_sessions_foreach(MotetHost *host, void (*func)(MotetSession *session, void *data), void *data)
{
        const Sessions *sessions = host->server->sessions;
        g_autoptr(GPtrArray) all =
                g_ptr_array_new_full((guint)host->n_sessions, (GDestroyNotify)motet_session_unref);

        /* @func may bind and unbind others: it walks a copy. */
        collect(&sessions->now, host, all);
        collect(&sessions->old, host, all);
        for (unsigned i = 0; i < all->len; i++) {
                MotetSession *session = all->pdata[i];
                if (session->priv->bound)
                        func(session, data);
        }
}

size_t
motet_sessions_count(const MotetHost *host)
{
        return host->n_sessions;
}
