/**
 * Adds counters to a source file for a coverage-guided fuzzer: in functions, on both sides of a condition, in loops, cases and
 * catches. Each comparison reports the difference of its sides, so that an input that comes nearer to a constant or a length
 * counts as progress.
 */
import ts from 'typescript'

/** The counters. Instrumented code uses globalThis.fuzzing. */
export interface Fuzzing {
  /** How often each branch was taken. */
  readonly branches: Uint32Array
  /** Records a comparison and returns its outcome. */
  compare(id: number, left: unknown, right: unknown, outcome: boolean): boolean
}

/** The number of branches and comparisons in all files so far. */
export interface Ids {
  branches: number
  comparisons: number
}

const comparisons: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
  ts.SyntaxKind.LessThanToken,
  ts.SyntaxKind.LessThanEqualsToken,
  ts.SyntaxKind.GreaterThanToken,
  ts.SyntaxKind.GreaterThanEqualsToken,
])
const shortcuts: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.QuestionQuestionToken,
])

/** The JavaScript of a TypeScript module, with counters if `ids` is given; it is advanced. */
export function compile(source: string, ids?: Ids): string {
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      rewriteRelativeImportExtensions: true,
    },
    ...(ids && { transformers: { before: [counters(ids)] } }),
  })
  return ids === undefined ? outputText : `const { fuzzing } = globalThis\n${outputText}`
}

function counters(ids: Ids): ts.TransformerFactory<ts.SourceFile> {
  return context => {
    const { factory } = context
    const name = factory.createIdentifier('fuzzing')

    const count = (): ts.Expression =>
      factory.createPostfixIncrement(
        factory.createElementAccessExpression(factory.createPropertyAccessExpression(name, 'branches'), ids.branches++),
      )
    const counted = (expression: ts.Expression): ts.Expression =>
      factory.createParenthesizedExpression(factory.createComma(count(), expression))
    const statements = (inner: readonly ts.Statement[]): ts.Statement[] => [
      factory.createExpressionStatement(count()),
      ...inner,
    ]
    const block = (inner?: ts.Statement): ts.Block =>
      factory.createBlock(statements(inner === undefined ? [] : ts.isBlock(inner) ? inner.statements : [inner]), true)

    function visit(node: ts.Node, parent: ts.Node): ts.Node {
      const done = ts.visitEachChild(node, child => visit(child, node), context)
      if (ts.isBlock(done) && (ts.isFunctionLike(parent) || ts.isCatchClause(parent))) return block(done)
      if (ts.isArrowFunction(done) && !ts.isBlock(done.body))
        return factory.updateArrowFunction(
          done,
          done.modifiers,
          done.typeParameters,
          done.parameters,
          done.type,
          done.equalsGreaterThanToken,
          counted(done.body),
        )
      if (ts.isIfStatement(done))
        return factory.updateIfStatement(done, done.expression, block(done.thenStatement), block(done.elseStatement))
      if (ts.isForStatement(done))
        return factory.updateForStatement(
          done,
          done.initializer,
          done.condition,
          done.incrementor,
          block(done.statement),
        )
      if (ts.isForOfStatement(done))
        return factory.updateForOfStatement(
          done,
          done.awaitModifier,
          done.initializer,
          done.expression,
          block(done.statement),
        )
      if (ts.isWhileStatement(done)) return factory.updateWhileStatement(done, done.expression, block(done.statement))
      if (ts.isCaseClause(done)) return factory.updateCaseClause(done, done.expression, statements(done.statements))
      if (ts.isDefaultClause(done)) return factory.updateDefaultClause(done, statements(done.statements))
      if (ts.isConditionalExpression(done))
        return factory.updateConditionalExpression(
          done,
          done.condition,
          done.questionToken,
          counted(done.whenTrue),
          done.colonToken,
          counted(done.whenFalse),
        )
      if (ts.isBinaryExpression(done) && shortcuts.has(done.operatorToken.kind))
        return factory.updateBinaryExpression(done, done.left, done.operatorToken, counted(done.right))
      if (ts.isBinaryExpression(done) && comparisons.has(done.operatorToken.kind) && plainly(done))
        return factory.createCallExpression(factory.createPropertyAccessExpression(name, 'compare'), undefined, [
          factory.createNumericLiteral(ids.comparisons++),
          done.left,
          done.right,
          done,
        ])
      return done
    }
    return file => ts.visitEachChild(file, child => visit(child, file), context)
  }
}

/** Whether evaluating both sides twice has no effect: names, fields, elements and literals, and sums of them. */
function plainly({ left, right }: ts.BinaryExpression): boolean {
  return still(left) && still(right)
}
function still(node: ts.Expression): boolean {
  if (ts.isIdentifier(node) || ts.isNumericLiteral(node) || node.kind === ts.SyntaxKind.ThisKeyword) return true
  if (ts.isPropertyAccessExpression(node)) return still(node.expression)
  if (ts.isElementAccessExpression(node)) return still(node.expression) && still(node.argumentExpression)
  if (ts.isNonNullExpression(node) || ts.isParenthesizedExpression(node)) return still(node.expression)
  return (
    ts.isBinaryExpression(node) &&
    [ts.SyntaxKind.PlusToken, ts.SyntaxKind.MinusToken, ts.SyntaxKind.AsteriskToken].includes(
      node.operatorToken.kind,
    ) &&
    still(node.left) &&
    still(node.right)
  )
}
