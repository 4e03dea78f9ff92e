/*
 * descriptor: what read(2), write(2) and unix sockets leave to their caller.
 */
#include "core/descriptor.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room for more than the one that is taken, so that it is seen that there were more; what finds no
 * room the kernel closes. */
#define ROOM 2

typedef union {
        struct cmsghdr head; /* how it is to be aligned */
        char bytes[CMSG_SPACE(ROOM * sizeof(int))];
} Ancillary;

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

ssize_t
descriptor_send(int fd, const char *bytes, size_t n, int handed)
{
        struct iovec part = {(char *)bytes, n};
        Ancillary ancillary = {0};
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

        if (handed >= 0) {
                ancillary.head = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof handed),
                                                  .cmsg_level = SOL_SOCKET,
                                                  .cmsg_type = SCM_RIGHTS};
                memcpy(CMSG_DATA(&ancillary.head), &handed, sizeof handed);
                message.msg_control = &ancillary;
                message.msg_controllen = CMSG_SPACE(sizeof handed);
        }
        return sendmsg(fd, &message, MSG_NOSIGNAL);
}

/* Returns: the one descriptor there is; -1: none, or there were several, which are closed */
static int
take_one(struct msghdr *message)
{
        int taken = -1;
        unsigned n = message->msg_flags & MSG_CTRUNC ? 2 : 0;

        for (struct cmsghdr *head = CMSG_FIRSTHDR(message); head;
             head = CMSG_NXTHDR(message, head)) {
                if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
                        continue;
                for (size_t at = CMSG_LEN(0); at + sizeof taken <= head->cmsg_len;
                     at += sizeof taken) {
                        if (taken >= 0)
                                close(taken);
                        memcpy(&taken, (const char *)head + at, sizeof taken);
                        n++;
                }
        }
        if (n <= 1 || taken < 0)
                return taken;
        close(taken);
        return -1;
}

ssize_t
descriptor_receive(int fd, char *bytes, size_t n, int *handed_out)
{
        struct iovec part = {bytes, n};
        Ancillary ancillary;
        struct msghdr message = {.msg_iov = &part,
                                 .msg_iovlen = 1,
                                 .msg_control = &ancillary,
                                 .msg_controllen = sizeof ancillary};
        ssize_t received = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

        *handed_out = received < 0 ? -1 : take_one(&message);
        return received;
}
