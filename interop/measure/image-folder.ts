/** The program as the container image has it, with the code that V8 has compiled before. It needs `npx --yes pnpm@12 bundle`. */
import { execFileSync } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const path = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url))

/** Returns the path of the file to start. */
export function imageFolder(node: string): string {
  const [bundle, container] = [path('packages/softspoken/dist'), path('deploy/container')]
  const folder = path('packages/softspoken/node_modules/.cache/image') // where koffi is found
  rmSync(folder, { recursive: true, force: true })
  cpSync(bundle, folder, { recursive: true })
  cpSync(`${bundle}/softspoken.cjs`, `${folder}/program.cjs`)
  cpSync(`${container}/start.cjs`, `${folder}/softspoken.cjs`)
  execFileSync(node, [`${container}/write-code.cjs`, `${folder}/softspoken.cjs`], { stdio: 'inherit' })
  return `${folder}/softspoken.cjs`
}
