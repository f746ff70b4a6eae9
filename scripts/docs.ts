/**
 * Writes the pages that are made from code: `npx --yes pnpm@12 docs:pages`. scripts/docs.test.ts fails if one is out of date.
 * Pages with measurements are written by the programs that measure; some of their plots are made from the page's table.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { errorsPage } from '../packages/announcer/tools/errors-page.ts'
import { defaultsPage } from '../packages/session/tools/defaults-page.ts'
import { fsmPage, withChanges } from '../packages/session/tools/fsm-page.ts'
import { rfcPage } from '../packages/session/tools/machine-differences.ts'
import { ansibleTemplate } from '../packages/softspoken/tools/ansible-template.ts'
import { deployCommands, printed } from '../packages/softspoken/tools/deploy-manifests.ts'
import { optionsPage } from '../packages/softspoken/tools/options-page.ts'
import { sections } from '../packages/vip-agent/tools/reason-sections.ts'
import { failoverPlot } from './plots/failover.ts'
import { nemesisPlot } from './plots/nemesis.ts'
import { performancePlot } from './plots/performance.ts'
import { scalePlot } from './plots/scale.ts'

/** Each page with the text that it should have, made from the text that it has. */
export const pages: Readonly<Record<string, (text: string) => string | Promise<string>>> = {
  'docs/errors.md': () => errorsPage(sections),
  'docs/defaults.md': defaultsPage,
  'docs/fsm.md': fsmPage,
  'docs/rfc.md': rfcPage,
  'docs/performance.svg': () => performancePlot(read('docs/performance.md')),
  'docs/failover.svg': () => failoverPlot(read('docs/failover.md')),
  'docs/nemesis.svg': () => nemesisPlot(read('docs/nemesis.md')),
  'docs/scale.svg': () => scalePlot(read('docs/scale.md')),
  'packages/session/README.md': withChanges,
  'packages/softspoken/OPTIONS.md': optionsPage,
  'deploy/ansible/roles/softspoken/templates/softspoken.yaml.j2': ansibleTemplate,
  ...Object.fromEntries(
    Object.entries(deployCommands).map(([file, command]) => [
      `deploy/kubernetes/${file}`,
      async () => (await printed(command.split(' '))).out,
    ]),
  ),
}

const root = new URL('..', import.meta.url)
export function read(page: string): string {
  return existsSync(new URL(page, root)) ? readFileSync(new URL(page, root), 'utf8') : ''
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const [page, make] of Object.entries(pages)) {
    writeFileSync(new URL(page, root), await make(read(page)))
    console.log(page)
  }
