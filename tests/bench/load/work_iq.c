/* work_iq: clients ping the server (XEP-0199 section 4.2) in closed loop. */
#include <string.h>

#include "works.h"

#define QUIET_US (250 * 1000)
#define DRAIN_US (20 * G_USEC_PER_SEC)
#define ID_LEN 8

/* One client's loop. */
typedef struct {
        char *text;
        size_t len, id; /* where the id is in the text */
        uint32_t number;
        int64_t sent_at;
} Ping;

typedef struct {
        Run *run;
        Ping *pings;
        unsigned n;
        unsigned n_waiting;
        bool is_ending;
} Pings;

static void
ping_init(Ping *ping, const char *host)
{
        *ping = (Ping){.text = g_strdup_printf("<iq type='get' to='%s' id='00000000'>"
                                               "<ping xmlns='urn:xmpp:ping'/></iq>",
                                               host)};
        ping->len = strlen(ping->text);
        ping->id = (size_t)(strstr(ping->text, "'00000000'") + 1 - ping->text);
}

static void
send_ping(Pings *pings, Client *client)
{
        Ping *ping = client->work;
        uint32_t number = ++ping->number;

        for (unsigned i = ID_LEN; i-- > 0; number >>= 4)
                ping->text[ping->id + i] = "0123456789abcdef"[number & 15];
        ping->sent_at = g_get_monotonic_time();
        pings->n_waiting++;
        client_send(client, ping->text, ping->len);
}

static void
on_stanza(Client *client, const char *stanza, size_t len)
{
        Pings *pings = client->clients->work;
        Ping *ping = client->work;
        size_t id_len;

        if (!ping || !cut_is(stanza, len, "iq"))
                return;
        const char *id = cut_attr(stanza, len, "id", &id_len);
        if (!id || id_len != ID_LEN || memcmp(id, ping->text + ping->id, ID_LEN) != 0)
                return;
        if (!cut_attr_is(stanza, len, "type", "result")) {
                client_fail(client, "a ping was refused: %.*s", (int)MIN(len, 500), stanza);
                return;
        }

        pings->n_waiting--;
        run_count(pings->run, g_get_monotonic_time() - ping->sent_at);
        if (!pings->is_ending)
                send_ping(pings, client);
}

static void
pings_start(Pings *pings, Run *run)
{
        *pings = (Pings){.run = run, .n = (unsigned)run->options->pairs};
        pings->pings = g_new(Ping, pings->n);
        run->crowd.clients.work = pings;
        run->crowd.clients.on_stanza = on_stanza;
        for (unsigned i = 0; i < pings->n; i++) {
                Client *client = &run->crowd.each[i * (run->crowd.n / pings->n)];
                ping_init(&pings->pings[i], run->options->host);
                client->work = &pings->pings[i];
                send_ping(pings, client);
        }
}

static bool
drain(Pings *pings)
{
        Crowd *crowd = &pings->run->crowd;
        int64_t deadline = g_get_monotonic_time() + DRAIN_US;

        pings->is_ending = true;
        while (pings->n_waiting > 0) {
                if (!crowd_turn(crowd, deadline))
                        return false;
                if (g_get_monotonic_time() >= deadline)
                        return crowd_fail(crowd, "%u pings got no answer", pings->n_waiting);
        }
        return true;
}

static void
pings_clear(Pings *pings)
{
        for (unsigned i = 0; i < pings->n; i++)
                g_free(pings->pings[i].text);
        g_free(pings->pings);
        pings->run->crowd.clients.on_stanza = NULL;
}

bool
work_iq(Run *run)
{
        Pings pings;

        if (!run_log_in(run, QUIET_US))
                return false;
        pings_start(&pings, run);
        bool is_good = run_measure(run) && drain(&pings) && run_weigh(run, &run->report.after);
        pings_clear(&pings);
        return is_good;
}
