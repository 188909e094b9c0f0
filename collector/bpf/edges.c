/* Counts TCP connections as edges: what a connection is without its ephemeral port.
 *
 * One sock_ops program on a cgroup2, called where a socket becomes established. Only UAPI types are used, so the
 * headers of any kernel compile it. collector/layout.py holds the same structures; a kernel test compares them.
 * MAP_ENTRIES, a number, is given by the loader.
 */
#include <uapi/linux/bpf.h>

#define FAMILY_IPV4 2
#define FAMILY_IPV6 10
#define PROTOCOL_TCP 6

enum role { CLIENT = 0, SERVER = 1 };
enum basis { CONNECT = 0, ACCEPT = 1 };

struct edge_key {
    u8 local[16];
    u8 remote[16]; /* IPv4 addresses stand in the first four bytes, the rest is zero */
    u64 netns_cookie;
    u64 cgroup_id; /* of a socket in the node's own network namespace; else zero */
    u16 port; /* the server's, host order */
    u8 family; /* 2 or 10, after v4-mapped addresses have been unwrapped */
    u8 protocol;
    u8 role;
    u8 basis;
    u8 established;
    u8 unused;
};

struct edge_value {
    u64 count;
    u64 first_ns; /* boot clock */
    u64 last_ns;
};

enum counter { LOOPBACK = 0, OWN_ADDRESS = 1, OTHER_FAMILY = 2, MAP_FULL = 3, COUNTERS = 4 };

/* edges_a, edges_b: one is filled, the other is idle and drained.
 * Inserted and updated by `count_edge`, in whichever of the two stands in `active`; read and deleted by user space
 * only after it has put the other one there. Cannot leak: each drain empties the idle one whole, the size is bounded
 * by MAP_ENTRIES, an insert that fails is counted as MAP_FULL, and both end with the process that loaded them.
 */
BPF_HASH(edges_a, struct edge_key, struct edge_value, MAP_ENTRIES);
BPF_HASH(edges_b, struct edge_key, struct edge_value, MAP_ENTRIES);

/* active: slot 0 is the map being filled.
 * Set by user space, read by `count_edge`. The update system call returns only when no program that took the old map
 * is still running (an update of an ARRAY_OF_MAPS ends in maybe_wait_bpf_programs(), which waits for an RCU grace
 * period: Linux commit 1ae80cf31938, "bpf: wait for running BPF programs when updating map-in-map", long before the
 * links that we need; sock_ops programs run inside RCU). So the old one is idle, and its drain loses nothing.
 * Cannot leak: one slot.
 */
BPF_ARRAY_OF_MAPS(active, "edges_a", 1);

/* counters: what is not in the maps, by `enum counter`, since loading.
 * Added to by the program on its own CPU, read by user space, never deleted. Cannot leak: fixed size.
 */
BPF_PERCPU_ARRAY(counters, u64, COUNTERS);

static inline void add(u32 counter)
{
    u64 *value = counters.lookup(&counter);
    if (value)
        __sync_fetch_and_add(value, 1); /* a softirq may interrupt another program on the same CPU */
}

/* True if the 16 bytes are ::ffff:a.b.c.d; words are in network order. */
static inline int is_mapped(const u32 *words)
{
    return words[0] == 0 && words[1] == 0 && words[2] == bpf_htonl(0xffff);
}

static inline void set_address(u8 *address, const u32 *words, u8 family)
{
    if (family == FAMILY_IPV4)
        __builtin_memcpy(address, &words[3], 4);
    else
        __builtin_memcpy(address, words, 16);
}

static inline int is_loopback(const u32 *words, u8 family)
{
    if (family == FAMILY_IPV4)
        return (bpf_ntohl(words[3]) >> 24) == 127;
    return words[0] == 0 && words[1] == 0 && words[2] == 0 && words[3] == bpf_htonl(1);
}

static inline int same(const u32 *a, const u32 *b)
{
    return a[0] == b[0] && a[1] == b[1] && a[2] == b[2] && a[3] == b[3];
}

/* A test gives HOLD_ROUNDS to widen the moment between finding an edge and counting it, in which a careless drain
 * loses the connection.
 */
static inline void hold(void)
{
#ifdef HOLD_ROUNDS
    for (int round = 0; round < HOLD_ROUNDS; round++)
        bpf_ktime_get_boot_ns();
#endif
}

static inline void count_edge(struct edge_key *key)
{
    u32 slot = 0;
    u64 now = bpf_ktime_get_boot_ns();
    void *edges = active.lookup(&slot);
    if (!edges) {
        add(MAP_FULL);
        return;
    }
    struct edge_value *seen = bpf_map_lookup_elem(edges, key);
    if (!seen) {
        struct edge_value first = {.count = 1, .first_ns = now, .last_ns = now};
        if (bpf_map_update_elem(edges, key, &first, BPF_NOEXIST) == 0)
            return;
        seen = bpf_map_lookup_elem(edges, key); /* another CPU was first, or the map is full */
    }
    if (!seen) {
        add(MAP_FULL);
        return;
    }
    hold();
    __sync_fetch_and_add(&seen->count, 1);
    seen->last_ns = now;
}

/* Addresses in one form for both families: IPv4 stands in the last word, as it does when mapped. */
static inline void read_addresses(struct bpf_sock_ops *socket, u32 *local, u32 *remote)
{
    if (socket->family == FAMILY_IPV4) {
        local[3] = socket->local_ip4;
        remote[3] = socket->remote_ip4;
        return;
    }
    local[0] = socket->local_ip6[0];
    local[1] = socket->local_ip6[1];
    local[2] = socket->local_ip6[2];
    local[3] = socket->local_ip6[3];
    remote[0] = socket->remote_ip6[0];
    remote[1] = socket->remote_ip6[1];
    remote[2] = socket->remote_ip6[2];
    remote[3] = socket->remote_ip6[3];
}

static inline void established(struct bpf_sock_ops *socket, u8 role, u8 basis, u16 port)
{
    struct edge_key key = {};
    u32 local[4] = {}, remote[4] = {};
    u32 family = socket->family;

    if (family != FAMILY_IPV4 && family != FAMILY_IPV6) {
        add(OTHER_FAMILY);
        return;
    }
    read_addresses(socket, local, remote);
    key.family = family == FAMILY_IPV4 || is_mapped(remote) ? FAMILY_IPV4 : FAMILY_IPV6;
    if (is_loopback(local, key.family) || is_loopback(remote, key.family)) {
        add(LOOPBACK);
        return;
    }
    if (local[3] == remote[3] && (key.family == FAMILY_IPV4 || same(local, remote))) {
        add(OWN_ADDRESS);
        return;
    }
    set_address(key.local, local, key.family);
    set_address(key.remote, remote, key.family);
    key.netns_cookie = bpf_get_netns_cookie(socket);
    key.port = port;
    key.protocol = PROTOCOL_TCP;
    key.role = role;
    key.basis = basis;
    key.established = 1;
    count_edge(&key);
}

int tcp_edges(struct bpf_sock_ops *socket)
{
    if (socket->op == BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB)
        established(socket, CLIENT, CONNECT, bpf_ntohl(socket->remote_port)); /* local_port is in host order */
    else if (socket->op == BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB)
        established(socket, SERVER, ACCEPT, socket->local_port);
    return 1;
}
