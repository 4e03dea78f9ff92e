/*
 * bench_handover: what it costs to hand stanzas to another thread and get them back, at its
 * cheapest.
 *
 * Two threads exchange batches of pointers over two lists, each a single compare-and-swap a batch;
 * who finds its list empty sleeps on an eventfd, and is woken only if it said so. That is the least
 * that input and output on threads of their own would add to a message, which crosses twice. Prints
 * microseconds of CPU of the process for each item there and back, by batch size.
 */
#include <glib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#define MEASURE (2 * G_TIME_SPAN_SECOND)

typedef struct Item Item;
struct Item {
        Item *next;
        char bytes[256]; /* of a stanza: whoever has the item reads them */
};

/* Items on their way to one thread. */
typedef struct {
        _Atomic(Item *) head;
        atomic_bool sleeps;
        int wake; /* eventfd */
} Inbox;

typedef struct {
        Inbox there, back;
        atomic_bool stop;
} Pair;

static void
put_all(Inbox *inbox, Item *first, Item *last)
{
        Item *head = atomic_load(&inbox->head);

        do
                last->next = head;
        while (!atomic_compare_exchange_weak(&inbox->head, &head, first));
        if (atomic_exchange(&inbox->sleeps, false)) {
                uint64_t one = 1;
                ssize_t n = write(inbox->wake, &one, sizeof one);
                g_assert(n == sizeof one);
        }
}

static Item *
take_all(Inbox *inbox)
{
        while (true) {
                Item *items = atomic_exchange(&inbox->head, NULL);
                if (items)
                        return items;
                atomic_store(&inbox->sleeps, true);
                /* Between the look and the word somebody may have put in something. */
                items = atomic_exchange(&inbox->head, NULL);
                if (items)
                        return items;
                uint64_t count;
                ssize_t n = read(inbox->wake, &count, sizeof count);
                g_assert(n == sizeof count);
        }
}

/* Reads every byte, as parsing and sending would. Returns: the last item */
static Item *
touch(Item *items, unsigned *sum)
{
        Item *last = items;

        for (Item *item = items; item; item = item->next) {
                for (size_t i = 0; i < sizeof item->bytes; i += 64)
                        *sum += (unsigned char)item->bytes[i]++;
                last = item;
        }
        return last;
}

static void *
send_back(void *data)
{
        Pair *pair = data;
        unsigned sum = 0;

        while (!atomic_load(&pair->stop)) {
                Item *items = take_all(&pair->there);
                put_all(&pair->back, items, touch(items, &sum));
        }
        return GUINT_TO_POINTER(sum);
}

static int64_t
cpu_used(void)
{
        struct rusage usage;

        getrusage(RUSAGE_SELF, &usage);
        return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * G_TIME_SPAN_SECOND +
               usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static size_t
count(const Item *items)
{
        size_t n = 0;

        for (; items; items = items->next)
                n++;
        return n;
}

static double
measure(unsigned n_items)
{
        Pair pair = {.there.wake = eventfd(0, EFD_CLOEXEC), .back.wake = eventfd(0, EFD_CLOEXEC)};
        g_autofree Item *items = g_new0(Item, n_items);
        uint64_t n = 0;
        unsigned sum = 0;
        pthread_t thread;

        for (unsigned i = 0; i + 1 < n_items; i++)
                items[i].next = &items[i + 1];
        if (pthread_create(&thread, NULL, send_back, &pair) != 0)
                g_error("no thread");
        put_all(&pair.there, items, &items[n_items - 1]);

        int64_t start = cpu_used(), end = g_get_monotonic_time() + MEASURE;
        while (g_get_monotonic_time() < end) {
                Item *back = take_all(&pair.back);
                n += count(back);
                put_all(&pair.there, back, touch(back, &sum));
        }
        double us = (double)(cpu_used() - start) / (double)n;

        atomic_store(&pair.stop, true);
        Item last = {0};
        put_all(&pair.there, &last, &last);
        pthread_join(thread, NULL);
        close(pair.there.wake);
        close(pair.back.wake);
        return us;
}

int
main(void)
{
        static const unsigned sizes[] = {1, 4, 16, 64};

        for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++)
                printf("%u at a time: %.2f us of CPU an item, there and back\n", sizes[i],
                       measure(sizes[i]));
        return 0;
}
