/*
 * Tests of instance: ownership, slots, and who is running.
 */
#include "support/test_core.h"

typedef struct {
        Owned owned;
        GString *log;
        char name;
} Thing;

static void
drop_thing(Owned *owned)
{
        Thing *thing = (Thing *)(void *)owned;

        owned_remove(owned);
        g_string_append_c(thing->log, thing->name);
        g_free(thing);
}

static Thing *
thing_new(TestCore *core, MotetModule *owner, char name)
{
        Thing *thing = g_new0(Thing, 1);

        thing->log = core->log;
        thing->name = name;
        owned_add(&thing->owned, owner, drop_thing);
        return thing;
}

static void
test_the_newest_goes_first(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, NULL);
        thing_new(core, module, 'a');
        thing_new(core, module, 'b');
        thing_new(core, module, 'c');

        instance_drop_all(module);
        test_core_assert_log(core, "cba");
        instance_drop_all(module);

        test_core_assert_log(core, "");
}

static void
test_what_was_removed_is_not_dropped(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, NULL);
        thing_new(core, module, 'a');
        Thing *thing = thing_new(core, module, 'b');

        owned_remove(&thing->owned);
        owned_remove(&thing->owned);
        instance_drop_all(module);

        test_core_assert_log(core, "a");
        g_assert_null(thing->owned.owner);
        g_free(thing);
}

static void
drop_and_add(Owned *owned)
{
        Thing *thing = (Thing *)(void *)owned;
        MotetModule *owner = owned->owner;

        owned_remove(owned);
        g_string_append_c(thing->log, thing->name);
        thing->name = 'z';
        owned_add(owned, owner, drop_thing);
}

/* A drop function may leave something new behind: it goes as well. */
static void
test_what_dropping_adds_is_dropped(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, NULL);
        Thing *thing = thing_new(core, module, 'a');
        thing->owned.drop = drop_and_add;

        instance_drop_all(module);

        test_core_assert_log(core, "az");
}

static void
leave_thing(Owned *owned)
{
        MotetModule *owner = owned->owner;

        owned_remove(owned);
        owned_leave(owned, owner, drop_thing);
}

/* Leftovers stay until the very end. */
static void
test_leftovers_go_last(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, NULL);
        thing_new(core, module, 'a')->owned.drop = leave_thing;
        thing_new(core, module, 'b');

        instance_drop_all(module);
        test_core_assert_log(core, "b");
        instance_clear(module);

        test_core_assert_log(core, "a");
}

/* No two live instances share a slot; a slot is used again when its instance has gone. */
static void
test_slots_are_unique_and_reused(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *one = test_core_module(core, core->host, NULL);
        MotetModule *two = test_core_module(core, core->host, NULL);
        MotetModule *three = test_core_module(core, NULL, NULL);
        unsigned free_slot = two->slot;
        g_assert_cmpuint(one->slot, !=, two->slot);
        g_assert_cmpuint(two->slot, !=, three->slot);
        g_assert_cmpuint(one->slot, !=, three->slot);

        test_core_stop(core, two);
        two = test_core_module(core, core->host, NULL);

        g_assert_cmpuint(two->slot, ==, free_slot);
        g_assert_cmpuint(core->server.slots->len, ==, 3);
}

static void
test_entering_nests(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *outer = test_core_module(core, core->host, NULL);
        MotetModule *inner = test_core_module(core, core->host, NULL);

        InstanceCall nobody = instance_enter(outer, "outer");
        InstanceCall before = instance_enter(inner, "inner");
        g_assert_null(nobody.instance);
        g_assert_true(before.instance == outer);
        g_assert_true(activity_here.owner == inner->who);
        g_assert_cmpstr(activity_here.what, ==, "inner");
        g_assert_true(core->server.current == inner);
        g_assert_cmpuint(outer->busy, ==, 1);
        instance_leave(inner, before);
        g_assert_true(core->server.current == outer);
        g_assert_true(activity_here.owner == outer->who);
        g_assert_cmpstr(activity_here.what, ==, "outer");
        instance_leave(outer, nobody);

        g_assert_null(core->server.current);
        g_assert_null(activity_here.owner);
        g_assert_cmpuint(outer->busy, ==, 0);
        g_assert_cmpuint(inner->busy, ==, 0);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/instance/the-newest-goes-first", test_the_newest_goes_first);
        g_test_add_func("/instance/what-was-removed-is-not-dropped",
                        test_what_was_removed_is_not_dropped);
        g_test_add_func("/instance/what-dropping-adds-is-dropped",
                        test_what_dropping_adds_is_dropped);
        g_test_add_func("/instance/leftovers-go-last", test_leftovers_go_last);
        g_test_add_func("/instance/slots-are-unique-and-reused", test_slots_are_unique_and_reused);
        g_test_add_func("/instance/entering-nests", test_entering_nests);
        return g_test_run();
}
