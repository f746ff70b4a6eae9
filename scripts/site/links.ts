/** Checks the built site: each link to a page of it leads to that page, and to an anchor that the page has. */
import { fileURLToPath } from 'node:url'
import { LinkChecker } from 'linkinator'

const site = fileURLToPath(new URL('../../dist/site', import.meta.url))

const { links } = await new LinkChecker().check({
  path: '**/*.html',
  serverRoot: site,
  recurse: true,
  checkFragments: true,
  linksToSkip: async link => !/^http:\/\/localhost:/.test(link), // of other sites
})
const broken = links.filter(({ state }) => state === 'BROKEN')
for (const { parent, url } of broken)
  console.error(`${parent ?? 'a page'} leads to ${url}, which the site does not have`)
const checked = links.filter(({ state }) => state === 'OK').length
console.log(`${checked} links of the site lead somewhere, ${broken.length} do not`)
if (broken.length > 0 || checked === 0) process.exitCode = 1
