/** Numbers of Linux's generic headers. They are the same on every architecture that Node is built for. */
export const AF_UNSPEC = 0
export const AF_UNIX = 1
export const AF_INET = 2
export const AF_INET6 = 10
export const AF_NETLINK = 16
export const AF_PACKET = 17

export const SOCK_STREAM = 1
export const SOCK_RAW = 3
export const SOCK_NONBLOCK = 0o4000
export const SOCK_CLOEXEC = 0o2000000

export const F_SETFL = 4
export const F_SETOWN = 8
export const F_SETSIG = 10
export const O_ASYNC = 0o20000

export const SOL_SOCKET = 1
export const SO_REUSEADDR = 2
export const SO_BINDTODEVICE = 25
export const SO_ATTACH_FILTER = 26

export const IPPROTO_IP = 0
export const IP_TOS = 1
export const IP_TTL = 2
export const IP_MINTTL = 21

export const IPPROTO_TCP = 6
export const TCP_MD5SIG = 14
export const TCP_USER_TIMEOUT = 18

export const IPPROTO_IPV6 = 41
export const IPV6_UNICAST_HOPS = 16
export const IPV6_V6ONLY = 26
export const IPV6_TCLASS = 67
export const IPV6_MINHOPCOUNT = 73
