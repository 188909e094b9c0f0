/* Programs that do nothing, in the hooks of those that count: what the kernel's calls cost by themselves. */
#include <uapi/linux/bpf.h>

int empty_tcp(struct bpf_sock_ops *socket)
{
    return 1;
}

int empty_out(struct __sk_buff *skb)
{
    return 1;
}

int empty_in(struct __sk_buff *skb)
{
    return 1;
}
