/** The template of the Ansible role: the static Pod that the program prints, with the role's variables in it. */
import { deployCommands, printed } from './deploy-manifests.ts'

/** Text of control-plane.yaml, and what takes its place. A list has one line per value. */
const replaced: readonly (readonly [string, string])[] = [
  ['/etc/kubernetes/manifests/', '{{ softspoken_manifests }}/'],
  ['image: registry.example/softspoken:0.0.0', 'image: "{{ softspoken_image }}"'],
  ['        - --prefix=198.51.100.10/32\n', each('softspoken_prefix', "('--prefix=' ~ item)")],
  ['--local-as=64515', '--local-as={{ softspoken_local_as }}'],
  ['        - --peer=10.0.5.1\n', each('softspoken_peer', "('--peer=' ~ item)")],
  ['--peer-as=65000', '--peer-as={{ softspoken_peer_as }}'],
  ['--mode=standby', '--mode={{ softspoken_mode }}'],
  ['https://127.0.0.1:6443', '{{ softspoken_api_server }}'],
  ['/etc/kubernetes/admin.conf', '{{ softspoken_kubeconfig }}'],
  ['        - --http=127.0.0.1:9179\n', `        - --http=127.0.0.1:9179\n${each('softspoken_flags', 'item')}`],
]

/** JSON is YAML, with quotes where YAML needs them. */
function each(list: string, text: string): string {
  return `{% for item in ${list} %}\n        - {{ ${text} | to_json }}\n{% endfor %}\n`
}

export async function ansibleTemplate(): Promise<string> {
  let { out } = await printed((deployCommands['control-plane.yaml'] ?? '').split(' '))
  for (const [text, instead] of replaced) {
    if (!out.includes(text)) throw new Error(`the static Pod has no ${text}`)
    out = out.replaceAll(text, instead)
  }
  // In a map on one line a brace of Jinja would be one of YAML.
  return out.replaceAll(/([:{,] )(\{\{ \w+ \}\})(?=,)/g, '$1"$2"')
}
