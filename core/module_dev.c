/*
 * module_dev: running a module from the folder it is built in.
 *
 * What the build wrote is copied before it is opened: linkers write over a file in place, and what
 * is mapped must not change.
 */
#include "core/module_dev.h"

#include <motet/error.h>
#include <string.h>
#include <unistd.h>

#include "core/config_module.h"
#include "core/module_built.h"
#include "core/module_copy.h"
#include "core/module_private.h"
#include "core/module_stand_in.h"
#include "core/server_private.h"

#define LOOK (500 * G_TIME_SPAN_MILLISECOND) /* for a new build, and its developer */
#define PATIENCE (10 * G_TIME_SPAN_SECOND)   /* for a moment when nothing of it is under way */
#define COPIES "dev"                         /* below data_dir */

struct ModuleDev {
        Server *server;
        ModuleDevOwner owner;
        char *name, *path, *host; /* host NULL: where the files say */
        ModuleObject *object;     /* (own one of its n_instances) the code that runs */
        LoopTimer timer;
        ModuleCopySource next; /* (own its descriptor) the build to be tried, of path */
        bool is_waiting;       /* for modules_when_idle() */
        bool has_begun;        /* before, what the files say is in force */
        bool is_ending;
};

static Config *
config_of(const ModuleDev *dev)
{
        return dev->server->config;
}

static Modules *
modules_of(const ModuleDev *dev)
{
        return dev->server->modules;
}

/* The sessions there are */

static ModuleDev *
find(const Modules *modules, const char *name)
{
        for (guint i = 0; modules->devs && i < modules->devs->len; i++) {
                ModuleDev *dev = g_ptr_array_index(modules->devs, i);
                if (strcmp(dev->name, name) == 0)
                        return dev;
        }
        return NULL;
}

ModuleObject *
module_dev_object(const Modules *modules, const char *name)
{
        const ModuleDev *dev = find(modules, name);

        return dev && dev->has_begun ? dev->object : NULL;
}

void
module_dev_override(const Modules *modules, Config *config)
{
        for (guint i = 0; modules->devs && i < modules->devs->len; i++) {
                const ModuleDev *dev = g_ptr_array_index(modules->devs, i);
                if (dev->has_begun)
                        config_module_override(config, dev->name, dev->host, true);
        }
}

static void
join(ModuleDev *dev)
{
        Modules *modules = modules_of(dev);

        if (!modules->devs)
                modules->devs = g_ptr_array_new();
        g_ptr_array_add(modules->devs, dev);
}

static void
leave(ModuleDev *dev)
{
        Modules *modules = modules_of(dev);

        if (!modules->devs || !g_ptr_array_remove(modules->devs, dev) || modules->devs->len > 0)
                return;
        g_clear_pointer(&modules->devs, g_ptr_array_unref);
}

/* What is opened but does not run would be closed by whoever looks for modules without use. */
static void
hold(ModuleDev *dev, ModuleObject *object)
{
        object->n_instances++;
        dev->object = object;
}

/* What was handed over */

static void
drop(ModuleCopySource *source)
{
        if (source->fd >= 0)
                close(source->fd);
        source->fd = -1;
}

/* Of several the last counts. Returns: whether there is one to be tried */
static bool
take_handed(ModuleCopySource *source, const ModuleDevOwner *owner)
{
        int fd = owner->handed(owner->data);

        if (fd < 0)
                return source->fd >= 0;
        drop(source);
        source->fd = fd;
        if (fstat(fd, &source->file) < 0)
                drop(source);
        return source->fd >= 0;
}

static void
dev_free(ModuleDev *dev)
{
        Modules *modules = modules_of(dev);

        loop_timer_cancel(dev->server->base.loop, &dev->timer);
        leave(dev);
        dev->object->n_instances--;
        module_sweep(modules);
        drop(&dev->next);
        g_free(dev->name);
        g_free(dev->path);
        g_free(dev->host);
        g_free(dev);
}

/* Telling */

static void tell(const ModuleDev *dev, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
tell(const ModuleDev *dev, const char *format, ...)
{
        int64_t second = loop_wall_now(dev->server->base.loop) / G_TIME_SPAN_SECOND;
        va_list args;

        va_start(args, format);
        g_autofree char *text = g_strdup_vprintf(format, args);
        va_end(args);
        g_autofree char *line = g_strdup_printf("%02d:%02d:%02d %s", (int)(second / 3600 % 24),
                                                (int)(second / 60 % 60), (int)(second % 60), text);
        motet_info("module dev: %s: %s", dev->name, text);
        dev->owner.line(dev->owner.data, line);
}

/* Returns: (own) "example.org, example.net" */
static char *
hosts_text(const ModuleDev *dev)
{
        const GPtrArray *instances = modules_of(dev)->instances;
        g_autoptr(GString) text = g_string_new(NULL);

        for (guint i = 0; i < instances->len; i++) {
                const MotetModule *instance = g_ptr_array_index(instances, i);
                if (instance->loaded == dev->object)
                        g_string_append_printf(text, "%s%s", text->len ? ", " : "",
                                               module_place(instance));
        }
        return g_strdup(text->len ? text->str : "no host");
}

/* Ending */

static void
finish(ModuleDev *dev, GError *error)
{
        if (dev->has_begun) {
                leave(dev);
                module_stand_in_end(dev->server, dev->name, dev->path);
                if (!error)
                        motet_info("module dev: %s ended", dev->name);
        }
        const ModuleDevOwner owner = dev->owner;
        dev_free(dev);
        owner.ended(owner.data, error);
}

static void
finish_now(void *data, const GError *busy)
{
        ModuleDev *dev = data;

        (void)busy; /* what is under way after all the patience is cut off */
        dev->is_waiting = false;
        if (dev->server->base.stopping)
                return; /* module_dev_end_all() */
        finish(dev, NULL);
}

static void
end(ModuleDev *dev)
{
        dev->is_ending = true;
        if (dev->is_waiting)
                return;
        if (modules_of(dev)->idle) {
                loop_timer_arm(dev->server->base.loop, &dev->timer, LOOK);
                return;
        }
        dev->is_waiting = true;
        modules_when_idle(modules_of(dev), dev->name, NULL, PATIENCE, finish_now, dev);
}

void
module_dev_end_all(Server *server)
{
        Modules *modules = server->modules;

        if (!modules)
                return;
        module_idle_cancel(modules);
        while (modules->devs) {
                ModuleDev *dev = g_ptr_array_index(modules->devs, 0);
                const ModuleDevOwner owner = dev->owner;
                config_module_restore(config_of(dev), dev->name);
                dev_free(dev);
                owner.ended(owner.data, NULL);
        }
}

/* Reloading */

static const char *
version_of(const ModuleObject *object)
{
        return object->info->version ? object->info->version : MOTET_VERSION;
}

static void
tell_reloaded(const ModuleDev *dev, const char *before)
{
        const MotetModuleInfo *info = dev->object->info;
        const char *after = version_of(dev->object);
        g_autofree char *hosts = hosts_text(dev);
        g_autofree char *versions = strcmp(before, after) == 0
                                            ? g_strdup("")
                                            : g_strdup_printf(", %s → %s", before, after);

        tell(dev, "new code on %s%s, %s", hosts, versions,
             info->save || info->save_session ? "with its state" : "it begins anew");
}

/* The session's object is the new one while it is tried: checks are about it. */
static bool
take_new_code(ModuleDev *dev, GError **error)
{
        Modules *modules = modules_of(dev);
        ModuleObject *former = dev->object;
        g_autoptr(ReloadPlan) plan = plan_new();
        g_autofree char *copies = g_build_filename(config_of(dev)->data_dir, COPIES, NULL);
        ModuleObject *fresh = module_object_open_copy(dev->name, &dev->next, copies, error);
        drop(&dev->next);
        if (!fresh)
                return false;

        g_ptr_array_insert(modules->objects, 0, fresh);
        hold(dev, fresh);
        bool is_done = modules_replace_by(modules, config_of(dev), dev->name, dev->host, fresh,
                                          plan, error);
        if (!is_done)
                dev->object = former;
        (is_done ? former : fresh)->n_instances--;
        module_sweep(modules);
        return is_done;
}

static void
reload(void *data, const GError *busy)
{
        ModuleDev *dev = data;
        g_autofree char *before = g_strdup(version_of(dev->object));
        g_autoptr(GError) error = NULL;

        dev->is_waiting = false;
        if (dev->server->base.stopping)
                return;
        if (dev->is_ending) {
                end(dev);
                return;
        }
        if (busy) {
                tell(dev, "%s", busy->message);
                return;
        }
        if (take_new_code(dev, &error)) {
                tell_reloaded(dev, before);
                module_stand_in_tell(dev->server);
        } else {
                tell(dev, "not taken, the older code goes on: %s", error->message);
        }
}

static void
look_for_code(ModuleDev *dev)
{
        if (!take_handed(&dev->next, &dev->owner) || modules_of(dev)->idle)
                return;
        dev->is_waiting = true;
        modules_when_idle(modules_of(dev), dev->name, dev->host, PATIENCE, reload, dev);
}

static void
look(LoopTimer *timer)
{
        ModuleDev *dev = CONTAINER_OF(timer, ModuleDev, timer);

        if (dev->server->base.stopping)
                return;
        if (dev->is_ending || !dev->owner.is_there(dev->owner.data)) {
                end(dev);
                return;
        }
        loop_timer_arm(dev->server->base.loop, timer, LOOK);
        if (!dev->is_waiting)
                look_for_code(dev);
}

/* Beginning */

static void
start(void *data, const GError *busy)
{
        ModuleDev *dev = data;

        dev->is_waiting = false;
        if (dev->server->base.stopping)
                return;
        GError *error = busy ? g_error_copy(busy) : NULL;
        if (!busy) {
                dev->has_begun = true;
                module_stand_in_start(dev->server, dev->name, dev->host, dev->object, &error);
        }
        if (error) {
                finish(dev, error);
                return;
        }
        g_autofree char *hosts = hosts_text(dev);
        tell(dev, "\"%s\" runs on %s and is watched; Ctrl-C brings back what the files say",
             dev->path, hosts);
        loop_timer_arm(dev->server->base.loop, &dev->timer, LOOK);
}

static bool
check_free(const Modules *modules, const char *name, GError **error)
{
        if (!find(modules, name))
                return true;
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_EXISTS,
                    "module %s is being developed in another session: end that one", name);
        return false;
}

/* What a crash has left is of no use; what is open of a session before lingers and is. */
static void
clear_copies(const Modules *modules, const char *copies)
{
        for (guint i = 0; i < modules->objects->len; i++) {
                if (((const ModuleObject *)g_ptr_array_index(modules->objects, i))->copy)
                        return;
        }
        module_copy_clear(copies);
}

static ModuleObject *
open_first(const Server *server, const char *name, const ModuleCopySource *source, const char *host,
           GError **error)
{
        g_autofree char *copies = g_build_filename(server->config->data_dir, COPIES, NULL);

        clear_copies(server->modules, copies);
        g_autoptr(ModuleObject) object = module_object_open_copy(name, source, copies, error);
        if (!object || !host || object->info->scope == MOTET_SCOPE_HOST)
                return g_steal_pointer(&object);
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE,
                    "module %s runs once for all hosts: leave out --host", name);
        return NULL;
}

/* Returns: (own) NULL with @error */
static ModuleDev *
dev_new(Server *server, const ModuleCopySource *source, const char *host, GError **error)
{
        g_autofree char *name = module_built_name(source->path, error);
        if (!name || !check_free(server->modules, name, error))
                return NULL;
        ModuleObject *object = open_first(server, name, source, host, error);
        if (!object)
                return NULL;

        ModuleDev *dev = g_new0(ModuleDev, 1);
        dev->server = server;
        dev->name = g_steal_pointer(&name);
        dev->path = g_strdup(source->path);
        dev->host = g_strdup(host);
        dev->timer.func = look;
        dev->next = (ModuleCopySource){.fd = -1, .path = dev->path};
        g_ptr_array_insert(server->modules->objects, 0, object);
        hold(dev, object);
        return dev;
}

void
module_dev_begin(Server *server, const char *path, const char *host, const ModuleDevOwner *owner)
{
        ModuleCopySource first = {.fd = -1, .path = path};
        GError *error = NULL;
        ModuleDev *dev = NULL;

        if (take_handed(&first, owner))
                dev = dev_new(server, &first, host, &error);
        else
                g_set_error(
                        &error, MOTET_ERROR, MOTET_ERROR_USAGE,
                        "the file did not come with the command: the server has no descriptor "
                        "left (motetctl status), or this motetctl is not the one that came with "
                        "it");
        drop(&first);
        if (!dev) {
                owner->ended(owner->data, error);
                return;
        }
        dev->owner = *owner;
        join(dev);
        dev->is_waiting = true;
        modules_when_idle(server->modules, dev->name, host, PATIENCE, start, dev);
}
