/*
 * module_switch: enabling and disabling a module in its drop-in, with what is in force following it
 * or the file being put back.
 */
#include "core/module_switch.h"

#include <errno.h>
#include <fcntl.h>
#include <motet/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/descriptor.h"
#include "core/module_choice.h"
#include "core/module_edit.h"

enum { FILE_MAX_BYTES = 1024 * 1024 };

bool
module_switch_read(const char *const *words, ModuleSwitch *out, GError **error)
{
        out->enable = strcmp(words[1], "enable") == 0;
        for (const char *const *word = words + 2; *word; word++) {
                if (g_str_has_prefix(*word, "--host=")) {
                        out->host = *word + strlen("--host=");
                } else if (strcmp(*word, "--host") == 0 && word[1]) {
                        out->host = *++word;
                } else if (**word != '-' && !out->name) {
                        out->name = *word;
                } else {
                        g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE,
                                    "\"%s\" is not understood; usage: module %s MODULE [--host "
                                    "HOST]",
                                    *word, words[1]);
                        return false;
                }
        }
        if (out->name)
                return true;
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE,
                    "the argument module is missing; usage: module %s MODULE [--host HOST]",
                    words[1]);
        return false;
}

/* Files */

static bool
fail(GError **error, const char *path)
{
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_IO, "\"%s\" cannot be changed: %s", path,
                    g_strerror(errno));
        return false;
}

/* The new file is on disk before it gets the name. @like: what it replaces, or NULL */
static bool
write_like(int fd, const char *text, const struct stat *like)
{
        struct stat made;

        if (fstat(fd, &made) < 0)
                return false;
        if (like && (made.st_uid != like->st_uid || made.st_gid != like->st_gid) &&
            fchown(fd, like->st_uid, like->st_gid) < 0)
                return false;
        return fchmod(fd, like ? like->st_mode & 07777 : 0644) == 0 &&
               descriptor_write_all(fd, text, strlen(text)) && fsync(fd) == 0;
}

static void
sync_folder(const char *folder)
{
        int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0)
                return;
        fsync(fd);
        close(fd);
}

/* Readers see the former file or the new one. */
static bool
replace_file(const char *path, const char *text, GError **error)
{
        g_autofree char *folder = g_path_get_dirname(path);
        g_autofree char *base = g_path_get_basename(path);
        g_autofree char *made = g_strdup_printf("%s/.%s.XXXXXX", folder, base);
        struct stat former;
        bool is_there = stat(path, &former) == 0;

        int fd = g_mkstemp_full(made, O_RDWR | O_CLOEXEC, 0600);
        if (fd < 0)
                return fail(error, path);
        bool is_good = write_like(fd, text, is_there ? &former : NULL) && rename(made, path) == 0;
        if (!is_good)
                fail(error, path);
        close(fd);
        if (!is_good)
                unlink(made);
        else
                sync_folder(folder);
        return is_good;
}

/* Returns: (own) the text; NULL without error when there is no such file */
static char *
read_text(const char *path, bool *good_out, GError **error)
{
        g_autoptr(GError) why = NULL;
        char *text = NULL;
        gsize n;

        *good_out = true;
        if (g_file_get_contents(path, &text, &n, &why)) {
                if (n <= FILE_MAX_BYTES && strlen(text) == n)
                        return text;
                g_free(text);
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG, "\"%s\" is no drop-in", path);
                *good_out = false;
                return NULL;
        }
        *good_out = g_error_matches(why, G_FILE_ERROR, G_FILE_ERROR_NOENT);
        if (!*good_out)
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_IO, "%s", why->message);
        return NULL;
}

static void
put_back(const char *path, const char *former, const char *written, const ModuleSwitchOwner *owner)
{
        g_autoptr(GError) error = NULL;
        g_autofree char *now = NULL;

        if (!g_file_get_contents(path, &now, NULL, &error)) {
                owner->line(owner->data, error->message);
                return;
        }
        if (strcmp(now, written) != 0) {
                owner->line(owner->data,
                            "the drop-in was changed by somebody else meanwhile: it is "
                            "left as it is");
                return;
        }
        if (!former && unlink(path) < 0)
                fail(&error, path);
        else if (former)
                replace_file(path, former, &error);
        if (error)
                owner->line(owner->data, error->message);
}

/* What is wanted */

/* The hosts of @module with @host among them or not; NULL: no change. Empty: on all */
static GPtrArray *
hosts_with(const Config *config, const ConfigModule *module, const char *host, bool enable)
{
        GPtrArray *hosts = g_ptr_array_new();
        bool runs = module && module->enabled;

        for (guint i = 0; i < config->hosts->len; i++) {
                char *name = ((const ConfigHost *)g_ptr_array_index(config->hosts, i))->name;
                bool is_on = runs && (!module->hosts ||
                                      g_strv_contains((const char *const *)module->hosts, name));
                if (strcmp(name, host) == 0 ? enable : is_on)
                        g_ptr_array_add(hosts, name);
        }
        g_ptr_array_add(hosts, NULL);
        return hosts;
}

static bool
is_on(const ConfigModule *module, const char *host)
{
        return module && module->enabled &&
               (!host || !module->hosts ||
                g_strv_contains((const char *const *)module->hosts, host));
}

/* Disabling it on its last host switches it off, and what is said of hosts stays. Where it is
 * enabled on every host, nothing need be said of them. */
static ModuleEdit
edit_for(const Config *config, const ConfigModule *module, const ModuleSwitch *what,
         const char *host, GPtrArray **hosts_out)
{
        static const char *const everywhere[] = {NULL};
        ModuleEdit edit = {.enabled = what->enable};

        if (!host)
                return edit;
        *hosts_out = hosts_with(config, module, host, what->enable);
        guint n = (*hosts_out)->len - 1;
        edit.enabled = n > 0;
        if (n == config->hosts->len && (!module || !module->hosts))
                edit.hosts = everywhere;
        else if (n > 0)
                edit.hosts = (const char *const *)(*hosts_out)->pdata;
        return edit;
}

static bool
check_place(const ConfigModule *module, const char *path, GError **error)
{
        if (!module || strcmp(module->place.file, path) == 0)
                return true;
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG,
                    "%s is configured in %s, line %u: change it there", module->name,
                    module->place.file, module->place.line);
        return false;
}

static void
tell(const ModuleSwitchOwner *owner, const ModuleSwitch *what, const char *host)
{
        g_autofree char *text = g_strdup_printf("%s is %s%s%s already", what->name,
                                                what->enable ? "enabled" : "disabled",
                                                host ? " on " : "", host ? host : "");

        owner->line(owner->data, text);
}

/* Of a file that cannot be read nobody knows what it switches on. */
static bool
check_readable(const ConfigFindings *findings, GError **error)
{
        for (guint i = 0; i < findings->list->len; i++) {
                const ConfigFinding *finding = g_ptr_array_index(findings->list, i);
                if (finding->id != FINDING_CONFIG_UNREADABLE)
                        continue;
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG, "%s: %s", finding->file,
                            finding->text);
                return false;
        }
        return true;
}

/* Where the file itself is, when what is in the folder is a link to it. */
static char *
real_path(const char *path)
{
        char *real = realpath(path, NULL);
        char *copy = g_strdup(real ? real : path);

        free(real);
        return copy;
}

static bool
change_and_apply(const char *path, const ModuleEdit *edit, const ModuleSwitchOwner *owner,
                 GError **error)
{
        bool is_readable;
        g_autofree char *former = read_text(path, &is_readable, error);
        if (!is_readable)
                return false;

        g_autofree char *text = module_edit_text(former ? former : "", edit, path, error);
        if (!text || !replace_file(path, text, error))
                return false;
        if (owner->apply(owner->data, error))
                return true;
        put_back(path, former, text, owner);
        return false;
}

bool
module_switch_run(const ModuleSwitch *what, const ModuleSwitchOwner *owner, GError **error)
{
        ConfigFindings findings;

        config_findings_init(&findings);
        g_autoptr(Config) config = config_load(what->config_file, &findings);
        bool is_readable = check_readable(&findings, error);
        config_findings_clear(&findings);
        if (!is_readable)
                return false;
        if (!module_choice_known(config, what->name, error))
                return false;
        g_autofree char *host = NULL;
        if (what->host && !(host = module_choice_served(config, what->host, error)))
                return false;

        g_autofree char *name = g_strconcat(what->name, ".yaml", NULL);
        g_autofree char *path = g_build_filename(config->plugins_dir, name, NULL);
        const ConfigModule *module = config_module(config, what->name);
        if (!check_place(module, path, error))
                return false;
        if (is_on(module, host) == what->enable) {
                tell(owner, what, host);
                return true;
        }

        g_autoptr(GPtrArray) hosts = NULL;
        const ModuleEdit edit = edit_for(config, module, what, host, &hosts);
        g_autofree char *real = real_path(path);
        return change_and_apply(real, &edit, owner, error);
}
