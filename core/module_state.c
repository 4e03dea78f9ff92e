/*
 * module_state: what an instance hands to newer code of its own, as bytes: its own state, and what
 * it keeps with sessions.
 */
#include <motet/error.h>

#include "core/list.h"
#include "core/module_private.h"
#include "core/session.h"

typedef struct {
        MotetSession *session; /* (own) */
        GBytes *state;         /* (own) */
} SessionState;

static void
session_state_free(void *data)
{
        SessionState *saved = data;

        motet_session_unref(saved->session);
        g_bytes_unref(saved->state);
        g_free(saved);
}

void
module_state_free(ModuleState *state)
{
        if (!state)
                return;
        g_clear_pointer(&state->state, g_bytes_unref);
        g_clear_pointer(&state->sessions, g_ptr_array_unref);
        g_free(state);
}

static void
save_sessions(MotetModule *instance, ModuleState *state)
{
        List *streams = &instance->server->streams;

        state->sessions = g_ptr_array_new_with_free_func(session_state_free);
        for (List *link = streams->next; link != streams; link = link->next) {
                MotetSession *session = &CONTAINER_OF(link, MotetSessionPrivate, link)->session;
                if (!motet_session_data(session, instance))
                        continue;
                GBytes *bytes = instance->info->save_session(instance, session);
                if (!bytes)
                        continue;
                SessionState *saved = g_new0(SessionState, 1);
                saved->session = motet_session_ref(session);
                saved->state = bytes;
                g_ptr_array_add(state->sessions, saved);
        }
}

ModuleState *
module_state_save(MotetModule *instance)
{
        ModuleState *state = g_new0(ModuleState, 1);
        InstanceCall before = instance_enter(instance, "save");

        state->version = instance->info->state_version;
        if (instance->info->save)
                state->state = instance->info->save(instance);
        if (instance->info->save_session)
                save_sessions(instance, state);
        instance_leave(instance, before);
        return state;
}

static bool
restore_all(MotetModule *instance, const ModuleState *state, GError **error)
{
        const MotetModuleInfo *info = instance->info;

        if (state->state && !info->restore(instance, state->state, error))
                return false;
        for (guint i = 0; state->sessions && i < state->sessions->len; i++) {
                SessionState *saved = g_ptr_array_index(state->sessions, i);
                if (!info->restore_session(instance, saved->session, saved->state, error))
                        return false;
        }
        return true;
}

bool
module_state_restore(MotetModule *instance, const ModuleState *state, GError **error)
{
        InstanceCall before = instance_enter(instance, "restore");

        instance->restoring = state->version;
        bool is_done = restore_all(instance, state, error);
        instance->restoring = 0;
        instance_leave(instance, before);
        if (!is_done && error && !*error)
                g_set_error_literal(error, MOTET_ERROR, MOTET_ERROR_MODULE,
                                    "it cannot use the state of the older code");
        return is_done;
}
