/** Judges that are programs: a case to a line of JSON, a judgement to a line of JSON. */
import { spawnSync } from 'node:child_process'
import { toHex } from '@softspoken/test-support/hex'
import { addressText, type Case, type Judgement, type Normal, prefixText } from './normal.ts'

export function ask(command: string, args: readonly string[], cases: readonly Case[]): Judgement[] {
  const input = cases.map(({ bytes, context }) => JSON.stringify({ hex: toHex(bytes), ...context })).join('\n')
  const { status, stdout, stderr } = spawnSync(command, args, { input, encoding: 'utf8', maxBuffer: 2 ** 30 })
  if (status !== 0) throw new Error(`${command}: ${stderr}`)
  const answers = stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as Judgement)
  if (answers.length !== cases.length) throw new Error(`${command}: ${answers.length} answers to ${cases.length} cases`)
  return answers.map(({ says, ...rest }) => ({ ...rest, ...(says && { says: inOurWords(says) }) }))
}

/** Every tool has its own text of an address. */
function inOurWords(says: Normal): Normal {
  return Object.fromEntries(
    Object.entries(says).map(([key, word]) => {
      if (/NextHop$/.test(key) && Array.isArray(word)) return [key, word.map(hop => addressText(String(hop)))]
      if (/withdrawn$|announced$|^reach$|^unreach$/i.test(key) && Array.isArray(word))
        return [key, word.map(prefix => prefixText(String(prefix)))]
      return [key, word]
    }),
  )
}
