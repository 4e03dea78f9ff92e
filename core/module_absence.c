/*
 * module_absence: modules that are enabled and left out all the same: in quarantine, in safe mode,
 * or in need of one that is.
 *
 * A module that guards the server is never left out for crashes: whoever can make it crash would
 * get a server without it. Then neither is what it needs.
 */
#include "core/module_absence.h"

#include <motet/error.h>
#include <string.h>

#define SHIPPED_FILE "shipped"
#define LIST_MAX (64 * 1024)

struct ModuleAbsences {
        GPtrArray *list; /* (own) of ModuleAbsence */
};

static void
absence_free(void *data)
{
        ModuleAbsence *absence = data;

        g_free(absence->name);
        g_free(absence->why);
        g_free(absence);
}

static ModuleAbsences *
absences_new(void)
{
        ModuleAbsences *absences = g_new0(ModuleAbsences, 1);

        absences->list = g_ptr_array_new_with_free_func(absence_free);
        return absences;
}

void
module_absences_free(ModuleAbsences *absences)
{
        if (!absences)
                return;
        g_ptr_array_unref(absences->list);
        g_free(absences);
}

/* One pass over what is enabled. */
typedef struct {
        Modules *modules;
        const Config *config;
        const GPtrArray *wanted;  /* all of them */
        GPtrArray *gone;          /* of ModuleWanted */
        ModuleAbsences *absences; /* the same, told */
        ConfigFindings *findings;
} Pass;

static GPtrArray *
without(const GPtrArray *wanted, GPtrArray *gone)
{
        GPtrArray *left = g_ptr_array_new();

        for (guint i = 0; i < wanted->len; i++) {
                if (!g_ptr_array_find(gone, g_ptr_array_index(wanted, i), NULL))
                        g_ptr_array_add(left, g_ptr_array_index(wanted, i));
        }
        return left;
}

/* The first that has what it needs among @wanted, and not without those that are gone. */
static ModuleWanted *
find_stranded(const GPtrArray *wanted, GPtrArray *gone)
{
        g_autoptr(GPtrArray) left = without(wanted, gone);

        for (guint i = 0; i < left->len; i++) {
                ModuleWanted *module = g_ptr_array_index(left, i);
                if (!module_graph_has_needs(left, module) && module_graph_has_needs(wanted, module))
                        return module;
        }
        return NULL;
}

static void
leave_out(Pass *pass, ModuleWanted *module, FindingId id, const char *why)
{
        const ConfigNode *place = &module->config->place;
        ModuleAbsence *absence = g_new0(ModuleAbsence, 1);

        g_ptr_array_add(pass->gone, module);
        absence->name = g_strdup(module->object->name);
        absence->why = g_strdup(why);
        g_ptr_array_add(pass->absences->list, absence);
        config_findings_add(pass->findings, id, place->file, place->line, place->column,
                            "module \"%s\" is left out: %s", absence->name, why);
}

static void
leave_out_stranded(Pass *pass, FindingId id)
{
        ModuleWanted *module;

        while ((module = find_stranded(pass->wanted, pass->gone)))
                leave_out(pass, module, id, "what it needs is left out as well");
}

/* Safe mode */

static void
leave_out_foreign(Pass *pass)
{
        const char *const *shipped = (const char *const *)pass->modules->shipped;

        for (guint i = 0; shipped && i < pass->wanted->len; i++) {
                ModuleWanted *module = g_ptr_array_index(pass->wanted, i);
                if (g_strv_contains(shipped, module->object->name))
                        continue;
                leave_out(pass, module, FINDING_CONFIG_SAFE_MODE,
                          module->object->info->guards
                                  ? "in safe mode only what is shipped with the server runs. IT "
                                    "KEEPS THINGS AWAY THAT ARE LET IN NOW; start without "
                                    "--safe-mode to have it again"
                                  : "in safe mode only what is shipped with the server runs; start "
                                    "without --safe-mode to have it again");
        }
        leave_out_stranded(pass, FINDING_CONFIG_SAFE_MODE);
}

/* Quarantine */

/* Returns: (borrowed) the guard that would go if @module did; NULL: none */
static const ModuleWanted *
find_guard(const Pass *pass, ModuleWanted *module)
{
        g_autoptr(GPtrArray) gone = g_ptr_array_copy(pass->gone, NULL, NULL);
        ModuleWanted *next = module;

        while (next) {
                if (next->object->info->guards)
                        return next;
                g_ptr_array_add(gone, next);
                next = find_stranded(pass->wanted, gone);
        }
        return NULL;
}

static void
tell_guard(const Pass *pass, const ModuleWanted *module, const ModuleWanted *guard, unsigned n)
{
        const ConfigNode *place = &module->config->place;
        const char *name = module->object->name;

        if (guard == module)
                config_findings_add(
                        pass->findings, FINDING_CONFIG_BLAMED_GUARD, place->file, place->line,
                        place->column,
                        "module \"%s\" is blamed for %u crash%s and runs all the same: without it "
                        "the server would let in what it keeps away",
                        name, n, n == 1 ? "" : "es");
        else
                config_findings_add(
                        pass->findings, FINDING_CONFIG_BLAMED_GUARD, place->file, place->line,
                        place->column,
                        "module \"%s\" is blamed for %u crash%s and runs all the same: \"%s\" "
                        "needs it, without which the server would let in what that keeps away",
                        name, n, n == 1 ? "" : "es", guard->object->name);
}

static void
judge(Pass *pass, ModuleWanted *module)
{
        const Quarantine *quarantine = pass->modules->quarantine;
        const char *name = module->object->name;
        g_autofree char *build = quarantine_build(&module->object->file);
        unsigned n;

        if (g_ptr_array_find(pass->gone, module, NULL) ||
            !quarantine_holds(quarantine, name, build, &pass->config->limits))
                return;
        const Blame *last = quarantine_last(quarantine, name, build, &n);
        const ModuleWanted *guard = find_guard(pass, module);
        if (guard) {
                tell_guard(pass, module, guard, n);
                return;
        }
        g_autofree char *why = g_strdup_printf(
                "it is blamed for %u crash%s, the last one%s%s at %s; \"motetctl module release "
                "%s\" gives it another chance, and so does a newer file",
                n, n == 1 ? "" : "es", last->host ? " on " : "", last->host ? last->host : "",
                last->what, name);
        leave_out(pass, module, FINDING_CONFIG_QUARANTINE, why);
        leave_out_stranded(pass, FINDING_CONFIG_QUARANTINE);
}

void
module_absence_apply(Modules *modules, const Config *config, GPtrArray *wanted,
                     ConfigFindings *findings)
{
        g_autoptr(GPtrArray) gone = g_ptr_array_new();
        Pass pass = {modules, config, wanted, gone, absences_new(), findings};

        leave_out_foreign(&pass);
        for (guint i = 0; modules->quarantine && i < wanted->len; i++)
                judge(&pass, g_ptr_array_index(wanted, i));
        for (guint i = 0; i < gone->len; i++)
                g_ptr_array_remove(wanted, g_ptr_array_index(gone, i));
        module_absences_free(modules->planned_absences);
        modules->planned_absences = pass.absences;
}

void
module_absence_commit(Modules *modules)
{
        module_absences_free(modules->absences);
        modules->absences = g_steal_pointer(&modules->planned_absences);
}

/* What others ask */

void
modules_foreach_absent(const Modules *modules,
                       void (*func)(const char *name, const char *why, void *data), void *data)
{
        for (guint i = 0; modules->absences && i < modules->absences->list->len; i++) {
                const ModuleAbsence *absence = g_ptr_array_index(modules->absences->list, i);
                func(absence->name, absence->why, data);
        }
}

const char *
modules_absence(const Modules *modules, const char *name)
{
        for (guint i = 0; modules->absences && i < modules->absences->list->len; i++) {
                const ModuleAbsence *absence = g_ptr_array_index(modules->absences->list, i);
                if (strcmp(absence->name, name) == 0)
                        return absence->why;
        }
        return NULL;
}

void
modules_set_quarantine(Modules *modules, Quarantine *quarantine)
{
        quarantine_free(modules->quarantine);
        modules->quarantine = quarantine;
}

Quarantine *
modules_quarantine(Modules *modules)
{
        return modules->quarantine;
}

bool
modules_are_safe(const Modules *modules)
{
        return modules->shipped != NULL;
}

bool
modules_be_safe(Modules *modules, const Config *config, GError **error)
{
        g_autofree char *path = g_build_filename(config->modules_dir, SHIPPED_FILE, NULL);
        g_autofree char *text = NULL;
        g_autoptr(GError) why = NULL;
        gsize n;

        if (!g_file_get_contents(path, &text, &n, &why) || n > LIST_MAX) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG,
                            "safe mode needs the list of the modules that are shipped with the "
                            "server: %s",
                            why ? why->message : "it is too long");
                return false;
        }
        g_strfreev(modules->shipped);
        modules->shipped = g_strsplit_set(text, " \n", -1);
        return true;
}
