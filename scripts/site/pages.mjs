/** A plugin of TypeDoc: each page has the title of its first heading, and the group in which docs/README.md lists it. */
import { readFileSync } from 'node:fs'

const index = new URL('../../docs/README.md', import.meta.url)

/** @param {import('typedoc').Application} app */
export function load(app) {
  const groups = groupsByTitle()
  app.converter.on('createDocument', (_, page) => {
    const [, title = page.name] = /^# (.*)\n/.exec(page.content[0]?.text ?? '') ?? []
    page.name = title
    page.frontmatter.group = groups.get(title) ?? 'Contribute'
  })
  // Above a README the theme already shows the name.
  app.renderer.on('beginRender', ({ project }) => {
    for (const { readme } of [project, ...(project.children ?? [])])
      if (readme?.[0]) readme[0].text = readme[0].text.replace(/^# .*\n/, '')
  })
}

/** The heading of docs/README.md under which a page is, by the page's title. */
function groupsByTitle() {
  const groups = new Map()
  for (const section of readFileSync(index, 'utf8').split('\n## ').slice(1)) {
    const group = section.slice(0, section.indexOf('\n'))
    for (const [, link = ''] of section.matchAll(/\]\(([^)#]+\.md)\)/g)) {
      const [, title] = /^# (.*)$/m.exec(readFileSync(new URL(link, index), 'utf8')) ?? []
      groups.set(title, group)
    }
  }
  return groups
}
