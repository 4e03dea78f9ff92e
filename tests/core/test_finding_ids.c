/*
 * Tests of finding_ids: the table is whole, and its names are ones that scripts can rely on.
 */
#include "core/finding_ids.h"

#include <string.h>

#include "core/check.h"

static const char *
group_of(const char *name)
{
        for (const Check *check = checks; check->name; check++) {
                size_t n = strlen(check->name);
                if (strncmp(name, check->name, n) == 0 && name[n] == '.')
                        return check->name;
        }
        return g_str_has_prefix(name, "module.") ? "module" : NULL;
}

static void
test_every_kind_is_told(void)
{
        for (unsigned id = 0; id < N_FINDINGS; id++) {
                const FindingKind *kind = finding_kind((FindingId)id);
                g_assert_nonnull(kind->name);
                g_assert_cmpuint(strlen(kind->title), >, 10);
                g_assert_cmpuint(strlen(kind->explanation), >, 40);
                g_assert_true(g_str_has_suffix(kind->explanation, "."));
        }
}

/* kebab-case behind the name of a check, or behind "module" */
static void
test_names_have_one_form(void)
{
        for (unsigned id = 0; id < N_FINDINGS; id++) {
                const char *name = finding_kind((FindingId)id)->name;
                const char *group = group_of(name);

                g_assert_nonnull(group);
                g_assert_true(finding_is_of((FindingId)id, group));
                const char *word = name + strlen(group) + 1;
                g_assert_cmpuint(strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-"), ==,
                                 strlen(word));
                g_assert_false(finding_is_of((FindingId)id, word));
        }
}

static void
test_names_are_found(void)
{
        for (unsigned id = 0; id < N_FINDINGS; id++) {
                const FindingKind *kind = finding_kind((FindingId)id);
                g_assert_true(finding_kind_find(kind->name) == kind);
        }
        g_assert_null(finding_kind_find("config.unknown"));
        g_assert_null(finding_kind_find(""));
}

static void
test_near_names_are_suggested(void)
{
        g_assert_cmpstr(finding_kind_nearest("config.unknwon-key"), ==, "config.unknown-key");
        g_assert_cmpstr(finding_kind_nearest("domain.bidi"), ==, "domains.bidi");
        g_assert_null(finding_kind_nearest("nonsense"));
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/finding-ids/every-kind-is-told", test_every_kind_is_told);
        g_test_add_func("/finding-ids/names-have-one-form", test_names_have_one_form);
        g_test_add_func("/finding-ids/names-are-found", test_names_are_found);
        g_test_add_func("/finding-ids/near-names-are-suggested", test_near_names_are_suggested);
        return g_test_run();
}
