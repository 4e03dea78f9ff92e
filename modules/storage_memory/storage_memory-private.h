/*
 * storage_memory-private: the tables that hold everything.
 */
#pragma once

#include <motet/error.h>
#include <motet/service-store.h>

/*
 * Keys are "host\0store\0account\0" (a document's ends with "key\0"), so that sorting them sorts by
 * each part in turn.
 */
typedef struct {
        GTree *documents;   /* (own) key -> GBytes */
        GTree *archives;    /* (own) key -> GPtrArray of MotetStoreEntry */
        GHashTable *epochs; /* (own) key -> uint64_t */
        uint64_t last_id;   /* greatest entry id ever given */
        uint64_t used;      /* bytes that count against the limit */
} Memory;

Memory *memory_new(void);
void memory_free(Memory *memory);

/**
 * memory_execute: does what @request asks and fills its results; nothing changed when it ends with
 * an error
 *
 * @limit: bytes; what would grow beyond is refused
 * @now: µs since 1970
 */
void memory_execute(Memory *memory, MotetStoreRequest *request, uint64_t limit, int64_t now);

/** archive_execute: the part of memory_execute() that is about entries */
void archive_execute(Memory *memory, MotetStoreRequest *request, uint64_t limit, int64_t now);
/** archive_drop: deletes every entry of @account on @host */
void archive_drop(Memory *memory, const char *host, const char *account);
/** archive_accounts: lists accounts with entries */
void archive_accounts(Memory *memory, MotetStoreRequest *request);

/** key_new: Returns: (own) the parts up to the first NULL, each ended by a NUL byte */
GBytes *key_new(const char *host, const char *store, const char *account, const char *key);
bool key_has_prefix(GBytes *key, GBytes *prefix);
/** key_part: Returns: (borrowed) the part with this index, from 0 */
const char *key_part(GBytes *key, unsigned index);
/** memory_refuse: fails @request because the memory is full */
void memory_refuse(MotetStoreRequest *request, uint64_t limit);

#define COST 96 /* bytes counted for each document and entry beside its contents */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Memory, memory_free)
