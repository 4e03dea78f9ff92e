/*
 * strophe_client: a small client on libstrophe, driven by test_strophe.
 *
 * Logs in, becomes available, approves every subscription and subscribes back, and answers each chat message with
 * "echo: " and its body. Tells on standard output, one line each: "online", "presence FROM TYPE", "message FROM BODY",
 * "offline". Leaves when standard input ends.
 */
#include <glib.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <strophe.h>
#include <unistd.h>

#define RUN_MAX_S 120 /* a forgotten client ends by itself */

typedef struct {
        xmpp_ctx_t *ctx;
        xmpp_conn_t *conn;
        bool leaving;
        bool done;
} Client;

static void
tell(const char *what, const char *from, const char *detail)
{
        printf("%s%s%s%s%s\n", what, from ? " " : "", from ? from : "", detail ? " " : "",
               detail ? detail : "");
        (void)fflush(stdout);
}

static void
send_presence(Client *client, const char *to, const char *type)
{
        xmpp_stanza_t *presence = xmpp_presence_new(client->ctx);
        if (to)
                xmpp_stanza_set_to(presence, to);
        if (type)
                xmpp_stanza_set_type(presence, type);
        xmpp_send(client->conn, presence);
        xmpp_stanza_release(presence);
}

static int
on_presence(xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *data)
{
        (void)conn;
        Client *client = data;
        const char *type = xmpp_stanza_get_type(stanza);
        const char *from = xmpp_stanza_get_from(stanza);

        tell("presence", from, type ? type : "available");
        if (type && g_str_equal(type, "subscribe")) {
                send_presence(client, from, "subscribed");
                send_presence(client, from, "subscribe");
        }
        return 1;
}

static int
on_message(xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *data)
{
        Client *client = data;
        char *body = xmpp_message_get_body(stanza);
        if (!body)
                return 1;

        tell("message", xmpp_stanza_get_from(stanza), body);
        g_autofree char *echo = g_strconcat("echo: ", body, NULL);
        xmpp_stanza_t *reply = xmpp_stanza_reply(stanza);
        xmpp_stanza_set_type(reply, "chat");
        xmpp_message_set_body(reply, echo);
        xmpp_send(conn, reply);
        xmpp_stanza_release(reply);
        xmpp_free(client->ctx, body);
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
                tell("offline", NULL, NULL);
                client->done = true;
                return;
        }
        xmpp_handler_add(conn, on_presence, NULL, "presence", NULL, client);
        xmpp_handler_add(conn, on_message, NULL, "message", NULL, client);
        send_presence(client, NULL, NULL);
        tell("online", NULL, xmpp_conn_is_secured(conn) ? "secure" : "in clear");
}

static void
leave_at_end_of_input(Client *client)
{
        struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
        char ignored[64];

        if (!client->leaving && poll(&input, 1, 0) > 0 &&
            read(STDIN_FILENO, ignored, sizeof ignored) <= 0) {
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
        Client client = {.ctx = xmpp_ctx_new(NULL, NULL)};
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
                leave_at_end_of_input(&client);
        }
        xmpp_conn_release(client.conn);
        xmpp_ctx_free(client.ctx);
        xmpp_shutdown();
        return client.done ? 0 : 70;
}
