/*
 * conn_tls: connections inside TLS: both directions, handshakes, limits, pausing and the end.
 *
 * Source: RFC 6120 section 5, RFC 8446, SECURITY-DEFAULTS R2, R12, R13.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

#include <motet/conn.h>

#include "support/tls_pair.h"

#define SECOND (INT64_C(1000) * 1000)

/* Conversations */

static void
check_conversation(int version, const char *name)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        SSL_set_max_proto_version(pair.ssl, version);
        g_autoptr(GString) out = g_string_new(NULL);

        tls_pair_handshake(&pair);
        tls_pair_write(&pair, "<ping/>");
        g_assert_true(conn_send(pair.conn, "<pong/>", 7));
        loop_settle(pair.loop);

        g_assert_cmpint(tls_pair_read(&pair, out), ==, SSL_ERROR_WANT_READ);
        g_assert_cmpstr(pair.received->str, ==, "<ping/>");
        g_assert_cmpstr(out->str, ==, "<pong/>");
        g_assert_cmpstr(motet_conn_tls_version(pair.conn), ==, name);
        g_assert_cmpuint(conn_queued(pair.conn), ==, 0);
        tls_pair_clear(&pair);
}

static void
test_both_versions_carry_both_directions(void)
{
        check_conversation(TLS1_3_VERSION, "TLSv1.3");
        check_conversation(TLS1_2_VERSION, "TLSv1.2");
}

static void
test_much_data_arrives_in_order(void)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        tls_pair_handshake(&pair);
        enum { N = 700000 };
        g_autofree char *text = g_malloc(N + 1);
        for (unsigned i = 0; i < N; i++)
                text[i] = (char)('a' + i % 19);
        text[N] = '\0';
        g_autoptr(GString) out = g_string_new(NULL);
        size_t written = 0;
        SSL_set_mode(pair.ssl, SSL_MODE_ENABLE_PARTIAL_WRITE);
        g_assert_true(conn_send(pair.conn, text, N));

        while (out->len < N || pair.received->len < N) {
                if (written < N) {
                        int n = SSL_write(pair.ssl, text + written, (int)(N - written));
                        written += n > 0 ? (size_t)n : 0;
                }
                loop_settle(pair.loop);
                tls_pair_read(&pair, out);
                loop_settle(pair.loop);
                g_assert_cmpuint(pair.n_ended, ==, 0);
        }

        g_assert_cmpstr(out->str, ==, text);
        g_assert_cmpstr(pair.received->str, ==, text);
        tls_pair_clear(&pair);
}

/* RFC 6120 5.4.2.3: what is sent before the handshake goes in clear, everything after it sealed. */
static void
test_queue_before_starttls_goes_in_clear_and_after_it_sealed(void)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        char clear[100];
        conn_send(pair.conn, "<proceed/>", 10);
        conn_starttls(pair.conn, files.server);
        loop_settle(pair.loop);
        conn_send(pair.conn, "sealed", 6);
        loop_settle(pair.loop);

        g_assert_cmpint(recv(pair.fd, clear, sizeof clear, 0), ==, 10);
        g_assert_true(memcmp(clear, "<proceed/>", 10) == 0);
        g_assert_true(tls_pair_connect(&pair));
        g_autoptr(GString) out = g_string_new(NULL);
        tls_pair_read(&pair, out);

        g_assert_cmpstr(out->str, ==, "sealed");
        tls_pair_clear(&pair);
}

/* R2: bytes behind <starttls/> are never taken for stanzas. */
static void
test_clear_text_after_starttls_ends(void)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        loop_settle(pair.loop);
        conn_starttls(pair.conn, files.server);
        const char *text = "<message to='b'><body>injected</body></message>";
        g_assert_cmpint(send(pair.fd, text, strlen(text), 0), ==, (int)strlen(text));

        loop_settle(pair.loop);

        g_assert_cmpstr(pair.received->str, ==, "");
        g_assert_cmpuint(pair.n_ended, ==, 1);
        g_assert_cmpint((int)pair.end, ==, CONN_END_ERROR);
        tls_pair_clear(&pair);
}

static void
test_handshake_in_single_bytes_succeeds(void)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        BIO *in = BIO_new(BIO_s_mem());
        BIO *out = BIO_new(BIO_s_mem());
        SSL_set_bio(pair.ssl, in, out);
        conn_starttls(pair.conn, files.server);
        loop_settle(pair.loop);

        for (unsigned i = 0; i < 20 && pair.n_secured == 0; i++) {
                char byte, bytes[16384];
                SSL_do_handshake(pair.ssl);
                while (BIO_read(out, &byte, 1) == 1) {
                        g_assert_cmpint(send(pair.fd, &byte, 1, 0), ==, 1);
                        loop_settle(pair.loop);
                }
                ssize_t n = recv(pair.fd, bytes, sizeof bytes, 0);
                if (n > 0)
                        BIO_write(in, bytes, (int)n);
        }

        g_assert_cmpuint(pair.n_secured, ==, 1);
        tls_pair_clear(&pair);
}

static void
starttls_in_call(TlsPair *pair)
{
        conn_send(pair->conn, "<proceed/>", 10);
        conn_starttls(pair->conn, pair->files->server);
        pair->on_received = NULL;
}

/* As a stream does it: from inside received(). */
static void
test_starttls_from_inside_received(void)
{
        TlsFiles files;
        TlsPair pair;
        char clear[100];
        tls_pair_init(&pair, &files);
        pair.on_received = starttls_in_call;
        g_assert_cmpint(send(pair.fd, "<starttls/>", 11, 0), ==, 11);
        loop_settle(pair.loop);
        g_assert_cmpint(recv(pair.fd, clear, sizeof clear, 0), ==, 10);

        g_assert_true(tls_pair_connect(&pair));
        tls_pair_write(&pair, "inside");
        loop_settle(pair.loop);

        g_assert_cmpstr(pair.received->str, ==, "<starttls/>inside");
        tls_pair_clear(&pair);
}

/* RFC 8446 4.4.4: a client may send at once behind its Finished; all of it arrives in one read. */
static void
test_records_behind_the_handshake_are_told_after_secured(void)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        conn_starttls(pair.conn, files.server);
        loop_settle(pair.loop);
        g_assert_cmpint(SSL_do_handshake(pair.ssl), !=, 1);
        loop_settle(pair.loop);
        g_assert_cmpint(SSL_do_handshake(pair.ssl), ==, 1);
        tls_pair_write(&pair, "at once");
        g_assert_cmpuint(pair.n_secured, ==, 0);

        loop_settle(pair.loop);

        g_assert_cmpuint(pair.n_secured, ==, 1);
        g_assert_cmpstr(pair.received->str, ==, "at once");
        tls_pair_clear(&pair);
}

static void
test_peer_gone_during_the_handshake_ends(void)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        conn_starttls(pair.conn, files.server);
        loop_settle(pair.loop);
        SSL_do_handshake(pair.ssl);
        loop_settle(pair.loop);
        shutdown(pair.fd, SHUT_WR);

        loop_settle(pair.loop);

        g_assert_cmpuint(pair.n_ended, ==, 1);
        g_assert_cmpint((int)pair.end, ==, CONN_END_PEER);
        tls_pair_clear(&pair);
}

/* Time and turns */

/* R13: a handshake takes 10 s at most, from conn_starttls() and not from the last byte. */
static void
test_handshake_has_a_timeout(void)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        conn_starttls(pair.conn, files.server);
        loop_advance(pair.loop, 9 * SECOND);
        g_assert_cmpint(SSL_do_handshake(pair.ssl), !=, 1);
        loop_advance(pair.loop, SECOND - 1);
        g_assert_cmpuint(pair.n_ended, ==, 0);

        loop_advance(pair.loop, 1);

        g_assert_cmpuint(pair.n_ended, ==, 1);
        g_assert_cmpint((int)pair.end, ==, CONN_END_TIMEOUT);
        tls_pair_clear(&pair);
}

/* R10: of a message that never ends no more is kept than of another header: 10,000 bytes, and one
 * more. */
static void
test_handshake_is_bounded(void)
{
        /* A record of 16,000 bytes that begins a ClientHello of 131,000. */
        char bytes[10001] = "\x16\x03\x01\x3e\x80\x01\x01\xff\xb8\x03\x03";
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        conn_starttls(pair.conn, files.server);
        g_assert_cmpint(send(pair.fd, bytes, 10000, 0), ==, 10000);
        loop_settle(pair.loop);
        g_assert_cmpuint(pair.n_ended, ==, 0);

        g_assert_cmpint(send(pair.fd, bytes + 10000, 1, 0), ==, 1);
        loop_settle(pair.loop);

        g_assert_cmpint((int)pair.end, ==, CONN_END_ERROR);
        g_assert_cmpstr(pair.end_text, ==, "the TLS handshake is too long");
        tls_pair_clear(&pair);
}

static void
test_complete_handshake_does_not_time_out(void)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        tls_pair_handshake(&pair);

        loop_advance(pair.loop, 3600 * SECOND);

        g_assert_cmpuint(pair.n_ended, ==, 0);
        tls_pair_clear(&pair);
}

/* PERFORMANCE-FACTS: at most two handshake steps a turn. */
static void
test_handshake_steps_are_bounded_a_turn(void)
{
        enum { N = 7 };
        TlsFiles files;
        TlsPair pairs[N];
        tls_files_init(&files);
        Loop *loop = loop_new(true);
        for (unsigned i = 0; i < N; i++) {
                tls_pair_init_in(&pairs[i], &files, loop);
                conn_starttls(pairs[i].conn, files.server);
        }
        loop_settle(loop);
        for (unsigned i = 0; i < N; i++)
                SSL_do_handshake(pairs[i].ssl);

        unsigned answered = 0, turns = 0;
        while (answered < N) {
                unsigned before = answered;
                g_assert_cmpuint(turns, <, 10);
                loop_turn(loop, false);
                turns++;
                answered = 0;
                for (unsigned i = 0; i < N; i++)
                        answered += recv(pairs[i].fd, &(char){0}, 1, MSG_PEEK) == 1;
                g_assert_cmpuint(answered - before, <=, LOOP_SLOW_PER_TURN);
        }

        g_assert_cmpuint(turns, >=, (N + LOOP_SLOW_PER_TURN - 1) / LOOP_SLOW_PER_TURN);
        for (unsigned i = 0; i < N; i++)
                tls_pair_clear_in(&pairs[i]);
        loop_free(loop);
        tls_files_clear(&files);
}

/* Pausing and limits inside TLS */

static void
pause_conn(TlsPair *pair)
{
        conn_pause(pair->conn);
}

static void
test_records_received_together_wait_while_paused(void)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        tls_pair_handshake(&pair);
        pair.on_received = pause_conn;
        tls_pair_write(&pair, "one ");
        tls_pair_write(&pair, "two ");
        tls_pair_write(&pair, "three ");
        loop_settle(pair.loop);
        g_assert_cmpstr(pair.received->str, ==, "one ");

        conn_unpause(pair.conn);
        loop_settle(pair.loop);
        g_assert_cmpstr(pair.received->str, ==, "one two ");
        tls_pair_write(&pair, "four");
        loop_settle(pair.loop);
        conn_unpause(pair.conn);
        loop_settle(pair.loop);
        conn_unpause(pair.conn);
        loop_settle(pair.loop);

        g_assert_cmpstr(pair.received->str, ==, "one two three four");
        tls_pair_clear(&pair);
}

static void
free_conn(TlsPair *pair)
{
        g_clear_pointer(&pair->conn, conn_free);
}

static void
test_owner_may_free_when_secured(void)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        pair.on_secured = free_conn;
        conn_starttls(pair.conn, files.server);
        loop_settle(pair.loop);

        tls_pair_connect(&pair);

        g_assert_cmpuint(pair.n_secured, ==, 1);
        g_assert_cmpuint(pair.n_ended, ==, 0);
        tls_pair_clear(&pair);
}

/* A pause holds back what is told, not the handshake. */
static void
test_paused_connection_completes_its_handshake(void)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        conn_pause(pair.conn);
        tls_pair_handshake(&pair);
        tls_pair_write(&pair, "later");
        loop_settle(pair.loop);
        g_assert_cmpstr(pair.received->str, ==, "");

        conn_unpause(pair.conn);
        loop_settle(pair.loop);

        g_assert_cmpstr(pair.received->str, ==, "later");
        tls_pair_clear(&pair);
}

static void
test_owner_may_free_between_records(void)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        tls_pair_handshake(&pair);
        pair.on_received = free_conn;
        tls_pair_write(&pair, "one");
        tls_pair_write(&pair, "two");

        loop_settle(pair.loop);

        g_assert_cmpstr(pair.received->str, ==, "one");
        g_assert_cmpuint(pair.n_ended, ==, 0);
        tls_pair_clear(&pair);
}

static void
test_rate_holds_inside_tls(void)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        tls_pair_handshake(&pair);
        conn_set_rate(pair.conn, 100, 1000);
        g_autofree char *text = g_strnfill(500, 'x');
        for (unsigned i = 0; i < 6; i++)
                tls_pair_write(&pair, text);

        loop_settle(pair.loop);
        g_assert_cmpuint(pair.received->len, ==, 1000);
        loop_advance(pair.loop, 60 * SECOND);

        g_assert_cmpuint(pair.received->len, ==, 3000);
        tls_pair_clear(&pair);
}

/* Records that carry no text cost us work, so they use up the rate too. */
/* R12: of records that are read in pieces each byte is charged once. */
static void
test_records_in_pieces_are_charged_once(void)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        tls_pair_handshake(&pair);
        conn_set_rate(pair.conn, 16000, 16000);
        g_autofree char *text = g_strnfill(16000, 'x');
        for (unsigned i = 0; i < 6; i++)
                tls_pair_write(&pair, text);

        loop_advance(pair.loop, 5 * SECOND + SECOND / 2);

        g_assert_cmpuint(pair.received->len, ==, 96000);
        tls_pair_clear(&pair);
}

static void
test_records_without_text_use_up_the_rate(void)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        tls_pair_handshake(&pair);
        conn_set_rate(pair.conn, 1000, 1000);
        BIO *out = BIO_new(BIO_s_mem());
        SSL_set0_wbio(pair.ssl, out);
        for (unsigned i = 0; i < 900; i++) {
                g_assert_cmpint(SSL_key_update(pair.ssl, SSL_KEY_UPDATE_NOT_REQUESTED), ==, 1);
                g_assert_cmpint(SSL_do_handshake(pair.ssl), ==, 1);
        }
        tls_pair_write(&pair, "text");
        char *records;
        long n = BIO_get_mem_data(out, &records);
        g_assert_cmpint(send(pair.fd, records, (size_t)n, 0), ==, n);

        loop_settle(pair.loop);
        g_assert_cmpstr(pair.received->str, ==, "");
        loop_advance(pair.loop, 60 * SECOND);

        g_assert_cmpstr(pair.received->str, ==, "text");
        tls_pair_clear(&pair);
}

static void
test_queue_limit_holds_inside_tls(void)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        tls_pair_handshake(&pair);
        conn_set_queue_limit(pair.conn, 100000);
        g_autofree char *text = g_strnfill(50000, 'x');

        unsigned sent = 0;
        while (pair.n_ended == 0 && sent < 100) {
                sent += conn_send(pair.conn, text, 50000);
                loop_settle(pair.loop);
                g_assert_cmpuint(conn_queued(pair.conn), <=, 100000 + 70000);
        }

        g_assert_cmpint((int)pair.end, ==, CONN_END_QUEUE);
        tls_pair_clear(&pair);
}

/* RFC 8446 4.6.3: each update asked for is answered; the answers nobody reads are bounded too. */
static void
test_unread_answers_to_key_updates_end(void)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        tls_pair_handshake(&pair);
        conn_set_queue_limit(pair.conn, 20000);
        BIO *out = BIO_new(BIO_s_mem());
        SSL_set0_wbio(pair.ssl, out);
        char *records;

        for (unsigned i = 0; i < 20000 && pair.n_ended == 0; i++) {
                g_assert_cmpint(SSL_key_update(pair.ssl, SSL_KEY_UPDATE_REQUESTED), ==, 1);
                g_assert_cmpint(SSL_do_handshake(pair.ssl), ==, 1);
                long n = BIO_get_mem_data(out, &records);
                g_assert_cmpint(send(pair.fd, records, (size_t)n, MSG_NOSIGNAL), ==, n);
                (void)BIO_reset(out);
                loop_settle(pair.loop);
                g_assert_cmpuint(conn_queued(pair.conn), <=, 20000 + 70000);
        }

        g_assert_cmpint((int)pair.end, ==, CONN_END_QUEUE);
        tls_pair_clear(&pair);
}

/* The end */

/* RFC 8446 6.1: the client can tell our end from a cut connection. */
static void
test_finish_sends_close_notify_after_the_queue(void)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        tls_pair_handshake(&pair);
        g_autoptr(GString) out = g_string_new(NULL);
        conn_send(pair.conn, "</stream>", 9);
        conn_finish(pair.conn, 5 * SECOND);
        loop_settle(pair.loop);

        g_assert_cmpint(tls_pair_read(&pair, out), ==, SSL_ERROR_ZERO_RETURN);
        g_assert_cmpstr(out->str, ==, "</stream>");
        close(pair.fd);
        pair.fd = -1;
        loop_settle(pair.loop);

        g_assert_cmpuint(pair.n_ended, ==, 1);
        g_assert_cmpint((int)pair.end, ==, CONN_END_FINISHED);
        tls_pair_clear(&pair);
}

static void
test_close_notify_of_the_peer_ends(void)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        tls_pair_handshake(&pair);
        tls_pair_write(&pair, "last");
        SSL_shutdown(pair.ssl);

        loop_settle(pair.loop);

        g_assert_cmpstr(pair.received->str, ==, "last");
        g_assert_cmpint((int)pair.end, ==, CONN_END_PEER);
        g_assert_cmpuint(pair.n_ended, ==, 1);
        tls_pair_clear(&pair);
}

static void
test_damaged_record_ends(void)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        tls_pair_handshake(&pair);
        /* An application data record of 20 bytes under no key at all. */
        char record[25] = {23, 3, 3, 0, 20};
        g_assert_cmpint(send(pair.fd, record, sizeof record, 0), ==, sizeof record);

        loop_settle(pair.loop);

        g_assert_cmpstr(pair.received->str, ==, "");
        g_assert_cmpint((int)pair.end, ==, CONN_END_ERROR);
        g_assert_nonnull(strstr(pair.end_text, "bad record mac"));
        tls_pair_clear(&pair);
}

static void
test_finish_during_the_handshake_sends_nothing_in_clear(void)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        conn_starttls(pair.conn, files.server);
        loop_settle(pair.loop);
        conn_send(pair.conn, "secret", 6);
        conn_finish(pair.conn, SECOND);

        loop_advance(pair.loop, SECOND);

        g_assert_cmpint(recv(pair.fd, &(char){0}, 1, 0), ==, 0);
        g_assert_cmpint((int)pair.end, ==, CONN_END_FINISHED);
        tls_pair_clear(&pair);
}

int
main(int argc, char *argv[])
{
        g_test_init(&argc, &argv, NULL);
#define ADD(path, func) g_test_add_func("/conn_tls/" path, func)
        ADD("both-versions-carry-both-directions", test_both_versions_carry_both_directions);
        ADD("much-data-arrives-in-order", test_much_data_arrives_in_order);
        ADD("queue-before-starttls-goes-in-clear-and-after-it-sealed",
            test_queue_before_starttls_goes_in_clear_and_after_it_sealed);
        ADD("clear-text-after-starttls-ends", test_clear_text_after_starttls_ends);
        ADD("handshake-in-single-bytes-succeeds", test_handshake_in_single_bytes_succeeds);
        ADD("handshake-has-a-timeout", test_handshake_has_a_timeout);
        ADD("handshake-is-bounded", test_handshake_is_bounded);
        ADD("complete-handshake-does-not-time-out", test_complete_handshake_does_not_time_out);
        ADD("handshake-steps-are-bounded-a-turn", test_handshake_steps_are_bounded_a_turn);
        ADD("records-received-together-wait-while-paused",
            test_records_received_together_wait_while_paused);
        ADD("owner-may-free-between-records", test_owner_may_free_between_records);
        ADD("rate-holds-inside-tls", test_rate_holds_inside_tls);
        ADD("records-in-pieces-are-charged-once", test_records_in_pieces_are_charged_once);
        ADD("records-without-text-use-up-the-rate", test_records_without_text_use_up_the_rate);
        ADD("queue-limit-holds-inside-tls", test_queue_limit_holds_inside_tls);
        ADD("unread-answers-to-key-updates-end", test_unread_answers_to_key_updates_end);
        ADD("finish-sends-close-notify-after-the-queue",
            test_finish_sends_close_notify_after_the_queue);
        ADD("close-notify-of-the-peer-ends", test_close_notify_of_the_peer_ends);
        ADD("damaged-record-ends", test_damaged_record_ends);
        ADD("finish-during-the-handshake-sends-nothing-in-clear",
            test_finish_during_the_handshake_sends_nothing_in_clear);
        ADD("starttls-from-inside-received", test_starttls_from_inside_received);
        ADD("records-behind-the-handshake-are-told-after-secured",
            test_records_behind_the_handshake_are_told_after_secured);
        ADD("peer-gone-during-the-handshake-ends", test_peer_gone_during_the_handshake_ends);
        ADD("owner-may-free-when-secured", test_owner_may_free_when_secured);
        ADD("paused-connection-completes-its-handshake",
            test_paused_connection_completes_its_handshake);
#undef ADD
        return g_test_run();
}
