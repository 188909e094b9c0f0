/* TCP: connect, accept, and close both by a reset, which leaves no TIME_WAIT: ports do not run out. */
#define _GNU_SOURCE
#include "worker.h"

static void reset(int fd)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(fd);
}

uint64_t connect_once(struct worker *self, const struct edge *edge)
{
    struct sockaddr_in target = target_of(self, edge);
    uint64_t took = 0;
    int fd = client_socket(edge, SOCK_STREAM);
    if (fd < 0)
        return 0;
    uint64_t start = now_ns();
    if (connect(fd, (struct sockaddr *)&target, sizeof(target)) == 0) {
        took = now_ns() - start + 1;
        self->connected++;
        int peer = accept4(self->servers[edge->port], NULL, NULL, SOCK_CLOEXEC);
        if (peer >= 0) {
            self->accepted++;
            reset(peer);
        }
    }
    reset(fd);
    return took;
}
