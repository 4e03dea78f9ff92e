/*
 * looks: what strangers are told of accounts' keys (how many rounds, how long a salt), and how many
 * accounts there are of each look, so that names without an account look like those with one.
 *
 * An unknown name takes the look of a share of the accounts that is as large as theirs, always the
 * same for the same name. When accounts go over to more rounds that share gets smaller and unknown
 * names go over, too: from few rounds to many, as accounts do.
 *
 * The numbers are stored when the server stops and deleted when they are read: after a kill they
 * are counted anew. Source of the rule: RFC 5802 section 9.
 */
#include "auth_internal-private.h"

#include <motet/event.h>
#include <motet/xml.h>
#include <string.h>

#define NS_LOOKS "urn:motet:accounts:1"
#define LOOKS_MAX 256 /* beyond, a new one counts as the next larger of those there are */

typedef struct {
        Look look;
        uint32_t n; /* accounts */
} Count;

struct Looks {
        GArray *counts; /* of Count, from few rounds to many */
        LooksState state;
        bool is_stale;         /* what is stored is there, and will not hold after a change */
        GHashTable *uncounted; /* (own) names of accounts, while they are being counted */
        char *counting;        /* (own) that of them which is being read */
        bool is_missed;        /* an account changed before the names came */
};

Looks *
looks_new(void)
{
        Looks *looks = g_new0(Looks, 1);

        looks->counts = g_array_new(FALSE, FALSE, sizeof(Count));
        return looks;
}

void
looks_free(Looks *looks)
{
        if (!looks)
                return;
        g_array_unref(looks->counts);
        g_clear_pointer(&looks->uncounted, g_hash_table_unref);
        g_free(looks->counting);
        g_free(looks);
}

/* As strcmp(). */
static int
compare(const Look *a, const Look *b)
{
        if (a->iterations != b->iterations)
                return a->iterations < b->iterations ? -1 : 1;
        return a->salt_len < b->salt_len ? -1 : a->salt_len > b->salt_len;
}

void
looks_add(Looks *looks, const Look *look)
{
        guint at = 0;
        Count *counts = (Count *)(void *)looks->counts->data;

        /* Of an account without keys nobody is told anything. */
        if (look->iterations == 0)
                return;
        while (at < looks->counts->len && compare(&counts[at].look, look) < 0)
                at++;
        bool is_there = at < looks->counts->len && compare(&counts[at].look, look) == 0;
        bool is_full = looks->counts->len >= LOOKS_MAX;
        if (is_there || is_full) {
                counts[MIN(at, looks->counts->len - 1)].n++;
                return;
        }
        Count count = {*look, 1};
        g_array_insert_val(looks->counts, at, count);
}

void
looks_remove(Looks *looks, const Look *look)
{
        for (guint i = 0; i < looks->counts->len; i++) {
                Count *count = &g_array_index(looks->counts, Count, i);
                if (compare(&count->look, look) != 0)
                        continue;
                if (--count->n == 0)
                        g_array_remove_index(looks->counts, i);
                return;
        }
}

Look
looks_choose(const Looks *looks, uint32_t draw, const Look *usual)
{
        uint64_t all = 0;

        for (guint i = 0; i < looks->counts->len; i++)
                all += g_array_index(looks->counts, Count, i).n;

        uint64_t chosen = all * draw >> 32;
        for (guint i = 0; i < looks->counts->len; i++) {
                const Count *count = &g_array_index(looks->counts, Count, i);
                if (chosen < count->n)
                        return count->look;
                chosen -= count->n;
        }
        return *usual;
}

/* The document */

static bool
read_number(const MotetXml *xml, const char *name, uint64_t max, uint32_t *value_out)
{
        const char *text = motet_xml_attr(xml, name);
        guint64 value = 0;

        if (!text || !g_ascii_string_to_unsigned(text, 10, 1, max, &value, NULL))
                return false;
        *value_out = (uint32_t)value;
        return true;
}

static bool
read_count(const MotetXml *xml, Count *count_out)
{
        return read_number(xml, "iterations", ITERATIONS_MAX, &count_out->look.iterations) &&
               read_number(xml, "salt", SALT_MAX, &count_out->look.salt_len) &&
               read_number(xml, "accounts", UINT32_MAX / LOOKS_MAX, &count_out->n);
}

bool
looks_parse(Looks *looks, GBytes *document)
{
        gsize n = 0;
        const char *text = g_bytes_get_data(document, &n);
        g_autoptr(MotetXml) xml = motet_xml_parse(text, (gssize)n, NULL, NULL);
        g_autoptr(GArray) counts = g_array_new(FALSE, FALSE, sizeof(Count));

        if (!xml || !motet_xml_is(xml, "looks", NS_LOOKS))
                return false;
        const MotetXml *child = motet_xml_child(xml, "look", NS_LOOKS);
        for (; child; child = motet_xml_next(child, "look", NS_LOOKS)) {
                Count count;
                if (!read_count(child, &count) || counts->len >= LOOKS_MAX)
                        return false;
                if (counts->len > 0 &&
                    compare(&g_array_index(counts, Count, counts->len - 1).look, &count.look) >= 0)
                        return false;
                g_array_append_val(counts, count);
        }
        g_array_unref(looks->counts);
        looks->counts = g_steal_pointer(&counts);
        return true;
}

GBytes *
looks_document(const Looks *looks)
{
        g_autoptr(MotetXml) xml = motet_xml_new("looks", NS_LOOKS);

        for (guint i = 0; i < looks->counts->len; i++) {
                const Count *count = &g_array_index(looks->counts, Count, i);
                MotetXml *child = motet_xml_add(xml, "look", NULL);
                motet_xml_set_attrf(child, "iterations", "%u", count->look.iterations);
                motet_xml_set_attrf(child, "salt", "%u", count->look.salt_len);
                motet_xml_set_attrf(child, "accounts", "%u", count->n);
        }

        char *text = motet_xml_string(xml, NULL);
        return g_bytes_new_take(text, strlen(text));
}

/* Storing */

static void
on_deleted(MotetModule *self, const GError *error, void *data)
{
        Auth *auth = motet_module_data(self);

        (void)data;
        if (!error)
                return;
        motet_debug("how many accounts have which keys cannot be deleted: %s", error->message);
        auth->looks->is_stale = true;
}

/* What is stored does not hold any more from here on. */
static void
delete_stored(MotetModule *self)
{
        Auth *auth = motet_module_data(self);

        auth->looks->is_stale = false;
        motet_store_set(auth->looks_store, "", "", NULL, on_deleted, NULL);
}

void
looks_change_begins(MotetModule *self)
{
        const Auth *auth = motet_module_data(self);

        if (auth->looks->is_stale)
                delete_stored(self);
}

MotetResult
looks_save(MotetModule *self, MotetServerEvent *ev)
{
        Auth *auth = motet_module_data(self);

        (void)ev;
        /* Of a change that runs it is not known what becomes of it. */
        if (auth->looks->state != LOOKS_READY || auth->changes.length > 0)
                return MOTET_CONTINUE;
        g_autoptr(GBytes) document = looks_document(auth->looks);
        auth->looks->is_stale = true;
        motet_store_set(auth->looks_store, "", "", document, NULL, NULL);
        return MOTET_CONTINUE;
}

/* Counting */

static void count_next(MotetModule *self);
static void on_names(MotetModule *self, const GError *error, const MotetStoreItem *items, size_t n,
                     void *data);

static void
count(MotetModule *self)
{
        Auth *auth = motet_module_data(self);

        g_array_set_size(auth->looks->counts, 0);
        auth->looks->is_missed = false;
        motet_store_accounts(auth->store, on_names, NULL);
}

static void
give_up(Looks *looks, const GError *error)
{
        motet_debug("accounts cannot be counted: %s", error->message);
        g_clear_pointer(&looks->uncounted, g_hash_table_unref);
        g_array_set_size(looks->counts, 0);
        looks->state = LOOKS_MISSING;
}

static void
on_account(MotetModule *self, const GError *error, GBytes *value, void *data)
{
        Looks *looks = ((Auth *)motet_module_data(self))->looks;
        g_autofree char *username = g_steal_pointer(&looks->counting);
        g_auto(Account) account = {0};

        (void)data;
        if (error) {
                give_up(looks, error);
                return;
        }
        g_hash_table_remove(looks->uncounted, username);
        if (value && account_parse(value, &account, NULL)) {
                Look look = account_look(&account);
                looks_add(looks, &look);
        }
        count_next(self);
}

static void
count_next(MotetModule *self)
{
        Auth *auth = motet_module_data(self);
        Looks *looks = auth->looks;
        GHashTableIter iter;
        void *username;

        g_hash_table_iter_init(&iter, looks->uncounted);
        if (g_hash_table_iter_next(&iter, &username, NULL)) {
                looks->counting = g_strdup(username);
                motet_store_read(auth->store, looks->counting, "", on_account, NULL);
                return;
        }
        g_clear_pointer(&looks->uncounted, g_hash_table_unref);
        if (looks->is_missed) {
                count(self);
                return;
        }
        looks->state = LOOKS_READY;
        delete_stored(self);
}

static void
on_names(MotetModule *self, const GError *error, const MotetStoreItem *items, size_t n, void *data)
{
        Looks *looks = ((Auth *)motet_module_data(self))->looks;

        (void)data;
        if (error) {
                give_up(looks, error);
                return;
        }
        looks->uncounted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        for (size_t i = 0; i < n; i++) {
                if (items[i].account[0] != '\0') /* "" is the host itself */
                        g_hash_table_add(looks->uncounted, g_strdup(items[i].account));
        }
        count_next(self);
}

static void
on_read(MotetModule *self, const GError *error, GBytes *value, void *data)
{
        Auth *auth = motet_module_data(self);
        Looks *looks = auth->looks;

        (void)data;
        if (error) {
                give_up(looks, error);
        } else if (!value || looks->is_missed || !looks_parse(looks, value)) {
                count(self);
        } else {
                looks->state = LOOKS_READY;
                delete_stored(self);
        }
}

void
looks_ask(MotetModule *self)
{
        Auth *auth = motet_module_data(self);

        if (auth->looks->state != LOOKS_MISSING)
                return;
        auth->looks->state = LOOKS_ASKED;
        auth->looks->is_missed = false;
        motet_store_read(auth->looks_store, "", "", on_read, NULL);
}

void
looks_changed(MotetModule *self, const char *username, const Look *before, const Look *after)
{
        Looks *looks = ((Auth *)motet_module_data(self))->looks;

        if (looks->state != LOOKS_READY && !looks->uncounted) {
                looks->is_missed = true;
                return;
        }
        /* Its turn to be counted comes, as it is now. */
        if (looks->uncounted && g_hash_table_contains(looks->uncounted, username))
                return;
        if (before)
                looks_remove(looks, before);
        if (after)
                looks_add(looks, after);
}
