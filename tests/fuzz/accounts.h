/*
 * accounts: those of auth_internal in a house, the same at the start of each input: hashing their
 * passwords anew would be most of the work.
 */
#pragma once

#include "support/test_server.h"

/**
 * accounts_keep: those there are in @server are what accounts_restore() restores from now on, in
 * any server
 */
void accounts_keep(TestServer *server);
/** accounts_restore: makes these the only ones, as they were, whatever became of them */
void accounts_restore(TestServer *server);
/**
 * accounts_operate: an operator's command `user @verb`: add, password, disable, enable, delete
 * @password: only of the first two
 *
 * It may end later: the store takes its time.
 */
void accounts_operate(TestServer *server, const char *verb, const char *name, const char *password);
