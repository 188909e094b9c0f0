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

static inline void tcp_edge(struct bpf_sock_ops *socket, struct edge_key *key)
{
    u32 local[4] = {}, remote[4] = {};
    u32 family = socket->family;

    if (family != FAMILY_IPV4 && family != FAMILY_IPV6) {
        add(OTHER_FAMILY);
        return;
    }
    read_addresses(socket, local, remote);
    key->family = family == FAMILY_IPV4 || is_mapped(remote) ? FAMILY_IPV4 : FAMILY_IPV6;
    if (!between_pods(key, local, remote))
        return;
    key->netns_cookie = bpf_get_netns_cookie(socket);
    if (key->netns_cookie == HOST_COOKIE)
        key->cgroup_id = cgroup_of(socket);
    key->protocol = PROTOCOL_TCP;
    count_edge(key, 1, bpf_ktime_get_boot_ns());
}

/* remote_port is in network order, local_port in host order. */
int netpol_tcp(struct bpf_sock_ops *socket)
{
    struct edge_key key = {.role = CLIENT, .basis = CONNECT, .established = 1};

    switch (socket->op) {
    case BPF_SOCK_OPS_TCP_CONNECT_CB: /* to hear of its end, should it never be established */
        bpf_sock_ops_cb_flags_set(socket, socket->bpf_sock_ops_cb_flags | BPF_SOCK_OPS_STATE_CB_FLAG);
        return 1;
    case BPF_SOCK_OPS_STATE_CB: /* refused, not answered, or closed before an answer */
        if (socket->args[0] != TCP_SYN_SENT || socket->args[1] != TCP_CLOSE)
            return 1;
        key.established = 0;
        key.port = bpf_ntohl(socket->remote_port);
        break;
    case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
        remember(socket);
        key.port = bpf_ntohl(socket->remote_port);
        break;
    case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
        remember(socket);
        key.role = SERVER;
        key.basis = ACCEPT;
        key.port = socket->local_port;
        break;
    default:
        return 1;
    }
    tcp_edge(socket, &key);
    return 1;
}
