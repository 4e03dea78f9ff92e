/*
 * auth_external-private: the parts of the module: one running program, and the pool that asks it.
 */
#pragma once

#include <motet/module.h>
#include <motet/service-auth.h>

/* program.c: all of it blocks, and so is for worker threads, but for the end of the module. */

/** Program: a child process that answers one question at a time. */
typedef struct Program Program;

typedef enum {
        PROGRAM_YES,
        PROGRAM_NO,
        PROGRAM_ENDED,    /* it ended instead of answering */
        PROGRAM_SILENT,   /* it did not answer in time */
        PROGRAM_CONFUSED, /* what it answered is none of the protocol's answers */
} ProgramAnswer;

/**
 * program_start:
 * @argv: (borrowed) path and arguments, NULL-terminated; no shell sees them
 *
 * Returns: (own) the program, which runs; NULL with @error set when it cannot be executed
 */
Program *program_start(const char *const *argv, GError **error);
/**
 * program_ask: sends @question, of @n (at most 65535) bytes, and waits for the answer
 *
 * After any answer but yes and no it can only be stopped: what it would say next is unknown.
 */
ProgramAnswer program_ask(Program *program, const char *question, size_t n, GTimeSpan timeout);
/** program_lasts: whether it is still there after @time, silent as it has to be */
bool program_lasts(Program *program, GTimeSpan time);
/** program_dismiss: tells it to end, by the end of its input; for many that are to be stopped */
void program_dismiss(Program *program);
/** program_stop: (take) lets it end, and kills it when it does not at once; NULL is a no-op */
void program_stop(Program *program);

/* pool.c: on the core thread. */

/** Pool: the running programs, and the requests that wait for one. */
typedef struct Pool Pool;

Pool *pool_new(MotetModule *self);
/** pool_free: (take) stops the programs; nobody is answered any more */
void pool_free(Pool *pool);
/** pool_reset: other options: other programs from now on */
void pool_reset(Pool *pool);
/** pool_end_requests: answers all that are open with MOTET_AUTH_ERROR */
void pool_end_requests(Pool *pool);

/** Asker: who is told the answer; one of the two functions is set. */
typedef struct {
        MotetModule *module;
        MotetAuthCheckFunc check_done;
        MotetAuthAccountFunc account_done;
        MotetAuthRole role; /* for account_done */
        void *data;
} Asker;

/**
 * pool_ask:
 * @question: (take) of the protocol, without its length; wiped in the end
 *
 * Returns: (borrowed) the request, until it is answered: never before this returned
 */
MotetAuthRequest *pool_ask(Pool *pool, char *question, const Asker *asker);
/** pool_cancel: @request (take) is not answered; NULL is a no-op */
void pool_cancel(Pool *pool, MotetAuthRequest *request);
