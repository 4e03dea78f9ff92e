/*
 * xml_arena: memory of one tree: allocated by moving a pointer, wiped and freed as a whole.
 *
 * Chunks double, so that text which grows piece by piece moves seldom and a tree costs a bounded
 * multiple of its bytes. All are wiped, as any of them may hold a password: that of a login, of a
 * registration or of a change.
 */
#include "core/names.h"
#include "core/xml_tree.h"

#include <string.h>

#define FIRST_CHUNK 1024u
#define MAX_CHUNK (1024u * 1024u) /* where doubling ends */
#define ALIGNMENT 8u

struct XmlChunk {
        XmlChunk *next;
        size_t size; /* this struct included */
        char bytes[];
};

static size_t
checked_sum(size_t a, size_t b)
{
        size_t sum;

        g_assert(!__builtin_add_overflow(a, b, &sum));
        return sum;
}

static void
add_chunk(XmlArena *arena, size_t needed)
{
        size_t size = MAX(arena->next_chunk, checked_sum(needed, sizeof(XmlChunk) + ALIGNMENT));
        XmlChunk *chunk = g_malloc(size);

        chunk->next = arena->chunks;
        chunk->size = size;
        arena->chunks = chunk;
        arena->at = chunk->bytes;
        arena->end = (char *)chunk + size;
        arena->size += size;
        arena->next_chunk = MIN(arena->next_chunk * 2, MAX_CHUNK);
}

static void
wipe_chunk(XmlChunk *chunk, const char *end)
{
        explicit_bzero(chunk->bytes, (size_t)(end - chunk->bytes));
        g_free(chunk);
}

/* Makes room for @needed bytes in the last chunk, which has nothing but the text of @len bytes in
   it: so what it held is not left behind, as it is in a chunk that others share. Returns: the text,
   where it is now */
static char *
grow_chunk(XmlArena *arena, size_t len, size_t needed)
{
        XmlChunk *old = arena->chunks;
        size_t least = checked_sum(needed, sizeof(XmlChunk));
        size_t size = MAX(arena->next_chunk, checked_sum(least, MIN(least, MAX_CHUNK)));

        XmlChunk *grown = g_malloc(size);

        /* Not g_realloc(), which may leave a copy behind. */
        grown->next = old->next;
        grown->size = size;
        memcpy(grown->bytes, old->bytes, len + 1);
        arena->size += size - old->size;
        wipe_chunk(old, old->bytes + len + 1);
        arena->chunks = grown;
        arena->at = grown->bytes + len + 1;
        arena->end = (char *)grown + size;
        arena->next_chunk = MIN(arena->next_chunk * 2, MAX_CHUNK);
        return arena->chunks->bytes;
}

static char *
take(XmlArena *arena, size_t n)
{
        if (n > (size_t)(arena->end - arena->at))
                add_chunk(arena, n);

        char *taken = arena->at;
        arena->at += n;
        return taken;
}

XmlArena *
xml_arena_new(size_t size)
{
        if (size == 0)
                size = FIRST_CHUNK;
        g_assert(size >= sizeof(XmlArena));

        XmlArena *arena = g_malloc(size);
        *arena = (XmlArena){
                .refs = 1,
                .next_chunk = FIRST_CHUNK * 2,
                .at = (char *)(arena + 1),
                .end = (char *)arena + size,
                .size = size,
        };
        return arena;
}

void
xml_arena_unref(XmlArena *arena)
{
        g_assert(arena->refs > 0);
        if (--arena->refs > 0)
                return;

        const char *end = arena->at;
        size_t first_size = arena->size;
        while (arena->chunks) {
                XmlChunk *chunk = arena->chunks;
                arena->chunks = chunk->next;
                first_size -= chunk->size;
                wipe_chunk(chunk, end);
                /* How much of an earlier one is used is not known any more. */
                end = arena->chunks ? (char *)arena->chunks + arena->chunks->size
                                    : (char *)arena + first_size;
        }
        explicit_bzero(arena + 1, (size_t)(end - (char *)(arena + 1)));
        g_free(arena);
}

void *
xml_arena_alloc(XmlArena *arena, size_t n)
{
        size_t skew = (uintptr_t)arena->at % ALIGNMENT;
        size_t padding = skew == 0 ? 0 : ALIGNMENT - skew;

        if (checked_sum(n, padding) > (size_t)(arena->end - arena->at)) {
                add_chunk(arena, n);
                padding = 0; /* g_malloc() aligns */
        }
        arena->at += padding;
        return take(arena, n);
}

char *
xml_arena_string(XmlArena *arena, const char *text, size_t len)
{
        char *copy = take(arena, checked_sum(len, 1));

        memcpy(copy, text, len);
        copy[len] = '\0';
        return copy;
}

char *
xml_arena_extend(XmlArena *arena, char *text, size_t len, const char *tail, size_t more)
{
        bool is_last = text + len + 1 == arena->at;
        bool is_alone = is_last && arena->chunks && text == arena->chunks->bytes;
        size_t needed = checked_sum(checked_sum(len, more), 1);

        if (is_alone && more > (size_t)(arena->end - arena->at))
                text = grow_chunk(arena, len, needed);
        if (!is_last || more > (size_t)(arena->end - arena->at)) {
                char *moved = take(arena, needed);
                memcpy(moved, text, len);
                text = moved;
        } else {
                arena->at += more;
        }
        memcpy(text + len, tail, more);
        text[len + more] = '\0';
        return text;
}

const char *
xml_arena_name(XmlArena *arena, const char *name, size_t len)
{
        const char *known = names_find(name, len);

        return known ? known : xml_arena_string(arena, name, len);
}

/* FNV-1a */
static uint32_t
hash_bytes(const char *bytes, size_t len)
{
        uint32_t hash = 2166136261u;

        for (size_t i = 0; i < len; i++)
                hash = (hash ^ (uint8_t)bytes[i]) * 16777619u;
        return hash;
}

const char *
xml_arena_space(XmlArena *arena, const char *ns, size_t len)
{
        const char *known = names_find_space(ns, len);
        if (known)
                return known;

        uint32_t hash = hash_bytes(ns, len);
        for (XmlSpace *space = arena->spaces; space; space = space->next) {
                if (space->hash == hash && space->len == len && memcmp(space->text, ns, len) == 0)
                        return space->text;
        }

        XmlSpace *space = xml_arena_alloc(arena, checked_sum(sizeof(XmlSpace) + 1, len));
        space->next = arena->spaces;
        space->hash = hash;
        space->len = (uint32_t)len;
        memcpy(space->text, ns, len);
        space->text[len] = '\0';
        arena->spaces = space;
        return space->text;
}
