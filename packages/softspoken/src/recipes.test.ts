/** Each `softspoken manifest` of the recipes is printed without a warning; the options of each `softspoken check` are accepted. */
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { describe, expect, it } from 'vitest'
import { readConfiguration } from '../tools/configuration.ts'
import { printed } from '../tools/deploy-manifests.ts'

const docs = new URL('../../../docs/', import.meta.url)
const operations = readFileSync(new URL('operations.md', docs), 'utf8')

describe.each(['recipes/control-plane.md', 'recipes/disaster.md', 'troubleshooting.md'])('docs/%s', page => {
  const text = readFileSync(new URL(page, docs), 'utf8').replaceAll(/ \\\n */g, ' ')
  const commands = [...text.matchAll(/(?:^|`)softspoken (manifest|check) ([^`\n]+)/gm)].map(([, ...words]) => words)

  it.each(commands)('has a command that the program accepts: %s %s', async (command = '', rest = '') => {
    const words = rest.split(' ')
    if (command === 'manifest')
      expect(await printed([command, ...words])).toEqual({ code: 0, out: expect.stringContaining('kind: '), err: '' })
    else if (words[0] === '--arp') expect([words.length, isIP(words[1] ?? '')]).toEqual([2, 4])
    else if (words[0] === '--vip') expect([words.length, URL.canParse(words[1] ?? '')]).toEqual([2, true])
    else expect((await readConfiguration(words, {})).warnings).toEqual([])
  })
  it('has such commands', () => {
    expect(commands).not.toEqual([])
  })
  it('names metrics and alerts that docs/operations.md has', () => {
    const names = text.match(/\bsoftspoken_\w+|\bSoftspoken[A-Z]\w+/g) ?? []
    expect(names.filter(name => !operations.includes(name))).toEqual([])
  })
})
