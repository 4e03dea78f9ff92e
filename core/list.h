/*
 * list: circular lists of links embedded in their elements; a head is a link too.
 *
 * The owner's struct holds its links, so that entering and leaving a list allocates nothing. Zeroed
 * memory is a link in no list; a head is made with list_init().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct List {
        struct List *next, *prev; /* NULL, NULL: a link in no list */
} List;

/** CONTAINER_OF: the struct of @Type that embeds @pointer as its @member */
#define CONTAINER_OF(pointer, Type, member)                                                        \
        ((Type *)(void *)((char *)(pointer)-offsetof(Type, member)))

static inline void
list_init(List *head)
{
        head->next = head->prev = head;
}

static inline bool
list_is_empty(const List *head)
{
        return head->next == head;
}

/** list_is_linked: whether @link is in a list */
static inline bool
list_is_linked(const List *link)
{
        return link->next != NULL;
}

static inline void
list_append(List *head, List *link)
{
        link->prev = head->prev;
        link->next = head;
        head->prev->next = link;
        head->prev = link;
}

/** list_unlink: a no-op for a link in no list */
static inline void
list_unlink(List *link)
{
        if (!link->next)
                return;
        link->prev->next = link->next;
        link->next->prev = link->prev;
        link->next = link->prev = NULL;
}

/** list_move_all: moves all links of @from to the end of @to */
static inline void
list_move_all(List *to, List *from)
{
        if (list_is_empty(from))
                return;
        from->next->prev = to->prev;
        to->prev->next = from->next;
        from->prev->next = to;
        to->prev = from->prev;
        list_init(from);
}
