/* client: see client.h. Streams as in RFC 6120 section 4. */
#include "client.h"

#include <stdarg.h>
#include <string.h>
#include <sys/epoll.h>

#include "login.h"

#define BUFFER_SIZE (CLIENT_STANZA_MAX + WIRE_READ_MIN)

void
clients_init(Clients *clients, const Options *options)
{
        *clients = (Clients){.options = options, .buffer_size = BUFFER_SIZE};
        wires_init(&clients->wires, options->address, options->port, options->host);
        clients->wires.per_address = (unsigned)options->per_address;
        clients->keys = scram_keys_new(options->mechanism, options->password);
        clients->buffer = g_malloc(BUFFER_SIZE);
}

void
clients_clear(Clients *clients)
{
        wires_clear(&clients->wires);
        g_clear_pointer(&clients->keys, scram_keys_free);
        g_free(clients->buffer);
        g_free(clients->failure);
}

void
client_init(Client *client, Clients *clients, const char *user, unsigned number)
{
        *client = (Client){.clients = clients, .user = user, .number = number};
        wire_init(&client->wire, &clients->wires, client);
}

char *
client_account(const Client *client)
{
        return options_account(client->user, client->number);
}

void
client_fail(Client *client, const char *format, ...)
{
        Clients *clients = client->clients;

        client->state = CLIENT_FAILED;
        wire_close(&client->wire, true);
        if (clients->failure)
                return;

        g_autofree char *account = client_account(client);
        va_list list;
        va_start(list, format);
        g_autofree char *why = g_strdup_vprintf(format, list);
        va_end(list);
        if (clients->on_failed) {
                clients->on_failed(client, why);
                return;
        }
        clients->failure = g_strdup_printf("%s: %s", account, why);
}

static bool
check(Client *client, WireStatus status)
{
        if (status == WIRE_OK)
                return true;
        if (client->state == CLIENT_FAILED)
                return false;
        g_autofree char *reason = wire_reason();
        client_fail(client, "%s", status == WIRE_END ? "the server closed the connection" : reason);
        return false;
}

void
client_send(Client *client, const char *text, size_t len)
{
        if (client->state != CLIENT_FAILED)
                (void)check(client, wire_send(&client->wire, text, len));
}

void
client_send_text(Client *client, const char *format, ...)
{
        va_list list;
        va_start(list, format);
        g_autofree char *text = g_strdup_vprintf(format, list);
        va_end(list);
        client_send(client, text, strlen(text));
}

void
client_start_stream(Client *client)
{
        client->cut = (Cut){0};
        client_send_text(client,
                         "<?xml version='1.0'?><stream:stream xmlns='jabber:client' version='1.0' "
                         "to='%s' xmlns:stream='http://etherx.jabber.org/streams'>",
                         client->clients->options->host);
}

void
client_secure(Client *client)
{
        bool is_direct = client->clients->options->security == SECURITY_DIRECT;

        /* RFC 6120 section 5.4.2.3: what came in the clear is forgotten. XEP-0368: the protocol is
         * named. */
        g_clear_pointer(&client->rest, g_free);
        client->rest_len = 0;
        client->state = CLIENT_SECURING;
        (void)check(client, wire_secure(&client->wire, is_direct ? "xmpp-client" : NULL));
}

void
client_leave(Client *client)
{
        client->state = CLIENT_LEAVING;
        client_send(client, "</stream:stream>", strlen("</stream:stream>"));
}

static void
set_left(Client *client)
{
        client->state = CLIENT_LEFT;
        wire_close(&client->wire, false);
}

static void
use_piece(Client *client, CutKind kind, const char *text, size_t len)
{
        Clients *clients = client->clients;

        if (kind == CUT_BAD) {
                client_fail(client, "the server sent no XMPP: %.*s", (int)MIN(len, 200), text);
        } else if (kind == CUT_END && client->state == CLIENT_LEAVING) {
                set_left(client);
        } else if (kind == CUT_END) {
                client_fail(client, "the server ended the stream");
        } else if (kind == CUT_STANZA && cut_is(text, len, "stream:error")) {
                client_fail(client, "the server refused the stream: %.*s", (int)MIN(len, 500),
                            text);
        } else if (kind == CUT_STANZA && client->state >= CLIENT_READY) {
                if (clients->on_stanza && client->state == CLIENT_READY)
                        clients->on_stanza(client, text, len);
        } else if (kind == CUT_STANZA) {
                login_step(client, text, len);
        }
}

static bool
is_open(const Client *client)
{
        return client->state != CLIENT_FAILED && client->state != CLIENT_LEFT;
}

/* Uses up the stanzas in the buffer and keeps the rest. */
static void
use_buffer(Client *client, size_t len)
{
        const char *data = client->clients->buffer;
        CutPiece piece;

        do {
                piece = cut_next(&client->cut, data, len);
                size_t used = piece.used;
                if (piece.kind != CUT_MORE)
                        use_piece(client, piece.kind, data + piece.start, used - piece.start);
                data += used;
                len -= used;
        } while (piece.kind != CUT_MORE && is_open(client) && client->state != CLIENT_SECURING);

        if (client->state == CLIENT_SECURING || !is_open(client))
                return;
        if (len > CLIENT_STANZA_MAX) {
                client_fail(client, "the server sent a stanza of more than %d bytes",
                            CLIENT_STANZA_MAX);
                return;
        }
        if (len > 0)
                client->rest = g_memdup2(data, len);
        client->rest_len = len;
}

static void
read_more(Client *client)
{
        Clients *clients = client->clients;
        size_t kept = client->rest_len, len = 0;

        if (client->rest) {
                memcpy(clients->buffer, client->rest, kept);
                g_clear_pointer(&client->rest, g_free);
                client->rest_len = 0;
        }
        WireStatus status =
                wire_read(&client->wire, clients->buffer + kept, clients->buffer_size - kept, &len);
        if (client->state == CLIENT_SECURING && client->wire.is_secured && status == WIRE_OK) {
                client->state = CLIENT_FEATURES;
                client_start_stream(client);
        }
        if (is_open(client) && kept + len > 0)
                use_buffer(client, kept + len);
        if (!is_open(client) || status == WIRE_OK)
                return;
        if (client->state == CLIENT_LEAVING && status == WIRE_END)
                set_left(client);
        else
                (void)check(client, status);
}

void
client_open(Client *client)
{
        client->state = CLIENT_CONNECTING;
        if (!wire_open(&client->wire))
                (void)check(client, WIRE_FAILED);
}

void
client_handle(Client *client, uint32_t events)
{
        if (client->state == CLIENT_CONNECTING) {
                if (!check(client, wire_connected(&client->wire)))
                        return;
                if (client->clients->options->security == SECURITY_DIRECT) {
                        client_secure(client);
                } else {
                        client->state = CLIENT_FEATURES;
                        client_start_stream(client);
                }
                return;
        }
        if ((events & EPOLLOUT) && !check(client, wire_flush(&client->wire)))
                return;
        if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
                read_more(client);
}

void
client_clear(Client *client)
{
        wire_close(&client->wire, true);
        g_clear_pointer(&client->rest, g_free);
        g_clear_pointer(&client->jid, g_free);
        scram_clear(&client->scram);
        client->rest_len = 0;
        client->cut = (Cut){0};
        client->state = CLIENT_CLOSED;
}
