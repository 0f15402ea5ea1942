import type { DatasetManifest } from '@imclr/contract'
import type { ObjectStore } from '@imclr/storage'
import { contentTypes, encodePng, portableFormats } from '../../image/codec.js'
import type { Decoded } from '../decode/decoded.js'
import type { Headers } from '../decode/measureItems.js'
import type { DetectedLayout } from '../layout/detectedLayout.js'
import { recordPixels } from '../records.js'
import { stratifiedOrder } from '../../random/stratifiedOrder.js'
import { putFile } from './writeSplit.js'

/** How many test images are kept as they were uploaded: they become a model's golden inputs. */
const originalCount = 8

export interface PickOriginals {
  store: ObjectStore
  prefix: string
  detected: DetectedLayout
  headers: Headers | null
  decoded: Decoded
  test: Uint32Array
  versionId: string
  splitSeed: number
}

/**
 * Keeps 8 test images, stratified, as uploaded; raw ones as PNG, and those that not every browser reads as PNG of their
 * final pixels, which decode to themselves. Fewer where there are fewer.
 */
export async function pickOriginals({
  store,
  prefix,
  detected,
  headers,
  decoded,
  test,
  versionId,
  splitSeed,
}: PickOriginals): Promise<DatasetManifest['originals']> {
  const labels = Uint16Array.from(test, (index) => detected.items[index]!.label)
  const positions = stratifiedOrder(labels, versionId, splitSeed).subarray(0, originalCount)
  const originals: DatasetManifest['originals'] = []
  const { pixels } = detected
  for (const [i, testPosition] of positions.entries()) {
    const index = test[testPosition]!
    const item = detected.items[index]!
    const uploaded = headers?.get(index)?.format ?? 'png'
    const format = portableFormats.includes(uploaded) ? uploaded : 'png'
    const bytes =
      pixels.kind === 'records'
        ? await encodePng(await recordPixels(pixels.blocks[item.file]!, item.record!))
        : format === uploaded
          ? await pixels.files.read(item.file)
          : await encodePng({ bytes: decoded.pixels(Uint32Array.of(index)), ...decoded.size })
    const contentType = contentTypes[format]
    const file = await putFile(store, prefix, {
      path: `originals/${i}.${format === 'jpeg' ? 'jpg' : format}`,
      bytes,
      contentType,
    })
    originals.push({ ...file, testPosition, contentType })
  }
  return originals
}
