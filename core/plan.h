/*
 * plan: what a reload would change, as data: computed before anything is changed, printed, then
 * carried out whole or not at all.
 */
#pragma once

#include <motet/types.h>

typedef enum {
        PLAN_ADD = '+',
        PLAN_REMOVE = '-',
        PLAN_CHANGE = '~',
        PLAN_NOTE =
                '!', /* what this reload does not do; with needs_restart: what it is refused for */
} PlanSign;

typedef enum {
        PLAN_HOST,     /* name: the domain */
        PLAN_MODULE,   /* name; host: where, NULL for the whole server */
        PLAN_OPTION,   /* the same; key, before, after */
        PLAN_SETTING,  /* name: its key in the main file; before, after */
        PLAN_LISTENER, /* name: address and port */
} PlanKind;

typedef struct {
        PlanSign sign;
        PlanKind kind;
        char *name;
        char *host;           /* or NULL */
        char *key;            /* or NULL */
        char *before, *after; /* as an operator writes them; NULL: unset, or nothing to tell */
        char *note;           /* for humans, behind the rest; or NULL */
        bool needs_restart;
} PlanChange;

typedef struct {
        GPtrArray *changes; /* (own) of PlanChange */
} ReloadPlan;

ReloadPlan *plan_new(void);
void plan_free(ReloadPlan *plan);
/** plan_add: (borrowed) all copied; @host may be NULL. Returns: (borrowed) to be filled in */
PlanChange *plan_add(ReloadPlan *plan, PlanSign sign, PlanKind kind, const char *name,
                     const char *host);
/** plan_add_value: a setting or option that changes; @key NULL for a setting */
PlanChange *plan_add_value(ReloadPlan *plan, const char *name, const char *host, const char *key,
                           const char *before, const char *after);
/** plan_set_note: sets its note */
void plan_set_note(PlanChange *change, const char *format, ...) G_GNUC_PRINTF(2, 3);
/** plan_needs_restart: whether something in it needs a restart */
bool plan_needs_restart(const ReloadPlan *plan);
/** plan_append: moves all changes of @other behind those of @plan */
void plan_append(ReloadPlan *plan, ReloadPlan *other);

/** plan_change_string: Returns: (own) "~ ping on example.org: idle 5m -> 10m", without line feed */
char *plan_change_string(const PlanChange *change);
/** plan_string: Returns: (own) a line a change */
char *plan_string(const ReloadPlan *plan);
/** plan_append_json: appends the changes as a JSON array */
void plan_append_json(const ReloadPlan *plan, GString *json);
/** plan_json_text: appends @text as a JSON string, null for NULL */
void plan_json_text(GString *json, const char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReloadPlan, plan_free)
