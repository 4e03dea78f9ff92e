/*
 * offline_kit: what tests of the offline module share: romeo, who talks to juliet, who is not
 * there.
 */
#pragma once

#include <motet/service-store.h>

#include "support/test_im.h"

#define ROMEO "romeo@example.org"
#define JULIET "juliet@example.org"
/* modules it needs */
#define OFFLINE_BASE "storage_memory: , roster: , presence: , message: "
/* what is added to a message; of its time anything goes */
#define OFFLINE_DELAY                                                                              \
        "<delay xmlns='urn:xmpp:delay' from='example.org' stamp='*'>Offline Storage</delay>"

/** offline_body: Returns: (own) text of @n bytes */
char *offline_body(size_t n);
MotetSession *offline_bind_romeo(TestServer *server);
/** offline_say: romeo says something short */
void offline_say(MotetSession *from, const char *id);
/** offline_come: juliet becomes available; what is sent then is looked at up to her own presence */
MotetSession *offline_come(TestServer *server, const char *resource);
MotetStore *offline_store(TestServer *server);
/** offline_n_stored: how many messages are kept for juliet */
uint64_t offline_n_stored(TestServer *server);

/** offline_assert_kept: the next thing sent is what romeo said as @id, delayed */
#define offline_assert_kept(session, id) offline_assert_kept_at(session, id, __LINE__)
/** offline_assert_refused: the next thing sent is that juliet cannot be reached */
#define offline_assert_refused(session, id) offline_assert_refused_at(session, id, __LINE__)

void offline_assert_kept_at(MotetSession *session, const char *id, int line);
void offline_assert_refused_at(MotetSession *session, const char *id, int line);
