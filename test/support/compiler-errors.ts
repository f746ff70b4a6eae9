/** The errors that the TypeScript compiler finds in a text, as if it were a file of that name: for code in READMEs and pages. */
import ts from 'typescript'

export function compilerErrors(file: string, text: string): readonly string[] {
  const options: ts.CompilerOptions = {
    ...{ strict: true, noEmit: true, skipLibCheck: true, allowImportingTsExtensions: true },
    ...{ types: ['node'], lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'], target: ts.ScriptTarget.ESNext },
    ...{ module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
  }
  const host = ts.createCompilerHost(options)
  const { getSourceFile } = host
  host.getSourceFile = (name, version) =>
    name === file ? ts.createSourceFile(name, text, version) : getSourceFile(name, version)
  const found = ts.getPreEmitDiagnostics(ts.createProgram([file], options, host))
  return found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))
}
