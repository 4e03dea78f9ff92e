/*
 * looks: what strangers are told of accounts' keys (how many rounds, how long a salt), and how many
 * accounts there are of each look, so that names without an account look like those with one.
 *
 * An unknown name takes the look of a share of the accounts that is as large as theirs, always the
 * same for the same name. When accounts go over to more rounds that share gets smaller and unknown
 * names go over, too: from few rounds to many, as accounts do.
 *
 * The numbers are stored when the server stops, and deleted when an account begins to change: after
 * a kill they are counted anew. While they are not known yet, all unknown names look as a new
 * account does. Source of the rule: RFC 5802 section 9.
 */
#include "auth_internal-private.h"

#include <motet/error.h>
#include <motet/event.h>
#include <motet/task.h>
#include <motet/xml.h>
#include <string.h>

#define NS_LOOKS "urn:motet:accounts:1"
#define LOOKS_MAX 256 /* beyond, a new one counts as the next larger of those there are */
#define READS_AT_ONCE 100
/* Nothing is under way meanwhile, so that modules can be replaced. */
#define PAUSE (5 * G_TIME_SPAN_MILLISECOND)
#define PAUSE_WHEN_BUSY G_TIME_SPAN_SECOND
#define RETRY G_TIME_SPAN_MINUTE /* after the numbers could neither be read nor counted */

typedef struct {
        Look look;
        uint32_t n; /* accounts */
} Count;

struct Looks {
        GArray *counts; /* of Count, from few rounds to many */
        LooksState state;
        int64_t not_before;    /* motet_now() when asking makes sense again */
        bool is_stored;        /* something may be stored; it will not hold after a change */
        bool is_saved;         /* it is to stay, whatever was being deleted before */
        GHashTable *uncounted; /* (own) names of accounts, while they are being counted */
        char *counting;        /* (own) that of them which is being read */
        unsigned n_read;       /* answers so far */
        bool is_partial;       /* an account could not be read */
        bool is_missed;        /* an account changed before the numbers or names came */
};

Looks *
looks_new(void)
{
        Looks *looks = g_new0(Looks, 1);

        looks->counts = g_array_new(FALSE, FALSE, sizeof(Count));
        looks->is_stored = true;
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

/* Returns: where @look is counted; where it is to be inserted when *@is_counted_out is false */
static guint
place_of(const Looks *looks, const Look *look, bool *is_counted_out)
{
        const Count *counts = (const Count *)(const void *)looks->counts->data;
        guint at = 0, n = looks->counts->len;

        while (at < n && compare(&counts[at].look, look) < 0)
                at++;
        bool is_there = at < n && compare(&counts[at].look, look) == 0;
        *is_counted_out = is_there || n >= LOOKS_MAX;
        return *is_counted_out ? MIN(at, n - 1) : at;
}

void
looks_add(Looks *looks, const Look *look)
{
        bool is_counted;
        guint at = place_of(looks, look, &is_counted);
        Count count = {*look, 1};

        /* Of an account without keys nobody is told anything. */
        if (look->iterations == 0)
                return;
        if (is_counted)
                g_array_index(looks->counts, Count, at).n++;
        else
                g_array_insert_val(looks->counts, at, count);
}

void
looks_remove(Looks *looks, const Look *look)
{
        bool is_counted;
        guint at = place_of(looks, look, &is_counted);

        if (look->iterations == 0 || !is_counted)
                return;
        if (--g_array_index(looks->counts, Count, at).n == 0)
                g_array_remove_index(looks->counts, at);
}

Look
looks_choose(const Looks *looks, uint32_t draw, const Look *usual)
{
        uint64_t all = 0;

        /* Not by numbers that are being counted: names would change with each account. */
        if (looks->state != LOOKS_READY)
                return *usual;
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
        if (error)
                motet_debug("how many accounts have which keys cannot be deleted: %s",
                            error->message);
        else if (!auth->looks->is_saved)
                auth->looks->is_stored = false;
}

/* What is stored does not hold any more from here on. Until it is gone, each change tries. */
static void
delete_stored(MotetModule *self)
{
        const Auth *auth = motet_module_data(self);

        if (auth->looks->is_stored)
                motet_store_set(auth->looks_store, "", "", NULL, on_deleted, NULL);
}

void
looks_change_begins(MotetModule *self)
{
        delete_stored(self);
}

MotetResult
looks_save(MotetModule *self, MotetServerEvent *ev)
{
        Auth *auth = motet_module_data(self);

        (void)ev;
        if (auth->looks->state != LOOKS_READY || auth->looks->is_partial)
                return MOTET_CONTINUE;
        /* Of a change that runs it is not known what becomes of it. */
        if (auth->changes.length > 0)
                return MOTET_CONTINUE;
        g_autoptr(GBytes) document = looks_document(auth->looks);
        auth->looks->is_stored = auth->looks->is_saved = true;
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
        auth->looks->is_missed = auth->looks->is_partial = false;
        motet_store_accounts(auth->store, on_names, NULL);
}

static void
give_up(MotetModule *self, const GError *error)
{
        Looks *looks = ((Auth *)motet_module_data(self))->looks;

        motet_debug("accounts cannot be counted: %s", error->message);
        looks->not_before = motet_now(self) + RETRY;
        looks->state = LOOKS_MISSING;
}

static void
on_pause_over(MotetModule *self, MotetTimer *timer, void *data)
{
        (void)timer;
        (void)data;
        count_next(self);
}

static void
on_account(MotetModule *self, const GError *error, GBytes *value, void *data)
{
        Looks *looks = ((Auth *)motet_module_data(self))->looks;
        g_autofree char *username = g_steal_pointer(&looks->counting);
        g_auto(Account) account = {0};

        (void)data;
        if (g_error_matches(error, MOTET_ERROR, MOTET_ERROR_BUSY)) {
                motet_timer_add(self, NULL, PAUSE_WHEN_BUSY, on_pause_over, NULL);
                return;
        }
        if (error) {
                motet_debug("account %s is not counted: %s", username, error->message);
                looks->is_partial = true;
        }
        g_hash_table_remove(looks->uncounted, username);
        if (value && account_parse(value, &account, NULL)) {
                Look look = account_look(&account);
                looks_add(looks, &look);
        }
        if (++looks->n_read % READS_AT_ONCE == 0)
                motet_timer_add(self, NULL, PAUSE, on_pause_over, NULL);
        else
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
                give_up(self, error);
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
                give_up(self, error);
                return;
        }
        looks->is_stored = value != NULL;
        if (!value || looks->is_missed || !looks_parse(looks, value))
                count(self);
        else
                looks->state = LOOKS_READY;
}

void
looks_ask(MotetModule *self)
{
        Auth *auth = motet_module_data(self);
        Looks *looks = auth->looks;

        if (looks->state != LOOKS_MISSING || motet_now(self) < looks->not_before)
                return;
        looks->state = LOOKS_ASKED;
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
