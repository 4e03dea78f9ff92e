/*
 * types: the names every public header shares: export macro, verdicts, forward declarations.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

G_BEGIN_DECLS

/**
 * MOTET_ABI_MAJOR / MOTET_ABI_MINOR / MOTET_ABI: the interface a module is built for, "1.0",
 * recorded in its descriptor and read before any of its code runs. A server runs modules of its own
 * major number and of a minor number that is not above its own.
 *
 * MOTET_ABI_MAJOR moves, and the minor number starts again at 0, with what breaks a module that was
 * built before: a field or value that is removed, moved or means something else; a function that is
 * gone, takes other arguments or promises less. MOTET_ABI_MINOR moves with what is only added: a
 * function, an event, an enumeration's value, a macro, a field where the structure says that it may
 * grow ("Growth", where it is declared). So a module has a default where it switches over an
 * enumeration, takes MOTET_N_… for the number of those it was built with, and leaves at 0 the
 * fields that it does not know. Neither moves twice between two releases.
 */
#define MOTET_ABI_MAJOR 1u
#define MOTET_ABI_MINOR 0u
#define MOTET_ABI ((MOTET_ABI_MAJOR << 16) | MOTET_ABI_MINOR)

/** MOTET_API: marks what the server exports to modules; everything else is hidden. */
#define MOTET_API __attribute__((visibility("default")))

/**
 * MOTET_LIST:
 * @...: strings, at least one
 *
 * A NULL-terminated list of strings for a descriptor's fields of type `const char *const *`.
 */
#define MOTET_LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

/** MotetResult: a handler's verdict. None of them moves ownership of the event or its stanza. */
typedef enum {
        MOTET_CONTINUE = 0, /* not mine: the next handler runs */
        MOTET_HANDLED = 1,  /* I answered, or dropped it on purpose: nobody after me runs */
        MOTET_WAIT = 2, /* I hold a token from motet_wait() and will motet_resume() this chain */
} MotetResult;

typedef struct MotetConn MotetConn;               /* a session's connection: conn.h */
typedef struct MotetEvent MotetEvent;             /* the head of every payload: event.h */
typedef struct MotetHost MotetHost;               /* a domain that is served: host.h */
typedef struct MotetJid MotetJid;                 /* an address: jid.h */
typedef struct MotetModule MotetModule;           /* an instance of a module: module.h */
typedef struct MotetModuleInfo MotetModuleInfo;   /* a module's descriptor: module.h */
typedef struct MotetRoster MotetRoster;           /* an account's contacts: service-roster.h */
typedef struct MotetServer MotetServer;           /* the running server: host.h */
typedef struct MotetSession MotetSession;         /* a stream with a peer: session.h */
typedef struct MotetStanzaEvent MotetStanzaEvent; /* a payload: event.h */
typedef struct MotetXml MotetXml;                 /* an element: xml.h */

G_END_DECLS
