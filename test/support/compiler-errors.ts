/** The errors that the TypeScript compiler finds in a text, as if it were a file of that name: for code in READMEs and pages. */
import ts from 'typescript'

/** What any text imports, parsed once. */
const parsed = new Map<string, ts.SourceFile | undefined>()

export function compilerErrors(file: string, text: string): readonly string[] {
  const options: ts.CompilerOptions = {
    ...{ strict: true, noEmit: true, skipLibCheck: true, allowImportingTsExtensions: true },
    ...{ types: ['node'], lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'], target: ts.ScriptTarget.ESNext },
    ...{ module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
  }
  const host = ts.createCompilerHost(options)
  const { getSourceFile } = host
  host.getSourceFile = (name, version) => {
    if (name === file) return ts.createSourceFile(name, text, version)
    if (!parsed.has(name)) parsed.set(name, getSourceFile(name, version))
    return parsed.get(name)
  }
  const program = ts.createProgram([file], options, host)
  const found = ts.getPreEmitDiagnostics(program, program.getSourceFile(file)) // the files that it imports: pnpm types
  return found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))
}
