/*
 * strophe_client: a small client on libstrophe, driven by test_strophe.
 *
 * Logs in; sends the stanza that each line of its standard input is; and answers every push, as a
 * client has to. Tells on standard output, one line each: "online secure" or "online in clear",
 * each stanza received, "unreadable LINE", "offline". Leaves when standard input ends.
 */
#include <glib.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strophe.h>
#include <unistd.h>

#define RUN_MAX_S 120 /* a forgotten client ends by itself */

typedef struct {
        xmpp_ctx_t *ctx;
        xmpp_conn_t *conn;
        GString *input; /* what is no whole line yet */
        bool leaving;
        bool done;
} Client;

static void
tell(const char *what, const char *detail)
{
        printf("%s%s\n", what, detail);
        (void)fflush(stdout);
}

static void
tell_stanza(Client *client, xmpp_stanza_t *stanza)
{
        char *text = NULL;
        size_t size;
        if (xmpp_stanza_to_text(stanza, &text, &size) != XMPP_EOK) {
                tell("unreadable ", xmpp_stanza_get_name(stanza));
                return;
        }

        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        g_autofree char *line = g_strjoinv("&#10;", lines);
        tell(line, "");
        xmpp_free(client->ctx, text);
}

/*
 * RFC 6121 2.1.6: a push is answered. It comes without an address, from the user's own account,
 * which xmpp_stanza_reply() does not expect.
 */
static void
answer_push(Client *client, xmpp_stanza_t *push)
{
        xmpp_stanza_t *reply = xmpp_iq_new(client->ctx, "result", xmpp_stanza_get_id(push));

        xmpp_send(client->conn, reply);
        xmpp_stanza_release(reply);
}

static int
on_stanza(xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *data)
{
        (void)conn;
        Client *client = data;

        tell_stanza(client, stanza);
        if (g_strcmp0(xmpp_stanza_get_name(stanza), "iq") == 0 &&
            g_strcmp0(xmpp_stanza_get_type(stanza), "set") == 0 && !xmpp_stanza_get_from(stanza))
                answer_push(client, stanza);
        return 1;
}

static void
on_connection(xmpp_conn_t *conn, xmpp_conn_event_t status, int error,
              xmpp_stream_error_t *stream_error, void *data)
{
        (void)error;
        (void)stream_error;
        Client *client = data;

        if (status != XMPP_CONN_CONNECT) {
                tell("offline", "");
                client->done = true;
                return;
        }
        xmpp_handler_add(conn, on_stanza, NULL, NULL, NULL, client);
        tell("online ", xmpp_conn_is_secured(conn) ? "secure" : "in clear");
}

static void
send_line(Client *client, const char *line)
{
        xmpp_stanza_t *stanza = xmpp_stanza_new_from_string(client->ctx, line);
        if (!stanza) {
                tell("unreadable ", line);
                return;
        }

        xmpp_send(client->conn, stanza);
        xmpp_stanza_release(stanza);
}

static void
send_lines(Client *client)
{
        const char *end;

        while ((end = memchr(client->input->str, '\n', client->input->len))) {
                gssize length = end - client->input->str;
                g_autofree char *line = g_strndup(client->input->str, (gsize)length);
                g_string_erase(client->input, 0, length + 1);
                send_line(client, line);
        }
}

static void
read_input(Client *client)
{
        struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
        char bytes[4096];
        if (client->leaving || poll(&input, 1, 0) <= 0)
                return;

        ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
        if (n > 0) {
                g_string_append_len(client->input, bytes, n);
                send_lines(client);
        } else {
                client->leaving = true;
                xmpp_disconnect(client->conn);
        }
}

int
main(int argc, char **argv)
{
        if (argc != 6) {
                (void)fputs("usage: strophe_client JID PASSWORD PORT starttls|direct CAFILE\n",
                            stderr);
                return 64;
        }

        xmpp_initialize();
        Client client = {.ctx = xmpp_ctx_new(NULL, NULL), .input = g_string_new(NULL)};
        client.conn = xmpp_conn_new(client.ctx);
        xmpp_conn_set_jid(client.conn, argv[1]);
        xmpp_conn_set_pass(client.conn, argv[2]);
        xmpp_conn_set_cafile(client.conn, argv[5]);
        (void)xmpp_conn_set_flags(client.conn, g_str_equal(argv[4], "direct")
                                                       ? XMPP_CONN_FLAG_LEGACY_SSL
                                                       : XMPP_CONN_FLAG_MANDATORY_TLS);
        unsigned short port = (unsigned short)g_ascii_strtoull(argv[3], NULL, 10);
        if (xmpp_connect_client(client.conn, "127.0.0.1", port, on_connection, &client) != XMPP_EOK)
                return 69;

        gint64 deadline = g_get_monotonic_time() + RUN_MAX_S * G_USEC_PER_SEC;
        while (!client.done && g_get_monotonic_time() < deadline) {
                xmpp_run_once(client.ctx, 20);
                read_input(&client);
        }
        xmpp_conn_release(client.conn);
        xmpp_ctx_free(client.ctx);
        xmpp_shutdown();
        g_string_free(client.input, TRUE);
        return client.done ? 0 : 70;
}
