/*
 * sim_client: one connection of a user, with a network between it and the server that delays what
 * it carries, and may be cut; and one of a stranger.
 */
#pragma once

#include "sim/sim_world.h"

typedef enum {
        SIM_REQUEST_ANSWERED, /* the server must answer */
        SIM_REQUEST_PEER,     /* another client may */
        SIM_REQUEST_WRITE,    /* as ANSWERED: value of thing is set */
        SIM_REQUEST_READ,     /* as ANSWERED: thing is read */
        SIM_REQUEST_BLOCK,    /* as ANSWERED: an account is blocked */
        SIM_REQUEST_UNBLOCK,  /* as ANSWERED: it is no more */
} SimRequestKind;

typedef struct {
        SimRequestKind kind;
        SimThing thing;
        unsigned other; /* index into world->writes, or account */
        uint64_t end;   /* of the client's bytes: it has arrived when so many were delivered */
        uint64_t sent;  /* step */
        unsigned n_replies;
} SimRequest;

enum { SIM_REQUESTS_MAX = 10000 }; /* of a client */

/** SimPhase: how far a client has come */
typedef enum { SIM_ARRIVING, SIM_KNOWN, SIM_BINDING, SIM_BOUND } SimPhase;

struct SimClient {
        SimWorld *world;
        unsigned number, account;
        unsigned resource; /* number of the first client that had this one */
        char *full_jid;
        MotetSession *session; /* (own) NULL: refused */
        XmlParser *parser;
        GString *out;  /* from the server */
        GString *wire; /* to the server, on its way */
        uint64_t n_written, n_delivered;
        SimPhase phase;
        bool is_next;      /* the server lets it go on to the next phase */
        int64_t bound_at;  /* µs since 1970 */
        GArray *requests;  /* of SimRequest; ids: "r<number * SIM_REQUESTS_MAX + i>" */
        GHashTable *view;  /* (own) full JIDs that are available as far as it was told */
        GHashTable *heard; /* (own) of each sender and address the number of the last message */
        bool blocks[SIM_ACCOUNTS];            /* it was told so, and nobody took it back */
        bool addressed[SIM_ACCOUNTS];         /* it sent presence there directly */
        unsigned subscriptions[SIM_ACCOUNTS]; /* SIM_TO and SIM_FROM, of the last roster it read */
        bool is_informed;                     /* it did */
        bool is_announced;                    /* it heard of its own initial presence */
        bool is_for_all; /* it knows all presence since it came: the last to come, and never
                            unavailable */
        bool went_away;  /* became unavailable once: it was not told of everybody who left meanwhile
                          */
        bool is_slow;    /* reads only what it is allowed to */
        bool is_leaving; /* has ended its stream */
        bool is_broken;  /* has sent what is no XML */
        bool has_ended;  /* the server's stream ended, or the connection was cut */
        bool saw_end;    /* the server's stream ended in order */
        bool was_cut;
};

enum { SIM_TO = 1, SIM_FROM = 2 };

/** sim_client_new: connects as @account. Returns: (borrowed) NULL when refused */
SimClient *sim_client_new(SimWorld *world, unsigned account);
/** sim_client_release: holds its session no more, as the server goes. @client is a SimClient */
void sim_client_release(void *client, void *data);
/** sim_client_free: @client is a SimClient */
void sim_client_free(void *client);
bool sim_client_is_open(const SimClient *client);
/** sim_client_can_speak: it is bound, and neither left nor broke its stream */
bool sim_client_can_speak(const SimClient *client);
/** sim_client_write: onto the wire */
void sim_client_write(SimClient *client, const char *format, ...) G_GNUC_PRINTF(2, 3);
/** sim_client_request: Returns: what an id is made for; write the stanza, then
 * sim_client_requested() */
unsigned sim_client_request(SimClient *client, SimRequestKind kind, SimThing thing, unsigned other);
void sim_client_requested(SimClient *client, unsigned id);
/** sim_client_deliver: @n bytes of the wire at most arrive */
void sim_client_deliver(SimClient *client, size_t n);
/** sim_client_read: what has come */
void sim_client_read(SimClient *client);
void sim_client_set_window(SimClient *client, size_t bytes);
/** sim_client_cut: without a word, and with what is on the wire */
void sim_client_cut(SimClient *client);
/** sim_client_leave: ends the stream in order */
void sim_client_leave(SimClient *client);
/** sim_client_hear: takes note of a stanza, and answers it (sim_hear.c) */
void sim_client_hear(SimClient *client, const MotetXml *stanza);

/** sim_stranger_new: somebody who will never log in. Returns: (borrowed) NULL when refused */
SimStranger *sim_stranger_new(SimWorld *world);
void sim_stranger_release(void *stranger, void *data);
void sim_stranger_free(void *stranger);
/** sim_stranger_act: some of what it has to say arrives, or it goes */
void sim_stranger_act(SimStranger *stranger);
/** sim_stranger_is_free: whether nobody but the stranger holds its session */
bool sim_stranger_is_free(const SimStranger *stranger);

/** sim_act: something that some client does, or that happens */
void sim_act(SimWorld *world);
