/*
 * worker: has a job on a worker thread until a byte can be read from a descriptor.
 */
#include <motet/module.h>
#include <motet/task.h>
#include <unistd.h>

static const MotetOption options[] = {
        {"fd", MOTET_OPTION_INT, "0", 0, 65535, NULL, "The descriptor to wait for."},
        {0},
};

static void
wait_for_byte(void *data)
{
        const int *fd = data;
        char byte;

        if (read(*fd, &byte, 1) != 1)
                motet_error("nothing to read");
}

static void
done(MotetModule *self, void *data)
{
        (void)self;
        (void)data;
        motet_info("done");
}

static bool
load(MotetModule *self, GError **error)
{
        int *fd = g_new(int, 1);

        (void)error;
        *fd = (int)motet_option_int(self, "fd");
        return motet_offload(self, wait_for_byte, done, fd, g_free);
}

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "worker",
        .summary = "Work",
        .scope = MOTET_SCOPE_SERVER,
        .options = options,
        .load = load,
};
