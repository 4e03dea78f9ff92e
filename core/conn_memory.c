/*
 * conn_memory: bytes of a connection without a socket: a fake peer whose reading and writing a test
 * decides.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "core/conn_private.h"

typedef struct ConnMemory {
        MotetConn *conn;
        GString *out; /* (borrowed) what the peer has received */
        GString *in;  /* what the peer has sent and conn did not read yet */
        size_t window;
        bool ended;
        uint32_t wanted;
        LoopJob job; /* stands for an epoll set: tells readiness in the next turn */
} ConnMemory;

static uint32_t
memory_ready(const ConnMemory *memory)
{
        uint32_t ready = 0;

        if (memory->in->len > 0 || memory->ended)
                ready |= EPOLLIN;
        if (memory->window > 0)
                ready |= EPOLLOUT;
        return ready & memory->wanted;
}

static void
schedule(ConnMemory *memory)
{
        if (memory_ready(memory) != 0)
                loop_defer(memory->conn->loop, &memory->job);
}

static void
on_memory_job(LoopJob *job)
{
        ConnMemory *memory = CONTAINER_OF(job, ConnMemory, job);
        uint32_t ready = memory_ready(memory);

        if (ready == 0)
                return;
        /* Level-triggered, as epoll is: told again next turn while it stays so. Queued first: the
         * call may free the connection. */
        loop_defer(memory->conn->loop, &memory->job);
        conn_ready(memory->conn, ready);
}

static ssize_t
memory_receive(MotetConn *conn, void *buffer, size_t n)
{
        ConnMemory *memory = conn->memory;

        if (memory->in->len == 0) {
                if (memory->ended)
                        return 0;
                errno = EAGAIN;
                return -1;
        }
        n = MIN(n, memory->in->len);
        memcpy(buffer, memory->in->str, n);
        g_string_erase(memory->in, 0, (gssize)n);
        return (ssize_t)n;
}

static ssize_t
memory_send(MotetConn *conn, const void *bytes, size_t n)
{
        ConnMemory *memory = conn->memory;

        if (memory->window == 0) {
                errno = EAGAIN;
                return -1;
        }
        n = MIN(n, memory->window);
        if (memory->window != SIZE_MAX)
                memory->window -= n;
        g_string_append_len(memory->out, bytes, (gssize)n);
        return (ssize_t)n;
}

static bool
memory_want(MotetConn *conn, uint32_t events, GError **error)
{
        (void)error;
        conn->memory->wanted = events;
        schedule(conn->memory);
        return true;
}

static bool
memory_shut(MotetConn *conn)
{
        (void)conn;
        return false;
}

static void
memory_close(MotetConn *conn)
{
        loop_job_cancel(conn->loop, &conn->memory->job);
        g_string_free(conn->memory->in, TRUE);
        g_clear_pointer(&conn->memory, g_free);
}

static const ConnTransport memory_transport = {
        .receive = memory_receive,
        .send = memory_send,
        .want = memory_want,
        .shut = memory_shut,
        .close = memory_close,
};

MotetConn *
conn_new_memory(const ConnConfig *config, GString *out)
{
        MotetConn *conn = g_new0(MotetConn, 1);

        conn_init(conn, config, &memory_transport, "memory");
        conn->memory = g_new(ConnMemory, 1);
        *conn->memory = (ConnMemory){
                .conn = conn,
                .out = out,
                .in = g_string_new(NULL),
                .window = SIZE_MAX,
                .job.func = on_memory_job,
        };
        conn_start(conn);
        return conn;
}

void
conn_memory_receive(MotetConn *conn, const char *bytes, size_t n)
{
        if (conn->memory == NULL)
                return;
        g_string_append_len(conn->memory->in, bytes, (gssize)n);
        schedule(conn->memory);
}

void
conn_memory_set_window(MotetConn *conn, size_t bytes)
{
        if (conn->memory == NULL)
                return;
        conn->memory->window = bytes;
        schedule(conn->memory);
}

void
conn_memory_end(MotetConn *conn)
{
        if (conn->memory == NULL)
                return;
        conn->memory->ended = true;
        schedule(conn->memory);
}
