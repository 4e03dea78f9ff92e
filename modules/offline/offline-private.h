/*
 * offline-private: what the files of the offline module share.
 *
 *   letter.c   one message: whether it is kept, its stored form, and how its sender is answered
 *   box.c      one account's box: who may put letters in, and how much
 *   handout.c  handing what is in a box to the session that became available
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

/* Copied: a letter that others got at once, and that is in the box for the session it is handed to. */
typedef struct {
        uint64_t id, bytes;
        bool is_lapsed; /* that session is handed nothing any more: nobody is to get it */
} Copied;

/* Pruning: what one deletion under way will make room for. */
typedef struct {
        uint64_t n, bytes;
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

        bool is_counted; /* n and bytes are known */
        bool is_counting;
        bool is_outdated; /* what is being counted is of a deleted account */
        bool is_partial;  /* there were more than could be counted */
        uint64_t n;       /* letters in the box, those being written included */
        uint64_t bytes;   /* of their stored forms */

        MotetSession *session; /* (own) to whom everything is handed; NULL: to nobody */
        MotetTimer *timer;     /* until it has read more, or reading is tried again */
        bool is_reading;
        bool is_stale;     /* something was put in since reading began */
        uint64_t handed;   /* id of the last letter that was handed out */
        bool is_prune_due; /* deleting what was handed out failed */
        unsigned n_failed; /* readings that failed one after the other */
        GPtrArray *
                behind; /* (own) of MotetSession (borrowed, bound): what is in the box may be for it */
        GArray *copied; /* (own) of Copied: those in the box */
};

/* letter.c */

/** letter_is_kept: whether a message is one that is kept for later (XEP-0160 section 3) */
bool letter_is_kept(MotetModule *self, const MotetXml *stanza);
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

/** handout_catcher: Returns: (borrowed) who is being handed what is in the box, and is ready for it; NULL: nobody */
MotetSession *handout_catcher(Box *box);
/** handout_start: from now on everything is handed to @session instead of whoever had it before */
void handout_start(Box *box, MotetSession *session);
/** handout_resume: hands a letter just put in to whoever became available meanwhile */
void handout_resume(Box *box);
/** handout_stop: nobody is handed anything any more */
void handout_stop(Box *box);
/** handout_prune: deletes what was handed out */
void handout_prune(Box *box, uint64_t n, uint64_t bytes);

/* behind.c */

/** behind_init / behind_clear: the part of the box that is about this */
void behind_init(Box *box);
void behind_clear(Box *box);
/** behind_reached: whether a message to @to would reach somebody who gets nothing but from the box */
bool behind_reached(Box *box, const MotetJid *to, const MotetXml *stanza);
/** behind_add: a letter is put in for who is being handed what is in the box */
void behind_add(Box *box);
/** behind_remove: @session is there no more */
void behind_remove(Box *box, MotetSession *session);
/** behind_forget: nothing that is in the box is for anybody who is there */
void behind_forget(Box *box);
/** behind_share: the letter @id is in the box: those it reaches that need not wait get it now. Returns: false: it
 * need not stay there */
bool behind_share(Box *box, const Letter *letter, uint64_t id);
/** behind_lapse: deletes what others got at once: it was in the box for a session that is handed nothing any more */
void behind_lapse(Box *box);
/** behind_is_lapsed: whether nobody is to get the letter @id */
bool behind_is_lapsed(const Box *box, uint64_t id);
/** behind_handed: letters up to box->handed are done with */
void behind_handed(Box *box);
