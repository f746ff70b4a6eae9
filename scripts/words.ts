/**
 * Finds the words that docs/glossary.md lists as never used, and the titles of tests that are too long. Prints each place;
 * with `--count`, the number for each folder. Exits with 1 if there is any.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = new URL('..', import.meta.url)
const LONGEST_TITLE = 80

/** What is searched: these folders and pages. */
const searched =
  /^(packages|examples|interop|test|docs|deploy|scripts|\.ci|\.changeset)\/|^(README|CONTRIBUTING|ARCHITECTURE|SECURITY)\.md$/
/** The page with the list, this file and its test, pictures, and octets that others published. */
const excepted =
  /^docs\/glossary\.md$|^scripts\/words\.(test\.)?ts$|\.(png|svg|pcap|pcapng|mrt|gz|hex|pem)$|(^|\/)go\.sum$/
/** `User=nobody`, `chown nobody`: the Unix user. */
const unixUser = /(\b(user|chown|setpriv|su|id|uid|runuser)\b[^a-z]{0,12}|['"`:/=@])nobody\b|\bnobody:/i

/** The words under the last heading of docs/glossary.md. */
export function neverUsed(): string[] {
  const list = read('docs/glossary.md').split('## Never used')[1]?.trim().split('\n').at(-1) ?? ''
  return list.split(', ')
}

/** Each place as `file:line word`. */
export function forbiddenWords(
  files: readonly string[] = filesOfGit(),
  words: readonly string[] = neverUsed(),
): string[] {
  return files
    .filter(file => searched.test(file) && !excepted.test(file))
    .flatMap(file => wordsIn(file, read(file), words))
}

/** Names are taken apart: `strangerCount` and `STRANGER_COUNT` have the word stranger. */
export function wordsIn(file: string, text: string, words: readonly string[]): string[] {
  const pattern = new RegExp(`(?<![a-z])(${words.join('|').replaceAll(' ', '\\s+')})(?![a-z])`, 'gi')
  return text.split('\n').flatMap((line, i) => {
    const apart = line
      .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
      .replaceAll(/([A-Z])([A-Z][a-z])/g, '$1 $2')
      .replaceAll('_', ' ')
    return [...apart.matchAll(pattern)]
      .map(([word]) => word.toLowerCase())
      .filter(word => !(word === 'nobody' && unixUser.test(line)))
      .map(word => `${file}:${i + 1} ${word}`)
  })
}

/** Each title of a test over the limit, as `file:line length title`. */
export function longTitles(files: readonly string[] = filesOfGit()): string[] {
  return files.filter(file => file.endsWith('.test.ts')).flatMap(file => longTitlesIn(file, read(file)))
}

/** The first argument of it(), test(), it.each(...)() and the like, if it is written there. A placeholder counts as it stands. */
export function longTitlesIn(file: string, text: string): string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && isTest(node.expression)) {
      const [title] = node.arguments
      if (title && (ts.isStringLiteralLike(title) || ts.isTemplateExpression(title))) {
        const words = ts.isStringLiteralLike(title) ? title.text : title.getText().slice(1, -1)
        const { line } = source.getLineAndCharacterOfPosition(title.getStart())
        if (words.length > LONGEST_TITLE) found.push(`${file}:${line + 1} ${words.length} ${words}`)
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** `it`, `test`, `it.skipIf(…)`, `test.each([…])`: whatever begins with one of the two. */
function isTest(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return callee.text === 'it' || callee.text === 'test'
  if (ts.isCallExpression(callee) || ts.isPropertyAccessExpression(callee)) return isTest(callee.expression)
  return ts.isTaggedTemplateExpression(callee) && isTest(callee.tag)
}

function filesOfGit(): string[] {
  const listed = execFileSync(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'],
    {
      cwd: fileURLToPath(root),
      encoding: 'utf8',
    },
  )
  return listed.split('\0').filter(file => file !== '' && exists(file))
}
function read(file: string): string {
  return readFileSync(new URL(file, root), 'utf8')
}
function exists(file: string): boolean {
  try {
    read(file)
    return true
  } catch {
    return false // deleted, and not yet in git's index
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const found = [...forbiddenWords(), ...longTitles()]
  if (process.argv.includes('--count')) {
    const counts = new Map<string, number>()
    for (const place of found) {
      const folder = /^[^/:]+(\/[^/:]+)?/.exec(place)?.[0] ?? place
      counts.set(folder, (counts.get(folder) ?? 0) + 1)
    }
    for (const [folder, count] of counts) console.log(`${String(count).padStart(5)} ${folder}`)
  } else for (const place of found) console.log(place)
  console.log(`${found.length} places`)
  if (found.length > 0) process.exitCode = 1
}
