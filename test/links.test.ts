/** Relative links in Markdown files: each leads to a file, and each `#fragment` to a heading of that file. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

it('every relative link in a Markdown file leads to a file and a heading that exist', () => {
  const broken = markdownFiles().flatMap(file =>
    linksIn(file)
      .filter(link => !resolves(file, link))
      .map(link => `${relative(root, file)}: ${link}`),
  )
  expect(broken).toEqual([])
})

function markdownFiles(): string[] {
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '*.md'], {
    cwd: root,
    encoding: 'utf8',
  })
  return files
    .split('\0')
    .filter(Boolean)
    .map(file => join(root, file))
    .filter(existsSync) // a file that was just deleted is still listed
}

/** The targets of links and images, in Markdown and in HTML. Code has none. */
function linksIn(file: string): string[] {
  const text = readFileSync(file, 'utf8')
    .replaceAll(/^ *```.*?^ *```/gms, '')
    .replaceAll(/`[^`\n]*`(?!\])/g, code => code.replaceAll(/[[\]()]/g, ''))
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"/g)]
  return targets.map(([, markdown, html]) => markdown ?? html ?? '').filter(link => !/^[a-z]+:/.test(link))
}

function resolves(file: string, link: string): boolean {
  const [path = '', fragment] = link.split('#')
  const target = path === '' ? file : join(dirname(file), path)
  if (!existsSync(target)) return false
  return fragment === undefined || headingsOf(target).includes(fragment)
}

/** As GitHub makes fragments of headings. */
function headingsOf(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  )
}
