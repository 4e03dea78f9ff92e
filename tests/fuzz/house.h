/*
 * house: one whole server, its clock and its store for many inputs; each finds it as new.
 *
 * What one input leaves behind in a server shows at its end: no stream, wait, session, request or
 * timer may be there an hour after everybody has left. The server is made anew now and then, so
 * that nothing of many inputs gathers.
 */
#pragma once

#include "support/test_server.h"

#define HOUSE_DOMAIN "example.org"

enum { HOUSE_GUESTS = 4, HOUSE_ACCOUNTS = 3 };

/** HouseGuest: a connection of a client; all zero: none */
typedef struct {
        MotetSession *session;    /* (own) as of test_session.h; NULL: none yet */
        struct XmlParser *parser; /* (own) of what it is sent once it has logged in; NULL before */
} HouseGuest;

/**
 * house_open:
 * @modules_yaml: what goes below `modules:`, two spaces in front of each line; always the same
 * @bytes, @n: the input, which is kept as kept.h says
 *
 * Returns: (borrowed) the server, for one input
 */
TestServer *house_open(const char *modules_yaml, const uint8_t *bytes, size_t n);
/** house_is_new: Returns: whether the input of house_open() is the first one of its server */
bool house_is_new(void);
/** house_close: everybody leaves, and the accounts are emptied; asserts that nothing is left */
void house_close(HouseGuest *guests, unsigned n);
/** house_set_faults: of 1000 requests of the store so many fail, and each takes up to @delay µs */
void house_set_faults(unsigned failures, int64_t delay);
/** house_reload: the other one of two configurations, which differ in a module and an option */
void house_reload(void);

/** house_account: Returns: a constant: the name of an account */
const char *house_account(unsigned account);
/** house_connect: a stranger comes */
void house_connect(HouseGuest *guest);
/** house_log_in: the same, and opens a stream as @account; to bind is left to it */
void house_log_in(HouseGuest *guest, unsigned account);
/** house_receive: it sends @n bytes */
void house_receive(HouseGuest *guest, const char *bytes, size_t n);
/** house_leave: without a word */
void house_leave(HouseGuest *guest);
/** house_bind: sends what binds a resource of that number, becomes available and asks for the
 * roster */
void house_bind(HouseGuest *guest, unsigned number);
