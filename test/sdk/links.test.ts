/** Links in an uploaded folder, on the real service: which are followed, which are not, and what the notes say. */
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BadInputError, createClient, type Client, type Dataset } from '@imclr/sdk'
import { makeFolder } from '../support/parts.js'
import { standalone, type RunningService } from '../support/runService.js'
import { noisePng } from '../trainer/ingest/uploads.js'

let service: RunningService
let sdk: Client
beforeAll(async () => {
  service = await standalone()
  sdk = createClient(service)
}, 120_000)
afterAll(() => service[Symbol.asyncDispose]())

let seed = 5000
/** A folder with these class folders, of 5 pictures each. */
function folderOf(...classes: string[]): string {
  const folder = join(makeFolder('links'), 'set')
  for (const name of classes) {
    mkdirSync(join(folder, name), { recursive: true })
    for (let i = 0; i < 5; i++) writeFileSync(join(folder, name, `${i}.png`), noisePng(seed++))
  }
  return folder
}
const said = ({ notes }: Pick<Dataset, 'notes'>) =>
  Object.fromEntries(notes.map(({ code, count, examples }) => [code, [count, examples]]))
const images = ({ counts }: Dataset) => counts.train + counts.test
const refused = (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error('it was not refused')
    },
    (error: unknown) => error as BadInputError,
  )

describe('links in an uploaded folder', { timeout: 60_000 }, () => {
  it('are followed if they stay inside; a file is packed as often as it is reached, loops end, and other links are named', async () => {
    const folder = folderOf('cat', 'dog', '.store/owl')
    const outside = folderOf('fox')
    symlinkSync('.store/owl', join(folder, 'owl'))
    symlinkSync('owl', join(folder, 'owl again'))
    linkSync(join(folder, 'cat/0.png'), join(folder, 'cat/hard.png'))
    symlinkSync(join(outside, 'fox'), join(folder, 'fox'))
    symlinkSync('..', join(folder, 'dog/up'))
    symlinkSync('nowhere', join(folder, 'dog/broken'))
    const dataset = await sdk.datasets.upload(folder, { name: 'links' })
    expect(dataset.classes).toEqual(['cat', 'dog', 'owl', 'owl again'])
    // Two classes hold the same pictures; those that became test pictures are not trained on.
    expect(said(dataset)).toMatchObject({
      LINK_FOLLOWED: [2, ['owl -> .store/owl', 'owl again -> owl']],
      LINK_NOT_FOLLOWED: [
        3,
        [
          'dog/broken -> nowhere (it leads to nothing)',
          'dog/up -> .. (it leads to a folder that it lies in)',
          `fox -> ${outside}/fox (it leads out of the folder)`,
        ],
      ],
      IGNORED_LITTER: [1, ['.store']],
    })
    expect(said({ notes: (await sdk.datasets.get(dataset.versionId)).notes })).not.toHaveProperty('LINK_FOLLOWED')
  })

  it('are followed wherever they lead, or not at all, if followLinks says so', async () => {
    const folder = folderOf('cat', 'dog')
    const outside = folderOf('fox')
    symlinkSync(join(outside, 'fox'), join(folder, 'fox'))
    symlinkSync('cat/0.png', join(folder, 'dog/link.png'))
    const all = await sdk.datasets.upload(folder, { name: 'everywhere', followLinks: 'everywhere' })
    expect([all.classes, said(all).LINK_FOLLOWED?.[0], said(all).LINK_NOT_FOLLOWED]).toEqual([
      ['cat', 'dog', 'fox'],
      1,
      [1, ['dog/link.png -> cat/0.png (it leads to nothing)']],
    ])
    const none = await sdk.datasets.upload(folder, { name: 'none', followLinks: 'nowhere' })
    expect([none.classes, images(none), said(none).LINK_NOT_FOLLOWED?.[0]]).toEqual([['cat', 'dog'], 10, 2])
  })

  it('may be the given path itself, to a folder or an archive', async () => {
    const folder = folderOf('cat', 'dog')
    const link = join(makeFolder('links'), 'here')
    symlinkSync(folder, link)
    expect(images(await sdk.datasets.upload(link, { name: 'given' }))).toBe(10)
  })

  it('are named with a fix if the folder holds nothing else; an empty folder is refused too', async () => {
    const outside = folderOf('cat', 'dog')
    const folder = makeFolder('links')
    for (const name of ['cat', 'dog']) symlinkSync(join(outside, name), join(folder, name))
    const error = await refused(sdk.datasets.upload(folder))
    expect(error).toBeInstanceOf(BadInputError)
    expect([error.code, error.message, error.hint]).toEqual([
      'EMPTY_SOURCE',
      `${folder} holds only links that were not followed: cat -> ${outside}/cat (it leads out of the folder), dog -> ${outside}/dog (it leads out of the folder).`,
      expect.stringContaining("followLinks: 'everywhere'"),
    ])
    expect(await refused(sdk.datasets.upload(makeFolder('links')))).toMatchObject({
      code: 'EMPTY_SOURCE',
      message: expect.stringContaining('holds no files') as string,
    })
    const hidden = makeFolder('links')
    writeFileSync(join(hidden, '.a.png'), noisePng(1))
    expect(await refused(sdk.datasets.upload(hidden))).toMatchObject({
      code: 'EMPTY_SOURCE',
      message: expect.stringContaining('only hidden files (.a.png)') as string,
    })
  })

  it('an empty class folder beside them is reported', async () => {
    const folder = folderOf('cat', 'dog')
    mkdirSync(join(folder, 'fox'))
    expect(await refused(sdk.datasets.upload(folder, { name: 'empty class' }))).toMatchObject({
      issues: [{ path: 'fox', code: 'EMPTY_CLASS' }],
    })
  })
})
