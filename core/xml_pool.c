/*
 * xml_pool: expat parsers that have read a stream header, lent to whoever has bytes to parse.
 *
 * What is read may be a login. So a parser that waits for its next borrower keeps nothing of what
 * the last one sent, and what expat gives back to the heap is wiped.
 */
#include "core/xml_pool.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/random.h>

#include "core/list.h"

/* Past these a header gets throw-away parsers; no client in use comes near them. */
#define KEY_BYTES_MAX 512u
#define KEY_DECLARED_MAX 8u

/* Expat keeps every name it ever saw and the largest buffer it ever needed, so parsers are not kept
 * for ever. */
#define RETIRE_BYTES (1024u * 1024u)
#define RETIRE_STANZAS 10000u

struct XmlKey {
        unsigned refs; /* users; the pool itself holds none */
        bool shared;   /* in the pool's table */
        uint64_t used; /* the pool's clock when last borrowed from */
        char *header;
        size_t header_len;
        XmlLoan *idle;
        unsigned n_idle;
};

struct XmlPool {
        unsigned max_keys;
        unsigned max_idle; /* parsers of one key */
        GHashTable *keys;  /* header text, owned by the key: XmlKey */
        uint64_t clock;    /* counts loans */
        uint64_t n_created;
        unsigned long salt;
};

/* Expat's memory: it has its size before it, so that all of it can be wiped. */
typedef struct {
        size_t size; /* of @bytes */
        max_align_t bytes[];
} Block;

/* Out of memory aborts here as everywhere. */
static void *
allocate(size_t n)
{
        Block *block = g_malloc(sizeof *block + n);

        block->size = n;
        return block->bytes;
}

static void
wipe_and_free(void *bytes)
{
        if (!bytes)
                return;

        Block *block = CONTAINER_OF(bytes, Block, bytes);
        explicit_bzero(block->bytes, block->size);
        g_free(block);
}

/* Not g_realloc(), which may leave a copy behind. */
static void *
reallocate(void *bytes, size_t n)
{
        void *other = allocate(n);

        if (bytes)
                memcpy(other, bytes, MIN(n, CONTAINER_OF(bytes, Block, bytes)->size));
        wipe_and_free(bytes);
        return other;
}

static const XML_Memory_Handling_Suite memory = {allocate, reallocate, wipe_and_free};

static void
key_free(XmlKey *key)
{
        while (key->idle) {
                XmlLoan *loan = key->idle;
                key->idle = loan->next;
                xml_loan_free(loan);
        }
        g_free(key->header);
        g_free(key);
}

static void
drop_key(void *key)
{
        XmlKey *dropped = key;

        dropped->shared = false;
        if (dropped->refs == 0)
                key_free(dropped);
}

XmlPool *
xml_pool_new(unsigned max_keys, unsigned max_parsers_per_key)
{
        XmlPool *pool = g_new0(XmlPool, 1);

        pool->max_keys = max_keys;
        pool->max_idle = max_parsers_per_key;
        pool->keys = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, drop_key);
        /* Peers must not be able to choose names that collide in expat's tables. */
        while (pool->salt == 0) {
                ssize_t got = getrandom(&pool->salt, sizeof pool->salt, 0);
                g_assert(got == sizeof pool->salt || (got < 0 && errno == EINTR));
        }
        return pool;
}

void
xml_pool_free(XmlPool *pool)
{
        if (!pool)
                return;

        g_hash_table_unref(pool->keys);
        g_free(pool);
}

XmlLoan *
xml_pool_blank(XmlPool *pool)
{
        static const XML_Char separator[] = {XML_POOL_SEPARATOR, '\0'};
        XmlLoan *loan = g_new0(XmlLoan, 1);

        /* The encoding is not the peer's to choose (RFC 6120 section 11.6). */
        loan->expat = XML_ParserCreate_MM("UTF-8", &memory, separator);
        g_assert(loan->expat);
        XML_SetHashSalt(loan->expat, pool->salt);
        XML_SetReturnNSTriplet(loan->expat, 1);
        XML_SetUserData(loan->expat, loan);
#ifdef HAVE_XML_REPARSE_DEFERRAL
        /* Else the end of a stanza might wait for the next one. */
        XML_SetReparseDeferralEnabled(loan->expat, XML_FALSE);
#endif
        pool->n_created++;
        return loan;
}

enum XML_Status
xml_loan_parse(XmlLoan *loan, const char *bytes, size_t n)
{
        int at = 0, size = 0;
        enum XML_Status status = XML_Parse(loan->expat, bytes, (int)n, XML_FALSE);
        const char *buffer = XML_GetInputContext(loan->expat, &at, &size);

        if (buffer != loan->buffer) {
                loan->buffer = buffer;
                loan->written = 0;
        }
        /* What was read may be moved to the front: its end stays behind it then. */
        loan->written = MAX(loan->written, (size_t)size);
        return status;
}

/*
 * Between two elements expat keeps what it has read only to show it around an error. It is written
 * over although it is told as const: the memory is ours, and nobody asks for it.
 * Returns: false when it is not known where that is
 */
static bool
wipe_read(XmlLoan *loan)
{
        if (!loan->buffer)
                return false;
        explicit_bzero((char *)(uintptr_t)loan->buffer, loan->written);
        loan->written = 0;
        return true;
}

XmlLoan *
xml_pool_borrow(XmlPool *pool, XmlKey *key)
{
        key->used = ++pool->clock;
        if (key->idle) {
                XmlLoan *loan = key->idle;
                key->idle = loan->next;
                key->n_idle--;
                loan->next = NULL;
                return loan;
        }

        XmlLoan *loan = xml_pool_blank(pool);
        enum XML_Status status = xml_loan_parse(loan, key->header, key->header_len);
        g_assert(status == XML_STATUS_OK);
        loan->fed = key->header_len;
        loan->depth = 1;
        return loan;
}

void
xml_pool_give_back(XmlPool *pool, XmlKey *key, XmlLoan *loan)
{
        bool is_worn =
                loan->is_bloated || loan->fed > RETIRE_BYTES || loan->n_stanzas > RETIRE_STANZAS;

        if (!key->shared || is_worn || key->n_idle >= pool->max_idle || !wipe_read(loan)) {
                xml_loan_free(loan);
                return;
        }
        loan->owner = NULL;
        loan->next = key->idle;
        key->idle = loan;
        key->n_idle++;
}

void
xml_loan_free(XmlLoan *loan)
{
        if (!loan)
                return;

        motet_xml_unref(loan->tree);
        if (loan->declared)
                g_ptr_array_unref(loan->declared);
        g_free(loan->content_ns);
        g_free(loan->header);
        XML_ParserFree(loan->expat);
        g_free(loan);
}

/* Makes room by forgetting the header that no stream uses and that was least recently used. */
static bool
make_room(XmlPool *pool)
{
        XmlKey *oldest = NULL;
        GHashTableIter iter;
        void *value;

        if (g_hash_table_size(pool->keys) < pool->max_keys)
                return true;

        g_hash_table_iter_init(&iter, pool->keys);
        while (g_hash_table_iter_next(&iter, NULL, &value)) {
                XmlKey *key = value;
                if (key->refs == 0 && (!oldest || key->used < oldest->used))
                        oldest = key;
        }
        return oldest && g_hash_table_remove(pool->keys, oldest->header);
}

XmlKey *
xml_pool_key(XmlPool *pool, char *header, unsigned n_declared)
{
        XmlKey *known = g_hash_table_lookup(pool->keys, header);
        if (known) {
                g_free(header);
                known->refs++;
                return known;
        }

        XmlKey *key = g_new0(XmlKey, 1);
        key->refs = 1;
        key->header = header;
        key->header_len = strlen(header);
        key->used = pool->clock;
        if (key->header_len <= KEY_BYTES_MAX && n_declared <= KEY_DECLARED_MAX && make_room(pool)) {
                key->shared = true;
                g_hash_table_insert(pool->keys, key->header, key);
        }
        return key;
}

void
xml_key_unref(XmlKey *key)
{
        if (key && --key->refs == 0 && !key->shared)
                key_free(key);
}

size_t
xml_key_size(const XmlKey *key)
{
        return key->shared ? 0 : sizeof *key + key->header_len + 1;
}

unsigned
xml_pool_n_keys(const XmlPool *pool)
{
        return g_hash_table_size(pool->keys);
}

unsigned
xml_pool_n_idle(const XmlPool *pool)
{
        unsigned n = 0;
        GHashTableIter iter;
        void *value;

        g_hash_table_iter_init(&iter, pool->keys);
        while (g_hash_table_iter_next(&iter, NULL, &value))
                n += ((const XmlKey *)value)->n_idle;
        return n;
}

uint64_t
xml_pool_n_created(const XmlPool *pool)
{
        return pool->n_created;
}
