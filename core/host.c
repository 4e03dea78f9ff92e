/*
 * host: the parts of a server below the router, virtual hosts, and whose hooks run where.
 */
#include "core/host.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <string.h>
#include <sys/random.h>

#include <motet/error.h>

#include "core/event.h"
#include "core/event_wait.h"
#include "core/list.h"
#include "core/log_session.h"
#include "core/session.h"
#include "core/sessions.h"

/* Parsers kept ready: clients of one library share a header, so few headers serve nearly
 * everybody. */
#define POOL_HEADERS 16
#define POOL_PARSERS 16

#define KIB 1024u

void
limits_default(CoreLimits *limits)
{
        *limits = (CoreLimits){
                .stranger = {.stanza_bytes = 10000,
                             .depth = 32,
                             .elements = 128,
                             .attributes = 16,
                             .namespaces = 16,
                             .name_bytes = 256,
                             .send_queue = 64 * KIB,
                             .bytes_per_s = 10 * KIB,
                             .bytes_burst = 20 * KIB,
                             .stanzas_per_s = 10},
                .user = {.stanza_bytes = 256 * KIB,
                         .depth = 64,
                         .elements = 2048,
                         .attributes = 64,
                         .namespaces = 64,
                         .name_bytes = 256,
                         .send_queue = 1024 * KIB,
                         .bytes_per_s = 64 * KIB,
                         .bytes_burst = 512 * KIB,
                         .stanzas_per_s = 100},
                .server = {.stanza_bytes = 512 * KIB,
                           .depth = 64,
                           .elements = 4096,
                           .attributes = 64,
                           .namespaces = 64,
                           .name_bytes = 256,
                           .send_queue = 4096 * KIB,
                           .bytes_per_s = 128 * KIB,
                           .bytes_burst = 1024 * KIB,
                           .stanzas_per_s = 500},
                .handshake_timeout = 10 * G_TIME_SPAN_SECOND,
                .login_timeout = 30 * G_TIME_SPAN_SECOND,
                .bind_timeout = 30 * G_TIME_SPAN_SECOND,
                .write_timeout = 60 * G_TIME_SPAN_SECOND,
                .close_timeout = 5 * G_TIME_SPAN_SECOND,
                .offload_queue = 4096,
                .resource_bytes = MOTET_JID_PART_MAX,
                .blocked_timeout = 10 * G_TIME_SPAN_SECOND,
                .module_crashes = 3,
                .module_crash_period = G_TIME_SPAN_HOUR,
        };
}

static void
random_bytes(void *buffer, size_t n)
{
        g_assert(n <= G_MAXINT);
        if (RAND_bytes(buffer, (int)n) == 1)
                return;
        /* OpenSSL's generator needs memory of its own, the kernel's does not. */
        ERR_clear_error();
        for (size_t done = 0; done < n;) {
                ssize_t got = getrandom((uint8_t *)buffer + done, n - done, 0);
                if (got < 0 && errno != EINTR)
                        g_error("no random numbers: %s", g_strerror(errno));
                done += got < 0 ? 0 : (size_t)got;
        }
}

void
server_base_init(MotetServer *server, Loop *loop_take)
{
        uint8_t key[16];

        *server = (MotetServer){0};
        limits_default(&server->limits);
        server->random = random_bytes;
        server->random(key, sizeof(key));

        server->loop = loop_take;
        loop_set_offload_limit(server->loop, server->limits.offload_queue);
        server->tls = tls_server_new();
        server->xml_pool = xml_pool_new(POOL_HEADERS, POOL_PARSERS);
        server->sessions = sessions_new(key);
        server->names = event_names_new();
        server->events = event_table_new(server->names);
        server->hosts = g_ptr_array_new();
        server->host_index = g_hash_table_new(g_str_hash, g_str_equal);
        server->slots = g_ptr_array_new();
        server->owners = activity_owners_new();
        list_init(&server->streams);
        list_init(&server->waits);
        log_session_attach(server);
}

void
server_base_set_random(MotetServer *server, void (*random)(void *buffer, size_t n))
{
        uint8_t key[16];

        server->random = random;
        server->random(key, sizeof(key));
        sessions_free(server->sessions);
        server->sessions = sessions_new(key);
}

void
server_base_clear(MotetServer *server)
{
        g_assert(server->hosts->len == 0);

        while (!list_is_empty(&server->streams))
                motet_session_destroy(
                        &CONTAINER_OF(server->streams.next, MotetSessionPrivate, link)->session);
        event_wait_cancel_all(server, NULL);
        loop_settle(server->loop);

        g_ptr_array_unref(server->slots);
        g_hash_table_unref(server->host_index);
        g_ptr_array_unref(server->hosts);
        g_assert(!server->account_data);
        event_table_free(server->events);
        event_names_free(server->names);
        sessions_free(server->sessions);
        xml_pool_free(server->xml_pool);
        tls_server_free(server->tls);
        loop_free(server->loop);
        log_session_detach(server);
        g_ptr_array_unref(server->owners);
        *server = (MotetServer){0};
}

char *
host_random_id(MotetServer *server, size_t bytes)
{
        static const char digits[] = "0123456789abcdef";
        char *id = g_malloc(2 * bytes + 1);

        /* The bytes lie in the second half until their digits overtake them. */
        uint8_t *random = (uint8_t *)id + bytes;
        server->random(random, bytes);
        for (size_t i = 0; i < bytes; i++) {
                uint8_t byte = random[i];
                id[2 * i] = digits[byte >> 4];
                id[2 * i + 1] = digits[byte & 15];
        }
        id[2 * bytes] = '\0';
        return id;
}

MotetHost *
host_new(MotetServer *server, const char *prepared_name)
{
        g_assert(!motet_host_find(server, prepared_name));

        MotetHost *host = g_new0(MotetHost, 1);
        host->name = g_strdup(prepared_name);
        host->server = server;
        host->refs = 1;
        host->number = server->n_hosts_ever++;
        host->events = event_table_new(server->names);
        host->instances = g_ptr_array_new();
        g_ptr_array_add(server->hosts, host);
        g_hash_table_insert(server->host_index, host->name, host);
        return host;
}

MotetHost *
host_ref(MotetHost *host)
{
        host->refs++;
        return host;
}

void
host_unref(MotetHost *host)
{
        if (!host || --host->refs > 0)
                return;

        event_table_free(host->events);
        g_ptr_array_unref(host->instances);
        g_free(host->name);
        g_free(host);
}

void
host_free(MotetHost *host)
{
        MotetServer *server = host->server;

        for (List *link = server->streams.next; link != &server->streams;) {
                MotetSessionPrivate *priv = CONTAINER_OF(link, MotetSessionPrivate, link);
                /* The handlers told of it may end others: the list is looked at anew. */
                link = link->next;
                if (priv->vhost == host && !priv->ended) {
                        motet_session_destroy(&priv->session);
                        link = server->streams.next;
                }
        }
        event_wait_cancel_all(server, host);
        host->going = true;
        slots_clear(&host->slots, &host->n_slots);
        /* What has a reference may outlive the instances. */
        g_ptr_array_set_size(host->instances, 0);
        g_hash_table_remove(server->host_index, host->name);
        g_ptr_array_remove(server->hosts, host);
        host_unref(host);
}

/* The table of the server as a whole: its own events, and session-destroyed of sessions that never
 * found a host. */
static bool
belongs_to_server(const MotetModule *instance, const MotetHook *hook)
{
        const EventName *name = event_names_intern(instance->server->names, hook->event);

        return name->server || (!instance->host && strcmp(hook->event, "session-destroyed") == 0);
}

static bool
belongs_to_hosts(const MotetModule *instance, const MotetHook *hook)
{
        return !event_names_intern(instance->server->names, hook->event)->server;
}

static void
add_to_host(MotetHost *host, MotetModule *instance, const MotetHook *hook)
{
        if (belongs_to_hosts(instance, hook))
                event_table_add(host->events, instance, hook);
}

static void
add_everywhere(MotetModule *instance, const MotetHook *hook)
{
        MotetServer *server = instance->server;

        if (belongs_to_server(instance, hook))
                event_table_add(server->events, instance, hook);
        for (unsigned i = 0; i < server->hosts->len; i++) {
                MotetHost *host = server->hosts->pdata[i];
                if (g_ptr_array_find(host->instances, instance, NULL))
                        add_to_host(host, instance, hook);
        }
}

static void
foreach_hook(MotetModule *instance,
             void (*func)(void *data, MotetModule *instance, const MotetHook *hook), void *data)
{
        for (const MotetHook *hook = instance->info->hooks; hook && hook->event; hook++)
                func(data, instance, hook);
        for (unsigned i = 0; instance->extra_hooks && i < instance->extra_hooks->len; i++)
                func(data, instance, &g_array_index(instance->extra_hooks, MotetHook, i));
}

static void
add_one_to_host(void *host, MotetModule *instance, const MotetHook *hook)
{
        add_to_host(host, instance, hook);
}

static void
add_one_everywhere(void *data, MotetModule *instance, const MotetHook *hook)
{
        (void)data;
        add_everywhere(instance, hook);
}

void
host_add_instance(MotetHost *host, MotetModule *instance)
{
        if (g_ptr_array_find(host->instances, instance, NULL))
                return;

        g_ptr_array_add(host->instances, instance);
        if (instance->hooked)
                foreach_hook(instance, add_one_to_host, host);
}

void
host_remove_instance(MotetHost *host, MotetModule *instance)
{
        g_ptr_array_remove(host->instances, instance);
}

void
instance_add_hooks(MotetModule *instance)
{
        g_assert(!instance->hooked);

        instance->hooked = true;
        foreach_hook(instance, add_one_everywhere, NULL);
}

bool
motet_hook_add(MotetModule *self, const MotetHook *hook, GError **error)
{
        g_return_val_if_fail(self && hook && hook->event && hook->fn.custom, false);

        if (!event_names_check(self->server->names, hook->event, hook->kind, error))
                return false;

        MotetHook copy = *hook;
        copy.event = event_names_intern(self->server->names, hook->event)->name;
        if (!self->extra_hooks)
                self->extra_hooks = g_array_new(FALSE, FALSE, sizeof(MotetHook));
        g_array_append_val(self->extra_hooks, copy);
        if (self->hooked)
                add_everywhere(self, &copy);
        return true;
}

const char *
motet_host_name(const MotetHost *host)
{
        return host->name;
}

MotetServer *
motet_host_server(const MotetHost *host)
{
        return host->server;
}

MotetHost *
motet_host_find(MotetServer *server, const char *domain)
{
        return g_hash_table_lookup(server->host_index, domain);
}

void
motet_server_hosts(MotetServer *server, void (*func)(MotetHost *host, void *data), void *data)
{
        for (unsigned i = 0; i < server->hosts->len; i++)
                func(server->hosts->pdata[i], data);
}

static int
compare_features(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char **
motet_host_features(MotetHost *host, bool account)
{
        g_autoptr(GPtrArray) all = g_ptr_array_new();

        for (unsigned i = 0; i < host->instances->len; i++) {
                const MotetModule *instance = host->instances->pdata[i];
                const char *const *feature =
                        account ? instance->info->account_features : instance->info->features;
                for (; instance->running && feature && *feature; feature++)
                        g_ptr_array_add(all, (char *)*feature);
        }
        g_ptr_array_sort(all, compare_features);

        GPtrArray *unique = g_ptr_array_new();
        for (unsigned i = 0; i < all->len; i++) {
                if (i == 0 || strcmp(all->pdata[i], all->pdata[i - 1]) != 0)
                        g_ptr_array_add(unique, g_strdup(all->pdata[i]));
        }
        g_ptr_array_add(unique, NULL);
        return (char **)g_ptr_array_free(unique, FALSE);
}

void
motet_host_identities(MotetHost *host, bool account,
                      void (*func)(const char *category, const char *type, const char *name,
                                   void *data),
                      void *data)
{
        for (unsigned i = 0; i < host->instances->len; i++) {
                const MotetModule *instance = host->instances->pdata[i];
                const MotetIdentity *identity =
                        instance->running ? instance->info->identities : NULL;
                for (; identity && identity->category; identity++) {
                        if (identity->account == account)
                                func(identity->category, identity->type, identity->name, data);
                }
        }
}

MotetCondition
server_failure_condition(const MotetServer *server)
{
        return g_error_matches(server->failure, MOTET_ERROR, MOTET_ERROR_BUSY)
                       ? MOTET_RESOURCE_CONSTRAINT
                       : MOTET_INTERNAL_SERVER_ERROR;
}
