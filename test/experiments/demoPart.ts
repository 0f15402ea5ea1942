import { createWriteStream } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import yauzl from 'yauzl'
import yazl from 'yazl'
import { demoArchive } from '../trainer/jobs/harness.js'

/**
 * Writes an archive of the first images of every class in the demo's data. Training and testing on them takes only
 * seconds.
 */
export async function writeDemoPart(path: string, perClass = { train: 15, test: 12 }): Promise<void> {
  const zip = new yazl.ZipFile()
  const source = await yauzl.openPromise(demoArchive, { lazyEntries: true })
  const taken = new Map<string, number>()
  for await (const entry of source.eachEntry()) {
    const [split = '', name = ''] = entry.fileName.split('/')
    const count = taken.get(`${split}/${name}`) ?? 0
    if ((split !== 'train' && split !== 'test') || !entry.fileName.endsWith('.png') || count >= perClass[split])
      continue
    taken.set(`${split}/${name}`, count + 1)
    zip.addBuffer(await buffer(await source.openReadStreamPromise(entry)), entry.fileName, { compress: false })
  }
  zip.end()
  await pipeline(zip.outputStream, createWriteStream(path))
}
