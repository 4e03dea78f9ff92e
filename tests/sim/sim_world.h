/*
 * sim_world: a whole server in this process, its clock, its disk, its users and the network between
 * them; all from one seed.
 *
 * The same seed gives the same run, byte for byte: its digest tells. What must hold is checked
 * after every step; the first thing that does not ends the run (sim_fail()).
 */
#pragma once

#include "core/server.h"
#include "core/session.h"
#include "core/xml_parser.h"
#include "sim/sim_random.h"
#include "support/module_folder.h"

#define SIM_FRIEND "friend@remote.example" /* whom no host of ours knows */

enum { SIM_ACCOUNTS = 5, SIM_REMOTE = SIM_ACCOUNTS, SIM_CLIENTS_MAX = 64 };

typedef struct SimClient SimClient;
typedef struct SimStranger SimStranger;

typedef enum { SIM_CHAT, SIM_NORMAL, SIM_HEADLINE, SIM_ERROR, SIM_N_TYPES } SimType;

/** SimMessage: what became of a message; its number is its index */
typedef struct {
        const SimClient *sender;
        unsigned account; /* whom it is for; SIM_REMOTE: nobody here */
        SimType type;
        int resource;        /* number of the resource it is addressed to, -1: to the account */
        uint64_t end;        /* of the sender's bytes */
        uint64_t sent;       /* step */
        unsigned n_received; /* by connections */
        bool bounced;
} SimMessage;

/** SimChange: of what two accounts are to each other */
typedef struct {
        unsigned one, other;
        const SimClient *client; /* who said so; NULL: an account was removed */
        uint64_t end;            /* of the client's bytes */
        uint64_t said;           /* step */
        int64_t arrived;         /* µs of the server's clock; 0: not yet */
} SimChange;

/** SimBlock: what may be in force of one account's block of another */
typedef struct {
        bool is_possible;   /* it may be in force now */
        unsigned n_open;    /* requests to block that are not answered */
        uint64_t answered;  /* step of the last answer to one */
        uint64_t ended;     /* step in which it ended for sure; 0: never */
        bool was_attempted; /* there ever was one */
} SimBlock;

/** SimThing: what is kept for an account, and has one value at a time */
typedef enum { SIM_PRIVATE, SIM_VCARD, SIM_ROSTER_NAME, SIM_N_THINGS } SimThing;

/** SimWrite: a value somebody set; values are unique. The end of an account sets all of it to 0 */
typedef struct {
        unsigned account;
        SimThing thing;
        unsigned value;
        uint64_t sent, answered; /* steps; answered 0: not yet */
        bool failed;             /* answered by an error: it must not be there */
        bool is_unsure;          /* by one that says nothing of that */
} SimWrite;

typedef struct {
        uint64_t seed;
        unsigned n_steps;
        bool is_calm;      /* nobody loses a connection or an account */
        bool is_cramped;   /* send queues are small */
        bool is_slow;      /* the disk takes minutes at times */
        bool is_stopping;  /* it ends with a stop in the middle */
        unsigned failures; /* of 1000 requests of the store; none: never, else at times all */
        bool verbose;
} SimPlan;

typedef struct {
        SimPlan plan;
        SimRandom random;
        ModuleFolder *folder; /* (borrowed) */
        Server *server;
        MotetServer *base;
        XmlPool *pool;        /* of the clients */
        GPtrArray *clients;   /* (own) of SimClient; those that have left, too */
        GPtrArray *strangers; /* (own) of SimStranger; the same */
        GArray *messages;     /* of SimMessage */
        GArray *writes;       /* of SimWrite */
        uint64_t step;        /* from 1 */
        uint64_t digest;
        char *failure; /* (own) NULL: none */

        bool has_options;         /* which of two configurations is in force */
        unsigned off;             /* bits: modules that are switched off (sim_server.c) */
        uint64_t changed;         /* step in which that was decided last */
        const char *replacing;    /* module whose code is to be replaced; NULL: none is */
        bool had_trouble;         /* the disk was slow or failed at some time */
        unsigned n_timers;        /* armed when nobody had come yet */
        GHashTable *n_owned;      /* (own) "module/host" -> what it had registered then */
        uint64_t heap, heap_then; /* bytes the server holds, as far as counted, now and then */

        /* a connection of the account was lost with what was on its way */
        bool was_cut[SIM_ACCOUNTS];
        bool is_removing[SIM_ACCOUNTS];
        uint64_t removed[SIM_ACCOUNTS];              /* the step in which it had ended; 0: never */
        GArray *changes;                             /* (own) of SimChange */
        SimBlock blocks[SIM_ACCOUNTS][SIM_ACCOUNTS]; /* of the second by the first */
        bool was_unguarded; /* block lists were not in force for some time */
        unsigned n_unblocking[SIM_ACCOUNTS][SIM_ACCOUNTS]; /* requests that are not answered */
        uint64_t unblocked[SIM_ACCOUNTS][SIM_ACCOUNTS];    /* step of the last answer to one */
} SimWorld;

/** sim_run: @folder has the modules. Returns: (own) what did not hold, NULL when all did */
char *sim_run(const SimPlan *plan, ModuleFolder *folder, uint64_t *digest_out);

/** sim_fail: the first call counts */
void sim_fail(SimWorld *world, const char *format, ...) G_GNUC_PRINTF(2, 3);
/** sim_note: to the digest, and with verbose to standard error */
void sim_note(SimWorld *world, const char *format, ...) G_GNUC_PRINTF(2, 3);
unsigned sim_below(SimWorld *world, unsigned n);
/** sim_note_contacts: what the two are to each other is about to change by what @client has just
 * written; NULL: as one of them ends */
void sim_note_contacts(SimWorld *world, const SimClient *client, unsigned one, unsigned other);
/** sim_was_blocked: whether one of the two may have blocked the other at any time since the step
 * @since */
bool sim_was_blocked(const SimWorld *world, unsigned one, unsigned other, uint64_t since);
/** sim_account: Returns: (borrowed) its address */
const char *sim_account(unsigned account);
/** sim_host: Returns: (borrowed) its domain */
const char *sim_host(unsigned account);
/** sim_account_of: Returns: whose address, bare or full, @jid is; SIM_REMOTE: nobody's */
unsigned sim_account_of(const char *jid);

/* The server and what happens to it (sim_server.c). */

void sim_server_start(SimWorld *world);
void sim_server_free(SimWorld *world);
/** sim_enter / sim_leave: around everything that lets the server do something: what it allocates
 * meanwhile is counted */
void sim_enter(SimWorld *world);
void sim_leave(SimWorld *world);
/** sim_settle / sim_advance: the server does what there is to do, also with time; then everybody
 * reads */
void sim_settle(SimWorld *world);
void sim_advance(SimWorld *world, int64_t us);
/** sim_reload: another configuration: options, and which modules run; @is_whole: all do, with the
 * first options */
void sim_reload(SimWorld *world, bool is_whole);
bool sim_is_on(const SimWorld *world, const char *module);
/** sim_replace: new code of some module, once it is idle */
void sim_replace(SimWorld *world);
void sim_set_disk(SimWorld *world, unsigned failures, int64_t delay);
/** sim_change_disk: its next phase */
void sim_change_disk(SimWorld *world);
/** sim_remove: @account ends; there is one of that name again, with nothing, afterwards */
void sim_remove(SimWorld *world, unsigned account);
/** sim_watch_removals: takes note of those that are done */
void sim_watch_removals(SimWorld *world);
/** sim_remember: what is registered, armed and allocated when nobody has come yet */
void sim_remember(SimWorld *world);
/** sim_n_owned: Returns: how many timers, hooks, requests and the like @instance has registered */
unsigned sim_n_owned(const MotetModule *instance);
/** sim_n_owned_before: Returns: how many when sim_remember() was called */
unsigned sim_n_owned_before(const SimWorld *world, const MotetModule *instance);

/* What must hold (sim_check.c). */

/** sim_check_server: at any time */
void sim_check_server(SimWorld *world);
/** sim_check_replies: when everything was said and answered */
void sim_check_replies(SimWorld *world);
/** sim_check_messages: when everybody has come back and read what was kept for them */
void sim_check_messages(SimWorld *world);
/** sim_check_contacts: then, too, if the disk never failed: who is subscribed to whom, and sees
 * whom */
void sim_check_contacts(SimWorld *world);
/** sim_check_end: when everybody has left and an hour has passed */
void sim_check_end(SimWorld *world);
/** sim_check_stopped: when the server was stopped and its time is over */
void sim_check_stopped(SimWorld *world);
/** sim_check_read: @value (0: none) was told of @thing, to a question of the step @asked */
void sim_check_read(SimWorld *world, unsigned account, SimThing thing, unsigned value,
                    uint64_t asked);
