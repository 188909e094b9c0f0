/* UDP: a new socket asks, the server's one socket answers from the address that was asked.
 *
 * A flow is what two addresses and ports exchange, and the kernel gives ports again: so a port is not used twice for the
 * same edge, and each question is a flow at both of its ends.
 */
#define _GNU_SOURCE
#include "worker.h"

#define ASKED_BITS (1UL << 27)
#define TRIES 1000

/* True if this port has not asked for this edge before, as far as a bit for a hash can tell; remembers it. */
static int is_new(struct worker *self, const struct edge *edge, int fd)
{
    struct sockaddr_in source;
    socklen_t size = sizeof(source);
    if (!self->asked && !(self->asked = calloc(ASKED_BITS / 8, 1)))
        die("memory");
    if (getsockname(fd, (struct sockaddr *)&source, &size))
        return 0;
    uint64_t flow = (uint64_t)(edge - self->edges) << 16 | ntohs(source.sin_port);
    uint64_t bit = random_of(&flow) % ASKED_BITS;
    unsigned char *byte = &self->asked[bit / 8], mask = 1 << bit % 8;
    if (*byte & mask)
        return 0;
    *byte |= mask;
    return 1;
}

static int asking_socket(struct worker *self, const struct edge *edge)
{
    for (int tries = 0; tries < TRIES; tries++) {
        int fd = client_socket(edge, SOCK_DGRAM);
        if (fd < 0 || is_new(self, edge, fd))
            return fd;
        close(fd);
    }
    errno = EADDRNOTAVAIL;
    return -1;
}

static int answer(struct worker *self, int server)
{
    char data[8], control[CMSG_SPACE(sizeof(struct in_pktinfo))];
    struct sockaddr_in asker;
    struct iovec part = {data, sizeof(data)};
    struct msghdr message = {&asker, sizeof(asker), &part, 1, control, sizeof(control), 0};
    if (recvmsg(server, &message, 0) < 0)
        return -1;
    self->accepted++;
    struct in_pktinfo *info = (struct in_pktinfo *)CMSG_DATA(CMSG_FIRSTHDR(&message));
    info->ipi_ifindex = 0;
    info->ipi_spec_dst = info->ipi_addr;
    return sendmsg(server, &message, 0) < 0 ? -1 : 0;
}

uint64_t ask_once(struct worker *self, const struct edge *edge)
{
    struct sockaddr_in target = target_of(self, edge);
    char data[8] = "ask";
    uint64_t took = 0;
    int fd = asking_socket(self, edge);
    if (fd < 0)
        return 0;
    be_patient(fd);
    uint64_t start = now_ns();
    if (sendto(fd, data, sizeof(data), 0, (struct sockaddr *)&target, sizeof(target)) > 0) {
        self->connected++;
        if (answer(self, self->servers[edge->port]) == 0 && recv(fd, data, sizeof(data), 0) > 0)
            took = now_ns() - start + 1;
    }
    close(fd);
    return took;
}
