/*
 * iq: the table of open requests, by id and by addressee.
 */
#include "core/iq.h"

#include <string.h>

#include <motet/task.h>

#include "core/list.h"
#include "core/meter.h"

#define ID_BYTES 16

struct IqTable {
        MotetServer *server;
        GHashTable *by_id; /* id -> Request */
        GHashTable *by_to; /* full address -> (own) Addressee */
};

/* Whom requests are open to. */
typedef struct {
        List requests; /* head of Request by link */
        char jid[];
} Addressee;

typedef struct {
        Owned owned;
        List link; /* in its Addressee */
        LoopTimer timer;
        LoopJob job; /* telling from the loop */
        IqTable *table;
        Addressee *addressee;
        char *id;
        MotetJid *to;
        MotetIqFunc func;
        void *data;
        GDestroyNotify free_func;
        MotetXml *reply; /* (own) came before motet_iq_send() returned */
        bool sending;
} Request;

IqTable *
iq_table_new(MotetServer *server)
{
        IqTable *table = g_new0(IqTable, 1);

        table->server = server;
        table->by_id = g_hash_table_new(g_str_hash, g_str_equal);
        table->by_to = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
        return table;
}

void
iq_table_free(IqTable *table)
{
        if (!table)
                return;

        g_assert(g_hash_table_size(table->by_id) == 0);
        g_hash_table_unref(table->by_id);
        g_hash_table_unref(table->by_to);
        g_free(table);
}

size_t
iq_table_open(const IqTable *table)
{
        return g_hash_table_size(table->by_id);
}

static void
enter_table(Request *request)
{
        IqTable *table = request->table;
        const char *to = motet_jid_string(request->to);

        Addressee *addressee = g_hash_table_lookup(table->by_to, to);
        if (!addressee) {
                size_t len = strlen(to);
                addressee = g_malloc0(sizeof(Addressee) + len + 1);
                memcpy(addressee->jid, to, len);
                list_init(&addressee->requests);
                g_hash_table_insert(table->by_to, addressee->jid, addressee);
        }
        request->addressee = addressee;
        list_append(&addressee->requests, &request->link);
        g_hash_table_insert(table->by_id, request->id, request);
}

/* From here on no answer is matched. */
static void
leave_table(Request *request)
{
        IqTable *table = request->table;
        Addressee *addressee = g_steal_pointer(&request->addressee);

        loop_timer_cancel(table->server->loop, &request->timer);
        if (!addressee)
                return;
        g_hash_table_remove(table->by_id, request->id);
        list_unlink(&request->link);
        if (list_is_empty(&addressee->requests))
                g_hash_table_remove(table->by_to, addressee->jid);
}

static void
request_free(Request *request)
{
        leave_table(request);
        loop_job_cancel(request->table->server->loop, &request->job);
        owned_remove(&request->owned);
        if (request->free_func)
                request->free_func(request->data);
        motet_xml_unref(request->reply);
        motet_jid_unref(request->to);
        g_free(request->id);
        g_free(request);
}

static void
drop_request(Owned *owned)
{
        request_free(CONTAINER_OF(owned, Request, owned));
}

static void
finish(Request *request, const MotetXml *reply)
{
        MotetModule *self = request->owned.owner;

        /* Out of every list first: its function may stop the module. */
        leave_table(request);
        owned_remove(&request->owned);
        InstanceCall before = instance_enter(self, "reply to a request");
        MeterFrame frame;
        meter_enter(&frame, self);
        request->func(self, reply, request->data);
        request_free(request);
        meter_leave(&frame, self->server);
        instance_leave(self, before);
}

static void
tell(LoopJob *job)
{
        Request *request = CONTAINER_OF(job, Request, job);

        finish(request, request->reply);
}

static void
pass_deadline(LoopTimer *timer)
{
        finish(CONTAINER_OF(timer, Request, timer), NULL);
}

bool
iq_table_answer(IqTable *table, const MotetXml *iq, const MotetJid *from)
{
        const char *id = motet_xml_attr(iq, "id");
        Request *request = id ? g_hash_table_lookup(table->by_id, id) : NULL;

        /* RFC 6120 8.2.3: only the addressee can answer; ids alone may be guessed. */
        if (!request || !motet_jid_equal(request->to, from))
                return false;
        if (request->sending) {
                request->reply = motet_xml_ref(iq);
                leave_table(request);
                loop_defer(table->server->loop, &request->job);
        } else {
                finish(request, iq);
        }
        return true;
}

void
iq_table_gone(IqTable *table, const char *full_jid)
{
        const Addressee *addressee = g_hash_table_lookup(table->by_to, full_jid);

        for (const List *link = addressee ? addressee->requests.next : NULL;
             link && link != &addressee->requests; link = link->next)
                loop_defer(table->server->loop, &CONTAINER_OF(link, Request, link)->job);
}

void
motet_iq_send(MotetModule *self, MotetHost *host, MotetXml *iq, GTimeSpan timeout, MotetIqFunc func,
              void *data, GDestroyNotify free_func)
{
        g_return_if_fail(self && host && iq && timeout > 0 && func);

        IqTable *table = self->server->iqs;
        Request *request = g_new0(Request, 1);
        request->table = table;
        request->func = func;
        request->data = data;
        request->free_func = free_func;
        request->timer.func = pass_deadline;
        request->job.func = tell;
        request->to = motet_jid_new(motet_xml_attr(iq, "to"));
        owned_add(&request->owned, self, drop_request);
        if (!request->to || iq_table_open(table) >= IQ_MAX_OPEN) {
                loop_defer(table->server->loop, &request->job);
                return;
        }

        request->id = motet_random_id(self, ID_BYTES);
        request->sending = true;
        enter_table(request);
        loop_timer_arm(table->server->loop, &request->timer, timeout);

        /* The module may be stopped, and the request with it, by what this causes. */
        g_autofree char *id = g_strdup(request->id);
        motet_xml_set_attr(iq, "id", id);
        motet_route(host, iq);
        if (g_hash_table_lookup(table->by_id, id) == request)
                request->sending = false;
}
