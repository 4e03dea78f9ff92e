/*
 * Tests of core/module_edit.h: two keys of a drop-in change, and not a byte beside them.
 */
#include "core/module_edit.h"

#include <motet/error.h>
#include <string.h>

#define ALL ((const char *const[]){NULL})
#define HOSTS(...) ((const char *const[]){__VA_ARGS__, NULL})

typedef struct {
        const char *before, *after; /* after NULL: it is refused */
        ModuleEdit edit;
} Row;

static void
check(const Row *rows, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                g_autoptr(GError) error = NULL;
                g_autofree char *text =
                        module_edit_text(rows[i].before, &rows[i].edit, "a.yaml", &error);
                g_test_message("%s", rows[i].before);
                g_assert_cmpstr(text, ==, rows[i].after);
                if (rows[i].after)
                        g_assert_no_error(error);
                else
                        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG);
        }
}

static void
test_the_switch_keeps_comments_and_order(void)
{
        static const Row rows[] = {
                {"# ping: a\nenabled: true # yes\noptions:\n  # idle: 5s\n",
                 "# ping: a\nenabled: false # yes\noptions:\n  # idle: 5s\n",
                 {.enabled = false}},
                {"options:\n  idle: 5s\n\nenabled:   false",
                 "options:\n  idle: 5s\n\nenabled:   true\n",
                 {.enabled = true}},
                {"enabled: true\n", "enabled: true\n", {.enabled = true}},
                {"hosts: [a.example]\nenabled: false\n",
                 "hosts: [a.example]\nenabled: true\n",
                 {.enabled = true}},
                {"{enabled: true}\n", "{enabled: false}\n", {.enabled = false}},
        };

        check(rows, G_N_ELEMENTS(rows));
}

static void
test_a_missing_switch_is_added(void)
{
        static const Row rows[] = {
                {"", "enabled: true\n", {.enabled = true}},
                {"# only this", "# only this\nenabled: false\n", {.enabled = false}},
                {"# only this\n", "# only this\nenabled: false\n", {.enabled = false}},
                {"# a\n\n# of options\noptions:\n  idle: 5s\n",
                 "# a\n\n# of options\nenabled: false\noptions:\n  idle: 5s\n",
                 {.enabled = false}},
        };

        check(rows, G_N_ELEMENTS(rows));
}

static void
test_hosts_are_added_and_removed(void)
{
        const Row rows[] = {
                {"",
                 "enabled: true\nhosts: [a.example]\n",
                 {.enabled = true, .hosts = HOSTS("a.example")}},
                {"enabled: false # x\noptions:\n",
                 "enabled: true # x\nhosts: [a.example]\noptions:\n",
                 {.enabled = true, .hosts = HOSTS("a.example")}},
                {"enabled: true\nhosts: all # y\n",
                 "enabled: true\nhosts: [a.example, b.example] # y\n",
                 {.enabled = true, .hosts = HOSTS("a.example", "b.example")}},
                {"enabled: true\nhosts: [a.example, b.example] # y\n",
                 "enabled: true\nhosts: [b.example] # y\n",
                 {.enabled = true, .hosts = HOSTS("b.example")}},
                {"hosts: [a.example]\nenabled: true\n",
                 "hosts: all\nenabled: true\n",
                 {.enabled = true, .hosts = ALL}},
                {"options:\n  idle: 5s\n",
                 "enabled: true\nhosts: [a.example]\noptions:\n  idle: 5s\n",
                 {.enabled = true, .hosts = HOSTS("a.example")}},
                {"{enabled: true, hosts: all}\n",
                 "{enabled: true, hosts: [a.example]}\n",
                 {.enabled = true, .hosts = HOSTS("a.example")}},
        };

        check(rows, G_N_ELEMENTS(rows));
}

static void
test_a_list_of_lines_keeps_the_comments_of_the_others(void)
{
        const Row rows[] = {
                {"hosts:\n  # first\n  - a.example # one\n  - b.example # two\nenabled: false\n",
                 "hosts:\n  # first\n  - a.example # one\n  - b.example # two\n  - "
                 "\"c\"\nenabled: true\n",
                 {.enabled = true, .hosts = HOSTS("a.example", "b.example", "c")}},
                {"hosts:\n- a.example # one\n- b.example # two\nenabled: true\n",
                 "hosts:\n- b.example # two\nenabled: true\n",
                 {.enabled = true, .hosts = HOSTS("b.example")}},
                {"hosts:\n- a.example\n- b.example\n",
                 "enabled: true\nhosts:\n- a.example\n- c.example\n",
                 {.enabled = true, .hosts = HOSTS("a.example", "c.example")}},
        };

        check(rows, G_N_ELEMENTS(rows));
}

static void
test_names_that_are_no_plain_words_are_quoted(void)
{
        const Row rows[] = {
                {"",
                 "enabled: true\nhosts: [\"127.0.0.1\", \"localhost\", \"ü.example\"]\n",
                 {.enabled = true, .hosts = HOSTS("127.0.0.1", "localhost", "ü.example")}},
                {"hosts: [\"ü.example\"]\nenabled: true\n",
                 "hosts: [\"ü.example\", a.example]\nenabled: true\n",
                 {.enabled = true, .hosts = HOSTS("ü.example", "a.example")}},
        };

        check(rows, G_N_ELEMENTS(rows));
}

/* What is so already is left as it is written. */
static void
test_what_is_so_already_stays(void)
{
        const Row rows[] = {
                {"hosts: all # y\nenabled: true\n",
                 "hosts: all # y\nenabled: true\n",
                 {.enabled = true, .hosts = ALL}},
                {"enabled: true\n", "enabled: true\n", {.enabled = true, .hosts = ALL}},
                {"hosts: [b.example, a.example]\nenabled: true\n",
                 "hosts: [a.example, b.example]\nenabled: true\n",
                 {.enabled = true, .hosts = HOSTS("a.example", "b.example")}},
                {"hosts:\n- b.example\n- a.example\nenabled: true\n",
                 "hosts:\n- b.example\n- a.example\nenabled: true\n",
                 {.enabled = true, .hosts = HOSTS("a.example", "b.example")}},
                {"options:\n  words: [one, two]\n  more: {a: [1, 2], b: \"3\"}\nenabled: true\n",
                 "options:\n  words: [one, two]\n  more: {a: [1, 2], b: \"3\"}\nenabled: false\n",
                 {.enabled = false}},
        };

        check(rows, G_N_ELEMENTS(rows));
}

/* Rather nothing than a guess. */
static void
test_what_is_written_otherwise_is_refused(void)
{
        const Row rows[] = {
                {"enabled: \"true\"\n", NULL, {.enabled = false}},
                {"enabled:\n", NULL, {.enabled = false}},
                {"enabled: >\n  true\n", NULL, {.enabled = false}},
                {"enabled: [true]\n", NULL, {.enabled = false}},
                {"{options: {idle: 5s}}\n", NULL, {.enabled = false}},
                {"{options: {idle: 5s}}\n", NULL, {.enabled = false, .hosts = HOSTS("a.example")}},
                {"- enabled\n", NULL, {.enabled = false}},
                {"enabled: tru\n  e\n", NULL, {.enabled = false}},
                {"enabled: true\nenabled: true\n", NULL, {.enabled = false}},
                {"hosts: [a.example,\n  b.example]\nenabled: true\n",
                 NULL,
                 {.enabled = true, .hosts = HOSTS("a.example")}},
                {"hosts: {a: b}\nenabled: true\n",
                 NULL,
                 {.enabled = true, .hosts = HOSTS("a.example")}},
                {"hosts:\n- a.example\nenabled: true\n", NULL, {.enabled = true, .hosts = ALL}},
                {"hosts: []\nenabled: true\n",
                 NULL,
                 {.enabled = true, .hosts = HOSTS("a.example")}},
                {"hosts: \"all\"\nenabled: true\n",
                 NULL,
                 {.enabled = true, .hosts = HOSTS("a.example")}},
                {"hosts:\n- [a.example]\nenabled: true\n",
                 NULL,
                 {.enabled = true, .hosts = HOSTS("a.example")}},
                {"hosts:\n-\n  a.example\nenabled: true\n",
                 NULL,
                 {.enabled = true, .hosts = HOSTS("b.example")}},
                {"hosts:\n- a.example\n- a.example\nenabled: true\n",
                 NULL,
                 {.enabled = true, .hosts = HOSTS("a.example")}},
                {"enabled: true\noptions: [\n", NULL, {.enabled = false}},
                {"enabled: &x true\noptions: {a: *x}\n", NULL, {.enabled = false}},
                {"\"enabled\": true\nenabled : false\n", NULL, {.enabled = false}},
                {"just words\n", NULL, {.enabled = true}},
                {"{}\n", NULL, {.enabled = true}},
                {"enabled: # later\n", NULL, {.enabled = true}},
                {"hosts:\n- a.example\n- b.example\n  c\nenabled: true\n",
                 NULL,
                 {.enabled = true, .hosts = HOSTS("a.example")}},
        };

        check(rows, G_N_ELEMENTS(rows));
}

/* Lines are counted otherwise by YAML then. What stands alone on its line is found all the same. */
static void
test_lines_that_end_without_a_line_feed(void)
{
        const Row rows[] = {
                {"enabled: true\r\n", "enabled: false\r\n", {.enabled = false}},
                {"# of ours\r\r\roptions:\r", NULL, {.enabled = false}},
                {"options:\renabled: true\r", NULL, {.enabled = false}},
                {"options:\renabled: true\r", NULL, {.enabled = true, .hosts = HOSTS("a.example")}},
                {"enabled: true\rhosts:\r- a.example\r",
                 NULL,
                 {.enabled = true, .hosts = HOSTS("b.example")}},
        };

        check(rows, G_N_ELEMENTS(rows));
}

/* The words are those that do it. */
static void
test_a_refusal_says_what_to_write(void)
{
        static const char text[] = "enabled: >\n  true\n";
        const ModuleEdit plain = {.enabled = false};
        const ModuleEdit with_hosts = {.enabled = true, .hosts = HOSTS("a.example", "b")};
        g_autoptr(GError) error = NULL, other = NULL;

        g_assert_null(module_edit_text(text, &plain, "a.yaml", &error));
        g_assert_cmpstr(
                error->message, ==,
                "a.yaml is written in a way that only you can change: say \"enabled: false\" "
                "there");
        g_assert_null(module_edit_text(text, &with_hosts, "a.yaml", &other));
        g_assert_cmpstr(
                other->message, ==,
                "a.yaml is written in a way that only you can change: say \"enabled: true\" "
                "and \"hosts: [a.example, \"b\"]\" there");
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/module-edit/the-switch-keeps-comments-and-order",
                        test_the_switch_keeps_comments_and_order);
        g_test_add_func("/module-edit/a-missing-switch-is-added", test_a_missing_switch_is_added);
        g_test_add_func("/module-edit/hosts-are-added-and-removed",
                        test_hosts_are_added_and_removed);
        g_test_add_func("/module-edit/a-list-of-lines-keeps-the-comments-of-the-others",
                        test_a_list_of_lines_keeps_the_comments_of_the_others);
        g_test_add_func("/module-edit/names-that-are-no-plain-words-are-quoted",
                        test_names_that_are_no_plain_words_are_quoted);
        g_test_add_func("/module-edit/what-is-so-already-stays", test_what_is_so_already_stays);
        g_test_add_func("/module-edit/what-is-written-otherwise-is-refused",
                        test_what_is_written_otherwise_is_refused);
        g_test_add_func("/module-edit/lines-that-end-without-a-line-feed",
                        test_lines_that_end_without_a_line_feed);
        g_test_add_func("/module-edit/a-refusal-says-what-to-write",
                        test_a_refusal_says_what_to_write);
        return g_test_run();
}
