/*
 * listens: the listeners that modules declared with motet_listen(): opened when the server serves,
 * all or none.
 */
#include "core/listens.h"

#include <string.h>
#include <unistd.h>

#include "core/listener.h"
#include "core/server.h"
#include "core/session.h"

#define WARNING_INTERVAL (10 * G_USEC_PER_SEC)

typedef struct {
        Owned owned; /* by the module that declared it */
        List link;
        Listens *listens;
        MotetListen spec;   /* strings owned */
        Listener *listener; /* NULL: not open */
        bool takes_over;    /* not open because older code of its owner listens there */
} Listen;

struct Listens {
        MotetServer *server;
        Activation *activation; /* (own) NULL: no socket was handed over */
        List all;               /* head of Listen by link */
        bool is_open;
        int64_t refused; /* when a refusal was logged; 0: never */
};

Listens *
listens_new(MotetServer *server)
{
        Listens *listens = g_new0(Listens, 1);

        listens->server = server;
        list_init(&listens->all);
        return listens;
}

void
listens_free(Listens *listens)
{
        if (!listens)
                return;
        g_assert(list_is_empty(&listens->all));
        activation_free(listens->activation);
        g_free(listens);
}

void
listens_take_activation(Listens *listens, Activation *activation)
{
        activation_free(listens->activation);
        listens->activation = activation;
}

static bool
is_full(Listens *listens)
{
        const MotetServer *server = listens->server;
        unsigned max = server->limits.connections;
        int64_t now = loop_now(server->loop);

        if (max == 0 || server->n_streams < max)
                return false;
        if (listens->refused == 0 || now - listens->refused >= WARNING_INTERVAL) {
                listens->refused = now;
                motet_warn("limits.connections: %u are there: refusing more", max);
        }
        return true;
}

static void
accept_session(void *data, int fd, const char *peer)
{
        Listen *listen = data;

        if (is_full(listen->listens)) {
                listen->listens->server->counters.refused++;
                close(fd);
                return;
        }
        session_accept_fd(listen->listens->server, &listen->spec, fd, peer);
}

static bool
open_one(Listen *listen, GError **error)
{
        Activation *activation = listen->listens->activation;
        ListenerPlace place = {
                .address = listen->spec.address, .port = listen->spec.port, .handed = -1};

        if (listen->listener || listen->takes_over)
                return true;
        if (activation)
                place.handed = activation_find(activation, place.address, place.port);
        listen->listener =
                listener_new(listen->listens->server->loop, &place, accept_session, listen, error);
        if (!listen->listener)
                return false;
        motet_info("listening on %s port %u%s%s", listen->spec.address,
                   listener_port(listen->listener), listen->spec.direct_tls ? " (TLS)" : "",
                   place.handed >= 0 ? ", by a socket of the service manager" : "");
        return true;
}

static void
close_sockets(Listens *listens)
{
        for (List *link = listens->all.next; link != &listens->all; link = link->next)
                g_clear_pointer(&CONTAINER_OF(link, Listen, link)->listener, listener_free);
}

bool
listens_open(Listens *listens, GError **error)
{
        for (List *link = listens->all.next; link != &listens->all; link = link->next) {
                if (!open_one(CONTAINER_OF(link, Listen, link), error)) {
                        close_sockets(listens);
                        return false;
                }
        }
        if (listens->activation && !activation_is_used(listens->activation, error)) {
                close_sockets(listens);
                return false;
        }
        listens->is_open = true;
        return true;
}

void
listens_close(Listens *listens)
{
        listens->is_open = false;
        close_sockets(listens);
}

void
listens_foreach(const Listens *listens,
                void (*func)(const MotetListen *spec, uint16_t port, void *data), void *data)
{
        for (const List *link = listens->all.next; link != &listens->all; link = link->next) {
                const Listen *listen = CONTAINER_OF(link, Listen, link);
                func(&listen->spec,
                     listen->listener ? listener_port(listen->listener) : listen->spec.port, data);
        }
}

static void
listen_free(Listen *listen)
{
        listener_free(listen->listener);
        g_free((char *)listen->spec.address);
        g_free((char *)listen->spec.alpn);
        g_free(listen);
}

static void
listen_drop(Owned *owned)
{
        Listen *listen = CONTAINER_OF(owned, Listen, owned);

        owned_remove(owned);
        list_unlink(&listen->link);
        listen_free(listen);
}

static void
set_spec(Listen *listen, const MotetListen *spec)
{
        char *address = g_strdup(spec->address), *alpn = g_strdup(spec->alpn);

        g_free((char *)listen->spec.address);
        g_free((char *)listen->spec.alpn);
        listen->spec = *spec;
        listen->spec.address = address;
        listen->spec.alpn = alpn;
}

/* Moves what @self has to @had. */
static void
take_all(Listens *listens, const MotetModule *self, GPtrArray *had)
{
        for (List *link = listens->all.next; link != &listens->all; link = link->next) {
                Listen *listen = CONTAINER_OF(link, Listen, link);
                if (listen->owned.owner == self)
                        g_ptr_array_add(had, listen);
        }
}

/* Returns: the one of @had that listens where @spec says, taken out of it; NULL when there is
 * none */
static Listen *
take_same_place(GPtrArray *had, const MotetListen *spec)
{
        for (guint i = 0; i < had->len; i++) {
                Listen *listen = g_ptr_array_index(had, i);
                if (listen->spec.port == spec->port &&
                    strcmp(listen->spec.address, spec->address) == 0)
                        return g_ptr_array_remove_index(had, i);
        }
        return NULL;
}

static bool
listens_at(Listens *listens, const MotetModule *self, const MotetListen *spec)
{
        g_autoptr(GPtrArray) had = g_ptr_array_new();

        if (self)
                take_all(listens, self, had);
        return take_same_place(had, spec) != NULL;
}

/* Returns: (own) opened when the server serves. */
static Listen *
listen_new(Listens *listens, const MotetModule *self, const MotetListen *spec, GError **error)
{
        Listen *listen = g_new0(Listen, 1);

        listen->listens = listens;
        listen->takes_over = listens_at(listens, self->replaces, spec);
        set_spec(listen, spec);
        if (!listens->is_open || open_one(listen, error))
                return listen;
        listen_free(listen);
        return NULL;
}

static void
enter(Listen *listen, MotetModule *owner)
{
        list_append(&listen->listens->all, &listen->link);
        owned_add(&listen->owned, owner, listen_drop);
}

bool
motet_listen(MotetModule *self, const MotetListen *spec, GError **error)
{
        Listens *listens = server_listens((Server *)self->server);

        if (!listener_check_address(spec->address, error))
                return false;
        Listen *listen = listen_new(listens, self, spec, error);
        if (!listen)
                return false;
        enter(listen, self);
        return true;
}

static bool
make_new(Listens *listens, const MotetModule *self, const MotetListen *specs, Listen **kept,
         size_t n, GPtrArray *made, GError **error)
{
        for (size_t i = 0; i < n; i++) {
                Listen *listen = kept[i] ? NULL : listen_new(listens, self, &specs[i], error);
                if (!kept[i] && !listen)
                        return false;
                if (listen)
                        g_ptr_array_add(made, listen);
        }
        return true;
}

bool
motet_listen_set(MotetModule *self, const MotetListen *specs, size_t n, GError **error)
{
        Listens *listens = server_listens((Server *)self->server);
        g_autoptr(GPtrArray) had = g_ptr_array_new();
        g_autoptr(GPtrArray) made = g_ptr_array_new();
        g_autofree Listen **kept = g_new0(Listen *, n);

        take_all(listens, self, had);
        for (size_t i = 0; i < n; i++) {
                if (!listener_check_address(specs[i].address, error))
                        return false;
                kept[i] = take_same_place(had, &specs[i]);
        }
        if (!make_new(listens, self, specs, kept, n, made, error)) {
                for (guint i = 0; i < made->len; i++)
                        listen_free(g_ptr_array_index(made, i));
                return false;
        }
        for (size_t i = 0; i < n; i++) {
                if (kept[i])
                        set_spec(kept[i], &specs[i]);
        }
        for (guint i = 0; i < had->len; i++)
                listen_drop(&((Listen *)g_ptr_array_index(had, i))->owned);
        for (guint i = 0; i < made->len; i++)
                enter(g_ptr_array_index(made, i), self);
        return true;
}

void
listens_hand_over(Listens *listens, MotetModule *from, MotetModule *to)
{
        g_autoptr(GPtrArray) old = g_ptr_array_new();
        g_autoptr(GPtrArray) fresh = g_ptr_array_new();

        take_all(listens, from, old);
        take_all(listens, to, fresh);
        for (guint i = 0; i < fresh->len; i++) {
                Listen *listen = g_ptr_array_index(fresh, i);
                Listen *open = listen->takes_over ? take_same_place(old, &listen->spec) : NULL;
                if (!open)
                        continue;
                set_spec(open, &listen->spec);
                listen_drop(&listen->owned);
                owned_remove(&open->owned);
                owned_add(&open->owned, to, listen_drop);
        }
}
