/*
 * test_block: users who block others, in a test.
 */
#pragma once

#include "support/test_im.h"

#define NS_BLOCKING "urn:xmpp:blocking"
#define BLOCK_MODULES                                                                              \
        "storage_memory: , roster: , presence: , message: , iq: , disco: , auth_internal: "
#define BLOCK_ERROR(type, condition)                                                               \
        "<error type='" type "'><" condition " xmlns='" NS_STANZAS "'/></error>"
#define BLOCK_UNAVAILABLE BLOCK_ERROR("cancel", "service-unavailable")

/** test_block_new: a server with what blocking touches; the network is connected */
TestServer *test_block_new(void);
/** test_block_new_with: the same with these options of the module, "max_items: 3" */
TestServer *test_block_new_with(const char *options);
/** test_block_set: @verb "block" or "unblock" of @items, "<item jid='a@b'/>"; the answer is yet to
 * be seen */
void test_block_set(MotetSession *session, const char *verb, const char *items);
/** test_block_one: the same of one address, and it is granted */
#define test_block_one(session, verb, jid) test_block_one_at(session, verb, jid, __LINE__, __FILE__)
/** test_assert_block_list: @session asks for the list, and gets these items */
#define test_assert_block_list(session, items)                                                     \
        test_assert_block_list_at(session, items, __LINE__, __FILE__)
/** test_block_n_stored: Returns: how many addresses of @account are stored */
size_t test_block_n_stored(TestServer *server, const char *account);
/** test_block_hear: @stanza comes from the network, and @reply goes there (NULL: nothing) */
#define test_block_hear(server, stanza, reply)                                                     \
        test_block_hear_at(server, stanza, reply, __LINE__, __FILE__)

void test_block_one_at(MotetSession *session, const char *verb, const char *jid, int line,
                       const char *file);
void test_assert_block_list_at(MotetSession *session, const char *items, int line,
                               const char *file);
void test_block_hear_at(TestServer *server, const char *stanza, const char *reply, int line,
                        const char *file);
