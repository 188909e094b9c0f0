/* Who talks to whom: pods of one node to the pods and Services of a cluster. */
#pragma once
#include <stdint.h>
#include <stdlib.h>

#define PORTS 4          /* of each worker */
#define SOURCES 30       /* the pods of one node */
#define TARGETS 8192     /* the pods and Services of a cluster */
#define CLIENTS 0x0AC90000u /* 10.201.0.0/16 */
#define SERVERS 0x0ACA0000u /* 10.202.0.0/16 */

struct edge {
    uint32_t source, target;
    uint16_t port;
};

/* splitmix64: the same load in every run. */
static inline uint64_t random_of(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

/* So many different edges, scattered; NULL if memory is short. */
static inline struct edge *choose_edges(uint64_t *state, long count)
{
    unsigned long space = (unsigned long)SOURCES * TARGETS * PORTS;
    unsigned char *taken = calloc(space, 1);
    struct edge *edges = calloc(count + 1, sizeof(struct edge));
    for (long i = 0; taken && edges && i < count;) {
        unsigned long pick = random_of(state) % space;
        if (taken[pick]++)
            continue;
        /* an odd factor scatters the addresses over their /16 without making two the same */
        edges[i].source = CLIENTS + (((pick % SOURCES + 1) * 40503) & 0xffff);
        edges[i].target = SERVERS + (((pick / SOURCES % TARGETS + 1) * 40503) & 0xffff);
        edges[i].port = pick / SOURCES / TARGETS;
        i++;
    }
    free(taken);
    return taken ? edges : NULL;
}
