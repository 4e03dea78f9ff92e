/*
 * module_file: a module's file against this program: its interface, its functions, its libraries.
 */
#include "core/module_file.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>

#include "core/module_refusal.h"

#define SYMBOL "motet_module"
#define REBUILD "against this server's headers"

bool
module_file_is_module(const ElfFile *file, GError **error)
{
        if (elf_file_export(file, SYMBOL))
                return true;
        return module_refusal(error, "is no module: it does not export \"" SYMBOL "\"");
}

bool
module_file_fits_abi(uint32_t abi, GError **error)
{
        unsigned major = abi >> 16, minor = abi & 0xffffU;

        if (abi == 0)
                return module_refusal(error,
                                      "does not say which interface it was built for: set .abi = "
                                      "MOTET_ABI in its descriptor");
        if (major != MOTET_ABI_MAJOR)
                return module_refusal(
                        error,
                        "was built for interface %u.%u, this server has %u.%u: build it "
                        "again " REBUILD,
                        major, minor, MOTET_ABI_MAJOR, MOTET_ABI_MINOR);
        if (minor > MOTET_ABI_MINOR)
                return module_refusal(
                        error,
                        "needs interface %u.%u, this server has %u.%u: upgrade the server, or "
                        "build the module " REBUILD,
                        major, minor, MOTET_ABI_MAJOR, MOTET_ABI_MINOR);
        return true;
}

bool
module_file_fits(const ElfFile *file, GError **error)
{
        const ElfSymbol *symbol = elf_file_export(file, SYMBOL);
        uint32_t abi; /* the first field of the descriptor */

        if (!symbol || !elf_file_read(file, symbol, &abi, sizeof abi))
                return module_refusal(error, "is damaged: its descriptor \"" SYMBOL
                                             "\" is not in the file; "
                                             "build or install it again");
        return module_file_fits_abi(abi, error);
}

/* The run-time part of a sanitizer must be there before all else: opened later, it ends the
 * program. */
static bool
is_sanitized_alike(const ElfFile *file, GError **error)
{
        static const struct {
                const char *symbol, *name;
        } sanitizers[] = {
                {"__asan_init", "AddressSanitizer"},
                {"__tsan_init", "ThreadSanitizer"},
                {"__msan_init", "MemorySanitizer"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(sanitizers); i++) {
                const char *symbol = sanitizers[i].symbol;
                if (elf_file_imports(file, symbol) && !dlsym(RTLD_DEFAULT, symbol))
                        return module_refusal(
                                error, "was built with %s, this server was not: build it without",
                                sanitizers[i].name);
        }
        return true;
}

bool
module_file_is_complete(const ElfFile *file, GError **error)
{
        for (guint i = 0; i < file->imports->len; i++) {
                const ElfSymbol *symbol = &g_array_index(file->imports, ElfSymbol, i);
                if (symbol->is_weak || !g_str_has_prefix(symbol->name, "motet_") ||
                    dlsym(RTLD_DEFAULT, symbol->name))
                        continue;
                return module_refusal(
                        error,
                        "uses \"%s\", which this server does not have: upgrade the server, or "
                        "build the module " REBUILD,
                        symbol->name);
        }
        return is_sanitized_alike(file, error);
}

bool
module_file_check(const ElfFile *file, GError **error)
{
        return module_file_is_module(file, error) && module_file_fits(file, error) &&
               module_file_is_complete(file, error);
}

static void
fail_as_told(const ElfFile *file, const char *told, GError **error)
{
        static const char undefined[] = "undefined symbol: ";
        const char *symbol = strstr(told, undefined);

        for (guint i = 0; i < file->needed->len; i++) {
                const char *library = g_ptr_array_index(file->needed, i);
                size_t n = strlen(library);
                if (strncmp(told, library, n) == 0 && g_str_has_prefix(told + n, ": cannot open")) {
                        module_refusal(
                                error,
                                "needs the library \"%s\", which cannot be opened (%s): install it",
                                library, strrchr(told, ':') + 2);
                        return;
                }
        }
        if (symbol) {
                symbol += strlen(undefined);
                module_refusal(
                        error,
                        "uses \"%.*s\", which neither the server nor a library that it names has: "
                        "link it with the library that has it",
                        (int)strcspn(symbol, ", "), symbol);
                return;
        }
        module_refusal(error, "cannot be opened: %s", told);
}

void *
module_file_open(const ElfFile *file, const char *path, GError **error)
{
        void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);

        if (!handle)
                fail_as_told(file, dlerror(), error);
        return handle;
}

/* A module that was built with older headers has a shorter descriptor: its size is that of its
 * symbol. */
MotetModuleInfo *
module_file_info(void *handle)
{
        const MotetModuleInfo *exported = dlsym(handle, SYMBOL);
        const ElfW(Sym) *symbol = NULL;
        size_t n = sizeof *exported;
        Dl_info found;

        if (!exported)
                return NULL;
        if (dladdr1(exported, &found, (void **)&symbol, RTLD_DL_SYMENT) && symbol &&
            symbol->st_size > 0)
                n = MIN(n, symbol->st_size);
        MotetModuleInfo *info = g_new0(MotetModuleInfo, 1);
        memcpy(info, exported, n);
        return info;
}
