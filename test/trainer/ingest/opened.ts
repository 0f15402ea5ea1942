import { prepareOptions } from '@imclr/contract'
import type { Issue, Note } from '@imclr/contract'
import { openArchive, Spool, Notes, Problems } from '@imclr/trainer/ingest/testing'
import { failureOf, workplace } from './uploads.js'

/** What an archive is found to hold, its files with their content, in code-unit order. */
export interface Opened {
  format: string
  files: Record<string, Buffer>
  folders: string[]
  notes: Pick<Note, 'code' | 'count' | 'examples'>[]
  /** Problems that would have it refused. */
  issues: Issue[]
}

/** Opens an archive as the preparation does, before any layout is looked for. @throws Failure */
export async function opened(archive: Uint8Array, encoding: string | null = null): Promise<Opened> {
  await using place = await workplace()
  const key = 'projects/prj_aaaaaaaaaaaaaaaaaaaa/uploads/upl_aaaaaaaaaaaaaaaaaaaa/archive'
  await place.store.put(key, archive, { contentType: 'application/octet-stream' })
  const [problems, notes] = [new Problems(), new Notes()]
  await using spool = new Spool(place.workDir, 2 ** 30)
  await using open = await openArchive({
    store: place.store,
    key,
    name: 'archive',
    encoding: prepareOptions.parse({ encoding }).encoding,
    folder: place.workDir,
    limits: { maxBytes: 2 ** 30, maxEntries: 200_000 },
    spool,
    problems,
    notes,
    signal: new AbortController().signal,
    onBytes: () => undefined,
  })
  const files: Record<string, Buffer> = {}
  for (const [index, { path }] of [...open.files.entries()].sort(([, a], [, b]) => (a.path < b.path ? -1 : 1)))
    files[path] = Buffer.from(await open.read(index))
  const refused = await failureOf(
    Promise.resolve().then(() => {
      problems.refuse('refuse')
    }),
  ).catch(() => null)
  return {
    format: open.format,
    files,
    folders: open.folders.toSorted(),
    notes: notes.list.map(({ code, count, examples }) => ({ code, count, examples })),
    issues: refused?.issues ?? [],
  }
}
