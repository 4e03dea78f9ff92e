/*
 * jid: an XMPP address, prepared: two addresses are the same exactly when their strings are.
 *
 * Immutable and reference counted. Parts are prepared as the deployed network compares them
 * (nodeprep, IDNA, resourceprep of RFC 6122) and what RFC 7622 forbids is refused as well.
 *
 * Source: RFC 7622, RFC 6122.
 */
#pragma once

#include <motet/types.h>

G_BEGIN_DECLS

#define MOTET_JID_PART_MAX 1023 /* bytes of one part, RFC 7622 section 3.1 */

/**
 * motet_jid_new:
 * @text: (borrowed) an address: localpart@domainpart/resourcepart, the outer two optional
 *
 * Returns: (own) the prepared address, or NULL when @text is NULL or no legal address
 */
MOTET_API MotetJid *motet_jid_new(const char *text);

/**
 * motet_jid_new_parts:
 * @local: localpart or NULL
 * @domain: domainpart
 * @resource: resourcepart or NULL
 *
 * Returns: (own) the prepared address, or NULL when a part is illegal; "" is illegal
 */
MOTET_API MotetJid *motet_jid_new_parts(const char *local, const char *domain,
                                        const char *resource);

/** motet_jid_ref: takes a reference. Returns: (own) @jid */
MOTET_API MotetJid *motet_jid_ref(const MotetJid *jid);
/**
 * motet_jid_unref:
 * @jid: (take) NULL is a no-op
 *
 * Drops a reference; the last one frees the address.
 */
MOTET_API void motet_jid_unref(const MotetJid *jid);

/** motet_jid_string: Returns: (borrowed) the whole address */
MOTET_API const char *motet_jid_string(const MotetJid *jid);
/** motet_jid_bare: Returns: (borrowed) localpart@domainpart, or the domainpart alone */
MOTET_API const char *motet_jid_bare(const MotetJid *jid);
/** motet_jid_local: Returns: (borrowed) the localpart, NULL when there is none */
MOTET_API const char *motet_jid_local(const MotetJid *jid);
/** motet_jid_domain: Returns: (borrowed) the domainpart */
MOTET_API const char *motet_jid_domain(const MotetJid *jid);
/** motet_jid_resource: Returns: (borrowed) the resourcepart, NULL when there is none */
MOTET_API const char *motet_jid_resource(const MotetJid *jid);
/** motet_jid_is_bare: whether there is no resourcepart */
MOTET_API bool motet_jid_is_bare(const MotetJid *jid);
/**
 * motet_jid_equal:
 * @a, @b: (borrowed) addresses, or NULL
 *
 * Returns: whether both are the same address; NULL equals only NULL
 */
MOTET_API bool motet_jid_equal(const MotetJid *a, const MotetJid *b);
/** motet_jid_to_bare: Returns: (own) the address without its resourcepart */
MOTET_API MotetJid *motet_jid_to_bare(const MotetJid *jid);
/**
 * motet_jid_with_resource:
 * @resource: (borrowed) not prepared yet; not NULL
 *
 * Returns: (own) the bare address with this resourcepart, NULL when @resource is illegal
 */
MOTET_API MotetJid *motet_jid_with_resource(const MotetJid *jid, const char *resource);

/**
 * motet_jid_prepare_local / motet_jid_prepare_domain / motet_jid_prepare_resource:
 * @local, @domain, @resource: (borrowed) one part of an address as somebody wrote it
 *
 * Prepares a single part.
 *
 * Returns: (own) the prepared part, NULL when it is illegal; for g_free()
 */
MOTET_API char *motet_jid_prepare_local(const char *local);
MOTET_API char *motet_jid_prepare_domain(const char *domain);
MOTET_API char *motet_jid_prepare_resource(const char *resource);
/**
 * motet_jid_prepare_password:
 * @password: (borrowed) a password, or a user name given to SASL
 *
 * Returns: (own) its SASLprep form, to be wiped when it is a password; NULL when it is illegal; for
 * g_free()
 *
 * Source: RFC 4013
 */
MOTET_API char *motet_jid_prepare_password(const char *password);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MotetJid, motet_jid_unref)

G_END_DECLS
