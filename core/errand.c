/*
 * errand: what one module asked of another and is not answered yet.
 *
 * It is under way for both, so that the code of neither is replaced before the answer was told.
 */
#include <motet/task.h>

#include "core/instance.h"

struct MotetErrand {
        Owned asked; /* its owner is who asked; NULL once that stopped */
        Owned given; /* its owner is who is to answer; the same */
};

MotetErrand *
motet_errand_new(MotetModule *caller, MotetModule *provider)
{
        g_return_val_if_fail(caller && provider, NULL);

        MotetErrand *errand = g_new0(MotetErrand, 1);
        errand->asked.underway = true;
        errand->given.underway = true;
        owned_add(&errand->asked, caller, owned_remove);
        owned_add(&errand->given, provider, owned_remove);
        return errand;
}

void
motet_errand_free(MotetErrand *errand)
{
        if (!errand)
                return;

        owned_remove(&errand->asked);
        owned_remove(&errand->given);
        g_free(errand);
}
