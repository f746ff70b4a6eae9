/** The template of the Ansible role: the static Pod that the program prints, with the role's variables in it. */
import { version } from '../src/version.ts'
import { deployCommands, printed } from './deploy-manifests.ts'

const hasRouter = 'softspoken_peer'
/** Kubernetes would replace a variable in it. */
const literal = "item | replace('$(', '$$(')"
const hasArp = 'softspoken_arp | bool'

/** Text of control-plane.yaml, and what takes its place. A list has one line per value. */
const replaced: readonly (readonly [string, string])[] = [
  ['/etc/kubernetes/manifests/', '{{ softspoken_manifests }}/'],
  [`image: registry.example/softspoken:${version}`, 'image: {{ softspoken_image | to_json }}'],
  ['        - --prefix=198.51.100.10/32\n', each('softspoken_prefix', "'--prefix=' ~ item")],
  ['        - --local-as=64515\n', `{% if ${hasRouter} %}\n${line("'--local-as=' ~ softspoken_local_as")}`],
  ['        - --peer=10.0.5.1\n', each('softspoken_peer', "'--peer=' ~ item")],
  ['        - --peer-as=65000\n', line("'--peer-as=' ~ softspoken_peer_as")],
  ['        - --mode=standby\n', `{% endif %}\n${line("'--mode=' ~ softspoken_mode")}`], // the state directory is before it
  ['        - --kubeconfig=/etc/kubernetes/admin.conf\n', line("'--kubeconfig=' ~ softspoken_kubeconfig")],
  [
    '        - --api-server=https://127.0.0.1:6443\n',
    `${line("'--api-server=' ~ softspoken_api_server")}${only(hasArp, '        - --arp=true\n')}`,
  ],
  ['        - --http=127.0.0.1:9179\n', `        - --http=127.0.0.1:9179\n${each('softspoken_flags', literal)}`],
  ['[NET_ADMIN]', `[NET_ADMIN{{ ', NET_RAW' if ${hasArp} else '' }}]`],
  [': /etc/kubernetes/admin.conf,', ': {{ softspoken_kubeconfig | to_json }},'],
  ...['        - { name: state, mountPath: /state }\n', '    - name: state\n      emptyDir: {}\n'].map(
    text => [text, only(hasRouter, text)] as const,
  ),
]

/** JSON is YAML, with quotes where YAML needs them. */
function line(text: string): string {
  return `        - {{ ${text.includes('~') ? `(${text})` : text} | to_json }}\n`
}
function each(list: string, text: string): string {
  return `{% for item in ${list} %}\n${line(text)}{% endfor %}\n`
}
function only(condition: string, text: string): string {
  return `{% if ${condition} %}\n${text}{% endif %}\n`
}

export async function ansibleTemplate(): Promise<string> {
  let { out } = await printed((deployCommands['control-plane.yaml'] ?? '').split(' '))
  for (const [text, instead] of replaced) {
    if (!out.includes(text)) throw new Error(`the static Pod has no ${text}`)
    out = out.replaceAll(text, () => instead)
  }
  return out
}
