/*
 * module_replace: running a module with the code that is in its file now.
 *
 * The new file is opened beside the old one and checked against all that runs. Its instances start
 * with the state of the old ones and take over their hooks and listeners; between two events, so
 * that nobody notices. Only then do the old ones end. Their code is closed when nothing of it is
 * left: no call, no job on a worker.
 */
#include <motet/error.h>
#include <string.h>

#include "core/event.h"
#include "core/listens.h"
#include "core/module_private.h"
#include "core/server.h"

typedef struct {
        MotetModule *old;     /* NULL once it has ended */
        MotetModule *fresh;   /* NULL: not made, or ended */
        MotetHost *host;      /* NULL: of server scope */
        ModuleObject *object; /* of old */
        ModuleState *state;   /* (own) */
        guint index;          /* of old in the list of instances */
        unsigned order;
} Swap;

typedef struct {
        Modules *modules;
        const Config *config;
        const char *name;
        ModuleObject *object; /* the new code */
        GPtrArray *swaps;     /* (own) of Swap */
} Replace;

static void
swap_free(void *data)
{
        Swap *swap = data;

        module_state_free(swap->state);
        g_free(swap);
}

static bool
fail(const Replace *replace, GError **error, const char *why)
{
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_MODULE, "module %s cannot be replaced: %s",
                    replace->name, why);
        return false;
}

static void
find_old(Replace *replace, const char *host)
{
        const GPtrArray *instances = replace->modules->instances;

        replace->swaps = g_ptr_array_new_with_free_func(swap_free);
        for (guint i = 0; i < instances->len; i++) {
                MotetModule *instance = g_ptr_array_index(instances, i);
                if (strcmp(instance->info->name, replace->name) != 0 ||
                    (host && instance->host && strcmp(instance->host->name, host) != 0))
                        continue;
                Swap *swap = g_new0(Swap, 1);
                swap->old = instance;
                swap->host = instance->host;
                swap->object = instance->loaded;
                swap->index = i;
                swap->order = instance->order;
                g_ptr_array_add(replace->swaps, swap);
        }
}

static Swap *
swap_at(const Replace *replace, guint i)
{
        return g_ptr_array_index(replace->swaps, i);
}

/* Checking */

/* Whether what @old saves is understood by @fresh. */
static bool
check_state(const Replace *replace, const MotetModuleInfo *old, const MotetModuleInfo *fresh,
            GError **error)
{
        bool reads_version = old->state_version >= fresh->state_oldest &&
                             old->state_version <= fresh->state_version;
        bool loses =
                (old->save && !fresh->restore) || (old->save_session && !fresh->restore_session);

        if ((!old->save && !old->save_session) || (reads_version && !loses))
                return true;
        g_autofree char *why = g_strdup_printf(
                "what runs keeps state of version %u, the new code understands %u to %u%s; disable "
                "and enable it to begin without",
                old->state_version, fresh->state_oldest, fresh->state_version,
                loses ? " and cannot take it all over" : "");
        return fail(replace, error, why);
}

static bool
check_each(const Replace *replace, GError **error)
{
        const MotetModuleInfo *fresh = replace->object->info;

        for (guint i = 0; i < replace->swaps->len; i++) {
                const MotetModuleInfo *old = swap_at(replace, i)->old->info;
                if (old->scope != fresh->scope)
                        return fail(
                                replace, error,
                                "the new code runs for other hosts; disable it, then enable it");
                if (!check_state(replace, old, fresh, error))
                        return false;
        }
        return true;
}

/* Everything a start of the server would check, with the new code in its place. */
static bool
check_all(const Replace *replace, GError **error)
{
        ConfigFindings findings;

        config_findings_init(&findings);
        modules_check(replace->modules, replace->config, &findings);
        g_autofree char *wrong = config_findings_first_error(&findings);
        if (wrong)
                fail(replace, error, wrong);
        config_findings_clear(&findings);
        return !wrong;
}

/* The new code */

static ModuleObject *
find_open(const Replace *replace)
{
        for (guint i = 0; i < replace->modules->objects->len; i++) {
                ModuleObject *object = g_ptr_array_index(replace->modules->objects, i);
                if (strcmp(object->name, replace->name) == 0 && !object->copy &&
                    !module_object_has_changed(object))
                        return object;
        }
        return NULL;
}

/* The loader must not take the new file for an older one that it has open by the same name. */
static ModuleObject *
open_file(const Replace *replace, GError **error)
{
        const GPtrArray *objects = replace->modules->objects;

        for (guint i = 0; i < objects->len; i++) {
                const ModuleObject *object = g_ptr_array_index(objects, i);
                if (strcmp(object->name, replace->name) == 0 && !object->copy)
                        return module_object_reopen(object, error);
        }
        return module_object_open(replace->config->modules_dir, replace->name, error);
}

/* The first of a name is the one that new instances are made of. */
static bool
open_object(Replace *replace, GError **error)
{
        GPtrArray *objects = replace->modules->objects;
        guint index;

        if (!replace->object)
                replace->object = find_open(replace);
        if (!replace->object)
                replace->object = open_file(replace, error);
        if (!replace->object)
                return false;
        if (g_ptr_array_find(objects, replace->object, &index))
                g_ptr_array_steal_index(objects, index);
        g_ptr_array_insert(objects, 0, replace->object);
        return true;
}

static void
forget_object(Replace *replace)
{
        GPtrArray *objects = replace->modules->objects;
        ModuleObject *former = swap_at(replace, 0)->object;
        guint index;

        if (g_ptr_array_find(objects, former, &index)) {
                g_ptr_array_steal_index(objects, index);
                g_ptr_array_insert(objects, 0, former);
        }
        module_sweep(replace->modules);
}

/* Starting */

static OptionValues *
read_options(const Replace *replace, const Swap *swap)
{
        const ModuleWanted wanted = {.config = config_module(replace->config, replace->name),
                                     .object = replace->object};
        ConfigFindings findings;

        config_findings_init(&findings);
        OptionValues *options = module_read_options(&wanted, swap->host ? swap->host->name : NULL,
                                                    replace->config, &findings);
        g_assert(findings.n_errors == 0);
        config_findings_clear(&findings);
        return options;
}

static bool
start_one(Replace *replace, Swap *swap, ModuleObject *object, GError **error)
{
        swap->fresh = module_instance_new(replace->modules, object, swap->host,
                                          read_options(replace, swap));
        swap->fresh->order = swap->order;
        swap->fresh->replaces = swap->old;
        if (module_instance_start(replace->modules, swap->fresh, swap->state, error))
                return true;
        module_instance_end(replace->modules, g_steal_pointer(&swap->fresh));
        return false;
}

static void
end_fresh(Replace *replace)
{
        for (guint i = replace->swaps->len; i-- > 0;) {
                Swap *swap = swap_at(replace, i);
                if (swap->fresh)
                        module_instance_end(replace->modules, g_steal_pointer(&swap->fresh));
        }
}

/* Instances are listed in load order. */
static void
move_to(GPtrArray *instances, MotetModule *instance, guint to)
{
        g_ptr_array_remove(instances, instance);
        g_ptr_array_insert(instances, (int)to, instance);
}

static void
finish_one(Replace *replace, Swap *swap)
{
        Listens *listens = server_listens((Server *)replace->modules->server);

        event_hand_over(swap->old, swap->fresh);
        listens_hand_over(listens, swap->old, swap->fresh);
        swap->fresh->replaces = NULL;
        module_instance_end(replace->modules, g_steal_pointer(&swap->old));
        move_to(replace->modules->instances, swap->fresh, swap->index);
}

static bool
replace_beside(Replace *replace, GError **error)
{
        for (guint i = 0; i < replace->swaps->len; i++) {
                Swap *swap = swap_at(replace, i);
                swap->state = module_state_save(swap->old);
                if (!start_one(replace, swap, replace->object, error)) {
                        end_fresh(replace);
                        return false;
                }
        }
        for (guint i = 0; i < replace->swaps->len; i++)
                finish_one(replace, swap_at(replace, i));
        return true;
}

/* The older code again, when the new one has failed. */
static void
start_old_again(Replace *replace)
{
        for (guint i = 0; i < replace->swaps->len; i++) {
                Swap *swap = swap_at(replace, i);
                g_autoptr(GError) error = NULL;
                if (start_one(replace, swap, swap->object, &error))
                        move_to(replace->modules->instances, swap->fresh, swap->index);
                else
                        motet_error("the older code could not be started again: %s",
                                    error->message);
        }
}

static bool
start_all(Replace *replace, GError **error)
{
        for (guint i = 0; i < replace->swaps->len; i++) {
                if (!start_one(replace, swap_at(replace, i), replace->object, error))
                        return false;
        }
        return true;
}

static bool
replace_after(Replace *replace, GError **error)
{
        for (guint i = 0; i < replace->swaps->len; i++)
                swap_at(replace, i)->state = module_state_save(swap_at(replace, i)->old);
        for (guint i = replace->swaps->len; i-- > 0;)
                module_instance_end(replace->modules, g_steal_pointer(&swap_at(replace, i)->old));
        if (!start_all(replace, error)) {
                end_fresh(replace);
                start_old_again(replace);
                return false;
        }
        for (guint i = 0; i < replace->swaps->len; i++)
                move_to(replace->modules->instances, swap_at(replace, i)->fresh,
                        swap_at(replace, i)->index);
        return true;
}

/* Telling */

static const char *
version_of(const MotetModuleInfo *info)
{
        return info->version ? info->version : MOTET_VERSION;
}

static void
plan_one(const Replace *replace, const Swap *swap, ReloadPlan *plan)
{
        const MotetModuleInfo *old = swap->old->info, *fresh = replace->object->info;
        PlanChange *change = plan_add(plan, PLAN_CHANGE, PLAN_MODULE, replace->name,
                                      swap->host ? swap->host->name : NULL);

        if (strcmp(version_of(old), version_of(fresh)) != 0) {
                change->before = g_strdup(version_of(old));
                change->after = g_strdup(version_of(fresh));
        }
        plan_set_note(change, "%s, %s",
                      swap->object == replace->object ? "the same code anew" : "new code",
                      old->save || old->save_session ? "with its state" : "it begins anew");
}

static bool
check_replaceable(const Replace *replace, const char *host, GError **error)
{
        if (replace->swaps->len == 0) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_MISSING, "module %s does not run%s%s",
                            replace->name, host ? " on " : "", host ? host : "");
                return false;
        }
        if (swap_at(replace, 0)->old->info->replace != MOTET_REPLACE_NEVER)
                return true;
        return fail(replace, error, "what it keeps would be lost; restart the server");
}

static bool
run(Replace *replace, ReloadPlan *plan, GError **error)
{
        bool after = swap_at(replace, 0)->old->info->replace == MOTET_REPLACE_AFTER ||
                     replace->object->info->replace == MOTET_REPLACE_AFTER;

        for (guint i = 0; i < replace->swaps->len; i++)
                plan_one(replace, swap_at(replace, i), plan);
        return after ? replace_after(replace, error) : replace_beside(replace, error);
}

bool
modules_replace_by(Modules *modules, const Config *config, const char *name, const char *host,
                   ModuleObject *object, ReloadPlan *plan, GError **error)
{
        Replace replace = {.modules = modules, .config = config, .name = name, .object = object};

        find_old(&replace, host);
        G_GNUC_UNUSED g_autoptr(GPtrArray) swaps = replace.swaps;
        if (!check_replaceable(&replace, host, error) || !open_object(&replace, error))
                return false;

        /* modules_check() closes what nothing runs of when it fails. */
        replace.object->n_instances++;
        bool is_done = check_each(&replace, error) && check_all(&replace, error) &&
                       run(&replace, plan, error);
        replace.object->n_instances--;
        if (is_done)
                module_sweep(modules);
        else
                forget_object(&replace);
        return is_done;
}

bool
modules_replace(Modules *modules, const Config *config, const char *name, const char *host,
                ReloadPlan *plan, GError **error)
{
        return modules_replace_by(modules, config, name, host, NULL, plan, error);
}
