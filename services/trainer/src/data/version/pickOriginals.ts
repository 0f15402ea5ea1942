import type { DatasetManifest } from '@imclr/contract'
import type { ObjectStore } from '@imclr/storage'
import { contentTypes, encodePng, portable } from '../codec.js'
import type { Headers } from '../decode/measureItems.js'
import type { Survey } from '../layout/survey.js'
import { recordPixels } from '../records.js'
import { stratifiedOrder } from '../subset.js'
import { putFile } from './writeSplit.js'

/** As many test images are kept as they were uploaded: a model's golden inputs. */
const originalCount = 8

export interface PickOriginals {
  store: ObjectStore
  prefix: string
  survey: Survey
  headers: Headers | null
  test: Uint32Array
  versionId: string
  splitSeed: number
}

/** Keeps 8 test images, stratified, as uploaded; raw ones, and those that not every browser reads, as PNG. Fewer where there are fewer. */
export async function pickOriginals({ store, prefix, survey, headers, test, versionId, splitSeed }: PickOriginals): Promise<DatasetManifest['originals']> {
  const labels = Uint16Array.from(test, (index) => survey.items[index]!.label)
  const positions = stratifiedOrder(labels, versionId, splitSeed).subarray(0, originalCount)
  const originals: DatasetManifest['originals'] = []
  const { pixels } = survey
  for (const [i, testPosition] of positions.entries()) {
    const index = test[testPosition]!
    const item = survey.items[index]!
    const { bytes, format } = pixels.kind === 'records'
      ? { bytes: await encodePng(await recordPixels(pixels.blocks[item.file]!, item.record!)), format: 'png' as const }
      : await portable(await pixels.files.read(item.file), headers!.get(index)!)
    const contentType = contentTypes[format]
    const file = await putFile(store, prefix, { path: `originals/${i}.${format === 'jpeg' ? 'jpg' : format}`, bytes, contentType })
    originals.push({ ...file, testPosition, contentType })
  }
  return originals
}
