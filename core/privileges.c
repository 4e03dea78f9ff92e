/*
 * privileges: what the process may do: whom it runs as, and what it gives up for good.
 */
#include "core/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <motet/error.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_SANITIZER 1
#endif
#endif

/* LeakSanitizer traces its own process, which a process that is not dumpable refuses. */
static void
forbid_tracing(void)
{
#ifdef UNDER_SANITIZER
        prctl(PR_SET_DUMPABLE, 1);
#else
        prctl(PR_SET_DUMPABLE, 0);
#endif
}

void
privileges_harden(void)
{
        const struct rlimit none = {0, 0};

        umask(077);
        setrlimit(RLIMIT_CORE, &none);
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        forbid_tracing();
}

uint64_t
privileges_raise_descriptors(void)
{
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
                return 0;
        if (limit.rlim_cur < limit.rlim_max) {
                struct rlimit raised = {limit.rlim_max, limit.rlim_max};
                if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
                        limit = raised;
        }
        return limit.rlim_cur;
}

bool
privileges_are_root(void)
{
        return geteuid() == 0;
}

static bool
fail_system(GError **error, const char *what)
{
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_IO, "cannot %s: %s", what, g_strerror(errno));
        return false;
}

static bool
set_capabilities(uint32_t mask, GError **error)
{
        struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
        struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
                {.effective = mask, .permitted = mask}};

        if (syscall(SYS_capset, &header, data) < 0)
                return fail_system(error, "give up capabilities");
        return true;
}

static uint32_t
permitted_capabilities(void)
{
        struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
        struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

        if (syscall(SYS_capget, &header, data) < 0)
                return 0;
        return data[0].permitted | data[1].permitted;
}

/* The right to bind low ports crosses the change of user only where the process has it to begin
 * with. */
static uint32_t
bind_capability(void)
{
        return permitted_capabilities() & (1u << CAP_NET_BIND_SERVICE);
}

static bool
become(const char *name, uid_t uid, gid_t gid, GError **error)
{
        uint32_t kept = bind_capability();

        if (kept && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
                return fail_system(error, "keep the right to bind low ports");
        if (name ? initgroups(name, gid) < 0 : setgroups(0, NULL) < 0)
                return fail_system(error, "set the groups of the process");
        if (setresgid(gid, gid, gid) < 0)
                return fail_system(error, "change the group of the process");
        if (setresuid(uid, uid, uid) < 0)
                return fail_system(error, "change the user of the process");
        if (!set_capabilities(kept, error))
                return false;
        prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);

        /* The kernel is asked, not trusted: a way back would be the whole machine's loss. */
        if (setuid(0) == 0 || seteuid(0) == 0 || geteuid() != uid || getegid() != gid) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_IO,
                            "the process did not lose the rights of root");
                return false;
        }
        forbid_tracing();
        return true;
}

bool
privileges_become(const char *user, GError **error)
{
        errno = 0;
        const struct passwd *entry = getpwnam(user);

        if (!entry) {
                g_set_error(
                        error, MOTET_ERROR, MOTET_ERROR_CONFIG,
                        "there is no user \"%s\" on this machine: create it, or change \"user\"",
                        user);
                return false;
        }
        if (entry->pw_uid == 0) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG,
                            "\"user\" may not be root: create an account for the server");
                return false;
        }
        return become(entry->pw_name, entry->pw_uid, entry->pw_gid, error);
}

bool
privileges_become_owner(const char *path, GError **error)
{
        struct stat file;

        if (stat(path, &file) < 0) {
                if (errno == ENOENT || errno == ENOTDIR)
                        return true;
                /* Who cannot know the owner must not go on as root. */
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_IO, "cannot look at %s: %s", path,
                            g_strerror(errno));
                return false;
        }
        if (file.st_uid == 0)
                return true;

        const struct passwd *entry = getpwuid(file.st_uid);
        return become(entry ? entry->pw_name : NULL, file.st_uid,
                      entry ? entry->pw_gid : file.st_gid, error);
}

bool
privileges_drop_ports(GError **error)
{
        /* Where nothing is held, as in a confined unit, capset() may be forbidden too. */
        if (privileges_are_root() || permitted_capabilities() == 0)
                return true;
        return set_capabilities(0, error);
}
