/*
 * Public structures are laid out as modules built for this major number of MOTET_ABI know them:
 * those of which modules have arrays, which are inside others or which modules hand to each other
 * have their size, those that grow have their fields where they were (include/motet, "Growth").
 *
 * A size that changes here breaks modules that are out there. Places are added when fields are.
 */
#include <motet/command.h>
#include <motet/conn.h>
#include <motet/metrics.h>
#include <motet/module.h>
#include <motet/service-auth.h>
#include <motet/service-blocking.h>
#include <motet/service-disco.h>
#include <motet/service-idle.h>
#include <motet/service-message.h>
#include <motet/service-presence.h>
#include <motet/service-roster.h>
#include <motet/service-store.h>

typedef struct {
        const char *name;
        size_t is, was;
} Measure;

#define FIXED(type_, bytes_)                                                                       \
        {                                                                                          \
#type_, sizeof(type_), (bytes_)                                                    \
        }
#define PLACE(type_, field_, offset_)                                                              \
        {                                                                                          \
#type_ "." #field_, offsetof(type_, field_), (offset_)                             \
        }

/* On 64 bits, major number 1. */
static const Measure fixed[] = {
        FIXED(MotetHook, 32),           FIXED(MotetEventDecl, 32),
        FIXED(MotetOption, 64),         FIXED(MotetServiceDecl, 24),
        FIXED(MotetIdentity, 40),       FIXED(MotetRule, 80),
        FIXED(MotetRisk, 56),           FIXED(MotetListenDecl, 32),
        FIXED(MotetPermission, 32),     FIXED(MotetDiscoField, 40),
        FIXED(MotetDiscoForm, 32),      FIXED(MotetArg, 48),
        FIXED(MotetCommandDecl, 48),    FIXED(MotetListen, 40),
        FIXED(MotetMetric, 48),         FIXED(MotetEvent, 32),
        FIXED(MotetSessionLimits, 40),  FIXED(MotetStoreItem, 24),
        FIXED(MotetStoreChange, 32),    FIXED(MotetStoreEntry, 40),
        FIXED(MotetStoreQuery, 56),     FIXED(MotetStoreBackend, 16),
        FIXED(MotetAuthKeys, 56),       FIXED(MotetAuthService, 72),
        FIXED(MotetBlockingService, 8), FIXED(MotetDiscoQuery, 32),
        FIXED(MotetDiscoService, 8),    FIXED(MotetIdleService, 8),
        FIXED(MotetMessageService, 16), FIXED(MotetPresenceChange, 24),
        FIXED(MotetPresenceService, 8), FIXED(MotetRosterItem, 6),
        FIXED(MotetRoster, 32),         FIXED(MotetRosterChange, 32),
        FIXED(MotetRosterChanged, 32),  FIXED(MotetRosterService, 48),
};

/* The last field of each. */
static const Measure places[] = {
        PLACE(MotetSession, roster, 80),     PLACE(MotetStanzaEvent, payload, 72),
        PLACE(MotetSessionEvent, text, 56),  PLACE(MotetFeaturesEvent, features, 40),
        PLACE(MotetServerEvent, server, 32), PLACE(MotetAccountEvent, username, 32),
        PLACE(MotetCustomEvent, data, 32),   PLACE(MotetStoreRequest, next, 208),
        PLACE(MotetModuleInfo, needs, 272),
};

static void
compare(const Measure *measures, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                if (measures[i].is != measures[i].was)
                        g_test_message("%s: %zu, was %zu", measures[i].name, measures[i].is,
                                       measures[i].was);
                g_assert_cmpuint(measures[i].is, ==, measures[i].was);
        }
}

/* include/motet/module.h: rows of modules built before are as far apart as they were. */
static void
test_what_cannot_grow_has_its_size(void)
{
        if (sizeof(void *) != 8) {
                g_test_skip("the sizes are those of 64 bits");
                return;
        }
        g_assert_cmpuint(MOTET_ABI_MAJOR, ==, 1);

        compare(fixed, G_N_ELEMENTS(fixed));
}

/* include/motet/types.h: fields are appended within a major number, never moved. */
static void
test_what_grows_keeps_its_places(void)
{
        if (sizeof(void *) != 8) {
                g_test_skip("the places are those of 64 bits");
                return;
        }

        compare(places, G_N_ELEMENTS(places));
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/layout/what-cannot-grow-has-its-size",
                        test_what_cannot_grow_has_its_size);
        g_test_add_func("/layout/what-grows-keeps-its-places", test_what_grows_keeps_its_places);
        return g_test_run();
}
