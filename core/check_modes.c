/*
 * check_modes: owners and modes of configuration, keys, data, log and control socket.
 *
 * Modules are looked at where they are opened (module_object.c), and keys that everybody may read
 * where they are read (certificate_file.c).
 */
#include "core/check_modes.h"

#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/certificates.h"

#define BY_OTHERS (S_IWGRP | S_IWOTH)

typedef struct {
        CheckContext *context;
        uid_t trusted[4]; /* root, who runs this, the user to become, the owner of the data */
} Modes;

static bool
is_trusted(const Modes *modes, uid_t uid)
{
        for (size_t i = 0; i < G_N_ELEMENTS(modes->trusted); i++) {
                if (modes->trusted[i] == uid)
                        return true;
        }
        return false;
}

static char *
user_name(uid_t uid)
{
        const struct passwd *entry = getpwuid(uid);

        return entry ? g_strdup(entry->pw_name) : g_strdup_printf("%u", (unsigned)uid);
}

/* Whoever writes what stands at @path decides what the server does. */
static void
require_safe(const Modes *modes, const char *path)
{
        ConfigFindings *findings = modes->context->findings;
        struct stat file;

        if (!path || stat(path, &file) < 0)
                return;
        /* In a sticky folder others cannot put a file in the place of one that is there. */
        if ((file.st_mode & BY_OTHERS) && !(S_ISDIR(file.st_mode) && (file.st_mode & S_ISVTX))) {
                config_findings_add(findings, FINDING_SECURITY_WRITABLE, path, 0, 0,
                                    "may be written by %s (mode %04o)",
                                    file.st_mode & S_IWOTH ? "everybody" : "its group",
                                    (unsigned)file.st_mode & 07777);
                config_findings_hint(findings, "chmod go-w %s", path);
        }
        if (!is_trusted(modes, file.st_uid)) {
                g_autofree char *name = user_name(file.st_uid);
                config_findings_add(findings, FINDING_SECURITY_OWNER, path, 0, 0,
                                    "belongs to %s, who may change it", name);
                config_findings_hint(findings, "chown root %s", path);
        }
}

static void
look_at_configuration(const Modes *modes)
{
        const Config *config = modes->context->config;

        require_safe(modes, config->dir);
        require_safe(modes, config->plugins_dir);
        for (guint i = 0; i < config->files->len; i++)
                require_safe(modes, g_ptr_array_index(config->files, i));
}

static void
look_at_certificates(const Modes *modes)
{
        const Config *config = modes->context->config;
        g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
        g_autoptr(GPtrArray) reports =
                certificates_examine(config, g_get_real_time() / G_USEC_PER_SEC);

        for (guint i = 0; i < reports->len; i++) {
                const CertificateReport *report = g_ptr_array_index(reports, i);
                const Certificate *certificate = report->certificate;
                if (!certificate)
                        continue;
                if (g_hash_table_add(seen, certificate->file))
                        require_safe(modes, certificate->file);
                if (certificate->key_file && g_hash_table_add(seen, certificate->key_file))
                        require_safe(modes, certificate->key_file);
        }
}

static void
look_at_data(const Modes *modes)
{
        ConfigFindings *findings = modes->context->findings;
        const char *path = modes->context->config->data_dir;
        struct stat folder;

        if (stat(path, &folder) < 0 || !(folder.st_mode & (S_IRWXG | S_IRWXO)))
                return;
        config_findings_add(findings, FINDING_SECURITY_DATA_EXPOSED, path, 0, 0,
                            "is open to %s (mode %04o)",
                            folder.st_mode & S_IRWXO ? "everybody" : "its group",
                            (unsigned)folder.st_mode & 07777);
        config_findings_hint(findings, "chmod 0700 %s", path);
}

static void
look_at_log(const Modes *modes)
{
        ConfigFindings *findings = modes->context->findings;
        const char *path = modes->context->config->log_target;
        struct stat file;

        if (!path || !g_path_is_absolute(path) || stat(path, &file) < 0 || !S_ISREG(file.st_mode))
                return;
        if (!(file.st_mode & S_IRWXO))
                return;
        config_findings_add(findings, FINDING_SECURITY_LOG_EXPOSED, path, 0, 0,
                            "may be read by everybody (mode %04o)", (unsigned)file.st_mode & 07777);
        config_findings_hint(findings, "chmod o= %s", path);
}

/* Also with the sticky bit somebody may be there before the server is. */
static void
look_at_control_folder(const Modes *modes)
{
        ConfigFindings *findings = modes->context->findings;
        g_autofree char *path = g_path_get_dirname(modes->context->config->control_socket);
        struct stat folder;

        if (stat(path, &folder) < 0 || !(folder.st_mode & BY_OTHERS))
                return;
        config_findings_add(findings, FINDING_SECURITY_CONTROL_FOLDER, path, 0, 0,
                            "%s may put a socket where motetctl looks for the server",
                            folder.st_mode & S_IWOTH ? "everybody" : "its group");
        config_findings_hint(findings, "set control_socket to a file in a folder of the server's "
                                       "own");
}

void
check_modes(CheckContext *context)
{
        const Config *config = context->config;
        const struct passwd *user = config->user ? getpwnam(config->user) : NULL;
        Modes modes = {context, {0, geteuid(), user ? user->pw_uid : 0, 0}};
        struct stat data;

        if (stat(config->data_dir, &data) == 0)
                modes.trusted[3] = data.st_uid;
        look_at_configuration(&modes);
        look_at_certificates(&modes);
        look_at_data(&modes);
        look_at_log(&modes);
        look_at_control_folder(&modes);
}
