/** Parses the YAML of a person's file. The parser of the library is recursive, and takes minutes for a megabyte of brackets. */
import type { Document, DocumentOptions, ParseOptions, SchemaOptions } from 'yaml'

/** A kubeconfig has some 100 tokens for each cluster, and 6 levels. */
const MAX_TOKENS = 50_000
const MAX_DEPTH = 100
export const YAML_LIMITS = `at most ${MAX_DEPTH} levels and ${MAX_TOKENS} tokens of YAML`

/** Undefined if the text is beyond {@link YAML_LIMITS}. The library's errors and warnings quote the text: show none of them. */
export async function parseYaml(
  text: string,
  options: ParseOptions & DocumentOptions & SchemaOptions = {},
): Promise<Document | undefined> {
  const { Lexer, Parser, parseDocument } = await import('yaml') // it takes long to load, and many need none
  const parser = new Parser()
  let tokens = 0
  for (const lexeme of new Lexer().lex(text)) {
    for (const _ of parser.next(lexeme)); // its stack has the open collections; unlike the next step it does not recurse
    if (++tokens > MAX_TOKENS || parser.stack.length > MAX_DEPTH) return undefined
  }
  return parseDocument(text, { logLevel: 'error', ...options }) // its warnings would be on standard error
}
