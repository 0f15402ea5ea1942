import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join, posix, relative, sep } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readSource, type Import, type Source } from './support/readSource.js'

/*
 * Who may import what: the map of the code (CONTRIBUTING.md) as a test. A failure names the file and what it reached
 * for.
 */

const root = join(import.meta.dirname, '..')

/** Our own packages that a package may import. Services meet in contract; standalone alone puts services together. */
const mayImport: Record<string, string[]> = {
  'services/contract': [],
  'services/statistics': [],
  'services/experiments': ['contract', 'statistics'],
  'services/page': ['contract', 'statistics', 'experiments'],
  'services/database': ['contract', 'statistics'],
  'services/storage': ['contract'],
  'services/queue': ['contract'],
  'services/api': ['contract', 'statistics', 'experiments', 'page', 'database', 'storage', 'queue'],
  'services/scheduler': ['contract', 'database', 'storage', 'queue'],
  'services/trainer': ['contract', 'statistics', 'page', 'storage'],
  'services/standalone': ['contract', 'api', 'scheduler', 'database', 'storage', 'queue'],
  sdk: [],
}

/**
 * The trainer's folders, from the top floor to the ground: a file imports from its own floor and from those below it.
 * Files beside the folders are the process itself (`main.ts`), its door (`index.ts`), and what all may import: its
 * environment (`env.ts`) and `sha256Of.ts`.
 */
const trainerFloors = [
  ['jobs'],
  ['artifact'],
  ['evaluation'],
  ['training'],
  ['networks'],
  ['engine'],
  ['input', 'ingest'],
  ['image'],
  ['events', 'random'],
]

/** Libraries that are reached through one door: the paths, or beginnings of paths, that may import them. */
const doors: { library: RegExp; through: string[] }[] = [
  {
    library: /^@tensorflow\/tfjs(-node|-node-gpu|-core|-layers)?$/,
    through: ['services/trainer/src/engine/tf.ts', 'sdk/src/'],
  },
  { library: /^sharp$/, through: ['services/trainer/src/image/codec.ts', 'sdk/src/'] },
  { library: /^(iconv-lite|chardet)$/, through: ['services/trainer/src/ingest/encoding.ts'] },
  { library: /^(@aws-sdk|@smithy)\//, through: ['services/storage/'] },
  { library: /^(bullmq|ioredis)$/, through: ['services/queue/'] },
  { library: /^drizzle-(orm|kit)(\/|$)/, through: ['services/database/'] },
  { library: /^@electric-sql\//, through: ['services/database/'] },
  // BullMQ on PostgreSQL brings its own connections.
  { library: /^pg$/, through: ['services/database/', 'services/queue/'] },
  { library: /^(fastify|@fastify\/.*)$/, through: ['services/api/'] },
  // The client's types are made of the server's.
  { library: /^@trpc\/server(\/|$)/, through: ['services/api/', 'sdk/src/connection/'] },
  { library: /^@trpc\/client(\/|$)/, through: ['sdk/'] },
]

/** Libraries that a package may use all over: the driver families and frameworks that it exists to hide or to speak. */
const everywhere: Record<string, RegExp> = {
  'services/contract': /^zod$/,
  'services/experiments': /^zod$/,
  'services/database': /^(drizzle-orm(\/.*)?|drizzle-kit|pg|@electric-sql\/.*)$/,
  'services/storage': /^(@aws-sdk|@smithy)\//,
  'services/queue': /^(bullmq|ioredis|pg)$/,
  'services/api': /^(zod|fastify|@fastify\/.*|@trpc\/server(\/.*)?)$/,
  'services/scheduler': /^zod$/,
  'services/trainer': /^zod$/,
  'services/standalone': /^zod$/,
  sdk: /^@trpc\/client(\/.*)?$/,
}

/**
 * What the SDK brings to run: the client, and what packs a folder for its upload. The rest it loads on demand, where it
 * is there.
 */
const sdkAtRunTime = ['@trpc/client', 'tar-stream']

/**
 * The five files that tell a newcomer the system, each read in one sitting, and the most lines of each: a table is read
 * by the row.
 */
const newcomersFiles = [
  ['services/api/src/router.ts', 110],
  ['services/scheduler/src/runJob.ts', 110],
  ['services/trainer/src/jobs/train.ts', 150],
  ['services/contract/src/failure.ts', 300],
  ['sdk/examples/quickstart.ts', 110],
] as const

type Sources = Map<string, Source>

const packages = Object.keys(mayImport)
const packageOf = (path: string): string => packages.find((name) => path.startsWith(`${name}/`)) ?? ''
const isBuiltin = (module: string): boolean => module.startsWith('node:') || builtinModules.includes(module)
const isOwn = (module: string): boolean => module.startsWith('@imclr/')
const isLibrary = (module: string): boolean => !module.startsWith('.') && !isBuiltin(module) && !isOwn(module)
/** '@aws-sdk/client-s3/dist' is in the package '@aws-sdk/client-s3'. */
const libraryName = (module: string): string =>
  module
    .split('/')
    .slice(0, module.startsWith('@') ? 2 : 1)
    .join('/')

/** Every import that `isWrong` says is wrong, as "file imports module". */
function wrongImports(sources: Sources, isWrong: (path: string, imported: Import) => boolean): string[] {
  return [...sources].flatMap(([path, { imports }]) =>
    imports.filter((one) => isWrong(path, one)).map((one) => `${path} imports ${one.module}`),
  )
}

const foreignPackages = (sources: Sources): string[] =>
  wrongImports(sources, (path, { module }) => {
    const target = module.startsWith('.')
      ? packageOf(posix.join(posix.dirname(path), module))
      : packageOf(`services/${module.slice('@imclr/'.length)}/`)
    if (module.startsWith('.')) return target !== packageOf(path)
    return isOwn(module) && !(mayImport[packageOf(path)] ?? []).includes(module.slice('@imclr/'.length))
  })

const wrongDoors = (sources: Sources): string[] =>
  wrongImports(sources, (path, { module }) =>
    doors.some(({ library, through }) => library.test(module) && !through.some((door) => path.startsWith(door))),
  )

/** Libraries that are neither the package's own field nor behind a single file. Types may be named anywhere. */
function scattered(sources: Sources): string[] {
  const users = new Map<string, Set<string>>()
  for (const [path, { imports }] of sources) {
    const own = packageOf(path)
    for (const { module, typeOnly } of imports) {
      if (typeOnly || !isLibrary(module) || everywhere[own]?.test(module)) continue
      const key = `${libraryName(module)} in ${own}`
      users.set(key, (users.get(key) ?? new Set()).add(path))
    }
  }
  return [...users]
    .filter(([, files]) => files.size > 1)
    .map(([library, files]) => `${library} has several doors: ${[...files].join(', ')}`)
}

/** Imports of a trainer's folder from the same floor or a higher one, types as well. */
function upstairs(sources: Sources): string[] {
  const root = 'services/trainer/src/'
  const folderOf = (path: string): string =>
    path.startsWith(root) ? (path.slice(root.length).split('/').slice(0, -1)[0] ?? '') : ''
  const floorOf = (folder: string): number => trainerFloors.findIndex((floor) => floor.includes(folder))
  return wrongImports(sources, (path, { module }) => {
    if (!module.startsWith('.')) return false
    const [from, to] = [folderOf(path), folderOf(posix.join(posix.dirname(path), module))]
    return from !== '' && to !== '' && from !== to && floorOf(to) <= floorOf(from)
  })
}

/**
 * Tests that reach into a service by its path; a floor's `testing.ts` is the door to its inner parts. The SDK is
 * published, and has no such door.
 */
const byPath = (tests: Sources): string[] =>
  wrongImports(tests, (_, { module }) => /^(\.\.\/)+services\/[^/]+\/src\//.test(module))

/** Code of a service that imports what is for tests alone. */
const usesTestDoor = (sources: Sources): string[] =>
  wrongImports(sources, (_, { module }) => /\/testing(\.js)?$/.test(module))

const heavySdk = (sources: Sources): string[] =>
  wrongImports(
    sources,
    (path, { module, typeOnly, dynamic }) =>
      path.startsWith('sdk/src/') &&
      !typeOnly &&
      (isOwn(module) || (isLibrary(module) && !dynamic && !sdkAtRunTime.includes(libraryName(module)))),
  )

const strayEnvironment = (sources: Sources): string[] =>
  [...sources]
    .filter(([path, { readsEnvironment }]) => readsEnvironment && posix.basename(path) !== 'env.ts')
    .map(([path]) => path)

/** Files of one package that import each other in a ring at run time, each ring once, as "a -> b -> a". */
function cycles(sources: Sources): string[] {
  const rings: string[] = []
  const done = new Set<string>()
  const visit = (path: string, way: string[]): void => {
    const start = way.indexOf(path)
    if (start >= 0) rings.push([...way.slice(start), path].join(' -> '))
    if (start >= 0 || done.has(path)) return
    for (const { module, typeOnly, dynamic } of sources.get(path)?.imports ?? []) {
      if (!typeOnly && !dynamic && module.startsWith('.'))
        visit(posix.join(posix.dirname(path), module).replace(/\.js$/, '.ts'), [...way, path])
    }
    done.add(path)
  }
  for (const path of sources.keys()) visit(path, [])
  return rings
}

const tooLong = (sources: Sources): string[] =>
  [...sources]
    .filter(([path, { lines }]) => lines > 450 && !path.includes('/generated/'))
    .map(([path, { lines }]) => `${path} has ${lines} lines`)

const kindFolders = (paths: string[]): string[] =>
  paths.filter((path) =>
    path
      .split('/')
      .slice(0, -1)
      .some((folder) => /^(utils?|helpers?|common|core|misc|lib)$/.test(folder)),
  )

/** Every TypeScript file below a folder, as a path from the root with '/'. */
function filesBelow(folder: string): string[] {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !/(^|\/)(dist|node_modules)\//.test(path))
    .sort()
}

const read = (path: string): Source => readSource(readFileSync(join(root, path), 'utf8'))
const sources: Sources = new Map(
  packages.flatMap((name) => filesBelow(`${name}/src`)).map((path) => [path, read(path)]),
)

describe('the import table', () => {
  it('finds the packages', () => {
    expect(packages.filter((name) => ![...sources.keys()].some((path) => path.startsWith(`${name}/`)))).toEqual([])
    expect(
      readdirSync(join(root, 'services'))
        .map((name) => `services/${name}`)
        .filter((name) => !packages.includes(name)),
    ).toEqual([])
  })

  it('lets each package import only the packages that it may', () => expect(foreignPackages(sources)).toEqual([]))

  it('holds contract to zod alone, without I/O', () => {
    expect(
      wrongImports(
        sources,
        (path, { module }) => path.startsWith('services/contract/') && !module.startsWith('.') && module !== 'zod',
      ),
    ).toEqual([])
  })

  it('reaches each named library through its door', () => expect(wrongDoors(sources)).toEqual([]))

  it('reaches any other library through one file of a package', () => expect(scattered(sources)).toEqual([]))

  it('lets tests in by the doors of packages', () => {
    const tests: Sources = new Map(filesBelow('test').map((path) => [path, read(path)]))
    expect(byPath(tests)).toEqual([])
    expect(usesTestDoor(sources)).toEqual([])
  })

  it('keeps the SDK light at run time', () => expect(heavySdk(sources)).toEqual([]))

  it('uses no library that the package does not declare', () => {
    const declared = (name: string): Set<string> => {
      const { dependencies = {}, peerDependencies = {} } = JSON.parse(
        readFileSync(join(root, name, 'package.json'), 'utf8'),
      ) as Record<string, Record<string, string> | undefined>
      return new Set(Object.keys({ ...dependencies, ...peerDependencies }))
    }
    const known = new Map(packages.map((name) => [name, declared(name)]))
    expect(
      wrongImports(
        sources,
        (path, { module, typeOnly }) =>
          (isLibrary(module) || isOwn(module)) &&
          !known.get(packageOf(path))?.has(libraryName(module)) &&
          !(typeOnly && known.get(packageOf(path))?.has(`@types/${module}`)),
      ),
    ).toEqual([])
  })
})

describe('the shape of the code', () => {
  it('reads the environment in env.ts alone', () => expect(strayEnvironment(sources)).toEqual([]))

  it('has no files that import each other in a ring', () => expect(cycles(sources)).toEqual([]))

  it('knows the floor of each folder of the trainer', () => {
    const folders = readdirSync(join(root, 'services/trainer/src'), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    )
    expect(folders.map(({ name }) => name).sort()).toEqual(trainerFloors.flat().sort())
  })

  it('imports down the floors of the trainer alone', () => expect(upstairs(sources)).toEqual([]))

  it('has no file above 450 lines', () => expect(tooLong(sources)).toEqual([]))

  it('has no folder named after a kind of thing', () => {
    expect(kindFolders([...packages, 'test', 'infra'].flatMap(filesBelow))).toEqual([])
  })

  it.each(newcomersFiles)('lets a newcomer read %s in one sitting', (path, mostLines) => {
    expect(existsSync(join(root, path)), `${path} is missing`).toBe(true)
    expect(read(path).lines).toBeLessThanOrEqual(mostLines)
  })
})

describe('the rules themselves', () => {
  const given = (files: Record<string, string>): Sources =>
    new Map(Object.entries(files).map(([path, text]) => [path, readSource(text)]))

  it('see a service that imports a service, by name or by path', () => {
    expect(
      foreignPackages(
        given({
          'services/api/src/a.ts':
            "import { run } from '@imclr/scheduler'\nimport { x } from '../../trainer/src/x.js'\nimport { y } from '@imclr/contract'\nimport { b } from './b.js'",
          'sdk/src/a.ts': "import type { Job } from '@imclr/contract'",
        }),
      ),
    ).toEqual([
      'services/api/src/a.ts imports @imclr/scheduler',
      'services/api/src/a.ts imports ../../trainer/src/x.js',
      'sdk/src/a.ts imports @imclr/contract',
    ])
  })

  it('see a library beside its door, however it is imported', () => {
    expect(
      wrongDoors(
        given({
          'services/trainer/src/engine/tf.ts': "export * from '@tensorflow/tfjs-node-gpu'",
          'services/trainer/src/fit.ts': "const tf = await import('@tensorflow/tfjs-node-gpu')",
          'services/trainer/src/crop.ts': "export { default } from 'sharp'",
          'services/api/src/sign.ts': "type Client = import('@aws-sdk/client-s3').S3Client",
          'services/api/src/sql.ts': "import { sql } from 'drizzle-orm/pg-core'",
        }),
      ),
    ).toEqual([
      'services/trainer/src/fit.ts imports @tensorflow/tfjs-node-gpu',
      'services/trainer/src/crop.ts imports sharp',
      'services/api/src/sign.ts imports @aws-sdk/client-s3',
      'services/api/src/sql.ts imports drizzle-orm/pg-core',
    ])
  })

  it('see a library with two doors, but not its types', () => {
    const log = "import pino from 'pino'"
    expect(
      scattered(
        given({
          'services/api/src/a.ts': log,
          'services/api/src/b.ts': log,
          'services/scheduler/src/c.ts': log,
          'services/scheduler/src/d.ts': "import type { Logger } from 'pino'",
        }),
      ),
    ).toEqual(['pino in services/api has several doors: services/api/src/a.ts, services/api/src/b.ts'])
  })

  it('see a test that reaches in by path, and a service that uses the door for tests', () => {
    expect(
      byPath(
        given({
          'test/a.test.ts':
            "import { a } from '../services/api/src/a.js'\nimport { b } from '@imclr/trainer/engine/testing'",
        }),
      ),
    ).toEqual(['test/a.test.ts imports ../services/api/src/a.js'])
    expect(
      usesTestDoor(given({ 'services/trainer/src/jobs/a.ts': "import { b } from '../engine/testing.js'" })),
    ).toEqual(['services/trainer/src/jobs/a.ts imports ../engine/testing.js'])
  })

  it('see what makes the SDK heavy', () => {
    expect(
      heavySdk(
        given({
          'sdk/src/a.ts':
            "import { createTRPCClient } from '@trpc/client'\nimport type { AnyRouter } from '@trpc/server'\nconst tf = await import('@tensorflow/tfjs')",
          'sdk/src/b.ts': "import { z } from 'zod'",
        }),
      ),
    ).toEqual(['sdk/src/b.ts imports zod'])
  })

  it('see a ring of files, but not one of types', () => {
    const ring = {
      'services/api/src/a.ts': "import './b.js'",
      'services/api/src/b.ts': "import { c } from './deep/c.js'",
      'services/api/src/deep/c.ts': "export * from '../a.js'",
    }
    expect(cycles(given(ring))).toEqual([
      'services/api/src/a.ts -> services/api/src/b.ts -> services/api/src/deep/c.ts -> services/api/src/a.ts',
    ])
    expect(cycles(given({ ...ring, 'services/api/src/deep/c.ts': "export type * from '../a.js'" }))).toEqual([])
  })

  it('see an import that goes up the floors of the trainer, or across', () => {
    const found = upstairs(
      given({
        'services/trainer/src/image/codec.ts': "import type { A } from '../training/a.js'\nimport { b } from './b.js'",
        'services/trainer/src/input/feed.ts':
          "import { c } from '../ingest/c.js'\nimport { d } from '../image/deep/d.js'\nimport { e } from '../env.js'",
        'services/trainer/src/main.ts': "import { f } from './jobs/train.js'",
      }),
    )
    expect(found).toEqual([
      'services/trainer/src/image/codec.ts imports ../training/a.js',
      'services/trainer/src/input/feed.ts imports ../ingest/c.js',
    ])
  })

  it('see the environment, length and folders', () => {
    expect(
      strayEnvironment(
        given({
          'services/api/src/env.ts': 'export const env = process.env',
          'services/api/src/a.ts': 'if (process.env.X) f()',
        }),
      ),
    ).toEqual(['services/api/src/a.ts'])
    expect(
      tooLong(given({ 'services/api/src/a.ts': 'x()\n'.repeat(451), 'services/api/src/b.ts': 'x()\n'.repeat(450) })),
    ).toEqual(['services/api/src/a.ts has 451 lines'])
    expect(kindFolders(['services/api/src/utils/a.ts', 'services/api/src/core.ts', 'test/helpers/b.ts'])).toEqual([
      'services/api/src/utils/a.ts',
      'test/helpers/b.ts',
    ])
  })
})
