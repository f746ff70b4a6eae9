/** ExaBGP 4.2: its decoder, called as its reactor calls it. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Judge } from './normal.ts'
import { ask } from './program.ts'

const PYTHON = '/usr/bin/python3' // the Python of Debian's packages
const program = fileURLToPath(new URL('exabgp/judge.py', import.meta.url))

export const exabgp: Judge = {
  name: 'ExaBGP',
  async judge(cases) {
    if (spawnSync(PYTHON, ['-c', 'import exabgp.bgp.message']).status !== 0)
      return `no exabgp for ${PYTHON} (Debian package exabgp)`
    return ask(PYTHON, [program], cases)
  },
}
