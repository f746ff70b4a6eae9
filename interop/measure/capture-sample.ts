/** The output of tcpdump 4.99: a retransmitted SYN, an answered dial, an OPEN, the router's answer. */
export const sample = `
1000.500000 02:42:cb:00:71:32 > 02:42:cb:00:71:33, ethertype IPv4 (0x0800), length 74: (tos 0xc0, ttl 1, id 24533, offset 0, flags [DF], proto TCP (6), length 60)
    203.0.113.2.57514 > 203.0.113.4.179: Flags [S], cksum 0x7895 (incorrect -> 0xb6d3), seq 2517975223, win 64240, options [mss 1460,sackOK,TS val 867774958 ecr 0,nop,wscale 10], length 0
1001.500000 02:42:cb:00:71:32 > 02:42:cb:00:71:33, ethertype IPv4 (0x0800), length 74: (tos 0xc0, ttl 1, id 24534, offset 0, flags [DF], proto TCP (6), length 60)
    203.0.113.2.57514 > 203.0.113.4.179: Flags [S], cksum 0x7895 (incorrect -> 0xb6d3), seq 2517975223, win 64240, options [mss 1460,sackOK,TS val 867775958 ecr 0,nop,wscale 10], length 0
1002.000000 02:42:cb:00:71:32 > 02:42:cb:00:71:33, ethertype IPv4 (0x0800), length 74: (tos 0xc0, ttl 1, id 32846, offset 0, flags [DF], proto TCP (6), length 60)
    203.0.113.2.57514 > 203.0.113.5.179: Flags [SEW], cksum 0x7897 (incorrect -> 0x3070), seq 233169894, win 64240, options [mss 1460,sackOK,TS val 4000647044 ecr 0,nop,wscale 10], length 0
1002.000100 02:42:cb:00:71:33 > 02:42:cb:00:71:32, ethertype IPv4 (0x0800), length 74: (tos 0x0, ttl 64, id 0, offset 0, flags [DF], proto TCP (6), length 60)
    203.0.113.5.179 > 203.0.113.2.57514: Flags [S.], cksum 0x7897 (incorrect -> 0xa1be), seq 2914145256, ack 233169895, win 65160, options [mss 1460,sackOK,TS val 98665356 ecr 4000647044,nop,wscale 10], length 0
1002.000200 02:42:cb:00:71:32 > 02:42:cb:00:71:33, ethertype IPv4 (0x0800), length 66: (tos 0xc0, ttl 1, id 32847, offset 0, flags [DF], proto TCP (6), length 52)
    203.0.113.2.57514 > 203.0.113.5.179: Flags [.], cksum 0x788f (incorrect -> 0xced7), ack 1, win 63, options [nop,nop,TS val 4000647044 ecr 98665356], length 0
1002.000300 02:42:cb:00:71:32 > 02:42:cb:00:71:33, ethertype IPv4 (0x0800), length 95: (tos 0xc0, ttl 1, id 32848, offset 0, flags [DF], proto TCP (6), length 81)
    203.0.113.2.57514 > 203.0.113.5.179: Flags [P.], cksum 0x78fc (incorrect -> 0xab52), seq 1:30, ack 1, win 63, options [nop,nop,TS val 4000647044 ecr 98665356], length 29: BGP
\tOpen Message (1), length: 29
\t  Version 4, my AS 65010, Holdtime 180s, ID 203.0.113.2
\t  Optional parameters, length: 0
1002.000400 02:42:cb:00:71:33 > 02:42:cb:00:71:32, ethertype IPv4 (0x0800), length 114: (tos 0x0, ttl 64, id 2, offset 0, flags [DF], proto TCP (6), length 100)
    203.0.113.5.179 > 203.0.113.2.57514: Flags [P.], cksum 0x78a4 (incorrect -> 0xcb37), seq 1:49, ack 30, win 64, options [nop,nop,TS val 98665358 ecr 4000647044], length 48: BGP
\tOpen Message (1), length: 29
\t  Version 4, my AS 65001, Holdtime 90s, ID 203.0.113.5
\t  Optional parameters, length: 0
\tKeepalive Message (4), length: 19
`.trim()
