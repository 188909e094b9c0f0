/* Counts connections as edges: what a connection is without its ephemeral port. Shared by tcp.c and udp.c.
 *
 * The loader joins these files into one program text. Only UAPI types are used, so the headers of any kernel compile it.
 * collector/layout.py holds the same structures; a kernel test compares them. The loader gives these numbers:
 * MAP_ENTRIES, FLOW_ENTRIES, RECENT_ENTRIES, HOST_COOKIE (the node's own network namespace), and SKB_COOKIE if the
 * kernel tells a packet's namespace.
 */
#include <uapi/linux/bpf.h>

#define FAMILY_IPV4 2
#define FAMILY_IPV6 10
#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17

enum role { CLIENT = 0, SERVER = 1, UNKNOWN = 2 };
enum basis { CONNECT = 0, ACCEPT = 1, LISTENER = 2, FIRST_SENDER = 3, SNAPSHOT = 4 };

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
    u64 count; /* connections or flows begun; 0 if old ones were seen to go on */
    u64 first_ns; /* since boot, of the coarse clock: a few milliseconds, for a tenth of the price */
    u64 last_ns;
};

/* Why something is not an edge; the first ones on purpose, the last three are losses. */
enum counter {
    LOOPBACK = 0,
    OWN_ADDRESS = 1,
    OTHER_FAMILY = 2,
    MULTICAST = 3,
    TRANSLATED_REPLY = 4,
    BEFORE_START = 5,
    MAP_FULL = 6,
    BAD_PACKET = 7,
    COUNTERS = 8
};

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
 * links that we need; our programs run inside RCU). So the old one is idle, and its drain loses nothing.
 * Cannot leak: one slot.
 */
BPF_ARRAY_OF_MAPS(active, "edges_a", 1);

/* counters: what is not in the maps, by `enum counter`, since loading.
 * Added to by the programs on their own CPU, read by user space, never deleted. Cannot leak: fixed size.
 */
BPF_PERCPU_ARRAY(counters, u64, COUNTERS);

/* state: by `enum state`. Set by user space before it attaches, but for FLOWS_BEGUN, which `udp_flow` adds to.
 * Cannot leak: fixed size.
 */
enum state { STARTED_NS = 0, RECORDING = 1, RECENT_FULL = 2, FLOWS_BEGUN = 3, STATES = 4 };
BPF_ARRAY(state, u64, STATES);

/* sockets: what is known of a socket since it was made.
 * Inserted by `netpol_socket`, for a UDP socket older than the programs by `udp_flow`; read by all; an accepted TCP
 * socket inherits its listener's (BPF_F_CLONE). Cannot leak: the kernel deletes it with its socket.
 */
struct socket_note {
    u64 netns_cookie;
    u64 cgroup_id;
    u64 served_at; /* number of the flow that it was first asked by, from 1; 0 if it never was */
    u64 asked_at; /* the same of the first that it opened */
    u8 made; /* since the programs were attached */
    u8 bound; /* to a port that its program named */
    u8 unused[6];
};
struct sockets_table_t {
    int key;
    struct socket_note leaf;
    void *(*sk_storage_get)(void *, void *, int);
    int (*sk_storage_delete)(void *);
    u32 flags;
};
__attribute__((section("maps/sk_storage"))) struct sockets_table_t sockets = {.flags = BPF_F_NO_PREALLOC | BPF_F_CLONE};
BPF_ANNOTATE_KV_PAIR(sockets, int, struct socket_note);

static inline void add(u32 counter)
{
    u64 *value = counters.lookup(&counter);
    if (value)
        __sync_fetch_and_add(value, 1); /* a softirq may interrupt another program on the same CPU */
}

static inline u64 state_of(u32 which)
{
    u64 *value = state.lookup(&which);
    return value ? *value : 0;
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

/* 224.0.0.0/4, the broadcast address, ff00::/8: no pod is meant, and no rule can name them. */
static inline int is_multicast(const u32 *words, u8 family)
{
    if (family == FAMILY_IPV4)
        return (bpf_ntohl(words[3]) >> 28) == 14 || words[3] == 0xffffffff;
    return (bpf_ntohl(words[0]) >> 24) == 0xff;
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

static inline void count_edge(struct edge_key *key, u64 begun, u64 now)
{
    u32 slot = 0;
    void *edges = active.lookup(&slot);
    if (!edges) {
        add(MAP_FULL);
        return;
    }
    struct edge_value *seen = bpf_map_lookup_elem(edges, key);
    if (!seen) {
        struct edge_value first = {.count = begun, .first_ns = now, .last_ns = now};
        if (bpf_map_update_elem(edges, key, &first, BPF_NOEXIST) == 0)
            return;
        seen = bpf_map_lookup_elem(edges, key); /* another CPU was first, or the map is full */
    }
    if (!seen) {
        if (begun)
            add(MAP_FULL);
        return;
    }
    hold();
    __sync_fetch_and_add(&seen->count, begun);
    seen->last_ns = now;
}

/* Whether the addresses make an edge, which are then set in the key; if not, the reason is counted. */
static inline int between_pods(struct edge_key *key, const u32 *local, const u32 *remote)
{
    if (is_loopback(local, key->family) || is_loopback(remote, key->family)) {
        add(LOOPBACK);
        return 0;
    }
    if (is_multicast(local, key->family) || is_multicast(remote, key->family)) {
        add(MULTICAST);
        return 0;
    }
    if (local[3] == remote[3] && (key->family == FAMILY_IPV4 || same(local, remote))) {
        add(OWN_ADDRESS);
        return 0;
    }
    set_address(key->local, local, key->family);
    set_address(key->remote, remote, key->family);
    return 1;
}

/* Every new socket: of UDP, what its role depends on; of the node's own namespace, which pod's program made it. */
int netpol_socket(struct bpf_sock *socket)
{
    u64 cookie = bpf_get_netns_cookie(socket);
    if (socket->protocol != PROTOCOL_UDP && cookie != HOST_COOKIE)
        return 1;
    struct socket_note *note = sockets.sk_storage_get(socket, 0, BPF_SK_STORAGE_GET_F_CREATE);
    if (note) {
        note->netns_cookie = cookie;
        note->cgroup_id = cookie == HOST_COOKIE ? bpf_get_current_cgroup_id() : 0;
        note->made = 1;
    }
    return 1;
}
