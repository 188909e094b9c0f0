/* Reads the addresses and ports of a UDP packet, as a cgroup's program gets it: from its network header on. */

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd

struct packet {
    u32 local[4];
    u32 remote[4];
    u16 local_port;
    u16 remote_port;
    u8 family;
    u8 outgoing;
};

/* The offset of the UDP header, or 0 if there is none to be found: extension headers as RFC 8200 lays them out. */
static inline u32 after_extensions(struct __sk_buff *skb, u8 next)
{
    u32 offset = 40;
    u8 header[2];

#pragma unroll
    for (int depth = 0; depth < 4; depth++) {
        if (next == PROTOCOL_UDP)
            return offset;
        if (next != 0 && next != 43 && next != 60) /* hop-by-hop, routing, destination options */
            return 0;
        if (bpf_skb_load_bytes(skb, offset, header, 2))
            return 0;
        next = header[0];
        offset += 8 + 8 * (u32)header[1];
    }
    return 0;
}

static inline u32 read_ipv4(struct __sk_buff *skb, u32 *source, u32 *target)
{
    u8 first;
    if (bpf_skb_load_bytes(skb, 0, &first, 1) || bpf_skb_load_bytes(skb, 12, &source[3], 4) ||
        bpf_skb_load_bytes(skb, 16, &target[3], 4))
        return 0;
    return 4 * (first & 15);
}

static inline u32 read_ipv6(struct __sk_buff *skb, u32 *source, u32 *target)
{
    u8 next;
    if (bpf_skb_load_bytes(skb, 6, &next, 1) || bpf_skb_load_bytes(skb, 8, source, 16) ||
        bpf_skb_load_bytes(skb, 24, target, 16))
        return 0;
    return after_extensions(skb, next);
}

static inline int read_packet(struct __sk_buff *skb, struct packet *packet)
{
    u32 *source = packet->outgoing ? packet->local : packet->remote;
    u32 *target = packet->outgoing ? packet->remote : packet->local;
    u16 ports[2];
    u32 offset = 0;

    if (skb->protocol == bpf_htons(ETHERTYPE_IPV4)) {
        packet->family = FAMILY_IPV4;
        offset = read_ipv4(skb, source, target);
    } else if (skb->protocol == bpf_htons(ETHERTYPE_IPV6)) {
        packet->family = FAMILY_IPV6;
        offset = read_ipv6(skb, source, target);
    }
    if (!offset || bpf_skb_load_bytes(skb, offset, ports, 4))
        return 0;
    packet->local_port = bpf_ntohs(packet->outgoing ? ports[0] : ports[1]);
    packet->remote_port = bpf_ntohs(packet->outgoing ? ports[1] : ports[0]);
    return 1;
}
