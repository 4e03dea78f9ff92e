/*
 * module_graph: which modules need which, whether all that is needed is there, and in which order
 * they load.
 */
#include "core/module_graph.h"

#include <string.h>

#include "core/commands.h"
#include "core/event.h"

static bool
is_server_scope(const ModuleWanted *wanted)
{
        return wanted->object->info->scope == MOTET_SCOPE_SERVER;
}

bool
module_wanted_is_on(const ModuleWanted *wanted, const char *host)
{
        return is_server_scope(wanted) || g_strv_contains(wanted->hosts, host);
}

void
module_wanted_free(ModuleWanted *wanted)
{
        g_free(wanted->hosts);
        g_free(wanted);
}

static void
add_finding(ConfigFindings *findings, FindingId id, const ModuleWanted *wanted, const char *text)
{
        const ConfigNode *place = &wanted->config->place;

        config_findings_add(findings, id, place->file, place->line, place->column,
                            "module \"%s\" %s", wanted->object->name, text);
}

/* Whether both run for one host. */
static bool
have_common_host(const ModuleWanted *a, const ModuleWanted *b)
{
        if (is_server_scope(a) || is_server_scope(b))
                return true;
        for (const char **host = a->hosts; *host; host++) {
                if (g_strv_contains(b->hosts, *host))
                        return true;
        }
        return false;
}

static bool
is_provided_on(const GPtrArray *wanted, const char *word, const char *host)
{
        for (guint i = 0; i < wanted->len; i++) {
                const ModuleWanted *other = g_ptr_array_index(wanted, i);
                if (module_object_is(other->object, word) &&
                    (!host || module_wanted_is_on(other, host)))
                        return true;
        }
        return false;
}

static void
report_missing(const ModuleWanted *module, const char *word, const char *hosts,
               ConfigFindings *findings)
{
        const char *service = g_str_has_prefix(word, "service:") ? strchr(word, ':') + 1 : NULL;
        g_autoptr(GString) text = g_string_new(NULL);

        if (service)
                g_string_append_printf(text, "needs the service \"%s\"", service);
        else
                g_string_append_printf(text, "needs the module \"%s\"", word);
        if (*hosts)
                g_string_append_printf(text, " on %s", hosts);
        g_string_append(text, service ? ", which no enabled module provides: enable one that does"
                                      : ", which is not enabled: enable it");
        add_finding(findings, FINDING_CONFIG_MISSING_DEPENDENCY, module, text->str);
}

/* Returns: whether all it needs is there */
static bool
check_depends(const GPtrArray *wanted, const ModuleWanted *module, ConfigFindings *findings)
{
        const char *const *word = module->object->info->depends;
        unsigned n_before = findings->n_errors;

        for (; word && *word; word++) {
                g_autoptr(GString) missing = g_string_new(NULL);

                for (const char **host = module->hosts; *host; host++) {
                        if (!is_provided_on(wanted, *word, *host))
                                g_string_append_printf(missing, "%s%s", missing->len ? ", " : "",
                                                       *host);
                }
                /* A module of the whole server is content with one host that has what it needs. */
                if (missing->len ||
                    (is_server_scope(module) && !is_provided_on(wanted, *word, NULL)))
                        report_missing(module, *word, missing->str, findings);
        }
        return findings->n_errors == n_before;
}

bool
module_graph_has_needs(const GPtrArray *wanted, const ModuleWanted *module)
{
        ConfigFindings findings;

        config_findings_init(&findings);
        bool has_needs = check_depends(wanted, module, &findings);
        config_findings_clear(&findings);
        return has_needs;
}

static void
check_conflicts(const GPtrArray *wanted, const ModuleWanted *module, ConfigFindings *findings)
{
        const char *const *name = module->object->info->conflicts;

        for (; name && *name; name++) {
                for (guint i = 0; i < wanted->len; i++) {
                        const ModuleWanted *other = g_ptr_array_index(wanted, i);
                        if (other == module || !module_object_is(other->object, *name) ||
                            !have_common_host(module, other))
                                continue;
                        g_autofree char *text = g_strdup_printf(
                                "cannot run together with \"%s\" on one host: disable one of them",
                                other->object->name);
                        add_finding(findings, FINDING_CONFIG_CONFLICT, module, text);
                }
        }
}

static void
check_provided_once(const GPtrArray *wanted, guint index, ConfigFindings *findings)
{
        const ModuleWanted *module = g_ptr_array_index(wanted, index);
        const MotetServiceDecl *service = module->object->info->services;

        for (; service && service->name; service++) {
                g_autofree char *word = g_strconcat("service:", service->name, NULL);
                for (guint i = 0; i < index; i++) {
                        const ModuleWanted *other = g_ptr_array_index(wanted, i);
                        if (!module_object_is(other->object, word) ||
                            !have_common_host(module, other))
                                continue;
                        g_autofree char *text = g_strdup_printf(
                                "provides the service \"%s\", and so does \"%s\" on the same host: "
                                "disable one of them",
                                service->name, other->object->name);
                        add_finding(findings, FINDING_CONFIG_DUPLICATE_SERVICE, module, text);
                }
        }
}

static bool
has_command(const MotetCommandDecl *table, const char *name)
{
        for (; table && table->name; table++) {
                if (strcmp(table->name, name) == 0)
                        return true;
        }
        return false;
}

static void
report_command(const ModuleWanted *module, const char *name, const char *other,
               ConfigFindings *findings)
{
        g_autofree char *whose = other ? g_strdup_printf("and so does \"%s\" on the same host: "
                                                         "disable one of them",
                                                         other)
                                       : g_strdup("which the server has itself: disable it");
        g_autofree char *text = g_strdup_printf("has the command \"%s\", %s", name, whose);

        add_finding(findings, FINDING_CONFIG_DUPLICATE_COMMAND, module, text);
}

/* Of two commands of one name only one would ever be run. */
static void
check_commands(const GPtrArray *wanted, guint index, ConfigFindings *findings)
{
        const ModuleWanted *module = g_ptr_array_index(wanted, index);
        const MotetCommandDecl *row = module->object->info->commands;

        for (; row && row->name; row++) {
                for (const MotetCommandDecl *const *table = commands_of_core; *table; table++) {
                        if (has_command(*table, row->name))
                                report_command(module, row->name, NULL, findings);
                }
                for (guint i = 0; i < index; i++) {
                        const ModuleWanted *other = g_ptr_array_index(wanted, i);
                        if (has_command(other->object->info->commands, row->name) &&
                            have_common_host(module, other))
                                report_command(module, row->name, other->object->name, findings);
                }
        }
}

static void
declare_events(EventNames *names, const ModuleWanted *module, ConfigFindings *findings)
{
        const MotetEventDecl *event = module->object->info->events;

        for (; event && event->name; event++) {
                g_autoptr(GError) error = NULL;
                if (event_names_declare(names, event->name, event->kind, &error))
                        continue;
                g_autofree char *text = g_strdup_printf("is unusable: %s", error->message);
                add_finding(findings, FINDING_CONFIG_UNUSABLE_MODULE, module, text);
        }
}

static void
check_hooks(const EventNames *names, const ModuleWanted *module, ConfigFindings *findings)
{
        const MotetHook *hook = module->object->info->hooks;

        for (; hook && hook->event; hook++) {
                g_autoptr(GError) error = NULL;
                if (event_names_check(names, hook->event, hook->kind, &error))
                        continue;
                g_autofree char *text = g_strdup_printf("is unusable: %s", error->message);
                add_finding(findings, FINDING_CONFIG_UNUSABLE_MODULE, module, text);
        }
}

void
module_graph_check(const GPtrArray *wanted, ConfigFindings *findings)
{
        EventNames *names = event_names_new();

        for (guint i = 0; i < wanted->len; i++)
                declare_events(names, g_ptr_array_index(wanted, i), findings);
        for (guint i = 0; i < wanted->len; i++) {
                const ModuleWanted *module = g_ptr_array_index(wanted, i);
                bool is_run = is_server_scope(module) || module->hosts[0];
                /* Events of what is missing are missing too: that is said already. */
                if (check_depends(wanted, module, findings) && is_run)
                        check_hooks(names, module, findings);
                check_conflicts(wanted, module, findings);
                check_provided_once(wanted, i, findings);
                check_commands(wanted, i, findings);
        }
        event_names_free(names);
}

static bool
is_listed(const char *const *words, const ModuleObject *object)
{
        for (; words && *words; words++) {
                if (module_object_is(object, *words))
                        return true;
        }
        return false;
}

/* Whether @module must load after @other. */
static bool
comes_after(const ModuleWanted *module, const ModuleWanted *other)
{
        const MotetModuleInfo *info = module->object->info;

        return module != other &&
               (is_listed(info->depends, other->object) || is_listed(info->wants, other->object));
}

/* The first of @waiting that @module must wait for; NULL when it may load now. */
static const ModuleWanted *
find_blocker(const GPtrArray *waiting, const ModuleWanted *module)
{
        for (guint i = 0; i < waiting->len; i++) {
                const ModuleWanted *other = g_ptr_array_index(waiting, i);
                if (comes_after(module, other))
                        return other;
        }
        return NULL;
}

/* Each of @waiting is blocked by another of them: following the blockers must come back to one
 * already seen. */
static void
report_cycle(const GPtrArray *waiting, ConfigFindings *findings)
{
        g_autoptr(GPtrArray) seen = g_ptr_array_new();
        const ModuleWanted *module = g_ptr_array_index(waiting, 0);
        guint first;

        while (!g_ptr_array_find(seen, module, &first)) {
                g_ptr_array_add(seen, (gpointer)module);
                module = find_blocker(waiting, module);
        }

        g_autoptr(GString) text = g_string_new("must load before itself: ");
        for (guint i = first; i < seen->len; i++) {
                const ModuleWanted *link = g_ptr_array_index(seen, i);
                g_string_append_printf(text, "%s needs ", link->object->name);
        }
        g_string_append_printf(text, "%s; disable one of them", module->object->name);
        add_finding(findings, FINDING_CONFIG_DEPENDENCY_CYCLE, module, text->str);
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
        const ModuleWanted *left = *(ModuleWanted *const *)a;
        const ModuleWanted *right = *(ModuleWanted *const *)b;

        return strcmp(left->object->name, right->object->name);
}

void
module_graph_sort(GPtrArray *wanted, ConfigFindings *findings)
{
        g_autoptr(GPtrArray) waiting = g_ptr_array_new();
        g_autoptr(GPtrArray) sorted = g_ptr_array_new();

        g_ptr_array_sort(wanted, compare_names);
        for (guint i = 0; i < wanted->len; i++)
                g_ptr_array_add(waiting, g_ptr_array_index(wanted, i));

        while (waiting->len > 0) {
                guint next = 0;
                while (next < waiting->len &&
                       find_blocker(waiting, g_ptr_array_index(waiting, next)))
                        next++;
                if (next == waiting->len) {
                        report_cycle(waiting, findings);
                        return;
                }
                g_ptr_array_add(sorted, g_ptr_array_remove_index(waiting, next));
        }
        for (guint i = 0; i < sorted->len; i++)
                wanted->pdata[i] = g_ptr_array_index(sorted, i);
}
