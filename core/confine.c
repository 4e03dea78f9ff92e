/*
 * confine: what a configuration and the libraries need, given to Landlock and seccomp.
 */
#include "core/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <motet/log.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "core/certificate_folder.h"
#include "core/confine_calls.h"
#include "core/confine_files.h"
#include "core/confine_list.h"
#include "core/confine_needs.h"
#include "core/log_refusal.h"

struct Confine {
        Loop *loop;
        ConfineFiles
                *files; /* never NULL; allows everything where the kernel cannot confine them */
        ConfineCalls calls;
        ConfineState state;                           /* but for n_refused */
        char *files_lack, *calls_lack, *programs_for; /* (own) of state */
        int ends[2]; /* of a pipe, by which refused calls are told; -1: none */
        LoopWatch watch;
};

/*
 * What libraries read while the server runs, as far as modes let it: names of hosts and accounts
 * (NSS and its modules), what is loaded then, trusted certificates, locales and time zones; what it
 * uses of the machine.
 */
static const struct {
        const char *path;
        unsigned rights;
} always[] = {
        {"/etc", CONFINE_READ},
        {"/usr", CONFINE_READ},
        {"/lib", CONFINE_READ},
        {"/lib64", CONFINE_READ},
        {"/nix/store", CONFINE_READ},
        {"/gnu/store", CONFINE_READ},
        {"/run/systemd/resolve", CONFINE_READ},
        {"/var/lib/sss/mc", CONFINE_READ},
        {"/proc", CONFINE_READ},
        {"/sys/devices/system/cpu", CONFINE_READ},
        {"/sys/fs/cgroup", CONFINE_READ},
        {"/dev/null", CONFINE_READ | CONFINE_DEVICE},
        {"/dev/zero", CONFINE_READ},
        {"/dev/random", CONFINE_READ},
        {"/dev/urandom", CONFINE_READ},
};

/* Where programs are, that a module may start. */
static const char *const program_folders[] = {"/bin",   "/sbin", "/usr",       "/lib",
                                              "/lib64", "/opt",  "/nix/store", "/gnu/store"};

/* Files */

/* Links in the folder lead to where renewers keep the versions (certbot: live to archive). */
static void
add_certificates(ConfineFiles *files, const char *path)
{
        CertificateFolder folder;

        certificate_folder_init(&folder);
        certificate_folder_walk(&folder, path);
        for (guint i = 0; i < folder.files->len; i++)
                confine_files_add_folder_of(files, g_ptr_array_index(folder.files, i),
                                            CONFINE_READ);
        certificate_folder_clear(&folder);
}

static void
add_always(ConfineFiles *files)
{
        const char *credentials = secure_getenv("CREDENTIALS_DIRECTORY");

        for (size_t i = 0; i < G_N_ELEMENTS(always); i++)
                confine_files_add(files, always[i].path, always[i].rights);
        /* Often a link to where a service keeps it, which replaces it. */
        confine_files_add_folder_of(files, "/etc/resolv.conf", CONFINE_READ);
        /* Symbols of what crashed. */
        confine_files_add_folder_of(files, "/proc/self/exe", CONFINE_READ);
        if (credentials)
                confine_files_add(files, credentials, CONFINE_READ);
#ifdef MOTET_CONFINE_ALSO
        /* Where a build for gcov writes its counters, or the leak checker reads what to leave
         * out. */
        confine_files_add(files, MOTET_CONFINE_ALSO, CONFINE_READ | CONFINE_WRITE);
#endif
}

/* A folder that the server is to make is made in the one that is there. */
static void
add_maker(ConfineFiles *files, const ConfineNeed *need)
{
        g_autofree char *folder = g_path_get_dirname(need->path);

        while (access(folder, F_OK) < 0 && errno == ENOENT) {
                char *above = g_path_get_dirname(folder);
                g_free(folder);
                folder = above;
        }
        if (strcmp(folder, "/") != 0)
                confine_files_add(files, folder, need->rights);
}

static void
add_needs(ConfineFiles *files, const ConfineNeeds *needs)
{
        for (guint i = 0; i < needs->files->len; i++) {
                const ConfineNeed *need = g_ptr_array_index(needs->files, i);
                if (need->is_file && (need->rights & CONFINE_WRITE))
                        add_maker(files, need);
                if (need->is_file)
                        confine_files_add_folder_of(files, need->path, need->rights);
                else
                        confine_files_add(files, need->path, need->rights);
        }
        for (size_t i = 0; needs->calls.programs && i < G_N_ELEMENTS(program_folders); i++)
                confine_files_add(files, program_folders[i], CONFINE_READ | CONFINE_EXECUTE);
}

static void
take_files(Confine *confine, const ConfineNeeds *needs, const Config *config)
{
        g_autoptr(GError) error = NULL;

        add_always(confine->files);
        add_needs(confine->files, needs);
        add_certificates(confine->files, config->certificates_dir);
        if (confine_files_enforce(confine->files, &error)) {
                confine->state.files = (unsigned)confine_files_version();
                return;
        }
        confine->files_lack = g_strdup(error->message);
        motet_warn("not confined to its files, as this kernel or container does not offer "
                   "it (%s): the server could open whatever its user may",
                   error->message);
}

/* Calls */

static void
tell(const LogRefusal *refusal)
{
        const char *name = confine_list_name((unsigned)refusal->number);

        motet_warn("call %d (%s) was refused to %s%s%s%s: the server is confined; further ones are "
                   "refused without a word",
                   refusal->number, name ? name : "unknown here", *refusal->module ? "module " : "",
                   *refusal->module ? refusal->module : "the core", *refusal->what ? " at " : "",
                   refusal->what);
}

static void
on_refusal(LoopWatch *watch, uint32_t events)
{
        LogRefusal refusal;

        (void)events;
        while (read(watch->fd, &refusal, sizeof refusal) == sizeof refusal) {
                refusal.module[LOG_REFUSAL_WORD - 1] = refusal.what[LOG_REFUSAL_WORD - 1] = '\0';
                tell(&refusal);
        }
}

/* Without descriptors for it they are still refused. */
static void
listen_for_refusals(Confine *confine)
{
        g_autoptr(GError) error = NULL;

        if (pipe2(confine->ends, O_CLOEXEC | O_NONBLOCK) == 0) {
                confine->watch.func = on_refusal;
                confine->watch.fd = confine->ends[0];
                if (!loop_watch(confine->loop, &confine->watch, EPOLLIN, &error))
                        motet_warn("refused calls are not told: %s", error->message);
        } else {
                confine->ends[0] = confine->ends[1] = -1;
                motet_warn("refused calls are not told: no descriptors are left");
        }
        log_refusal_deny(confine->ends[1]);
}

void
confine_take_calls(Confine *confine)
{
        g_autoptr(GError) error = NULL;

        if (!confine)
                return;
        if (confine->state.refused != CONFIG_CONFINE_ABORT)
                listen_for_refusals(confine);
        confine->state.calls = confine_calls_enforce(&confine->calls, &error);
        if (confine->state.calls)
                return;
        confine->calls_lack = g_strdup(error->message);
        motet_warn("not confined to its calls of the kernel, as this kernel or container does not "
                   "offer it (%s)",
                   error->message);
}

/* The whole */

Confine *
confine_new(Loop *loop, const Config *config, const GPtrArray *wanted)
{
        g_auto(ConfineNeeds) needs = {0};

        if (config->confine == CONFIG_CONFINE_OFF)
                return NULL;
        Confine *confine = g_new0(Confine, 1);
        confine->loop = loop;
        confine->files = confine_files_new();
        confine->state.refused = config->confine;
        confine->ends[0] = confine->ends[1] = -1;
        confine_needs_read(&needs, config, wanted);
        confine->calls = needs.calls;
        confine->programs_for = g_strdup(needs.programs_for);
        if (needs.programs_for)
                motet_info("module %s starts programs: these are confined as the server is, and "
                           "refused calls are not told",
                           needs.programs_for);
        take_files(confine, &needs, config);
        return confine;
}

void
confine_free(Confine *confine)
{
        if (!confine)
                return;
        if (confine->ends[0] >= 0) {
                log_refusal_deny(-1);
                loop_watch(confine->loop, &confine->watch, 0, NULL);
                close(confine->ends[0]);
                close(confine->ends[1]);
        }
        confine_files_free(confine->files);
        g_free(confine->files_lack);
        g_free(confine->calls_lack);
        g_free(confine->programs_for);
        g_free(confine);
}

/* A folder that is not there yet is missed by who looks for it. */
static bool
is_there(const ConfineNeed *need)
{
        g_autofree char *folder = need->is_file ? g_path_get_dirname(need->path) : NULL;

        return access(folder ? folder : need->path, F_OK) == 0;
}

static bool
has_family(const ConfineCalls *calls, uint32_t family)
{
        for (unsigned i = 0; i < calls->n_families; i++) {
                if (calls->families[i] == family)
                        return true;
        }
        return false;
}

static void
check_calls(const Confine *confine, const ConfineNeeds *needs, const Config *config,
            ConfigFindings *findings)
{
        if (needs->calls.programs && !confine->calls.programs)
                config_findings_add(findings, FINDING_CONFIG_NEEDS_RESTART, config->file, 0, 0,
                                    "module \"%s\" starts programs, which this server gave up at "
                                    "its start: it needs a restart",
                                    needs->programs_for);
        for (unsigned i = 0; i < needs->calls.n_families; i++) {
                if (!has_family(&confine->calls, needs->calls.families[i]))
                        config_findings_add(findings, FINDING_CONFIG_NEEDS_RESTART, config->file, 0,
                                            0,
                                            "a module needs sockets of the family %u, which this "
                                            "server gave up at its start: it needs a restart",
                                            (unsigned)needs->calls.families[i]);
        }
}

void
confine_check(const Confine *confine, const Config *config, const GPtrArray *wanted,
              ConfigFindings *findings)
{
        g_auto(ConfineNeeds) needs = {0};

        if (!confine)
                return;
        confine_needs_read(&needs, config, wanted);
        for (guint i = 0; i < needs.files->len; i++) {
                const ConfineNeed *need = g_ptr_array_index(needs.files, i);
                /* That programs need a restart is said once, below. */
                unsigned rights = need->rights & ~(confine->calls.programs ? 0u : CONFINE_EXECUTE);
                if (!is_there(need) || confine_files_allow(confine->files, need->path, rights))
                        continue;
                config_findings_add(findings, FINDING_CONFIG_NEEDS_RESTART, need->place, need->line,
                                    0,
                                    "%s: %s is outside of what this server was confined to at its "
                                    "start: it needs a restart",
                                    need->what, need->path);
        }
        check_calls(confine, &needs, config, findings);
}

ConfineState
confine_state(const Confine *confine)
{
        if (!confine)
                return (ConfineState){.refused = CONFIG_CONFINE_OFF};
        ConfineState state = confine->state;

        state.files_lack = confine->files_lack;
        state.calls_lack = confine->calls_lack;
        state.programs_for = confine->programs_for;
        state.n_refused = log_refusal_count();
        return state;
}
