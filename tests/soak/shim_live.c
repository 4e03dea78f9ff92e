/*
 * shim_live: what the server started with it in LD_PRELOAD has allocated and not freed.
 *
 * Once a second it writes the bytes of all threads, a 64-bit number in the machine's order, into
 * the file $MOTET_SOAK_LIVE, which must have room for it. The sanitizer is asked when there is one,
 * else malloc(), which counts what it and GLib's slices keep for the next calls, too.
 *
 * Source: mallinfo(3), sanitizer/allocator_interface.h
 */
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

typedef _Atomic uint64_t Figure;

/* NULL without a sanitizer. */
extern size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static uint64_t
take(void)
{
        if (__sanitizer_get_current_allocated_bytes)
                return __sanitizer_get_current_allocated_bytes();

        struct mallinfo2 info = mallinfo2();
        return info.uordblks + info.hblkhd;
}

static void *
meter(void *data)
{
        Figure *live = data;

        for (;;) {
                *live = take();
                nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
        }
        return NULL;
}

/* Signals are for the server's threads. */
static int
start_meter(Figure *live)
{
        sigset_t all, before;
        pthread_t thread;

        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        int failure = pthread_create(&thread, NULL, meter, live);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        return failure;
}

__attribute__((constructor)) static void
begin(void)
{
        const char *path = getenv("MOTET_SOAK_LIVE");

        if (!path)
                return;
        int fd = open(path, O_RDWR | O_CLOEXEC);
        void *live = fd < 0 ? MAP_FAILED
                            : mmap(NULL, sizeof(Figure), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (live == MAP_FAILED || start_meter(live) != 0) {
                fprintf(stderr, "shim_live: %s cannot be written\n", path);
                abort();
        }
        close(fd);
}
