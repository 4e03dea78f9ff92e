/*
 * test_looks: what unknown names look like: as the accounts do, each look as often as they have it.
 */
#include "modules/auth_internal/account.c"

#include <motet/error.h>
#include <motet/event.h>
#include <motet/task.h>

/* Core: what looks.c asked of it and was not answered yet: at most one of each. */
typedef struct {
        Auth auth;
        int64_t now;
        MotetStoreRead read;
        char read_account[8];
        MotetStoreItems names;
        MotetStoreDone done; /* of a deletion */
        unsigned n_deletions;
        GBytes *saved; /* (own) */
        MotetTimerFunc timer;
        GTimeSpan delay;
} Core;

static Core core;

static void *
core_data(const MotetModule *self)
{
        (void)self;
        return &core.auth;
}

static int64_t
core_now(MotetModule *self)
{
        (void)self;
        return core.now;
}

static void
core_read(MotetStore *store, const char *account, const char *key, MotetStoreRead done, void *data)
{
        (void)store, (void)key, (void)data;
        g_assert_null(core.read);
        core.read = done;
        g_strlcpy(core.read_account, account, sizeof(core.read_account));
}

static void
core_accounts(MotetStore *store, MotetStoreItems done, void *data)
{
        (void)store, (void)data;
        g_assert_null(core.names);
        core.names = done;
}

static void
core_set(MotetStore *store, const char *account, const char *key, GBytes *value,
         MotetStoreDone done, void *data)
{
        (void)store, (void)account, (void)key, (void)data;
        if (value) {
                core.saved = g_bytes_ref(value);
                return;
        }
        core.done = done;
        core.n_deletions++;
}

static MotetTimer *
core_timer(MotetModule *self, MotetSession *session, GTimeSpan delay, MotetTimerFunc func,
           void *data)
{
        (void)self, (void)session, (void)data;
        g_assert_null(core.timer);
        core.timer = func;
        core.delay = delay;
        return NULL;
}

#define motet_module_data core_data
#define motet_now core_now
#define motet_store_read core_read
#define motet_store_accounts core_accounts
#define motet_store_set core_set
#define motet_timer_add core_timer
#include "modules/auth_internal/looks.c"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Looks, looks_free)

#define N_DRAWS 1000u

static const Look usual = {10000, SALT_BYTES};
static const Look few = {4096, SALT_BYTES}, many = {20000, SALT_BYTES}, longer = {4096, 24};

/* Returns: (own) those of a host whose accounts are known: so far none */
static Looks *
known_looks_new(void)
{
        Looks *looks = looks_new();

        looks->state = LOOKS_READY;
        return looks;
}

static Look
draw(const Looks *looks, unsigned number)
{
        uint64_t at = (((uint64_t)number << 32) + N_DRAWS - 1) / N_DRAWS;

        return looks_choose(looks, (uint32_t)at, &usual);
}

static unsigned
n_drawn(const Looks *looks, const Look *look)
{
        unsigned n = 0;

        for (unsigned i = 0; i < N_DRAWS; i++) {
                Look drawn = draw(looks, i);
                n += compare(&drawn, look) == 0;
        }
        return n;
}

static void
add_times(Looks *looks, const Look *look, unsigned n)
{
        for (unsigned i = 0; i < n; i++)
                looks_add(looks, look);
}

/* R7: without accounts there is nothing to look like but what the next one will. */
static void
test_without_accounts(void)
{
        g_autoptr(Looks) looks = known_looks_new();

        g_assert_cmpuint(n_drawn(looks, &usual), ==, N_DRAWS);
        looks_add(looks, &(Look){0});
        g_assert_cmpuint(n_drawn(looks, &usual), ==, N_DRAWS);
}

/* R7: each look as often as accounts have it, also that of keys from elsewhere. */
static void
test_each_as_often(void)
{
        g_autoptr(Looks) looks = known_looks_new();
        add_times(looks, &many, 20);
        add_times(looks, &few, 70);
        add_times(looks, &longer, 10);

        g_assert_cmpuint(n_drawn(looks, &few), ==, 700);
        g_assert_cmpuint(n_drawn(looks, &longer), ==, 100);
        g_assert_cmpuint(n_drawn(looks, &many), ==, 200);
        g_assert_cmpuint(n_drawn(looks, &usual), ==, 0);
}

/* R7: accounts go over from few rounds to many, and unknown names, too: never back. */
static void
test_never_back(void)
{
        g_autoptr(Looks) looks = known_looks_new();
        add_times(looks, &few, 30);

        for (unsigned left = 30; left > 0; left--) {
                Look before[N_DRAWS];
                for (unsigned i = 0; i < N_DRAWS; i++)
                        before[i] = draw(looks, i);
                looks_remove(looks, &few);
                looks_add(looks, &many);
                for (unsigned i = 0; i < N_DRAWS; i++) {
                        Look after = draw(looks, i);
                        g_assert_cmpint(compare(&after, &before[i]), >=, 0);
                }
        }
        g_assert_cmpuint(n_drawn(looks, &many), ==, N_DRAWS);
        looks_remove(looks, &few);
        g_assert_cmpuint(n_drawn(looks, &many), ==, N_DRAWS);
}

/* Limit: LOOKS_MAX different ones, and one more, which counts as one of them. */
static void
test_bounded(void)
{
        g_autoptr(Looks) looks = known_looks_new();
        for (unsigned i = 0; i < LOOKS_MAX; i++)
                looks_add(looks, &(Look){5000 + 2 * i, SALT_BYTES});
        g_assert_cmpuint(looks->counts->len, ==, LOOKS_MAX);

        looks_add(looks, &(Look){5001, SALT_BYTES});
        looks_add(looks, &(Look){1000000, SALT_BYTES});

        g_assert_cmpuint(looks->counts->len, ==, LOOKS_MAX);
        g_assert_cmpuint(g_array_index(looks->counts, Count, 1).n, ==, 2);
        g_assert_cmpuint(g_array_index(looks->counts, Count, LOOKS_MAX - 1).n, ==, 2);

        /* They are taken from where they were added. */
        looks_remove(looks, &(Look){5001, SALT_BYTES});
        looks_remove(looks, &(Look){1000000, SALT_BYTES});
        looks_remove(looks, &(Look){0});
        g_assert_cmpuint(looks->counts->len, ==, LOOKS_MAX);
        for (unsigned i = 0; i < LOOKS_MAX; i++)
                g_assert_cmpuint(g_array_index(looks->counts, Count, i).n, ==, 1);
}

static void
test_document(void)
{
        g_autoptr(Looks) looks = known_looks_new(), again = known_looks_new();
        add_times(looks, &few, 3);
        add_times(looks, &longer, 1);
        g_autoptr(GBytes) document = looks_document(looks);

        g_assert_true(looks_parse(again, document));

        g_assert_cmpuint(again->counts->len, ==, 2);
        g_assert_cmpuint(n_drawn(again, &few), ==, 750);
        g_assert_cmpuint(n_drawn(again, &longer), ==, 250);
}

#define LOOK "<look iterations='4096' salt='16' accounts='1'/>"

/* What cannot be read changes nothing, and accounts are counted. */
static void
test_damaged_documents(void)
{
        static const char *const damaged[] = {
                "",
                "<looks xmlns='urn:motet:accounts:1'>",
                "<looks/>",
                "<looks xmlns='urn:motet:accounts:1'><look/></looks>",
                "<looks xmlns='urn:motet:accounts:1'><look iterations='4096' salt='16'/></looks>",
                "<looks xmlns='urn:motet:accounts:1'>"
                "<look iterations='4096' salt='65' accounts='1'/></looks>",
                "<looks xmlns='urn:motet:accounts:1'>"
                "<look iterations='4096' salt='16' accounts='-1'/></looks>",
                "<looks xmlns='urn:motet:accounts:1'>" LOOK LOOK "</looks>",
        };
        g_autoptr(Looks) looks = known_looks_new();
        looks_add(looks, &many);

        for (size_t i = 0; i < G_N_ELEMENTS(damaged); i++) {
                g_autoptr(GBytes) document = g_bytes_new_static(damaged[i], strlen(damaged[i]));
                g_assert_false(looks_parse(looks, document));
        }

        g_assert_cmpuint(n_drawn(looks, &many), ==, N_DRAWS);
}

static Look
always(uint32_t number, const void *data)
{
        (void)number;
        return *(const Look *)data;
}

/* R7: a salt is as long as those of the accounts that are looked like: 1, 16, 17 and 64 bytes. */
static void
test_length_of_salt(void)
{
        static const uint32_t lengths[] = {1, SALT_BYTES, SALT_BYTES + 1, SALT_MAX};
        const uint8_t secret[SECRET_BYTES] = "0123456789abcdef0123456789abcde";

        for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
                const Look look = {5000, lengths[i]};
                Account account, again, other;
                g_assert_true(account_invent(&account, secret, "nobody", always, &look));
                g_assert_true(account_invent(&again, secret, "nobody", always, &look));
                g_assert_true(account_invent(&other, secret, "nobody2", always, &look));

                for (int hash = 0; hash < N_HASHES; hash++) {
                        const AccountKeys *keys = &account.keys[hash];
                        g_assert_cmpuint(keys->salt_len, ==, lengths[i]);
                        g_assert_cmpuint(keys->iterations, ==, 5000);
                        g_assert_cmpint(memcmp(keys->salt, again.keys[hash].salt, keys->salt_len),
                                        ==, 0);
                        if (lengths[i] >= SALT_BYTES)
                                g_assert_cmpint(
                                        memcmp(keys->salt, other.keys[hash].salt, keys->salt_len),
                                        !=, 0);
                }
        }
}

/* Reading and counting */

static void
set_up(void)
{
        core = (Core){.now = G_TIME_SPAN_HOUR};
        core.auth.looks = looks_new();
}

static void
tear_down(void)
{
        looks_free(core.auth.looks);
        g_clear_pointer(&core.saved, g_bytes_unref);
}

static void
answer_read(const GError *error, GBytes *value)
{
        MotetStoreRead read = core.read;

        g_assert_nonnull(read);
        core.read = NULL;
        read(NULL, error, value, NULL);
}

/* The host has @n accounts, and nothing of them is stored. */
static void
start_counting(size_t n)
{
        g_autofree MotetStoreItem *items = g_new0(MotetStoreItem, n + 1);
        g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

        looks_ask(NULL);
        answer_read(NULL, NULL);
        for (size_t i = 0; i <= n; i++) {
                g_ptr_array_add(names, i == 0 ? g_strdup("") : g_strdup_printf("u%zu", i));
                items[i].account = names->pdata[i];
        }
        g_assert_nonnull(core.names);
        MotetStoreItems done = core.names;
        core.names = NULL;
        done(NULL, NULL, items, n + 1, NULL);
}

static void
answer_account(const Look *look)
{
        Account account = {.role = MOTET_ROLE_MEMBER};
        AccountKeys *keys = &account.keys[account_hash_index("SHA-256")];

        keys->iterations = look->iterations;
        keys->salt_len = look->salt_len;
        g_autoptr(GBytes) document = account_document(&account);
        answer_read(NULL, document);
}

static void
fire_timer(void)
{
        MotetTimerFunc timer = core.timer;

        g_assert_nonnull(timer);
        core.timer = NULL;
        timer(NULL, NULL, NULL);
}

static void
end_deletion(bool is_good)
{
        g_autoptr(GError) error = g_error_new_literal(MOTET_ERROR, MOTET_ERROR_BUSY, "full");

        g_assert_nonnull(core.done);
        core.done(NULL, is_good ? NULL : error, NULL);
}

/* R7: what is stored holds until an account changes, however often the module is loaded; then it is
 * deleted, by the next change if not by this one. */
static void
test_stored_until_a_change(void)
{
        set_up();
        g_autoptr(Looks) stored = known_looks_new();
        add_times(stored, &many, 3);
        g_autoptr(GBytes) document = looks_document(stored);

        looks_ask(NULL);
        answer_read(NULL, document);
        g_assert_cmpuint(n_drawn(core.auth.looks, &many), ==, N_DRAWS);
        g_assert_cmpuint(core.n_deletions, ==, 0);

        looks_change_begins(NULL);
        looks_change_begins(NULL); /* the first deletion may fail yet */
        g_assert_cmpuint(core.n_deletions, ==, 2);
        end_deletion(false);
        looks_change_begins(NULL);
        g_assert_cmpuint(core.n_deletions, ==, 3);
        end_deletion(true);
        looks_change_begins(NULL);
        g_assert_cmpuint(core.n_deletions, ==, 3);
        tear_down();
}

/* What was stored when the server stopped goes with a change behind that, although a deletion from
 * before ended meanwhile. */
static void
test_saved_while_being_deleted(void)
{
        set_up();
        core.auth.looks->state = LOOKS_READY;
        looks_change_begins(NULL);

        looks_save(NULL, NULL);
        g_assert_nonnull(core.saved);
        end_deletion(true);

        looks_change_begins(NULL);
        g_assert_cmpuint(core.n_deletions, ==, 2);
        tear_down();
}

/* R7: a storage with too much to do is asked again, and nothing is counted anew. */
static void
test_busy_storage(void)
{
        g_autoptr(GError) busy = g_error_new_literal(MOTET_ERROR, MOTET_ERROR_BUSY, "full");
        set_up();
        start_counting(3);
        answer_account(&few);
        g_autofree char *name = g_strdup(core.read_account);

        answer_read(busy, NULL);
        g_assert_null(core.read);
        g_assert_cmpint(core.delay, ==, G_TIME_SPAN_SECOND);
        fire_timer();

        g_assert_cmpstr(core.read_account, ==, name);
        answer_account(&many);
        answer_account(&many);
        g_assert_cmpint(core.auth.looks->state, ==, LOOKS_READY);
        g_assert_cmpuint(n_drawn(core.auth.looks, &few), ==, 334);
        tear_down();
}

/* R7: an account that cannot be read is left out, until the next start. */
static void
test_account_that_cannot_be_read(void)
{
        g_autoptr(GError) error = g_error_new_literal(MOTET_ERROR, MOTET_ERROR_STORE, "bad block");
        set_up();
        start_counting(3);

        answer_account(&few);
        answer_read(error, NULL);
        answer_account(&many);

        g_assert_cmpint(core.auth.looks->state, ==, LOOKS_READY);
        g_assert_cmpuint(n_drawn(core.auth.looks, &few), ==, 500);
        g_assert_cmpuint(n_drawn(core.auth.looks, &many), ==, 500);
        looks_save(NULL, NULL);
        g_assert_null(core.saved);
        tear_down();
}

/* R7: unknown names change their look once, when all are counted; after each 100 accounts nothing
 * is under way for a moment. */
static void
test_counting_of_many(void)
{
        unsigned n_pauses = 0;
        set_up();
        start_counting(250);

        for (unsigned i = 1; i <= 250; i++) {
                g_assert_cmpuint(n_drawn(core.auth.looks, &usual), ==, N_DRAWS);
                answer_account(&few);
                if (!core.timer)
                        continue;
                g_assert_cmpuint(i % 100, ==, 0);
                g_assert_null(core.read);
                n_pauses++;
                fire_timer();
        }

        g_assert_cmpuint(n_pauses, ==, 2);
        g_assert_cmpuint(n_drawn(core.auth.looks, &few), ==, N_DRAWS);
        tear_down();
}

/* What fails is asked for again after a minute, not by each request; and not believed when an
 * account changed meanwhile. */
static void
test_asked_again_after_a_minute(void)
{
        g_autoptr(GError) error = g_error_new_literal(MOTET_ERROR, MOTET_ERROR_STORE, "bad block");
        set_up();
        g_autoptr(GBytes) document = looks_document(core.auth.looks);
        looks_ask(NULL);
        answer_read(error, NULL);

        core.now += G_TIME_SPAN_MINUTE - 1;
        looks_ask(NULL);
        g_assert_null(core.read);
        looks_changed(NULL, "romeo", &few, &many);
        core.now++;
        looks_ask(NULL);

        answer_read(NULL, document);
        g_assert_nonnull(core.names);
        tear_down();
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/looks/without-accounts-the-usual", test_without_accounts);
        g_test_add_func("/looks/each-as-often-as-accounts-have-it", test_each_as_often);
        g_test_add_func("/looks/from-few-rounds-to-many-never-back", test_never_back);
        g_test_add_func("/looks/bounded", test_bounded);
        g_test_add_func("/looks/document", test_document);
        g_test_add_func("/looks/damaged-documents-change-nothing", test_damaged_documents);
        g_test_add_func("/looks/length-of-the-salt", test_length_of_salt);
        g_test_add_func("/looks/stored-until-a-change", test_stored_until_a_change);
        g_test_add_func("/looks/saved-while-being-deleted", test_saved_while_being_deleted);
        g_test_add_func("/looks/busy-storage", test_busy_storage);
        g_test_add_func("/looks/account-that-cannot-be-read", test_account_that_cannot_be_read);
        g_test_add_func("/looks/counting-of-many", test_counting_of_many);
        g_test_add_func("/looks/asked-again-after-a-minute", test_asked_again_after_a_minute);
        return g_test_run();
}
