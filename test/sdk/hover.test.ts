import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { beforeAll, describe, expect, it } from 'vitest'

/** What an editor shows of the client: the published declarations, as TypeScript reads them. */
const declarations = fileURLToPath(new URL('../../sdk/dist/index.d.ts', import.meta.url))
/** Each verb with its signature and its description. */
const verbs = new Map<string, { signature: string; description: string }>()

beforeAll(() => {
  const program = ts.createProgram([declarations], {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ESNext,
    types: ['node'],
  })
  const checker = program.getTypeChecker()
  const source = program.getSourceFile(declarations)!
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(source)!)
  const client = checker.getDeclaredTypeOfSymbol(
    checker.getAliasedSymbol(exported.find(({ name }) => name === 'Client')!),
  )
  const visit = (type: ts.Type, prefix: string): void => {
    for (const symbol of type.getProperties()) {
      const path = prefix + symbol.name
      const own = checker.getTypeOfSymbol(symbol)
      const [call] = own.getCallSignatures()
      const description = ts.displayPartsToString(symbol.getDocumentationComment(checker))
      if (call !== undefined)
        verbs.set(path, {
          signature: checker.signatureToString(call, undefined, ts.TypeFormatFlags.NoTruncation),
          description,
        })
      else if (path !== 'api') visit(own, `${path}.`)
    }
  }
  visit(client, '')
})

describe('the published types of the client', () => {
  it('describe every verb', () => {
    expect([...verbs.keys()].sort()).toEqual([
      'compare',
      'datasets.get',
      'datasets.previewCorruptions',
      'datasets.upload',
      'evaluate',
      'evaluations.compare',
      'evaluations.get',
      'experiments.get',
      'experiments.run',
      'jobs.get',
      'models.download',
      'models.get',
      'models.load',
      'models.report',
      'networks.delete',
      'networks.get',
      'networks.upload',
      'train',
    ])
    expect([...verbs].filter(([, { description }]) => description === '').map(([path]) => path)).toEqual([])
  })

  it('name the types of parameters and answers, and infer the labels of a loaded model', () => {
    expect(verbs.get('train')!.signature).toBe(
      '(dataset: string | { versionId: string; }, options?: TrainOptions | undefined, call?: CallOptions | undefined): Promise<Job>',
    )
    expect(verbs.get('models.load')!.signature).toBe(
      '<Label extends string = string>(model: string | { id: string; }, options?: LoadOptions | undefined): Promise<LoadedModel<Label>>',
    )
    expect(verbs.get('experiments.run')!.signature).toMatch(/, options: ExperimentOptions\): Promise<Experiment>$/)
  })
})
