/*
 * types: the names every public header shares: export macro, verdicts, forward declarations.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

G_BEGIN_DECLS

/** MOTET_ABI: a module built for another number does not load. Moves when a public layout or meaning changes. */
#define MOTET_ABI 1u

/** MOTET_API: marks what the server exports to modules; everything else is hidden. */
#define MOTET_API __attribute__((visibility("default")))

/** MOTET_LIST: a NULL-terminated list of strings for a descriptor. */
#define MOTET_LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

/** MotetResult: a handler's verdict. None of them moves ownership of the event or its stanza. */
typedef enum {
        MOTET_CONTINUE = 0, /* not mine: the next handler runs */
        MOTET_HANDLED = 1,  /* I answered, or dropped it on purpose: nobody after me runs */
        MOTET_WAIT = 2, /* I hold a token from motet_wait() and will motet_resume() this chain */
} MotetResult;

typedef struct MotetConn MotetConn;
typedef struct MotetEvent MotetEvent;
typedef struct MotetHost MotetHost;
typedef struct MotetJid MotetJid;
typedef struct MotetModule MotetModule;
typedef struct MotetModuleInfo MotetModuleInfo;
typedef struct MotetRoster MotetRoster;
typedef struct MotetServer MotetServer;
typedef struct MotetSession MotetSession;
typedef struct MotetStanzaEvent MotetStanzaEvent;
typedef struct MotetXml MotetXml;

G_END_DECLS
