/*
 * module_apply: bringing the running instances to what a configuration says: the plan of it, and
 * carrying it out.
 *
 * What is new is loaded and what changed is reconfigured before anything is stopped, so that a
 * reload that fails leaves the running instances as they were.
 */
#include <string.h>

#include "core/module_absence.h"

/* An instance that shall run. */
typedef struct {
        const ModuleWanted *wanted;
        const char *host;      /* NULL: of server scope */
        OptionValues *options; /* (own) as they shall be; after a reconfigure, as they were */
        MotetModule *instance; /* NULL: not running yet */
        bool is_new;
        bool is_reconfigured;
        unsigned former_order;
} Target;

typedef struct {
        Modules *modules;
        const Config *config;
        GPtrArray *wanted;  /* (own) of ModuleWanted */
        GPtrArray *targets; /* (own) of Target, in load order */
} Apply;

static void
target_free(void *data)
{
        Target *target = data;

        if (target->options)
                option_values_free(target->options);
        g_free(target);
}

static void
apply_clear(Apply *apply)
{
        g_ptr_array_unref(apply->targets);
        g_ptr_array_unref(apply->wanted);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Apply, apply_clear)

static bool
is_on(const MotetModule *instance, const char *host)
{
        return g_strcmp0(instance->host ? instance->host->name : NULL, host) == 0;
}

static MotetModule *
find_running(const Modules *modules, const char *name, const char *host)
{
        for (guint i = 0; i < modules->instances->len; i++) {
                MotetModule *instance = g_ptr_array_index(modules->instances, i);
                if (is_on(instance, host) && strcmp(instance->info->name, name) == 0)
                        return instance;
        }
        return NULL;
}

static void
add_target(Apply *apply, const ModuleWanted *wanted, const char *host)
{
        Target *target = g_new0(Target, 1);
        ConfigFindings findings;

        config_findings_init(&findings);
        target->options = module_read_options(wanted, host, apply->config, &findings);
        g_assert(findings.n_errors == 0);
        config_findings_clear(&findings);

        target->wanted = wanted;
        target->host = host;
        target->instance = find_running(apply->modules, wanted->object->name, host);
        target->is_new = !target->instance;
        g_ptr_array_add(apply->targets, target);
}

/* What shall run; nothing is changed yet. */
static void
apply_init(Apply *apply, Modules *modules, const Config *config)
{
        ConfigFindings findings;

        config_findings_init(&findings);
        *apply = (Apply){
                .modules = modules,
                .config = config,
                .wanted = module_plan(modules, config, &findings),
                .targets = g_ptr_array_new_with_free_func(target_free),
        };
        g_assert(findings.n_errors == 0);
        config_findings_clear(&findings);

        for (guint i = 0; i < apply->wanted->len; i++) {
                const ModuleWanted *module = g_ptr_array_index(apply->wanted, i);
                if (module->object->info->scope == MOTET_SCOPE_SERVER)
                        add_target(apply, module, NULL);
                for (const char **name = module->hosts; *name; name++)
                        add_target(apply, module, *name);
        }
}

static bool
is_target(const Apply *apply, const MotetModule *instance)
{
        for (guint i = 0; i < apply->targets->len; i++) {
                const Target *target = g_ptr_array_index(apply->targets, i);
                if (target->instance == instance)
                        return true;
        }
        return false;
}

/* The plan */

typedef struct {
        ReloadPlan *plan;
        const Target *target;
} OptionsPlanned;

static void
plan_option(const char *key, const char *before, const char *after, void *data)
{
        OptionsPlanned *planned = data;
        const ModuleObject *object = planned->target->wanted->object;
        const char *const *restart = object->info->restart_options;
        PlanChange *change = plan_add_value(planned->plan, object->name, planned->target->host, key,
                                            before, after);

        if (!restart || !g_strv_contains(restart, key))
                return;
        change->sign = PLAN_NOTE;
        change->needs_restart = true;
}

static void
plan_files(const Apply *apply, ReloadPlan *plan)
{
        for (guint i = 0; i < apply->wanted->len; i++) {
                const ModuleWanted *module = g_ptr_array_index(apply->wanted, i);
                if (module->object->n_instances == 0 || module->object->copy ||
                    !module_object_has_changed(module->object))
                        continue;
                PlanChange *change =
                        plan_add(plan, PLAN_NOTE, PLAN_MODULE, module->object->name, NULL);
                plan_set_note(change,
                              "its file is a new one: \"motetctl module reload %s\" puts it in "
                              "force",
                              module->object->name);
        }
}

void
modules_plan(Modules *modules, const Config *config, ReloadPlan *plan)
{
        g_auto(Apply) apply = {0};

        apply_init(&apply, modules, config);
        for (guint i = 0; i < apply.targets->len; i++) {
                const Target *target = g_ptr_array_index(apply.targets, i);
                if (target->is_new)
                        plan_add(plan, PLAN_ADD, PLAN_MODULE, target->wanted->object->name,
                                 target->host);
        }
        for (guint i = 0; i < apply.targets->len; i++) {
                const Target *target = g_ptr_array_index(apply.targets, i);
                OptionsPlanned planned = {plan, target};
                if (!target->is_new)
                        option_values_diff(target->instance->options, target->options, plan_option,
                                           &planned);
        }
        for (guint i = modules->instances->len; i-- > 0;) {
                const MotetModule *instance = g_ptr_array_index(modules->instances, i);
                if (!is_target(&apply, instance))
                        plan_add(plan, PLAN_REMOVE, PLAN_MODULE, instance->info->name,
                                 instance->host ? instance->host->name : NULL);
        }
        plan_files(&apply, plan);
}

/* Carrying it out */

/* Hooks of one priority run in load order: all are ranked before the first is started. */
static void
make_and_rank(Apply *apply)
{
        for (guint i = 0; i < apply->targets->len; i++) {
                Target *target = g_ptr_array_index(apply->targets, i);
                if (target->is_new) {
                        MotetHost *host =
                                target->host ? motet_host_find(apply->modules->server, target->host)
                                             : NULL;
                        target->instance =
                                module_instance_new(apply->modules, target->wanted->object, host,
                                                    g_steal_pointer(&target->options));
                }
                target->former_order = target->instance->order;
                target->instance->order = i;
        }
}

static bool
start_new(Apply *apply, GError **error)
{
        for (guint i = 0; i < apply->targets->len; i++) {
                const Target *target = g_ptr_array_index(apply->targets, i);
                if (target->is_new &&
                    !module_instance_start(apply->modules, target->instance, NULL, error))
                        return false;
        }
        return true;
}

static void
swap_options(Target *target)
{
        OptionValues *options = target->instance->options;

        target->instance->options = target->options;
        target->options = options;
}

static bool
reconfigure_changed(Apply *apply, GError **error)
{
        for (guint i = 0; i < apply->targets->len; i++) {
                Target *target = g_ptr_array_index(apply->targets, i);
                if (target->is_new ||
                    option_values_equal(target->options, target->instance->options))
                        continue;
                swap_options(target);
                target->is_reconfigured = true;
                if (!module_instance_reconfigure(target->instance, error))
                        return false;
        }
        return true;
}

/* In reverse order: reconfigured ones as they were; then new ones that run, the one that failed,
 * and those whose turn did not come. */
static void
undo(Apply *apply)
{
        for (guint i = apply->targets->len; i-- > 0;) {
                Target *target = g_ptr_array_index(apply->targets, i);
                g_autoptr(GError) error = NULL;
                if (!target->is_reconfigured)
                        continue;
                swap_options(target);
                if (!module_instance_reconfigure(target->instance, &error))
                        motet_error("the former options are not in force again: %s",
                                    error->message);
        }
        for (guint i = apply->targets->len; i-- > 0;) {
                const Target *target = g_ptr_array_index(apply->targets, i);
                if (target->is_new)
                        module_instance_end(apply->modules, target->instance);
                else
                        target->instance->order = target->former_order;
        }
}

static void
stop_unwanted(Apply *apply)
{
        GPtrArray *instances = apply->modules->instances;

        for (guint i = instances->len; i-- > 0;) {
                MotetModule *instance = g_ptr_array_index(instances, i);
                if (!is_target(apply, instance))
                        module_instance_end(apply->modules, instance);
        }
        g_assert(instances->len == apply->targets->len);
        for (guint i = 0; i < instances->len; i++)
                instances->pdata[i] = ((Target *)g_ptr_array_index(apply->targets, i))->instance;
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

bool
modules_apply(Modules *modules, const Config *config, ModulesBeforeStop before_stop, void *data,
              GError **error)
{
        g_auto(Apply) apply = {0};

        apply_init(&apply, modules, config);
        join_new_hosts(modules);
        make_and_rank(&apply);
        bool is_done = start_new(&apply, error) && reconfigure_changed(&apply, error);
        if (is_done) {
                module_absence_commit(modules);
                if (before_stop)
                        before_stop(data);
                stop_unwanted(&apply);
        } else {
                undo(&apply);
        }
        module_sweep(modules);
        return is_done;
}
