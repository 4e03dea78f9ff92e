/*
 * sessions: the table of bound sessions, by account and by full JID.
 *
 * An open-addressing index grown in steps (no insert ever moves the whole table), over account
 * objects that hold the sessions of one bare JID in order of binding.
 */
#pragma once

#include <motet/session.h>

#include "core/host.h"

/** sessions_new: @key: 128 random bits, so that nobody can choose names that collide */
Sessions *sessions_new(const uint8_t key[16]);
/** sessions_free: it is empty */
void sessions_free(Sessions *sessions);
/** sessions_add: @session has its full JID and no other session holds it */
void sessions_add(Sessions *sessions, MotetSession *session);
void sessions_remove(Sessions *sessions, MotetSession *session);
/** sessions_hash: Returns: the hash of an account under the table's own key */
uint32_t sessions_hash(const Sessions *sessions, const MotetHost *host, const char *username);
size_t sessions_count(const Sessions *sessions);
/** sessions_memory: bytes held by the index alone, for tests and measurements */
size_t sessions_memory(const Sessions *sessions);
