/** Runs a judge that is a program. It reads one case from each line of JSON, and prints one judgement on each line. */
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
  return answers.map(({ values, ...rest }) => ({ ...rest, ...(values && { values: normalized(values) }) }))
}

/** Each tool writes addresses in its own form. */
function normalized(values: Normal): Normal {
  return Object.fromEntries(
    Object.entries(values).map(([key, word]) => {
      if (/NextHop$/.test(key) && Array.isArray(word)) return [key, word.map(hop => addressText(String(hop)))]
      if (/withdrawn$|announced$|^reach$|^unreach$/i.test(key) && Array.isArray(word))
        return [key, word.map(prefix => prefixText(String(prefix)))]
      return [key, word]
    }),
  )
}
