/*
 * heap: leading calls of malloc() and its like through functions that count, for a while.
 */
#include "core/heap.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <malloc.h>
#include <motet/error.h>
#include <motet/log.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Relocations that stand for the address of a function: of a call, and of a pointer. */
#if defined(__x86_64__)
#define RELOCATION_CALL R_X86_64_JUMP_SLOT
#define RELOCATION_POINTER R_X86_64_GLOB_DAT
#elif defined(__aarch64__)
#define RELOCATION_CALL R_AARCH64_JUMP_SLOT
#define RELOCATION_POINTER R_AARCH64_GLOB_DAT
#endif

typedef void (*Function)(void);

/* What malloc() is given says nothing of whom it is for: the count of a thread is the thread's. */
static _Thread_local struct {
        bool is_counted;
        HeapCount count;
} mine;

/* Found once, and never by way of an entry that leads here. */
static struct {
        void *(*malloc)(size_t n);
        void *(*calloc)(size_t n, size_t size);
        void *(*realloc)(void *block, size_t n);
        void (*free)(void *block);
        void *(*memalign)(size_t alignment, size_t n);
        void *(*aligned_alloc)(size_t alignment, size_t n);
        int (*posix_memalign)(void **block_out, size_t alignment, size_t n);
} real;

static void *
count(void *block)
{
        if (mine.is_counted)
                mine.count.allocated += malloc_usable_size(block);
        return block;
}

static void *
counted_malloc(size_t n)
{
        return count(real.malloc(n));
}

static void *
counted_calloc(size_t n, size_t size)
{
        return count(real.calloc(n, size));
}

/* Growing in place is no new block. */
static void *
counted_realloc(void *block, size_t n)
{
        size_t before = mine.is_counted ? malloc_usable_size(block) : 0;
        void *moved = real.realloc(block, n);

        if (!mine.is_counted || (!moved && n > 0))
                return moved;
        size_t after = malloc_usable_size(moved);
        if (after > before)
                mine.count.allocated += after - before;
        else
                mine.count.freed += before - after;
        return moved;
}

static void
counted_free(void *block)
{
        if (mine.is_counted)
                mine.count.freed += malloc_usable_size(block);
        real.free(block);
}

static void *
counted_memalign(size_t alignment, size_t n)
{
        return count(real.memalign(alignment, n));
}

static void *
counted_aligned_alloc(size_t alignment, size_t n)
{
        return count(real.aligned_alloc(alignment, n));
}

static int
counted_posix_memalign(void **block_out, size_t alignment, size_t n)
{
        int failure = real.posix_memalign(block_out, alignment, n);

        if (failure == 0)
                count(*block_out);
        return failure;
}

static const struct {
        const char *name;
        Function *real; /* where it is kept */
        Function counted;
} functions[] = {
        {"malloc", (Function *)&real.malloc, (Function)counted_malloc},
        {"calloc", (Function *)&real.calloc, (Function)counted_calloc},
        {"realloc", (Function *)&real.realloc, (Function)counted_realloc},
        {"free", (Function *)&real.free, (Function)counted_free},
        {"memalign", (Function *)&real.memalign, (Function)counted_memalign},
        {"aligned_alloc", (Function *)&real.aligned_alloc, (Function)counted_aligned_alloc},
        {"posix_memalign", (Function *)&real.posix_memalign, (Function)counted_posix_memalign},
};

static bool
fail(const char *why, GError **error)
{
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_IO, "memory cannot be counted: %s", why);
        return false;
}

#ifdef RELOCATION_CALL

/* A program or library in memory. */
typedef struct {
        const struct dl_phdr_info *info;
        const ElfW(Sym) * symbols;
        const char *strings;
        const ElfW(Rela) * tables[2];
        size_t n_entries[2];
        uintptr_t sealed, sealed_end; /* made read-only once it was linked; rounded as ld.so does */
        bool is_open;                 /* that is writable at the moment */
} Object;

typedef struct {
        bool is_counted;   /* lead them to what counts; false: back */
        bool is_refused;   /* by the system, somewhere */
        bool is_outdated;  /* an object was closed since .ready was found */
        GHashTable *ready; /* (own) of the objects' headers: the loader has done with them */
        unsigned long long n_removed; /* objects ever, when .ready was found */
} Redirection;

/* Closing objects while others are opened: so often in a row that it must be on purpose. */
#define MAX_PASSES 10000

/* ld.so writes addresses into the sections it may write to, and leaves offsets in the others. */
static const void *
address_of(const struct dl_phdr_info *info, ElfW(Addr) value)
{
        return (const void *)(value < info->dlpi_addr ? info->dlpi_addr + value : value);
}

static void
read_dynamic(Object *object, const ElfW(Dyn) * entry)
{
        for (; entry->d_tag != DT_NULL; entry++) {
                const void *at = address_of(object->info, entry->d_un.d_ptr);
                if (entry->d_tag == DT_SYMTAB)
                        object->symbols = at;
                else if (entry->d_tag == DT_STRTAB)
                        object->strings = at;
                else if (entry->d_tag == DT_RELA)
                        object->tables[0] = at;
                else if (entry->d_tag == DT_RELASZ)
                        object->n_entries[0] = entry->d_un.d_val / sizeof(ElfW(Rela));
                else if (entry->d_tag == DT_JMPREL)
                        object->tables[1] = at;
                else if (entry->d_tag == DT_PLTRELSZ)
                        object->n_entries[1] = entry->d_un.d_val / sizeof(ElfW(Rela));
        }
}

static bool
read_object(Object *object, const struct dl_phdr_info *info)
{
        const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

        *object = (Object){.info = info};
        for (unsigned i = 0; i < info->dlpi_phnum; i++) {
                const ElfW(Phdr) *part = &info->dlpi_phdr[i];
                uintptr_t at = info->dlpi_addr + part->p_vaddr;
                if (part->p_type == PT_DYNAMIC)
                        read_dynamic(object, (const ElfW(Dyn) *)at);
                if (part->p_type != PT_GNU_RELRO)
                        continue;
                object->sealed = at & -page;
                object->sealed_end = (at + part->p_memsz) & -page;
        }
        return object->symbols && object->strings;
}

static bool
is_inside(const struct dl_phdr_info *info, uintptr_t at)
{
        for (unsigned i = 0; i < info->dlpi_phnum; i++) {
                const ElfW(Phdr) *part = &info->dlpi_phdr[i];
                if (part->p_type == PT_LOAD && at - info->dlpi_addr - part->p_vaddr < part->p_memsz)
                        return true;
        }
        return false;
}

static bool
set_sealed(Object *object, bool is_open)
{
        void *at = (void *)object->sealed;
        size_t n = object->sealed_end - object->sealed;

        if (mprotect(at, n, is_open ? PROT_READ | PROT_WRITE : PROT_READ) < 0)
                return false;
        object->is_open = is_open;
        return true;
}

static bool
write_entry(Object *object, Function *entry, Function function)
{
        uintptr_t at = (uintptr_t)entry;

        if (at >= object->sealed && at < object->sealed_end && !object->is_open &&
            !set_sealed(object, true))
                return false;
        /* Other threads call through it at this moment. */
        __atomic_store_n(entry, function, __ATOMIC_RELAXED);
        return true;
}

/*
 * An entry that was never called leads into its own object, where it would be looked up. One that
 * leads elsewhere is of somebody who has a malloc() of their own: it stays.
 */
static bool
redirect_entry(Object *object, const ElfW(Rela) * relocation, bool is_counted)
{
        const ElfW(Sym) *symbol = &object->symbols[ELF64_R_SYM(relocation->r_info)];
        Function *entry = (Function *)(object->info->dlpi_addr + relocation->r_offset);

        for (size_t i = 0; i < G_N_ELEMENTS(functions); i++) {
                if (strcmp(object->strings + symbol->st_name, functions[i].name) != 0)
                        continue;
                Function now = __atomic_load_n(entry, __ATOMIC_RELAXED);
                if (!is_counted)
                        return now != functions[i].counted ||
                               write_entry(object, entry, *functions[i].real);
                if (now != *functions[i].real && !is_inside(object->info, (uintptr_t)now))
                        return true;
                return write_entry(object, entry, functions[i].counted);
        }
        return true;
}

static int
redirect_object(struct dl_phdr_info *info, size_t size, void *data)
{
        Redirection *redirection = data;
        Object object;

        (void)size;
        redirection->is_outdated = info->dlpi_subs != redirection->n_removed;
        if (redirection->is_outdated)
                return 1;
        if (!g_hash_table_contains(redirection->ready, info->dlpi_phdr) ||
            !read_object(&object, info))
                return 0;
        for (unsigned table = 0; table < G_N_ELEMENTS(object.tables); table++) {
                for (size_t i = 0; object.tables[table] && i < object.n_entries[table]; i++) {
                        const ElfW(Rela) *relocation = &object.tables[table][i];
                        uint64_t type = ELF64_R_TYPE(relocation->r_info);
                        if ((type == RELOCATION_CALL || type == RELOCATION_POINTER) &&
                            !redirect_entry(&object, relocation, redirection->is_counted))
                                redirection->is_refused = true;
                }
        }
        if (object.is_open && !set_sealed(&object, false))
                motet_error("%s: what was read-only stays writable: %s", info->dlpi_name,
                            g_strerror(errno));
        return 0;
}

static int
note_object(struct dl_phdr_info *info, size_t size, void *data)
{
        Redirection *redirection = data;

        (void)size;
        redirection->n_removed = info->dlpi_subs;
        g_hash_table_add(redirection->ready, (void *)info->dlpi_phdr);
        return 0;
}

/*
 * An object is shown before the loader has written its entries and sealed them. The loader does one
 * thing at a time: when it lets us in, it has done with all that were shown before.
 */
static void
find_ready(Redirection *redirection)
{
        g_hash_table_remove_all(redirection->ready);
        dl_iterate_phdr(note_object, redirection);
        void *program = dlopen(NULL, RTLD_NOW);
        if (program)
                dlclose(program);
}

/* Also when some entries were refused the others are led there. While objects are shown none is
 * removed. */
static bool
redirect(bool is_counted)
{
        const bool was_counted = mine.is_counted;
        Redirection redirection = {.is_counted = is_counted, .is_outdated = true};

        mine.is_counted = false;
        redirection.ready = g_hash_table_new(NULL, NULL);
        for (unsigned i = 0; redirection.is_outdated && i < MAX_PASSES; i++) {
                find_ready(&redirection);
                dl_iterate_phdr(redirect_object, &redirection);
        }
        g_hash_table_unref(redirection.ready);
        mine.is_counted = was_counted;
        return !redirection.is_refused && !redirection.is_outdated;
}

static bool
find_functions(void)
{
        for (size_t i = 0; i < G_N_ELEMENTS(functions); i++) {
                if (!*functions[i].real)
                        *(void **)functions[i].real = dlsym(RTLD_DEFAULT, functions[i].name);
                if (!*functions[i].real)
                        return false;
        }
        return true;
}

bool
heap_count_start(GError **error)
{
        if (mine.is_counted)
                return fail("somebody does already", error);
        if (!find_functions())
                return fail("malloc() is not to be found", error);
        if (!redirect(true)) {
                redirect(false);
                return fail("the system does not let calls of malloc() be followed", error);
        }
        mine.count = (HeapCount){0};
        mine.is_counted = true;
        return true;
}

void
heap_count_extend(void)
{
        if (!redirect(true))
                motet_warn("memory is not counted in what was opened meanwhile");
}

void
heap_count_stop(void)
{
        mine.is_counted = false;
        if (!redirect(false))
                motet_error("calls of malloc() are followed still: %s", g_strerror(errno));
}

#else

bool
heap_count_start(GError **error)
{
        return fail("it is not known how on this kind of machine", error);
}

void
heap_count_extend(void)
{
}

void
heap_count_stop(void)
{
}

#endif

HeapCount
heap_count(void)
{
        return mine.count;
}

#ifdef HAVE_MALLOC_TRIM

uint64_t
heap_unused(void)
{
        return mallinfo2().fordblks;
}

void
heap_give_back(void)
{
        malloc_trim(0);
}

#else

uint64_t
heap_unused(void)
{
        return 0;
}

void
heap_give_back(void)
{
}

#endif
