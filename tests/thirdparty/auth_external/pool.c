/*
 * pool: a bounded number of programs, and a bounded number of requests that wait for one.
 *
 * Each program is asked by a job on a worker thread, one question at a time. One that fails is
 * stopped, and started again after a pause that doubles each time. While none works, nobody waits:
 * requests fail at once.
 */
#include "auth_external-private.h"

#include <motet/task.h>
#include <string.h>

#define LOOK_PERIOD G_TIME_SPAN_SECOND
#define PAUSE_MIN G_TIME_SPAN_SECOND
#define PAUSE_DOUBLINGS 6 /* 64 s at most */
#define START_TIME (100 * G_TIME_SPAN_MILLISECOND)
#define WAIT_MAX (15 * G_TIME_SPAN_SECOND)

struct MotetAuthRequest {
        GList link;     /* in Pool.waiting or Pool.asked */
        char *question; /* (own) NULL once a job has it */
        Asker asker;
        int64_t since; /* motet_now() */
        bool is_asked; /* a program is being asked */
        bool is_cancelled;
};

/* Place: for one program. */
typedef struct {
        Program *program;   /* (own) NULL: none runs, or a job has it */
        bool is_busy;       /* a job has it */
        bool is_failing;    /* since the last time it was started or asked */
        unsigned failures;  /* since its last answer */
        int64_t not_before; /* motet_now() */
} Place;

struct Pool {
        MotetModule *self;
        Place *places;
        unsigned n_places;
        unsigned generation; /* of the places */
        GQueue waiting, asked;
};

/* Job: what a worker does, on what is its own. */
typedef struct {
        MotetAuthRequest *request; /* for the core thread only; NULL: the program is just started */
        unsigned place, generation;
        Program *program; /* (own) NULL: it is to be started */
        char **argv;
        char *question;
        GTimeSpan timeout;
        ProgramAnswer answer;
        GError *error; /* it could not be started */
} Job;

static void dispatch(Pool *pool);

static void
question_free(char *question)
{
        if (question)
                explicit_bzero(question, strlen(question));
        g_free(question);
}

static void
request_free(MotetAuthRequest *request)
{
        question_free(request->question);
        g_free(request);
}

/* Also while the module stops, when nothing of it is there any more. */
static void
job_free(void *data)
{
        Job *job = data;

        program_stop(job->program);
        g_strfreev(job->argv);
        question_free(job->question);
        g_clear_error(&job->error);
        g_free(job);
}

/* Requests */

/* Answers @request, which is in no queue any more, and frees it. */
static void
answer(MotetAuthRequest *request, MotetAuthStatus status)
{
        Asker asker = request->asker;
        bool is_cancelled = request->is_cancelled;

        request_free(request);
        if (is_cancelled)
                return;
        if (asker.check_done)
                asker.check_done(asker.module, status, asker.data);
        else
                asker.account_done(asker.module, status, asker.role, false, asker.data);
}

static void
answer_all(GQueue *requests, MotetAuthStatus status)
{
        GList *link;

        while ((link = g_queue_pop_head_link(requests)) != NULL)
                answer(link->data, status);
}

static void
dispatch_later(MotetModule *self, void *data)
{
        (void)self;
        dispatch(data);
}

MotetAuthRequest *
pool_ask(Pool *pool, char *question, const Asker *asker)
{
        MotetAuthRequest *request = g_new0(MotetAuthRequest, 1);

        request->link.data = request;
        request->question = question;
        request->asker = *asker;
        request->since = motet_now(pool->self);
        g_queue_push_tail_link(&pool->waiting, &request->link);
        /* Not before this returned, whatever there is to say. */
        motet_defer(pool->self, dispatch_later, pool, NULL);
        return request;
}

void
pool_cancel(Pool *pool, MotetAuthRequest *request)
{
        if (!request)
                return;
        request->is_cancelled = true;
        if (request->is_asked)
                return; /* freed when the program has answered */
        g_queue_unlink(&pool->waiting, &request->link);
        request_free(request);
}

void
pool_end_requests(Pool *pool)
{
        answer_all(&pool->asked, MOTET_AUTH_ERROR);
        answer_all(&pool->waiting, MOTET_AUTH_ERROR);
}

/* Programs */

static const char *
problem_of(const Job *job)
{
        if (job->error)
                return job->error->message;
        switch (job->answer) {
        case PROGRAM_SILENT:
                return "does not answer in time";
        case PROGRAM_CONFUSED:
                return "does not answer as it should";
        default:
                return "ends by itself";
        }
}

static bool
is_answer(ProgramAnswer answer)
{
        return answer == PROGRAM_YES || answer == PROGRAM_NO;
}

static void
tell_status(Pool *pool, const char *problem)
{
        const char *path = motet_option_string(pool->self, "program");
        unsigned n_failing = 0;

        for (unsigned i = 0; i < pool->n_places; i++)
                if (pool->places[i].is_failing)
                        n_failing++;
        if (n_failing == 0)
                motet_module_set_status(pool->self, MOTET_STATUS_OK, NULL);
        else if (n_failing < pool->n_places)
                motet_module_set_status(pool->self, MOTET_STATUS_WARNING,
                                        "%u of %u instances of %s fail: it %s", n_failing,
                                        pool->n_places, path, problem);
        else
                motet_module_set_status(pool->self, MOTET_STATUS_ERROR, "nobody can log in: %s %s",
                                        path, problem);
}

static void
note_outcome(Pool *pool, Job *job)
{
        Place *place = &pool->places[job->place];

        place->is_busy = false;
        place->program = g_steal_pointer(&job->program);
        place->is_failing = !is_answer(job->answer);
        if (!place->is_failing) {
                /* To start is no answer: one that ends when it is asked fails again. */
                if (job->question)
                        place->failures = 0;
                tell_status(pool, "failed before");
                return;
        }
        unsigned doublings = MIN(place->failures, PAUSE_DOUBLINGS);
        place->failures++;
        place->not_before = motet_now(pool->self) + (PAUSE_MIN << doublings);
        motet_debug("%s %s", job->argv[0], problem_of(job));
        tell_status(pool, problem_of(job));
}

/* On a worker thread. */
static void
start_or_ask(Job *job)
{
        if (!job->program)
                job->program = program_start((const char *const *)job->argv, &job->error);
        if (!job->program)
                job->answer = PROGRAM_ENDED;
        else if (job->question)
                job->answer = program_ask(job->program, job->question, strlen(job->question),
                                          job->timeout);
        else
                job->answer = program_lasts(job->program, START_TIME) ? PROGRAM_YES : PROGRAM_ENDED;
        if (!is_answer(job->answer))
                program_stop(g_steal_pointer(&job->program));
}

/* One that ended while nobody asked it anything is no reason to refuse who asks now. */
static void
work(void *data)
{
        Job *job = data;
        bool was_running = job->program != NULL;

        start_or_ask(job);
        if (was_running && job->answer == PROGRAM_ENDED)
                start_or_ask(job);
}

static MotetAuthStatus
status_of(ProgramAnswer answer)
{
        if (answer == PROGRAM_YES)
                return MOTET_AUTH_OK;
        return answer == PROGRAM_NO ? MOTET_AUTH_FAILED : MOTET_AUTH_ERROR;
}

static void
on_worked(MotetModule *self, void *data)
{
        Job *job = data;
        Pool *pool = motet_module_data(self);

        /* The program of a place that was given up meanwhile goes with the job. */
        if (job->generation == pool->generation)
                note_outcome(pool, job);
        if (job->request) {
                g_queue_unlink(&pool->asked, &job->request->link);
                answer(job->request, status_of(job->answer));
        }
        dispatch(pool);
}

/* @request NULL: to start the program only */
static void
start_job(Pool *pool, unsigned number, MotetAuthRequest *request)
{
        Place *place = &pool->places[number];
        const char *const *arguments = motet_option_list(pool->self, "arguments");
        g_autoptr(GStrvBuilder) argv = g_strv_builder_new();
        Job *job = g_new0(Job, 1);

        g_strv_builder_add(argv, motet_option_string(pool->self, "program"));
        g_strv_builder_addv(argv, (const char **)arguments);
        job->argv = g_strv_builder_end(argv);
        job->place = number;
        job->generation = pool->generation;
        job->program = g_steal_pointer(&place->program);
        job->timeout = motet_option_int(pool->self, "timeout");
        place->is_busy = true;
        if (request) {
                job->request = request;
                job->question = g_steal_pointer(&request->question);
                request->is_asked = true;
                g_queue_push_tail_link(&pool->asked, &request->link);
        }
        if (motet_offload(pool->self, work, on_worked, job, job_free))
                return;

        place->is_busy = false;
        if (request) {
                g_queue_unlink(&pool->asked, &request->link);
                answer(request, MOTET_AUTH_ERROR);
        }
}

/* Returns: number of a place that can be used now; n_places when there is none */
static unsigned
find_place(const Pool *pool)
{
        int64_t now = motet_now(pool->self);
        unsigned i = 0;

        while (i < pool->n_places &&
               (pool->places[i].is_busy ||
                (pool->places[i].is_failing && now < pool->places[i].not_before)))
                i++;
        return i;
}

static bool
any_is_busy(const Pool *pool)
{
        for (unsigned i = 0; i < pool->n_places; i++)
                if (pool->places[i].is_busy)
                        return true;
        return false;
}

/* Refuses the last that came when too many wait, and the first when they wait for too long. */
static void
refuse_hopeless(Pool *pool)
{
        int64_t now = motet_now(pool->self);
        const MotetAuthRequest *first;
        GList *link;

        while (g_queue_get_length(&pool->waiting) > motet_option_int(pool->self, "max_waiting")) {
                link = g_queue_pop_tail_link(&pool->waiting);
                answer(link->data, MOTET_AUTH_ERROR);
        }
        while ((first = g_queue_peek_head(&pool->waiting)) != NULL &&
               now - first->since > WAIT_MAX) {
                link = g_queue_pop_head_link(&pool->waiting);
                answer(link->data, MOTET_AUTH_ERROR);
        }
}

/* Lets as many be asked as can be. */
static void
dispatch(Pool *pool)
{
        MotetAuthRequest *request;

        refuse_hopeless(pool);
        while ((request = g_queue_peek_head(&pool->waiting)) != NULL) {
                unsigned place = find_place(pool);
                if (place == pool->n_places && any_is_busy(pool))
                        return; /* goes on when one is not */
                g_queue_unlink(&pool->waiting, &request->link);
                if (place == pool->n_places)
                        answer(request, MOTET_AUTH_ERROR);
                else
                        start_job(pool, place, request);
        }
}

/* What should run and does not is started, so that failing is noticed before anybody logs in. */
static void
look_after_programs(MotetModule *self, MotetTimer *timer, void *data)
{
        Pool *pool = data;
        int64_t now = motet_now(self);

        (void)timer;
        for (unsigned i = 0; i < pool->n_places; i++) {
                const Place *place = &pool->places[i];
                if (!place->program && !place->is_busy &&
                    (!place->is_failing || now >= place->not_before))
                        start_job(pool, i, NULL);
        }
        dispatch(pool);
}

/* The pool */

static void
stop_programs(Pool *pool)
{
        for (unsigned i = 0; i < pool->n_places; i++)
                if (pool->places[i].program)
                        program_dismiss(pool->places[i].program);
        for (unsigned i = 0; i < pool->n_places; i++)
                program_stop(pool->places[i].program);
        g_clear_pointer(&pool->places, g_free);
}

void
pool_reset(Pool *pool)
{
        stop_programs(pool);
        pool->generation++;
        pool->n_places = (unsigned)motet_option_int(pool->self, "instances");
        pool->places = g_new0(Place, pool->n_places);
}

Pool *
pool_new(MotetModule *self)
{
        Pool *pool = g_new0(Pool, 1);

        pool->self = self;
        g_queue_init(&pool->waiting);
        g_queue_init(&pool->asked);
        pool_reset(pool);
        motet_timer_every(self, NULL, LOOK_PERIOD, look_after_programs, pool);
        return pool;
}

void
pool_free(Pool *pool)
{
        stop_programs(pool);
        g_free(pool);
}
