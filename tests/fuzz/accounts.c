/*
 * accounts: see the header.
 */
#include "fuzz/accounts.h"

#include <motet/service-store.h>
#include <stdlib.h>
#include <string.h>

#include "core/command.h"
#include "fuzz/house.h"

/* One a program: what was in the store when a server was new. */
static GPtrArray *documents; /* of name and GBytes, in turn */

static void
forget_documents(void)
{
        for (guint i = 0; documents && i < documents->len; i += 2) {
                g_free(documents->pdata[i]);
                g_bytes_unref(documents->pdata[i + 1]);
        }
        g_clear_pointer(&documents, g_ptr_array_unref);
}

static MotetStore *
open_accounts(TestServer *server)
{
        g_autoptr(GError) error = NULL;
        MotetStore *store =
                motet_store_open(test_server_owner(server), "accounts", MOTET_STORE_KEYVAL, &error);

        g_assert_no_error(error);
        return store;
}

static void
keep_documents(MotetModule *self, const GError *error, const MotetStoreItem *items, size_t n,
               void *data)
{
        (void)self, (void)data;
        g_assert_no_error(error);
        documents = g_ptr_array_new();
        for (size_t i = 0; i < n; i++) {
                g_ptr_array_add(documents, g_strdup(items[i].account));
                g_ptr_array_add(documents, g_bytes_ref(items[i].value));
        }
}

static bool
is_kept(const char *account)
{
        for (guint i = 0; i < documents->len; i += 2) {
                if (strcmp(documents->pdata[i], account) == 0)
                        return true;
        }
        return false;
}

static void
drop_others(MotetModule *self, const GError *error, const MotetStoreItem *items, size_t n,
            void *data)
{
        (void)data;
        g_assert_no_error(error);
        for (size_t i = 0; i < n; i++) {
                if (*items[i].account && !is_kept(items[i].account))
                        motet_store_drop_account(self, items[i].account, NULL, NULL);
        }
}

void
accounts_keep(TestServer *server)
{
        test_server_advance(server, G_TIME_SPAN_SECOND);
        if (!documents)
                g_assert_true(atexit(forget_documents) == 0);
        forget_documents();
        motet_store_read_all(open_accounts(server), NULL, keep_documents, NULL);
        test_server_advance(server, G_TIME_SPAN_SECOND);
        g_assert_nonnull(documents);
}

void
accounts_restore(TestServer *server)
{
        MotetStore *store = open_accounts(server);

        motet_store_read_all(store, NULL, drop_others, NULL);
        for (guint i = 0; i < documents->len; i += 2)
                motet_store_set(store, documents->pdata[i], "", documents->pdata[i + 1], NULL,
                                NULL);
        test_server_advance(server, G_TIME_SPAN_SECOND);
}

static void
ignore_line(void *data, const char *text)
{
        (void)data, (void)text;
}

static void
ignore_end(void *data, int exit_code, const char *error_text)
{
        (void)data, (void)exit_code, (void)error_text;
}

void
accounts_operate(TestServer *server, const char *verb, const char *name, const char *password)
{
        static const CommandOwner owner = {.line = ignore_line, .ended = ignore_end};
        bool has_password = strcmp(verb, "add") == 0 || strcmp(verb, "password") == 0;
        g_autofree char *jid = g_strconcat(name, "@" HOUSE_DOMAIN, NULL);
        const char *const words[] = {"user", verb, jid, has_password ? password : NULL, NULL};

        command_run(test_server_core(server), words, &owner, NULL);
        test_server_settle(server);
}
