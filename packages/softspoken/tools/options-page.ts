/** OPTIONS.md, made from the table of options. */
import { optionTable, peerOptionNames } from '../src/config/options.ts'

export function optionsPage(): string {
  const [address, as, ...others] = peerOptionNames.map(name => `\`${name}\``)
  const lines = optionTable.map(({ name, flag, hasFlag, variable, fileOnly, text, requirement }) =>
    [`\`${name}\``, hasFlag ? `\`${flag}\`` : '', fileOnly ? '' : `\`${variable}\``, `${text}${requirement}`].join(
      ' | ',
    ),
  )
  return `# Options

Give an option as a flag, as a variable of the environment, or by its name in a file in YAML or JSON. \`--config\` or
\`SOFTSPOKEN_CONFIG\` names the file. If an option is given more than once, the first of these wins: the flag, the
variable, kube-vip's variable, the file. A value that does not win is not checked.

- A list in a flag has spaces between its parts. A list in a variable has commas or spaces.
- White space around a value is removed, but not around a key.
- These are errors: an empty value, an unknown flag or name, a name that is twice in a file or a map, and a flag for one
  value that is given twice.
- An unknown variable that begins with \`SOFTSPOKEN_\` causes a warning, except the variables that Kubernetes sets for a
  Service called softspoken.
- A file of options, a key or a certificate has at most 1 MiB. It may be a pipe that ends within 5 s, as in
  \`--config <(command)\`, but no device. A kubeconfig must be a file.
- No error, warning or log line shows a key or the text of a file, apart from that of \`disabledBy\`. A URL in \`health\` is shown
  without user, password and query, and a command without its arguments.

| option | flag | variable | |
|---|---|---|---|
${lines.map(line => `| ${line} |`).join('\n')}

## Mode and election

An election is on if \`mode\` is \`standby\` or \`leader\`, if \`lease\` or \`leaseDirectory\` is given, or with \`arp\`. In the mode
\`all-nodes\` there is none.

| \`mode\` | which nodes announce |
|---|---|
| \`all-nodes\` | every healthy node, with one MED |
| \`standby\` | every healthy node, the leader with the lowest MED |
| \`leader\` | the leader alone |

- \`lease\` is a Lease of Kubernetes, \`<namespace>/<name>\`. All routes share one election.
- \`apiServer\` is the API server of this node. A VIP is refused, because the VIP needs the election first.
  In a Pod without \`kubeconfig\` give it, too: the address of the service works only once the network of the cluster does, and
  may lead to the API server of another node, so that a node leads on after its own has ended.
- \`leaseProfile: fast\` sets \`leaseDuration\`, \`renewDeadline\` and \`retryPeriod\` to 5, 3 and 1 s. A duration that is given
  comes before the profile's. \`leaseDuration\` > \`renewDeadline\` > 1.2 × \`retryPeriod\`.
- \`health: kubernetes\` asks \`/readyz?exclude=etcd&exclude=etcd-readiness\` of that API server.

## The address

The program adds each VIP to \`interface\`, \`lo\` by default, while this node may serve, and renews its lifetime. \`auto\` is the one
interface whose own subnet contains the VIPs. Of a list such as \`bond0.48 eno*\` the first that exists is taken. This needs Linux,
koffi and the capability NET_ADMIN.

With \`address: none\` another program adds the VIP, and the route is withheld with the reason \`address-missing\` while the VIP is on
no interface. \`requireAddress: false\` announces without looking.

## ARP and NDP

\`arp: true\` (or \`--arp\`) tells the hosts of the interface's segment which node has the VIP: by ARP for IPv4, by NDP for IPv6. It goes
with the mode \`leader\`, which is then the default, and \`interface\` is by default \`auto\`. It needs the capabilities NET_ADMIN and
NET_RAW. The loopback, ports of a bridge or a bond, and interfaces without ARP are refused. So are bonds with the mode balance-alb:
they answer each host with the MAC address of another port. A bond with balance-tlb answers with one.

- Without \`peer\`, \`peers\` and the other options of a router there is no BGP. With them there is both.
- A host that has the VIP already blocks the first claim: the reason is \`address-in-use\`, with its MAC address.
  \`claimInUse: true\` claims in spite of it.
- \`softspoken check --arp 203.0.113.100\`, run on another node, prints which MAC addresses answer for an address.
- [docs/leases.md](../../docs/leases.md#on-the-segment-arp-and-ndp) has the rules, and the most frames that are sent.

## What check looks at

\`softspoken check\` checks the options as \`announce\` does, and looks at this host and at this node's API server. What it finds is a
warning of one sentence, and changes no exit code. It changes nothing, and each question ends after 5 s.

| it looks at | it warns if |
|---|---|
| the certificate of the API server | it is not for a VIP, or it ends within 30 days; with the cure for kubeadm, k3s and RKE2 |
| the rights of the Lease's credentials | one of those is missing that \`softspoken manifest rbac\` grants (SelfSubjectAccessReview) |
| the interface of the VIPs | it has no carrier |
| the gateway on that interface, with \`arp\` | it does not answer, as on a wrong VLAN |
| \`arp_ignore\`, with \`arp\` | it is 3 or 8: the kernel does not answer for the VIP |
| \`rp_filter\` of the interface to a router, or of the VIPs with \`arp\` | it is strict, and the default route is another interface's |
| \`arp_ignore\` and \`arp_announce\`, if several nodes have the VIP at once | the VIP lies in the subnet of an interface, and they are not 1 and 2 |
| \`localAs\` | it is a public AS number, and asks whether it is yours |
| the cluster's pools of LoadBalancer addresses, Cilium's and MetalLB's, if the credentials may list them | a VIP lies in one |
| each \`--pool\`, a flag of \`check\` alone: a prefix or a range | a VIP lies in it, so that another program may give the address to a Service |

With \`arp\` a line has the state of \`ip_forward\`, and others say which MAC addresses answer for the gateway and for each VIP; each
address is asked by two probes, which change no neighbour table. The settings matter for IPv4 alone, and the larger one of \`all\` and the interface
applies. If the API server gives no answer, the line says that it is not known, and why.

## Whether the VIP answers

BGP does not say whether the router took a route: only an answer from the other side shows it. On a host that is no node run
\`softspoken check --vip tcp://198.51.100.10:6443\`, or with TLS
\`softspoken check --vip https://198.51.100.10:6443/readyz --health-ca /etc/kubernetes/pki/ca.crt\`.

It needs no other option. It says whether the VIP accepts a connection, and for \`http\` and \`https\` whether it answers with 200 to 299, with
the time of each. If there is no connection, hints say where to look: the nodes, the import policy of the router (RFC 8212), the
next hop, filters. The exit code is 0 if it answers, and 1 if it does not. Each step ends after 5 s. \`--health-ca\`, \`--health-cert\`,
\`--health-key\` and \`--health-verify none\` are for TLS.

\`probePort: 6443\` lets the nodes do the same all the time, in the mode \`leader\` with BGP: each node that does not have the VIP connects
to that port of it about each 10 s, while another node holds the Lease.
[Operations](../../docs/operations.md#whether-the-router-took-the-route) has what it shows,
[defaults](../../docs/defaults.md#the-probe-of-the-vip) how often it connects, and why it is off by default.

## Maintenance

While the file of \`disabledBy\` exists, the node is drained: a leader hands over, the route is withdrawn, the address is removed
after the drain, and the sessions stay up. Log, page, \`status\` and metrics say since when, and why: by its mtime and its text.
\`softspoken drain [reason]\` creates the file, and \`softspoken resume\` removes it. Both take \`--disabled-by\`, the variable, or the
file of options. If it cannot be known whether the file exists, the node stays as it was; after a start it stays out of service.

\`drainOnCordon: true\` does the same while the Node \`nodeName\` is cordoned (\`kubectl cordon\`, \`kubectl drain\`), with the reason
\`cordoned\`. The API server is asked each 10 s with the credentials of the Lease, which need \`get\` on the Node. If it refuses or
does not answer, the node stays as it was. With an election a cordoned node leads again if no
other node does; in \`all-nodes\` mode, cordoned nodes alone announce nothing.

## The label of the Node that leads

\`labelNode: true\` sets the label \`kube-vip.io/has-ip\` of the Node \`nodeName\` to the first IPv4 VIP while it leads, as kube-vip does with
\`enable_node_labeling\`: \`kubectl get nodes -l kube-vip.io/has-ip=198.51.100.10\` shows the leader. \`softspoken manifest rbac --label-node true\`
prints the right for it: to \`patch\` Nodes, or with \`--node-name\` that Node alone. If the API server refuses or does not answer,
it is tried again each 10 s, and nothing else changes. The label of a node that died stays until its agent starts again; the
Lease is what decides.

## Several routers

If the routers have the same options, give their addresses as \`peer\`. Otherwise give \`peers\` in a file: each router has
${address} and ${as}, and perhaps ${others.join(', ')}.

\`\`\`yaml
peers:
  - { address: 10.0.5.1, as: 65000 }
  - { address: 10.0.6.1, as: 65001, multihop: 2, tcpMd5KeyFile: /etc/softspoken/key }
\`\`\`

## A key in a file

\`tcpMd5KeyFile\` is read once, at the start. One line feed at the end of the file is not part of the key; every other octet
is. If the file cannot be read, the program exits with 1. Give the key or its file, not both.

## Back-off

\`backOff\` sets the exponential back-off between dials, in seconds. Each value can be changed within its
bounds. None can be switched off. [docs/defaults.md](../../docs/defaults.md) has the defaults and bounds.

| name | meaning |
|---|---|
| \`minInterval\` | shortest time from one dial to the next |
| \`transportCap\` | longest wait after a connection that failed |
| \`protocolInitial\` | first wait after a session that the router or we ended with an error |
| \`administrative\` | wait after the router's operator shut the session down |
| \`resetAfter\` | time in Established after which the failures are forgotten |

In a file it is a map. In a flag or a variable it is a list of names and numbers:

\`\`\`text
SOFTSPOKEN_BACK_OFF='minInterval=10, transportCap=300'
\`\`\`

## Health checks

\`health\` is one check or several. With several, all must pass, and the reason names each that does not.

| check | passes if |
|---|---|
| \`tcp://127.0.0.1:6443\` | a connection is accepted |
| \`http://127.0.0.1:8080/healthz\`, \`https://…\` | the answer has a status from 200 to 299 |
| \`kubernetes\` | the node's API server is ready |
| \`exec:/usr/local/bin/check --flag\` | the command ends with exit code 0 |

Several checks are a list in a file, several values of the flag (\`--health tcp://127.0.0.1:6443 'exec:/usr/local/bin/check --flag'\`),
and in the variable a list with semicolons. In a file, a command with its arguments may be a list, too:

\`\`\`yaml
health:
  - https://127.0.0.1:6443/livez
  - [exec:/usr/local/bin/check, --name, two words]
\`\`\`

A command is an absolute path and its arguments, at white space. There is no shell; for one, give a list such as
\`[exec:/bin/sh, -c, 'test -e /run/ready && check']\`.

- It gets an empty standard input, the directory \`/\`, the user of the program, and of its variables PATH, HOME, LANG, LC_ALL, TZ and
  TMPDIR alone: the others may hold a key. Set more with \`exec:/usr/bin/env NAME=value /usr/local/bin/check\`.
- The exit code and the last line of its output are the reason. The line has 200 characters at most, and no control characters. Log,
  page and status show it: let the command print no secret.
- It has a process group of its own. After \`healthTimeout\` the group is killed (SIGKILL), and so are children that it leaves behind
  with its output. A child that leaves the group (\`setsid\`) is not killed. As process 1 of a container, the program reaps the others.
- A command that cannot be started (ENOENT, EACCES) fails as \`misconfigured\`, with an error in the log.

## Hold-down

If the health check withdraws the route \`withdrawals\` times within \`within\` seconds, the route stays withdrawn for
\`stayDown\` seconds. \`healthHoldDown\` sets these three: in a file as a map, in a flag or a variable as
\`withdrawals=3, within=600, stayDown=300\`, which are the defaults. \`false\` switches it off.
`
}
