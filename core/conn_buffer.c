/*
 * conn_buffer: what the connections of a loop share: the read buffer and a few empty send buffers.
 */
#include "core/conn_private.h"

#define SPARE_BUFFERS 64
#define BUFFER_FIRST_SIZE 1024
#define SPARE_MAX_SIZE 4096

static void
free_buffer(void *buffer)
{
        g_string_free(buffer, TRUE);
}

static void
free_shared(void *data)
{
        ConnShared *shared = data;

        g_ptr_array_unref(shared->spare);
        BIO_meth_free(shared->bio_method);
        g_free(shared);
}

ConnShared *
conn_shared(const MotetConn *conn)
{
        ConnShared *shared = loop_shared(conn->loop);

        if (shared != NULL)
                return shared;
        shared = g_new0(ConnShared, 1);
        shared->spare = g_ptr_array_new_with_free_func(free_buffer);
        loop_set_shared(conn->loop, shared, free_shared);
        return shared;
}

GString *
conn_buffer_take(const MotetConn *conn)
{
        GPtrArray *spare = conn_shared(conn)->spare;

        if (spare->len == 0)
                return g_string_sized_new(BUFFER_FIRST_SIZE);
        return g_ptr_array_steal_index_fast(spare, spare->len - 1);
}

void
conn_buffer_drop(const MotetConn *conn, GString **buffer)
{
        GPtrArray *spare = conn_shared(conn)->spare;
        GString *dropped = g_steal_pointer(buffer);

        if (dropped == NULL)
                return;
        if (spare->len >= SPARE_BUFFERS || dropped->allocated_len > SPARE_MAX_SIZE) {
                free_buffer(dropped);
                return;
        }
        g_string_truncate(dropped, 0);
        g_ptr_array_add(spare, dropped);
}
