/*
 * sim_stranger: connections that never log in: they say too little, too much, or what is no XML.
 */
#include <string.h>

#include "sim/sim_client.h"

#define HEADER                                                                                     \
        "<?xml version='1.0'?><stream:stream xmlns='jabber:client' "                               \
        "xmlns:stream='http://etherx.jabber.org/streams' version='1.0' to='"

struct SimStranger {
        SimWorld *world;
        MotetSession *session; /* (own) */
        GString *out, *wire;
};

static const char *const speeches[] = {
        "",
        "<",
        "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n",
        HEADER "example.org'",
        HEADER "example.org'>",
        HEADER "nowhere.example'><message/>",
        HEADER "example.org'><message to='user0@example.org'><body>hello</body></message>",
        HEADER "example.net'><iq type='get' id='a'><ping xmlns='urn:xmpp:ping'/></iq><presence/>",
        HEADER "example.org'><auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='X'/>",
        HEADER "example.org'></stream:stream>",
        HEADER "example.org'><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a>",
        HEADER "example.net'><a b='\x01",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
};

static void
append_noise(SimStranger *stranger)
{
        unsigned n = sim_below(stranger->world, 2000);

        for (unsigned i = 0; i < n; i++)
                g_string_append_c(stranger->wire, (char)sim_below(stranger->world, 256));
}

SimStranger *
sim_stranger_new(SimWorld *world)
{
        const MotetListen spec = {.address = "*", .type = MOTET_SESSION_C2S};
        SimStranger *stranger = g_new0(SimStranger, 1);
        const List *before = world->base->streams.prev;
        const char *speech = speeches[sim_below(world, G_N_ELEMENTS(speeches))];

        stranger->world = world;
        stranger->wire = g_string_new(speech);
        if (sim_below(world, 3) == 0)
                append_noise(stranger);
        sim_note(world, "a stranger comes, with %.20s", speech);
        sim_enter(world);
        stranger->out = g_string_new(NULL);
        session_accept_memory(world->base, &spec, stranger->out);
        sim_leave(world);
        g_ptr_array_add(world->strangers, stranger);
        if (world->base->streams.prev == before)
                return NULL;
        stranger->session = motet_session_ref(
                &CONTAINER_OF(world->base->streams.prev, MotetSessionPrivate, link)->session);
        if (sim_below(world, 4) == 0)
                conn_memory_set_window(stranger->session->conn, sim_below(world, 200));
        return stranger;
}

void
sim_stranger_release(void *data, void *unused)
{
        SimStranger *stranger = data;

        (void)unused;
        g_clear_pointer(&stranger->session, motet_session_unref);
}

void
sim_stranger_free(void *data)
{
        SimStranger *stranger = data;

        g_string_free(stranger->out, TRUE);
        g_string_free(stranger->wire, TRUE);
        g_free(stranger);
}

void
sim_stranger_act(SimStranger *stranger)
{
        SimWorld *world = stranger->world;
        size_t some = 1 + sim_below(world, 200);
        size_t n = MIN(stranger->wire->len, some);

        if (!stranger->session || !stranger->session->conn)
                return;
        sim_enter(world);
        if (n == 0 && sim_below(world, 4) == 0)
                conn_memory_end(stranger->session->conn);
        else
                conn_memory_receive(stranger->session->conn, stranger->wire->str, n);
        sim_leave(world);
        g_string_erase(stranger->wire, 0, (gssize)n);
}

bool
sim_stranger_is_free(const SimStranger *stranger)
{
        return !stranger->session || stranger->session->priv->refs == 1;
}
