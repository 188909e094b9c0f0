/* Makes short TCP connections or UDP requests between two network namespaces, counts them and times each.
 *
 * A worker plays both ends: what one end has made the other has taken before the next begins, so every number is exact
 * and no backlog can overflow. Arguments are name=value; the answer is one JSON object on standard output.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>

#include "worker.h"

#define MAX_WORKERS 64

struct settings given;
static struct worker workers[MAX_WORKERS];
static pthread_barrier_t together;

void die(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

static void sleep_until(uint64_t due)
{
    struct timespec time = {.tv_sec = due / SECOND, .tv_nsec = due % SECOND};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR)
        ;
}

static void enter(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || setns(fd, CLONE_NEWNET))
        die(path);
    close(fd);
}

/* Two parts of one load share no port of a client, so no flow. It is a setting of the clients' namespace. */
static void choose_ports(void)
{
    const char *range = given.part ? "33000 65000" : "1024 32999";
    int fd = open("/proc/sys/net/ipv4/ip_local_port_range", O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, range, strlen(range)) < 0)
        die("ip_local_port_range");
    close(fd);
}

static void serve(struct worker *self)
{
    int on = 1;
    for (int i = 0; i < PORTS; i++) {
        struct sockaddr_in any = address_of(INADDR_ANY, FIRST_PORT + self->number * PORTS + i);
        int fd = socket(AF_INET, (given.udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        be_patient(fd);
        if (given.udp)
            setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
        if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof(any)) || (!given.udp && listen(fd, 128)))
            die("server socket");
        self->servers[i] = fd;
    }
}

static void make_one(struct worker *self, const struct edge *edge, int measured)
{
    uint64_t took = given.udp ? ask_once(self, edge) : connect_once(self, edge);
    if (!took) {
        self->failed++;
        if (!self->first_error)
            self->first_error = errno;
    } else if (measured) {
        self->measured++;
        self->histogram[bucket_of(took)]++;
    }
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
    choose_ports();
    self->edge_count = given.edges / given.workers + (self->number < given.edges % given.workers);
    self->edges = choose_edges(&self->chance, self->edge_count);
    if (!self->edges)
        die("edges");
    prctl(PR_SET_TIMERSLACK, 1);
    pthread_barrier_wait(&together);

    uint64_t start = now_ns(), warm = start + given.warmup * SECOND, end = warm + given.seconds * SECOND;
    double step = given.rate > 0 ? SECOND * given.workers / given.rate : 0;
    uint64_t number = 0, now = start, measured_from = 0, cpu = 0;
    while (now < end) {
        if (!measured_from && now >= warm) {
            measured_from = now;
            cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
        }
        make_one(self, next_edge(self, number), measured_from != 0);
        number++;
        if (step > 0) /* an open loop: what is due is made, however long the one before took */
            sleep_until(start + (uint64_t)(step * (number + (double)self->number / given.workers)));
        now = now_ns();
    }
    self->measured_ns = now - measured_from;
    self->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
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
           sscanf(word, "cycle=%d", &given.cycle) == 1 || sscanf(word, "part=%d", &given.part) == 1;
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
        sum.cpu_ns += one->cpu_ns;
        slowest = one->measured_ns > slowest ? one->measured_ns : slowest;
        sum.first_error = sum.first_error ? sum.first_error : one->first_error;
        for (int bucket = 0; bucket < BUCKETS; bucket++)
            sum.histogram[bucket] += one->histogram[bucket];
    }
    printf("{\"connected\": %lu, \"accepted\": %lu, \"failed\": %lu, \"error\": \"%s\", \"measured\": %lu, "
           "\"measured_s\": %.9f, \"cpu_s\": %.9f, \"latency\": [",
           sum.connected, sum.accepted, sum.failed, sum.first_error ? strerror(sum.first_error) : "", sum.measured,
           slowest / SECOND, (double)sum.cpu_ns / SECOND);
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
