/**
 * The pages that people read: every link and path in them leads somewhere, and their programs compile against the SDK.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const notOurs = new Set(['node_modules', 'dist', '.git', 'coverage', 'demo-output', 'experiments', 'experiment-data'])
const files = readdirSync(root, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(root, join(entry.parentPath, entry.name)))
  .filter((path) => !path.split('/').some((part) => notOurs.has(part)))
const pages = files.filter((path) => path.endsWith('.md'))
const textOf = (page: string): string => readFileSync(join(root, page), 'utf8')

/** The names that GitHub gives to a page's headings. */
const anchorsOf = (page: string): string[] =>
  [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )

describe.each(pages)('%s', (page) => {
  // Programs and commands hold brackets and names of files that readers have.
  const prose = textOf(page).replace(/^```.*?^```/gms, '')

  it('links to files and headings that exist', () => {
    const broken = [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target]) => target!)
      .filter((target) => !/^(https?:|mailto:)/.test(target))
      .filter((target) => {
        const [path, anchor] = target.split('#') as [string, string | undefined]
        const file = path === '' ? page : relative(root, resolve(root, dirname(page), path))
        if (!existsSync(join(root, file))) return true
        return anchor !== undefined && !anchorsOf(file).includes(anchor)
      })
    expect(broken).toEqual([])
  })

  it('names source files and folders that exist', () => {
    const missing = [...prose.matchAll(/`([\w.@/-]+)`/g)].map(([, path]) => path!).filter((path) => !isKnown(path))
    expect(missing).toEqual([])
  })
})

/**
 * Whether a path of ours exists, by its end alone (`keys.ts`) too; what is built counts by its source. Other words are
 * not paths.
 */
function isKnown(path: string): boolean {
  const source = path.replace(/^((?:services\/\w+|sdk)\/)dist\//, '$1src/').replace(/\/dist\//, '/')
  const typed = source === path ? path : source.replace(/\.js$/, '.ts')
  const isPath = /^(services|sdk|infra|test|docs|docker|\.ci)\/./.test(path) || /\.(ts|mjs)$/.test(path)
  return !isPath || existsSync(join(root, typed)) || files.some((file) => file.endsWith(`/${typed}`))
}

/** What a page of docs/ takes as known from the front page. */
const known = `
import type { Client, Dataset, Model } from '@imclr/sdk'
import { writeFile } from 'node:fs/promises'
declare const sdk: Client
declare const dataset: Dataset, otherDataset: Dataset
declare const baseline: Model, model: Model
`

describe('the programs in the pages', () => {
  /** The blocks of a page one after the other, as a reader meets them. */
  const programs = new Map(
    pages
      .filter((page) => /^(sdk\/)?README\.md$|^docs\//.test(page))
      .flatMap((page) => {
        const blocks = [...textOf(page).matchAll(/^```ts\n(.*?)^```/gms)].map(([, block]) => block!)
        if (blocks.length === 0) return []
        const assumed = page.startsWith('docs/') ? known : ''
        return [[join(root, `${page}.ts`), `${assumed}${blocks.join('\n')}\nexport {}\n`] as const]
      }),
  )

  it('are there on both front pages', () => {
    expect([...programs.keys()].map((path) => relative(root, path))).toEqual(
      expect.arrayContaining(['README.md.ts', 'sdk/README.md.ts']),
    )
  })

  it('compile against the SDK as they stand', { timeout: 120_000 }, () => {
    const options: ts.CompilerOptions = {
      target: ts.ScriptTarget.ES2023,
      lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      customConditions: ['source'],
      strict: true,
      skipLibCheck: true,
      noEmit: true,
      types: ['node'],
    }
    const host = ts.createCompilerHost(options)
    const plain = { ...host }
    host.fileExists = (path) => programs.has(path) || plain.fileExists(path)
    host.readFile = (path) => programs.get(path) ?? plain.readFile(path)
    host.getSourceFile = (path, version, ...rest) => {
      const text = programs.get(path)
      if (text === undefined) return plain.getSourceFile(path, version, ...rest)
      return ts.createSourceFile(path, text, {
        languageVersion: ts.ScriptTarget.ES2023,
        impliedNodeFormat: ts.ModuleKind.ESNext,
      })
    }
    const program = ts.createProgram([...programs.keys()], options, host)
    const problems = [...programs.keys()].flatMap((path) => {
      const file = program.getSourceFile(path)!
      return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
        ({ messageText, start }) =>
          `${relative(root, path)}: ${lineAt(file.text, start ?? 0)}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
      )
    })
    expect(problems).toEqual([])
  })
})

const lineAt = (text: string, position: number): string =>
  text.slice(text.lastIndexOf('\n', position - 1) + 1, text.indexOf('\n', position))
