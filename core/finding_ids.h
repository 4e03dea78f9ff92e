/*
 * finding_ids: every kind of finding there is, each with the stable name operators, scripts and
 * `motetctl explain` know it by.
 *
 * A name is a group and a word, "config.unknown-key"; the group is the check that looks for it, or
 * "module" for what `motetctl module lint` finds. A name that was released is never given to
 * something else.
 */
#pragma once

#include <motet/types.h>

typedef enum {
        FINDING_CONFIG_UNREADABLE,
        FINDING_CONFIG_SYNTAX,
        FINDING_CONFIG_UNSUPPORTED_YAML,
        FINDING_CONFIG_DUPLICATE_KEY,
        FINDING_CONFIG_MISSING_KEY,
        FINDING_CONFIG_UNKNOWN_KEY,
        FINDING_CONFIG_UNKNOWN_OPTION,
        FINDING_CONFIG_WRONG_TYPE,
        FINDING_CONFIG_UNKNOWN_WORD,
        FINDING_CONFIG_OUT_OF_RANGE,
        FINDING_CONFIG_BAD_NAME,
        FINDING_CONFIG_DUPLICATE_VALUE,
        FINDING_CONFIG_CERTIFICATE_PAIR,
        FINDING_CONFIG_SOCKET_PATH,
        FINDING_CONFIG_ROOT,
        FINDING_CONFIG_SECRET,
        FINDING_CONFIG_OPEN_SECRET,
        FINDING_CONFIG_CREDENTIAL,
        FINDING_CONFIG_UNKNOWN_HOST,
        FINDING_CONFIG_HOST_DISABLED,
        FINDING_CONFIG_NO_HOSTS,
        FINDING_CONFIG_PLUGINS_DIR,
        FINDING_CONFIG_IGNORED_FILE,
        FINDING_CONFIG_DUPLICATE_MODULE,
        FINDING_CONFIG_UNKNOWN_MODULE,
        FINDING_CONFIG_UNUSABLE_MODULE,
        FINDING_CONFIG_MODULE_SCOPE,
        FINDING_CONFIG_MISSING_DEPENDENCY,
        FINDING_CONFIG_DEPENDENCY_CYCLE,
        FINDING_CONFIG_CONFLICT,
        FINDING_CONFIG_DUPLICATE_SERVICE,
        FINDING_CONFIG_DUPLICATE_COMMAND,
        FINDING_CONFIG_MISSING_STORAGE,
        FINDING_CONFIG_INCOMPLETE,
        FINDING_CONFIG_NO_EFFECT,
        FINDING_CONFIG_CONTRADICTION,
        FINDING_CONFIG_QUEUE_TOO_SMALL,
        FINDING_CONFIG_NEEDS_RESTART,
        FINDING_CONFIG_QUARANTINE,
        FINDING_CONFIG_BLAMED_GUARD,
        FINDING_CONFIG_SAFE_MODE,
        FINDING_DOMAINS_EMPTY,
        FINDING_DOMAINS_URL,
        FINDING_DOMAINS_JID,
        FINDING_DOMAINS_SPACE,
        FINDING_DOMAINS_PORT,
        FINDING_DOMAINS_TRAILING_DOT,
        FINDING_DOMAINS_EMPTY_LABEL,
        FINDING_DOMAINS_IP_LITERAL,
        FINDING_DOMAINS_BAD_IP_LITERAL,
        FINDING_DOMAINS_NAME_LENGTH,
        FINDING_DOMAINS_LABEL_LENGTH,
        FINDING_DOMAINS_HYPHENS,
        FINDING_DOMAINS_UNDERSCORE,
        FINDING_DOMAINS_FORBIDDEN_CHARACTER,
        FINDING_DOMAINS_COMBINING_MARK,
        FINDING_DOMAINS_BIDI,
        FINDING_DOMAINS_A_LABEL,
        FINDING_DOMAINS_BAD_A_LABEL,
        FINDING_DOMAINS_NOT_CANONICAL,
        FINDING_DOMAINS_DEVIATION,
        FINDING_DOMAINS_DUPLICATE,
        FINDING_DOMAINS_STORED_NAME,
        FINDING_DOMAINS_NOT_SERVED,
        FINDING_CERTS_UNUSABLE,
        FINDING_CERTS_EXPIRED,
        FINDING_CERTS_NOT_YET_VALID,
        FINDING_CERTS_EXPIRES_SOON,
        FINDING_CERTS_WRONG_NAME,
        FINDING_CERTS_INCOMPLETE_CHAIN,
        FINDING_CERTS_UNUSED_FILE,
        FINDING_LIMITS_DESCRIPTORS,
        FINDING_LIMITS_OPEN_FILES,
        FINDING_LIMITS_BACKLOG,
        FINDING_LIMITS_CONNTRACK,
        FINDING_LIMITS_TCP_MEMORY,
        FINDING_LIMITS_MEMORY,
        FINDING_SECURITY_WRITABLE,
        FINDING_SECURITY_OWNER,
        FINDING_SECURITY_DATA_EXPOSED,
        FINDING_SECURITY_LOG_EXPOSED,
        FINDING_SECURITY_CONTROL_FOLDER,
        FINDING_SECURITY_NO_USER,
        FINDING_SECURITY_ROOT,
        FINDING_SECURITY_STRANGERS,
        FINDING_SECURITY_IN_CLEAR,
        FINDING_SECURITY_GUESSING,
        FINDING_SECURITY_UNIT_SANDBOX,
        FINDING_SECURITY_UNCONFINED,
        FINDING_STORAGE_NO_FOLDER,
        FINDING_STORAGE_NOT_WRITABLE,
        FINDING_STORAGE_FULL,
        FINDING_STORAGE_SPACE,
        FINDING_STORAGE_INODES,
        FINDING_STORAGE_UNREADABLE,
        FINDING_STORAGE_NOT_ASKED,
        FINDING_STORAGE_VOLATILE,
        FINDING_LISTEN_BAD_ADDRESS,
        FINDING_LISTEN_NO_SUCH_ADDRESS,
        FINDING_LISTEN_CLASH,
        FINDING_LISTEN_UNKNOWN,
        FINDING_LISTEN_IN_USE,
        FINDING_LISTEN_PRIVILEGED_PORT,
        FINDING_FEATURES_NO_LIST,
        FINDING_FEATURES_NOT_ENABLED,
        FINDING_FEATURES_MISSING,
        FINDING_FEATURES_SATISFIED,
        FINDING_DNS_NO_ANSWER,
        FINDING_DNS_NO_SERVICE,
        FINDING_DNS_SERVICE_REFUSED,
        FINDING_DNS_WRONG_PORT,
        FINDING_DNS_NO_ADDRESS,
        FINDING_DNS_ALIAS,
        FINDING_DNS_ZONE_LINE,
        FINDING_MODULE_FILE,
        FINDING_MODULE_INTERFACE,
        FINDING_MODULE_MISSING_SYMBOL,
        FINDING_MODULE_EXPORTS,
        FINDING_MODULE_RUNS_AT_OPEN,
        FINDING_MODULE_TEXT_RELOCATIONS,
        FINDING_MODULE_EXECUTABLE_STACK,
        FINDING_MODULE_RUN_PATH,
        FINDING_MODULE_NOT_OPENED,
        FINDING_MODULE_NAME,
        FINDING_MODULE_UNDESCRIBED,
        FINDING_MODULE_UNVERSIONED,
        FINDING_MODULE_OPTION,
        FINDING_MODULE_EVENT,
        FINDING_MODULE_UNKNOWN_EVENT,
        FINDING_MODULE_TABLE,
        N_FINDINGS,
} FindingId;

typedef struct {
        const char *name;        /* "config.unknown-key" */
        bool warning;            /* the server can serve like that; else it is an error */
        bool note;               /* a warning that nothing is wrong with: told, never counted */
        const char *title;       /* what it is, one line */
        const char *explanation; /* why it matters and what to do */
} FindingKind;

/** finding_kind: Returns: (borrowed) what there is to know of @id, forever */
const FindingKind *finding_kind(FindingId id);
/** finding_severity: Returns: (borrowed) "error", "warning" or "note" */
const char *finding_severity(FindingId id);
/** finding_kind_find: Returns: (borrowed) the kind named @name, NULL when there is none */
const FindingKind *finding_kind_find(const char *name);
/** finding_kind_nearest: Returns: (borrowed) the name that @name was meant to be, or NULL */
const char *finding_kind_nearest(const char *name);
/** finding_is_of: whether @id belongs to @group, "config" */
bool finding_is_of(FindingId id, const char *group);
