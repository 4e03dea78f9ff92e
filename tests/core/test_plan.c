/*
 * Tests of core/plan.h: what is told to humans and to programs.
 */
#include "core/plan.h"

static void
assert_line(const PlanChange *change, const char *line)
{
        g_autofree char *text = plan_change_string(change);

        g_assert_cmpstr(text, ==, line);
}

static void
test_a_line_a_change(void)
{
        g_autoptr(ReloadPlan) plan = plan_new();

        assert_line(plan_add(plan, PLAN_ADD, PLAN_HOST, "a.example", NULL), "+ host a.example");
        assert_line(plan_add(plan, PLAN_REMOVE, PLAN_MODULE, "muc", "a.example"),
                    "- muc on a.example");
        assert_line(plan_add(plan, PLAN_ADD, PLAN_MODULE, "c2s", NULL), "+ c2s on all hosts");
        assert_line(plan_add_value(plan, "ping", "a.example", "idle", "5m", "10m"),
                    "~ ping on a.example: idle 5m → 10m");
        assert_line(plan_add_value(plan, "log.level", NULL, NULL, "info", "debug"),
                    "~ log.level: info → debug");
        assert_line(plan_add(plan, PLAN_ADD, PLAN_LISTENER, "* port 5222", NULL),
                    "+ listener * port 5222");
}

static void
test_values_stay_on_their_line(void)
{
        g_autoptr(ReloadPlan) plan = plan_new();
        g_autofree char *text = g_strnfill(100, 'x');
        g_autofree char *shown = g_strnfill(60, 'x');
        g_autofree char *line = g_strdup_printf("~ motd on a.example: text %s… → a\\x0ab", shown);

        assert_line(plan_add_value(plan, "motd", "a.example", "text", text, "a\nb"), line);
        assert_line(plan_add_value(plan, "motd", "a.example", "text", NULL, ""),
                    "~ motd on a.example: text unset → \"\"");
}

static void
test_a_restart_is_told(void)
{
        g_autoptr(ReloadPlan) plan = plan_new();

        PlanChange *change = plan_add_value(plan, "data_dir", NULL, NULL, "/a", "/b");
        g_assert_false(plan_needs_restart(plan));
        change->sign = PLAN_NOTE;
        change->needs_restart = true;

        g_assert_true(plan_needs_restart(plan));
        assert_line(change, "! data_dir: /a → /b needs a restart");
}

static void
test_programs_get_json(void)
{
        g_autoptr(ReloadPlan) plan = plan_new();
        g_autoptr(GString) json = g_string_new(NULL);

        plan_add(plan, PLAN_ADD, PLAN_MODULE, "muc", "a.example");
        plan_add_value(plan, "motd", "a.example", "text", NULL, "\"a\"\n\\");
        plan_append_json(plan, json);

        g_assert_cmpstr(json->str, ==,
                        "[{\"change\": \"+\", \"kind\": \"module\", \"name\": \"muc\", \"host\": "
                        "\"a.example\", \"needs_restart\": false}, {\"change\": \"~\", \"kind\": "
                        "\"option\", \"name\": \"motd\", \"host\": \"a.example\", \"key\": "
                        "\"text\", \"before\": null, \"after\": \"\\\"a\\\"\\u000a\\\\\", "
                        "\"needs_restart\": false}]");
}

static void
test_an_empty_plan_is_an_empty_list(void)
{
        g_autoptr(ReloadPlan) plan = plan_new();
        g_autoptr(GString) json = g_string_new(NULL);
        g_autofree char *text = plan_string(plan);

        plan_append_json(plan, json);

        g_assert_cmpstr(text, ==, "");
        g_assert_cmpstr(json->str, ==, "[]");
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/plan/a-line-a-change", test_a_line_a_change);
        g_test_add_func("/plan/values-stay-on-their-line", test_values_stay_on_their_line);
        g_test_add_func("/plan/a-restart-is-told", test_a_restart_is_told);
        g_test_add_func("/plan/programs-get-json", test_programs_get_json);
        g_test_add_func("/plan/an-empty-plan-is-an-empty-list",
                        test_an_empty_plan_is_an_empty_list);
        return g_test_run();
}
