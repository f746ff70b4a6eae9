/** A unit of systemd. */

import { stopTimeLimit } from '../config/stop-time.ts'
import type { Plan } from './plan.ts'
import { wrapped } from './yaml.ts'

const COMMAND = '/usr/bin/node /usr/lib/softspoken/softspoken.cjs announce'
const SHORTEST = 30 // seconds: enough for every drainTime, which softspoken.env may have

/** `head`: a comment. */
export function unit({ args, files, options, capabilities }: Plan, head: string): string {
  const rights = capabilities.map(name => `CAP_${name}`).join(' ')
  const { stateDirectory, leaseDirectory } = options
  const written = [stateDirectory, leaseDirectory].filter(folder => folder !== undefined)
  const readable = files.length > 0 && [
    `# The unit is not root. The group softspoken must be able to read ${files.join(', ')}.`,
    'SupplementaryGroups=softspoken',
  ]
  return [
    wrapped(head, 98).replace(/^/gm, '# '),
    '[Unit]',
    'Description=Softspoken: announces one host route over BGP',
    'Wants=network-online.target',
    'After=network-online.target',
    '',
    '[Service]',
    'Type=notify',
    '# systemd-notify, a child of the program, sends the notifications.',
    'NotifyAccess=all',
    '# One arena of glibc for all threads: what one thread has freed, another can use. This saves 2 to 6 MiB.',
    'Environment=MALLOC_ARENA_MAX=1',
    '# A freed block of 128 KiB goes back to the kernel. Unless this is set, glibc raises the limit at the start. This saves 0.6 MiB.',
    'Environment=MALLOC_MMAP_THRESHOLD_=131072',
    '# For what other users must not see, such as SOFTSPOKEN_TCP_MD5_KEY. Mode 0600: systemd reads it as root.',
    'EnvironmentFile=-/etc/softspoken/softspoken.env',
    `ExecStart=${[COMMAND, ...args.map(({ text }) => word(text))].join(' \\\n  ')}`,
    '# If the event loop is blocked for this long, it sends no KEEPALIVE either.',
    'WatchdogSec=30',
    'Restart=on-failure',
    'RestartSec=5',
    '# Exit code 2 is a wrong option: a restart cannot help.',
    'RestartPreventExitStatus=2',
    '# /var/lib/softspoken keeps the last dial and the failures, so a crash loop dials as rarely as one process would.',
    'StateDirectory=softspoken',
    ...written.map(folder => `ReadWritePaths=${word(folder)}`),
    'KillMode=mixed',
    `TimeoutStopSec=${Math.max(SHORTEST, stopTimeLimit(options) + 1)}`,
    '',
    'DynamicUser=yes',
    ...(readable || []),
    ...(rights === '' ? [] : [`AmbientCapabilities=${rights}`]),
    `CapabilityBoundingSet=${rights}`,
    'NoNewPrivileges=yes',
    'LockPersonality=yes',
    'PrivateDevices=yes',
    'PrivateTmp=yes',
    rights === '' ? 'PrivateUsers=yes' : '# No PrivateUsers=, in which these capabilities are of no use.',
    'ProtectClock=yes',
    'ProtectControlGroups=yes',
    'ProtectHome=yes',
    'ProtectHostname=yes',
    'ProtectKernelLogs=yes',
    'ProtectKernelModules=yes',
    'ProtectKernelTunables=yes',
    'ProtectProc=invisible',
    'ProtectSystem=strict',
    'RemoveIPC=yes',
    `RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX${options.arp ? ' AF_PACKET' : ''}`,
    'RestrictNamespaces=yes',
    'RestrictRealtime=yes',
    'RestrictSUIDSGID=yes',
    'SystemCallArchitectures=native',
    '# @pkey: V8 asks for a memory protection key at its start. What is not listed fails, and does not end the program.',
    'SystemCallFilter=@system-service @pkey',
    'SystemCallFilter=~@privileged',
    'SystemCallErrorNumber=EPERM',
    'UMask=0077',
    '# Not set: MemoryDenyWriteExecute, because V8 compiles code; ProcSubset=pid, because the program reads /proc/net.',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n')
}

/** systemd.service(5), "Command lines": % begins a specifier, $ a variable, and a line ends where it ends. */
function word(text: string): string {
  const escaped = text.replaceAll('%', '%%').replaceAll('$', '$$$$')
  return /^[\w@%+=:,./$-]+$/.test(escaped) ? escaped : `"${escaped.replace(/["\\]/g, '\\$&').replace(/\p{Cc}/gu, hex)}"`
}
function hex(control: string): string {
  return `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`
}
