/* UDP: a flow is what two addresses and two ports exchange; each is counted when it begins, by the end that began it.
 *
 * A client's next socket may get the same port by chance: its own end sees another flow, the server's end the same one.
 *
 * A packet of a flow that is known costs one lookup; of another protocol, a look at its header. See roles.c for who is
 * the client.
 */

#define SOCK_DATAGRAM 2 /* SOCK_DGRAM */
#define PACKET_TO_ALL 1 /* PACKET_BROADCAST, PACKET_MULTICAST: if_packet.h */
#define PACKET_TO_GROUP 2

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
    if (!packet->outgoing && (skb->pkt_type == PACKET_TO_ALL || skb->pkt_type == PACKET_TO_GROUP)) {
        flow->role = NO_EDGE;
        add(MULTICAST);
        return 0;
    }
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

/* What was silent for long goes on: by the end that began it, if that is known. */
static inline int continues(struct flow *flow, struct flow *idle)
{
    if (!idle || idle->role > SERVER)
        return 0;
    flow->role = idle->role;
    flow->basis = idle->basis;
    return 1;
}

static inline void new_flow(struct __sk_buff *skb, struct packet *packet, struct opening *opening, struct flow *known,
                            struct flow *idle)
{
    u64 now = bpf_ktime_get_coarse_ns();
    struct flow flow = {.last_ns = now, .told_ns = now, .came = !packet->outgoing, .went = packet->outgoing};
    struct edge_key edge = {.netns_cookie = opening->key->netns_cookie};
    struct socket_note *note = opening->note;

    opening->number = flow_number();
    if (!note->made && !opening->connected && is_unsure(now)) {
        flow.role = PENDING;
        add(BEFORE_START);
    } else if (!continues(&flow, idle)) {
        decide(opening, &flow);
    }
    if (packet->outgoing && note->made && !note->bound)
        flow.socket = opening->socket;
    int counted = is_edge(skb, packet, &flow, &edge);
    if (known) {
        *known = flow;
    } else {
        int error = flows.insert(opening->key, &flow);
        if (error == -17) /* EEXIST: another CPU was first, and has counted it */
            return;
    }
    if (counted)
        count_edge(&edge, 1, now);
}

/* Settles what was pending, when the socket has been watched for long enough. */
static inline void pending_flow(struct __sk_buff *skb, struct packet *packet, struct opening *opening, struct flow *flow,
                                u64 now)
{
    if (packet->outgoing)
        flow->went = 1;
    else
        flow->came = 1;
    if (now - flow->last_ns <= SILENCE_NS && is_unsure(now))
        return;
    opening->number = state_of(FLOWS_BEGUN);
    settle(opening, flow, now);
    flow->last_ns = flow->told_ns = now;
    tell(skb, packet, flow, opening->key->netns_cookie, 1);
}

/* What was taken for an answer is asked itself: by a connected socket, whose flow had been forgotten; else who knows. */
static inline void asked_after_all(struct __sk_buff *skb, struct packet *packet, struct opening *opening,
                                   struct flow *flow, u64 now)
{
    flow->role = opening->connected ? CLIENT : UNKNOWN;
    flow->basis = opening->connected ? CONNECT : FIRST_SENDER;
    flow->last_ns = flow->told_ns = now;
    tell(skb, packet, flow, opening->key->netns_cookie, !opening->connected);
}

static inline void unsettled_flow(struct __sk_buff *skb, struct packet *packet, struct flow_key *key, struct flow *flow,
                                  struct bpf_sock *socket, u64 now)
{
    struct opening opening = {.key = key, .outgoing = packet->outgoing, .connected = socket->dst_port != 0};

    opening.note = sockets.sk_storage_get(socket, 0, BPF_SK_STORAGE_GET_F_CREATE);
    opening.socket = bpf_get_socket_cookie(skb);
    if (!opening.note)
        return;
    if (flow->role == PENDING)
        pending_flow(skb, packet, &opening, flow, now);
    else if (flow->came && packet->outgoing)
        asked_after_all(skb, packet, &opening, flow, now);
}

static inline void known_flow(struct __sk_buff *skb, struct packet *packet, struct flow_key *key, struct flow *flow,
                              struct bpf_sock *socket, u64 now)
{
    if (flow->role == PENDING || flow->role == TRANSLATED)
        unsettled_flow(skb, packet, key, flow, socket, now);
    flow->last_ns = now;
    if (now - flow->told_ns > AGAIN_NS) {
        flow->told_ns = now;
        tell(skb, packet, flow, key->netns_cookie, 0);
    }
}

static inline void first_of_flow(struct __sk_buff *skb, struct packet *packet, struct flow_key *key, struct flow *known,
                                 int other_socket)
{
    struct bpf_sock *socket = skb->sk;
    struct opening opening = {.key = key, .outgoing = packet->outgoing};

    socket = socket ? bpf_sk_fullsock(socket) : 0;
    if (!socket)
        return;
    opening.connected = socket->dst_port != 0;
    opening.note = sockets.sk_storage_get(socket, 0, BPF_SK_STORAGE_GET_F_CREATE);
    opening.socket = bpf_get_socket_cookie(skb);
    if (opening.note)
        new_flow(skb, packet, &opening, known, other_socket ? 0 : known);
    else
        add(MAP_FULL);
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

    if (!socket)
        return;
    socket = bpf_sk_fullsock(socket);
    if (!socket || socket->protocol != PROTOCOL_UDP)
        return;
    if (!outgoing && socket->type != SOCK_DATAGRAM) /* a raw socket gets a copy of what another one gets */
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
        first_of_flow(skb, &packet, &key, flow, other_socket);
}

int netpol_udp_out(struct __sk_buff *skb)
{
    if (!is_other(skb))
        udp_flow(skb, 1);
    return 1;
}

int netpol_udp_in(struct __sk_buff *skb)
{
    if (!is_other(skb))
        udp_flow(skb, 0);
    return 1;
}

/* bind(): a port of 0 asks for any, as musl's resolver does; a named one is where others can ask. The last call counts:
 * an earlier one may have failed.
 */
static inline int bound(struct bpf_sock_addr *address)
{
    struct bpf_sock *socket = address->sk;
    if (address->protocol != PROTOCOL_UDP || !socket)
        return 1;
    struct socket_note *note = sockets.sk_storage_get(socket, 0, 0);
    if (note)
        note->bound = address->user_port != 0;
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
