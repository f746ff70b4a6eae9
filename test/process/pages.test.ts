/** The commands of pages, in a sandbox on this host. Other tests run pages that need more. */
import { execFileSync, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { runPage, runText } from '@softspoken/test-support/page/run-page'
import { canSandbox, makeSandbox } from '@softspoken/test-support/page/sandbox'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const installed = (program: string) => spawnSync(program, ['-V']).error === undefined

describe.skipIf(!canSandbox)('the commands of a page', { timeout: 180_000 }, () => {
  it('run as README.md shows them', () => runPage('README.md'))
  it('run as examples/demo/README.md shows them', () => runPage('examples/demo/README.md'))
  it('run as examples/decode-capture/README.md shows them', () => runPage('examples/decode-capture/README.md'))
  it('run as docs/coming-from.md shows them', () => runPage('docs/coming-from.md'))
  it('run as deploy/README.md shows them', () => runPage('deploy/README.md'))

  it.skipIf(!installed('bird') || !installed('ping'))('run as docs/getting-started.md shows them', async () => {
    using machine = await makeSandbox(root)
    using router = await makeSandbox(root)
    using node = await makeSandbox(root)
    const link = ['link', 'add', 'eth0', 'netns', router.pid, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', node.pid]
    execFileSync('ip', link)
    router.prepare('ip address add 10.0.5.1/24 dev eth0; ip link set eth0 up')
    node.prepare('ip address add 10.0.5.11/24 dev eth0; ip link set eth0 up')
    router.prepare(
      'mount -t tmpfs tmpfs /etc/bird; mkdir /run/bird; echo "protocol device {}" >/etc/bird/bird.conf; bird',
    )
    await runPage('docs/getting-started.md', {
      enter: before =>
        (before.includes('On the router') ? router : before.includes('On the node') ? node : machine).enter,
      environment: machine.environment,
    })
  })

  const page = (code: string, output: string) => `\`\`\`sh\n${code}\n\`\`\`\n\n\`\`\`text\n${output}\n\`\`\`\n`
  it('fail if they print something else', async () => {
    const other = runText(page('x=5; echo $x', '6'), { within: 1 })
    await expect(other).rejects.toThrow('page:1: exit code 0, and it prints\n5\n\nexpected\n6')
  })
  it('fail if one of them fails', async () => {
    await expect(runText('```sh\nfalse\ntrue\n```\n', {})).rejects.toThrow('page:1: exit code 1')
  })
  it('share variables, and see what an earlier command started', async () => {
    const first = page('x=5; echo started; sleep 1000', 'started\n…')
    const then = page('pgrep -x sleep | wc -l; echo "$x"', '2\n') // the other one is the first process of the sandbox
    const last = `${page('x=7; y=7', '')}${page('echo "$x $y"', '7 7')}`
    await runText(first + then + last, { within: 10 })
  })
})
