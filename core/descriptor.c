/*
 * descriptor: what read(2) and write(2) leave to their caller.
 */
#include "core/descriptor.h"

#include <errno.h>
#include <sys/types.h>
#include <unistd.h>

bool
descriptor_write_all(int fd, const char *bytes, size_t n)
{
        while (n > 0) {
                ssize_t written = write(fd, bytes, n);
                if (written < 0 && errno == EINTR)
                        continue;
                if (written < 0)
                        return false;
                bytes += written;
                n -= (size_t)written;
        }
        return true;
}
