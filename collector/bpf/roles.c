/* Which end of a UDP flow is the client: what its sockets did, and in which order.
 *
 * Never the numbers of ports. Where what is remembered cannot tell, the role is UNKNOWN.
 */

#define SECOND_NS 1000000000ULL
#ifndef UNSURE_NS /* a test has no ten seconds */
#define UNSURE_NS (10 * SECOND_NS) /* a socket older than the programs may get answers to older questions so long */
#endif
#define SILENCE_NS (5 * SECOND_NS) /* resolvers ask again after 5 s (resolv.conf(5)): what follows is no answer */
#ifndef IDLE_NS
#define IDLE_NS (180 * SECOND_NS) /* nf_conntrack_udp_timeout_stream was so long: what comes later is counted anew */
#endif
#ifndef AGAIN_NS
#define AGAIN_NS (60 * SECOND_NS) /* a flow that goes on is shown again after so long, with a count of 0 */
#endif

#define PENDING 3 /* beside `enum role`: seen first on a socket older than the programs, nothing tells yet */
#define TRANSLATED 4 /* answers that come from another address than was asked: no flow of their own */
#define NO_EDGE 5

/* flows: who began each flow that is going on.
 * Inserted and read by `udp_flow` alone. Cannot leak: LRU of FLOW_ENTRIES. It holds hints, not counts: a forgotten flow
 * is counted again when it goes on, and `decide` says UNKNOWN where forgetting could have turned its role around.
 */
struct flow_key {
    u8 local[16];
    u8 remote[16];
    u64 netns_cookie;
    u16 local_port;
    u16 remote_port;
    u32 unused;
};
struct flow {
    u64 last_ns;
    u64 told_ns;
    u8 role; /* enum role, PENDING, TRANSLATED or NO_EDGE */
    u8 basis;
    u8 came; /* first came in; while PENDING: has come in, has gone out */
    u8 went;
    u32 unused;
    u64 socket; /* that began it, if no other can have its port; else 0 */
};
BPF_TABLE("lru_hash", struct flow_key, struct flow, flows, FLOW_ENTRIES);

/* askers: who has asked which socket bound to a named port; it may answer from another address than was asked (a wildcard
 * socket of a host with several addresses, a multicast question, a port redirected in its own namespace).
 * Inserted and read by `decide` alone. Cannot leak: LRU of FLOW_ENTRIES; it holds hints.
 */
struct asker {
    u64 socket;
    u8 remote[16];
    u16 port;
    u16 unused1;
    u32 unused2;
};
BPF_TABLE("lru_hash", struct asker, u8, askers, FLOW_ENTRIES);

/* A new flow, and what is known of the socket that it is first seen on. */
struct opening {
    struct flow_key *key;
    struct socket_note *note;
    u64 number; /* of the flow, from 1 */
    u64 socket;
    u8 outgoing;
    u8 connected;
};

/* The coarse clock may be behind the one that user space took the start from. */
static inline int is_unsure(u64 now)
{
    return (s64)(now - state_of(STARTED_NS)) < (s64)UNSURE_NS;
}

static inline u64 flow_number(void)
{
    u32 which = FLOWS_BEGUN;
    u64 *number = state.lookup(&which);
    return number ? __sync_fetch_and_add(number, 1) + 1 : 0;
}

static inline void set_asker(struct opening *opening, struct asker *asker)
{
    __builtin_memcpy(asker->remote, opening->key->remote, 16);
    asker->socket = opening->socket;
    asker->port = opening->key->remote_port;
}

static inline int is_answer(struct opening *opening)
{
    struct asker asker = {};
    set_asker(opening, &asker);
    return askers.lookup(&asker) != 0;
}

static inline void remember_asker(struct opening *opening)
{
    struct asker asker = {};
    u8 one = 1;
    set_asker(opening, &asker);
    askers.update(&asker, &one);
}

/* What happened to the socket so long ago that `flows` and `askers` may have forgotten with whom. */
static inline int is_forgotten(u64 since, u64 number)
{
    return since && number - since > FLOW_ENTRIES / 2;
}

static inline void sender(struct opening *opening, struct flow *flow)
{
    struct socket_note *note = opening->note;

    flow->basis = FIRST_SENDER;
    if (is_forgotten(note->served_at, opening->number)) {
        flow->role = UNKNOWN; /* it may be answering */
        return;
    }
    flow->role = CLIENT;
    if (!note->asked_at)
        note->asked_at = opening->number;
}

/* On the node's own network Service addresses are translated too, so who has asked may be answered by a stranger. */
static inline void receiver(struct opening *opening, struct flow *flow)
{
    struct socket_note *note = opening->note;
    int may_be_answered = note->asked_at && opening->key->netns_cookie == HOST_COOKIE;

    flow->role = may_be_answered || is_forgotten(note->asked_at, opening->number) ? UNKNOWN : SERVER;
    flow->basis = opening->connected ? FIRST_SENDER : LISTENER;
    remember_asker(opening);
    if (!note->served_at)
        note->served_at = opening->number;
}

static inline void translated(struct flow *flow)
{
    flow->role = TRANSLATED;
    add(TRANSLATED_REPLY);
}

/* A socket that is not bound to a named port can only be answered: by whom it asked, or by whom that was translated to. */
static inline void decide(struct opening *opening, struct flow *flow)
{
    struct socket_note *note = opening->note;
    int reachable = note->made ? note->bound : !opening->connected;

    if (!opening->outgoing && reachable)
        receiver(opening, flow);
    else if (!opening->outgoing && (note->made || note->asked_at))
        translated(flow);
    else if (opening->connected && !reachable) {
        flow->role = CLIENT;
        flow->basis = CONNECT;
        note->asked_at = note->asked_at ? note->asked_at : opening->number;
    } else if (reachable && is_answer(opening))
        translated(flow);
    else
        sender(opening, flow);
}

/* A flow first seen on a socket older than the programs: who sends first after a silence, or sends alone, began it. */
static inline void settle(struct opening *opening, struct flow *flow, u64 now)
{
    if (now - flow->last_ns > SILENCE_NS || !(flow->came && flow->went))
        decide(opening, flow);
    else {
        flow->role = UNKNOWN;
        flow->basis = SNAPSHOT;
    }
}
