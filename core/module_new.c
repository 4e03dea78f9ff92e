/*
 * module_new: writing a new module, from templates.
 */
#include "core/module_new.h"

#include <errno.h>
#include <fcntl.h>
#include <motet/error.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/config_module.h"
#include "core/descriptor.h"
#include "core/module_object.h"

#define TEMPLATE_MAX_BYTES ((gsize)256 * 1024)
#define USAGE "usage: module new NAME [--dir DIR] [--templates DIR]"

/* Of each template, the file that is made of it. */
static const struct {
        const char *template, *file;
} made[] = {
        {"module.c.in", "@NAME@.c"},
        {"module.yaml.in", "@NAME@.yaml"},
        {"module.md.in", "@NAME@.md"},
        {"module.scn.in", "@NAME@.scn"},
        {"test_module.c.in", "test_@NAME@.c"},
        {"CMakeLists.txt.in", "CMakeLists.txt"},
        {"README.md.in", "README.md"},
        {"LICENSE.in", "LICENSE"},
        {"gitignore.in", ".gitignore"},
        {"clang-format.in", ".clang-format"},
        {"ci.yml.in", ".github/workflows/test.yml"},
};

typedef struct {
        char *path, *text; /* (own) */
} File;

static void
file_free(void *data)
{
        File *file = data;

        g_free(file->path);
        g_free(file->text);
        g_free(file);
}

/* What is asked for */

static bool
take_option(const char *const **word, const char *option, const char **value_out)
{
        const char *text = **word;
        size_t n = strlen(option);

        if (strncmp(text, option, n) != 0)
                return false;
        if (text[n] == '=' && text[n + 1])
                *value_out = text + n + 1;
        else if (text[n] == '\0' && (*word)[1])
                *value_out = *++*word;
        else
                return false;
        return true;
}

bool
module_new_read(const char *const *words, ModuleNew *out, GError **error)
{
        *out = (ModuleNew){.name = NULL};
        for (const char *const *word = words + 2; *word; word++) {
                if (take_option(&word, "--dir", &out->dir) ||
                    take_option(&word, "--templates", &out->templates))
                        continue;
                if (**word == '-' || out->name) {
                        g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE,
                                    "\"%s\" is not understood; " USAGE, *word);
                        return false;
                }
                out->name = *word;
        }
        if (out->name)
                return true;
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE, "a name is missing; " USAGE);
        return false;
}

/* Names */

/* It becomes part of names in C. */
static bool
is_name(const char *name)
{
        return config_module_is_name(name) && g_ascii_islower(*name);
}

/* Returns: (own) the nearest to @name that is one; NULL: nothing is near */
static char *
mend(const char *name)
{
        g_autoptr(GString) mended = g_string_new(NULL);

        for (const char *c = name; *c; c++) {
                if (g_ascii_isalpha(*c) || (mended->len > 0 && g_ascii_isdigit(*c)))
                        g_string_append_c(mended, g_ascii_tolower(*c));
                else if (mended->len > 0 && mended->str[mended->len - 1] != '_')
                        g_string_append_c(mended, '_');
        }
        if (mended->len > 0 && mended->str[mended->len - 1] == '_')
                g_string_truncate(mended, mended->len - 1);
        return is_name(mended->str) ? g_strdup(mended->str) : NULL;
}

static bool
is_taken(const ModuleNew *what, const char *name)
{
        g_auto(GStrv) installed = module_object_names(MOTET_MODULES_DIR);

        return g_strv_contains((const char *const *)installed, name) ||
               (what->taken && g_strv_contains(what->taken, name));
}

static bool
check_name(const ModuleNew *what, GError **error)
{
        if (!is_name(what->name)) {
                g_autofree char *mended = mend(what->name);
                bool is_near = mended && !is_taken(what, mended);
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE,
                            "\"%s\" is no name for a module: a lower-case letter, then lower-case "
                            "letters, digits and _, 64 at most%s%s%s",
                            what->name, is_near ? "; such as \"" : "", is_near ? mended : "",
                            is_near ? "\"" : "");
                return false;
        }
        if (!is_taken(what, what->name))
                return true;
        g_autofree char *mine = g_strconcat("my_", what->name, NULL);
        bool is_free = is_name(mine) && !is_taken(what, mine);
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE,
                    "there is a module \"%s\" already: choose another name%s%s%s", what->name,
                    is_free ? ", such as \"" : "", is_free ? mine : "", is_free ? "\"" : "");
        return false;
}

/* Files */

/* Returns: (own) @text with what stands for something replaced */
static char *
fill_in(const char *text, const ModuleNew *what)
{
        g_autoptr(GDateTime) now = g_date_time_new_now_local();
        g_autofree char *year = g_strdup_printf("%d", now ? g_date_time_get_year(now) : 1970);
        g_autoptr(GString) filled = g_string_new(text);

        g_string_replace(filled, "@NAME@", what->name, 0);
        g_string_replace(filled, "@YEAR@", year, 0);
        return g_strdup(filled->str);
}

/* Returns: (own) NULL with @error */
static char *
read_template(const char *folder, const char *name, GError **error)
{
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autoptr(GError) why = NULL;
        char *text = NULL;
        gsize n;

        if (g_file_get_contents(path, &text, &n, &why)) {
                if (n <= TEMPLATE_MAX_BYTES && strlen(text) == n)
                        return text;
                g_free(text);
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_IO, "\"%s\" is no template", path);
        } else if (g_error_matches(why, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_MISSING,
                            "the template \"%s\" does not exist: install the package motet-dev, or "
                            "name a folder of templates with --templates (etc/module/ of the "
                            "source)",
                            path);
        } else {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_IO, "%s", why->message);
        }
        return NULL;
}

/* Returns: (own) of File, NULL with @error */
static GPtrArray *
prepare(const ModuleNew *what, const char *dir, GError **error)
{
        const char *templates = what->templates ? what->templates : MOTET_TEMPLATES_DIR;
        g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(file_free);

        for (size_t i = 0; i < G_N_ELEMENTS(made); i++) {
                g_autofree char *text = read_template(templates, made[i].template, error);
                if (!text)
                        return NULL;
                g_autofree char *name = fill_in(made[i].file, what);
                File *file = g_new0(File, 1);
                file->path = g_build_filename(dir, name, NULL);
                file->text = fill_in(text, what);
                g_ptr_array_add(files, file);
        }
        return g_steal_pointer(&files);
}

static bool
check_absent(const GPtrArray *files, GError **error)
{
        struct stat found;

        for (guint i = 0; i < files->len; i++) {
                const File *file = g_ptr_array_index(files, i);
                if (lstat(file->path, &found) < 0)
                        continue;
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_EXISTS,
                            "\"%s\" is there already, nothing was written: choose another name, or "
                            "another folder with --dir",
                            file->path);
                return false;
        }
        return true;
}

static bool
fail_writing(const char *path, GError **error)
{
        g_set_error(error, MOTET_ERROR, errno == EEXIST ? MOTET_ERROR_EXISTS : MOTET_ERROR_IO,
                    "cannot write \"%s\": %s", path, g_strerror(errno));
        return false;
}

/* This program keeps what it makes to itself; sources are for whoever the caller's umask allows. */
static bool
write_file(const File *file, GError **error)
{
        g_autofree char *folder = g_path_get_dirname(file->path);

        if (g_mkdir_with_parents(folder, 0777) < 0)
                return fail_writing(folder, error);
        int fd = open(file->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (fd < 0)
                return fail_writing(file->path, error);
        bool is_done = descriptor_write_all(fd, file->text, strlen(file->text));
        if (!is_done)
                fail_writing(file->path, error);
        close(fd);
        if (!is_done)
                unlink(file->path);
        return is_done;
}

static bool
write_files(const GPtrArray *files, GError **error)
{
        for (guint i = 0; i < files->len; i++) {
                if (write_file(g_ptr_array_index(files, i), error))
                        continue;
                while (i-- > 0)
                        unlink(((const File *)g_ptr_array_index(files, i))->path);
                return false;
        }
        return true;
}

/* What is next */

static void
tell(const ModuleNew *what, const char *dir, void (*print)(void *data, const char *line),
     void *data)
{
        static const char *const lines[] = {
                "@DIR@ has the module @NAME@: its code in @NAME@.c, options in @NAME@.yaml, manual "
                "in @NAME@.md, tests in @NAME@.scn and test_@NAME@.c.",
                "Your name goes into LICENSE. What is next:",
                "",
                "    cd @DIR@",
                "    cmake -B build -DCMAKE_BUILD_TYPE=RelWithDebInfo && cmake --build build",
                "    ctest --test-dir build --output-on-failure",
                "    motetctl module lint build/modules/mod_@NAME@.so",
                "",
                "With a server of your own, each new build takes over until Ctrl-C:",
                "",
                "    motetctl --config FILE module dev build",
                "",
                "To install it for good, as root:",
                "",
                "    cmake --install build && motetctl module enable @NAME@",
                NULL,
        };
        g_autofree char *quoted = g_shell_quote(dir);
        bool is_plain =
                strspn(dir, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "_-./+,") == strlen(dir);

        for (const char *const *line = lines; *line; line++) {
                g_autoptr(GString) text = g_string_new(*line);
                g_string_replace(text, "@NAME@", what->name, 0);
                g_string_replace(text, "@DIR@", is_plain ? dir : quoted, 0);
                print(data, text->str);
        }
}

bool
module_new_write(const ModuleNew *what, void (*print)(void *data, const char *line), void *data,
                 GError **error)
{
        const char *dir = what->dir ? what->dir : what->name;

        if (!check_name(what, error))
                return false;
        g_autoptr(GPtrArray) files = prepare(what, dir, error);
        if (!files || !check_absent(files, error) || !write_files(files, error))
                return false;
        tell(what, dir, print, data);
        return true;
}
