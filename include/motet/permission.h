/*
 * permission: who may do what a module offers: a default in its descriptor, changed by operators.
 *
 * One vocabulary for all modules: the role of an account, as service "auth" of its host knows it.
 * Operators, who run the server, are above all roles: what they do with motetctl needs no
 * permission (MotetCommandRight says which commands others may give too).
 */
#pragma once

#include <motet/types.h>

/* Rows of the table below end with a reserved field: one that leaves it out is right. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

G_BEGIN_DECLS

/**
 * MotetAuthRole: what an account may do; each may what those of lower numbers may. Later servers
 * may know others, between these.
 */
typedef enum {
        MOTET_ROLE_RESTRICTED = 0, /* only what needs nobody's trust; also of who has no account */
        MOTET_ROLE_MEMBER = 10,    /* what accounts are for */
        MOTET_ROLE_ADMIN = 20,     /* what operators do, in band */
        MOTET_ROLE_NOBODY = 100,   /* of a permission: no role has it; no account is of it */
} MotetAuthRole;

/**
 * MotetPermission: one row of a descriptor's .permissions.
 *
 * Operators override it in the module's drop-in, `permissions: {create: admin}`, with one of
 * restricted, member, admin and nobody.
 *
 * Growth: the size of a row is fixed within a major number of MOTET_ABI, because rows of modules
 * built before are that far apart. What is added later uses the reserved field.
 */
typedef struct {
        const char *name;     /* snake_case: "create"; NULL ends a table */
        MotetAuthRole role;   /* the least that has it by default; or MOTET_ROLE_NOBODY */
        const char *help;     /* one sentence for operators: what who has it may do */
        const void *reserved; /* NULL */
} MotetPermission;

/**
 * motet_may:
 * @self: whose permission it is
 * @session: who asks; NULL, or without an account: counts as restricted
 * @permission: a name in the module's own table; another one is a programming error
 *
 * The role is asked of the service "auth" of the session's host each time, so that a change of
 * either is in force at once. Without such a service everybody counts as restricted. Answers
 * nobody: a refusal is the caller's to send, nearly always MOTET_FORBIDDEN.
 *
 * Returns: whether the account of @session has @permission now
 */
MOTET_API bool motet_may(const MotetModule *self, const MotetSession *session,
                         const char *permission);

G_END_DECLS
