/*
 * offline-private: what the files of the offline module share.
 *
 *   letter.c   one message: whether it is kept, its stored form, and how its sender is answered
 *   box.c      one account's box: who may put letters in, and how much
 *   handout.c  handing what is in a box to the session that became available
 *   deletion.c deleting what was handed out, and what nobody is to get
 *   handover.c what newer code of the module has to know of boxes
 *   behind.c   order: who has to get letters from the box before anything else
 *   offline.c  the descriptor, and when boxes are used
 */
#pragma once

#include <motet/event.h>
#include <motet/jid.h>
#include <motet/module.h>
#include <motet/service-auth.h>
#include <motet/service-message.h>
#include <motet/service-store.h>
#include <motet/session.h>
#include <motet/task.h>

typedef struct Box Box;

/* The state of an instance. */
typedef struct {
        MotetModule *self;
        MotetStore *store;
        GHashTable *boxes; /* account -> Box (own) */
        GQueue idle;       /* of Box: nothing goes on in them, the longest first */
} Offline;

/* Letter: a message whose sender waits until it is kept. */
typedef struct {
        Box *box;
        GList link;            /* in box->waiting or box->appending */
        MotetSession *session; /* (own) of the sender; NULL: from elsewhere */
        MotetXml *stanza;      /* (own) */
        MotetJid *to;          /* (own) */
        MotetWait *wait;       /* (own) */
        MotetStoreEntry entry; /* its value is (own), its with borrowed from sender */
        MotetJid *sender;      /* (own) */
        bool is_live;          /* there is somebody to deliver it to, who has to get others first */
} Letter;

/* Kept: a letter in the box of which something is to be known. */
typedef struct {
        uint64_t id, bytes;
} Kept;

/* Pruning: what one deletion under way will make room for. */
typedef struct {
        uint64_t n, bytes;
        bool is_forgotten; /* the account is gone meanwhile, with all there was */
} Pruning;

struct Box {
        Offline *offline;
        char *account;
        GList idle_link; /* its data is NULL while something goes on */

        bool exists; /* the account does */
        MotetAuthRequest *asking;
        GQueue waiting;   /* of Letter: until it is known whether there is room */
        GQueue appending; /* of Letter: being written */
        GQueue prunings;  /* of Pruning (own), in order of submission */
        GQueue removals;  /* of deletions of single letters (own), under way */

        bool is_counted; /* n and bytes are known */
        bool is_counting;
        bool is_outdated; /* what is being counted is of a deleted account */
        bool is_partial;  /* there were more than could be counted */
        uint64_t n;       /* letters in the box, those being written included */
        uint64_t bytes;   /* of their stored forms */

        MotetSession *session; /* (own) to whom everything is handed; NULL: to nobody */
        MotetTimer *timer;     /* until reading is tried again */
        bool is_draining;      /* until @session has read more */
        bool is_reading;
        bool is_stale;     /* something was put in since reading began */
        uint64_t handed;   /* id of the last letter that was handed out */
        unsigned n_failed; /* readings that failed one after the other */
        /* (own) of MotetSession (borrowed, bound): what is in the box may be for it */
        GPtrArray *behind;
        /* (own) of Kept: others got them at once, and they are in the box for the session it is
         * handed to */
        GArray *copied;

        bool is_prune_due;  /* deleting what was handed out failed */
        Pruning due;        /* what that would have made room for */
        GArray *gone;       /* (own) of Kept: nobody is to get them, and they are not deleted yet */
        MotetTimer *again;  /* until deleting is tried again */
        unsigned n_refused; /* deletions that failed one after the other */
};

/* letter.c */

/** letter_is_kept: whether a message is one that is kept for later (XEP-0160 section 3) */
bool letter_is_kept(MotetModule *self, const MotetXml *stanza);
/** letter_remove_forged_delays: nobody but us says what was delayed by us (XEP-0203 section 5);
 * @sender, when it is not NULL, may say it of itself */
void letter_remove_forged_delays(MotetModule *self, MotetXml *stanza, const MotetJid *sender);
/** letter_new: Returns: (own) with its stored form, in no queue, nobody waiting */
Letter *letter_new(MotetModule *self, const MotetStanzaEvent *ev, bool is_live);
/** letter_end: (take) lets the sender's chain go on with @verdict */
void letter_end(Letter *letter, MotetResult verdict);
/** letter_fail: (take) storage failed: the sender is told */
void letter_fail(Letter *letter);
/** letter_is_refused: whether the sender was told by now that it was not kept */
bool letter_is_refused(const Letter *letter);
/** letter_restore: Returns: (own) the message of @entry with its delay; NULL when it is damaged */
MotetXml *letter_restore(MotetModule *self, const MotetStoreEntry *entry);

/* box.c */

/** box_find: Returns: (borrowed) NULL when nothing is known of the account's box */
Box *box_find(const Offline *offline, const char *account);
/** box_take: Returns: (borrowed) the account's box, made when there was none; box_settle() it */
Box *box_take(Offline *offline, const char *account);
/** box_settle: frees or sets aside a box in which nothing goes on; it may be gone afterwards */
void box_settle(Box *box);
/** box_put: Returns: the verdict on the event, whose message is put into the box */
MotetResult box_put(Box *box, MotetStanzaEvent *ev, bool is_live);
/** box_advance: puts in what waits, once it can be */
void box_advance(Box *box);
/** box_release: makes room: @n letters of @bytes are in the box no more */
void box_release(Box *box, uint64_t n, uint64_t bytes);
/** box_forget: the account is being deleted, with all letters of it */
void box_forget(Offline *offline, const char *account);
/** box_drop: the module stops: frees the box, answering nobody */
void box_drop(Box *box);

/* handout.c */

/** handout_catcher: Returns: (borrowed) who is being handed what is in the box, and is ready for
 * it: another one when the former is not any more; NULL: nobody */
MotetSession *handout_catcher(Box *box);
/** handout_start: from now on everything is handed to @session instead of whoever had it before */
void handout_start(Box *box, MotetSession *session);
/** handout_take_over: goes on handing it to @session, as older code did; NULL: it is not there
 * any more */
void handout_take_over(Box *box, MotetSession *session);
/** handout_resume: hands a letter just put in to whoever became available meanwhile */
void handout_resume(Box *box);
/** handout_stop: nobody is handed anything any more */
void handout_stop(Box *box);

/* deletion.c */

/** deletion_init / deletion_clear: the part of the box that is about this */
void deletion_init(Box *box);
void deletion_clear(Box *box);
/** deletion_is_due: whether something is to be deleted, or being deleted */
bool deletion_is_due(const Box *box);
/** deletion_prune: deletes all up to box->handed, which makes room for @n letters of @bytes */
void deletion_prune(Box *box, uint64_t n, uint64_t bytes);
/** deletion_remove: deletes a letter of @bytes that nobody is to get */
void deletion_remove(Box *box, uint64_t id, uint64_t bytes);
/** deletion_is_gone: whether nobody is to get the letter @id, which is in the box still */
bool deletion_is_gone(const Box *box, uint64_t id);
/** deletion_handed: letters up to box->handed are deleted with the others */
void deletion_handed(Box *box);
/** deletion_sum: how much of what is in the box is being deleted */
void deletion_sum(const Box *box, uint64_t *n_out, uint64_t *bytes_out);
/** deletion_try_later: what is due is deleted after some time */
void deletion_try_later(Box *box);
/** deletion_forget: the account is being deleted, with all letters of it */
void deletion_forget(Box *box);

/* handover.c */

/** handover_save: Returns: (own) what is known of boxes and not stored; NULL: nothing */
GBytes *handover_save(MotetModule *self);
/** handover_restore: takes over what older code knew, and goes on with it */
bool handover_restore(MotetModule *self, GBytes *state, GError **error);

/* behind.c */

/** behind_init / behind_clear: the part of the box that is about this */
void behind_init(Box *box);
void behind_clear(Box *box);
/** behind_reached: whether a message to @to would reach somebody who gets nothing but from the
 * box */
bool behind_reached(Box *box, const MotetJid *to, const MotetXml *stanza);
/** behind_add: a letter is put in for who is being handed what is in the box */
void behind_add(Box *box);
/** behind_remove: @session is there no more */
void behind_remove(Box *box, MotetSession *session);
/** behind_forget: nothing that is in the box is for anybody who is there */
void behind_forget(Box *box);
/** behind_share: the letter @id is in the box: those it reaches that need not wait get it now.
 * Returns: false: it need not stay there */
bool behind_share(Box *box, const Letter *letter, uint64_t id);
/** behind_lapse: deletes what others got at once: it was in the box for a session that is handed
 * nothing any more */
void behind_lapse(Box *box);
/** behind_handed: letters up to box->handed are done with */
void behind_handed(Box *box);
