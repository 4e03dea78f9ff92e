/*
 * confine_files: a set of rules for Landlock.
 *
 * A later kernel handles more rights than an older one; what it does not handle it allows, so each
 * is asked for as much as it knows. The headers of the build may be older than the kernel, hence
 * the numbers.
 */
#include "core/confine_files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <motet/error.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define VERSION_REFER 2
#define VERSION_TRUNCATE 3
#define VERSION_DEVICES 5
#define VERSION_SCOPES 6

#define REFER (UINT64_C(1) << 13)
#define TRUNCATE (UINT64_C(1) << 14)
#define DEVICES (UINT64_C(1) << 15)
#define EVERYTHING ((UINT64_C(1) << 13) - 1) /* of the first version */
#define OF_FILES                                                                                   \
        (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |                              \
         LANDLOCK_ACCESS_FS_READ_FILE | TRUNCATE | DEVICES)
#define SCOPE_SIGNALS (UINT64_C(1) << 1) /* only to who is confined with us */

/* As the kernel has it, which takes as much of it as it is told. */
typedef struct {
        uint64_t files, network, scopes;
} Attributes;

typedef struct {
        char *path; /* without links */
        unsigned rights;
} Rule;

struct ConfineFiles {
        GArray *rules; /* of Rule */
        bool is_enforced;
};

int
confine_files_version(void)
{
        long version =
                syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

        return version < 0 ? 0 : (int)version;
}

static void
rule_clear(void *data)
{
        g_free(((Rule *)data)->path);
}

ConfineFiles *
confine_files_new(void)
{
        ConfineFiles *files = g_new0(ConfineFiles, 1);

        files->rules = g_array_new(FALSE, FALSE, sizeof(Rule));
        g_array_set_clear_func(files->rules, rule_clear);
        return files;
}

void
confine_files_free(ConfineFiles *files)
{
        if (!files)
                return;
        g_array_unref(files->rules);
        g_free(files);
}

/* Returns: (own) @path without links; NULL when it is not there */
static char *
resolve(const char *path)
{
        char *resolved = realpath(path, NULL);
        char *copy = g_strdup(resolved);

        free(resolved);
        return copy;
}

static void
take_rule(ConfineFiles *files, char *path_take, unsigned rights)
{
        for (guint i = 0; i < files->rules->len; i++) {
                Rule *known = &g_array_index(files->rules, Rule, i);
                if (strcmp(known->path, path_take) == 0) {
                        known->rights |= rights;
                        g_free(path_take);
                        return;
                }
        }
        const Rule rule = {path_take, rights};

        g_array_append_val(files->rules, rule);
}

void
confine_files_add(ConfineFiles *files, const char *path, unsigned rights)
{
        char *resolved = resolve(path);

        if (resolved)
                take_rule(files, resolved, rights);
}

void
confine_files_add_folder_of(ConfineFiles *files, const char *path, unsigned rights)
{
        g_autofree char *folder = g_path_get_dirname(path);
        g_autofree char *resolved = resolve(path);

        confine_files_add(files, folder, rights);
        if (resolved) {
                g_autofree char *behind = g_path_get_dirname(resolved);
                confine_files_add(files, behind, rights);
        }
}

static bool
is_below(const char *path, const char *folder)
{
        size_t n = strlen(folder);

        if (strcmp(folder, "/") == 0)
                return true;
        return strncmp(path, folder, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

bool
confine_files_allow(const ConfineFiles *files, const char *path, unsigned rights)
{
        g_autofree char *resolved = resolve(path);
        unsigned allowed = 0;

        if (!files->is_enforced)
                return true;
        if (!resolved) {
                g_autofree char *folder = g_path_get_dirname(path);
                resolved = resolve(folder);
        }
        for (guint i = 0; resolved && i < files->rules->len; i++) {
                const Rule *rule = &g_array_index(files->rules, Rule, i);
                if (is_below(resolved, rule->path))
                        allowed |= rule->rights;
        }
        return (allowed & rights) == rights;
}

static uint64_t
access_of(unsigned rights)
{
        uint64_t access = 0;

        if (rights & CONFINE_READ)
                access |= LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
        if (rights & CONFINE_WRITE)
                access |= EVERYTHING &
                          ~(uint64_t)(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                                      LANDLOCK_ACCESS_FS_MAKE_BLOCK);
        if (rights & CONFINE_WRITE)
                access |= REFER | TRUNCATE;
        if (rights & CONFINE_SOCKETS)
                access |= LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE;
        if (rights & CONFINE_EXECUTE)
                access |= LANDLOCK_ACCESS_FS_EXECUTE;
        if (rights & CONFINE_DEVICE)
                access |= LANDLOCK_ACCESS_FS_WRITE_FILE | TRUNCATE;
        return access;
}

static bool
add_to_kernel(int set, const Rule *rule, uint64_t known)
{
        struct landlock_path_beneath_attr beneath = {.allowed_access =
                                                             access_of(rule->rights) & known};
        struct stat found;

        beneath.parent_fd = open(rule->path, O_PATH | O_CLOEXEC);
        /* Gone meanwhile: then there is nothing to be opened. */
        if (beneath.parent_fd < 0)
                return errno == ENOENT || errno == EACCES;
        if (fstat(beneath.parent_fd, &found) == 0 && !S_ISDIR(found.st_mode))
                beneath.allowed_access &= OF_FILES;
        bool is_added =
                beneath.allowed_access == 0 ||
                syscall(SYS_landlock_add_rule, set, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == 0;
        int code = errno;
        close(beneath.parent_fd);
        errno = code;
        return is_added;
}

static uint64_t
known_to(int version)
{
        return EVERYTHING | (version >= VERSION_REFER ? REFER : 0) |
               (version >= VERSION_TRUNCATE ? TRUNCATE : 0) |
               (version >= VERSION_DEVICES ? DEVICES : 0);
}

/* Returns: false with errno */
static bool
enforce(const ConfineFiles *files, int set, uint64_t known)
{
        for (guint i = 0; i < files->rules->len; i++) {
                if (!add_to_kernel(set, &g_array_index(files->rules, Rule, i), known))
                        return false;
        }
        return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
               syscall(SYS_landlock_restrict_self, set, 0) == 0;
}

bool
confine_files_enforce(ConfineFiles *files, GError **error)
{
        int version = confine_files_version();
        const Attributes wanted = {.files = known_to(version),
                                   .scopes = version >= VERSION_SCOPES ? SCOPE_SIGNALS : 0};
        size_t n = version >= VERSION_SCOPES ? sizeof wanted : sizeof wanted.files;
        int set = (int)syscall(SYS_landlock_create_ruleset, &wanted, n, 0);

        files->is_enforced = set >= 0 && enforce(files, set, wanted.files);
        if (!files->is_enforced)
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_IO, "Landlock: %s",
                            errno == EOPNOTSUPP ? "switched off at the kernel's start"
                                                : g_strerror(errno));
        if (set >= 0)
                close(set);
        return files->is_enforced;
}
