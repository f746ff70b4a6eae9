/** Markdown files: each relative link leads to a file, each `#fragment` to a heading, and each file name to a file. */
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

it('docs/README.md leads to every page of docs', () => {
  const index = join(root, 'docs/README.md')
  const linked = linksIn(index).map(link => join(root, 'docs', link.replace(/#.*/, '')))
  const pages = markdownFiles().filter(file => file.startsWith(join(root, 'docs/')) && file !== index)
  expect(pages.filter(page => !linked.includes(page))).toEqual([])
})

it('every source file that a Markdown file names exists', () => {
  const all = gitFiles()
  const missing = markdownFiles().flatMap(page =>
    [...readFileSync(page, 'utf8').matchAll(/`([\w.-][\w./-]*\.(?:ts|mjs|sh|yaml))`/g)]
      .map(([, name = '']) => name)
      .filter(name => !all.some(file => `/${file}`.endsWith(`/${name}`)))
      .map(name => `${relative(root, page)}: ${name}`),
  )
  expect(missing).toEqual([])
})

function markdownFiles(): string[] {
  return gitFiles('*.md').map(file => join(root, file))
}

/** The files of this checkout, also new ones. */
function gitFiles(...patterns: string[]): string[] {
  const arguments_ = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', ...patterns]
  const files = execFileSync('git', arguments_, { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean)
  return files.filter(file => existsSync(join(root, file))) // a deleted file is listed until it is committed
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
