/*
 * mistyped: a module whose data is freed by a function of another type than the pointer it is
 * called through, for the test of builds that check such calls. Others call it all the same.
 */
#include <motet/module.h>

static void
text_free(GString *text)
{
        g_string_free(text, TRUE);
}

static bool
load(MotetModule *self, GError **error)
{
        (void)error;
        motet_module_set_data(self, g_string_new("words"), (GDestroyNotify)text_free);
        return true;
}

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "mistyped",
        .summary = "Free data by a function of another type",
        .load = load,
};
