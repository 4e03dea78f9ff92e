/*
 * test_error: exit codes of errors.
 */
#include <motet/error.h>
#include <sysexits.h>

static const struct {
        MotetError code;
        int exit_code;
} codes[] = {
        {MOTET_ERROR_CONFIG, 78},    {MOTET_ERROR_IO, 74},      {MOTET_ERROR_TLS, 78},
        {MOTET_ERROR_MODULE, 78},    {MOTET_ERROR_STORE, 74},   {MOTET_ERROR_XML, 65},
        {MOTET_ERROR_EXISTS, 73},    {MOTET_ERROR_MISSING, 69}, {MOTET_ERROR_USAGE, 64},
        {MOTET_ERROR_CANCELLED, 75}, {MOTET_ERROR_DENIED, 77},  {MOTET_ERROR_BUSY, 75},
};

/* error.h: scripts tell mistakes apart by these. */
static void
test_each_code_has_its_exit_code(void)
{
        g_assert_cmpuint(G_N_ELEMENTS(codes), ==, MOTET_ERROR_BUSY + 1);
        for (size_t i = 0; i < G_N_ELEMENTS(codes); i++) {
                g_autoptr(GError) error = g_error_new(MOTET_ERROR, (int)codes[i].code, "x");
                g_assert_cmpint(motet_error_exit_code(error), ==, codes[i].exit_code);
        }
}

static void
test_foreign_errors_are_internal(void)
{
        g_autoptr(GError) foreign = g_error_new(G_FILE_ERROR, G_FILE_ERROR_NOENT, "x");
        g_autoptr(GError) beyond = g_error_new(MOTET_ERROR, MOTET_ERROR_BUSY + 1, "x");
        g_autoptr(GError) negative = g_error_new(MOTET_ERROR, -1, "x");

        g_assert_cmpint(motet_error_exit_code(foreign), ==, EX_SOFTWARE);
        g_assert_cmpint(motet_error_exit_code(beyond), ==, EX_SOFTWARE);
        g_assert_cmpint(motet_error_exit_code(negative), ==, EX_SOFTWARE);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        g_test_add_func("/error/each-code-has-its-exit-code", test_each_code_has_its_exit_code);
        g_test_add_func("/error/foreign-errors-are-internal", test_foreign_errors_are_internal);
        return g_test_run();
}
