/* TCP: one program, called where a socket connects, becomes established, or gives up. No cost per packet. */

#define TCP_SYN_SENT 2
#define TCP_CLOSE 7

/* recent: cookies of the sockets counted while user space looks for those that are older than the programs.
 * Inserted by `remember` while state RECORDING is set, read and emptied by user space after the first look. Cannot
 * leak: bounded by RECENT_ENTRIES, an insert that fails sets RECENT_FULL, and nothing is inserted afterwards.
 */
BPF_HASH(recent, u64, u8, RECENT_ENTRIES);

static inline void remember(struct bpf_sock_ops *socket)
{
    if (!state_of(RECORDING))
        return;
    u64 cookie = bpf_get_socket_cookie(socket);
    u32 full = RECENT_FULL;
    u8 one = 1;
    if (recent.update(&cookie, &one)) {
        u64 *value = state.lookup(&full);
        if (value)
            *value = 1;
    }
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

static inline u64 cgroup_of(struct bpf_sock_ops *socket)
{
    struct bpf_sock *full = socket->sk;
    if (!full)
        return 0;
    struct socket_note *note = sockets.sk_storage_get(full, 0, 0);
    return note ? note->cgroup_id : 0;
}

static inline void tcp_edge(struct bpf_sock_ops *socket, u8 role, u8 basis, u8 established)
{
    struct edge_key key = {.role = role, .basis = basis, .established = established, .protocol = PROTOCOL_TCP};
    u32 local[4] = {}, remote[4] = {};
    u32 family = socket->family;

    if (family != FAMILY_IPV4 && family != FAMILY_IPV6) {
        add(OTHER_FAMILY);
        return;
    }
    read_addresses(socket, local, remote);
    key.family = family == FAMILY_IPV4 || is_mapped(remote) ? FAMILY_IPV4 : FAMILY_IPV6;
    if (!between_pods(&key, local, remote))
        return;
    key.netns_cookie = bpf_get_netns_cookie(socket);
    if (key.netns_cookie == HOST_COOKIE)
        key.cgroup_id = cgroup_of(socket);
    /* local_port is in host order, remote_port is not */
    key.port = role == CLIENT ? bpf_ntohl(socket->remote_port) : socket->local_port;
    count_edge(&key, 1, bpf_ktime_get_coarse_ns());
}

/* Called some ten times for each connection: what is not ours must leave at once. */
int netpol_tcp(struct bpf_sock_ops *socket)
{
    u32 op = socket->op;

    if (op == BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB) {
#ifdef ALONE /* nobody else can have asked for what follows: its other states need no call */
        bpf_sock_ops_cb_flags_set(socket, socket->bpf_sock_ops_cb_flags & ~BPF_SOCK_OPS_STATE_CB_FLAG);
#endif
        remember(socket);
        tcp_edge(socket, CLIENT, CONNECT, 1);
    } else if (op == BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB) {
        remember(socket);
#ifdef ALONE /* only a socket that connected has it: both ends connected to each other at once */
        if (socket->bpf_sock_ops_cb_flags & BPF_SOCK_OPS_STATE_CB_FLAG) {
            tcp_edge(socket, UNKNOWN, CONNECT, 1);
            return 1;
        }
#endif
        tcp_edge(socket, SERVER, ACCEPT, 1);
    } else if (op == BPF_SOCK_OPS_TCP_CONNECT_CB) { /* to hear of its end, should it never be established */
        bpf_sock_ops_cb_flags_set(socket, socket->bpf_sock_ops_cb_flags | BPF_SOCK_OPS_STATE_CB_FLAG);
    } else if (op == BPF_SOCK_OPS_STATE_CB && socket->args[0] == TCP_SYN_SENT && socket->args[1] == TCP_CLOSE) {
        tcp_edge(socket, CLIENT, CONNECT, 0); /* refused, not answered, or closed before an answer */
    }
    return 1;
}
