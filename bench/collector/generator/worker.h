/* What the parts of the generator share: the settings, and a worker, one thread that plays both ends. */
#pragma once
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "edges.h"
#include "histogram.h"

#define SECOND 1000000000ULL
#define FIRST_PORT 8000

struct settings {
    char client[256], server[256], cgroup[512];
    int udp, workers, cycle, part;
    double seconds, warmup, rate; /* rate 0: as fast as it goes */
    long edges;
};

struct worker {
    pthread_t thread;
    int number, first_error;
    uint64_t connected, accepted, failed, measured, measured_ns, cpu_ns;
    int servers[PORTS]; /* listening, or UDP, in the servers' namespace */
    unsigned char *asked; /* UDP: for which edges which ports have asked */
    struct edge *edges;
    long edge_count;
    uint64_t chance;
    uint64_t histogram[BUCKETS];
};

extern struct settings given;

void die(const char *what);

/* Make one; how long it took plus one, or 0 with errno if it came to nothing. */
uint64_t connect_once(struct worker *self, const struct edge *edge);
uint64_t ask_once(struct worker *self, const struct edge *edge);

static inline uint64_t clock_ns(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * SECOND + time.tv_nsec;
}

static inline uint64_t now_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

static inline struct sockaddr_in address_of(uint32_t address, uint16_t port)
{
    return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(address)};
}

static inline struct sockaddr_in target_of(const struct worker *self, const struct edge *edge)
{
    return address_of(edge->target, FIRST_PORT + self->number * PORTS + edge->port);
}

static inline void be_patient(int fd)
{
    struct timeval patience = {.tv_sec = 2};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

/* A socket with the edge's source address, its port left to the kernel; -1 with errno. */
static inline int client_socket(const struct edge *edge, int type)
{
    struct sockaddr_in source = address_of(edge->source, 0);
    int on = 1, fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (type == SOCK_STREAM)
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&source, sizeof(source)) == 0)
        return fd;
    close(fd);
    return -1;
}
