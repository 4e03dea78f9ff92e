/*
 * plan: what a reload would change, as data: computed before anything is changed, printed, then
 * carried out whole or not at all.
 */
#include "core/plan.h"

#include <string.h>

enum { VALUE_SHOWN = 60 }; /* characters of a value in a line for humans */

static void
change_free(void *data)
{
        PlanChange *change = data;

        g_free(change->name);
        g_free(change->host);
        g_free(change->key);
        g_free(change->before);
        g_free(change->after);
        g_free(change->note);
        g_free(change);
}

ReloadPlan *
plan_new(void)
{
        ReloadPlan *plan = g_new0(ReloadPlan, 1);

        plan->changes = g_ptr_array_new_with_free_func(change_free);
        return plan;
}

void
plan_free(ReloadPlan *plan)
{
        if (!plan)
                return;
        g_ptr_array_unref(plan->changes);
        g_free(plan);
}

PlanChange *
plan_add(ReloadPlan *plan, PlanSign sign, PlanKind kind, const char *name, const char *host)
{
        PlanChange *change = g_new0(PlanChange, 1);

        change->sign = sign;
        change->kind = kind;
        change->name = g_strdup(name);
        change->host = g_strdup(host);
        g_ptr_array_add(plan->changes, change);
        return change;
}

PlanChange *
plan_add_value(ReloadPlan *plan, const char *name, const char *host, const char *key,
               const char *before, const char *after)
{
        PlanChange *change =
                plan_add(plan, PLAN_CHANGE, key ? PLAN_OPTION : PLAN_SETTING, name, host);

        change->key = g_strdup(key);
        change->before = g_strdup(before);
        change->after = g_strdup(after);
        return change;
}

void
plan_set_note(PlanChange *change, const char *format, ...)
{
        va_list args;

        g_free(change->note);
        va_start(args, format);
        change->note = g_strdup_vprintf(format, args);
        va_end(args);
}

bool
plan_needs_restart(const ReloadPlan *plan)
{
        for (guint i = 0; i < plan->changes->len; i++) {
                const PlanChange *change = g_ptr_array_index(plan->changes, i);
                if (change->needs_restart)
                        return true;
        }
        return false;
}

void
plan_append(ReloadPlan *plan, ReloadPlan *other)
{
        g_ptr_array_extend_and_steal(plan->changes, g_ptr_array_ref(other->changes));
}

/* Text */

/* A value on one line, however long it is and whatever is in it. */
static void
append_value(GString *line, const char *value)
{
        if (!value) {
                g_string_append(line, "unset");
                return;
        }
        if (!*value) {
                g_string_append(line, "\"\"");
                return;
        }
        int n = 0;
        for (const char *c = value; *c; c = g_utf8_next_char(c)) {
                gunichar character = g_utf8_get_char(c);
                if (n++ == VALUE_SHOWN) {
                        g_string_append(line, "…");
                        return;
                }
                if (g_unichar_iscntrl(character))
                        g_string_append_printf(line, "\\x%02x", (unsigned)character);
                else
                        g_string_append_unichar(line, character);
        }
}

char *
plan_change_string(const PlanChange *change)
{
        GString *line = g_string_new(NULL);
        static const char *const kinds[] = {
                [PLAN_HOST] = "host ",
                [PLAN_MODULE] = "",
                [PLAN_OPTION] = "",
                [PLAN_SETTING] = "",
                [PLAN_LISTENER] = "listener ",
        };

        g_string_append_printf(line, "%c %s%s", (char)change->sign, kinds[change->kind],
                               change->name);
        if (change->kind == PLAN_OPTION ||
            (change->kind == PLAN_MODULE && change->sign != PLAN_NOTE))
                g_string_append_printf(line, " on %s", change->host ? change->host : "all hosts");
        if (change->key)
                g_string_append_printf(line, ": %s", change->key);
        if (change->before || change->after) {
                g_string_append(line, change->key ? " " : ": ");
                append_value(line, change->before);
                g_string_append(line, " → ");
                append_value(line, change->after);
        }
        if (change->needs_restart)
                g_string_append(line, " needs a restart");
        if (change->note)
                g_string_append_printf(line, ": %s", change->note);
        return g_string_free(line, FALSE);
}

char *
plan_string(const ReloadPlan *plan)
{
        GString *text = g_string_new(NULL);

        for (guint i = 0; i < plan->changes->len; i++) {
                g_autofree char *line = plan_change_string(g_ptr_array_index(plan->changes, i));
                g_string_append_printf(text, "%s\n", line);
        }
        return g_string_free(text, FALSE);
}

/* JSON */

void
plan_json_text(GString *json, const char *text)
{
        if (!text) {
                g_string_append(json, "null");
                return;
        }
        g_string_append_c(json, '"');
        for (const char *c = text; *c; c++) {
                unsigned char byte = (unsigned char)*c;
                if (byte == '"' || byte == '\\')
                        g_string_append_c(json, '\\');
                if (byte < 0x20)
                        g_string_append_printf(json, "\\u%04x", byte);
                else
                        g_string_append_c(json, *c);
        }
        g_string_append_c(json, '"');
}

static void
append_member(GString *json, const char *name, const char *text)
{
        if (!text)
                return;
        g_string_append_printf(json, ", \"%s\": ", name);
        plan_json_text(json, text);
}

static void
append_change(GString *json, const PlanChange *change)
{
        static const char *const kinds[] = {
                [PLAN_HOST] = "host",       [PLAN_MODULE] = "module",     [PLAN_OPTION] = "option",
                [PLAN_SETTING] = "setting", [PLAN_LISTENER] = "listener",
        };

        g_string_append_printf(json, "{\"change\": \"%c\", \"kind\": \"%s\"", (char)change->sign,
                               kinds[change->kind]);
        append_member(json, "name", change->name);
        append_member(json, "host", change->host);
        append_member(json, "key", change->key);
        if (change->kind == PLAN_OPTION || change->kind == PLAN_SETTING) {
                g_string_append(json, ", \"before\": ");
                plan_json_text(json, change->before);
                g_string_append(json, ", \"after\": ");
                plan_json_text(json, change->after);
        }
        append_member(json, "note", change->note);
        g_string_append_printf(json, ", \"needs_restart\": %s}",
                               change->needs_restart ? "true" : "false");
}

void
plan_append_json(const ReloadPlan *plan, GString *json)
{
        g_string_append_c(json, '[');
        for (guint i = 0; i < plan->changes->len; i++) {
                g_string_append(json, i == 0 ? "" : ", ");
                append_change(json, g_ptr_array_index(plan->changes, i));
        }
        g_string_append_c(json, ']');
}
