/*
 * module_lint: a module's file as the loader sees it; its descriptor is looked at by
 * module_lint_info.c.
 */
#include "core/module_lint.h"

#include <dlfcn.h>
#include <motet/error.h>
#include <string.h>

#include "core/check_print.h"
#include "core/module_file.h"

bool
module_lint_words(const char *const *words, ModuleLintParams *params, GPtrArray *files,
                  GError **error)
{
        for (; *words; words++) {
                if (strcmp(*words, "--json") == 0) {
                        params->json = true;
                } else if (strcmp(*words, "--strict") == 0) {
                        params->strict = true;
                } else if ((*words)[0] == '-') {
                        g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE,
                                    "module lint has the options --json and --strict, not \"%s\"",
                                    *words);
                        return false;
                } else {
                        g_ptr_array_add(files, (gpointer)*words);
                }
        }
        if (files->len == 0) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE,
                            "module lint takes the files of modules: module lint FILE…");
                return false;
        }
        g_ptr_array_add(files, NULL);
        params->files = (const char *const *)files->pdata;
        return true;
}

G_GNUC_PRINTF(4, 5)
static void
add(ConfigFindings *findings, FindingId id, const char *path, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        g_autofree char *text = g_strdup_vprintf(format, args);
        va_end(args);
        config_findings_add(findings, id, path, 0, 0, "%s", text);
}

/* What linkers and sanitizers export of every object. */
static bool
is_toolchains(const char *name)
{
        static const char *const whole[] = {"_init",   "_fini",       "_edata",
                                            "__edata", "_end",        "__bss_start",
                                            "__end__", "__cfi_check", NULL};

        return g_strv_contains(whole, name) || g_str_has_prefix(name, "__odr_asan");
}

static void
check_exports(const char *path, const ElfFile *file, ConfigFindings *findings)
{
        for (guint i = 0; i < file->exports->len; i++) {
                const char *name = g_array_index(file->exports, ElfSymbol, i).name;
                if (strcmp(name, "motet_module") != 0 && !is_toolchains(name))
                        add(findings, FINDING_MODULE_EXPORTS, path,
                            "exports \"%s\" beside motet_module: make it static, or build with "
                            "-fvisibility=hidden",
                            name);
        }
}

static void
check_code(const char *path, const ElfFile *file, ConfigFindings *findings)
{
        for (guint i = 0; i < file->code->len; i++) {
                const ElfCode *code = &g_array_index(file->code, ElfCode, i);
                g_autofree char *place =
                        code->n_source > 0 ? g_strndup(code->name, code->n_source)
                                           : g_strdup_printf("code at 0x%" G_GINT64_MODIFIER "x",
                                                             code->address);
                add(findings, FINDING_MODULE_RUNS_AT_OPEN, path,
                    "runs %s when it is %s: do that in %s, which is called for each instance",
                    place, code->at_close ? "closed" : "opened",
                    code->at_close ? "unload" : "load");
        }
}

static void
check_loading(const char *path, const ElfFile *file, ConfigFindings *findings)
{
        if (file->writes_text)
                add(findings, FINDING_MODULE_TEXT_RELOCATIONS, path,
                    "changes its own code when it is loaded: build all of it with -fPIC");
        if (file->runs_stack)
                add(findings, FINDING_MODULE_EXECUTABLE_STACK, path,
                    "makes the stack of the whole server executable: link it with "
                    "-Wl,-z,noexecstack, and mark assembler sources with .note.GNU-stack");
        if (file->run_path)
                add(findings, FINDING_MODULE_RUN_PATH, path,
                    "looks for libraries in \"%s\" before where the system has them: link it "
                    "without -rpath",
                    file->run_path);
}

/* Returns: whether it may be opened */
static bool
check_with(const char *path, const ElfFile *file, FindingId id,
           bool (*check)(const ElfFile *file, GError **error), ConfigFindings *findings)
{
        g_autoptr(GError) error = NULL;

        if (check(file, &error))
                return true;
        add(findings, id, path, "%s", error->message);
        return false;
}

static void
open_and_check(const char *path, const ElfFile *file, ConfigFindings *findings)
{
        g_autoptr(GError) error = NULL;
        /* A name without a slash would be looked for among the libraries. */
        g_autofree char *whole = g_canonicalize_filename(path, NULL);
        void *handle = module_file_open(file, whole, &error);

        if (!handle) {
                add(findings, FINDING_MODULE_MISSING_SYMBOL, path, "%s", error->message);
                return;
        }
        g_autofree MotetModuleInfo *info = module_file_info(handle);
        if (info)
                module_lint_info(path, info, findings);
        dlclose(handle);
}

static void
lint(const char *path, ConfigFindings *findings)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(ElfFile) file = elf_file_open(path, &error);

        if (!file) {
                add(findings, FINDING_MODULE_FILE, path, "%s", error->message);
                return;
        }
        if (!check_with(path, file, FINDING_MODULE_FILE, module_file_is_module, findings))
                return;
        check_exports(path, file, findings);
        check_code(path, file, findings);
        check_loading(path, file, findings);
        bool fits = check_with(path, file, FINDING_MODULE_INTERFACE, module_file_fits, findings);
        bool is_whole = check_with(path, file, FINDING_MODULE_MISSING_SYMBOL,
                                   module_file_is_complete, findings);
        if (fits && is_whole && file->code->len == 0 && !file->writes_text && !file->runs_stack)
                open_and_check(path, file, findings);
        else
                add(findings, FINDING_MODULE_NOT_OPENED, path,
                    "was not opened: its descriptor is looked at once the above is right");
}

int
module_lint_run(const ModuleLintParams *params, CheckPrint print, void *data)
{
        ConfigFindings findings;

        config_findings_init(&findings);
        for (const char *const *path = params->files; *path; path++)
                lint(*path, &findings);
        config_findings_sort(&findings);
        if (params->json)
                check_print_json(&findings, print, data);
        else
                check_print_text(&findings, NULL, print, data);
        int code = check_exit_code(&findings, params->strict);
        config_findings_clear(&findings);
        return code;
}
