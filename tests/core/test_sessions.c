/*
 * Tests of sessions: the table of bound sessions, against GLib's as a model.
 */
#include <string.h>

#include "core/sessions.h"
#include "support/test_core.h"

static void
test_find(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *orchard = test_core_bind(core, "romeo", "orchard");
        MotetSession *balcony = test_core_bind(core, "romeo", "balcony");
        size_t n;

        g_assert_true(motet_sessions_find(core->host, "romeo", "orchard") == orchard);
        g_assert_true(motet_sessions_find(core->host, "romeo", "balcony") == balcony);
        g_assert_null(motet_sessions_find(core->host, "romeo", "Orchard"));
        g_assert_null(motet_sessions_find(core->host, "juliet", "orchard"));
        g_assert_null(motet_sessions_find(core->other, "romeo", "orchard"));
        g_assert_null(motet_sessions_of(core->host, "juliet", &n));
        g_assert_cmpuint(n, ==, 0);
}

/* In order of binding, also after one of them has left. */
static void
test_order_of_binding(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *all[5];
        size_t n;
        for (unsigned i = 0; i < 5; i++) {
                g_autofree char *resource = g_strdup_printf("r%u", 9 - i);
                all[i] = test_core_bind(core, "romeo", resource);
        }

        motet_session_destroy(all[1]);
        MotetSession *const *sessions = motet_sessions_of(core->host, "romeo", &n);

        g_assert_cmpuint(n, ==, 4);
        g_assert_true(sessions[0] == all[0]);
        g_assert_true(sessions[1] == all[2]);
        g_assert_true(sessions[2] == all[3]);
        g_assert_true(sessions[3] == all[4]);
}

static void
close_or_count(MotetSession *session, void *data)
{
        unsigned *n = data;

        ++*n;
        motet_session_close(session, MOTET_CONFLICT, NULL);
}

static void
test_foreach(void)
{
        g_autoptr(TestCore) core = test_core_new();
        unsigned n = 0;
        test_core_bind(core, "romeo", "orchard");
        test_core_bind(core, "romeo", "balcony");
        test_core_bind(core, "juliet", "balcony");
        test_core_login(core, "paris");

        motet_sessions_foreach(core->host, close_or_count, &n);
        motet_sessions_foreach(core->other, close_or_count, &n);
        g_assert_cmpuint(n, ==, 3);
        g_assert_cmpuint(motet_sessions_count(core->host), ==, 3);
        test_core_settle(core);

        g_assert_cmpuint(motet_sessions_count(core->host), ==, 0);
        g_assert_cmpuint(core->server.n_streams, ==, 1);
}

static void
destroy_the_other(MotetSession *session, void *data)
{
        MotetSession **all = data;

        g_assert_true(session->priv->bound);
        motet_session_destroy(session == all[0] ? all[1] : all[0]);
}

/* What leaves during the walk is not told. */
static void
test_foreach_while_sessions_leave(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *all[] = {
                test_core_bind(core, "romeo", "orchard"),
                test_core_bind(core, "juliet", "balcony"),
        };

        motet_sessions_foreach(core->host, destroy_the_other, all);

        g_assert_cmpuint(motet_sessions_count(core->host), ==, 1);
}

/*
 * The table alone, with stand-ins for sessions: what it reads of one is its host and its names.
 */

typedef struct {
        MotetSessionPrivate priv;
        char username[24];
} StandIn;

static StandIn *
stand_ins_new(MotetHost *host, size_t n)
{
        StandIn *all = g_new0(StandIn, n);

        for (size_t i = 0; i < n; i++) {
                MotetSession *session = &all[i].priv.session;
                g_snprintf(all[i].username, sizeof(all[i].username), "user%zu", i);
                session->priv = &all[i].priv;
                session->username = all[i].username;
                session->resource = "r";
                all[i].priv.vhost = host;
        }
        return all;
}

static void
assert_same(TestCore *core, GHashTable *model, StandIn *all, size_t n)
{
        g_assert_cmpuint(sessions_count(core->server.sessions), ==, g_hash_table_size(model));
        for (size_t i = 0; i < n; i++) {
                const MotetSession *found = motet_sessions_find(core->host, all[i].username, "r");
                g_assert_true(found == g_hash_table_lookup(model, all[i].username));
        }
}

/* 100 000 accounts coming and going in random order, compared with a GHashTable. */
static void
test_table_against_a_model(void)
{
        enum { N = 100000 };
        g_autoptr(TestCore) core = test_core_new();
        g_autoptr(GHashTable) model = g_hash_table_new(g_str_hash, g_str_equal);
        g_autoptr(GRand) rand = g_rand_new_with_seed(20260101);
        g_autofree StandIn *all = stand_ins_new(core->host, N);
        Sessions *sessions = core->server.sessions;

        for (size_t i = 0; i < N; i++) {
                sessions_add(sessions, &all[i].priv.session);
                g_hash_table_insert(model, all[i].username, &all[i].priv.session);
                /* 3/4 of 131 072 slots: as full as it gets; then twice as many, for a while beside
                 * the former ones. */
                if (i == 98000)
                        g_assert_cmpuint(sessions_memory(sessions), <=, 17 * 98000);
        }
        assert_same(core, model, all, N);
        g_assert_cmpuint(sessions_memory(sessions), <=, 48 * N);

        for (size_t step = 0; step < 3 * N; step++) {
                StandIn *one = &all[g_rand_int_range(rand, 0, N)];
                MotetSession *session = &one->priv.session;
                /* The second third drains it, the last fills it again. */
                bool wanted = g_rand_int_range(rand, 0, 10) < (step < 2 * N ? 2 : 8);
                bool is_in = g_hash_table_contains(model, one->username);
                g_assert_true((motet_sessions_find(core->host, one->username, "r") == session) ==
                              is_in);
                if (wanted && !is_in) {
                        sessions_add(sessions, session);
                        g_hash_table_insert(model, one->username, session);
                } else if (!wanted && is_in) {
                        sessions_remove(sessions, session);
                        g_hash_table_remove(model, one->username);
                }
        }
        assert_same(core, model, all, N);

        for (size_t i = 0; i < N; i++) {
                if (g_hash_table_remove(model, all[i].username))
                        sessions_remove(sessions, &all[i].priv.session);
        }
        assert_same(core, model, all, N);
        /* What grew for them has shrunk after them, but for what one change moves at a time. */
        g_assert_cmpuint(sessions_memory(sessions), <=, 16384);
}

/* No change moves more than a few slots: an insert never allocates but the account and, once, an
 * empty table. */
static void
test_table_grows_in_steps(void)
{
        enum { N = 4096 };
        g_autoptr(TestCore) core = test_core_new();
        g_autofree StandIn *all = stand_ins_new(core->host, N);
        Sessions *sessions = core->server.sessions;
        size_t n_two_tables = 0;

        for (size_t i = 0; i < N; i++) {
                size_t before = sessions_memory(sessions);
                sessions_add(sessions, &all[i].priv.session);
                size_t after = sessions_memory(sessions);
                /* Twice as large while the former table lives on beside it. */
                if (after > before)
                        g_assert_cmpuint(after, ==, 3 * before);
                n_two_tables += after % 3 == 0;
                for (size_t j = 0; j <= i; j += 97)
                        g_assert_true(motet_sessions_find(core->host, all[j].username, "r") ==
                                      &all[j].priv.session);
        }
        g_assert_cmpuint(n_two_tables, >, N / 32);

        for (size_t i = 0; i < N; i++)
                sessions_remove(sessions, &all[i].priv.session);
}

/* Accounts of two hosts with one name are two accounts. */
static void
test_hosts_are_apart(void)
{
        enum { N = 200 };
        g_autoptr(TestCore) core = test_core_new();
        g_autofree StandIn *here = stand_ins_new(core->host, N);
        g_autofree StandIn *there = stand_ins_new(core->other, N);
        Sessions *sessions = core->server.sessions;

        for (size_t i = 0; i < N; i++) {
                sessions_add(sessions, &here[i].priv.session);
                sessions_add(sessions, &there[i].priv.session);
        }
        for (size_t i = 0; i < N; i++) {
                g_assert_true(motet_sessions_find(core->host, here[i].username, "r") ==
                              &here[i].priv.session);
                g_assert_true(motet_sessions_find(core->other, here[i].username, "r") ==
                              &there[i].priv.session);
                sessions_remove(sessions, &here[i].priv.session);
                g_assert_null(motet_sessions_find(core->host, here[i].username, "r"));
        }
        g_assert_cmpuint(motet_sessions_count(core->host), ==, 0);
        g_assert_cmpuint(motet_sessions_count(core->other), ==, N);

        for (size_t i = 0; i < N; i++)
                sessions_remove(sessions, &there[i].priv.session);
}

static void
fill_with_sevens(void *buffer, size_t n)
{
        memset(buffer, 7, n);
}

static void
note_name(MotetSession *session, void *data)
{
        g_string_append_printf(data, "%s ", session->username);
}

/* Returns: (own) the names of all, in the order of the table; @n_before allocations move what is
 * made */
static char *
order_of_names(unsigned n_before)
{
        g_autoptr(GPtrArray) moved = g_ptr_array_new_with_free_func(g_free);
        for (unsigned i = 0; i < n_before; i++)
                g_ptr_array_add(moved, g_malloc(sizeof(MotetHost)));
        g_autoptr(TestCore) core = test_core_new();
        g_autoptr(GString) names = g_string_new(NULL);
        server_base_set_random(&core->server, fill_with_sevens);

        for (unsigned i = 0; i < 20; i++) {
                g_autofree char *name = g_strdup_printf("u%u", i);
                test_core_bind(core, name, "r");
        }
        motet_sessions_foreach(core->host, note_name, names);
        return g_strdup(names->str);
}

/* Of a server that is driven by a seed, all follows from it: nothing from where memory happened to
 * be. */
static void
test_order_follows_from_the_key(void)
{
        g_autofree char *one = order_of_names(0);
        g_autofree char *two = order_of_names(7);

        g_assert_cmpstr(one, ==, two);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/sessions/find", test_find);
        g_test_add_func("/sessions/order-of-binding", test_order_of_binding);
        g_test_add_func("/sessions/foreach", test_foreach);
        g_test_add_func("/sessions/foreach-while-sessions-leave",
                        test_foreach_while_sessions_leave);
        g_test_add_func("/sessions/table-against-a-model", test_table_against_a_model);
        g_test_add_func("/sessions/table-grows-in-steps", test_table_grows_in_steps);
        g_test_add_func("/sessions/hosts-are-apart", test_hosts_are_apart);
        g_test_add_func("/sessions/order-follows-from-the-key", test_order_follows_from_the_key);
        return g_test_run();
}
