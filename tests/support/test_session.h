/*
 * test_session: speaking XML with a session that has no socket, and comparing what it sends.
 *
 * What is expected is written as XML: attributes in any order, no namespace meaning the stream's
 * own, the prefix `stream` declared. An attribute value or text "*" matches anything that is there;
 * the <text/> of an error and what an error reply repeats of the request may be left out. Functions
 * that feed end with all work done (loop_settle).
 */
#pragma once

#include "core/session.h"

/**
 * test_session_new: a fresh client connection to @server. Returns: (borrowed) kept until
 * test_session_free(), also when destroyed meanwhile
 */
MotetSession *test_session_new(MotetServer *server);
/** test_session_new_spec: the same as accepted by @spec; NULL when it was refused */
MotetSession *test_session_new_spec(MotetServer *server, const MotetListen *spec);
/** test_session_last: the newest one, also when test_session_new_spec() returned NULL for it */
MotetSession *test_session_last(MotetServer *server);
void test_session_free(MotetSession *session);
/** test_sessions_clear: frees all of @server, before it is freed itself */
void test_sessions_clear(MotetServer *server);

/** test_session_receive: the peer sends @xml */
void test_session_receive(MotetSession *session, const char *xml);
/** test_session_header: Returns: (own) a client's stream header to @host */
char *test_session_header(const char *host);
/** test_session_open: the peer opens a stream to @host; our header and features are forgotten */
void test_session_open(MotetSession *session, const char *host);
/** test_session_lose: the peer closes the connection without a word */
void test_session_lose(MotetSession *session);
/** test_session_set_window: how many bytes more the peer reads */
void test_session_set_window(MotetSession *session, size_t bytes);

/** test_session_take_sent: Returns: (own) everything sent since it was last looked at */
char *test_session_take_sent(MotetSession *session);

/** test_assert_header: the next thing sent is a stream header like @xml, "<stream:stream …/>" */
#define test_assert_header(session, xml) test_assert_header_at(session, xml, __FILE__, __LINE__)
/** test_assert_sent: the next element sent, behind any stream header, is like @xml */
#define test_assert_sent(session, xml) test_assert_sent_at(session, xml, __FILE__, __LINE__)
/** test_assert_sent_nothing: nothing was sent since it was last looked at */
#define test_assert_sent_nothing(session) test_assert_sent_nothing_at(session, __FILE__, __LINE__)
/**
 * test_assert_stream_error: the last thing sent is the stream error @condition and the end of the
 * stream; it is closed
 */
#define test_assert_stream_error(session, condition)                                               \
        test_assert_stream_error_at(session, condition, __FILE__, __LINE__)
/**
 * test_assert_closed: the last thing sent is the end of the stream, and no stanza can be sent any
 * more
 */
#define test_assert_closed(session) test_assert_closed_at(session, __FILE__, __LINE__)

void test_assert_header_at(MotetSession *session, const char *xml, const char *file, int line);
void test_assert_sent_at(MotetSession *session, const char *xml, const char *file, int line);
void test_assert_sent_nothing_at(MotetSession *session, const char *file, int line);
void test_assert_stream_error_at(MotetSession *session, const char *condition, const char *file,
                                 int line);
void test_assert_closed_at(MotetSession *session, const char *file, int line);

/*
 * The same, for who fails in another way: they return (own) what is wrong, NULL when nothing is.
 */
char *test_check_header(MotetSession *session, const char *xml);
char *test_check_sent(MotetSession *session, const char *xml);
char *test_check_sent_nothing(MotetSession *session);
char *test_check_stream_error(MotetSession *session, const char *condition);
char *test_check_closed(MotetSession *session);

/** test_xml_like: whether @sent is what @expected describes, as above */
bool test_xml_like(const MotetXml *expected, const MotetXml *sent);
