/* Makes short TCP connections or UDP requests between two network namespaces, counts them and times each.
 *
 * Each worker is one thread that plays both ends: it connects, accepts, and closes both by a reset. So what one end made
 * the other end has taken when the next begins, every number is exact, and no backlog can overflow. A reset leaves no
 * TIME_WAIT, so ports do not run out. Arguments are name=value; the answer is one JSON object on standard output.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "edges.h"
#include "histogram.h"

#define SECOND 1000000000ULL
#define FIRST_PORT 8000
#define MAX_WORKERS 64

struct settings {
    char client[256], server[256], cgroup[512];
    int udp, workers, cycle;
    double seconds, warmup, rate; /* rate 0: as fast as it goes */
    long edges;
};

struct worker {
    pthread_t thread;
    int number, first_error;
    uint64_t connected, accepted, failed, measured, measured_ns;
    int listeners[PORTS];
    struct edge *edges;
    long edge_count;
    uint64_t chance;
    uint64_t histogram[BUCKETS];
};

static struct settings given;
static struct worker workers[MAX_WORKERS];
static pthread_barrier_t together;

static void die(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * SECOND + time.tv_nsec;
}

static void sleep_until(uint64_t due)
{
    struct timespec time = {.tv_sec = due / SECOND, .tv_nsec = due % SECOND};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR)
        ;
}

static struct sockaddr_in address_of(uint32_t address, uint16_t port)
{
    return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(address)};
}

static void enter(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || setns(fd, CLONE_NEWNET))
        die(path);
    close(fd);
}

static void serve(struct worker *self)
{
    struct timeval patience = {.tv_sec = 2};
    int on = 1;
    for (int i = 0; i < PORTS; i++) {
        struct sockaddr_in any = address_of(INADDR_ANY, FIRST_PORT + self->number * PORTS + i);
        int fd = socket(AF_INET, (given.udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        if (given.udp)
            setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
        if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof(any)) || (!given.udp && listen(fd, 128)))
            die("server socket");
        self->listeners[i] = fd;
    }
}

static void reset(int fd)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(fd);
}

/* A socket bound to the source address, its port left to the kernel. */
static int client_socket(const struct edge *edge, int type)
{
    struct sockaddr_in source = address_of(edge->source, 0);
    struct timeval patience = {.tv_sec = 2};
    int on = 1, fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (type == SOCK_STREAM)
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    else
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (bind(fd, (struct sockaddr *)&source, sizeof(source)) == 0)
        return fd;
    close(fd);
    return -1;
}

static uint64_t connect_once(struct worker *self, const struct edge *edge, int fd)
{
    struct sockaddr_in target = address_of(edge->target, FIRST_PORT + self->number * PORTS + edge->port);
    uint64_t start = now_ns();
    if (connect(fd, (struct sockaddr *)&target, sizeof(target)))
        return 0;
    uint64_t took = now_ns() - start;
    self->connected++;
    int peer = accept4(self->listeners[edge->port], NULL, NULL, SOCK_CLOEXEC);
    if (peer >= 0) {
        self->accepted++;
        reset(peer);
    }
    return took + 1; /* never 0 */
}

/* The server's answer comes from the address that was asked. */
static int answer(struct worker *self, int server)
{
    char data[8], control[CMSG_SPACE(sizeof(struct in_pktinfo))];
    struct sockaddr_in asker;
    struct iovec part = {data, sizeof(data)};
    struct msghdr message = {&asker, sizeof(asker), &part, 1, control, sizeof(control), 0};
    if (recvmsg(server, &message, 0) < 0)
        return -1;
    self->accepted++;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    struct in_pktinfo *info = (struct in_pktinfo *)CMSG_DATA(header);
    info->ipi_ifindex = 0;
    info->ipi_spec_dst = info->ipi_addr;
    return sendmsg(server, &message, 0) < 0 ? -1 : 0;
}

static uint64_t ask_once(struct worker *self, const struct edge *edge, int fd)
{
    struct sockaddr_in target = address_of(edge->target, FIRST_PORT + self->number * PORTS + edge->port);
    char data[8] = "ask";
    uint64_t start = now_ns();
    if (sendto(fd, data, sizeof(data), 0, (struct sockaddr *)&target, sizeof(target)) < 0)
        return 0;
    self->connected++;
    if (answer(self, self->listeners[edge->port]) || recv(fd, data, sizeof(data), 0) < 0)
        return 0;
    return now_ns() - start + 1;
}

static void make_one(struct worker *self, const struct edge *edge, int measured)
{
    int fd = client_socket(edge, given.udp ? SOCK_DGRAM : SOCK_STREAM);
    uint64_t took = fd < 0 ? 0 : given.udp ? ask_once(self, edge, fd) : connect_once(self, edge, fd);
    if (!took) {
        self->failed++;
        if (!self->first_error)
            self->first_error = errno;
    } else if (measured) {
        self->measured++;
        self->histogram[bucket_of(took)]++;
    }
    if (fd >= 0)
        reset(fd);
}

/* Each edge in its turn, or by chance once all have been seen. */
static const struct edge *next_edge(struct worker *self, uint64_t number)
{
    uint64_t count = self->edge_count;
    return &self->edges[given.cycle || number < count ? number % count : random_of(&self->chance) % count];
}

static void *work(void *argument)
{
    struct worker *self = argument;
    self->chance = self->number + 1;
    enter(given.server);
    serve(self);
    enter(given.client);
    self->edge_count = given.edges / given.workers + (self->number < given.edges % given.workers);
    self->edges = choose_edges(&self->chance, self->edge_count);
    if (!self->edges)
        die("edges");
    prctl(PR_SET_TIMERSLACK, 1);
    pthread_barrier_wait(&together);

    uint64_t start = now_ns(), warm = start + given.warmup * SECOND, end = warm + given.seconds * SECOND;
    double step = given.rate > 0 ? SECOND * given.workers / given.rate : 0;
    uint64_t number = 0, now = start, measured_from = 0;
    while (now < end) {
        if (!measured_from && now >= warm)
            measured_from = now;
        make_one(self, next_edge(self, number), measured_from != 0);
        number++;
        if (step > 0) /* an open loop: what is due is made, however long the one before took */
            sleep_until(start + (uint64_t)(step * (number + (double)self->number / given.workers)));
        now = now_ns();
    }
    self->measured_ns = now - measured_from;
    return NULL;
}

static int parse(const char *word)
{
    const char *value = strchr(word, '=');
    if (!value++)
        return 0;
    if (!strncmp(word, "protocol=", 9))
        return given.udp = !strcmp(value, "udp"), 1;
    return sscanf(word, "client=%255s", given.client) == 1 || sscanf(word, "server=%255s", given.server) == 1 ||
           sscanf(word, "cgroup=%511s", given.cgroup) == 1 || sscanf(word, "workers=%d", &given.workers) == 1 ||
           sscanf(word, "seconds=%lf", &given.seconds) == 1 || sscanf(word, "warmup=%lf", &given.warmup) == 1 ||
           sscanf(word, "rate=%lf", &given.rate) == 1 || sscanf(word, "edges=%ld", &given.edges) == 1 ||
           sscanf(word, "cycle=%d", &given.cycle) == 1;
}

static void join_cgroup(void)
{
    char path[600];
    snprintf(path, sizeof(path), "%s/cgroup.procs", given.cgroup);
    FILE *file = fopen(path, "w");
    if (!file || fputs("0", file) < 0 || fclose(file))
        die(path);
}

static void report(void)
{
    struct worker sum = {};
    double slowest = 0;
    for (int i = 0; i < given.workers; i++) {
        struct worker *one = &workers[i];
        sum.connected += one->connected;
        sum.accepted += one->accepted;
        sum.failed += one->failed;
        sum.measured += one->measured;
        slowest = one->measured_ns > slowest ? one->measured_ns : slowest;
        sum.first_error = sum.first_error ? sum.first_error : one->first_error;
        for (int bucket = 0; bucket < BUCKETS; bucket++)
            sum.histogram[bucket] += one->histogram[bucket];
    }
    printf("{\"connected\": %lu, \"accepted\": %lu, \"failed\": %lu, \"error\": \"%s\", \"measured\": %lu, "
           "\"measured_s\": %.9f, \"latency\": [",
           sum.connected, sum.accepted, sum.failed, sum.first_error ? strerror(sum.first_error) : "", sum.measured,
           slowest / SECOND);
    const char *comma = "";
    for (int bucket = 0; bucket < BUCKETS; bucket++) {
        if (!sum.histogram[bucket])
            continue;
        printf("%s[%lu, %lu]", comma, middle_of(bucket), sum.histogram[bucket]);
        comma = ", ";
    }
    printf("]}\n");
}

int main(int count, char **words)
{
    for (int i = 1; i < count; i++)
        if (!parse(words[i])) {
            fprintf(stderr, "not understood: %s\n", words[i]);
            return 2;
        }
    if (given.workers < 1 || given.workers > MAX_WORKERS || given.edges < given.workers || given.seconds <= 0) {
        fprintf(stderr, "workers, edges and seconds do not fit\n");
        return 2;
    }
    join_cgroup();
    pthread_barrier_init(&together, NULL, given.workers);
    for (int i = 0; i < given.workers; i++) {
        workers[i].number = i;
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
            die("thread");
    }
    for (int i = 0; i < given.workers; i++)
        pthread_join(workers[i].thread, NULL);
    report();
    return 0;
}
