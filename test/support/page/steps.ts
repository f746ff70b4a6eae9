/** What a reader of a page does: its commands, in order, and what each must print. CONTRIBUTING.md describes the form. */

export type Step = {
  /** Line of the page, from 1. */
  line: number
  /** The last paragraph before the block. */
  before: string
  /** What it prints; undefined if the page does not show it. */
  output?: string
} & ({ action: 'run'; code: string } | { action: 'interrupt' })

interface Block {
  line: number
  language: string
  code: string
  /** The text between the block before and this one. */
  before: string
}

const EXCLUDED = 'not run by a test'

/** The steps of a page. A block `text` is the output of the step before it, unless more than a paragraph is between them. */
export function stepsOf(markdown: string): Step[] {
  const steps: Step[] = []
  let last: Step | undefined // the step whose output a block may be
  const { blocks, end } = blocksOf(markdown)
  for (const { line, language, code, before } of blocks) {
    const paragraph = lastParagraph(before)
    if (before.includes('Ctrl-C')) steps.push((last = { line, before: paragraph, action: 'interrupt' }))
    const introduced = before.trim() === '' || (before.trim() === paragraph && paragraph.endsWith(':'))
    if (language === 'text' && last !== undefined && introduced) last.output = code
    last = undefined
    if (language === 'sh' && !plain(paragraph).includes(EXCLUDED))
      steps.push((last = { line, before: paragraph, action: 'run', code }))
  }
  if (end.includes('Ctrl-C')) steps.push({ line: markdown.split('\n').length, before: '', action: 'interrupt' })
  return steps
}

/** Whether the page has commands for a shell. */
export function hasCommands(markdown: string): boolean {
  return blocksOf(markdown).blocks.some(({ language }) => ['sh', 'bash', 'shell', 'console'].includes(language))
}

/** Whether the first paragraph after the title says that no test runs the commands. */
export function isExcluded(markdown: string): boolean {
  const [, first = ''] = markdown.split(/\n\s*\n/)
  return plain(first).includes(EXCLUDED)
}

function blocksOf(markdown: string): { blocks: Block[]; end: string } {
  const blocks: Block[] = []
  let end = 0
  for (const { index, 0: all, 1: indent = '', 2: language = '', 3: code = '' } of markdown.matchAll(
    /^( *)```([\w-]*)[^\n]*\n(.*?)^ *```$/gms,
  )) {
    const line = markdown.slice(0, index).split('\n').length
    blocks.push({
      line,
      language,
      code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
      before: markdown.slice(end, index),
    })
    end = index + all.length
  }
  return { blocks, end: markdown.slice(end) }
}

/** On one line. */
function plain(paragraph: string): string {
  return paragraph.replaceAll(/\s+/g, ' ')
}

function lastParagraph(text: string): string {
  return (
    text
      .trim()
      .split(/\n\s*\n/)
      .at(-1) ?? ''
  )
}
