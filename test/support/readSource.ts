import ts from 'typescript'

/** One import of a module: `import`, `export ... from`, `import()`, `require()` or an import type. */
export interface Import {
  /** As it is written: './train.js', '@imclr/contract', 'node:fs'. */
  module: string
  /** Nothing of it is left when the program runs. */
  typeOnly: boolean
  /** By `import()`: loaded when the line runs, if ever. */
  dynamic: boolean
}

export interface Source {
  imports: Import[]
  readsEnvironment: boolean
  lines: number
}

/** What a TypeScript file imports, whether it touches `process.env`, and its length. */
export function readSource(text: string): Source {
  const file = ts.createSourceFile('source.ts', text, ts.ScriptTarget.ESNext, true)
  const imports: Import[] = []
  let readsEnvironment = false
  const add = (module: ts.Node | undefined, { typeOnly = false, dynamic = false } = {}): void => {
    if (module && ts.isStringLiteralLike(module)) imports.push({ module: module.text, typeOnly, dynamic })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, { typeOnly: isTypeImport(node.importClause) })
    else if (ts.isExportDeclaration(node))
      add(node.moduleSpecifier, { typeOnly: node.isTypeOnly || isTypeExport(node.exportClause) })
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node.argument.literal, { typeOnly: true })
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], { dynamic: true })
    else if (ts.isCallExpression(node) && node.expression.getText(file) === 'require')
      add(node.arguments[0], { dynamic: true })
    else if (ts.isPropertyAccessExpression(node) && node.getText(file) === 'process.env') readsEnvironment = true
    ts.forEachChild(node, visit)
  }
  visit(file)
  return { imports, readsEnvironment, lines: text.split('\n').length - 1 }
}

function isTypeImport(clause: ts.ImportClause | undefined): boolean {
  if (!clause) return false
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true
  const named = clause.namedBindings
  return (
    !clause.name &&
    named !== undefined &&
    ts.isNamedImports(named) &&
    named.elements.length > 0 &&
    named.elements.every((element) => element.isTypeOnly)
  )
}

function isTypeExport(clause: ts.NamedExportBindings | undefined): boolean {
  return (
    clause !== undefined &&
    ts.isNamedExports(clause) &&
    clause.elements.length > 0 &&
    clause.elements.every((element) => element.isTypeOnly)
  )
}
