/*
 * zfails: registers what it can and then fails to load, unless told otherwise. Loads after alpha
 * and beta.
 */
#include <motet/error.h>
#include <motet/module.h>
#include <motet/task.h>

static const MotetOption options[] = {
        {"fail", MOTET_OPTION_BOOL, "true", 0, 0, NULL, "Whether to fail."},
        {"reason", MOTET_OPTION_BOOL, "true", 0, 0, NULL, "Whether to say why."},
        {0},
};

static void
on_timer(MotetModule *self, MotetTimer *timer, void *data)
{
        (void)self;
        (void)timer;
        (void)data;
        motet_error("a timer of a module that did not load");
}

static bool
load(MotetModule *self, GError **error)
{
        motet_timer_add(self, NULL, G_TIME_SPAN_SECOND, on_timer, NULL);
        motet_module_set_data(self, g_strdup("state"), g_free);
        if (!motet_option_bool(self, "fail"))
                return true;
        if (motet_option_bool(self, "reason"))
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_MODULE, "not today");
        return false;
}

static void
unload(MotetModule *self)
{
        (void)self;
        motet_info("unload");
}

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "zfails",
        .summary = "Fail",
        .wants = MOTET_LIST("alpha", "beta"),
        .options = options,
        .load = load,
        .unload = unload,
};
