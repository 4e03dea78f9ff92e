/*
 * conn: what a module may know of a connection, and listening for new ones.
 */
#pragma once

#include <motet/session.h>
#include <motet/types.h>

G_BEGIN_DECLS

/** motet_conn_peer: Returns: (borrowed) the peer's numeric address without port, "::1"; "memory" in
 * tests */
MOTET_API const char *motet_conn_peer(const MotetConn *conn);
/**
 * motet_address_network:
 * @address: (borrowed) numeric, as from motet_conn_peer()
 *
 * Returns: (own) what a limit should count for a peer at @address: itself, of an IPv6 address the
 * /64, of one that maps an IPv4 address that address; for g_free()
 */
MOTET_API char *motet_address_network(const char *address);
/** motet_conn_is_secure: whether a TLS handshake was completed */
MOTET_API bool motet_conn_is_secure(const MotetConn *conn);
/** motet_conn_tls_version: Returns: (borrowed) "TLSv1.3", "TLSv1.2"; NULL outside TLS */
MOTET_API const char *motet_conn_tls_version(const MotetConn *conn);

/**
 * motet_conn_channel_binding:
 * @type: "tls-exporter" (RFC 9266; only TLS 1.3), "tls-server-end-point" or "tls-unique" (RFC 5929)
 *
 * Returns: (own) the binding data, or NULL when this connection has none of that type
 */
MOTET_API GBytes *motet_conn_channel_binding(const MotetConn *conn, const char *type);

/**
 * MotetListen: one kind of stream on one port, of the caller's making.
 *
 * Growth: fixed within a major number of MOTET_ABI, because motet_listen_set() is given an array.
 * What is added later uses the reserved field.
 */
typedef struct {
        const char *address;   /* numeric; "*" every IPv4, "::" every IPv6 address (IPv6 only) */
        uint16_t port;         /* 0: any free one, for tests */
        bool direct_tls;       /* TLS from the first byte; otherwise the stream decides */
        const char *alpn;      /* required of a client that offers ALPN; NULL: ALPN is ignored */
        MotetSessionType type; /* of the sessions accepted here */
        const void *reserved;  /* NULL */
} MotetListen;

/**
 * motet_listen:
 * @spec: (borrowed) copied
 *
 * Declares a listener of @self. In a server that serves it is opened before server-started (or at
 * once when already serving); a command that runs without a server opens none. It closes with
 * @self.
 *
 * Returns: false with @error set: MOTET_ERROR_CONFIG for a bad address, MOTET_ERROR_IO naming
 * address and port
 */
MOTET_API bool motet_listen(MotetModule *self, const MotetListen *spec, GError **error);

/**
 * motet_listen_set:
 * @specs: (borrowed) copied
 * @n: how many; 0: none is left
 *
 * Makes the listeners of @self exactly @specs, for load and reconfigure alike: where it listens
 * already it goes on (with what @specs says of new connections), the others are opened, all or
 * none, then those not named close. Streams go on.
 *
 * Returns: false with @error set as by motet_listen(), and nothing changed
 */
MOTET_API bool motet_listen_set(MotetModule *self, const MotetListen *specs, size_t n,
                                GError **error);

G_END_DECLS
