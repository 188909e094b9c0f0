/* UDP: a flow is what two addresses and two ports exchange; each is counted when it begins, by the end that began it.
 *
 * A client's next socket may get the same port by chance: its own end sees another flow, the server's end the same one.
 * A packet of a flow that is known costs one lookup; of another protocol, the look at the socket's protocol. Roles come
 * from what a socket did (connected, bound to a named port, sent first), never from the numbers of ports.
 */

#define SECOND_NS 1000000000ULL
#ifndef UNSURE_NS /* a test has no ten seconds */
#define UNSURE_NS (10 * SECOND_NS) /* a socket older than the programs may get answers to older questions so long */
#endif
#define SILENCE_NS (5 * SECOND_NS) /* resolvers ask again after 5 s (resolv.conf(5)): what follows is no answer */
#define IDLE_NS (180 * SECOND_NS) /* nf_conntrack_udp_timeout_stream was so long: a flow that is older is another one */
#ifndef AGAIN_NS
#define AGAIN_NS (60 * SECOND_NS) /* a flow that goes on is shown again after so long, with a count of 0 */
#endif

#define PENDING 3 /* beside `enum role`: seen first on a socket older than the programs, nothing tells yet */
#define TRANSLATED 4 /* answers that come from another address than was asked: no flow of their own */
#define NO_EDGE 5

/* flows: who began each flow that is going on.
 * Inserted and read by `udp_flow` alone. Cannot leak: LRU of FLOW_ENTRIES. It holds hints, not counts: a forgotten flow
 * is counted again when it goes on, and `sender` says UNKNOWN where forgetting could have turned its role around.
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
    u8 came; /* while PENDING: a packet came in, went out */
    u8 went;
    u32 unused;
    u64 socket; /* that began it, if no other can have its port; else 0 */
};
BPF_TABLE("lru_hash", struct flow_key, struct flow, flows, FLOW_ENTRIES);

/* The coarse clock may be behind the one that user space took the start from. */
static inline int is_unsure(u64 now)
{
    return (s64)(now - state_of(STARTED_NS)) < (s64)UNSURE_NS;
}

/* The role of a socket that opens a flow. A socket that has only ever been asked, so long ago that `flows` may have
 * forgotten who asked, may be answering.
 */
static inline void sender(struct socket_note *note, u64 number, struct flow *flow)
{
    int may_answer = note->served_at && !note->asked && number - note->served_at > FLOW_ENTRIES / 2;
    flow->role = may_answer ? UNKNOWN : CLIENT;
    flow->basis = FIRST_SENDER;
    if (!may_answer)
        note->asked = 1;
}

static inline void receiver(struct socket_note *note, u64 number, struct flow *flow, int connected)
{
    flow->role = SERVER;
    flow->basis = connected ? FIRST_SENDER : LISTENER;
    if (!note->served_at)
        note->served_at = number;
}

static inline void translated(struct flow *flow)
{
    flow->role = TRANSLATED;
    add(TRANSLATED_REPLY);
}

/* A socket that is not bound to a named port can only be answered: by whom it asked, or by whom that was translated to. */
static inline void decide(struct flow *flow, struct socket_note *note, u64 number, int outgoing, int connected)
{
    if (note->made && note->bound) {
        if (outgoing)
            sender(note, number, flow);
        else
            receiver(note, number, flow, connected);
    } else if (!outgoing && (note->made || (connected && note->asked))) {
        translated(flow);
    } else if (connected) {
        flow->role = CLIENT;
        flow->basis = CONNECT;
        note->asked = 1;
    } else if (outgoing) {
        sender(note, number, flow);
    } else {
        receiver(note, number, flow, connected);
    }
}

/* A flow first seen on a socket older than the programs: who sends first after a silence, or sends alone, began it. */
static inline void settle(struct flow *flow, struct socket_note *note, int outgoing, u64 now)
{
    u64 number = state_of(FLOWS_BEGUN);
    if (now - flow->last_ns > SILENCE_NS || !(flow->came && flow->went))
        decide(flow, note, number, outgoing, 0);
    else {
        flow->role = UNKNOWN;
        flow->basis = SNAPSHOT;
    }
}

static inline u64 flow_number(void)
{
    u32 which = FLOWS_BEGUN;
    u64 *number = state.lookup(&which);
    return number ? __sync_fetch_and_add(number, 1) + 1 : 0;
}

/* Whether the flow is an edge: then its key is filled in. */
static inline int is_edge(struct __sk_buff *skb, struct packet *packet, struct flow *flow, struct edge_key *key)
{
    struct bpf_sock *socket = skb->sk;

    if (flow->role >= PENDING)
        return 0;
    key->family = packet->family;
    key->protocol = PROTOCOL_UDP;
    key->established = 1;
    key->role = flow->role;
    key->basis = flow->basis;
    key->port = flow->role == CLIENT ? packet->remote_port : packet->local_port;
    if (!between_pods(key, packet->local, packet->remote)) {
        flow->role = NO_EDGE;
        return 0;
    }
    if (key->netns_cookie == HOST_COOKIE && socket)
        key->cgroup_id = bpf_sk_cgroup_id(socket);
    return 1;
}

static inline void tell(struct __sk_buff *skb, struct packet *packet, struct flow *flow, u64 cookie, u64 begun)
{
    struct edge_key edge = {.netns_cookie = cookie};
    if (is_edge(skb, packet, flow, &edge))
        count_edge(&edge, begun, flow->last_ns);
}

static inline void new_flow(struct __sk_buff *skb, struct packet *packet, struct flow_key *key, struct flow *idle,
                            struct bpf_sock *socket)
{
    u64 now = bpf_ktime_get_coarse_ns();
    struct flow flow = {.last_ns = now, .told_ns = now};
    struct edge_key edge = {.netns_cookie = key->netns_cookie};
    struct socket_note *note = sockets.sk_storage_get(socket, 0, BPF_SK_STORAGE_GET_F_CREATE);
    int connected = socket->dst_port != 0;

    if (!note) {
        add(MAP_FULL);
        return;
    }
    if (!note->made && !connected && is_unsure(now)) {
        flow.role = PENDING;
        flow.came = !packet->outgoing;
        flow.went = packet->outgoing;
        add(BEFORE_START);
    } else {
        decide(&flow, note, flow_number(), packet->outgoing, connected);
    }
    if (packet->outgoing && note->made && !note->bound)
        flow.socket = bpf_get_socket_cookie(skb);
    int counted = is_edge(skb, packet, &flow, &edge);
    if (idle)
        *idle = flow;
    else if (flows.insert(key, &flow))
        return; /* another CPU was first, and has counted it */
    if (counted)
        count_edge(&edge, 1, now);
}

/* Settles what was pending, when the socket has been watched for long enough. */
static inline void pending_flow(struct __sk_buff *skb, struct packet *packet, struct flow *flow, u64 cookie,
                                struct bpf_sock *socket, u64 now)
{
    struct socket_note *note = sockets.sk_storage_get(socket, 0, BPF_SK_STORAGE_GET_F_CREATE);
    int silent = now - flow->last_ns > SILENCE_NS;

    if (packet->outgoing)
        flow->went = 1;
    else
        flow->came = 1;
    if (!note || (!silent && is_unsure(now)))
        return;
    settle(flow, note, packet->outgoing, now);
    flow->last_ns = flow->told_ns = now;
    tell(skb, packet, flow, cookie, 1);
}

static inline void known_flow(struct __sk_buff *skb, struct packet *packet, struct flow_key *key, struct flow *flow,
                              struct bpf_sock *socket, u64 now)
{
    if (flow->role == PENDING)
        pending_flow(skb, packet, flow, key->netns_cookie, socket, now);
    if (flow->role == TRANSLATED && packet->outgoing) { /* it is asked itself: `flows` had forgotten it */
        flow->role = CLIENT;
        flow->basis = FIRST_SENDER;
        flow->told_ns = 0;
    }
    flow->last_ns = now;
    if (now - flow->told_ns > AGAIN_NS) {
        flow->told_ns = now;
        tell(skb, packet, flow, key->netns_cookie, 0);
    }
}

static inline u64 cookie_of(struct __sk_buff *skb, struct bpf_sock *socket)
{
#ifdef SKB_COOKIE
    return bpf_get_netns_cookie(skb);
#else
    struct socket_note *note = sockets.sk_storage_get(socket, 0, 0);
    return note ? note->netns_cookie : 0;
#endif
}

/* Most packets of a node are not of UDP, and leave here, without a call: at a fixed offset, or unread if the header is
 * not in the linear part. IPv6 with extension headers goes on to where the socket is asked.
 */
static inline int is_other(struct __sk_buff *skb)
{
    u8 *data = (void *)(long)skb->data;
    u8 *end = (void *)(long)skb->data_end;

    if (data + 10 > end)
        return 0;
    if (data[0] >> 4 == 4)
        return data[9] != PROTOCOL_UDP;
    return data[6] == PROTOCOL_TCP;
}

static inline void udp_flow(struct __sk_buff *skb, u8 outgoing)
{
    struct packet packet = {.outgoing = outgoing};
    struct flow_key key = {};
    struct bpf_sock *socket = skb->sk;

    if (!socket || is_other(skb))
        return;
    socket = bpf_sk_fullsock(socket);
    if (!socket || socket->protocol != PROTOCOL_UDP)
        return;
    if (!read_packet(skb, &packet)) {
        add(BAD_PACKET);
        return;
    }
    __builtin_memcpy(key.local, packet.local, 16);
    __builtin_memcpy(key.remote, packet.remote, 16);
    key.netns_cookie = cookie_of(skb, socket);
    key.local_port = packet.local_port;
    key.remote_port = packet.remote_port;
    u64 now = bpf_ktime_get_coarse_ns();
    struct flow *flow = flows.lookup(&key);
    int other_socket = flow && outgoing && flow->socket && flow->socket != bpf_get_socket_cookie(skb);
    if (flow && !other_socket && now - flow->last_ns < IDLE_NS)
        known_flow(skb, &packet, &key, flow, socket, now);
    else
        new_flow(skb, &packet, &key, flow, socket);
}

int netpol_udp_out(struct __sk_buff *skb)
{
    udp_flow(skb, 1);
    return 1;
}

int netpol_udp_in(struct __sk_buff *skb)
{
    udp_flow(skb, 0);
    return 1;
}

/* bind(): a port of 0 asks for any, as musl's resolver does; a named one is where others can ask. */
static inline int bound(struct bpf_sock_addr *address)
{
    struct bpf_sock *socket = address->sk;
    if (address->protocol != PROTOCOL_UDP || !address->user_port || !socket)
        return 1;
    struct socket_note *note = sockets.sk_storage_get(socket, 0, 0);
    if (note)
        note->bound = 1;
    return 1;
}

int netpol_bind4(struct bpf_sock_addr *address)
{
    return bound(address);
}

int netpol_bind6(struct bpf_sock_addr *address)
{
    return bound(address);
}
