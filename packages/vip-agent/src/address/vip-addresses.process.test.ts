/** The VIPs on the `lo` of a network namespace of its own (unshare(1)); needs root. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const unshare = ['unshare', '--net'] as const
const mayUnshare = spawnSync(unshare[0], [unshare[1], 'true']).status === 0

/** What the program prints, as JSON. It has `vips`, `forms()` and setAddress(). */
function run(program: string): unknown {
  const text = `
    import { hostRoute } from '@softspoken/announcer'
    import { listAddresses, setAddress } from '@softspoken/linux'
    import { VipAddresses } from ${JSON.stringify(new URL('vip-addresses.ts', import.meta.url).href)}
    const log = { debug() {}, info() {}, warn() {}, error() {} }
    const vips = new VipAddresses(['198.51.100.10', '2001:db8::10'].map(hostRoute), {}, log)
    const forms = () => listAddresses().filter(({ protocol }) => protocol === 83)
    ${program}`
  const words = [...unshare.slice(1), process.execPath, '--import', 'tsx', '--input-type=module', '--eval', text]
  const cwd = fileURLToPath(new URL('.', import.meta.url))
  const { stdout, stderr } = spawnSync(unshare[0], words, { cwd, encoding: 'utf8' })
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

describe.runIf(mayUnshare)('the VIPs in the kernel', { timeout: 60_000 }, () => {
  it('both families are added with a lifetime, renewed, and removed', () => {
    const printed = run(`
      await vips.set(7)
      await vips.set(9)
      const added = forms().map(({ prefixLength, scope, validLifetime }) => [prefixLength, scope, validLifetime >= 8])
      const { present } = vips
      await vips.remove()
      await vips.remove()
      console.log(JSON.stringify({ added, present, left: forms().length, still: vips.present }))`)
    expect(printed).toEqual({
      added: [
        [32, 'host', true],
        [128, 'global', true],
      ],
      ...{ present: true, left: 0, still: false },
    })
  })
  it('what a killed process left is removed', () => {
    const printed = run(`
      setAddress({ interface: 'lo', address: Uint8Array.of(198, 51, 100, 10), validLifetime: 60 })
      const before = forms().length
      await vips.remove()
      console.log(JSON.stringify([before, forms().length]))`)
    expect(printed).toEqual([1, 0])
  })
})
