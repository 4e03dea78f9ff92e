/*
 * test_block: users who block others, in a test.
 */
#include "support/test_block.h"

#include <motet/service-store.h>

TestServer *
test_block_new_with(const char *options)
{
        g_autofree char *yaml =
                g_strdup_printf("modules: {" BLOCK_MODULES ", blocking: {options: {%s}}}", options);
        TestServer *server = test_server_new_config(yaml);

        test_remote_connect(server);
        return server;
}

TestServer *
test_block_new(void)
{
        return test_block_new_with("");
}

void
test_block_set(MotetSession *session, const char *verb, const char *items)
{
        g_autofree char *iq =
                g_strdup_printf("<iq type='set' id='c'><%s xmlns='" NS_BLOCKING "'>%s</%s></iq>",
                                verb, items, verb);

        test_session_receive(session, iq);
}

void
test_block_one_at(MotetSession *session, const char *verb, const char *jid, int line,
                  const char *file)
{
        g_autofree char *item = g_strdup_printf("<item jid='%s'/>", jid);

        test_block_set(session, verb, item);
        test_assert_sent_at(session, "<iq type='result' id='c' to='*'/>", file, line);
}

void
test_assert_block_list_at(MotetSession *session, const char *items, int line, const char *file)
{
        g_autofree char *result = g_strdup_printf("<iq type='result' id='g' to='*'><blocklist "
                                                  "xmlns='" NS_BLOCKING "'>%s</blocklist></iq>",
                                                  items);

        test_session_receive(session,
                             "<iq type='get' id='g'><blocklist xmlns='" NS_BLOCKING "'/></iq>");
        test_assert_sent_at(session, result, file, line);
        test_assert_sent_nothing_at(session, file, line);
}

static void
count_stored(MotetModule *self, const GError *error, const MotetStoreItem *items, size_t n,
             void *data)
{
        (void)self;
        (void)items;
        g_assert_no_error(error);
        *(size_t *)data = n;
}

size_t
test_block_n_stored(TestServer *server, const char *account)
{
        MotetStore *store =
                motet_store_open(test_server_owner(server), "blocking", MOTET_STORE_MAP, NULL);
        size_t n = SIZE_MAX;

        motet_store_read_all(store, account, count_stored, &n);
        test_server_settle(server);
        return n;
}

void
test_block_hear_at(TestServer *server, const char *stanza, const char *reply, int line,
                   const char *file)
{
        test_remote_receive(server, stanza);
        if (reply)
                test_assert_remote_at(reply, file, line);
        test_assert_remote_nothing_at(file, line);
}
