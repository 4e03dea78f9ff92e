/*
 * module_apply: bringing the running instances to what a configuration says.
 *
 * What is new is loaded before anything is stopped, so that a reload whose load fails leaves the
 * running instances as they were.
 */
#include "core/module_private.h"

typedef struct {
        Modules *modules;
        const Config *config;
        GString *plan;      /* lines for the operator, or NULL */
        GPtrArray *target;  /* of MotetModule, what shall run, in load order */
        GPtrArray *options; /* (own) of OptionValues, beside target; NULL for a new instance */
} Apply;

static void
note(const Apply *apply, const char *verb, const MotetModule *instance)
{
        if (apply->plan)
                g_string_append_printf(apply->plan, "%s module %s on %s\n", verb,
                                       instance->info->name, module_place(instance));
}

static void
want_one(Apply *apply, const ModuleWanted *wanted, MotetHost *host)
{
        ConfigFindings findings;

        config_findings_init(&findings);
        OptionValues *options =
                module_read_options(wanted, host ? host->name : NULL, apply->config, &findings);
        g_assert(findings.n_errors == 0);
        config_findings_clear(&findings);

        MotetModule *instance = modules_find(apply->modules, wanted->object->name, host);
        g_ptr_array_add(apply->options, instance ? options : NULL);
        if (!instance)
                instance = module_instance_new(apply->modules, wanted->object, host, options);
        g_ptr_array_add(apply->target, instance);
}

/* Fills in what shall run. Hooks of one priority run in load order: all are ranked before the
 * first is started. */
static void
want_all(Apply *apply, const GPtrArray *wanted)
{
        for (guint i = 0; i < wanted->len; i++) {
                const ModuleWanted *module = g_ptr_array_index(wanted, i);
                if (module->object->info->scope == MOTET_SCOPE_SERVER)
                        want_one(apply, module, NULL);
                for (const char **name = module->hosts; *name; name++)
                        want_one(apply, module, motet_host_find(apply->modules->server, *name));
        }
        for (guint i = 0; i < apply->target->len; i++) {
                MotetModule *instance = g_ptr_array_index(apply->target, i);
                instance->order = i;
        }
}

static bool
is_new(const Apply *apply, guint index)
{
        return !g_ptr_array_index(apply->options, index);
}

static bool
start_new(Apply *apply, GError **error)
{
        for (guint i = 0; i < apply->target->len; i++) {
                MotetModule *instance = g_ptr_array_index(apply->target, i);
                if (!is_new(apply, i))
                        continue;
                if (!module_instance_start(apply->modules, instance, error))
                        return false;
                note(apply, "started", instance);
        }
        return true;
}

/* In reverse order: those that run, the one that failed, and those whose turn did not come. */
static void
end_new(Apply *apply)
{
        for (guint i = apply->target->len; i-- > 0;) {
                if (is_new(apply, i))
                        module_instance_end(apply->modules, g_ptr_array_index(apply->target, i));
        }
}

static void
stop_unwanted(Apply *apply)
{
        GPtrArray *instances = apply->modules->instances;

        for (guint i = instances->len; i-- > 0;) {
                MotetModule *instance = g_ptr_array_index(instances, i);
                if (g_ptr_array_find(apply->target, instance, NULL))
                        continue;
                note(apply, "stopped", instance);
                module_instance_end(apply->modules, instance);
        }
        g_assert(instances->len == apply->target->len);
        for (guint i = 0; i < instances->len; i++)
                instances->pdata[i] = g_ptr_array_index(apply->target, i);
}

static void
reconfigure_changed(Apply *apply)
{
        for (guint i = 0; i < apply->target->len; i++) {
                MotetModule *instance = g_ptr_array_index(apply->target, i);
                OptionValues *options = g_ptr_array_index(apply->options, i);
                if (!options || option_values_equal(options, instance->options))
                        continue;

                apply->options->pdata[i] = instance->options;
                instance->options = options;
                if (instance->info->reconfigure) {
                        MotetModule *before = instance_enter(instance);
                        instance->info->reconfigure(instance);
                        instance_leave(instance, before);
                }
                note(apply, "reconfigured", instance);
        }
}

static void
note_changed_files(const Apply *apply)
{
        for (guint i = 0; i < apply->modules->objects->len; i++) {
                const ModuleObject *object = g_ptr_array_index(apply->modules->objects, i);
                if (module_object_has_changed(object) && apply->plan)
                        g_string_append_printf(
                                apply->plan,
                                "module %s has a new file: it needs a restart to come "
                                "into force\n",
                                object->name);
        }
}

/* Instances of server scope run for every host: also for one that was added since they were
 * started. */
static void
join_new_hosts(Modules *modules)
{
        for (guint i = 0; i < modules->instances->len; i++) {
                MotetModule *instance = g_ptr_array_index(modules->instances, i);
                for (guint j = 0; !instance->host && j < modules->server->hosts->len; j++) {
                        MotetHost *host = g_ptr_array_index(modules->server->hosts, j);
                        if (!g_ptr_array_find(host->instances, instance, NULL))
                                host_add_instance(host, instance);
                }
        }
}

static void
options_clear(void *options)
{
        if (options)
                option_values_free(options);
}

bool
modules_apply(Modules *modules, const Config *config, GString *plan_out, GError **error)
{
        ConfigFindings findings;

        config_findings_init(&findings);
        g_autoptr(GPtrArray) wanted = module_plan(modules, config, &findings);
        g_assert(findings.n_errors == 0);
        config_findings_clear(&findings);

        g_autoptr(GPtrArray) target = g_ptr_array_new();
        g_autoptr(GPtrArray) options = g_ptr_array_new_with_free_func(options_clear);
        Apply apply = {.modules = modules,
                       .config = config,
                       .plan = plan_out,
                       .target = target,
                       .options = options};

        join_new_hosts(modules);
        want_all(&apply, wanted);
        bool is_done = start_new(&apply, error);
        if (is_done) {
                stop_unwanted(&apply);
                reconfigure_changed(&apply);
                note_changed_files(&apply);
        } else {
                end_new(&apply);
        }
        module_free_lingering(modules);
        module_close_unused(modules);
        return is_done;
}
